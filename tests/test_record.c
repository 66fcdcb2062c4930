#include "registry/record.h"

#include "registry/provider.h"
#include "registry/provider_link.h"
#include "registry/provider_privacy.h"
#include "registry/report.h"
#include "registry/sqlite.h"
#include "tests/scene.h"

#include <stdlib.h>

/* Holds each row that is to be noted against its record: how many do not fit. */
static int misfits(struct scene *scene)
{
	int count = 0;
	struct km_problem problem;
	for (size_t i = 0; i < KM_RECORD_TABLES; i++) {
		const struct km_record_table *table = &km_record_tables[i];
		if (!table->all)
			continue;
		auto_statement struct km_statement *rows = NULL;
		assert_ok(km_sql(scene->store, table->all, &rows, &problem), &problem);
		bool row = false;
		while (assert_ok(km_sql_step(rows, &row, &problem), &problem), row) {
			struct km_record_key key;
			assert_ok(km_record_key_of(table, rows, &key, &problem), &problem);
			auto_statement struct km_statement *record = NULL;
			assert_ok(km_sql(scene->store,
			                 "SELECT salt, sha256 FROM record WHERE table_name = :t AND row_key = :k"
			                 " AND salt IS NOT NULL",
			                 &record, &problem),
			          &problem);
			km_sql_text(record, ":t", table->name);
			km_sql_text(record, ":k", key.text);
			bool found = false;
			assert_ok(km_sql_step(record, &found, &problem), &problem);
			size_t salt_len, len;
			uint8_t digest[KM_SHA256_BYTES];
			const void *salt = found ? km_sql_get_blob(record, 0, &salt_len) : NULL;
			const void *sha256 = found ? km_sql_get_blob(record, 1, &len) : NULL;
			if (found)
				assert_ok(km_record_digest(table, rows, salt, digest, &problem), &problem);
			count += !found || len != sizeof digest || memcmp(sha256, digest, len) != 0;
		}
	}
	return count;
}

/* As registry/record.h tells it: the chain from its beginning is that of the last record. */
static void expect_chain(struct scene *scene)
{
	struct km_problem problem;
	uint8_t chain[KM_SHA256_BYTES] = {0};
	auto_statement struct km_statement *rows = NULL;
	assert_ok(km_sql(scene->store,
	                 "SELECT sequence, recorded_at, table_name, row_key, sha256, chain FROM record ORDER BY sequence",
	                 &rows, &problem),
	          &problem);
	bool row = false;
	int64_t sequence = 0;
	while (assert_ok(km_sql_step(rows, &row, &problem), &problem), row) {
		size_t len, chain_len;
		const void *sha256 = km_sql_get_blob(rows, 4, &len), *kept = km_sql_get_blob(rows, 5, &chain_len);
		struct km_record record = {km_sql_get_int(rows, 0), km_sql_get_int(rows, 1), km_sql_get_text(rows, 2),
		                           km_sql_get_text(rows, 3), sha256};
		assert_int_equal(record.sequence, ++sequence);
		assert_ok(km_record_chain(chain, &record, chain, &problem), &problem);
		assert_memory_equal(chain, kept, sizeof chain);
	}
	int64_t last = 0;
	uint8_t last_chain[KM_SHA256_BYTES];
	assert_ok(km_record_last(scene->store, &last, last_chain, &problem), &problem);
	assert_int_equal(last, sequence);
	assert_memory_equal(last_chain, chain, sizeof chain);
}

static void add_everything(struct scene *scene)
{
	static const char *const names[] = {"Donald's Hosting", "Donald 'en' Co"};
	static const struct km_domain domains[] = {{"donald.example", 0}, {"katrien.example", FIXTURE_NOW}};
	struct km_provider provider = {.kvk = "68727720",
	                               .name = "Test NV Katrien",
	                               .trade_names = names,
	                               .trade_names_len = 2,
	                               .domains = domains,
	                               .domains_len = 2};
	struct km_provider_contact contact = {.name = "Voorbeeldpersoon", .email = "k@katrien.example", .language = "nl"};
	struct km_report report = {.kind = KM_REPORT_COMPLAINT, .text = "Voorbeeld."};
	struct km_problem problem;
	char reference[KM_REPORT_REFERENCE_TEXT];
	assert_ok(km_provider_add(scene->store, &provider, &contact, scene->now, &problem), &problem);
	assert_ok(km_report_add(scene->store, &report, scene->now, reference, &problem), &problem);
	assert_ok(km_body_set_contact(scene->store, "een", "post@een.example", KM_EN, scene->now, &problem), &problem);
	char token[KM_LINK_TOKEN_TEXT];
	int64_t expires_at;
	scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", "[\"beheer\"]"));
	assert_ok(km_provider_link_make(scene->store, "een", SCENE_KVK, scene->now, token, &expires_at, &problem),
	          &problem);
}

