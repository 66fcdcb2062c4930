#include "badge/bake.h"
#include "badge/credential.h"
#include "badge/verdict.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/form.h"
#include "tests/verifying.h"

#include <stdlib.h>
#include <unistd.h>

static void a_genuine_and_active_mark_is_said_to_be_so(void **state)
{
	struct km_verdict verdict = world_verify(*state, ((struct world *)*state)->token);
	expect_all_good(&verdict);
	assert_string_equal(verdict.sentence,
	                    "Genuine and active: Test BV Donald (KvK 68750110) holds “Keurmerk ICT-dienstverlener "
	                    "(voorbeeld)”, valid until 24 November 2029, says https://keurmerk.example.");
}

static void white_space_around_a_credential_does_not_matter(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add_format(&text, "\xef\xbb\xbf \r\n\t%s\r\n\n ", world->token);
	struct km_verdict verdict = world_verify(world, text.data);
	expect_all_good(&verdict);
}

static void bake_svg(const char *token, struct km_buf *svg)
{
	km_buf_add_format(svg,
	                  "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
	                  "xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\"><openbadges:credential verify=\"%s\">"
	                  "</openbadges:credential><path d=\"M0 0h1v1h-1z\"/></svg>",
	                  token);
}

/* The smallest PNG: one grey pixel. */
static const char png_hex[] = "89504e470d0a1a0a0000000d494844520000000100000001080000000"
							  "03a7e9b550000000a49444154789c63680000008200817"
							  "7cd72b60000000049454e44ae426082";

static void plain_png(struct km_buf *png)
{
	assert_true(km_decode(KM_HEX, png_hex, strlen(png_hex), png));
}

static void a_baked_picture_is_verified_by_the_credential_in_it(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf svg = KM_BUF_EMPTY, png = KM_BUF_EMPTY, baked = KM_BUF_EMPTY;
	bake_svg(world->token, &svg);
	struct km_verdict verdict = world_verify_bytes(world, svg.data, svg.len);
	expect_all_good(&verdict);
	struct km_problem problem = {0};
	plain_png(&png);
	assert_ok(km_bake_png(png.data, png.len, world->token, &baked, &problem), &problem);
	verdict = world_verify_bytes(world, baked.data, baked.len);
	expect_all_good(&verdict);
}

static void a_picture_without_a_credential_proves_nothing(void **state)
{
	struct world *world = *state;
	static const char svg[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"><text>Echt en geldig</text></svg>";
	struct km_verdict verdict = world_verify(world, svg);
	expect(&verdict, KM_CANNOT_TELL, "no-credential");
	auto_buf struct km_buf png = KM_BUF_EMPTY;
	plain_png(&png);
	verdict = world_verify_bytes(world, png.data, png.len);
	expect(&verdict, KM_CANNOT_TELL, "no-credential");
	assert_int_equal(world->answer.asked, 0);
}

static void what_is_nothing_that_we_know_proves_nothing(void **state)
{
	struct world *world = *state;
	static const char *const things[] = {"",
	                                     " ",
	                                     "hello",
	                                     "eyJ",
	                                     "<html><body>7K3Q-9XM2-4HTT</body></html>",
	                                     "<svg",
	                                     "{\"type\":[\"VerifiableCredential\"]}",
	                                     "\x89PNG\r\n\x1a\n",
	                                     "\xff\xd8\xff",
	                                     "Dit is een lange tekst van een mens, en dus geen bewijs van wat dan ook."};
	for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
		struct km_verdict verdict = world_verify(world, things[i]);
		expect(&verdict, KM_CANNOT_TELL, "unknown-form");
		assert_int_equal(verdict.checks[KM_CHECK_FORMAT].result, KM_RESULT_UNKNOWN);
	}
	struct km_verdict verdict = world_verify_bytes(world, "\0\0\0\0", 4);
	expect(&verdict, KM_CANNOT_TELL, "unknown-form");
	verdict = world_verify(world, "%PDF-1.7");
	expect(&verdict, KM_CANNOT_TELL, "no-credential");
}

/* Every byte of the token, changed into each of these, and not a change too few: "not valid", each time. */
static void one_changed_byte_makes_it_not_valid(void **state)
{
	struct world *world = *state;
	size_t len = strlen(world->token);
	static const char put[] = {' ', '<', '.', 'A', '\0', '\xff', '\n', '{', '"', '-'};
	auto_free char *changed = strdup(world->token);
	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i <= sizeof put; i++) {
			changed[at] = i < sizeof put ? put[i] : (char)(world->token[at] ^ 1);
			if (changed[at] == world->token[at])
				continue;
			struct km_verdict verdict = world_verify_bytes(world, changed, len);
			if (verdict.outcome != KM_NOT_VALID)
				fail_msg("byte %zu as %02x: %s", at, (unsigned char)changed[at], verdict.sentence);
			assert_string_equal(verdict.provider_name, "");
			assert_string_equal(verdict.number, "");
		}
		changed[at] = world->token[at];
	}
	assert_int_equal(world->answer.asked, 0);
}

