#include "registry/retention.h"

#include "base/buf.h"
#include "base/clock.h"
#include "registry/purge.h"
#include "registry/report.h"
#include "registry/sqlite.h"
#include "tests/audited.h"

#include <stdlib.h>

enum { MONTH = 30 * 86400 };
#define TERM_MONTHS 36 /* of the scheme in tests/scene.c */

/* ------------------------------------------------------------------------------------------------------- what happens
 */

static struct scene_id audit_with(struct office *office, const char *kind, const char *criterion, const char *due)
{
	json_t *audit = scene_audit(office->scene, kind, "[\"beheer\",\"cloud\"]");
	if (criterion)
		scene_find(audit, criterion, "minor", due);
	return office_submit(office, AUDITOR, "audit", audit);
}

static struct scene_id decide(struct office *office, const char *action, const char *mark, const char *audit)
{
	return office_submit(office, DECIDER, "decision", scene_decision(action, mark, audit));
}

static struct scene_id renew(struct office *office, const char *mark)
{
	office->scene->now += MONTH;
	struct scene_id audit = office_audit(office, "recertification");
	decide(office, "renew", mark, audit.text);
	return audit;
}

static struct scene_id open_case(struct office *office, const char *kind, const char *mark, const char *decision,
                                 const char *report)
{
	char day[KM_DATE_TEXT];
	km_date_format(office->scene->now, day);
	return office_submit(office, AUDITOR, "case",
	                     json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s}", "action", "open", "kind", kind, "mark", mark,
	                               "decision", decision, "report", report, "received", day));
}

static struct scene_id close_case(struct office *office, const char *id)
{
	return office_submit(
		office, BOTH, "case",
		json_pack("{s:s, s:s, s:s, s:s}", "action", "close", "case", id, "outcome", "settled", "reason", "voorbeeld"));
}

/* ------------------------------------------------------------------------------------------------------ what may go
 */

/* "audit ID, case ID": in the order of the list. */
struct listed {
	char text[1000];
};

static struct listed list(struct office *office)
{
	struct listed listed = {""};
	struct km_problem problem = {0};
	auto_retention struct km_retention retention = {0};
	assert_ok(km_retention_find(office->scene->store, office->scene->now, &retention, &problem), &problem);
	for (size_t i = 0; i < retention.len; i++)
		snprintf(listed.text + strlen(listed.text), sizeof listed.text - strlen(listed.text), "%s%s %s", i ? ", " : "",
		         km_record_kind_name(retention.records[i].kind), retention.records[i].id);
	return listed;
}

static void expect_listed(struct office *office, const char *expected)
{
	assert_string_equal(list(office).text, expected);
}

