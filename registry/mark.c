#include "registry/mark.h"

#include "registry/mark_history.h"
#include "registry/period.h"
#include "registry/scope.h"
#include "registry/sql.h"

#include <stdlib.h>
#include <string.h>

/* A mark with what it owns; the public part comes first. */
struct whole {
	struct km_mark mark;
	struct km_history history;
	const struct km_scheme_item **items; /* scope and scope_dropped */
};

void km_mark_free(struct km_mark *mark)
{
	if (!mark)
		return;
	struct whole *whole = (struct whole *)mark;
	km_history_done(&whole->history);
	free(whole->items);
	km_provider_free(mark->provider);
	km_body_free(mark->body);
	km_scheme_free(mark->scheme);
	free(whole);
}

static enum km_error find_row(struct km_store *store, const char *number, struct km_mark *mark,
                              int64_t *ret_provider_id, char ret_scheme_id[static KM_SLUG_MAX + 1],
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store, "SELECT id, provider_id, scheme_id, granted_at FROM mark WHERE number = :number", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	error =
		km_sql_expect(statement, problem, KM_ABSENT, "unknown-mark", "there is no mark %s in this register", number);
	if (error)
		return error;
	mark->id = km_sql_get_int(statement, 0);
	mark->granted_at = km_sql_get_int(statement, 3);
	mark->status_index = mark->id - 1;
	memcpy(mark->number, number, sizeof mark->number);
	*ret_provider_id = km_sql_get_int(statement, 1);
	strncpy(ret_scheme_id, km_sql_get_text(statement, 2), KM_SLUG_MAX);
	ret_scheme_id[KM_SLUG_MAX] = 0;
	return KM_OK;
}

/* Since when it has been in this state, over however many periods and lapses. */
static int64_t find_since(const struct km_period_row *rows, size_t len, enum km_state state, int64_t since)
{
	for (;;) {
		const struct km_period_row *earlier = km_period_find(rows, len, since - 1);
		if (!earlier)
			return since;
		enum km_state before;
		int64_t before_since, next;
		km_mark_lapse(&earlier->period, since - 1, &before, &before_since, &next);
		if (before != state)
			return since;
		since = before_since;
	}
}

static enum km_error set_scope(struct whole *whole, const struct km_period_row *rows, size_t len,
                               const struct km_period_row *now, int64_t at, struct km_problem *problem)
{
	struct km_mark *mark = &whole->mark;
	km_scope has, had = 0;
	enum km_error error = km_scope_parse(now->scope, mark->scheme, &has, problem);
	for (size_t i = 0; !error && i < len; i++) {
		km_scope earlier = 0;
		if (rows[i].period.holds_from <= at)
			error = km_scope_parse(rows[i].scope, mark->scheme, &earlier, problem);
		had |= earlier;
	}
	if (error)
		return error;
	whole->items = calloc(2 * mark->scheme->services_len + 1, sizeof *whole->items);
	if (!whole->items)
		return km_fail_memory(problem);
	mark->scope = whole->items;
	mark->scope_len = km_scope_items(has, mark->scheme, whole->items);
	mark->scope_dropped = whole->items + mark->scope_len;
	mark->scope_dropped_len = km_scope_items(had & ~has, mark->scheme, whole->items + mark->scope_len);
	return KM_OK;
}

/* What is so at `at`, from the periods. */
static enum km_error set_state(struct km_store *store, struct whole *whole, const struct km_period_row *rows,
                               size_t len, const char *scheme_id, int64_t at, struct km_problem *problem)
{
	struct km_mark *mark = &whole->mark;
	const struct km_period_row *now = km_period_find(rows, len, at);
	if (!now)
		return km_fail(problem, KM_ABSENT, "mark-not-yet", "mark %s had not been granted at that moment", mark->number);
	mark->period = now->period;
	int64_t since, lapse;
	km_mark_lapse(&now->period, at, &mark->state, &since, &lapse);
	mark->state_since = find_since(rows, len, mark->state, since);
	mark->next_change = km_period_next_change(rows, len, at);
	enum km_error error = km_scheme_get(store, scheme_id, now->scheme_version, &mark->scheme, problem);
	if (!error)
		error = km_body_get_by_id(store, now->body_id, &mark->body, problem);
	if (error)
		return error;
	mark->level = *now->level ? km_scheme_level(mark->scheme, now->level) : NULL;
	return set_scope(whole, rows, len, now, at, problem);
}