static void one_changed_byte_of_the_token_in_a_picture_makes_it_not_valid(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf svg = KM_BUF_EMPTY, plain = KM_BUF_EMPTY, png = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	bake_svg(world->token, &svg);
	plain_png(&plain);
	assert_ok(km_bake_png(plain.data, plain.len, world->token, &png, &problem), &problem);
	struct km_buf *pictures[] = {&svg, &png};
	static const char put[] = {'<', '"', '&', '\0', '\xff', 'A', '.'};
	size_t len = strlen(world->token);
	for (size_t p = 0; p < 2; p++) {
		char *token = memmem(pictures[p]->data, pictures[p]->len, world->token, len);
		for (size_t at = 0; at < len; at += 7) {
			for (size_t i = 0; i < sizeof put; i++) {
				if (put[i] == world->token[at])
					continue;
				token[at] = put[i];
				struct km_verdict verdict = world_verify_bytes(world, pictures[p]->data, pictures[p]->len);
				if (verdict.outcome != KM_NOT_VALID)
					fail_msg("byte %zu as %02x: %s", at, (unsigned char)put[i], verdict.sentence);
			}
			token[at] = world->token[at];
		}
		/* Cut short, at any point after the credential. */
		for (size_t cut = 1; cut < 20; cut++) {
			struct km_verdict verdict = world_verify_bytes(world, pictures[p]->data, pictures[p]->len - cut);
			expect(&verdict, KM_NOT_VALID, "malformed");
		}
	}
}

static void a_truncated_or_lengthened_token_is_not_valid(void **state)
{
	struct world *world = *state;
	size_t len = strlen(world->token);
	for (size_t cut = 64; cut < len; cut += 13) {
		struct km_verdict verdict = world_verify_bytes(world, world->token, cut);
		assert_int_equal(verdict.outcome, KM_NOT_VALID);
	}
	static const char *const more[] = {"A", "=", ".", ".AAAA", "AAAA"};
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		auto_buf struct km_buf text = KM_BUF_EMPTY;
		km_buf_add_format(&text, "%s%s", world->token, more[i]);
		struct km_verdict verdict = world_verify(world, text.data);
		expect(&verdict, KM_NOT_VALID, "malformed");
	}
}

static void a_changed_claim_is_told_as_a_signature_that_does_not_fit(void **state)
{
	struct world *world = *state;
	struct km_problem problem = {0};
	world->sample.provider.name = "Test NV Katrien";
	auto_free char *payload = NULL;
	assert_ok(km_credential_payload(&world->sample.mark, SAMPLE_URL, SAMPLE_NOW, &payload, &problem), &problem);
	const char *first = strchr(world->token, '.'), *last = strrchr(world->token, '.');
	auto_buf struct km_buf forged = KM_BUF_EMPTY;
	km_buf_add(&forged, world->token, (size_t)(first - world->token) + 1);
	km_encode(KM_BASE64URL, payload, strlen(payload), &forged);
	km_buf_add_text(&forged, last);
	struct km_verdict verdict = world_verify(world, forged.data);
	expect(&verdict, KM_NOT_VALID, "bad-signature");
	assert_int_equal(verdict.checks[KM_CHECK_SIGNATURE].result, KM_RESULT_BAD);
	assert_int_equal(verdict.checks[KM_CHECK_VALIDITY].result, KM_RESULT_NOT_REACHED);
	assert_int_equal(verdict.checks[KM_CHECK_STATUS].result, KM_RESULT_NOT_REACHED);
	assert_null(strstr(verdict.sentence, "Katrien"));
}

static void nobody_named_is_always_cannot_tell(void **state)
{
	struct world *world = *state;
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), NULL, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "no-trust");
	assert_contains(verdict.sentence, "it says it is by https://keurmerk.example, which proves nothing");
	assert_string_equal(verdict.provider_name, "");
	world->token[100] ^= 1;
	km_verify(world->token, strlen(world->token), NULL, &world->source, world->now, &verdict);
	assert_int_equal(verdict.outcome, KM_CANNOT_TELL);
	km_verify_number(SAMPLE_NUMBER, NULL, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "no-trust");
	assert_int_equal(world->answer.asked, 0);
}

