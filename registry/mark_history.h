/*
 * Inside registry/ only: what the public sees of a mark's past, decided events and lapses together.
 */
#ifndef KM_REGISTRY_MARK_HISTORY_H
#define KM_REGISTRY_MARK_HISTORY_H

#include "base/error.h"
#include "registry/mark.h"
#include "registry/period.h"

#include <stddef.h>
#include <stdint.h>

struct km_history {
	struct km_event *events; /* newest first; owned, as are the strings in them */
	size_t events_len;
	struct km_mark_audit *audits; /* newest first; owned; their strings are literals */
	size_t audits_len;
	const struct km_event *notice; /* the notice that runs; NULL where none does. Borrowed from events */
	const struct km_event *change; /* the last that changed state or scope. Borrowed from events */
};

/* Up to the moment `at`; `rows` are all periods of the mark. Zero *ret_history before. */
enum km_error km_history_read(struct km_store *store, int64_t mark_id, const struct km_period_row *rows, size_t len,
                              int64_t at, struct km_history *ret_history, struct km_problem *problem);

/* Frees what is inside; a zeroed or half-built one too. */
void km_history_done(struct km_history *history);

#endif
