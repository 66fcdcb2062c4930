#include "registry/report.h"

#include "base/encode.h"
#include "keys/random.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <string.h>

enum { REFERENCE_BYTES = 5, DAY_S = 24 * 3600 };

static const char *const kinds[KM_REPORT_KINDS] = {
	[KM_REPORT_MISUSE] = "misuse",
	[KM_REPORT_COMPLAINT] = "complaint",
	[KM_REPORT_SECURITY] = "security",
};

const char *km_report_kind_name(enum km_report_kind kind)
{
	return kinds[kind];
}

static enum km_report_kind kind_named(const char *name)
{
	for (enum km_report_kind kind = 0; kind < KM_REPORT_KINDS; kind++)
		if (strcmp(kinds[kind], name) == 0)
			return kind;
	return KM_REPORT_SECURITY; /* the schema allows no other */
}

/* Text of people: lines and tabs, but no other control character. */
static enum km_error check_text(const char *member, const char *text, size_t max, struct km_problem *problem)
{
	size_t characters = 0;
	if (!text)
		return KM_OK;
	bool good = km_utf8_valid(text, strlen(text), &characters);
	for (const char *c = text; good && *c; c++)
		good = ((unsigned char)*c >= ' ' || strchr("\t\r\n", *c)) && *c != 0x7f;
	if (!good)
		return km_fail(problem, KM_INVALID, "report", "%s: this holds characters that cannot be kept", member);
	return characters <= max ? KM_OK
	                         : km_fail(problem, KM_INVALID, "report", "%s: give at most %zu characters", member, max);
}

static enum km_error check(const struct km_report *report, struct km_problem *problem)
{
	if (!report->text || strspn(report->text, " \t\r\n") == strlen(report->text))
		return km_fail(problem, KM_INVALID, "report", "text: say what is the matter");
	enum km_error error = check_text("text", report->text, KM_REPORT_TEXT_MAX, problem);
	if (!error)
		error = check_text("place", report->place, KM_REPORT_PLACE_MAX, problem);
	if (!error)
		error = check_text("contact", report->contact, KM_REPORT_CONTACT_MAX, problem);
	return error;
}

static enum km_error check_flood(struct km_store *store, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, "SELECT count(*) FROM report WHERE received_at > :since", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":since", now - DAY_S);
	error = km_sql_step(statement, &row, problem);
	if (!error && km_sql_get_int(statement, 0) >= KM_REPORTS_A_DAY_MAX)
		return km_fail(problem, KM_UNAVAILABLE, "too-many-reports",
		               "more reports came in today than can be kept: try again tomorrow");
	return error;
}

/* 0 for a report about no mark. */
static enum km_error mark_id(struct km_store *store, const char *number, int64_t *ret_id, struct km_problem *problem)
{
	*ret_id = 0;
	if (!number)
		return KM_OK;
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, "SELECT id FROM mark WHERE number = :number", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	error = km_sql_step(statement, &row, problem);
	if (!error && !row)
		return km_fail(problem, KM_ABSENT, "mark-unknown", "there is no mark with this number in this register");
	if (!error)
		*ret_id = km_sql_get_int(statement, 0);
	return error;
}

static enum km_error insert(struct km_store *store, const struct km_report *report, int64_t mark, const char *reference,
                            int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO report (reference, kind, mark_id, text, place, contact, received_at) "
	                             "VALUES (:reference, :kind, :mark, :text, :place, :contact, :now)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":reference", reference);
	km_sql_text(statement, ":kind", kinds[report->kind]);
	km_sql_int_or_null(statement, ":mark", mark);
	km_sql_text(statement, ":text", report->text);
	km_sql_text(statement, ":place", report->place);
	km_sql_text(statement, ":contact", report->contact);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	struct km_record_key key = km_record_key("%lld", (long long)km_sql_last_id(store));
	return error ? error : km_record_note(store, "report", key, now, problem);
}

enum km_error km_report_add(struct km_store *store, const struct km_report *report, int64_t now,
                            char ret_reference[static KM_REPORT_REFERENCE_TEXT], struct km_problem *problem)
{
	int64_t mark = 0;
	char reference[KM_REPORT_REFERENCE_TEXT];
	enum km_error error = check(report, problem);
	if (!error)
		error = check_flood(store, now, problem);
	if (!error)
		error = mark_id(store, report->number, &mark, problem);
	if (!error)
		error = km_random_text(KM_BASE32, REFERENCE_BYTES, reference, problem);
	if (!error)
		error = insert(store, report, mark, reference, now, problem);
	if (!error)
		memcpy(ret_reference, reference, sizeof reference);
	return error;
}

static struct km_report read_report(struct km_statement *statement)
{
	return (struct km_report){
		.id = km_sql_get_int(statement, 0),
		.reference = km_sql_get_text(statement, 1),
		.kind = kind_named(km_sql_get_text(statement, 2)),
		.number = km_sql_get_text(statement, 3),
		.text = km_sql_get_text(statement, 4),
		.place = km_sql_get_text(statement, 5),
		.contact = km_sql_get_text(statement, 6),
		.received_at = km_sql_get_int(statement, 7),
	};
}

enum km_error km_report_list(struct km_store *store, int64_t after, size_t limit,
                             enum km_error (*each)(void *context, const struct km_report *report), void *context,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT report.id, report.reference, report.kind, mark.number, report.text, "
	                             "report.place, report.contact, report.received_at FROM report "
	                             "LEFT JOIN mark ON mark.id = report.mark_id "
	                             "WHERE report.id > :after ORDER BY report.id LIMIT :limit",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":after", after);
	km_sql_int(statement, ":limit", (int64_t)limit);
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		struct km_report report = read_report(statement);
		error = each(context, &report);
		if (error)
			return error;
	}
}

enum km_error km_report_erase(struct km_store *store, const char *reference, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store, "DELETE FROM report WHERE reference = :reference RETURNING id", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":reference", reference);
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	if (!row)
		return km_fail(problem, KM_ABSENT, "no-such-report", "there is no report with this reference");
	struct km_record_key key = km_record_key("%lld", (long long)km_sql_get_int(statement, 0));
	error = km_sql_step(statement, &row, problem);
	return error ? error : km_record_erase(store, "report", key, now, problem);
}
