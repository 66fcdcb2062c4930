#include "tests/test.h"

#include "www/request.h"
#include "www/watch.h"

#include <string.h>

static void expect(const uint32_t *kvk, size_t len, const char *text)
{
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_watch_write(kvk, len, &buf);
	assert_string_equal(buf.data, text);
	uint32_t back[KM_WATCH_MAX];
	size_t back_len = 0;
	struct km_problem problem;
	assert_ok(km_watch_read(text, back, &back_len, &problem), &problem);
	assert_int_equal(back_len, len);
	assert_memory_equal(back, kvk, len * sizeof *kvk);
}

/* The texts were made by hand with LEB128 as its standard (DWARF 5, section 7.6) describes it, and base64. */
static void a_list_is_written_in_few_characters_and_read_again(void **state)
{
	(void)state;
	expect((uint32_t[]){0}, 1, "AA");
	expect((uint32_t[]){0, 1, 128}, 3, "AAF_");
	expect((uint32_t[]){624485}, 1, "5Y4m");
	expect((uint32_t[]){68727720, 68750110}, 2, "qOfiIPauAQ");
	expect((uint32_t[]){99999999}, 1, "_8HXLw");
}

static void what_is_no_such_list_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",        /* nobody */
		"A",       /* no base64url */
		"AA==",    /* padded */
		"gA",      /* ends in the middle of a number */
		"gAA",     /* a zero in two bytes */
		"AQA",     /* the same company again */
		"gMLXLw",  /* 100,000,000 */
		"_8HXLwE", /* 99,999,999, and one more */
		"gICAgAE", /* five bytes */
		"_____w",  /* four, and more to come */
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint32_t kvk[KM_WATCH_MAX] = {7};
		size_t len = 7;
		struct km_problem problem;
		assert_problem(km_watch_read(bad[i], kvk, &len, &problem), &problem, KM_MALFORMED, "watch");
		assert_int_equal(len, 7);
	}
}

static void the_longest_list_fits_an_address_and_a_longer_one_is_refused(void **state)
{
	(void)state;
	uint32_t kvk[KM_WATCH_MAX + 1], back[KM_WATCH_MAX];
	size_t len = 0;
	struct km_problem problem;
	/* As many steps of four bytes as there is room for, all else of three. */
	for (size_t i = 0; i <= KM_WATCH_MAX; i++)
		kvk[i] = i ? kvk[i - 1] + (i < 42 ? 1 << 21 : 1 << 15) : 1 << 21;
	assert_true(kvk[KM_WATCH_MAX] < 100000000);
	auto_buf struct km_buf longest = KM_BUF_EMPTY, longer = KM_BUF_EMPTY;
	km_watch_write(kvk, KM_WATCH_MAX, &longest);
	assert_true(longest.len + strlen("/watch.atom?list=&lang=en") <= KM_TARGET_MAX);
	assert_ok(km_watch_read(longest.data, back, &len, &problem), &problem);
	assert_int_equal(len, KM_WATCH_MAX);
	km_watch_write(kvk, KM_WATCH_MAX + 1, &longer);
	assert_problem(km_watch_read(longer.data, back, &len, &problem), &problem, KM_MALFORMED, "watch");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_written_in_few_characters_and_read_again),
		cmocka_unit_test(what_is_no_such_list_is_refused),
		cmocka_unit_test(the_longest_list_fits_an_address_and_a_longer_one_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
