#include "registry/case_file.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "registry/body.h"
#include "registry/person.h"
#include "registry/scheme.h"
#include "registry/sql.h"

#include <string.h>

enum { ID_MAX = 43 };

static enum km_error find_mark(struct km_store *store, const struct km_acting *acting, const char *text,
                               int64_t *ret_id, struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	struct km_problem form = {0};
	if (km_number_parse(text, number, &form))
		return km_fail(problem, KM_INVALID, "member", "case.mark: %s", form.message);
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT m.id, (SELECT body_id FROM mark_period WHERE mark_id = m.id"
	                             "  AND holds_from <= :now ORDER BY sequence DESC LIMIT 1)"
	                             " FROM mark AS m WHERE m.number = :number",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	km_sql_int(statement, ":now", acting->now);
	error = km_sql_expect(statement, problem, KM_INVALID, "unknown-mark",
	                      "case.mark: there is no such mark in this register");
	if (error)
		return error;
	if (km_sql_get_int(statement, 1) != acting->body_id)
		return km_fail(problem, KM_FORBIDDEN, "other-body", "case.mark: this mark is another body's");
	*ret_id = km_sql_get_int(statement, 0);
	return KM_OK;
}

static enum km_error check_decision(struct km_store *store, const struct km_acting *acting, const char *id,
                                    struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT body_id FROM decision WHERE submission_id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	error = km_sql_expect(statement, problem, KM_INVALID, "unknown-decision",
	                      "case.decision: expected the id of the decision that is appealed against");
	if (!error && km_sql_get_int(statement, 0) != acting->body_id)
		return km_fail(problem, KM_FORBIDDEN, "other-body", "case.decision: that decision is another body's");
	return error;
}

static enum km_error check_report(struct km_store *store, const char *reference, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT 1 FROM report WHERE reference = :reference", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":reference", reference);
	return km_sql_expect(statement, problem, KM_INVALID, "unknown-report",
	                     "case.report: there is no report with this reference");
}

/* What a new case says. */
struct opening {
	const char *kind, *decision, *report;
	int64_t mark_id, received_on;
	uint8_t letter[32];
	bool has_letter;
};

static enum km_error read_day_and_letter(const json_t *content, const struct km_acting *acting, struct opening *opening,
                                         struct km_problem *problem)
{
	const char *day, *digest;
	enum km_error error = km_json_string(content, "case", "received", KM_DATE_TEXT, &day, problem);
	if (!error)
		error = km_json_string_optional(content, "case", "sha256", 64, &digest, problem);
	if (error)
		return error;
	if (!km_date_parse(day, &opening->received_on) || opening->received_on > acting->now)
		return km_fail(problem, KM_INVALID, "member",
		               "case.received: expected the day on which it came in, such as 2026-11-24");
	opening->has_letter = digest != NULL;
	if (digest && !km_decode_exact(KM_HEX, digest, strlen(digest), opening->letter, sizeof opening->letter))
		return km_fail(problem, KM_INVALID, "member", "case.sha256: expected 64 hex digits in lower case");
	return KM_OK;
}

static enum km_error read_opening(struct km_store *store, const struct km_acting *acting, const json_t *content,
                                  struct opening *opening, struct km_problem *problem)
{
	static const char *const known[] = {"action", "kind", "mark", "decision", "report", "received", "sha256", NULL};
	const char *mark;
	enum km_error error = km_json_only(content, "case", known, problem);
	if (!error)
		error = km_json_string(content, "case", "kind", 20, &opening->kind, problem);
	if (!error)
		error = km_json_string_optional(content, "case", "mark", 32, &mark, problem);
	if (!error)
		error = km_json_string_optional(content, "case", "decision", ID_MAX, &opening->decision, problem);
	if (!error)
		error = km_json_string_optional(content, "case", "report", 20, &opening->report, problem);
	if (!error)
		error = read_day_and_letter(content, acting, opening, problem);
	if (error)
		return error;
	bool appeal = strcmp(opening->kind, "appeal") == 0;
	if (!appeal && strcmp(opening->kind, "complaint") != 0 && strcmp(opening->kind, "misuse") != 0)
		return km_fail(problem, KM_INVALID, "member", "case.kind: expected appeal, complaint or misuse");
	if (appeal != (opening->decision != NULL))
		return km_fail(problem, KM_INVALID, "member", "case.decision: goes with kind appeal, and with no other");
	if (!error && mark)
		error = find_mark(store, acting, mark, &opening->mark_id, problem);
	if (!error && appeal)
		error = check_decision(store, acting, opening->decision, problem);
	if (!error && opening->report && !acting->replayed)
		error = check_report(store, opening->report, problem);
	return error;
}

static enum km_error open_case(struct km_store *store, const struct km_acting *acting, const json_t *content,
                               json_t *reply, struct km_problem *problem)
{
	struct opening opening = {0};
	enum km_error error = read_opening(store, acting, content, &opening, problem);
	if (error)
		return error;
	int64_t due = km_time_end_of_day(km_time_add_days(opening.received_on, KM_CASE_DAYS));
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store,
	               "INSERT INTO case_file (submission_id, kind, body_id, opened_by, mark_id, decision_id, report,"
	               " letter_sha256, received_on, due_at, recorded_at) VALUES (:id, :kind, :body, :person, :mark,"
	               " :decision, :report, :letter, :received, :due, :now)",
	               &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", acting->submission_id);
	km_sql_text(statement, ":kind", opening.kind);
	km_sql_int(statement, ":body", acting->body_id);
	km_sql_int(statement, ":person", acting->person_id);
	km_sql_int_or_null(statement, ":mark", opening.mark_id);
	km_sql_text(statement, ":decision", opening.decision);
	km_sql_text(statement, ":report", opening.report);
	if (opening.has_letter)
		km_sql_blob(statement, ":letter", opening.letter, sizeof opening.letter);
	km_sql_int(statement, ":received", opening.received_on);
	km_sql_int(statement, ":due", due);
	km_sql_int(statement, ":now", acting->now);
	error = km_sql_run(statement, problem);
	char day[KM_DATE_TEXT];
	km_date_format(due, day);
	if (!error && json_object_set_new(reply, "due", json_string(day)) != 0)
		return km_fail_memory(problem);
	return error;
}

/* A person had a part in a case who took the decision, or audited for it; or, in a complaint about a mark, who decided
 * or audited for that mark at all. */
static enum km_error check_no_part(struct km_store *store, const struct km_acting *acting, const char *id,
                                   struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT 1 FROM case_file AS c JOIN decision AS d ON d.submission_id = c.decision_id"
		"  OR (c.kind = 'complaint' AND d.mark_id = c.mark_id)"
		" LEFT JOIN audit AS a ON a.submission_id = d.audit_id"
		" LEFT JOIN audit AS f ON f.follows = coalesce(a.follows, a.submission_id) OR f.submission_id = a.follows"
		" WHERE c.submission_id = :id AND :person IN (d.decider_id, a.auditor_id, f.auditor_id)",
		&statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	km_sql_int(statement, ":person", acting->person_id);
	bool took_part = false;
	error = km_sql_step(statement, &took_part, problem);
	if (!error && took_part)
		return km_fail(problem, KM_FORBIDDEN, "four-eyes",
		               "who had a part in the audit or the decision does not close this case: someone else of the body "
		               "must");
	return error;
}

static enum km_error find_open_case(struct km_store *store, const struct km_acting *acting, const char *id,
                                    struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT c.body_id, x.submission_id FROM case_file AS c"
	           " LEFT JOIN case_closure AS x ON x.case_id = c.submission_id WHERE c.submission_id = :id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	error = km_sql_expect(statement, problem, KM_INVALID, "unknown-case",
	                      "case.case: expected the id that the register answered when the case was "
	                      "opened");
	if (error)
		return error;
	if (km_sql_get_int(statement, 0) != acting->body_id)
		return km_fail(problem, KM_FORBIDDEN, "other-body", "case.case: that case is another body's");
	if (km_sql_get_text(statement, 1))
		return km_fail(problem, KM_CONFLICT, "case-closed", "case.case: that case is closed already");
	return KM_OK;
}

