/*
 * What others have changed in the register since this connection last looked, so that what was made from it before can
 * be thrown away, and nothing else.
 */
#ifndef KM_REGISTRY_STALE_H
#define KM_REGISTRY_STALE_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero it at first. */
struct km_stale_cursor {
	int64_t version; /* of the file, as this connection sees it */
	int64_t event_id, record_sequence;
};

/* Costs next to nothing where nothing has changed. *ret_all: more may have changed than single marks; else each mark
 * that has is named to the callback, perhaps more than once. The first look gives *ret_all. Outside any transaction, or
 * as the first thing in one. */
enum km_error km_stale_marks(struct km_store *store, struct km_stale_cursor *cursor, bool *ret_all,
                             void (*each)(void *context, const char *number), void *context,
                             struct km_problem *problem);

#endif
