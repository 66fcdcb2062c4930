#include "base/buf.h"
#include "base/cbor.h"
#include "base/encode.h"
#include "keys/cwt.h"
#include "keys/jwk.h"
#include "tests/test.h"

#include <stdlib.h>

static const char claims_text[] =
	"{\"iss\":\"https://keurmerk.example\",\"sub\":\"7K3Q9XM24HTT\",\"exp\":1890255599,\"iat\":1795539757,"
	"\"name\":\"Test BV Donald\",\"kvk\":\"68750110\",\"scheme\":\"mkb-ict\",\"index\":70000}";

static struct km_key *key_of(uint8_t first)
{
	struct km_key *key = NULL;
	struct km_problem problem = {0};
	uint8_t seed[32] = {first};
	assert_ok(km_key_from_seed(seed, &key, &problem), &problem);
	return key;
}

static char *token_of(const char *text)
{
	struct km_problem problem = {0};
	struct km_key *key = key_of(1);
	json_auto_t *claims = json_loads(text, 0, NULL);
	char *token = NULL;
	assert_non_null(claims);
	assert_ok(km_cwt_sign(key, claims, &token, &problem), &problem);
	km_key_free(key);
	return token;
}

static void public_of(uint8_t first, uint8_t ret_public[static KM_PUBLIC_BYTES])
{
	struct km_key *key = key_of(first);
	km_key_public(key, ret_public);
	km_key_free(key);
}

static void what_is_signed_is_read_back(void **state)
{
	(void)state;
	auto_free char *token = token_of(claims_text);
	auto_cwt struct km_cwt cwt = {0};
	struct km_problem problem = {0};
	uint8_t ours[KM_PUBLIC_BYTES], other[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT], other_thumbprint[KM_THUMBPRINT_TEXT];
	public_of(1, ours);
	public_of(2, other);
	km_jwk_thumbprint(ours, thumbprint);
	km_jwk_thumbprint(other, other_thumbprint);
	assert_ok(km_cwt_parse(token, strlen(token), &cwt, &problem), &problem);
	json_auto_t *claims = json_loads(claims_text, 0, NULL);
	assert_true(json_equal(cwt.claims, claims));
	assert_true(km_cwt_names(&cwt, thumbprint));
	assert_false(km_cwt_names(&cwt, other_thumbprint));
	assert_true(km_cwt_verify(&cwt, ours));
	assert_false(km_cwt_verify(&cwt, other));
	assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), strlen(token));
}

/* The bytes, written out by hand from RFC 8392 and RFC 9052. */
static void the_bytes_are_those_of_the_standards(void **state)
{
	(void)state;
	auto_free char *token = token_of(claims_text);
	auto_buf struct km_buf bytes = KM_BUF_EMPTY, hex = KM_BUF_EMPTY;
	assert_true(km_decode(KM_BASE32, token, strlen(token), &bytes));
	km_encode(KM_HEX, bytes.data, bytes.len, &hex);
	static const char start[] = "d2"    /* tag 18, COSE_Sign1 */
								"84"    /* array of 4 */
								"4d"    /* protected header, 13 bytes */
								"a2"    /* map of 2 */
								"0127"  /* alg: EdDSA */
								"0448"; /* kid: 8 bytes */
	static const char middle[] = "a0"   /* nothing unprotected */
								 "586f" /* claims, 111 bytes */
								 "a8"   /* map of 8 */
								 "01"   /* iss */
								 "7818"
								 "68747470733a2f2f6b6575726d65726b2e6578616d706c65"
								 "02" /* sub */
								 "6c"
								 "374b335139584d323448 5454"
								 "04" /* exp */
								 "1a"
								 "70ab02ef"
								 "06" /* iat */
								 "1a"
								 "6b05c32d"
								 "3a00010000" /* -65537, name */
								 "6e"
								 "5465737420425620446f6e616c64"
								 "3a00010001" /* -65538, kvk */
								 "68"
								 "3638373530313130"
								 "3a00010002" /* -65539, scheme */
								 "67"
								 "6d6b622d696374"
								 "3a00010003" /* -65540, index */
								 "1a"
								 "00011170"
								 "5840"; /* signature, 64 bytes */
	auto_buf struct km_buf expected = KM_BUF_EMPTY;
	for (const char *c = middle; *c; c++)
		if (*c != ' ')
			km_buf_add_char(&expected, *c);
	assert_memory_equal(hex.data, start, strlen(start));
	assert_string_equal(hex.data + strlen(start) + 16 + expected.len + 128, "");
	assert_memory_equal(hex.data + strlen(start) + 16, expected.data, expected.len);
}

