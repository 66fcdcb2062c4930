#include "registry/domain_proof.h"

#include "registry/provider.h"
#include "registry/sql.h"
#include "tests/fixture.h"

#include <stdio.h>
#include <string.h>

enum { DAY = 86400 };

static int set_up(void **state)
{
	fixture_set_up(state);
	struct fixture *fixture = *state;
	const struct km_domain donald[] = {{"donald.example", 0}, {"donald-hosting.example", 0}},
						   katrien[] = {{"a.example", 0}};
	const struct km_provider providers[] = {
		{.kvk = "68750110", .name = "Test BV Donald", .domains = donald, .domains_len = 2},
		{.kvk = "68727720", .name = "Test NV Katrien", .domains = katrien, .domains_len = 1},
	};
	struct km_problem problem = {0};
	for (size_t i = 0; i < 2; i++)
		assert_ok(km_provider_add(fixture->store, &providers[i], NULL, FIXTURE_NOW, &problem), &problem);
	return 0;
}

struct listed {
	char text[500];
};

static enum km_error add(void *context, const struct km_domain_state *state)
{
	struct listed *listed = context;
	size_t len = strlen(listed->text);
	snprintf(listed->text + len, sizeof listed->text - len, "%s/%s/%s ", state->domain, state->kvk,
	         state->proven_at ? "proven" : "-");
	return KM_OK;
}

static void expect_due(struct fixture *fixture, int64_t now, const char *expected)
{
	struct listed listed = {""};
	struct km_problem problem = {0};
	assert_ok(km_domain_due(fixture->store, now, 10, add, &listed, &problem), &problem);
	assert_string_equal(listed.text, expected);
}

static void look(struct fixture *fixture, const char *domain, bool found, int64_t now)
{
	struct km_problem problem = {0};
	assert_ok(km_domain_note(fixture->store, domain, found, found ? "file" : "nothing", now, &problem), &problem);
}

static int64_t proven_at(struct fixture *fixture)
{
	return fixture_number(fixture,
	                      "SELECT coalesce(proven_at, 0) FROM provider_domain WHERE domain = 'donald.example'");
}

/* Reckoned with: printf 'keurmerk-domain-1\nhttps://keurmerk.example\n68750110\ndonald.example\n' | openssl dgst
 * -sha256 -binary | base32 | cut -c1-26 | tr A-Z a-z */
static void a_token_is_of_one_provider_one_domain_and_one_registry(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char token[KM_DOMAIN_TOKEN_TEXT], other[KM_DOMAIN_TOKEN_TEXT];
	assert_ok(km_domain_token(FIXTURE_URL, "68750110", "donald.example", token, &problem), &problem);
	assert_string_equal(token, "keurmerk-jnxw5l7krd3fj6xdpaiy2h5gux");
	static const char *const others[][3] = {{"https://keurmerk.examplE", "68750110", "donald.example"},
	                                        {FIXTURE_URL, "68727720", "donald.example"},
	                                        {FIXTURE_URL, "68750110", "a.example"}};
	for (size_t i = 0; i < 3; i++) {
		assert_ok(km_domain_token(others[i][0], others[i][1], others[i][2], other, &problem), &problem);
		assert_string_not_equal(other, token);
	}
}

static void a_new_domain_is_due_at_once_and_then_at_intervals(void **state)
{
	struct fixture *fixture = *state;
	look(fixture, "donald-hosting.example", false, FIXTURE_NOW);
	look(fixture, "donald.example", true, FIXTURE_NOW + 1);
	expect_due(fixture, FIXTURE_NOW + 1, "a.example/68727720/- ");
	look(fixture, "a.example", false, FIXTURE_NOW + 2);
	expect_due(fixture, FIXTURE_NOW + DAY - 1, "");
	expect_due(fixture, FIXTURE_NOW + DAY, "donald-hosting.example/68750110/- ");
	expect_due(fixture, FIXTURE_NOW + 7 * DAY, "donald-hosting.example/68750110/- a.example/68727720/- ");
	expect_due(fixture, FIXTURE_NOW + 7 * DAY + 1,
	           "donald-hosting.example/68750110/- a.example/68727720/- donald.example/68750110/proven ");
}

