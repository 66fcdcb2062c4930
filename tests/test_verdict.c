/* How a verdict is put into words, for people and for programs. */
#include "badge/verdict.h"
#include "base/buf.h"
#include "tests/verifying.h"

#include <stdlib.h>

static void what_a_stranger_wrote_is_safe_to_show(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf payload = KM_BUF_EMPTY;
	km_buf_add_text(&payload, "{\"iss\":\"\\u001b[2Jdid:\\u202eweb\\u2066:x\\u0007\\n\\u009b31m\\u200b");
	for (int i = 0; i < 300; i++)
		km_buf_add_text(&payload, "é");
	km_buf_add_text(&payload, "\"}");
	struct km_verdict verdict = world_verify_parts(world, "{\"alg\":\"EdDSA\",\"kid\":\"x\"}", payload.data);
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	static const char *const unsafe[] = {"\x1b", "\xe2\x80\xae", "\xe2\x81\xa6", "\a",
	                                     "\n",   "\xc2\x9b",     "\xe2\x80\x8b"};
	for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++) {
		assert_null(strstr(verdict.sentence, unsafe[i]));
		assert_null(strstr(verdict.issuer, unsafe[i]));
		assert_null(strstr(verdict.checks[KM_CHECK_ISSUER].detail, unsafe[i]));
	}
	assert_true(strlen(verdict.issuer) < sizeof verdict.issuer);
	assert_contains(verdict.issuer, "…");
}

static void text_is_cut_between_characters(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t size;
		const char *shown;
	} cases[] = {
		{"abc", 4, "abc"},
		{"abcd", 4, "…"},
		{"abcdef", 6, "ab…"},
		{"éé", 5, "éé"},
		{"ééé", 6, "é…"},
		{"", 4, ""},
		{"a\xff"
	     "b",
	     8,
	     "a\ufffd"
	     "b"},
		{"\xf0\x9f\x91", 8, "\ufffd…"},
		{"👩👩", 9, "👩👩"},
		{"👩👩👩", 9, "👩…"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char shown[16];
		km_text_show(cases[i].text, shown, cases[i].size);
		assert_string_equal(shown, cases[i].shown);
	}
}

static void a_long_name_still_gives_a_whole_sentence(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf name = KM_BUF_EMPTY;
	for (int i = 0; i < 200; i++)
		km_buf_add_text(&name, "👩");
	world->sample.provider.name = name.data;
	world->sample.scheme.name.in[KM_NL] = name.data;
	auto_free char *token = world_credential(world, &world->sample.mark, SAMPLE_URL);
	struct km_verdict verdict = world_verify(world, token);
	expect(&verdict, KM_GENUINE, "active");
	assert_string_equal(verdict.provider_name, name.data);
	assert_contains(verdict.sentence, "says https://keurmerk.example.");
}

static void the_verdict_for_programs_says_the_same(void **state)
{
	struct world *world = *state;
	struct km_verdict verdict = world_verify(world, world->token);
	json_auto_t *json = km_verdict_json(&verdict);
	assert_string_equal(json_string_value(json_object_get(json, "outcome")), "genuine");
	assert_string_equal(json_string_value(json_object_get(json, "reason")), "active");
	assert_string_equal(json_string_value(json_object_get(json, "mark")), SAMPLE_NUMBER);
	assert_string_equal(json_string_value(json_object_get(json, "kvk")), "68750110");
	assert_string_equal(json_string_value(json_object_get(json, "statusSignedAt")), "2026-11-24T17:03:37Z");
	assert_int_equal(json_array_size(json_object_get(json, "checks")), KM_CHECKS);
	world->answer.error = KM_UNAVAILABLE;
	verdict = world_verify(world, world->token);
	json_auto_t *unknown = km_verdict_json(&verdict);
	assert_string_equal(json_string_value(json_object_get(unknown, "outcome")), "cannot-tell");
	assert_null(json_object_get(unknown, "statusSignedAt"));
	json_t *status = json_array_get(json_object_get(unknown, "checks"), KM_CHECK_STATUS);
	assert_string_equal(json_string_value(json_object_get(status, "check")), "status");
	assert_string_equal(json_string_value(json_object_get(status, "result")), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(what_a_stranger_wrote_is_safe_to_show),
		KM_TEST(text_is_cut_between_characters),
		KM_VERIFY_TEST(a_long_name_still_gives_a_whole_sentence),
		KM_VERIFY_TEST(the_verdict_for_programs_says_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