static void a_credential_of_another_issuer_is_cannot_tell_with_its_name(void **state)
{
	struct world *world = *state;
	struct km_problem problem = {0};
	auto_free char *payload = NULL;
	assert_ok(km_credential_payload(&world->sample.mark, "https://other.example", SAMPLE_NOW, &payload, &problem),
	          &problem);
	auto_free char *foreign = world_sign(world, STRANGER, "JWT", "https://other.example/keys/x.jwk", payload);
	struct km_verdict verdict = world_verify(world, foreign);
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	assert_contains(verdict.sentence, "by https://other.example");
	assert_string_equal(verdict.issuer, "did:web:other.example");
	assert_string_equal(verdict.provider_name, "");
	assert_int_equal(verdict.checks[KM_CHECK_ISSUER].result, KM_RESULT_UNKNOWN);
	assert_int_equal(world->answer.asked, 0);
}

static void others_may_sign_in_ways_that_we_do_not_read(void **state)
{
	struct km_verdict verdict = world_verify_parts(*state, "{\"alg\":\"RS256\",\"jwk\":{}}",
	                                               "{\"issuer\":{\"id\":\"https://badges.example/issuer\"}}");
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	assert_string_equal(verdict.issuer, "https://badges.example/issuer");
	verdict = world_verify_parts(*state, "{\"alg\":\"ES256\"}", "{\"vc\":{\"issuer\":\"did:key:z6Mk\"}}");
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	verdict = world_verify_parts(*state, "{\"alg\":\"EdDSA\",\"kid\":\"x\"}", "{\"role\":\"admin\"}");
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
}

static void whoever_claims_to_be_our_registry_is_held_to_it(void **state)
{
	struct world *world = *state;
	static const char *const headers[] = {"{\"alg\":\"none\"}",
	                                      "{\"alg\":\"HS256\",\"kid\":\"x\"}",
	                                      "{\"alg\":\"EdDSA\"}",
	                                      "{\"alg\":\"EdDSA\",\"kid\":\"x\"}",
	                                      "{\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"OKP\"}}",
	                                      "{\"alg\":\"EdDSA\",\"kid\":\"https://keurmerk.example/keys/"
	                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.jwk\"}"};
	static const char *const payloads[] = {"{\"iss\":\"did:web:keurmerk.example\"}",
	                                       "{\"iss\":\"https://keurmerk.example\"}",
	                                       "{\"iss\":\"x\",\"issuer\":{\"id\":\"did:web:keurmerk.example\"}}",
	                                       "{\"vc\":{\"issuer\":\"did:web:keurmerk.example\"}}"};
	for (size_t h = 0; h < sizeof headers / sizeof *headers; h++) {
		for (size_t p = 0; p < sizeof payloads / sizeof *payloads; p++) {
			struct km_verdict verdict = world_verify_parts(world, headers[h], payloads[p]);
			assert_int_equal(verdict.outcome, KM_NOT_VALID);
		}
	}
	auto_free char *payload = NULL;
	struct km_problem problem = {0};
	assert_ok(km_credential_payload(&world->sample.mark, SAMPLE_URL, SAMPLE_NOW, &payload, &problem), &problem);
	auto_free char *stranger = world_sign_credential(world, STRANGER, payload);
	struct km_verdict verdict = world_verify(world, stranger);
	expect(&verdict, KM_NOT_VALID, "unknown-key");
	/* With the name of our key, and the signature of a stranger's. */
	char kid[256];
	world_kid(world, CREDENTIAL, true, kid);
	auto_free char *borrowed = world_sign(world, STRANGER, "JWT", kid, payload);
	verdict = world_verify(world, borrowed);
	expect(&verdict, KM_NOT_VALID, "bad-signature");
}

static void a_key_signs_only_what_it_is_for_and_when(void **state)
{
	struct world *world = *state;
	struct km_keyset_entry *entry = &world->trust.entries[CREDENTIAL];
	entry->revoked_at = SAMPLE_NOW + 10; /* after it signed; but who says when it signed? tests/test_verify_revoked.c */
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_CANNOT_TELL, "revoked-key");
	entry->revoked_at = 0;
	entry->not_after = SAMPLE_NOW; /* retired since: what it signed in time stays good */
	verdict = world_verify(world, world->token);
	expect_all_good(&verdict);
	entry->not_after = SAMPLE_NOW - 1;
	verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "key-not-in-use");
	entry->not_after = 0;
	entry->not_before = SAMPLE_NOW + 1;
	verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "key-not-in-use");
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++) {
		if (purpose == KM_PURPOSE_CREDENTIAL)
			continue;
		entry->purpose = purpose;
		verdict = world_verify(world, world->token);
		expect(&verdict, KM_NOT_VALID, "wrong-key");
	}
}