static enum km_error close_case(struct km_store *store, const struct km_acting *acting, const json_t *content,
                                json_t *reply, struct km_problem *problem)
{
	static const char *const known[] = {"action", "case", "outcome", "reason", NULL};
	const char *id, *outcome, *reason;
	enum km_error error = km_json_only(content, "case", known, problem);
	if (!error)
		error = km_json_string(content, "case", "case", ID_MAX, &id, problem);
	if (!error)
		error = km_json_string(content, "case", "outcome", 20, &outcome, problem);
	if (!error)
		error = km_json_string(content, "case", "reason", KM_SLUG_MAX, &reason, problem);
	if (error)
		return error;
	if (strcmp(outcome, "upheld") != 0 && strcmp(outcome, "rejected") != 0 && strcmp(outcome, "settled") != 0)
		return km_fail(problem, KM_INVALID, "member", "case.outcome: expected upheld, rejected or settled");
	if (!km_slug_valid(reason))
		return km_fail(problem, KM_INVALID, "member", "case.reason: expected a short code such as no-new-facts");
	if (!(acting->roles & (KM_ROLE_DECIDER | KM_ROLE_ADMIN)))
		return km_fail(problem, KM_FORBIDDEN, "role", "a case is closed by a decider or an admin");
	error = find_open_case(store, acting, id, problem);
	if (!error)
		error = check_no_part(store, acting, id, problem);
	auto_statement struct km_statement *statement = NULL;
	if (!error)
		error = km_sql(store,
		               "INSERT INTO case_closure (submission_id, case_id, closed_by, outcome, reason, recorded_at)"
		               " VALUES (:id, :case, :person, :outcome, :reason, :now)",
		               &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", acting->submission_id);
	km_sql_text(statement, ":case", id);
	km_sql_int(statement, ":person", acting->person_id);
	km_sql_text(statement, ":outcome", outcome);
	km_sql_text(statement, ":reason", reason);
	km_sql_int(statement, ":now", acting->now);
	error = km_sql_run(statement, problem);
	if (!error && json_object_set_new(reply, "case", json_string(id)) != 0)
		return km_fail_memory(problem);
	return error;
}

enum km_error km_case_apply(struct km_store *store, const struct km_acting *acting, const json_t *content,
                            json_t *reply, struct km_problem *problem)
{
	const char *action;
	enum km_error error = km_json_string(content, "case", "action", 20, &action, problem);
	if (error)
		return error;
	if (strcmp(action, "open") == 0)
		return open_case(store, acting, content, reply, problem);
	if (strcmp(action, "close") == 0)
		return close_case(store, acting, content, reply, problem);
	return km_fail(problem, KM_INVALID, "member", "case.action: expected open or close");
}

enum km_error km_case_list(struct km_store *store, const char *body_slug, bool closed,
                           enum km_error (*each)(void *context, const struct km_case *row), void *context,
                           struct km_problem *problem)
{
	int64_t body_id = 0;
	enum km_error error = km_body_find_id(store, body_slug, &body_id, problem);
	auto_statement struct km_statement *statement = NULL;
	if (!error)
		error = km_sql(store,
		               "SELECT c.submission_id, c.kind, m.number, c.decision_id, c.report, c.received_on, c.due_at,"
		               " x.outcome, x.reason, x.recorded_at FROM case_file AS c"
		               " LEFT JOIN mark AS m ON m.id = c.mark_id"
		               " LEFT JOIN case_closure AS x ON x.case_id = c.submission_id"
		               " WHERE c.body_id = :body AND (:closed <> 0 OR x.case_id IS NULL) ORDER BY c.due_at, c.submission_id",
		               &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", body_id);
	km_sql_int(statement, ":closed", closed);
	for (;;) {
		bool found = false;
		error = km_sql_step(statement, &found, problem);
		if (error || !found)
			return error;
		struct km_case row = {.id = km_sql_get_text(statement, 0),
		                      .kind = km_sql_get_text(statement, 1),
		                      .number = km_sql_get_text(statement, 2),
		                      .decision_id = km_sql_get_text(statement, 3),
		                      .report = km_sql_get_text(statement, 4),
		                      .received_on = km_sql_get_int(statement, 5),
		                      .due_at = km_sql_get_int(statement, 6),
		                      .outcome = km_sql_get_text(statement, 7),
		                      .reason = km_sql_get_text(statement, 8),
		                      .closed_at = km_sql_get_int(statement, 9)};
		error = each(context, &row);
		if (error)
			return error;
	}
}
