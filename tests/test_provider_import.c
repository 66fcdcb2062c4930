#include "registry/provider_import.h"

#include "base/buf.h"
#include "registry/provider.h"
#include "tests/fixture.h"

#include <stdlib.h>

struct report {
	char faults[4000]; /* "3:kvk:kvk 4:-:csv-quote " */
	char messages[4000];
	size_t progress_rows, calls;
	unsigned percent;
};

static void note_fault(void *context, int64_t line, const char *column, const struct km_problem *problem)
{
	struct report *report = context;
	size_t len = strlen(report->faults);
	snprintf(report->faults + len, sizeof report->faults - len, "%lld:%s:%s ", (long long)line, column ? column : "-",
	         problem->type);
	len = strlen(report->messages);
	snprintf(report->messages + len, sizeof report->messages - len, "%s\n", problem->message);
}

static void note_progress(void *context, size_t rows, unsigned percent)
{
	struct report *report = context;
	assert_true(rows >= report->progress_rows && percent >= report->percent);
	report->progress_rows = rows;
	report->percent = percent;
	report->calls++;
}

static enum km_error import(struct fixture *fixture, const char *table, struct report *report, size_t *added,
                            struct km_problem *problem)
{
	*report = (struct report){0};
	const struct km_import_watch watch = {note_fault, note_progress, report};
	return km_provider_import(fixture->store, table, strlen(table), FIXTURE_NOW, &watch, added, problem);
}

static void expect_added(struct fixture *fixture, const char *table, size_t expected)
{
	struct report report;
	struct km_problem problem = {0};
	size_t added = 99;
	enum km_error error = import(fixture, table, &report, &added, &problem);
	if (error)
		print_error("%s", report.messages);
	assert_ok(error, &problem);
	assert_int_equal(added, expected);
	assert_int_equal(report.progress_rows, expected);
	assert_int_equal(report.percent, 100);
}

static void expect_nothing_added(struct fixture *fixture, const char *table, const char *type, const char *faults)
{
	struct report report;
	struct km_problem problem = {0};
	size_t added = 99;
	int64_t providers = fixture_number(fixture, "SELECT count(*) FROM provider");
	assert_problem(import(fixture, table, &report, &added, &problem), &problem, KM_INVALID, type);
	assert_string_equal(report.faults, faults);
	assert_int_equal(added, 99);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider"), providers);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider_search"), providers);
}

static void every_column_arrives(void **state)
{
	struct fixture *fixture = *state;
	expect_added(fixture,
	             "name;kvk;Trade_Names;DOMAINS;city;region;country;establishment;rsin;lei;euid;contact_name;contact_email;"
	             "contact_phone;contact_language\r\n"
	             "\" Test BV \"\"Donald\"\" \";68750110; Donald ICT | Caf\u00e9|;donald.example|b\u00fccher.example;"
	             "\u00a0Utrecht\u00a0;utrecht;NL;000037178598;123456782;5493001KJTIIGC8Y1R12;NLNHR.68750110;Voorbeeld;"
	             "naam@donald.example;+31 20 1;en\r\n",
	             1);
	struct km_provider *found = NULL;
	assert_int_equal(km_provider_get(fixture->store, "68750110", &found, NULL), KM_OK);
	assert_string_equal(found->name, "Test BV \"Donald\"");
	assert_int_equal(found->trade_names_len, 2);
	assert_string_equal(found->trade_names[0], "Donald ICT");
	assert_string_equal(found->trade_names[1], "Caf\u00e9");
	assert_int_equal(found->domains_len, 2);
	assert_string_equal(found->domains[1].name, "xn--bcher-kva.example");
	assert_string_equal(found->city, "Utrecht");
	assert_string_equal(found->region, "NL-UT");
	assert_string_equal(found->establishment, "000037178598");
	assert_string_equal(found->rsin, "123456782");
	assert_string_equal(found->lei, "5493001KJTIIGC8Y1R12");
	km_provider_free(found);
	assert_int_equal(fixture_number(fixture,
	                                "SELECT count(*) FROM provider_contact WHERE name = 'Voorbeeld' AND "
	                                "email = 'naam@donald.example' AND phone = '+31 20 1' AND language = 'en'"),
	                 1);
}

static void two_columns_are_enough(void **state)
{
	expect_added(*state, "kvk,name\n68750110,Test BV Donald\n,\n68727720,Test NV Katrien", 2);
	expect_added(*state, "kvk,name,,\n69599084,Test EMZ Dagobert,,\n", 1);
	expect_added(*state, "kvk,name\n", 0);
}