static void a_proof_is_lost_after_thirty_days_of_failing_and_not_before(void **state)
{
	struct fixture *fixture = *state;
	int64_t now = FIXTURE_NOW;
	look(fixture, "donald.example", true, now);
	assert_int_equal(proven_at(fixture), now);
	look(fixture, "donald.example", false, now + 7 * DAY);
	look(fixture, "donald.example", false, now + 36 * DAY);
	assert_int_equal(proven_at(fixture), now);
	/* One good look, and the thirty days begin anew. */
	look(fixture, "donald.example", true, now + 37 * DAY - 1);
	look(fixture, "donald.example", false, now + 40 * DAY);
	look(fixture, "donald.example", false, now + 70 * DAY - 1);
	assert_int_equal(proven_at(fixture), now + 37 * DAY - 1);
	look(fixture, "donald.example", false, now + 70 * DAY);
	assert_int_equal(proven_at(fixture), 0);
	look(fixture, "donald.example", true, now + 71 * DAY);
	assert_int_equal(proven_at(fixture), now + 71 * DAY);
}

static void each_change_of_what_is_proven_is_recorded_and_no_other(void **state)
{
	struct fixture *fixture = *state;
	static const char records[] = "SELECT count(*) FROM record WHERE table_name = 'provider_domain'";
	int64_t before = fixture_number(fixture, records);
	look(fixture, "donald.example", false, FIXTURE_NOW);
	assert_int_equal(fixture_number(fixture, records), before);
	look(fixture, "donald.example", true, FIXTURE_NOW);
	assert_int_equal(fixture_number(fixture, records), before + 1);
	look(fixture, "donald.example", false, FIXTURE_NOW + DAY);
	assert_int_equal(fixture_number(fixture, records), before + 1);
	look(fixture, "donald.example", false, FIXTURE_NOW + 31 * DAY);
	assert_int_equal(fixture_number(fixture, records), before + 2);
}

static void domains_are_listed_by_name_and_provider(void **state)
{
	struct fixture *fixture = *state;
	struct km_problem problem = {0};
	struct listed listed = {""};
	assert_ok(km_domain_list(fixture->store, NULL, NULL, 2, add, &listed, &problem), &problem);
	assert_string_equal(listed.text, "a.example/68727720/- donald-hosting.example/68750110/- ");
	listed = (struct listed){""};
	assert_ok(km_domain_list(fixture->store, NULL, "donald-hosting.example", 2, add, &listed, &problem), &problem);
	assert_string_equal(listed.text, "donald.example/68750110/- ");
	listed = (struct listed){""};
	assert_ok(km_domain_list(fixture->store, "68727720", NULL, 9, add, &listed, &problem), &problem);
	assert_string_equal(listed.text, "a.example/68727720/- ");
	listed = (struct listed){""};
	assert_ok(km_domain_find(fixture->store, "donald.example", add, &listed, &problem), &problem);
	assert_string_equal(listed.text, "donald.example/68750110/- ");
	assert_problem(km_domain_find(fixture->store, "b.example", add, &listed, &problem), &problem, KM_ABSENT,
	               "unknown-domain");
	problem = (struct km_problem){0};
	assert_problem(km_domain_note(fixture->store, "b.example", true, "file", FIXTURE_NOW, &problem), &problem,
	               KM_ABSENT, "unknown-domain");
}

static void no_statement_reads_a_whole_table(void **state)
{
	struct fixture *fixture = *state;
	km_sql_forget(fixture->store);
	domains_are_listed_by_name_and_provider(state);
	look(fixture, "donald.example", true, FIXTURE_NOW);
	expect_due(fixture, FIXTURE_NOW, "a.example/68727720/- donald-hosting.example/68750110/- ");
	fixture_expect_indexes(fixture, NULL);
}

#define DOMAIN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DOMAIN_TEST(a_token_is_of_one_provider_one_domain_and_one_registry),
		DOMAIN_TEST(a_new_domain_is_due_at_once_and_then_at_intervals),
		DOMAIN_TEST(a_proof_is_lost_after_thirty_days_of_failing_and_not_before),
		DOMAIN_TEST(each_change_of_what_is_proven_is_recorded_and_no_other),
		DOMAIN_TEST(domains_are_listed_by_name_and_provider),
		DOMAIN_TEST(no_statement_reads_a_whole_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
