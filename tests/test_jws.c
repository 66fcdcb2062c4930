#include "tests/test.h"

#include "base/buf.h"
#include "base/encode.h"
#include "keys/jws.h"

/* RFC 8037, A.1 and A.4. */
static const char seed_text[] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
static const char token_text[] =
	"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
	"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
static const char payload_text[] = "Example of Ed25519 signing";

static struct km_key *rfc_key(void)
{
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	uint8_t seed[32];
	assert_true(km_decode_exact(KM_BASE64URL, seed_text, strlen(seed_text), seed, sizeof seed));
	assert_ok(km_key_from_seed(seed, &key, &problem), &problem);
	return key;
}

static void the_token_of_rfc_8037_is_what_we_make(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_key *key = rfc_key();
	auto_free char *token = NULL;
	json_auto_t *header = json_object();
	assert_ok(km_jws_sign(key, header, payload_text, strlen(payload_text), &token, &problem), &problem);
	assert_string_equal(token, token_text);
	assert_int_equal(json_object_size(header), 0);
	km_key_free(key);
}

static void the_token_of_rfc_8037_is_read_and_holds(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_key *key = rfc_key();
	uint8_t public_key[KM_PUBLIC_BYTES];
	auto_jws struct km_jws jws = {0};
	km_key_public(key, public_key);
	km_key_free(key);
	assert_ok(km_jws_parse(token_text, strlen(token_text), strlen(token_text), &jws, &problem), &problem);
	assert_string_equal(jws.payload, payload_text);
	assert_int_equal(jws.payload_len, strlen(payload_text));
	assert_null(jws.kid);
	assert_null(jws.typ);
	assert_true(km_jws_verify(&jws, public_key));
	public_key[0] ^= 1;
	assert_false(km_jws_verify(&jws, public_key));
}

static void the_header_keeps_its_order_after_alg(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_key *key = rfc_key();
	uint8_t public_key[KM_PUBLIC_BYTES];
	auto_free char *token = NULL;
	auto_buf struct km_buf head = KM_BUF_EMPTY;
	auto_jws struct km_jws jws = {0};
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", "JWT", "kid", "https://keurmerk.example/keys/1.jwk");
	assert_ok(km_jws_sign(key, header, "{}", 2, &token, &problem), &problem);
	assert_true(km_decode(KM_BASE64URL, token, strcspn(token, "."), &head));
	assert_string_equal(head.data,
	                    "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"https://keurmerk.example/keys/1.jwk\"}");
	assert_ok(km_jws_parse(token, strlen(token), 1000, &jws, &problem), &problem);
	assert_string_equal(jws.typ, "JWT");
	assert_string_equal(jws.kid, "https://keurmerk.example/keys/1.jwk");
	km_key_public(key, public_key);
	assert_true(km_jws_verify(&jws, public_key));
	jws.signed_text[jws.signed_len - 1] ^= 1;
	assert_false(km_jws_verify(&jws, public_key));
	km_key_free(key);
}

static void nothing_is_signed_without_a_payload_or_with_another_alg(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_key *key = rfc_key();
	char *token = NULL;
	json_auto_t *header = json_object(), *other = json_pack("{s:s}", "alg", "none");
	assert_problem(km_jws_sign(key, header, "", 0, &token, &problem), &problem, KM_BUG, "jws");
	assert_problem(km_jws_sign(key, other, "{}", 2, &token, &problem), &problem, KM_BUG, "jws");
	assert_null(token);
	km_key_free(key);
}

/* A token with this header, and a signature of the right length. */
static enum km_error parse_with(const char *header, size_t len, struct km_jws *jws, struct km_problem *problem)
{
	static const uint8_t signature[KM_SIGNATURE_BYTES];
	auto_buf struct km_buf token = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, header, len, &token);
	km_buf_add_text(&token, ".e30.");
	km_encode(KM_BASE64URL, signature, sizeof signature, &token);
	return km_jws_parse(token.data, token.len, 100000, jws, problem);
}

static void a_header_that_brings_its_own_key_or_rules_is_refused(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"{\"alg\":\"EdDSA\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"EdDSA\",\"crit\":null}",
		"{\"alg\":\"EdDSA\",\"b64\":true}",
		"{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"]}",
		"{\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"OKP\"}}",
		"{\"alg\":\"EdDSA\",\"jku\":\"https://keurmerk.example/jwks.json\"}",
		"{\"alg\":\"EdDSA\",\"x5u\":\"https://keurmerk.example/x.pem\"}",
		"{\"alg\":\"EdDSA\",\"x5c\":[]}",
		"{\"alg\":\"EdDSA\",\"x5t\":\"AA\"}",
		"{\"alg\":\"EdDSA\",\"x5t#S256\":\"AA\"}",
		"{\"alg\":\"none\"}",
		"{\"alg\":\"HS256\"}",
		"{\"alg\":\"ES256\"}",
		"{\"alg\":\"eddsa\"}",
		"{\"alg\":\"Ed448\"}",
		"{\"alg\":[\"EdDSA\"]}",
		"{\"typ\":\"JWT\"}",
		"{}",
		"{\"alg\":\"EdDSA\",\"kid\":5}",
		"{\"alg\":\"EdDSA\",\"kid\":\"\"}",
		"{\"alg\":\"EdDSA\",\"kid\":\"a\\nb\"}",
		"{\"alg\":\"EdDSA\",\"typ\":[]}",
	};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct km_problem problem = {0};
		struct km_jws jws = {0};
		if (parse_with(headers[i], strlen(headers[i]), &jws, &problem) != KM_MALFORMED)
			fail_msg("%s was taken", headers[i]);
		assert_null(jws.header);
	}
}

