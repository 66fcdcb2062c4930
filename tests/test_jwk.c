#include "tests/test.h"

#include "base/json.h"
#include "keys/jwk.h"

/* RFC 8037, A.2 and A.3. */
#define X          "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define THUMBPRINT "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

static enum km_error parse(const char *text, uint8_t public_key[static KM_PUBLIC_BYTES], struct km_problem *problem)
{
	json_auto_t *jwk = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(jwk);
	return km_jwk_parse(jwk, public_key, problem);
}

static void the_key_of_rfc_8037_has_its_thumbprint(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	assert_ok(parse("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}", public_key, &problem), &problem);
	km_jwk_thumbprint(public_key, thumbprint);
	assert_string_equal(thumbprint, THUMBPRINT);
}

static void a_written_key_is_read_back(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	uint8_t public_key[KM_PUBLIC_BYTES], again[KM_PUBLIC_BYTES];
	assert_ok(parse("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}", public_key, &problem), &problem);
	json_auto_t *jwk = km_jwk_format(public_key);
	char *text = km_json_text(jwk);
	assert_string_equal(text, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"kid\":\"" THUMBPRINT
	                          "\",\"alg\":\"EdDSA\",\"use\":\"sig\"}");
	free(text);
	assert_ok(km_jwk_parse(jwk, again, &problem), &problem);
	assert_memory_equal(again, public_key, sizeof again);
}

static void members_that_we_do_not_know_are_passed_over(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"alg\":\"Ed25519\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"alg\":\"EdDSA\",\"key_ops\":[\"verify\"],\"n\":5}",
		"{\"x\":\"" X "\",\"kid\":\"" THUMBPRINT "\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\"}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct km_problem problem = {0};
		uint8_t public_key[KM_PUBLIC_BYTES];
		assert_ok(parse(texts[i], public_key, &problem), &problem);
	}
}

static void what_is_no_public_ed25519_key_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"5",
		"[]",
		"{}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}",
		"{\"kty\":\"OKP\",\"x\":\"" X "\"}",
		"{\"crv\":\"Ed25519\",\"x\":\"" X "\"}",
		"{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}",
		"{\"kty\":\"okp\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}",
		"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "=\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "A\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		/* bits set in the unused end of the last symbol */
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":5}",
		/* the neutral point */
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"alg\":\"ES256\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"alg\":null}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"use\":\"enc\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"kid\":\"mine\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct km_problem problem = {0};
		uint8_t public_key[KM_PUBLIC_BYTES] = {7}, untouched[KM_PUBLIC_BYTES] = {7};
		assert_problem(parse(texts[i], public_key, &problem), &problem, KM_INVALID, "jwk");
		assert_memory_equal(public_key, untouched, sizeof untouched);
	}
}

static void a_private_key_is_refused_with_advice(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	uint8_t public_key[KM_PUBLIC_BYTES];
	assert_problem(parse("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X
	                     "\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}",
	                     public_key, &problem),
	               &problem, KM_INVALID, "jwk");
	assert_contains(problem.message, "private");
	assert_null(strstr(problem.message, "nWGxne"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(the_key_of_rfc_8037_has_its_thumbprint),      KM_TEST(a_written_key_is_read_back),
		KM_TEST(members_that_we_do_not_know_are_passed_over), KM_TEST(what_is_no_public_ed25519_key_is_refused),
		KM_TEST(a_private_key_is_refused_with_advice),
	};
	return cmocka_run_group_tests_name("jwk", tests, NULL, NULL);
}
