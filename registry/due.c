#include "registry/due.h"

#include "base/clock.h"
#include "registry/body.h"
#include "registry/finding.h"
#include "registry/lapse.h"
#include "registry/period.h"
#include "registry/sql.h"

#include <string.h>

static const char *const names[KM_DUE_KINDS] = {
	[KM_DUE_SURVEILLANCE] = "surveillance", [KM_DUE_EXPIRY] = "expiry", [KM_DUE_SUSPENSION] = "suspension",
	[KM_DUE_FINDING] = "finding",           [KM_DUE_CASE] = "case",
};

const char *km_due_kind_name(enum km_due_kind kind)
{
	return names[kind];
}

struct listing {
	struct km_store *store;
	int64_t body_id, now, until;
	enum km_error (*each)(void *context, const struct km_due *due);
	void *context;
};

/* One list of marks: `column` is the limit that it is about. The body that holds the mark now has to see to it. */
#define MARKS_BY(column)                                                                                               \
	"SELECT m.id, m.number, m.scheme_id, p.kvk, p.name, q." column ", q.surveillance_limit"                            \
	" FROM mark_period AS q JOIN mark AS m ON m.id = q.mark_id JOIN provider AS p ON p.id = m.provider_id"             \
	" WHERE q.body_id = :body AND q." column " <= :until"                                                              \
	"  AND q.sequence = (SELECT max(sequence) FROM mark_period WHERE mark_id = q.mark_id AND holds_from <= :now)"      \
	" ORDER BY q." column ", m.id"

static int64_t limit_of(const struct km_period *period, enum km_due_kind kind)
{
	return kind == KM_DUE_SUSPENSION ? period->suspension_limit
	       : kind == KM_DUE_EXPIRY   ? period->valid_until
	                                 : period->surveillance_due;
}

/* A limit counts only in the state that it is about: what has lapsed or ended is no longer due, nor what a decision
 * that is recorded and holds later puts off or ends. */
static enum km_error is_running(struct listing *listing, int64_t mark_id, enum km_due_kind kind, int64_t limit,
                                bool *ret_running, struct km_problem *problem)
{
	auto_period struct km_period_row row = {0};
	enum km_state state;
	int64_t since, next;
	enum km_error error = km_period_at(listing->store, mark_id, INT64_MAX, &row, problem);
	if (error)
		return error;
	int64_t at = row.period.holds_from > listing->now ? row.period.holds_from : listing->now;
	km_mark_lapse(&row.period, at, &state, &since, &next);
	*ret_running = kind == KM_DUE_SUSPENSION ? state == KM_SUSPENDED
	               : kind == KM_DUE_EXPIRY   ? state == KM_ACTIVE || state == KM_SUSPENDED
	                                         : state == KM_ACTIVE;
	*ret_running = *ret_running && limit_of(&row.period, kind) == limit;
	return KM_OK;
}

static enum km_error list_marks(struct listing *listing, enum km_due_kind kind, const char *literal,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(listing->store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", listing->body_id);
	km_sql_int(statement, ":until", listing->until);
	km_sql_int(statement, ":now", listing->now);
	for (;;) {
		bool row = false, running = false;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = is_running(listing, km_sql_get_int(statement, 0), kind, km_sql_get_int(statement, 5), &running,
			                   problem);
		if (error || !row)
			return error;
		struct km_due due = {.kind = kind,
		                     .number = km_sql_get_text(statement, 1),
		                     .scheme_id = km_sql_get_text(statement, 2),
		                     .kvk = km_sql_get_text(statement, 3),
		                     .name = km_sql_get_text(statement, 4),
		                     .at = km_sql_get_int(statement, 5),
		                     .limit = kind == KM_DUE_SURVEILLANCE ? km_sql_get_int(statement, 6) : 0};
		error = running ? listing->each(listing->context, &due) : KM_OK;
		if (error)
			return error;
	}
}

static enum km_error list_findings(struct listing *listing, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(listing->store,
	           "SELECT f.criterion, f.result, f.due_on, a.submission_id, a.scheme_id, p.kvk, p.name"
	           " FROM finding AS f JOIN audit AS a ON a.submission_id = f.audit_id"
	           " JOIN submission AS s ON s.id = a.submission_id JOIN provider AS p ON p.id = a.provider_id"
	           " WHERE f.due_on <= :until AND a.body_id = :body"
	           " AND" KM_FINDING_STILL_STANDS("a") "ORDER BY f.due_on, s.sequence, f.criterion",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", listing->body_id);
	km_sql_int(statement, ":until", listing->until);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		struct km_due due = {.kind = KM_DUE_FINDING,
		                     .detail = km_sql_get_text(statement, 0),
		                     .result = km_sql_get_text(statement, 1),
		                     .at = km_time_end_of_day(km_sql_get_int(statement, 2)),
		                     .id = km_sql_get_text(statement, 3),
		                     .scheme_id = km_sql_get_text(statement, 4),
		                     .kvk = km_sql_get_text(statement, 5),
		                     .name = km_sql_get_text(statement, 6)};
		error = listing->each(listing->context, &due);
		if (error)
			return error;
	}
}

static enum km_error list_cases(struct listing *listing, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(listing->store,
	                             "SELECT c.submission_id, c.kind, c.due_at, m.number, p.kvk, p.name FROM case_file AS c"
	                             " LEFT JOIN mark AS m ON m.id = c.mark_id"
	                             " LEFT JOIN provider AS p ON p.id = m.provider_id"
	                             " WHERE c.body_id = :body AND c.due_at <= :until"
	                             "  AND NOT EXISTS (SELECT 1 FROM case_closure WHERE case_id = c.submission_id)"
	                             " ORDER BY c.due_at, c.submission_id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", listing->body_id);
	km_sql_int(statement, ":until", listing->until);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		struct km_due due = {.kind = KM_DUE_CASE,
		                     .id = km_sql_get_text(statement, 0),
		                     .detail = km_sql_get_text(statement, 1),
		                     .at = km_sql_get_int(statement, 2),
		                     .number = km_sql_get_text(statement, 3),
		                     .kvk = km_sql_get_text(statement, 4),
		                     .name = km_sql_get_text(statement, 5)};
		error = listing->each(listing->context, &due);
		if (error)
			return error;
	}
}

enum km_error km_due_list(struct km_store *store, const char *body_slug, int64_t now, int64_t until,
                          enum km_error (*each)(void *context, const struct km_due *due), void *context,
                          struct km_problem *problem)
{
	struct listing listing = {.store = store, .now = now, .until = until, .each = each, .context = context};
	enum km_error error = km_body_find_id(store, body_slug, &listing.body_id, problem);
	if (!error)
		error = list_marks(&listing, KM_DUE_SURVEILLANCE, MARKS_BY("surveillance_due"), problem);
	if (!error)
		error = list_marks(&listing, KM_DUE_EXPIRY, MARKS_BY("valid_until"), problem);
	if (!error)
		error = list_marks(&listing, KM_DUE_SUSPENSION, MARKS_BY("suspension_limit"), problem);
	if (!error)
		error = list_findings(&listing, problem);
	return error ? error : list_cases(&listing, problem);
}
