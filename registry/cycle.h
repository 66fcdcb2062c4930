/*
 * How long what a body recorded is to be kept (ISO/IEC 17065, 7.12): for the current and the previous cycle of
 * certification. A cycle is a term of a mark: from its grant or a renewal to the next.
 */
#ifndef KM_REGISTRY_CYCLE_H
#define KM_REGISTRY_CYCLE_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a provider under a scheme, at a moment. */
struct km_cycle {
	bool alive;          /* it has a mark of that scheme that is active or suspended */
	int64_t keep_from;   /* alive: the beginning of the term before the present one; INT64_MIN where there was none */
	int64_t ended_at;    /* not alive: when its last mark ended; 0 where it never had one */
	int validity_months; /* the longest that a version of the scheme has given a mark so far */
};

/* provider_id 0: of nobody, under whichever scheme asks for the longest time. */
enum km_error km_cycle_of(struct km_store *store, int64_t provider_id, const char *scheme_id, int64_t at,
                          struct km_cycle *ret_cycle, struct km_problem *problem);

/* The first second in which a record may go that was last added to at `last_at`: while a mark is alive, INT64_MIN where
 * that was before keep_from and INT64_MAX otherwise; else when as long again as a cycle has passed since the last mark
 * ended and since the record was last added to. */
int64_t km_cycle_may_go(const struct km_cycle *cycle, int64_t last_at);

#endif
