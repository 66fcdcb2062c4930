#include "registry/number.h"

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static enum km_error parse(const char *text, char number[static KM_NUMBER_TEXT], struct km_problem *problem)
{
	strcpy(number, "untouched");
	return km_number_parse(text, number, problem);
}

static void expect_number(const char *typed, const char *number)
{
	char parsed[KM_NUMBER_TEXT];
	struct km_problem problem = {0};
	if (parse(typed, parsed, &problem) != KM_OK)
		fail_msg("%s: %s", typed, problem.message);
	assert_string_equal(parsed, number);
}

static void expect_refusal(const char *typed, enum km_error code, const char *type)
{
	char parsed[KM_NUMBER_TEXT];
	struct km_problem problem = {0};
	if (parse(typed, parsed, &problem) != code)
		fail_msg("%s: expected %d, got %d", typed, code, problem.code);
	assert_string_equal(problem.type, type);
	assert_string_equal(parsed, "untouched");
}

static void make_from(uint64_t seed, char number[static KM_NUMBER_TEXT])
{
	uint8_t bytes[7];
	seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(seed >> (8 * i));
	km_number_make(bytes, number);
}

static void the_number_on_every_sample_is_valid(void **state)
{
	(void)state;
	/* Check symbols worked out by a program of another hand. */
	expect_number("7K3Q9XM24HTT", "7K3Q9XM24HTT");
	expect_number("000000000000", "000000000000");
	expect_number("ZZZZZZZZZZZB", "ZZZZZZZZZZZB");
	expect_number("0123456789AB", "0123456789AB");
	expect_number("7K3Q9XM24HVR", "7K3Q9XM24HVR");
}

static void what_is_made_can_be_read_and_shown(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		char number[KM_NUMBER_TEXT], shown[KM_NUMBER_SHOWN];
		make_from(seed, number);
		assert_int_equal(strspn(number, alphabet), KM_NUMBER_SYMBOLS);
		km_number_show(number, shown);
		assert_int_equal(strlen(shown), KM_NUMBER_SHOWN - 1);
		expect_number(number, number);
		expect_number(shown, number);
	}
}

static void all_55_bits_make_a_difference_and_the_56th_none(void **state)
{
	(void)state;
	uint8_t bytes[7] = {0};
	char zero[KM_NUMBER_TEXT], other[KM_NUMBER_TEXT];
	km_number_make(bytes, zero);
	for (size_t bit = 0; bit < 56; bit++) {
		memset(bytes, 0, sizeof bytes);
		bytes[6 - bit / 8] = (uint8_t)(1u << bit % 8);
		km_number_make(bytes, other);
		if (bit < 55)
			assert_string_not_equal(zero, other);
		else
			assert_string_equal(zero, other);
	}
}

static void it_is_shown_in_groups_of_four(void **state)
{
	(void)state;
	char shown[KM_NUMBER_SHOWN];
	km_number_show("7K3Q9XM24HTT", shown);
	assert_string_equal(shown, "7K3Q-9XM2-4HTT");
}

static void what_people_type_is_understood(void **state)
{
	(void)state;
	expect_number("7k3q-9xm2-4htt", "7K3Q9XM24HTT");
	expect_number("  7K3Q 9XM2 4HTT\t", "7K3Q9XM24HTT");
	expect_number("-7-K-3-Q-9-X-M-2-4-H-T-T-", "7K3Q9XM24HTT");
	expect_number("7K3Q\u20119XM2\u20134HTT", "7K3Q9XM24HTT");
	expect_number("7K3Q\u00a09XM2\u00a04HTT", "7K3Q9XM24HTT");
	expect_number("oO0o-o0O0-0oo0", "000000000000");
	expect_number("0I23456789AB", "0123456789AB");
	expect_number("0L23-4567-89ab", "0123456789AB");
	expect_number("0l23-4567-89ab", "0123456789AB");
	expect_number("0i23-4567-89ab", "0123456789AB");
}

