#include "tests/test.h"

#include "base/catalogue.h"
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t at(const char *text)
{
	int64_t moment = -1;
	if (!km_time_parse(text, &moment))
		fail_msg("%s is no time", text);
	return moment;
}

static void is_time(int64_t moment, const char *expected)
{
	char text[KM_TIME_TEXT];
	km_time_format(moment, text);
	assert_string_equal(text, expected);
}

static void is_day(const char *moment, const char *expected)
{
	char text[KM_DATE_TEXT];
	km_date_format(at(moment), text);
	assert_string_equal(text, expected);
}

static void on_the_wall(const char *moment, const char *expected)
{
	char text[6];
	km_time_of_day_format(at(moment), text);
	assert_string_equal(text, expected);
}

static void time_reads_and_writes_rfc_3339(void **state)
{
	(void)state;
	assert_int_equal(at("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(at("1969-12-31T23:59:59Z"), -1);
	assert_int_equal(at("2001-09-09T01:46:40Z"), 1000000000);
	assert_int_equal(at("2038-01-19T03:14:08Z"), INT64_C(2147483648));
	is_time(0, "1970-01-01T00:00:00Z");
	is_time(-1, "1969-12-31T23:59:59Z");
	is_time(1000000000, "2001-09-09T01:46:40Z");
	is_time(INT64_C(2147483648), "2038-01-19T03:14:08Z");
}

/* The C library's calendar as the second opinion: noon of each day of 2,100 years. */
static void the_calendar_is_that_of_the_c_library(void **state)
{
	(void)state;
	for (int64_t moment = at("0099-12-31T12:00:00Z"); moment < at("2200-01-02T00:00:00Z"); moment += 86400) {
		time_t seconds = (time_t)moment;
		struct tm parts;
		assert_non_null(gmtime_r(&seconds, &parts));
		char expected[64];
		snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1,
		         parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
		is_time(moment, expected);
		assert_int_equal(at(expected), moment);
	}
}

/* And its local time, by the same rule in the words of POSIX. */
static void amsterdam_is_that_of_the_c_library(void **state)
{
	(void)state;
	char *before = getenv("TZ") ? strdup(getenv("TZ")) : NULL;
	assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
	tzset();
	for (int64_t moment = at("1996-01-01T00:00:00Z"); moment < at("2100-01-01T00:00:00Z"); moment += 3600 * 7 + 1) {
		time_t seconds = (time_t)moment;
		struct tm parts;
		assert_non_null(localtime_r(&seconds, &parts));
		char expected[64], date[KM_DATE_TEXT], hour[6];
		snprintf(expected, sizeof expected, "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
		km_date_format(moment, date);
		assert_string_equal(date, expected);
		snprintf(expected, sizeof expected, "%02d:%02d", parts.tm_hour, parts.tm_min);
		km_time_of_day_format(moment, hour);
		assert_string_equal(hour, expected);
	}
	if (before)
		setenv("TZ", before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(before);
}

static void times_of_another_form_are_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"2026-11-24",
		"2026-11-24T17:02:37",
		"2026-11-24T17:02:37z",
		"2026-11-24t17:02:37Z",
		"2026-11-24 17:02:37Z",
		"2026-11-24T17:02:37+00:00",
		"2026-11-24T17:02:37.0Z",
		"2026-11-24T17:02:37Z ",
		" 2026-11-24T17:02:37Z",
		"2026-11-24T17:02Z",
		"2026-1-24T17:02:37Z0",
		"2026/11/24T17:02:37Z",
		"2026-11-24T17.02.37Z",
		"+026-11-24T17:02:37Z",
		"-001-11-24T17:02:37Z",
		"2026-11-24T 7:02:37Z",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int64_t moment = 42;
		if (km_time_parse(wrong[i], &moment))
			fail_msg("\"%s\" was taken for a time", wrong[i]);
		assert_int_equal(moment, 42);
	}
}

static void days_and_times_that_do_not_exist_are_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
		"2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2024-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-06-30T23:59:60Z",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int64_t moment = 42;
		char date[KM_DATE_TEXT];
		snprintf(date, sizeof date, "%.10s", wrong[i]);
		if (km_time_parse(wrong[i], &moment))
			fail_msg("\"%s\" was taken for a time", wrong[i]);
		if (strcmp(wrong[i] + 10, "T00:00:00Z") == 0 && km_date_parse(date, &moment))
			fail_msg("\"%s\" was taken for a day", date);
		assert_int_equal(moment, 42);
	}
	is_time(at("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z");
	is_time(at("2000-02-29T00:00:00Z"), "2000-02-29T00:00:00Z");
}

static void moments_out_of_range_are_clamped(void **state)
{
	(void)state;
	is_time(at("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
	is_time(at("0001-01-01T00:00:00Z") - 1, "0001-01-01T00:00:00Z");
	is_time(INT64_MIN, "0001-01-01T00:00:00Z");
	is_time(at("9999-12-31T23:59:59Z"), "9999-12-31T23:59:59Z");
	is_time(at("9999-12-31T23:59:59Z") + 1, "9999-12-31T23:59:59Z");
	is_time(INT64_MAX, "9999-12-31T23:59:59Z");
	char date[KM_DATE_TEXT];
	km_date_format(INT64_MAX, date);
	assert_string_equal(date, "9999-12-31");
	km_date_format(INT64_MIN, date);
	assert_string_equal(date, "0001-01-01");
	is_time(km_time_add_months(INT64_MAX, 1), "9999-12-31T23:59:59Z");
	is_time(km_time_add_months(0, INT32_MAX), "9999-12-31T23:59:59Z");
	is_time(km_time_add_months(0, INT32_MIN), "0001-01-01T00:00:00Z");
	is_time(km_time_add_days(0, INT32_MAX), "9999-12-31T22:59:59Z");
	is_time(km_time_add_days(INT64_MIN, INT32_MIN), "0001-01-01T00:00:00Z");
	is_time(km_time_end_of_day(INT64_MIN), "0001-01-01T22:59:59Z");
	is_time(km_time_end_of_day(INT64_MAX), "9999-12-31T22:59:59Z");
}

static void summer_time_begins_and_ends_on_the_second(void **state)
{
	(void)state;
	/* The last Sundays: 29 March and 25 October 2026; 31 March and 27 October 2024; 30 March and 26 October 2025. */
	on_the_wall("2026-03-29T00:59:59Z", "01:59");
	on_the_wall("2026-03-29T01:00:00Z", "03:00");
	on_the_wall("2026-10-25T00:59:59Z", "02:59");
	on_the_wall("2026-10-25T01:00:00Z", "02:00");
	on_the_wall("2024-03-31T00:59:59Z", "01:59");
	on_the_wall("2024-03-31T01:00:00Z", "03:00");
	on_the_wall("2024-10-27T00:59:59Z", "02:59");
	on_the_wall("2024-10-27T01:00:00Z", "02:00");
	on_the_wall("2025-03-30T01:00:00Z", "03:00");
	on_the_wall("2025-10-26T01:00:00Z", "02:00");
}

static void a_day_is_a_day_in_amsterdam(void **state)
{
	(void)state;
	is_day("2026-11-24T22:59:59Z", "2026-11-24");
	is_day("2026-11-24T23:00:00Z", "2026-11-25");
	is_day("2026-07-01T21:59:59Z", "2026-07-01");
	is_day("2026-07-01T22:00:00Z", "2026-07-02");
	is_day("2026-12-31T23:00:00Z", "2027-01-01");
	is_day("2024-02-29T23:00:00Z", "2024-03-01");
	int64_t moment;
	assert_true(km_date_parse("2026-11-24", &moment));
	is_time(moment, "2026-11-23T23:00:00Z");
	assert_true(km_date_parse("2026-07-01", &moment));
	is_time(moment, "2026-06-30T22:00:00Z");
	static const char *const wrong[] = {"", "2026-11-2", "2026-11-244", "24-11-2026", "2026-11-24T", "2026-11-31"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(km_date_parse(wrong[i], &moment));
}

static void a_day_ends_at_its_last_second(void **state)
{
	(void)state;
	is_time(km_time_end_of_day(at("2026-11-30T10:00:00Z")), "2026-11-30T22:59:59Z");
	is_time(km_time_end_of_day(at("2026-11-30T22:59:59Z")), "2026-11-30T22:59:59Z");
	is_time(km_time_end_of_day(at("2026-11-30T23:00:00Z")), "2026-12-01T22:59:59Z");
	is_time(km_time_end_of_day(at("2026-07-01T00:00:00Z")), "2026-07-01T21:59:59Z");
	/* Days of 23 and of 25 hours. */
	is_time(km_time_end_of_day(at("2026-03-28T23:00:00Z")), "2026-03-29T21:59:59Z");
	is_time(km_time_end_of_day(at("2026-10-24T22:00:00Z")), "2026-10-25T22:59:59Z");
}

static void months_are_those_of_the_calendar(void **state)
{
	(void)state;
	is_time(km_time_add_months(at("2026-01-31T12:00:00Z"), 1), "2026-02-28T12:00:00Z");
	is_time(km_time_add_months(at("2024-01-31T12:00:00Z"), 1), "2024-02-29T12:00:00Z");
	is_time(km_time_add_months(at("2024-02-29T12:00:00Z"), 12), "2025-02-28T12:00:00Z");
	is_time(km_time_add_months(at("2024-02-29T12:00:00Z"), 48), "2028-02-29T12:00:00Z");
	is_time(km_time_add_months(at("2026-03-31T12:00:00Z"), -1), "2026-02-28T13:00:00Z");
	is_time(km_time_add_months(at("2026-01-15T12:00:00Z"), -1), "2025-12-15T12:00:00Z");
	is_time(km_time_add_months(at("2026-11-24T17:02:37Z"), 36), "2029-11-24T17:02:37Z");
	is_time(km_time_add_months(at("2026-11-24T17:02:37Z"), 0), "2026-11-24T17:02:37Z");
	/* The day counts as it is in Amsterdam: this is 1 January there. */
	is_time(km_time_add_months(at("2026-12-31T23:30:00Z"), 1), "2027-01-31T23:30:00Z");
}

static void the_local_time_of_day_stays_over_a_change_of_the_clock(void **state)
{
	(void)state;
	is_time(km_time_add_months(at("2026-03-15T11:00:00Z"), 1), "2026-04-15T10:00:00Z");
	is_time(km_time_add_months(at("2026-10-15T10:00:00Z"), 1), "2026-11-15T11:00:00Z");
	is_time(km_time_add_days(at("2026-03-28T11:00:00Z"), 1), "2026-03-29T10:00:00Z");
	is_time(km_time_add_days(at("2026-10-24T10:00:00Z"), 1), "2026-10-25T11:00:00Z");
	is_time(km_time_add_days(at("2026-10-25T11:00:00Z"), -1), "2026-10-24T10:00:00Z");
	is_time(km_time_add_days(at("2026-12-31T12:00:00Z"), 60), "2027-03-01T12:00:00Z");
	is_time(km_time_add_days(at("2024-02-28T12:00:00Z"), 1), "2024-02-29T12:00:00Z");
}

static void a_time_in_the_gap_becomes_the_moment_after_it(void **state)
{
	(void)state;
	/* 02:30 does not exist on 29 March 2026. */
	is_time(km_time_add_days(at("2026-03-28T01:30:00Z"), 1), "2026-03-29T01:00:00Z");
	is_time(km_time_add_months(at("2026-02-28T01:00:00Z"), 1), "2026-03-28T01:00:00Z");
	is_time(km_time_add_months(at("2026-01-29T01:00:00Z"), 2), "2026-03-29T01:00:00Z");
	is_time(km_time_add_days(at("2026-03-28T00:59:59Z"), 1), "2026-03-29T00:59:59Z");
	is_time(km_time_add_days(at("2026-03-28T02:00:00Z"), 1), "2026-03-29T01:00:00Z");
}

static void of_a_time_that_comes_twice_the_first_is_meant(void **state)
{
	(void)state;
	/* 02:30 comes at 00:30 and at 01:30 UTC on 25 October 2026. */
	is_time(km_time_add_days(at("2026-10-24T00:30:00Z"), 1), "2026-10-25T00:30:00Z");
	is_time(km_time_add_months(at("2026-11-25T01:30:00Z"), -1), "2026-10-25T00:30:00Z");
	is_time(km_time_add_days(at("2026-10-24T01:00:00Z"), 1), "2026-10-25T02:00:00Z");
}

static void a_fixed_clock_stands_still_until_it_is_set(void **state)
{
	(void)state;
	int64_t moment = 1790000000;
	struct km_clock clock = km_clock_fixed(&moment);
	assert_int_equal(km_clock_now(&clock), 1790000000);
	moment++;
	assert_int_equal(km_clock_now(&clock), 1790000001);
	struct km_clock machine = km_clock_system();
	int64_t before = (int64_t)time(NULL), now = km_clock_now(&machine), after = (int64_t)time(NULL);
	assert_true(before <= now && now <= after);
}

static void a_day_in_words_is_dutch_or_english(void **state)
{
	(void)state;
	char words[32];
	km_date_words(KM_NL, at("2026-11-24T17:02:37Z"), words);
	assert_string_equal(words, "24 november 2026");
	km_date_words(KM_EN, at("2026-11-24T17:02:37Z"), words);
	assert_string_equal(words, "24 November 2026");
	km_date_words(KM_NL, at("2026-02-28T23:00:00Z"), words);
	assert_string_equal(words, "1 maart 2026");
	km_date_words(KM_NL, at("9999-09-30T12:00:00Z"), words);
	assert_string_equal(words, "30 september 9999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_reads_and_writes_rfc_3339),
		cmocka_unit_test(the_calendar_is_that_of_the_c_library),
		cmocka_unit_test(amsterdam_is_that_of_the_c_library),
		cmocka_unit_test(times_of_another_form_are_refused),
		cmocka_unit_test(days_and_times_that_do_not_exist_are_refused),
		cmocka_unit_test(moments_out_of_range_are_clamped),
		cmocka_unit_test(summer_time_begins_and_ends_on_the_second),
		cmocka_unit_test(a_day_is_a_day_in_amsterdam),
		cmocka_unit_test(a_day_ends_at_its_last_second),
		cmocka_unit_test(months_are_those_of_the_calendar),
		cmocka_unit_test(the_local_time_of_day_stays_over_a_change_of_the_clock),
		cmocka_unit_test(a_time_in_the_gap_becomes_the_moment_after_it),
		cmocka_unit_test(of_a_time_that_comes_twice_the_first_is_meant),
		cmocka_unit_test(a_fixed_clock_stands_still_until_it_is_set),
		cmocka_unit_test(a_day_in_words_is_dutch_or_english),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
