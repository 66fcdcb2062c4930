#include "tests/site.h"

#include <unistd.h>

/* The one number that this SQL gives, as the test's own connection sees it. */
static int64_t number_of(struct site *site, const char *sql)
{
	struct fixture fixture = {.store = site->scene.store};
	return fixture_number(&fixture, sql);
}

/* Waits until that number is this one; the machine's clock only says when to give up. */
static void wait_for(struct site *site, const char *sql, int64_t number)
{
	for (int waited_ms = 0; number_of(site, sql) != number; waited_ms += 10) {
		if (waited_ms > 20000)
			fail_msg("this did not become %lld: %s", (long long)number, sql);
		usleep(10 * 1000);
	}
}

#define LAPSES "SELECT count(*) FROM event WHERE decision_id IS NULL"

static void a_running_server_writes_down_each_lapse(void **state)
{
	struct site *site = *state;
	site_grant(site, "[\"beheer\"]");
	assert_int_equal(number_of(site, LAPSES), 0);
	site->now = number_of(site, "SELECT at FROM lapse_due");
	wait_for(site, LAPSES, 1);
	site->now = number_of(site, "SELECT at FROM lapse_due");
	wait_for(site, LAPSES, 2);
	wait_for(site, "SELECT count(*) FROM lapse_due", 0);
	assert_false(site_log_has(site, "ours:"));
}

static void a_decision_that_comes_to_hold_gets_its_credential_from_a_running_server(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\",\"cloud\"]");
	json_t *decision = scene_decision("reduce", number.text, NULL);
	json_object_set_new(decision, "holds_from", json_string("2026-12-01T00:00:00Z"));
	site_submit(site, DECIDER, "decision", decision, "id");
	int64_t from = number_of(site, "SELECT at FROM lapse_due");
	site->now = from;
	char sql[96];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM credential WHERE issued_at = %lld", (long long)from);
	wait_for(site, sql, 1);
}

static void what_could_not_be_done_is_told_and_done_later(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\",\"cloud\"]");
	json_t *decision = scene_decision("reduce", number.text, NULL);
	json_object_set_new(decision, "holds_from", json_string("2026-12-01T00:00:00Z"));
	site_submit(site, DECIDER, "decision", decision, "id");
	int64_t from = number_of(site, "SELECT at FROM lapse_due");
	struct fixture fixture = {.store = site->scene.store};
	fixture_sql(&fixture, "CREATE TRIGGER full BEFORE UPDATE ON credential BEGIN SELECT raise(ABORT, 'full'); END");
	site->now = from;
	for (int waited_ms = 0; !site_log_has(site, "ours: writing down what time has done:"); waited_ms += 10) {
		assert_true(waited_ms < 20000);
		usleep(10 * 1000);
	}
	assert_int_equal(number_of(site, "SELECT at FROM lapse_due"), from);
	fixture_sql(&fixture, "DROP TRIGGER full");
	char sql[96];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM credential WHERE issued_at = %lld", (long long)from);
	wait_for(site, sql, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SITE_TEST(a_running_server_writes_down_each_lapse),
		KM_SITE_TEST(a_decision_that_comes_to_hold_gets_its_credential_from_a_running_server),
		KM_SITE_TEST(what_could_not_be_done_is_told_and_done_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