static void a_header_that_is_no_json_object_is_refused(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"",
		"null",
		"[\"EdDSA\"]",
		"{\"alg\":\"EdDSA\"",
		"{\"alg\":\"EdDSA\"} x",
		"{\"alg\":\"none\",\"alg\":\"EdDSA\"}",
		"{\"alg\":\"EdDSA\",\"a\":\"\\u0000\"}",
		"{\"alg\":\"EdDSA\",\"a\":\"\xff\"}",
		"{\"alg\":\"EdDSA\",\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct km_problem problem = {0};
		struct km_jws jws = {0};
		if (parse_with(headers[i], strlen(headers[i]), &jws, &problem) != KM_MALFORMED)
			fail_msg("%s was taken", headers[i]);
	}
}

static void headers_that_hold_no_surprise_are_taken(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"{\"alg\":\"EdDSA\"}",
		" { \"alg\" : \"Ed25519\" , \"cty\":\"vc\" } ",
		"{\"typ\":\"JWT\",\"kid\":\"a\",\"alg\":\"EdDSA\"}",
	};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct km_problem problem = {0};
		auto_jws struct km_jws jws = {0};
		assert_ok(parse_with(headers[i], strlen(headers[i]), &jws, &problem), &problem);
		assert_string_equal(jws.payload, "{}");
	}
}

static void bounds_hold_at_n_and_not_at_n_plus_1(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	auto_jws struct km_jws jws = {0};
	size_t len = strlen(token_text);
	assert_problem(km_jws_parse(token_text, len, len - 1, &jws, &problem), &problem, KM_TOO_LARGE, "jws-too-large");
	assert_ok(km_jws_parse(token_text, len, len, &jws, &problem), &problem);
	char header[KM_JWS_HEADER_MAX + 2];
	memset(header, ' ', sizeof header);
	memcpy(header, "{\"alg\":\"EdDSA\"}", 15);
	km_jws_done(&jws);
	assert_ok(parse_with(header, KM_JWS_HEADER_MAX, &jws, &problem), &problem);
	km_jws_done(&jws);
	assert_problem(parse_with(header, KM_JWS_HEADER_MAX + 1, &jws, &problem), &problem, KM_TOO_LARGE, "jws-too-large");
}

static void a_token_has_exactly_one_spelling(void **state)
{
	(void)state;
#define HEAD "eyJhbGciOiJFZERTQSJ9"
#define BODY "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define SIGN "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	static const char *const tokens[] = {
		"",
		".",
		"..",
		HEAD "." BODY,
		HEAD "." BODY "." SIGN ".",
		"." HEAD "." BODY "." SIGN,
		HEAD "." BODY "." SIGN "." SIGN,
		HEAD ".." SIGN, /* detached */
		"." BODY "." SIGN,
		HEAD "." BODY ".",
		HEAD "." BODY "=." SIGN,
		HEAD "=." BODY "." SIGN,
		HEAD "." BODY "." SIGN "=",
		HEAD "." BODY "." SIGN "==",
		" " HEAD "." BODY "." SIGN,
		HEAD "." BODY "." SIGN "\n",
		HEAD "." BODY "\n." SIGN,
		HEAD "." BODY ".hgyY0il/MGCjP0JzlnLWG1PPOt7+09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr/MuM0KAg",
		/* bits set in the unused end of the last symbol */
		HEAD ".RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd." SIGN,
		HEAD "." BODY ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAh",
		HEAD "." BODY ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0K",
		HEAD "." BODY "." SIGN "AA",
	};
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		struct km_problem problem = {0};
		struct km_jws jws = {0};
		if (km_jws_parse(tokens[i], strlen(tokens[i]), 1000, &jws, &problem) != KM_MALFORMED)
			fail_msg("%s was taken", tokens[i]);
		assert_null(jws.signed_text);
	}
	static const char with_nul[] = HEAD "." BODY "\0." SIGN;
	struct km_problem problem = {0};
	struct km_jws jws = {0};
	assert_problem(km_jws_parse(with_nul, sizeof with_nul - 1, 1000, &jws, &problem), &problem, KM_MALFORMED, "jws");
}

static void every_shortened_token_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(token_text); len++) {
		struct km_problem problem = {0};
		struct km_jws jws = {0};
		/* On the heap and without a NUL, so that a sanitizer sees a read past the end. */
		char *part = malloc(len ? len : 1);
		assert_non_null(part);
		memcpy(part, token_text, len);
		assert_int_equal(km_jws_parse(part, len, 1000, &jws, &problem), KM_MALFORMED);
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(the_token_of_rfc_8037_is_what_we_make),
		KM_TEST(the_token_of_rfc_8037_is_read_and_holds),
		KM_TEST(the_header_keeps_its_order_after_alg),
		KM_TEST(nothing_is_signed_without_a_payload_or_with_another_alg),
		KM_TEST(a_header_that_brings_its_own_key_or_rules_is_refused),
		KM_TEST(a_header_that_is_no_json_object_is_refused),
		KM_TEST(headers_that_hold_no_surprise_are_taken),
		KM_TEST(bounds_hold_at_n_and_not_at_n_plus_1),
		KM_TEST(a_token_has_exactly_one_spelling),
		KM_TEST(every_shortened_token_is_refused),
	};
	return cmocka_run_group_tests_name("jws", tests, NULL, NULL);
}