static void a_wrong_check_symbol_is_noticed(void **state)
{
	(void)state;
	char parsed[KM_NUMBER_TEXT];
	struct km_problem problem = {0};
	for (const char *symbol = alphabet; *symbol; symbol++) {
		char typed[] = "7K3Q-9XM2-4HT?";
		typed[13] = *symbol;
		if (*symbol == 'T')
			expect_number(typed, "7K3Q9XM24HTT");
		else
			expect_refusal(typed, KM_ABSENT, "mark-number-check");
	}
	assert_int_equal(parse("7k3q9xm24hta", parsed, &problem), KM_ABSENT);
	assert_non_null(strstr(problem.message, "7K3Q-9XM2-4HTA"));
	assert_null(strstr(problem.message, "not found"));
}

static void any_one_wrong_symbol_is_noticed(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		char number[KM_NUMBER_TEXT];
		make_from(seed, number);
		for (size_t i = 0; i < KM_NUMBER_SYMBOLS; i++) {
			for (const char *symbol = alphabet; *symbol; symbol++) {
				char typed[KM_NUMBER_TEXT];
				memcpy(typed, number, sizeof typed);
				typed[i] = *symbol;
				if (*symbol != number[i])
					expect_refusal(typed, KM_ABSENT, "mark-number-check");
			}
		}
	}
}

static void a_swap_of_neighbours_is_noticed_but_for_0_and_Z(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		char number[KM_NUMBER_TEXT];
		make_from(seed, number);
		for (size_t i = 0; i + 1 < KM_NUMBER_SYMBOLS; i++) {
			char typed[KM_NUMBER_TEXT], a = number[i], b = number[i + 1];
			memcpy(typed, number, sizeof typed);
			typed[i] = b;
			typed[i + 1] = a;
			if (a == b)
				continue;
			if ((a == '0' && b == 'Z') || (a == 'Z' && b == '0'))
				expect_number(typed, typed);
			else
				expect_refusal(typed, KM_ABSENT, "mark-number-check");
		}
	}
}

static void what_has_not_the_form_is_no_number(void **state)
{
	(void)state;
	static const char *const not_numbers[] = {
		"",
		"-",
		"7K3Q-9XM2-4HT",
		"7K3Q-9XM2-4HTT0",
		"7K3Q-9XM2-4HTT 7K3Q-9XM2-4HTT",
		"7K3Q-9XM2-4HTU",
		"7K3Q_9XM2_4HTT",
		"7K3Q.9XM2.4HTT",
		"7K3Q-9XM2-4HT\xc3\xa9",
		"7K3Q-9XM2-4HT\xe2\x80",
		"7K3Q-9XM2-4HT\xc2",
		"7K3Q-9XM2-4HTT\n",
		"\xef\xbc\x97K3Q-9XM2-4HTT", /* a full-width 7 */
		"bakkerij",
	};
	for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++)
		expect_refusal(not_numbers[i], KM_MALFORMED, "mark-number-form");
}

static void the_letter_u_is_explained(void **state)
{
	(void)state;
	char parsed[KM_NUMBER_TEXT];
	struct km_problem problem = {0};
	assert_int_equal(parse("7K3Q-9XM2-4HTu", parsed, &problem), KM_MALFORMED);
	assert_non_null(strstr(problem.message, "V"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_on_every_sample_is_valid),
		cmocka_unit_test(what_is_made_can_be_read_and_shown),
		cmocka_unit_test(all_55_bits_make_a_difference_and_the_56th_none),
		cmocka_unit_test(it_is_shown_in_groups_of_four),
		cmocka_unit_test(what_people_type_is_understood),
		cmocka_unit_test(a_wrong_check_symbol_is_noticed),
		cmocka_unit_test(any_one_wrong_symbol_is_noticed),
		cmocka_unit_test(a_swap_of_neighbours_is_noticed_but_for_0_and_Z),
		cmocka_unit_test(what_has_not_the_form_is_no_number),
		cmocka_unit_test(the_letter_u_is_explained),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