static void one_changed_symbol_is_noticed(void **state)
{
	(void)state;
	auto_free char *token = token_of(claims_text);
	size_t len = strlen(token);
	uint8_t ours[KM_PUBLIC_BYTES];
	public_of(1, ours);
	static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567a1=. ";
	for (size_t at = 0; at < len; at++) {
		char kept = token[at];
		for (const char *symbol = symbols; *symbol; symbol++) {
			if (*symbol == kept)
				continue;
			token[at] = *symbol;
			auto_cwt struct km_cwt cwt = {0};
			if (km_cwt_parse(token, len, &cwt, NULL) == KM_OK)
				assert_false(km_cwt_verify(&cwt, ours) && km_cwt_names(&cwt, "x"));
			if (cwt.claims && km_cwt_verify(&cwt, ours))
				fail_msg("symbol %zu as %c", at, *symbol);
		}
		token[at] = kept;
	}
}

static void a_part_of_a_token_is_none(void **state)
{
	(void)state;
	auto_free char *token = token_of(claims_text);
	struct km_cwt untouched = {.signed_len = 77};
	struct km_problem problem = {0};
	for (size_t len = 0; len < strlen(token); len++)
		assert_problem(km_cwt_parse(token, len, &untouched, &problem), &problem, KM_MALFORMED, "cwt");
	assert_int_equal(untouched.signed_len, 77);
	auto_buf struct km_buf longer = KM_BUF_EMPTY;
	km_buf_add_format(&longer, "%sAA", token);
	assert_int_equal(km_cwt_parse(longer.data, longer.len, &untouched, &problem), KM_MALFORMED);
	char huge[KM_CWT_TOKEN_MAX + 1];
	memset(huge, 'A', sizeof huge);
	assert_problem(km_cwt_parse(huge, sizeof huge, &untouched, &problem), &problem, KM_TOO_LARGE, "cwt");
	assert_problem(km_cwt_parse(huge, sizeof huge - 1, &untouched, &problem), &problem, KM_MALFORMED, "cwt");
}

