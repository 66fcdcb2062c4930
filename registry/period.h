/*
 * Inside registry/ only: the periods of a mark as they stand in the register. Each decision that changes a mark adds
 * one; what holds at a moment is the last recorded of those that hold from then or before.
 */
#ifndef KM_REGISTRY_PERIOD_H
#define KM_REGISTRY_PERIOD_H

#include "base/error.h"
#include "registry/lapse.h"
#include "registry/scheme.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

struct km_period_row {
	int64_t sequence; /* from 1, in the order of recording */
	struct km_period period;
	int64_t body_id;
	int scheme_version;
	char *scope;                 /* JSON array of service ids, owned */
	char level[KM_SLUG_MAX + 1]; /* "" where the scheme has none */
};
void km_period_row_done(struct km_period_row *row);
void km_period_rows_free(struct km_period_row *rows, size_t len);
#define auto_period __attribute__((cleanup(km_period_row_done)))

/* The period that holds at this moment; INT64_MAX gives the one that was recorded last. KM_ABSENT, type "mark-not-yet",
 * where none does. */
enum km_error km_period_at(struct km_store *store, int64_t mark_id, int64_t at, struct km_period_row *ret_row,
                           struct km_problem *problem);

/* All of them in the order of recording; the caller's (km_period_rows_free). */
enum km_error km_period_all(struct km_store *store, int64_t mark_id, struct km_period_row **ret_rows, size_t *ret_len,
                            struct km_problem *problem);

/* Adds one after the others; `sequence` is set by the register. Keeps lapse_due right as seen from `now`. */
enum km_error km_period_add(struct km_store *store, int64_t mark_id, const char *decision_id,
                            const struct km_period_row *row, int64_t now, struct km_problem *problem);

/* The rest is pure, over all periods of a mark in the order of recording. */

/* The period that holds at this moment; NULL where none does. */
const struct km_period_row *km_period_find(const struct km_period_row *rows, size_t len, int64_t at);

/* The first moment after `at` from which another period holds; INT64_MAX where none will. */
int64_t km_period_next(const struct km_period_row *rows, size_t len, int64_t at);

/* The next moment after `at` at which the mark changes without a further decision: by a lapse, or because a scheduled
 * decision holds. INT64_MAX for never. */
int64_t km_period_next_change(const struct km_period_row *rows, size_t len, int64_t at);

/* Calls back for each lapse up to and including `at`, in the order of time. An error of the callback ends it and is
 * returned. */
enum km_error km_period_lapses(const struct km_period_row *rows, size_t len, int64_t at,
                               enum km_error (*each)(void *context, const struct km_lapse *lapse), void *context);

/* Notes in lapse_due when the mark next changes, seen from `now`. */
enum km_error km_period_note_due(struct km_store *store, int64_t mark_id, int64_t now, struct km_problem *problem);

#endif
