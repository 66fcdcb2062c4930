/*
 * What the log has of the register: an entry for each event of a mark, in their order (registry/log_event.h), one for
 * each submission that brought about none, in theirs, and before those one for all records (registry/record.h) since
 * the last. Each says which row it is about, so that what is missing is known.
 */
#ifndef KM_REGISTRY_LOG_PUBLISH_H
#define KM_REGISTRY_LOG_PUBLISH_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the register holds something that the log has no entry of. The cost does not grow with the register. */
enum km_error km_log_behind(struct km_store *store, bool *ret_behind, struct km_problem *problem);

/* Adds all those entries, inside the caller's transaction, after the credentials that follow from them were kept. */
enum km_error km_log_publish(struct km_store *store, int64_t now, struct km_problem *problem);

#endif