/* Each is a token with one thing about it other than ours; the signature does not come into it. */
static void another_form_is_refused(void **state)
{
	(void)state;
	static const char header[] = "4da2012704480102030405060708";
	static const char claims[] = "5826"
								 "a8"
								 "016169"
								 "026173"
								 "0401"
								 "0602"
								 "3a00010000616e"
								 "3a00010001616b"
								 "3a000100026163"
								 "3a0001000300";
	static const struct {
		const char *told, *head, *header, *unprotected, *claims;
	} cases[] = {
		{NULL, "d284", header, "a0", claims},
		{"no tag", "84", header, "a0", claims},
		{"tag 17", "d184", header, "a0", claims},
		{"tag 61 about it", "d83dd284", header, "a0", claims},
		{"array of 5", "d285", header, "a0", claims},
		{"indefinite array", "d29f", header, "a0", claims},
		{"ES256", "d284", "4da2012604480102030405060708", "a0", claims},
		{"no kid", "d284", "43a10127", "a0", claims},
		{"empty header", "d284", "40", "a0", claims},
		{"short kid", "d284", "4ca20127044701020304050607", "a0", claims},
		{"kid first", "d284", "4da2044801020304050607080127", "a0", claims},
		{"crit", "d284", "51a3012702810404480102030405060708", "a0", claims},
		{"something unprotected", "d284", header, "a10442ffff", claims},
		{"no claims", "d284", header, "a0", "40"},
		{"claims not in bytes", "d284", header, "a0", claims + 4},
		{"a claim less", "d284", header, "a0",
	     "5820"
	     "a7"
	     "016169"
	     "026173"
	     "0401"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"},
		{"another order", "d284", header, "a0",
	     "5826"
	     "a8"
	     "026173"
	     "016169"
	     "0401"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"a claim twice", "d284", header, "a0",
	     "5826"
	     "a8"
	     "016169"
	     "016169"
	     "0401"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"a longer integer", "d284", header, "a0",
	     "5827"
	     "a8"
	     "016169"
	     "026173"
	     "041801"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"a negative moment", "d284", header, "a0",
	     "5826"
	     "a8"
	     "016169"
	     "026173"
	     "0420"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"a moment as text", "d284", header, "a0",
	     "5827"
	     "a8"
	     "016169"
	     "026173"
	     "046131"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"an empty text", "d284", header, "a0",
	     "5825"
	     "a8"
	     "0160"
	     "026173"
	     "0401"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"text with NUL", "d284", header, "a0",
	     "5826"
	     "a8"
	     "016100"
	     "026173"
	     "0401"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"text that is no UTF-8", "d284", header, "a0",
	     "5826"
	     "a8"
	     "0161ff"
	     "026173"
	     "0401"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"},
		{"more behind the claims", "d284", header, "a0",
	     "5827"
	     "a8"
	     "016169"
	     "026173"
	     "0401"
	     "0602"
	     "3a00010000616e"
	     "3a00010001616b"
	     "3a000100026163"
	     "3a0001000300"
	     "00"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		auto_buf struct km_buf hex = KM_BUF_EMPTY, bytes = KM_BUF_EMPTY, token = KM_BUF_EMPTY;
		km_buf_add_format(&hex, "%s%s%s%s5840", cases[i].head, cases[i].header, cases[i].unprotected, cases[i].claims);
		for (int k = 0; k < 64; k++)
			km_buf_add_text(&hex, "5a");
		assert_true(km_decode(KM_HEX, hex.data, hex.len, &bytes));
		km_encode(KM_BASE32, bytes.data, bytes.len, &token);
		auto_cwt struct km_cwt cwt = {0};
		struct km_problem problem = {0};
		enum km_error error = km_cwt_parse(token.data, token.len, &cwt, &problem);
		if (error != (cases[i].told ? KM_MALFORMED : KM_OK))
			fail_msg("%s: %d %s", cases[i].told ? cases[i].told : "as it should be", error, problem.message);
	}
}

static void what_does_not_fit_is_not_signed(void **state)
{
	(void)state;
	static const char *const changes[] = {"{\"iss\":\"\"}", "{\"iss\":7}",    "{\"exp\":\"7\"}", "{\"index\":-1}",
	                                      "{\"exp\":-1}",   "{\"kvk\":null}", "{\"more\":1}"};
	struct km_key *key = key_of(1);
	struct km_problem problem = {0};
	char *token = NULL;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		json_auto_t *claims = json_loads(claims_text, 0, NULL), *change = json_loads(changes[i], 0, NULL);
		assert_int_equal(json_object_update(claims, change), 0);
		assert_problem(km_cwt_sign(key, claims, &token, &problem), &problem, KM_INVALID, "form");
	}
	/* To its limit, and over it. */
	char text[KM_CWT_TEXT_MAX + 2];
	memset(text, 'x', sizeof text);
	for (size_t len = KM_CWT_TEXT_MAX; len <= KM_CWT_TEXT_MAX + 1; len++) {
		json_auto_t *claims = json_loads(claims_text, 0, NULL);
		json_object_set_new(claims, "name", json_stringn(text, len));
		auto_free char *made = NULL;
		assert_int_equal(km_cwt_sign(key, claims, &made, &problem), len > KM_CWT_TEXT_MAX ? KM_INVALID : KM_OK);
	}
	/* Each within its bound, and too long together. */
	json_auto_t *claims = json_loads(claims_text, 0, NULL);
	json_object_set_new(claims, "name", json_stringn(text, KM_CWT_TEXT_MAX));
	json_object_set_new(claims, "scheme", json_stringn(text, KM_CWT_TEXT_MAX));
	json_object_set_new(claims, "sub", json_stringn(text, KM_CWT_TEXT_MAX));
	assert_problem(km_cwt_sign(key, claims, &token, &problem), &problem, KM_INVALID, "form");
	assert_null(token);
	km_key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(what_is_signed_is_read_back),   KM_TEST(the_bytes_are_those_of_the_standards),
		KM_TEST(one_changed_symbol_is_noticed), KM_TEST(a_part_of_a_token_is_none),
		KM_TEST(another_form_is_refused),       KM_TEST(what_does_not_fit_is_not_signed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
