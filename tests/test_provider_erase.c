#include "registry/provider_erase.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "registry/provider.h"
#include "registry/record.h"
#include "registry/report.h"
#include "registry/sql.h"
#include "tests/audited.h"

#include <stdio.h>
#include <stdlib.h>

#define KVK         "69599084"
#define TERM_MONTHS 36 /* of the scheme in tests/scene.c */

/* A sole trader, with everything that one can have. */
static void add(struct office *office)
{
	static const char *const names[] = {"Duckstad Computers"};
	static const struct km_domain domains[] = {{"duckstad.example", FIXTURE_NOW}};
	const struct km_provider provider = {.kvk = KVK,
	                                     .name = "Test EMZ Dagobert",
	                                     .trade_names = names,
	                                     .trade_names_len = 1,
	                                     .domains = domains,
	                                     .domains_len = 1,
	                                     .city = "Duckstadt"};
	const struct km_provider_contact contact = {.name = "Dagobert Voorbeeld", .email = "d@duckstad.example"};
	struct km_store *store = km_issuer_store(office->issuer);
	struct km_problem problem = {0};
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_provider_add(store, &provider, &contact, office->scene->now, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
}

/* And a mark of it, about which somebody complains. */
static struct scene_number settle_down(struct office *office)
{
	struct km_store *store = km_issuer_store(office->issuer);
	struct km_problem problem = {0};
	char reference[KM_REPORT_REFERENCE_TEXT];
	add(office);
	struct scene_number mark = audited_grant(office, KVK);
	struct km_outcome outcome = {0};
	json_t *link = json_pack("{s:s, s:s, s:s}", "action", "give", "provider", KVK, "token_sha256",
	                         "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
	assert_ok(office_hand_in(office, AUDITOR, "link", link, &outcome, &problem), &problem);
	const struct km_report report = {
		.kind = KM_REPORT_MISUSE, .number = mark.text, .text = "Dagobert zegt dat hij het keurmerk nog heeft."};
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_report_add(store, &report, office->scene->now, reference, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	return mark;
}

static void rename_it(struct office *office, const char *mark)
{
	struct km_outcome outcome = {0};
	struct km_problem problem = {0};
	json_t *decision = scene_decision("rename", mark, NULL);
	json_object_set_new(decision, "name", json_string("Test EMZ Dagobert en Neven"));
	office->scene->now += 60;
	assert_ok(office_hand_in(office, DECIDER, "decision", decision, &outcome, &problem), &problem);
}

static void withdraw(struct office *office, const char *mark)
{
	struct km_outcome outcome = {0};
	struct km_problem problem = {0};
	json_t *decision = scene_decision("withdraw", mark, NULL);
	json_object_set_new(decision, "text", json_pack("{s:s, s:s}", "nl", "Dagobert stopt.", "en", "Dagobert stops."));
	office->scene->now += 60;
	assert_ok(office_hand_in(office, DECIDER, "decision", decision, &outcome, &problem), &problem);
}

static int64_t last_second(struct office *office)
{
	return km_time_end_of_day(km_time_add_months(office->scene->now, TERM_MONTHS));
}

static enum km_error try_to_erase(struct office *office, struct km_problem *problem)
{
	struct km_store *store = km_issuer_store(office->issuer);
	struct km_problem own = {0};
	assert_ok(km_store_begin(store, &own), &own);
	enum km_error error = km_provider_erase(store, KVK, office->scene->now, problem);
	if (error)
		km_store_rollback(store);
	else
		assert_ok(km_store_commit(store, &own), &own);
	km_store_settle(store);
	return error;
}

static void erase(struct office *office)
{
	struct km_problem problem = {0};
	assert_ok(try_to_erase(office, &problem), &problem);
	office_tick(office);
}

static void expect_refused(struct office *office, const char *type, const char *words)
{
	struct km_problem problem = {0};
	assert_int_equal(try_to_erase(office, &problem), KM_CONFLICT);
	assert_string_equal(problem.type, type);
	assert_non_null(strstr(problem.message, words));
}

static void who_has_a_mark_stays_known(void **state)
{
	struct office *office = *state;
	settle_down(office);
	expect_refused(office, "mark-alive", "mkb-ict");
	assert_int_equal(fixture_number(office->scene->fixture, "SELECT count(*) FROM provider WHERE kvk = '" KVK "'"), 1);
	audited_expect_clean(office);
}

static void records_are_kept_for_as_long_as_they_have_to_be(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	withdraw(office, mark.text);
	expect_refused(office, "must-be-kept", "2029-11-25");
	office->scene->now = last_second(office);
	expect_refused(office, "must-be-kept", "2029-11-25");
	office->scene->now++;
	erase(office);
}

static void a_case_is_closed_first(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	struct km_outcome outcome = {0};
	struct km_problem problem = {0};
	withdraw(office, mark.text);
	json_t *file = json_pack("{s:s, s:s, s:s, s:s}", "action", "open", "kind", "complaint", "mark", mark.text,
	                         "received", "2026-11-24");
	assert_ok(office_hand_in(office, DECIDER, "case", file, &outcome, &problem), &problem);
	office->scene->now = last_second(office) + 1;
	expect_refused(office, "open-case", "closed first");
}

static void what_is_decided_late_is_kept_as_long(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	struct km_outcome outcome = {0};
	withdraw(office, mark.text);
	int64_t last = last_second(office);
	office->scene->now += 365 * 86400;
	office_decide(office, "notice-end", mark.text, NULL, 0, &outcome);
	int64_t later = last_second(office);
	office->scene->now = last + 1;
	expect_refused(office, "must-be-kept", "2030");
	office->scene->now = later + 1;
	erase(office);
	audited_expect_clean(office);
}

/* The one id that this SQL gives. */
static struct scene_id find_id(struct office *office, const char *sql)
{
	struct scene_id id = {""};
	struct km_problem problem = {0};
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	assert_ok(km_sql(office->scene->store, sql, &statement, &problem), &problem);
	assert_ok(km_sql_step(statement, &row, &problem), &problem);
	assert_true(row);
	snprintf(id.text, sizeof id.text, "%s", km_sql_get_text(statement, 0));
	return id;
}

/* The appeal against its grant is closed a month after the mark ended: that audit is kept for longer than one that came
 * later, which stays beside it, and goes with it. */
static void what_stays_beside_an_older_record_goes_on_the_same_day(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	struct km_outcome outcome = {0};
	struct km_problem problem = {0};
	json_t *audit = scene_audit(office->scene, "special", "[\"beheer\",\"cloud\"]");
	json_object_set_new(audit, "provider", json_string(KVK));
	assert_ok(office_hand_in(office, AUDITOR, "audit", audit, &outcome, &problem), &problem);
	withdraw(office, mark.text);
	int64_t last = last_second(office);
	struct scene_id grant = find_id(office, "SELECT submission_id FROM decision WHERE action = 'grant'");
	json_t *appeal = json_pack("{s:s, s:s, s:s, s:s, s:s}", "action", "open", "kind", "appeal", "mark", mark.text,
	                           "decision", grant.text, "received", "2026-11-24");
	assert_ok(office_hand_in(office, AUDITOR, "case", appeal, &outcome, &problem), &problem);
	struct scene_id file = find_id(office, "SELECT submission_id FROM case_file");
	office->scene->now += 31 * 86400;
	json_t *closure = json_pack("{s:s, s:s, s:s, s:s}", "action", "close", "case", file.text, "outcome", "settled",
	                            "reason", "voorbeeld");
	assert_ok(office_hand_in(office, BOTH, "case", closure, &outcome, &problem), &problem);
	int64_t later = last_second(office);
	office->scene->now = last + 1;
	expect_refused(office, "must-be-kept", "2029-12-26");
	office->scene->now = later + 1;
	erase(office);
	audited_expect_clean(office);
}

/* Whether these bytes are anywhere in the register's files. */
static bool is_on_disk(struct office *office, const char *words)
{
	static const char *const endings[] = {"", "-wal"};
	bool found = false;
	for (size_t i = 0; i < 2; i++) {
		char path[200];
		auto_free char *bytes = NULL;
		size_t len = 0;
		struct km_problem problem = {0};
		snprintf(path, sizeof path, "%s%s", office->scene->fixture->path, endings[i]);
		assert_ok(km_file_read(path, 64 << 20, &bytes, &len, &problem), &problem);
		for (size_t at = 0; !found && at + strlen(words) <= len; at++)
			found = memcmp(bytes + at, words, strlen(words)) == 0;
	}
	return found;
}

static void nothing_that_names_it_is_left_on_the_disk(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	rename_it(office, mark.text);
	withdraw(office, mark.text);
	office->scene->now = last_second(office) + 1;
	static const char *const words[] = {"Dagobert", "dagobert", "Duckstad", "duckstad", KVK, "Neven", "neven"};
	for (size_t i = 0; i < 5; i++)
		assert_true(is_on_disk(office, words[i]));
	erase(office);
	km_store_settle(km_issuer_store(office->issuer));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (is_on_disk(office, words[i]))
			fail_msg("%s is still in the file", words[i]);
	/* Of what was signed with a name in it, base64url has hidden that. */
	assert_int_equal(fixture_number(office->scene->fixture,
	                                "SELECT count(*) FROM submission AS s JOIN decision AS d ON d.submission_id = s.id"
	                                " WHERE d.action IN ('rename', 'withdraw') AND length(s.bytes) > 0"),
	                 0);
	assert_int_equal(fixture_number(office->scene->fixture, "SELECT count(*) FROM submission WHERE type IN ('audit',"
	                                                        " 'link') AND length(bytes) > 0"),
	                 0);
	assert_int_equal(office_count(office, "provider_link"), 0);
	audited_expect_clean(office);
}

static void its_marks_stay_and_say_that_the_name_was_erased(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	rename_it(office, mark.text);
	int64_t active_at = office->scene->now;
	withdraw(office, mark.text);
	office->scene->now = last_second(office) + 1;
	struct km_mark *before = scene_mark(office->scene, mark.text, office->scene->now);
	erase(office);
	struct km_mark *after = scene_mark(office->scene, mark.text, office->scene->now);
	assert_int_equal(after->state, KM_WITHDRAWN);
	assert_int_equal(after->state_since, before->state_since);
	assert_int_equal(after->events_len, before->events_len);
	assert_string_equal(after->reason, before->reason);
	assert_null(after->text.in[KM_NL]);
	assert_string_equal(after->provider->name, KM_PROVIDER_ERASED_NAME);
	assert_string_equal(after->provider->kvk, "");
	assert_int_equal(after->provider->erased_at, office->scene->now);
	km_mark_free(before);
	km_mark_free(after);
	after = scene_mark(office->scene, mark.text, active_at);
	assert_int_equal(after->state, KM_ACTIVE);
	km_mark_free(after);
	audited_expect_clean(office);
}

static void others_are_found_as_before(void **state)
{
	struct office *office = *state;
	struct scene_number other = office_grant(office), mark = settle_down(office);
	withdraw(office, mark.text);
	struct km_outcome outcome = {0};
	office_decide(office, "withdraw", other.text, NULL, 0, &outcome);
	office->scene->now = last_second(office) + 1;
	erase(office);
	assert_int_equal(fixture_number(office->scene->fixture,
	                                "SELECT count(*) FROM provider_search WHERE provider_search MATCH 'donald'"),
	                 1);
	auto_free char *credential = office_credential(office, other.text);
	assert_non_null(credential);
	audited_expect_clean(office);
}

static void nothing_is_decided_any_more_on_its_marks(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	struct km_outcome outcome = {0};
	struct km_problem problem = {0};
	withdraw(office, mark.text);
	office->scene->now = last_second(office) + 1;
	erase(office);
	json_t *correct = scene_decision("correct", mark.text, NULL);
	json_object_set_new(correct, "holds_from", json_string("2027-01-01T00:00:00Z"));
	assert_int_equal(office_hand_in(office, DECIDER, "decision", correct, &outcome, &problem), KM_CONFLICT);
	assert_string_equal(problem.type, "provider-erased");
}

static void who_comes_back_is_a_new_provider(void **state)
{
	struct office *office = *state;
	struct scene_number mark = settle_down(office);
	withdraw(office, mark.text);
	office->scene->now = last_second(office) + 1;
	erase(office);
	add(office);
	assert_int_equal(office_count(office, "provider"), 3); /* that of tests/scene.c, the erased one, the new one */
	office_audit(office, "initial");
	audited_expect_clean(office);
}

static void a_provider_that_is_not_there_is_not_erased(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	assert_int_equal(try_to_erase(office, &problem), KM_ABSENT);
	assert_string_equal(problem.type, "unknown-provider");
}

/* By the program's own hands, as by somebody who has set its clock ahead. */
static void an_erasure_before_its_time_is_named(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct scene_number mark = settle_down(office);
	withdraw(office, mark.text);
	struct km_store *store = km_issuer_store(office->issuer);
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_provider_erase(store, KVK, last_second(office) + 1, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	office_tick(office);
	struct found *found = calloc(1, sizeof *found);
	audited_look(office, store, found);
	bool provider = false, purge = false;
	for (size_t i = 0; i < found->len; i++) {
		provider = provider || strcmp(found->differences[i].column, "erased_at") == 0;
		purge = purge || strcmp(found->differences[i].table, "purge") == 0;
	}
	if (!provider || !purge)
		audited_show(found);
	assert_true(provider && purge);
	free(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(who_has_a_mark_stays_known),
		KM_OFFICE_TEST(records_are_kept_for_as_long_as_they_have_to_be),
		KM_OFFICE_TEST(a_case_is_closed_first),
		KM_OFFICE_TEST(what_is_decided_late_is_kept_as_long),
		KM_OFFICE_TEST(what_stays_beside_an_older_record_goes_on_the_same_day),
		KM_OFFICE_TEST(nothing_that_names_it_is_left_on_the_disk),
		KM_OFFICE_TEST(its_marks_stay_and_say_that_the_name_was_erased),
		KM_OFFICE_TEST(others_are_found_as_before),
		KM_OFFICE_TEST(nothing_is_decided_any_more_on_its_marks),
		KM_OFFICE_TEST(who_comes_back_is_a_new_provider),
		KM_OFFICE_TEST(a_provider_that_is_not_there_is_not_erased),
		KM_OFFICE_TEST(an_erasure_before_its_time_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
