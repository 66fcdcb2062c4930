#include "registry/report.h"

#include "base/buf.h"
#include "tests/fixture.h"

#include <stdlib.h>

static const struct km_report sample = {.kind = KM_REPORT_MISUSE, .text = "Dit keurmerk staat op een andere site."};

static enum km_error add(struct fixture *fixture, const struct km_report *report, int64_t now, char *reference,
                         struct km_problem *problem)
{
	strcpy(reference, "-");
	return km_report_add(fixture->store, report, now, reference, problem);
}

static void expect_added(struct fixture *fixture, const struct km_report *report)
{
	char reference[KM_REPORT_REFERENCE_TEXT];
	struct km_problem problem = {0};
	assert_ok(add(fixture, report, FIXTURE_NOW, reference, &problem), &problem);
	assert_int_equal(strlen(reference), KM_REPORT_REFERENCE_TEXT - 1);
}

static void expect_refused(struct fixture *fixture, const struct km_report *report, enum km_error code,
                           const char *type, const char *part)
{
	char reference[KM_REPORT_REFERENCE_TEXT];
	struct km_problem problem = {0};
	assert_problem(add(fixture, report, FIXTURE_NOW, reference, &problem), &problem, code, type);
	assert_contains(problem.message, part);
	assert_string_equal(reference, "-");
}

static void add_mark(struct fixture *fixture)
{
	fixture_sql(fixture, "INSERT INTO provider (id, kvk, euid, name, country, added_at) "
	                     "VALUES (1, '68750110', 'NLNHR.68750110', 'Test BV Donald', 'NL', 0)");
	fixture_sql(fixture, "INSERT INTO mark (id, number, provider_id, scheme_id, granted_at) "
	                     "VALUES (3, '7K3Q9XM24HTT', 1, 'mkb-ict', 0)");
}

struct seen {
	size_t len;
	struct km_report last;
	char reference[KM_REPORT_REFERENCE_TEXT];
};

static enum km_error see(void *context, const struct km_report *report)
{
	struct seen *seen = context;
	seen->len++;
	assert_string_equal(report->text, sample.text);
	assert_string_equal(report->number, "7K3Q9XM24HTT");
	assert_string_equal(report->place, "https://voorbeeld.example/");
	assert_null(report->contact);
	assert_int_equal(report->kind, KM_REPORT_MISUSE);
	assert_int_equal(report->received_at, FIXTURE_NOW);
	strcpy(seen->reference, report->reference);
	return KM_OK;
}

static void a_report_is_kept_as_it_came(void **state)
{
	struct fixture *fixture = *state;
	add_mark(fixture);
	struct km_report report = sample;
	report.number = "7K3Q9XM24HTT";
	report.place = "https://voorbeeld.example/";
	expect_added(fixture, &report);
	struct seen seen = {0};
	struct km_problem problem = {0};
	assert_ok(km_report_list(fixture->store, 0, 10, see, &seen, &problem), &problem);
	assert_int_equal(seen.len, 1);
	fixture_expect_indexes(fixture, "ORDER BY report.id");
}

static void a_report_can_be_erased(void **state)
{
	struct fixture *fixture = *state;
	char reference[KM_REPORT_REFERENCE_TEXT];
	struct km_problem problem = {0};
	assert_ok(add(fixture, &sample, FIXTURE_NOW, reference, &problem), &problem);
	assert_ok(km_report_erase(fixture->store, reference, FIXTURE_NOW, &problem), &problem);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM report"), 0);
	assert_problem(km_report_erase(fixture->store, reference, FIXTURE_NOW, &problem), &problem, KM_ABSENT, "no-such-report");
}

static void a_report_about_an_unknown_mark_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct km_report report = sample;
	report.number = "7K3Q9XM24HTT";
	expect_refused(fixture, &report, KM_ABSENT, "mark-unknown", "no mark");
}

static void a_report_that_says_nothing_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct km_report report = sample;
	report.text = NULL;
	expect_refused(fixture, &report, KM_INVALID, "report", "text:");
	report.text = " \r\n";
	expect_refused(fixture, &report, KM_INVALID, "report", "text:");
	report.text = "a\x1b[31m";
	expect_refused(fixture, &report, KM_INVALID, "report", "text:");
	report.text = "\xff";
	expect_refused(fixture, &report, KM_INVALID, "report", "text:");
}

static void expect_bound(struct fixture *fixture, size_t max, const char **member, struct km_report *report,
                         const char *name)
{
	auto_free char *text = malloc(2 * max + 3);
	for (size_t i = 0; i <= max; i++)
		memcpy(text + 2 * i, "é", 3);
	text[2 * max] = '\0';
	*member = text;
	expect_added(fixture, report);
	memcpy(text + 2 * max, "é", 3);
	expect_refused(fixture, report, KM_INVALID, "report", name);
}

static void a_report_is_bounded_in_each_part(void **state)
{
	struct fixture *fixture = *state;
	struct km_report report = sample;
	expect_bound(fixture, KM_REPORT_TEXT_MAX, &report.text, &report, "text:");
	report = sample;
	expect_bound(fixture, KM_REPORT_PLACE_MAX, &report.place, &report, "place:");
	report = sample;
	expect_bound(fixture, KM_REPORT_CONTACT_MAX, &report.contact, &report, "contact:");
}

static void a_flood_of_reports_is_stopped_for_a_day(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 0; i < KM_REPORTS_A_DAY_MAX; i++)
		expect_added(fixture, &sample);
	expect_refused(fixture, &sample, KM_UNAVAILABLE, "too-many-reports", "tomorrow");
	char reference[KM_REPORT_REFERENCE_TEXT];
	struct km_problem problem = {0};
	assert_ok(add(fixture, &sample, FIXTURE_NOW + 24 * 3600, reference, &problem), &problem);
	fixture_expect_indexes(fixture, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(a_report_is_kept_as_it_came),
		KM_REGISTER_TEST(a_report_can_be_erased),
		KM_REGISTER_TEST(a_report_about_an_unknown_mark_is_refused),
		KM_REGISTER_TEST(a_report_that_says_nothing_is_refused),
		KM_REGISTER_TEST(a_report_is_bounded_in_each_part),
		KM_REGISTER_TEST(a_flood_of_reports_is_stopped_for_a_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
