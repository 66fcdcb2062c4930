#include "tests/test.h"

#include "base/encode.h"
#include "keys/mac.h"
#include "www/challenge.h"

#include <stdlib.h>
#include <string.h>

static const int64_t NOW = 1795539757;

/* RFC 4231, test cases 2 and 6: a short key, and one that is longer than a block. */
static void the_authenticator_is_that_of_the_standard(void **state)
{
	(void)state;
	static const char jefe[] = "what do ya want for nothing?";
	static const char large[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t key[131], mac[KM_MAC_BYTES], expected[KM_MAC_BYTES];
	memset(key, 0xaa, sizeof key);
	assert_int_equal(km_mac("Jefe", 4, jefe, strlen(jefe), mac, NULL), KM_OK);
	assert_true(km_decode_exact(KM_HEX, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", 64,
	                            expected, sizeof expected));
	assert_memory_equal(mac, expected, sizeof mac);
	assert_int_equal(km_mac(key, sizeof key, large, strlen(large), mac, NULL), KM_OK);
	assert_true(km_decode_exact(KM_HEX, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", 64,
	                            expected, sizeof expected));
	assert_memory_equal(mac, expected, sizeof mac);
}

static int open_challenges(void **state)
{
	struct km_challenges *challenges = NULL;
	if (km_challenges_new(&challenges, NULL) != KM_OK)
		return -1;
	*state = challenges;
	return 0;
}

static int close_challenges(void **state)
{
	km_challenges_free(*state);
	return 0;
}

static void make(struct km_challenges *challenges, int64_t now, char text[static KM_CHALLENGE_TEXT])
{
	struct km_problem problem = {0};
	assert_ok(km_challenge_make(challenges, now, text, &problem), &problem);
	assert_int_equal(strlen(text), KM_CHALLENGE_TEXT - 1);
}

static void expect(struct km_challenges *challenges, const char *text, int64_t now, enum km_error error)
{
	struct km_problem problem = {0};
	if (error)
		assert_problem(km_challenge_use(challenges, text, now, &problem), &problem, error,
		               error == KM_UNPROVEN ? "challenge" : "busy");
	else
		assert_ok(km_challenge_use(challenges, text, now, &problem), &problem);
}

static void one_counts_once_and_for_a_minute(void **state)
{
	struct km_challenges *challenges = *state;
	char first[KM_CHALLENGE_TEXT], second[KM_CHALLENGE_TEXT];
	make(challenges, NOW, first);
	make(challenges, NOW, second);
	assert_string_not_equal(first, second);
	expect(challenges, first, NOW, KM_OK);
	expect(challenges, first, NOW, KM_UNPROVEN);
	expect(challenges, second, NOW + KM_CHALLENGE_TTL_S + 1, KM_UNPROVEN);
	expect(challenges, second, NOW + KM_CHALLENGE_TTL_S, KM_OK);
	expect(challenges, second, NOW + KM_CHALLENGE_TTL_S, KM_UNPROVEN);
}

static void one_that_is_touched_anywhere_is_none(void **state)
{
	struct km_challenges *challenges = *state;
	uint8_t bytes[32];
	char text[KM_CHALLENGE_TEXT];
	make(challenges, NOW, text);
	assert_true(km_decode_exact(KM_BASE64URL, text, strlen(text), bytes, sizeof bytes));
	for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
		auto_buf struct km_buf touched = KM_BUF_EMPTY;
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		km_encode(KM_BASE64URL, bytes, sizeof bytes, &touched);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		expect(challenges, touched.data, NOW, KM_UNPROVEN);
	}
	static const char *const others[] = {"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	                                     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		expect(challenges, others[i], NOW, KM_UNPROVEN);
	expect(challenges, text, NOW, KM_OK);
}

static void another_process_knows_it_not(void **state)
{
	char text[KM_CHALLENGE_TEXT];
	void *other = NULL;
	assert_int_equal(open_challenges(&other), 0);
	make(other, NOW, text);
	expect(*state, text, NOW, KM_UNPROVEN);
	expect(other, text, NOW, KM_OK);
	close_challenges(&other);
}

static void whoever_asks_for_many_takes_away_nobodys(void **state)
{
	struct km_challenges *challenges = *state;
	char first[KM_CHALLENGE_TEXT], many[KM_CHALLENGE_TEXT];
	make(challenges, NOW, first);
	for (int i = 0; i < 5 * KM_CHALLENGES_USED_MAX; i++)
		make(challenges, NOW, many);
	expect(challenges, first, NOW, KM_OK);
}

static void where_it_cannot_be_remembered_none_is_used(void **state)
{
	struct km_challenges *challenges = *state;
	char first[KM_CHALLENGE_TEXT], text[KM_CHALLENGE_TEXT];
	make(challenges, NOW, first);
	expect(challenges, first, NOW, KM_OK);
	for (int i = 1; i < KM_CHALLENGES_USED_MAX; i++) {
		make(challenges, NOW + 1, text);
		expect(challenges, text, NOW + 1, KM_OK);
	}
	make(challenges, NOW + 1, text);
	expect(challenges, text, NOW + 1, KM_UNAVAILABLE);
	expect(challenges, first, NOW + 1, KM_UNPROVEN);
	expect(challenges, text, NOW + KM_CHALLENGE_TTL_S + 1, KM_OK); /* the place of the first is free */
}

static void a_clock_that_is_set_makes_none_good_again(void **state)
{
	struct km_challenges *challenges = *state;
	char used[KM_CHALLENGE_TEXT], later[KM_CHALLENGE_TEXT], now[KM_CHALLENGE_TEXT];
	make(challenges, NOW, used);
	expect(challenges, used, NOW, KM_OK);
	make(challenges, NOW + 1000000, later);
	expect(challenges, later, NOW + 1000000, KM_OK);
	make(challenges, NOW + 1000000, later);
	expect(challenges, later, NOW, KM_UNPROVEN);
	expect(challenges, used, NOW, KM_UNPROVEN);
	make(challenges, NOW, now);
	expect(challenges, now, NOW, KM_OK);
}

#define WITH_CHALLENGES(test) cmocka_unit_test_setup_teardown(test, open_challenges, close_challenges)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_authenticator_is_that_of_the_standard),
		WITH_CHALLENGES(one_counts_once_and_for_a_minute),
		WITH_CHALLENGES(one_that_is_touched_anywhere_is_none),
		WITH_CHALLENGES(another_process_knows_it_not),
		WITH_CHALLENGES(whoever_asks_for_many_takes_away_nobodys),
		WITH_CHALLENGES(where_it_cannot_be_remembered_none_is_used),
		WITH_CHALLENGES(a_clock_that_is_set_makes_none_good_again),
	};
	return cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}
