#include "registry/desk.h"

#include "registry/period.h"
#include "registry/sql.h"

#include <string.h>

/* -------------------------------------------------------------------------------------------------------------- marks
 */

struct listing {
	struct km_store *store;
	int64_t now;
	enum km_error (*each)(void *context, const struct km_desk_mark *mark);
	void *context;
};

/* Of the row (mark id, number, kvk, name, scheme). */
static enum km_error show_mark(const struct listing *listing, struct km_statement *statement,
                               struct km_problem *problem)
{
	auto_period struct km_period_row row = {0};
	enum km_error error = km_period_at(listing->store, km_sql_get_int(statement, 0), listing->now, &row, problem);
	if (error)
		return error;
	struct km_desk_mark mark = {.number = km_sql_get_text(statement, 1),
	                            .kvk = km_sql_get_text(statement, 2),
	                            .name = km_sql_get_text(statement, 3),
	                            .scheme_id = km_sql_get_text(statement, 4),
	                            .scheme_version = row.scheme_version,
	                            .scope = row.scope,
	                            .level = *row.level ? row.level : NULL,
	                            .valid_until = row.period.valid_until,
	                            .surveillance_due = row.period.surveillance_due};
	km_mark_lapse(&row.period, listing->now, &mark.state, &mark.since, &mark.next_change);
	return listing->each(listing->context, &mark);
}

/* The period that holds now tells who holds the mark: one who is to take it over later is told nothing of it yet. */
#define MARKS                                                                                                          \
	"SELECT m.id, m.number, coalesce(v.kvk, ''), v.name, m.scheme_id"                                                  \
	" FROM mark_period AS q JOIN mark AS m ON m.id = q.mark_id JOIN provider AS v ON v.id = m.provider_id"             \
	" WHERE q.body_id = :body"                                                                                         \
	"  AND q.sequence = (SELECT max(sequence) FROM mark_period WHERE mark_id = q.mark_id AND holds_from <= :now)"
#define BY_END " ORDER BY q.valid_until, m.id LIMIT :limit OFFSET :offset"

enum km_error km_desk_marks(struct km_store *store, const struct km_desk *desk, const char *kvk, int64_t now,
                            size_t offset, enum km_error (*each)(void *context, const struct km_desk_mark *mark),
                            void *context, struct km_problem *problem)
{
	const struct listing listing = {store, now, each, context};
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = kvk ? km_sql(store, MARKS " AND v.kvk = :kvk" BY_END, &statement, problem)
	                          : km_sql(store, MARKS BY_END, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", desk->body_id);
	km_sql_int(statement, ":now", now);
	km_sql_int(statement, ":limit", KM_DESK_PAGE);
	km_sql_int(statement, ":offset", (int64_t)offset);
	if (kvk)
		km_sql_text(statement, ":kvk", kvk);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = show_mark(&listing, statement, problem);
		if (error || !row)
			return error;
	}
}

enum km_error km_desk_decisions(struct km_store *store, const struct km_desk *desk, const char *number,
                                enum km_error (*each)(void *context, const struct km_desk_decision *decision),
                                void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT d.submission_id, d.action, d.reason, p.name, d.holds_from, d.recorded_at, b.name, a.action,"
	           " a.reason, a.text_nl, a.text_en"
	           " FROM mark AS m JOIN decision AS d ON d.mark_id = m.id JOIN person AS p ON p.id = d.decider_id"
	           " JOIN submission AS s ON s.id = d.submission_id"
	           " LEFT JOIN body AS b ON b.id = d.to_body_id LEFT JOIN decision AS a ON a.transfer_id = d.submission_id"
	           " WHERE m.number = :number AND d.body_id = :body ORDER BY s.sequence DESC",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	km_sql_int(statement, ":body", desk->body_id);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_desk_decision decision = {
			.id = km_sql_get_text(statement, 0),
			.action = km_sql_get_text(statement, 1),
			.reason = km_sql_get_text(statement, 2),
			.decider = km_sql_get_text(statement, 3),
			.holds_from = km_sql_get_int(statement, 4),
			.recorded_at = km_sql_get_int(statement, 5),
			.to = km_sql_get_text(statement, 6),
			.answer = km_sql_get_text(statement, 7),
			.answer_reason = km_sql_get_text(statement, 8),
			.answer_text = {[KM_NL] = km_sql_get_text(statement, 9), [KM_EN] = km_sql_get_text(statement, 10)}};
		error = each(context, &decision);
		if (error)
			return error;
	}
}

/* ------------------------------------------------------------------------------------------------------------- reports
 */

static enum km_report_kind kind_named(const char *name)
{
	return strcmp(name, km_report_kind_name(KM_REPORT_COMPLAINT)) == 0 ? KM_REPORT_COMPLAINT : KM_REPORT_MISUSE;
}

enum km_error km_desk_reports(struct km_store *store, const struct km_desk *desk, int64_t now,
                              enum km_error (*each)(void *context, const struct km_report *report, const char *case_id),
                              void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT r.id, r.reference, r.kind, m.number, r.text, r.place, r.contact, r.received_at,"
		" (SELECT c.submission_id FROM case_file AS c WHERE c.report = r.reference AND c.body_id = :body LIMIT 1)"
		" FROM report AS r JOIN mark AS m ON m.id = r.mark_id"
		" WHERE (SELECT q.body_id FROM mark_period AS q WHERE q.mark_id = m.id AND q.holds_from <= :now"
		"  ORDER BY q.sequence DESC LIMIT 1) = :body"
		" ORDER BY r.received_at DESC, r.id DESC LIMIT :limit",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", desk->body_id);
	km_sql_int(statement, ":now", now);
	km_sql_int(statement, ":limit", KM_DESK_PAGE);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_report report = {.id = km_sql_get_int(statement, 0),
		                                 .reference = km_sql_get_text(statement, 1),
		                                 .kind = kind_named(km_sql_get_text(statement, 2)),
		                                 .number = km_sql_get_text(statement, 3),
		                                 .text = km_sql_get_text(statement, 4),
		                                 .place = km_sql_get_text(statement, 5),
		                                 .contact = km_sql_get_text(statement, 6),
		                                 .received_at = km_sql_get_int(statement, 7)};
		error = each(context, &report, km_sql_get_text(statement, 8));
		if (error)
			return error;
	}
}

enum km_error km_desk_schemes(struct km_store *store, const struct km_desk *desk,
                              enum km_error (*each)(void *context, const char *scheme_id), void *context,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT scheme_id FROM body_scheme WHERE body_id = :body ORDER BY scheme_id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", desk->body_id);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = each(context, km_sql_get_text(statement, 0));
		if (error || !row)
			return error;
	}
}
