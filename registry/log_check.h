/*
 * The log held against itself: every entry, every hash of the tree over them, every checkpoint that was kept.
 */
#ifndef KM_REGISTRY_LOG_CHECK_H
#define KM_REGISTRY_LOG_CHECK_H

#include "base/error.h"
#include "registry/store.h"

/* What does not fit: a row ("17", or for a hash "LEVEL/POSITION") and what is the matter with it. */
struct km_log_fault {
	const char *table, *row, *what;
};

/* Calls back for each fault, in one walk along the log. Where an entry and its hash do not fit, both are named. Inside
 * km_store_read_begin … km_store_read_end. An error of the callback ends it and is returned. */
enum km_error km_log_faults(struct km_store *store,
                            enum km_error (*each)(void *context, const struct km_log_fault *fault), void *context,
                            struct km_problem *problem);

/* The same as a yes or no: KM_IO, type "log-damaged", with the first fault. */
enum km_error km_log_check(struct km_store *store, struct km_problem *problem);

#endif
