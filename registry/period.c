#include "registry/period.h"

#include "base/buf.h"
#include "registry/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                                        \
	"sequence, holds_from, recorded_at, state, body_id, scheme_version, scope, level, valid_from, valid_until,"        \
	" surveillance_due, surveillance_limit, suspension_limit"

void km_period_row_done(struct km_period_row *row)
{
	free(row->scope);
	row->scope = NULL;
}

void km_period_rows_free(struct km_period_row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++)
		km_period_row_done(&rows[i]);
	free(rows);
}

/* The present row of a statement that gives COLUMNS. */
static enum km_error read_row(struct km_statement *statement, struct km_period_row *ret_row, struct km_problem *problem)
{
	struct km_period_row row = {
		.sequence = km_sql_get_int(statement, 0),
		.period = {.holds_from = km_sql_get_int(statement, 1),
	               .recorded_at = km_sql_get_int(statement, 2),
	               .state = km_state_named(km_sql_get_text(statement, 3)),
	               .valid_from = km_sql_get_int(statement, 8),
	               .valid_until = km_sql_get_int(statement, 9),
	               .surveillance_due = km_sql_get_int(statement, 10),
	               .surveillance_limit = km_sql_get_int(statement, 11),
	               .suspension_limit = km_sql_get_int(statement, 12)},
		.body_id = km_sql_get_int(statement, 4),
		.scheme_version = (int)km_sql_get_int(statement, 5),
	};
	const char *level = km_sql_get_text(statement, 7);
	snprintf(row.level, sizeof row.level, "%s", level ? level : "");
	row.scope = strdup(km_sql_get_text(statement, 6));
	if (!row.scope)
		return km_fail_memory(problem);
	*ret_row = row;
	return KM_OK;
}

enum km_error km_period_at(struct km_store *store, int64_t mark_id, int64_t at, struct km_period_row *ret_row,
                           struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT " COLUMNS " FROM mark_period WHERE mark_id = :mark AND holds_from <= :at"
	                             " ORDER BY sequence DESC LIMIT 1",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	km_sql_int(statement, ":at", at);
	error =
		km_sql_expect(statement, problem, KM_ABSENT, "mark-not-yet", "this mark had not been granted at that moment");
	if (error)
		return error;
	return read_row(statement, ret_row, problem);
}

enum km_error km_period_all(struct km_store *store, int64_t mark_id, struct km_period_row **ret_rows, size_t *ret_len,
                            struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT " COLUMNS " FROM mark_period WHERE mark_id = :mark ORDER BY sequence",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	struct km_period_row *rows = NULL;
	size_t len = 0;
	for (;;) {
		bool found = false;
		error = km_sql_step(statement, &found, problem);
		if (error || !found)
			break;
		struct km_period_row *grown = realloc(rows, (len + 1) * sizeof *rows);
		error = grown ? KM_OK : km_fail_memory(problem);
		rows = grown ? grown : rows;
		if (!error)
			error = read_row(statement, &rows[len], problem);
		if (error)
			break;
		len++;
	}
	if (error) {
		km_period_rows_free(rows, len);
		return error;
	}
	*ret_rows = rows;
	*ret_len = len;
	return KM_OK;
}

const struct km_period_row *km_period_find(const struct km_period_row *rows, size_t len, int64_t at)
{
	while (len && rows[len - 1].period.holds_from > at)
		len--;
	return len ? &rows[len - 1] : NULL;
}

int64_t km_period_next(const struct km_period_row *rows, size_t len, int64_t at)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < len; i++) {
		int64_t holds_from = rows[i].period.holds_from;
		if (holds_from > at && holds_from < next && km_period_find(rows, len, holds_from) == &rows[i])
			next = holds_from;
	}
	return next;
}

int64_t km_period_next_change(const struct km_period_row *rows, size_t len, int64_t at)
{
	const struct km_period_row *row = km_period_find(rows, len, at);
	int64_t lapse = INT64_MAX, since, next = km_period_next(rows, len, at);
	enum km_state state;
	if (row)
		km_mark_lapse(&row->period, at, &state, &since, &lapse);
	return lapse < next ? lapse : next;
}

enum km_error km_period_lapses(const struct km_period_row *rows, size_t len, int64_t at,
                               enum km_error (*each)(void *context, const struct km_lapse *lapse), void *context)
{
	int64_t from = km_period_next(rows, len, INT64_MIN);
	while (from <= at && from < INT64_MAX) {
		const struct km_period_row *row = km_period_find(rows, len, from);
		int64_t next = km_period_next(rows, len, from);
		struct km_lapse lapses[KM_LAPSES_MAX];
		size_t lapses_len = row ? km_lapses(&row->period, lapses) : 0;
		for (size_t i = 0; i < lapses_len && lapses[i].at <= at && lapses[i].at < next; i++) {
			enum km_error error = each(context, &lapses[i]);
			if (error)
				return error;
		}
		from = next;
	}
	return KM_OK;
}

enum km_error km_period_note_due(struct km_store *store, int64_t mark_id, int64_t now, struct km_problem *problem)
{
	struct km_period_row *rows;
	size_t len;
	enum km_error error = km_period_all(store, mark_id, &rows, &len, problem);
	if (error)
		return error;
	int64_t next = km_period_next_change(rows, len, now);
	km_period_rows_free(rows, len);
	auto_statement struct km_statement *statement = NULL;
	error = next == INT64_MAX ? km_sql(store, "DELETE FROM lapse_due WHERE mark_id = :mark", &statement, problem)
	                          : km_sql(store,
	                                   "INSERT INTO lapse_due (mark_id, at) VALUES (:mark, :at)"
	                                   " ON CONFLICT (mark_id) DO UPDATE SET at = excluded.at",
	                                   &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	if (next != INT64_MAX)
		km_sql_int(statement, ":at", next);
	return km_sql_run(statement, problem);
}

enum km_error km_period_add(struct km_store *store, int64_t mark_id, const char *decision_id,
                            const struct km_period_row *row, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "INSERT INTO mark_period (mark_id, decision_id, " COLUMNS ") VALUES (:mark, :decision,"
	           " (SELECT coalesce(max(sequence), 0) + 1 FROM mark_period WHERE mark_id = :mark), :holds_from,"
	           " :recorded_at, :state, :body, :version, :scope, :level, :valid_from, :valid_until, :surveillance_due,"
	           " :surveillance_limit, :suspension_limit)",
	           &statement, problem);
	if (error)
		return error;
	const struct km_period *period = &row->period;
	km_sql_int(statement, ":mark", mark_id);
	km_sql_text(statement, ":decision", decision_id);
	km_sql_int(statement, ":holds_from", period->holds_from);
	km_sql_int(statement, ":recorded_at", period->recorded_at);
	km_sql_text(statement, ":state", km_state_name(period->state));
	km_sql_int(statement, ":body", row->body_id);
	km_sql_int(statement, ":version", row->scheme_version);
	km_sql_text(statement, ":scope", row->scope);
	km_sql_text(statement, ":level", *row->level ? row->level : NULL);
	km_sql_int(statement, ":valid_from", period->valid_from);
	km_sql_int(statement, ":valid_until", period->valid_until);
	km_sql_int_or_null(statement, ":surveillance_due", period->surveillance_due);
	km_sql_int_or_null(statement, ":surveillance_limit", period->surveillance_limit);
	km_sql_int_or_null(statement, ":suspension_limit", period->suspension_limit);
	error = km_sql_run(statement, problem);
	return error ? error : km_period_note_due(store, mark_id, now, problem);
}