static void each_faulty_row_is_reported_and_nothing_is_added(void **state)
{
	expect_nothing_added(*state,
	                     "kvk,name,domains,rsin,contact_email,\n"
	                     "68750110,Test BV Donald,donald.example,,,\n"
	                     "6875011,Te weinig cijfers,,,,\n"
	                     "68727720,,,,,\n"
	                     "69599084,Test \"EMZ\",,,,\n"
	                     "69599084,Test EMZ Dagobert,,,\n"
	                     "69599076,Test VOF Guus,guus.example|192.0.2.1,,,\n"
	                     "69599068,Test Stichting Bolderbast,,123456781,,\n"
	                     "68750110,Tweemaal,,,,\n"
	                     "00000001,Zelfde domein,DONALD.example,,,\n"
	                     "00000002,Zonder apenstaart,,,naam,\n"
	                     "00000003,Te veel,,,,x\n",
	                     "import",
	                     "3:kvk:kvk 4:name:name 5:-:csv-quote 6:-:import-row 7:domains:domain 8:rsin:rsin "
	                     "9:kvk:kvk-taken 10:domains:domain-taken 11:contact_email:contact-email 12:-:import-row ");
}

static void a_provider_that_is_there_is_reported_by_name(void **state)
{
	struct fixture *fixture = *state;
	expect_added(fixture, "kvk,name\n68750110,Test BV Donald\n", 1);
	struct report report;
	struct km_problem problem = {0};
	size_t added = 99;
	assert_problem(import(fixture, "kvk,name\n68727720,Test NV Katrien\n68750110,Anders\n", &report, &added, &problem),
	               &problem, KM_INVALID, "import");
	assert_contains(report.messages, "Test BV Donald");
	assert_contains(problem.message, "1 of 2 rows");
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider"), 1);
	/* What was done before in the same transaction stays, and the next import goes well. */
	expect_added(fixture, "kvk,name\n68727720,Test NV Katrien\n", 1);
}

static void a_first_row_that_names_no_columns_is_refused(void **state)
{
	static const char *const headers[] = {
		"",
		"\n\n",
		"68750110,Test BV Donald\n",
		"kvk\n68750110\n",
		"name\nTest\n",
		"kvk,name,colour\n68750110,Test,red\n",
		"kvk,name,KVK\n68750110,Test,68750110\n",
	};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		expect_nothing_added(*state, headers[i], "import-columns", "");
}

static void a_spreadsheet_that_was_not_saved_as_csv_is_refused(void **state)
{
	struct fixture *fixture = *state;
	size_t added = 99;
	struct km_problem problem = {0};
	static const char workbook[] = "PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0";
	assert_problem(
		km_provider_import(fixture->store, workbook, sizeof workbook - 1, FIXTURE_NOW, NULL, &added, &problem),
		&problem, KM_MALFORMED, "csv");
	assert_int_equal(added, 99);
}

static void too_many_names_in_a_cell_are_noticed(void **state)
{
	auto_buf struct km_buf table = KM_BUF_EMPTY;
	km_buf_add_text(&table, "kvk,name,trade_names,domains\n68750110,Test,");
	for (int i = 0; i <= KM_TRADE_NAMES_MAX; i++)
		km_buf_add_format(&table, "naam %d|", i);
	km_buf_add_text(&table, ",\n68727720,Test,,");
	for (int i = 0; i < 500; i++)
		km_buf_add_format(&table, "d%d.example|", i);
	expect_nothing_added(*state, table.data, "import", "2:trade_names:trade-names 3:domains:domain ");
}

static void progress_is_told_every_thousand_rows(void **state)
{
	struct fixture *fixture = *state;
	auto_buf struct km_buf table = KM_BUF_EMPTY;
	km_buf_add_text(&table, "kvk,name\n");
	for (int i = 0; i < 2500; i++)
		km_buf_add_format(&table, "%08d,Test %d\n", i, i);
	struct report report;
	struct km_problem problem = {0};
	size_t added = 0;
	assert_ok(import(fixture, table.data, &report, &added, &problem), &problem);
	assert_int_equal(report.calls, 3);
	assert_int_equal(added, 2500);
	assert_int_equal(km_provider_import(fixture->store, table.data, 9, FIXTURE_NOW, NULL, &added, &problem), KM_OK);
	fixture_expect_indexes(fixture, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(every_column_arrives),
		KM_REGISTER_TEST(two_columns_are_enough),
		KM_REGISTER_TEST(each_faulty_row_is_reported_and_nothing_is_added),
		KM_REGISTER_TEST(a_provider_that_is_there_is_reported_by_name),
		KM_REGISTER_TEST(a_first_row_that_names_no_columns_is_refused),
		KM_REGISTER_TEST(a_spreadsheet_that_was_not_saved_as_csv_is_refused),
		KM_REGISTER_TEST(too_many_names_in_a_cell_are_noticed),
		KM_REGISTER_TEST(progress_is_told_every_thousand_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