static void every_table_that_needs_it_is_noted_by_whoever_writes_it(void **state)
{
	struct scene *scene = *state;
	add_everything(scene);
	for (size_t i = 0; i < KM_RECORD_TABLES; i++) {
		char sql[96];
		/* Of what was purged: tests/test_retention.c. */
		if (!km_record_tables[i].all || strcmp(km_record_tables[i].name, "purge") == 0)
			continue;
		snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", km_record_tables[i].name);
		if (fixture_number(scene->fixture, sql) == 0)
			fail_msg("the test has no row of %s", km_record_tables[i].name);
	}
	assert_int_equal(misfits(scene), 0);
	expect_chain(scene);
	fixture_expect_indexes(scene->fixture, "ORDER BY");
}

static void a_change_behind_the_back_does_not_fit(void **state)
{
	struct scene *scene = *state;
	add_everything(scene);
	static const char *const changes[] = {
		"UPDATE provider SET name = 'Test BV Donald ' WHERE id = 1",
		"UPDATE provider SET city = NULL WHERE id = 1",
		"UPDATE provider_domain SET proven_at = 1 WHERE position = 0",
		"UPDATE provider_contact SET phone = '1'",
		"UPDATE provider_trade_name SET position = 7 WHERE position = 1",
		"UPDATE person SET roles = 7 WHERE id = 1",
		"UPDATE register SET created_at = created_at + 1",
		"INSERT INTO body_scheme (body_id, scheme_id) VALUES (1, 'rijpheid')",
	};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		fixture_sql(scene->fixture, "SAVEPOINT change");
		fixture_sql(scene->fixture, changes[i]);
		if (misfits(scene) != 1)
			fail_msg("%s: not noticed", changes[i]);
		fixture_sql(scene->fixture, "ROLLBACK TO change; RELEASE change");
	}
	assert_int_equal(misfits(scene), 0);
}

static void a_row_that_changes_keeps_one_salt(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	assert_ok(km_provider_rename(scene->store, 1, "Test BV Donald Nieuw", scene->now, &problem), &problem);
	assert_int_equal(misfits(scene), 0);
	expect_chain(scene);
	assert_int_equal(
		fixture_number(scene->fixture, "SELECT count(*) FROM record WHERE table_name = 'provider' AND row_key = '1'"),
		2);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM record WHERE table_name = 'provider'"
	                                                " AND row_key = '1' AND salt IS NOT NULL"),
	                 1);
}

static void what_is_erased_leaves_nothing_to_guess(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	add_everything(scene);
	assert_ok(km_provider_erase_contact(scene->store, "68727720", scene->now + 1, &problem), &problem);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM record WHERE table_name = 'provider_contact'"
	                                                " AND salt IS NOT NULL"),
	                 0);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM record WHERE table_name = 'provider_contact'"
	                                                " AND sha256 IS NULL AND recorded_at = 1795539758"),
	                 1);
	expect_chain(scene);
	/* Once more says nothing new. */
	int64_t count = fixture_number(scene->fixture, "SELECT count(*) FROM record");
	assert_ok(km_provider_erase_contact(scene->store, "68727720", scene->now, &problem), &problem);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM record"), count);
	assert_int_equal(misfits(scene), 0);
}

static void expect_refused(struct scene *scene, const char *sql)
{
	char *words = NULL;
	if (sqlite3_exec(km_sqlite_of(scene->store), sql, NULL, NULL, &words) == SQLITE_OK)
		fail_msg("this was allowed: %s", sql);
	sqlite3_free(words);
}

static void records_are_only_added_and_salts_only_erased(void **state)
{
	struct scene *scene = *state;
	expect_refused(scene, "DELETE FROM record WHERE sequence = 1");
	expect_refused(scene, "UPDATE record SET sha256 = zeroblob(32)");
	expect_refused(scene, "UPDATE record SET row_key = '2' WHERE sequence = 1");
	expect_refused(scene, "UPDATE record SET salt = zeroblob(16)");
	expect_refused(scene, "INSERT INTO record VALUES (1000, 'x', '1', 0, NULL, NULL, zeroblob(32))");
}

static void a_row_that_is_not_there_cannot_be_noted(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	assert_problem(km_record_note(scene->store, "provider", km_record_key("99"), 0, &problem), &problem, KM_BUG,
	               "record");
	assert_problem(km_record_note(scene->store, "mark", km_record_key("1"), 0, &problem), &problem, KM_BUG, "record");
	assert_problem(km_record_note(scene->store, "invitation", km_record_key("zz"), 0, &problem), &problem, KM_BUG,
	               "record");
	assert_problem(km_record_erase(scene->store, "mark", km_record_key("1"), 0, &problem), &problem, KM_BUG, "record");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(every_table_that_needs_it_is_noted_by_whoever_writes_it),
		KM_SCENE_TEST(a_change_behind_the_back_does_not_fit),
		KM_SCENE_TEST(a_row_that_changes_keeps_one_salt),
		KM_SCENE_TEST(what_is_erased_leaves_nothing_to_guess),
		KM_SCENE_TEST(records_are_only_added_and_salts_only_erased),
		KM_SCENE_TEST(a_row_that_is_not_there_cannot_be_noted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
