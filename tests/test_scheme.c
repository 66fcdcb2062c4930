#include "base/buf.h"
#include "registry/scheme.h"
#include "tests/fixture.h"

#include <sqlite3.h>
#include <stdlib.h>

/* A small scheme: its id, its version, and a word to tell one from another. */
static char *text_of(const char *id, int version, const char *word)
{
	struct km_buf buf = KM_BUF_EMPTY;
	km_buf_add_format(
		&buf,
		"{\"id\": \"%s\", \"version\": %d, \"published\": \"2026-11-24\","
		"\"owner\": {\"name\": \"Eigenaar\", \"url\": \"https://proef.example/\"},"
		"\"name\": {\"nl\": \"%s\", \"en\": \"%s\"}, \"short_name\": {\"nl\": \"P\", \"en\": \"T\"},"
		"\"description\": {\"nl\": \"a\", \"en\": \"b\"},"
		"\"not_promised\": {\"nl\": \"a\", \"en\": \"b\"},"
		"\"validity_months\": 24, \"surveillance_months\": 0, \"grace_days\": 0,"
		"\"suspension_max_days\": 90,"
		"\"assurances\": [{\"id\": \"as\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}],"
		"\"services\": [{\"id\": \"een\", \"name\": {\"nl\": \"a\", \"en\": \"b\"}}],"
		"\"criteria\": [{\"id\": \"A1\", \"text\": {\"nl\": \"a\", \"en\": \"b\"}, \"assurance\": \"as\"}]}",
		id, version, word, word);
	return km_buf_take(&buf, NULL);
}

static char *version(int number)
{
	return text_of("proef", number, "Proef");
}

static struct km_scheme *parse(const char *json)
{
	struct km_problem problem = {0};
	struct km_scheme *scheme = NULL;
	assert_ok(km_scheme_parse(json, strlen(json), &scheme, &problem), &problem);
	return scheme;
}

static void add(struct fixture *fixture, const char *json)
{
	auto_scheme struct km_scheme *scheme = parse(json);
	struct km_problem problem = {0};
	assert_ok(km_scheme_add(fixture->store, scheme, FIXTURE_NOW, &problem), &problem);
}

static void what_is_published_comes_back_the_same(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *first = version(1);
	auto_free char *second = version(2);
	add(fixture, first);
	add(fixture, second);
	struct km_problem problem = {0};
	auto_scheme struct km_scheme *one = NULL, *newest = NULL, *two = NULL;
	assert_ok(km_scheme_get(fixture->store, "proef", 1, &one, &problem), &problem);
	assert_string_equal(one->json, first);
	assert_ok(km_scheme_get(fixture->store, "proef", 0, &newest, &problem), &problem);
	assert_string_equal(newest->json, second);
	assert_ok(km_scheme_get(fixture->store, "proef", 2, &two, &problem), &problem);
	assert_string_equal(two->json, second);
	fixture_expect_indexes(fixture, NULL);
}

static void what_is_not_published_is_absent(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *first = version(1);
	add(fixture, first);
	struct km_problem problem = {0};
	struct km_scheme *scheme = NULL;
	assert_problem(km_scheme_get(fixture->store, "proef", 2, &scheme, &problem), &problem, KM_ABSENT, "unknown-scheme");
	assert_problem(km_scheme_get(fixture->store, "proef", -1, &scheme, &problem), &problem, KM_ABSENT,
	               "unknown-scheme");
	assert_problem(km_scheme_get(fixture->store, "anders", 0, &scheme, &problem), &problem, KM_ABSENT,
	               "unknown-scheme");
	assert_null(scheme);
}

