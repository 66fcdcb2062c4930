/*
 * What has changed in the register since a moment that somebody has written down, for a copy that is kept up to date.
 */
#ifndef KM_REGISTRY_CHANGED_H
#define KM_REGISTRY_CHANGED_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a copy has come: up to here in each of these, and in time, for marks change by that alone. */
struct km_changed_cursor {
	int64_t log_position; /* entries of the log */
	int64_t event_id, record_sequence;
	int64_t at;
};

/* Where the register is now. */
enum km_error km_changed_now(struct km_store *store, int64_t now, struct km_changed_cursor *ret_cursor,
                             struct km_problem *problem);

/* Calls back for each mark that was given another state, credential or provider's name since, by any of: an event, a
 * lapse, a decision that has come to hold, a credential signed anew, a change to its provider. Then for each provider
 * that has changed, number NULL. Either may come more than once. An error of the callback ends it and is returned.
 * kvk is "" where the provider was erased. Inside a read transaction; `now` as for km_changed_now. */
enum km_error km_changed_since(struct km_store *store, const struct km_changed_cursor *since, int64_t now,
                               enum km_error (*each)(void *context, const char *kvk, const char *number), void *context,
                               struct km_problem *problem);

/* Calls back, in the order of number, for at most `limit` marks whose number is from `from` on, and before `end` where
 * that is not NULL. */
enum km_error km_marks_between(struct km_store *store, const char *from, const char *end, size_t limit,
                               enum km_error (*each)(void *context, const char *kvk, const char *number), void *context,
                               struct km_problem *problem);

#endif
