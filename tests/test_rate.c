#include "tests/test.h"

#include "keys/rate.h"

static size_t take_all(struct km_rate *rate, int64_t now)
{
	size_t taken = 0;
	while (taken < 1000000 && km_rate_take(rate, now))
		taken++;
	return taken;
}

static void a_bucket_gives_what_it_holds_and_what_time_brings(void **state)
{
	(void)state;
	struct km_rate rate = km_rate_new(3, 10, 100);
	assert_int_equal(take_all(&rate, 100), 10);
	assert_int_equal(take_all(&rate, 100), 0);
	assert_int_equal(take_all(&rate, 101), 3);
	assert_int_equal(take_all(&rate, 103), 6);
	assert_int_equal(take_all(&rate, 106), 9);
	assert_int_equal(take_all(&rate, 110), 10); /* 12 came, 10 fit */
	assert_int_equal(take_all(&rate, INT64_MAX), 10);
}

static void a_clock_set_back_brings_nothing(void **state)
{
	(void)state;
	struct km_rate rate = km_rate_new(3, 10, 100);
	assert_int_equal(take_all(&rate, 100), 10);
	assert_int_equal(take_all(&rate, 50), 0);
	assert_int_equal(take_all(&rate, 51), 3); /* and time goes on from there */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(a_bucket_gives_what_it_holds_and_what_time_brings),
		KM_TEST(a_clock_set_back_brings_nothing),
	};
	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