static void the_same_bytes_may_be_published_again_and_no_others(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *first = version(1);
	add(fixture, first);
	add(fixture, first);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM scheme"), 1);
	auto_free char *changed = text_of("proef", 1, "proef");
	struct km_buf spaced = KM_BUF_EMPTY;
	km_buf_add_text(&spaced, first);
	km_buf_add_text(&spaced, "\n");
	auto_free char *longer = km_buf_take(&spaced, NULL);
	const char *const others[] = {changed, longer};
	for (size_t i = 0; i < 2; i++) {
		auto_scheme struct km_scheme *scheme = parse(others[i]);
		struct km_problem problem = {0};
		assert_problem(km_scheme_add(fixture->store, scheme, FIXTURE_NOW, &problem), &problem, KM_CONFLICT,
		               "scheme-published");
	}
	struct km_problem problem = {0};
	auto_scheme struct km_scheme *found = NULL;
	assert_ok(km_scheme_get(fixture->store, "proef", 1, &found, &problem), &problem);
	assert_string_equal(found->json, first);
}

static void versions_come_one_after_another(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *first = version(1);
	auto_free char *second = version(2);
	auto_free char *third = version(3);
	struct km_problem problem = {0};
	auto_scheme struct km_scheme *two = parse(second), *three = parse(third);
	assert_problem(km_scheme_add(fixture->store, two, FIXTURE_NOW, &problem), &problem, KM_CONFLICT, "scheme-version");
	assert_contains(problem.message, "version 1 comes next");
	add(fixture, first);
	assert_problem(km_scheme_add(fixture->store, three, FIXTURE_NOW, &problem), &problem, KM_CONFLICT,
	               "scheme-version");
	add(fixture, second);
	add(fixture, third);
	assert_int_equal(fixture_number(fixture, "SELECT max(version) FROM scheme"), 3);
}

static void a_published_scheme_cannot_be_changed_in_the_database(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *first = version(1);
	add(fixture, first);
	if (!fixture_is_file(fixture)) {
		assert_false(fixture_allows(fixture, "UPDATE scheme SET json = 'x'"));
		assert_false(fixture_allows(fixture, "DELETE FROM scheme"));
		return;
	}
	sqlite3 *db = NULL;
	struct km_problem problem = {0};
	assert_ok(km_store_commit(fixture->store, &problem), &problem);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "UPDATE scheme SET json = 'x'", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM scheme", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void what_a_damaged_register_holds_is_our_fault_not_the_askers(void **state)
{
	struct fixture *fixture = *state;
	fixture_sql(fixture, "INSERT INTO scheme VALUES ('kapot', 1, x'7b7d', zeroblob(32), 0)");
	struct km_problem problem = {0};
	struct km_scheme *scheme = NULL;
	assert_problem(km_scheme_get(fixture->store, "kapot", 0, &scheme, &problem), &problem, KM_IO, "database-damaged");
	assert_contains(problem.message, "kapot");
}

struct seen {
	int count, stop_at;
	char text[200];
};

static enum km_error note_id(void *context, const struct km_scheme *scheme)
{
	struct seen *seen = context;
	size_t len = strlen(seen->text);
	snprintf(seen->text + len, sizeof seen->text - len, "%s %d\n", scheme->id, scheme->version);
	return ++seen->count == seen->stop_at ? KM_FORBIDDEN : KM_OK;
}

static void a_list_gives_the_newest_of_each_by_id(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *first = version(1);
	auto_free char *second = version(2);
	auto_free char *other = text_of("andere", 1, "Andere");
	add(fixture, first);
	add(fixture, second);
	add(fixture, other);
	struct seen all = {0}, some = {.stop_at = 1};
	struct km_problem problem = {0};
	assert_ok(km_scheme_list(fixture->store, note_id, &all, &problem), &problem);
	assert_string_equal(all.text, "andere 1\nproef 2\n");
	assert_int_equal(km_scheme_list(fixture->store, note_id, &some, &problem), KM_FORBIDDEN);
	assert_string_equal(some.text, "andere 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(what_is_published_comes_back_the_same),
		KM_REGISTER_TEST(what_is_not_published_is_absent),
		KM_REGISTER_TEST(the_same_bytes_may_be_published_again_and_no_others),
		KM_REGISTER_TEST(versions_come_one_after_another),
		KM_REGISTER_TEST(a_published_scheme_cannot_be_changed_in_the_database),
		KM_REGISTER_TEST(what_a_damaged_register_holds_is_our_fault_not_the_askers),
		KM_REGISTER_TEST(a_list_gives_the_newest_of_each_by_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