static void set_history(struct whole *whole)
{
	struct km_mark *mark = &whole->mark;
	const struct km_history *history = &whole->history;
	mark->events = history->events;
	mark->events_len = history->events_len;
	mark->audits = history->audits;
	mark->audits_len = history->audits_len;
	if (history->notice)
		mark->notice = history->notice->text;
	if (history->change) {
		mark->reason = history->change->reason;
		mark->text = history->change->text;
	}
	for (size_t i = 0; i < mark->events_len; i++)
		if (mark->events[i].recorded_at > mark->changed_at)
			mark->changed_at = mark->events[i].recorded_at;
	if (mark->state_since > mark->changed_at)
		mark->changed_at = mark->state_since;
}

static enum km_error fill(struct km_store *store, const char *number, int64_t at, struct whole *whole,
                          struct km_problem *problem)
{
	int64_t provider_id = 0;
	char scheme_id[KM_SLUG_MAX + 1];
	struct km_period_row *rows;
	size_t len;
	enum km_error error = find_row(store, number, &whole->mark, &provider_id, scheme_id, problem);
	if (!error)
		error = km_period_all(store, whole->mark.id, &rows, &len, problem);
	if (error)
		return error;
	error = set_state(store, whole, rows, len, scheme_id, at, problem);
	if (!error)
		error = km_provider_get_by_id(store, provider_id, &whole->mark.provider, problem);
	if (!error)
		error = km_history_read(store, whole->mark.id, rows, len, at, &whole->history, problem);
	if (!error)
		set_history(whole);
	km_period_rows_free(rows, len);
	return error;
}

enum km_error km_mark_get(struct km_store *store, const char *number, int64_t at, struct km_mark **ret_mark,
                          struct km_problem *problem)
{
	struct whole *whole = calloc(1, sizeof *whole);
	if (!whole)
		return km_fail_memory(problem);
	enum km_error error = fill(store, number, at, whole, problem);
	if (error) {
		km_mark_free(&whole->mark);
		return error;
	}
	*ret_mark = &whole->mark;
	return KM_OK;
}

enum km_error km_mark_siblings(struct km_store *store, int64_t mark_id, struct km_buf *ret_numbers,
                               struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT number FROM mark WHERE provider_id ="
	                             " (SELECT provider_id FROM mark WHERE id = :mark) ORDER BY id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		const char *number = km_sql_get_text(statement, 0);
		km_buf_add(ret_numbers, number, strlen(number) + 1);
	}
	if (!error && ret_numbers->failed)
		error = km_fail_memory(problem);
	return error;
}

/* The one text that this SQL gives of the mark with this number. */
static enum km_error read_issued(struct km_store *store, const char *literal, const char *number, char **ret_token,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-mark",
	                      "there is no credential of mark %s in this register", number);
	if (error)
		return error;
	char *token = strdup(km_sql_get_text(statement, 0));
	if (!token)
		return km_fail_memory(problem);
	*ret_token = token;
	return KM_OK;
}

enum km_error km_mark_credential(struct km_store *store, const char *number, char **ret_token,
                                 struct km_problem *problem)
{
	return read_issued(store,
	                   "SELECT c.token FROM mark AS m JOIN credential AS c ON c.mark_id = m.id"
	                   " WHERE m.number = :number",
	                   number, ret_token, problem);
}

enum km_error km_mark_qr_token(struct km_store *store, const char *number, char **ret_token, struct km_problem *problem)
{
	return read_issued(store,
	                   "SELECT c.qr_token FROM mark AS m JOIN credential AS c ON c.mark_id = m.id"
	                   " WHERE m.number = :number",
	                   number, ret_token, problem);
}

enum km_error km_mark_document(struct km_store *store, const char *number, char **ret_document,
                               struct km_problem *problem)
{
	return read_issued(store,
	                   "SELECT c.document FROM mark AS m JOIN credential AS c ON c.mark_id = m.id"
	                   " WHERE m.number = :number",
	                   number, ret_document, problem);
}

enum km_error km_mark_credential_put(struct km_store *store, int64_t mark_id, const struct km_issued *issued,
                                     int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO credential (mark_id, token, document, qr_token, kid, issued_at)"
	                             " VALUES (:mark, :token, :document, :qr_token, :kid, :now)"
	                             " ON CONFLICT (mark_id) DO UPDATE SET token = excluded.token,"
	                             " document = excluded.document, qr_token = excluded.qr_token, kid = excluded.kid,"
	                             " issued_at = excluded.issued_at",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	km_sql_text(statement, ":token", issued->token);
	km_sql_text(statement, ":document", issued->document);
	km_sql_text(statement, ":qr_token", issued->qr_token);
	km_sql_text(statement, ":kid", issued->kid);
	km_sql_int(statement, ":now", now);
	return km_sql_run(statement, problem);
}
