#include "registry/lapse.h"

#include "base/clock.h"
#include "registry/period.h"
#include "tests/test.h"

static int64_t moment(const char *text)
{
	int64_t result;
	assert_true(km_time_parse(text, &result));
	return result;
}

/* Granted on 24 November 2026, with surveillance after a year, 60 days of grace and 180 days of suspension. */
static struct km_period active(void)
{
	return (struct km_period){.state = KM_ACTIVE,
	                          .holds_from = moment("2026-11-24T10:00:00Z"),
	                          .valid_from = moment("2026-11-24T10:00:00Z"),
	                          .valid_until = moment("2029-11-24T22:59:59Z"),
	                          .surveillance_due = moment("2027-11-24T22:59:59Z"),
	                          .surveillance_limit = moment("2028-01-23T22:59:59Z"),
	                          .suspension_limit = km_suspension_limit(moment("2028-01-23T23:00:00Z"), 180)};
}

static void expect(const struct km_period *period, int64_t at, enum km_state state, int64_t since, int64_t next)
{
	enum km_state got;
	int64_t got_since, got_next;
	km_mark_lapse(period, at, &got, &got_since, &got_next);
	assert_string_equal(km_state_name(got), km_state_name(state));
	assert_int_equal(got_since, since);
	assert_int_equal(got_next, next);
}

static void surveillance_that_is_overdue_suspends_in_that_second(void **state)
{
	(void)state;
	struct km_period period = active();
	int64_t limit = period.surveillance_limit, end = period.suspension_limit;
	expect(&period, period.holds_from, KM_ACTIVE, period.holds_from, limit + 1);
	expect(&period, period.surveillance_due + 1, KM_ACTIVE, period.holds_from, limit + 1);
	expect(&period, limit, KM_ACTIVE, period.holds_from, limit + 1);
	expect(&period, limit + 1, KM_SUSPENDED, limit + 1, end + 1);
	expect(&period, end, KM_SUSPENDED, limit + 1, end + 1);
	expect(&period, end + 1, KM_WITHDRAWN, end + 1, INT64_MAX);
	expect(&period, period.valid_until + 1, KM_WITHDRAWN, end + 1, INT64_MAX);
}

static void a_mark_expires_after_its_last_second(void **state)
{
	(void)state;
	struct km_period period = active();
	period.surveillance_due = period.surveillance_limit = period.suspension_limit = 0;
	expect(&period, period.valid_until, KM_ACTIVE, period.holds_from, period.valid_until + 1);
	expect(&period, period.valid_until + 1, KM_EXPIRED, period.valid_until + 1, INT64_MAX);
}

static void expiry_wins_over_suspension(void **state)
{
	(void)state;
	struct km_period period = active();
	period.state = KM_SUSPENDED;
	period.suspension_limit = period.valid_until;
	expect(&period, period.valid_until + 1, KM_EXPIRED, period.valid_until + 1, INT64_MAX);
	period.suspension_limit = period.valid_until - 1;
	expect(&period, period.valid_until, KM_WITHDRAWN, period.valid_until, INT64_MAX);
	period = active();
	period.surveillance_limit = period.valid_until;
	expect(&period, period.valid_until + 1, KM_EXPIRED, period.valid_until + 1, INT64_MAX);
}

static void a_withdrawn_mark_stays_withdrawn(void **state)
{
	(void)state;
	struct km_period period = active();
	period.state = KM_WITHDRAWN;
	expect(&period, period.holds_from, KM_WITHDRAWN, period.holds_from, INT64_MAX);
	expect(&period, period.valid_until + 1, KM_WITHDRAWN, period.holds_from, INT64_MAX);
}

static void a_limit_that_was_over_before_the_decision_holds_counts_from_the_decision(void **state)
{
	(void)state;
	struct km_period period = active();
	period.holds_from = period.surveillance_limit + 1000;
	expect(&period, period.holds_from, KM_SUSPENDED, period.holds_from, period.suspension_limit + 1);
}

static void a_suspension_ends_with_its_day_in_amsterdam_in_winter_and_in_summer(void **state)
{
	(void)state;
	assert_int_equal(km_suspension_limit(moment("2026-11-24T10:00:00Z"), 30), moment("2026-12-24T22:59:59Z"));
	assert_int_equal(km_suspension_limit(moment("2027-03-20T10:00:00Z"), 30), moment("2027-04-19T21:59:59Z"));
}

static struct km_period_row row(int64_t holds_from, int64_t recorded_at, enum km_state to)
{
	struct km_period period = active();
	period.holds_from = holds_from;
	period.recorded_at = recorded_at;
	period.state = to;
	return (struct km_period_row){.period = period};
}

static void what_holds_is_the_last_recorded_of_those_that_have_begun(void **state)
{
	(void)state;
	int64_t t = moment("2027-01-01T00:00:00Z");
	/* Granted; withdrawal scheduled; suspended before it came; corrected from before that suspension. */
	struct km_period_row rows[] = {row(t, t, KM_ACTIVE), row(t + 500, t + 10, KM_WITHDRAWN),
	                               row(t + 100, t + 100, KM_SUSPENDED), row(t + 50, t + 900, KM_ACTIVE)};
	assert_null(km_period_find(rows, 4, t - 1));
	assert_ptr_equal(km_period_find(rows, 2, t + 499), &rows[0]);
	assert_ptr_equal(km_period_find(rows, 2, t + 500), &rows[1]);
	assert_ptr_equal(km_period_find(rows, 3, t + 99), &rows[0]);
	assert_ptr_equal(km_period_find(rows, 3, t + 500), &rows[2]);
	assert_ptr_equal(km_period_find(rows, 4, t + 49), &rows[0]);
	assert_ptr_equal(km_period_find(rows, 4, t + 200), &rows[3]);
	assert_int_equal(km_period_next(rows, 2, t), t + 500);
	assert_int_equal(km_period_next(rows, 3, t), t + 100);
	assert_int_equal(km_period_next(rows, 3, t + 100), INT64_MAX);
	assert_int_equal(km_period_next_change(rows, 2, t), t + 500);
	assert_int_equal(km_period_next_change(rows, 4, t + 50), rows[3].period.surveillance_limit + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(surveillance_that_is_overdue_suspends_in_that_second),
		KM_TEST(a_mark_expires_after_its_last_second),
		KM_TEST(expiry_wins_over_suspension),
		KM_TEST(a_withdrawn_mark_stays_withdrawn),
		KM_TEST(a_limit_that_was_over_before_the_decision_holds_counts_from_the_decision),
		KM_TEST(a_suspension_ends_with_its_day_in_amsterdam_in_winter_and_in_summer),
		KM_TEST(what_holds_is_the_last_recorded_of_those_that_have_begun),
	};
	return cmocka_run_group_tests_name("lapse", tests, NULL, NULL);
}
