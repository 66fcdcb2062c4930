/*
 * How much the register is used, by calendar month in Amsterdam: numbers alone, nothing of who or what for.
 */
#ifndef KM_REGISTRY_USAGE_H
#define KM_REGISTRY_USAGE_H

#include "base/error.h"
#include "registry/store.h"

#include <stdint.h>

enum km_use {
	KM_USE_LOOKUP, /* a mark's page was opened, or a search asked */
	KM_USE_SCAN,   /* a mark was opened from its QR code */
	KM_USE_CHECK,  /* a list of suppliers was checked */
	KM_USES
};

/* "lookup", "scan", "check". */
const char *km_use_name(enum km_use use);

/* Adds to the counts of the month of `now`, inside a transaction. */
enum km_error km_usage_add(struct km_store *store, int64_t now, const int64_t counts[static KM_USES],
                           struct km_problem *problem);

/* Calls back for each month from `since` ("2026-11") on in which there was any use, in order. */
enum km_error km_usage_list(struct km_store *store, const char *since,
                            enum km_error (*each)(void *context, const char *month,
                                                  const int64_t counts[static KM_USES]),
                            void *context, struct km_problem *problem);

#endif