static void purge(struct office *office)
{
	struct km_problem problem = {0};
	struct km_store *store = km_issuer_store(office->issuer);
	auto_retention struct km_retention retention = {0};
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_retention_find(store, office->scene->now, &retention, &problem), &problem);
	assert_ok(km_retention_purge(store, &retention, office->scene->now, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	office_tick(office); /* puts it into the log */
}

static int64_t number(struct office *office, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int64_t number(struct office *office, const char *format, ...)
{
	char sql[400];
	va_list arguments;
	va_start(arguments, format);
	assert_true(vsnprintf(sql, sizeof sql, format, arguments) < (int)sizeof sql);
	va_end(arguments);
	return fixture_number(office->scene->fixture, sql);
}

static void expect_gone(struct office *office, const char *id)
{
	assert_int_equal(number(office, "SELECT length(bytes) FROM submission WHERE id = '%s'", id), 0);
	assert_int_equal(number(office, "SELECT count(*) FROM finding WHERE audit_id = '%s'", id), 0);
	assert_int_equal(number(office, "SELECT count(*) FROM purge WHERE submission_id = '%s'", id), 1);
}

static void expect_there(struct office *office, const char *id)
{
	assert_int_not_equal(number(office, "SELECT length(bytes) FROM submission WHERE id = '%s'", id), 0);
	assert_int_equal(number(office, "SELECT count(*) FROM purge WHERE submission_id = '%s'", id), 0);
}

static struct scene_id first(struct office *office, const char *sql)
{
	struct scene_id id;
	fixture_text(office->scene->fixture, sql, id.text, sizeof id.text);
	return id;
}

static struct scene_id first_audit(struct office *office)
{
	return first(office, "SELECT submission_id FROM audit ORDER BY recorded_at LIMIT 1");
}

static void the_present_and_the_previous_term_are_kept(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	expect_listed(office, "");
	renew(office, mark.text);
	expect_listed(office, "");
	office->scene->now += MONTH;
	purge(office);
	assert_int_equal(office_count(office, "purge"), 0);
	audited_expect_clean(office);
}

static void what_is_older_than_the_previous_term_goes_and_its_mark_does_not(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	int64_t granted = office->scene->now;
	struct scene_id initial = first_audit(office);
	office->scene->now += MONTH;
	struct scene_id special = audit_with(office, "special", "R1", "2028-01-01");
	struct scene_id refused = decide(office, "refuse", NULL, special.text);
	struct scene_id second = renew(office, mark.text), third = renew(office, mark.text);
	struct listed expected;
	snprintf(expected.text, sizeof expected.text, "audit %s, audit %s", initial.text, special.text);
	expect_listed(office, expected.text);
	struct km_mark *before = scene_mark(office->scene, mark.text, granted);
	auto_free char *credential = office_credential(office, mark.text);
	purge(office);
	expect_gone(office, initial.text);
	expect_gone(office, special.text);
	expect_gone(office, refused.text);
	expect_there(office, second.text);
	expect_there(office, third.text);
	assert_int_equal(number(office, "SELECT text_nl IS NULL FROM decision WHERE submission_id = '%s'", refused.text),
	                 1);
	/* What the public knows of it is the same. */
	struct km_mark *after = scene_mark(office->scene, mark.text, granted);
	assert_int_equal(after->audits_len, before->audits_len);
	assert_string_equal(after->audits[0].kind, "initial");
	assert_int_equal(after->audits[0].finished, before->audits[0].finished);
	assert_int_equal(after->events_len, before->events_len);
	assert_int_equal(after->scope_len, before->scope_len);
	km_mark_free(before);
	km_mark_free(after);
	auto_free char *same = office_credential(office, mark.text);
	assert_string_equal(same, credential);
	expect_listed(office, "");
	audited_expect_clean(office);
	/* And the mark goes on. */
	renew(office, mark.text);
	snprintf(expected.text, sizeof expected.text, "audit %s", second.text);
	expect_listed(office, expected.text);
	purge(office);
	audited_expect_clean(office);
}

static void an_open_finding_keeps_its_audit_and_what_came_after(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	struct scene_id initial = first_audit(office);
	office->scene->now += MONTH;
	/* B6 is asked of software alone, which no later audit covers. */
	json_t *audit = scene_audit(office->scene, "special", "[\"beheer\",\"cloud\",\"software\"]");
	scene_find(audit, "B6", "minor", "2031-01-01");
	struct scene_id opened = office_submit(office, AUDITOR, "audit", audit);
	struct scene_id after = audit_with(office, "special", NULL, NULL);
	renew(office, mark.text);
	renew(office, mark.text);
	struct listed expected;
	snprintf(expected.text, sizeof expected.text, "audit %s", initial.text);
	expect_listed(office, expected.text);
	/* Once it is closed, all of it goes as it ages. */
	audit = scene_audit(office->scene, "special", "[\"beheer\",\"cloud\",\"software\"]");
	office_submit(office, AUDITOR, "audit", audit);
	snprintf(expected.text, sizeof expected.text, "audit %s, audit %s, audit %s", initial.text, opened.text,
	         after.text);
	expect_listed(office, expected.text);
}

static void an_appeal_keeps_what_it_is_about_until_it_is_closed_and_old(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	struct scene_id initial = first_audit(office);
	struct scene_id grant = first(office, "SELECT submission_id FROM decision WHERE action = 'grant'");
	struct scene_id appeal = open_case(office, "appeal", mark.text, grant.text, NULL);
	renew(office, mark.text);
	renew(office, mark.text);
	expect_listed(office, "");
	struct scene_id closure = close_case(office, appeal.text);
	renew(office, mark.text);
	expect_there(office, initial.text);
	renew(office, mark.text);
	purge(office);
	expect_gone(office, initial.text);
	expect_gone(office, appeal.text);
	expect_gone(office, closure.text);
	assert_int_equal(office_count(office, "case_file") + office_count(office, "case_closure"), 0);
	audited_expect_clean(office);
}

static void what_the_public_reported_goes_with_its_case(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	struct km_store *store = km_issuer_store(office->issuer);
	struct km_report report = {.kind = KM_REPORT_MISUSE, .number = mark.text, .text = "Voorbeeld."};
	struct km_problem problem;
	char reference[2][KM_REPORT_REFERENCE_TEXT];
	assert_ok(km_store_begin(store, &problem), &problem);
	for (size_t i = 0; i < 2; i++)
		assert_ok(km_report_add(store, &report, office->scene->now, reference[i], &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	struct scene_id file = open_case(office, "misuse", mark.text, NULL, reference[0]);
	close_case(office, file.text);
	renew(office, mark.text);
	renew(office, mark.text);
	struct scene_id initial = first_audit(office);
	struct listed expected;
	snprintf(expected.text, sizeof expected.text, "audit %s, case %s, report %s", initial.text, file.text,
	         reference[1]);
	expect_listed(office, expected.text);
	purge(office);
	assert_int_equal(office_count(office, "report"), 0);
	audited_expect_clean(office);
}

static void what_a_mark_leaves_behind_goes_after_as_long_again_as_a_term(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	office->scene->now += MONTH;
	decide(office, "withdraw", mark.text, NULL);
	int64_t last = km_time_end_of_day(km_time_add_months(office->scene->now, TERM_MONTHS));
	office->scene->now = last;
	expect_listed(office, "");
	office->scene->now++;
	struct scene_id initial = first_audit(office);
	struct listed expected;
	snprintf(expected.text, sizeof expected.text, "audit %s", initial.text);
	expect_listed(office, expected.text);
	purge(office);
	expect_gone(office, initial.text);
	audited_expect_clean(office);
}

static void a_refused_application_is_kept_for_a_term(void **state)
{
	struct office *office = *state;
	struct scene_id audit = office_audit(office, "initial");
	decide(office, "refuse", NULL, audit.text);
	office->scene->now = km_time_end_of_day(km_time_add_months(office->scene->now, TERM_MONTHS));
	expect_listed(office, "");
	office->scene->now++;
	purge(office);
	expect_gone(office, audit.text);
	audited_expect_clean(office);
}

static void nothing_rests_on_an_audit_that_was_purged(void **state)
{
	struct office *office = *state;
	struct scene_id audit = office_audit(office, "initial");
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	office->scene->now = km_time_end_of_day(km_time_add_months(office->scene->now, TERM_MONTHS)) + 1;
	purge(office);
	assert_int_equal(
		office_hand_in(office, DECIDER, "decision", scene_decision("grant", NULL, audit.text), &outcome, &problem),
		KM_CONFLICT);
	assert_string_equal(problem.type, "audit-purged");
	json_t *follow = scene_audit(office->scene, "follow-up", "[]");
	json_object_del(follow, "scope");
	json_object_set_new(follow, "follows", json_string(audit.text));
	json_object_set_new(follow, "findings", json_pack("[{s:s, s:s}]", "criterion", "R1", "result", "conform"));
	assert_int_equal(office_hand_in(office, AUDITOR, "audit", follow, &outcome, &problem), KM_CONFLICT);
	assert_string_equal(problem.type, "audit-purged");
}

/* ----------------------------------------------------------------------------------------------- behind its back
 */

/* What somebody does who has the file: no trigger stands in the way. */
static void tamper(struct office *office, const char *sql)
{
	sqlite3 *db = NULL;
	char *words = NULL;
	assert_int_equal(sqlite3_open(office->scene->fixture->path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
		fail_msg("%s", words);
	sqlite3_close(db);
}

static void expect_named(struct office *office, const char *table, const char *row)
{
	struct found *found = calloc(1, sizeof *found);
	struct km_problem problem = {0};
	struct km_store *store = NULL;
	assert_ok(km_store_open(office->scene->fixture->path, KM_STORE_READ, &store, &problem), &problem);
	audited_look(office, store, found);
	bool named = false;
	for (size_t i = 0; i < found->len; i++)
		named =
			named || (strcmp(found->differences[i].table, table) == 0 && strcmp(found->differences[i].row, row) == 0);
	if (!named) {
		audited_show(found);
		fail_msg("not named: %s %s", table, row);
	}
	km_store_close(store);
	free(found);
}

static void what_was_deleted_without_a_purge_is_named(void **state)
{
	struct office *office = *state;
	office_grant(office);
	struct scene_id initial = first_audit(office);
	char sql[400];
	snprintf(sql, sizeof sql,
	         "DROP TRIGGER submission_kept_3; DROP TRIGGER finding_kept_2;"
	         "UPDATE submission SET bytes = x'' WHERE id = '%s'; DELETE FROM finding WHERE audit_id = '%s'",
	         initial.text, initial.text);
	audited_expect_clean(office);
	tamper(office, sql);
	expect_named(office, "submission", "1");
}

static void a_purge_that_nobody_noted_is_named(void **state)
{
	struct office *office = *state;
	office_grant(office);
	struct scene_id initial = first_audit(office);
	char sql[600];
	snprintf(sql, sizeof sql,
	         "INSERT INTO purge SELECT submission_id, submission_id, 'retention', provider_id, scheme_id, recorded_at,"
	         " recorded_at + 10 FROM audit WHERE submission_id = '%s';"
	         "UPDATE submission SET bytes = x'' WHERE id = '%s'; DELETE FROM finding WHERE audit_id = '%s'",
	         initial.text, initial.text, initial.text);
	tamper(office, sql);
	expect_named(office, "purge", initial.text);
}

/* Through the program's own hands, as somebody might who has changed the program. */
static void purge_by_force(struct office *office, const struct km_purge *purge)
{
	struct km_problem problem = {0};
	struct km_store *store = km_issuer_store(office->issuer);
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_purge(store, purge, office->scene->now, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	office_tick(office);
}

static void a_purge_of_what_must_be_kept_is_named(void **state)
{
	struct office *office = *state;
	office_grant(office);
	struct scene_id initial = first_audit(office);
	struct km_purge forced = {initial.text, initial.text, "retention", 1, "mkb-ict", office->scene->now};
	office->scene->now += MONTH;
	audited_expect_clean(office);
	purge_by_force(office, &forced);
	expect_named(office, "purge", initial.text);
}

static void a_purge_that_makes_a_record_older_than_it_is_is_named(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	int64_t long_ago = office->scene->now;
	renew(office, mark.text);
	struct scene_id last = renew(office, mark.text);
	struct km_purge forced = {last.text, last.text, "retention", 1, "mkb-ict", long_ago};
	purge_by_force(office, &forced);
	expect_named(office, "purge", last.text);
}

static void a_record_that_was_made_older_before_its_purge_is_named(void **state)
{
	struct office *office = *state;
	struct scene_id audit = office_audit(office, "initial");
	struct km_purge forced = {audit.text, audit.text, "retention", 1, "mkb-ict", 1700000000};
	tamper(office, "DROP TRIGGER submission_kept_1; DROP TRIGGER audit_kept_1;"
	               "UPDATE submission SET received_at = 1700000000; UPDATE audit SET recorded_at = 1700000000");
	purge_by_force(office, &forced);
	expect_named(office, "submission", "1");
}

static void a_purge_of_a_public_decision_is_named(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	int64_t long_ago = office->scene->now;
	struct scene_id initial = first_audit(office);
	struct scene_id grant = first(office, "SELECT submission_id FROM decision WHERE action = 'grant'");
	renew(office, mark.text);
	renew(office, mark.text);
	struct km_purge forced = {grant.text, initial.text, "retention", 1, "mkb-ict", long_ago};
	purge(office);
	audited_expect_clean(office);
	purge_by_force(office, &forced);
	expect_named(office, "purge", grant.text);
}

static void a_purge_of_an_open_case_is_named(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	struct scene_id file = open_case(office, "complaint", mark.text, NULL, NULL);
	int64_t long_ago = office->scene->now;
	renew(office, mark.text);
	renew(office, mark.text);
	struct km_purge forced = {file.text, file.text, "retention", 1, "mkb-ict", long_ago};
	purge_by_force(office, &forced);
	expect_named(office, "purge", file.text);
}

static void a_part_of_a_record_that_was_left_is_named(void **state)
{
	struct office *office = *state;
	struct scene_id audit = audit_with(office, "initial", "R1", "2027-02-01");
	json_t *follow = scene_audit(office->scene, "follow-up", "[]");
	json_object_del(follow, "scope");
	json_object_set_new(follow, "follows", json_string(audit.text));
	json_object_set_new(follow, "findings", json_pack("[{s:s, s:s}]", "criterion", "R1", "result", "conform"));
	office_submit(office, AUDITOR, "audit", follow);
	struct km_purge forced = {audit.text, audit.text, "retention", 1, "mkb-ict", office->scene->now};
	office->scene->now = km_time_end_of_day(km_time_add_months(office->scene->now, TERM_MONTHS)) + 1;
	purge_by_force(office, &forced);
	expect_named(office, "submission", "2");
}

static void another_list_has_another_code(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	auto_retention struct km_retention none = {0}, some = {0};
	char of_none[KM_RETENTION_CODE_TEXT], of_some[KM_RETENTION_CODE_TEXT], again[KM_RETENTION_CODE_TEXT];
	office_audit(office, "initial");
	assert_ok(km_retention_find(office->scene->store, office->scene->now, &none, &problem), &problem);
	office->scene->now = km_time_end_of_day(km_time_add_months(office->scene->now, TERM_MONTHS)) + 1;
	assert_ok(km_retention_find(office->scene->store, office->scene->now, &some, &problem), &problem);
	assert_int_equal(none.len, 0);
	assert_int_equal(some.len, 1);
	assert_ok(km_retention_code(&none, of_none, &problem), &problem);
	assert_ok(km_retention_code(&some, of_some, &problem), &problem);
	assert_ok(km_retention_code(&some, again, &problem), &problem);
	assert_string_equal(of_some, again);
	assert_string_not_equal(of_some, of_none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(the_present_and_the_previous_term_are_kept),
		KM_OFFICE_TEST(what_is_older_than_the_previous_term_goes_and_its_mark_does_not),
		KM_OFFICE_TEST(an_open_finding_keeps_its_audit_and_what_came_after),
		KM_OFFICE_TEST(an_appeal_keeps_what_it_is_about_until_it_is_closed_and_old),
		KM_OFFICE_TEST(what_the_public_reported_goes_with_its_case),
		KM_OFFICE_TEST(what_a_mark_leaves_behind_goes_after_as_long_again_as_a_term),
		KM_OFFICE_TEST(a_refused_application_is_kept_for_a_term),
		KM_OFFICE_TEST(nothing_rests_on_an_audit_that_was_purged),
		KM_OFFICE_TEST(what_was_deleted_without_a_purge_is_named),
		KM_OFFICE_TEST(a_purge_that_nobody_noted_is_named),
		KM_OFFICE_TEST(a_purge_of_what_must_be_kept_is_named),
		KM_OFFICE_TEST(a_purge_that_makes_a_record_older_than_it_is_is_named),
		KM_OFFICE_TEST(a_record_that_was_made_older_before_its_purge_is_named),
		KM_OFFICE_TEST(a_purge_of_a_public_decision_is_named),
		KM_OFFICE_TEST(a_purge_of_an_open_case_is_named),
		KM_OFFICE_TEST(a_part_of_a_record_that_was_left_is_named),
		KM_OFFICE_TEST(another_list_has_another_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
