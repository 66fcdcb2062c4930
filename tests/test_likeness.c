#include "base/likeness.h"

#include "base/buf.h"
#include "tests/test.h"

static void the_same_name_is_wholly_alike(void **state)
{
	(void)state;
	assert_int_equal(km_likeness("Test BV Donald", "Test BV Donald"), 100);
	assert_int_equal(km_likeness("TEST B.V. DONALD", "test bv donald"), 100);
	assert_int_equal(km_likeness("Café Größe Łódź", "cafe grose lodz"), 100);
	assert_int_equal(km_likeness("日本", "日本"), 100);
}

static void each_slip_costs_one_letter(void **state)
{
	(void)state;
	assert_int_equal(km_likeness("donald", "donalt"), 83);  /* another letter */
	assert_int_equal(km_likeness("donald", "donal"), 83);   /* one left out */
	assert_int_equal(km_likeness("donald", "donaald"), 85); /* one too many */
	assert_int_equal(km_likeness("donald", "dnoald"), 83);  /* two swapped */
	assert_int_equal(km_likeness("kitten", "sitting"), 57); /* the textbook's distance of 3 */
	assert_int_equal(km_likeness("ca", "abc"), 0);
}

static void likeness_goes_both_ways(void **state)
{
	(void)state;
	static const char *const names[] = {"donald", "dnoald", "katrien", "a", "test bv donald", "donaldtest"};
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++)
			assert_int_equal(km_likeness(names[i], names[j]), km_likeness(names[j], names[i]));
}

static void what_has_no_letters_is_like_nothing(void **state)
{
	(void)state;
	assert_int_equal(km_likeness("", ""), 0);
	assert_int_equal(km_likeness("...", "..."), 0);
	assert_int_equal(km_likeness("a", ""), 0);
	assert_int_equal(km_likeness("abc", "xyz"), 0);
	assert_int_equal(km_likeness("\xc3", "\xe2\x82"), 0);
	assert_int_equal(km_likeness("a\xff", "a"), 100);
}

static void a_long_name_is_looked_at_up_to_a_bound(void **state)
{
	(void)state;
	auto_buf struct km_buf a = KM_BUF_EMPTY, b = KM_BUF_EMPTY;
	for (int i = 0; i < KM_LIKENESS_MAX; i++) {
		km_buf_add_char(&a, 'a');
		km_buf_add_char(&b, 'a');
	}
	assert_int_equal(km_likeness(a.data, b.data), 100);
	km_buf_add_text(&b, "bbbb");
	assert_int_equal(km_likeness(a.data, b.data), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_name_is_wholly_alike),
		cmocka_unit_test(each_slip_costs_one_letter),
		cmocka_unit_test(likeness_goes_both_ways),
		cmocka_unit_test(what_has_no_letters_is_like_nothing),
		cmocka_unit_test(a_long_name_is_looked_at_up_to_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
