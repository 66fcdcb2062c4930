/*
 * What the log has of the register: an entry for each event of a mark, in their order (registry/log_event.h), one for
 * each submission that brought about none, in theirs, and before those one for all records (registry/record.h) since
 * the last. Each says which row it is about, so that what is missing is known. And one for each credential that
 * was issued where no event tells of it, as when all of them are signed anew with another key.
 */
#ifndef KM_REGISTRY_LOG_PUBLISH_H
#define KM_REGISTRY_LOG_PUBLISH_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the register holds something that the log has no entry of. The cost does not grow with the register. */
enum km_error km_log_behind(struct km_store *store, bool *ret_behind, struct km_problem *problem);

/* Adds all those entries, inside the caller's transaction, after the credentials that follow from them were kept. */
enum km_error km_log_publish(struct km_store *store, int64_t now, struct km_problem *problem);

/* Adds one for a credential that this mark was given at `now`, where none names it yet, inside the caller's
 * transaction: so that of every credential it can be shown when it was there at the latest. */
enum km_error km_log_publish_credential(struct km_store *store, const char *number, const char *token, int64_t now,
                                        struct km_problem *problem);

/* The entry of an event, as km_log_publish writes it, but without a credential; the caller's (free). KM_ABSENT. */
enum km_error km_log_event_of(struct km_store *store, int64_t event_id, char **ret_entry, size_t *ret_len,
                              struct km_problem *problem);

#endif