static void a_status_is_no_credential(void **state)
{
	struct world *world = *state;
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	struct km_verdict verdict = world_verify(world, status);
	expect(&verdict, KM_NOT_VALID, "wrong-key");
	/* Not even where a key for credentials signed it. */
	auto_free char *signed_so = world_status(world, &world->sample.mark, world->now, CREDENTIAL);
	verdict = world_verify(world, signed_so);
	expect(&verdict, KM_NOT_VALID, "malformed");
}

static void a_signed_claim_that_differs_from_its_twin_is_not_valid(void **state)
{
	struct world *world = *state;
	struct km_problem problem = {0};
	auto_free char *payload = NULL;
	assert_ok(km_credential_payload(&world->sample.mark, SAMPLE_URL, SAMPLE_NOW, &payload, &problem), &problem);
	static const char *const changes[] = {"{\"nbf\":1}", "{\"exp\":4102444800}", "{\"iss\":\"did:web:other.example\"}",
	                                      "{\"jti\":\"https://keurmerk.example/m/7K3Q9XM24HVR\"}", "{\"sub\":\"x\"}"};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		json_auto_t *credential = json_loads(payload, 0, NULL), *change = json_loads(changes[i], 0, NULL);
		assert_int_equal(json_object_update(credential, change), 0);
		auto_free char *text = km_json_text(credential);
		auto_free char *token = world_sign_credential(world, CREDENTIAL, text);
		struct km_verdict verdict = world_verify(world, token);
		expect(&verdict, KM_NOT_VALID, "malformed");
		assert_string_equal(verdict.provider_name, "");
	}
}

static void write_file(const char *folder, const char *name, const void *bytes, size_t len)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

/* A second opinion on the signature: openssl(1), from the bytes of the token and the public key alone. */
static void openssl_finds_the_signature_good(void **state)
{
	struct world *world = *state;
	char folder[] = "/tmp/keurmerk-test-XXXXXX", command[512];
	assert_non_null(mkdtemp(folder));
	const char *last = strrchr(world->token, '.');
	uint8_t signature[KM_SIGNATURE_BYTES];
	assert_true(km_decode_exact(KM_BASE64URL, last + 1, strlen(last + 1), signature, sizeof signature));
	/* SubjectPublicKeyInfo of RFC 8410: a fixed head, and the key. */
	auto_buf struct km_buf der = KM_BUF_EMPTY;
	km_buf_add(&der, "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
	km_buf_add(&der, world->trust.entries[CREDENTIAL].public_key, KM_PUBLIC_BYTES);
	write_file(folder, "key", der.data, der.len);
	write_file(folder, "signature", signature, sizeof signature);
	write_file(folder, "text", world->token, (size_t)(last - world->token));
	snprintf(
		command, sizeof command,
		"cd %s && openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature >out 2>&1",
		folder);
	int good = system(command);
	signature[0] ^= 1;
	write_file(folder, "signature", signature, sizeof signature);
	int bad = system(command);
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(good, 0);
	assert_int_not_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(a_genuine_and_active_mark_is_said_to_be_so),
		KM_VERIFY_TEST(white_space_around_a_credential_does_not_matter),
		KM_VERIFY_TEST(a_baked_picture_is_verified_by_the_credential_in_it),
		KM_VERIFY_TEST(a_picture_without_a_credential_proves_nothing),
		KM_VERIFY_TEST(what_is_nothing_that_we_know_proves_nothing),
		KM_VERIFY_TEST(one_changed_byte_makes_it_not_valid),
		KM_VERIFY_TEST(one_changed_byte_of_the_token_in_a_picture_makes_it_not_valid),
		KM_VERIFY_TEST(a_truncated_or_lengthened_token_is_not_valid),
		KM_VERIFY_TEST(a_changed_claim_is_told_as_a_signature_that_does_not_fit),
		KM_VERIFY_TEST(nobody_named_is_always_cannot_tell),
		KM_VERIFY_TEST(a_credential_of_another_issuer_is_cannot_tell_with_its_name),
		KM_VERIFY_TEST(others_may_sign_in_ways_that_we_do_not_read),
		KM_VERIFY_TEST(whoever_claims_to_be_our_registry_is_held_to_it),
		KM_VERIFY_TEST(a_key_signs_only_what_it_is_for_and_when),
		KM_VERIFY_TEST(a_status_is_no_credential),
		KM_VERIFY_TEST(a_signed_claim_that_differs_from_its_twin_is_not_valid),
		KM_VERIFY_TEST(openssl_finds_the_signature_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
