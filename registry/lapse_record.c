#include "registry/lapse_record.h"

#include "registry/mail.h"
#include "registry/period.h"
#include "registry/sql.h"

#include <string.h>

struct record {
	struct km_store *store;
	int64_t mark_id, now;
	struct km_problem *problem;
};

/* One that was written earlier stays as it is. */
static enum km_error write_lapse(void *context, const struct km_lapse *lapse)
{
	const struct record *record = context;
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(record->store,
	                             "INSERT INTO event (mark_id, at, recorded_at, action, reason, state)"
	                             " VALUES (:mark, :at, :now, :action, :reason, :state)"
	                             " ON CONFLICT (mark_id, at, action) WHERE decision_id IS NULL DO NOTHING RETURNING id",
	                             &statement, record->problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", record->mark_id);
	km_sql_int(statement, ":at", lapse->at);
	km_sql_int(statement, ":now", record->now);
	km_sql_text(statement, ":action", lapse->action);
	km_sql_text(statement, ":reason", lapse->reason);
	km_sql_text(statement, ":state", km_state_name(lapse->state));
	bool is_new = false, more = false;
	error = km_sql_step(statement, &is_new, record->problem);
	int64_t id = is_new ? km_sql_get_int(statement, 0) : 0;
	if (!error && is_new)
		error = km_sql_step(statement, &more, record->problem);
	return error || !is_new ? error : km_mail_queue_event(record->store, id, record->now, record->problem);
}

enum km_error km_lapses_record_mark(struct km_store *store, int64_t mark_id, int64_t now, struct km_problem *problem)
{
	struct record record = {store, mark_id, now, problem};
	struct km_period_row *rows;
	size_t len;
	enum km_error error = km_period_all(store, mark_id, &rows, &len, problem);
	if (error)
		return error;
	error = km_period_lapses(rows, len, now, write_lapse, &record);
	km_period_rows_free(rows, len);
	return error;
}

/* The mark that has been due for the longest; mark_id 0 where none is. */
static enum km_error find_due(struct km_store *store, int64_t now, struct km_lapsed *ret_lapsed, int64_t *ret_at,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT lapse_due.mark_id, lapse_due.at, mark.number FROM lapse_due JOIN mark ON mark.id = mark_id"
	           " WHERE lapse_due.at <= :now ORDER BY lapse_due.at, lapse_due.mark_id LIMIT 1",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":now", now);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	*ret_lapsed = (struct km_lapsed){0};
	if (!row)
		return KM_OK;
	ret_lapsed->mark_id = km_sql_get_int(statement, 0);
	*ret_at = km_sql_get_int(statement, 1);
	strncpy(ret_lapsed->number, km_sql_get_text(statement, 2), KM_NUMBER_TEXT - 1);
	return KM_OK;
}

/* Whether a decision has begun to hold from `due` on. */
static enum km_error find_begun(struct km_store *store, int64_t due, int64_t now, struct km_lapsed *lapsed,
                                struct km_problem *problem)
{
	struct km_period_row *rows;
	size_t len;
	enum km_error error = km_period_all(store, lapsed->mark_id, &rows, &len, problem);
	if (error)
		return error;
	lapsed->began = km_period_next(rows, len, due - 1) <= now;
	km_period_rows_free(rows, len);
	return KM_OK;
}

enum km_error km_lapses_record(struct km_store *store, int64_t now, size_t limit,
                               enum km_error (*each)(void *context, const struct km_lapsed *lapsed), void *context,
                               size_t *ret_marks, struct km_problem *problem)
{
	size_t marks = 0;
	for (; marks < limit; marks++) {
		struct km_lapsed lapsed;
		int64_t due = 0;
		enum km_error error = find_due(store, now, &lapsed, &due, problem);
		if (!error && !lapsed.mark_id)
			break;
		if (!error)
			error = km_lapses_record_mark(store, lapsed.mark_id, now, problem);
		if (!error)
			error = find_begun(store, due, now, &lapsed, problem);
		if (!error)
			error = km_period_note_due(store, lapsed.mark_id, now, problem);
		if (!error)
			error = each(context, &lapsed);
		if (error)
			return error;
	}
	*ret_marks = marks;
	return KM_OK;
}

enum km_error km_lapses_next(struct km_store *store, int64_t *ret_at, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, "SELECT at FROM lapse_due ORDER BY at LIMIT 1", &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_at = row ? km_sql_get_int(statement, 0) : INT64_MAX;
	return error;
}
