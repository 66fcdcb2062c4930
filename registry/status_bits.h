/*
 * Which marks do not hold, in the order of their place in the status lists.
 */
#ifndef KM_REGISTRY_STATUS_BITS_H
#define KM_REGISTRY_STATUS_BITS_H

#include "base/error.h"
#include "registry/mark.h"
#include "registry/store.h"

#include <stdint.h>

/* How many indexes have been given out: they run from 0 to one less than this. */
enum km_error km_status_bits_count(struct km_store *store, int64_t *ret_count, struct km_problem *problem);

/* Calls back, in the order of index, for each mark with from <= index < end whose state at `at` is not active (lapses
 * included). ret_next_change: the earliest later moment at which one of all the marks in that range will be in another
 * state than at `at`, as far as is known now; INT64_MAX for never. */
enum km_error km_status_bits(struct km_store *store, int64_t from, int64_t end, int64_t at,
                             enum km_error (*each)(void *context, int64_t status_index, enum km_state state),
                             void *context, int64_t *ret_next_change, struct km_problem *problem);

#endif
