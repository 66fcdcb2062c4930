/*
 * Lapses, written down: what time alone has done to a mark becomes an event of its history, and so of the log. No
 * reader waits for this (registry/lapse.h); it is there so that nobody can say afterwards that it was otherwise.
 */
#ifndef KM_REGISTRY_LAPSE_RECORD_H
#define KM_REGISTRY_LAPSE_RECORD_H

#include "base/error.h"
#include "registry/number.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mark that was due. */
struct km_lapsed {
	int64_t mark_id;
	char number[KM_NUMBER_TEXT];
	bool began; /* a decision that was recorded earlier has come to hold: what was issued says something else */
};

/* Writes the lapses of the marks that have been due by `now`, earliest first, at most `limit` marks, and calls back for
 * each after that. Inside a transaction; *ret_marks: how many they were, and where that is `limit`, more may be due. An
 * error of the callback ends it and is returned. */
enum km_error km_lapses_record(struct km_store *store, int64_t now, size_t limit,
                               enum km_error (*each)(void *context, const struct km_lapsed *lapsed), void *context,
                               size_t *ret_marks, struct km_problem *problem);

/* The same for one mark, whether or not it is noted as due, so that what is decided next comes after what has happened
 * before. What was written earlier stays as it is. */
enum km_error km_lapses_record_mark(struct km_store *store, int64_t mark_id, int64_t now, struct km_problem *problem);

/* When the first mark is due; INT64_MAX for never. */
enum km_error km_lapses_next(struct km_store *store, int64_t *ret_at, struct km_problem *problem);

#endif
