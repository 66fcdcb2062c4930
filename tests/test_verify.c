#include "badge/bake.h"
#include "badge/credential.h"
#include "badge/status.h"
#include "badge/verdict.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/form.h"
#include "tests/verifying.h"

#include <stdlib.h>
#include <unistd.h>

static void expect_all_good(const struct km_verdict *verdict)
{
	expect(verdict, KM_GENUINE, "active");
	for (int i = 0; i < KM_CHECKS; i++)
		assert_int_equal(verdict->checks[i].result, i == KM_CHECK_LOG ? KM_RESULT_NOT_REACHED : KM_RESULT_GOOD);
	assert_string_equal(verdict->warning, "");
	assert_string_equal(verdict->number, SAMPLE_NUMBER);
	assert_string_equal(verdict->provider_name, "Test BV Donald");
	assert_string_equal(verdict->kvk, "68750110");
	assert_string_equal(verdict->body_name, "Voorbeeld Certificatie B.V.");
	assert_string_equal(verdict->issuer, "did:web:keurmerk.example");
	assert_int_equal(verdict->valid_until, 1890255599);
	assert_int_equal(verdict->state_since, SAMPLE_NOW);
	assert_int_equal(verdict->checked_at, SAMPLE_NOW + 60);
	assert_int_equal(verdict->knowledge_at, SAMPLE_NOW + 60);
}

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

static void each_state_but_active_is_not_valid(void **state)
{
	struct world *world = *state;
	static const char *const said[KM_STATES] = {NULL, "is suspended, since 23 November 2026: surveillance-overdue",
	                                            "was withdrawn, since 23 November 2026: surveillance-overdue",
	                                            "has expired, since 23 November 2026"};
	for (enum km_state told = KM_SUSPENDED; told < KM_STATES; told++) {
		world->sample.mark.state = told;
		world->sample.mark.state_since = SAMPLE_NOW - 24 * 3600;
		world->sample.mark.reason = "surveillance-overdue";
		struct km_verdict verdict = world_verify(world, world->token);
		expect(&verdict, KM_NOT_VALID, km_state_name(told));
		assert_contains(verdict.sentence, said[told]);
		assert_int_equal(verdict.checks[KM_CHECK_SIGNATURE].result, KM_RESULT_GOOD);
		assert_int_equal(verdict.checks[KM_CHECK_STATUS].result, KM_RESULT_BAD);
		assert_int_equal(verdict.knowledge_at, world->now);
	}
}

static void an_expired_badge_is_said_to_be_expired(void **state)
{
	struct world *world = *state;
	world->now = 1890255599;
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_GENUINE, "active"); /* the last second */
	world->now++;
	world->sample.mark.state = KM_EXPIRED;
	verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "expired");
	assert_int_equal(verdict.checks[KM_CHECK_VALIDITY].result, KM_RESULT_BAD);
	/* Expired is certain, also where the state is not. */
	world->answer.error = KM_UNAVAILABLE;
	verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "expired");
	world->answer.error = KM_OK;
	/* A renewed mark: the old badge is no longer good, the mark is. */
	world->sample.mark.state = KM_ACTIVE;
	world->sample.mark.period.valid_until += 1000L * 24 * 3600;
	world->sample.mark.next_change = INT64_MAX;
	verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "expired");
	assert_contains(verdict.sentence, "expired after 24 November 2029. The mark itself is active");
}

static void withdrawn_and_suspended_are_told_before_expired(void **state)
{
	struct world *world = *state;
	world->now = 1890255600;
	world->sample.mark.next_change = INT64_MAX;
	for (enum km_state told = KM_SUSPENDED; told <= KM_WITHDRAWN; told++) {
		world->sample.mark.state = told;
		struct km_verdict verdict = world_verify(world, world->token);
		expect(&verdict, KM_NOT_VALID, km_state_name(told));
	}
}

static void a_badge_from_the_future_is_not_valid_yet(void **state)
{
	struct world *world = *state;
	world->now = SAMPLE_NOW - 1;
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "not-yet-valid");
}

static void a_status_that_cannot_be_asked_for_is_never_taken_as_good(void **state)
{
	struct world *world = *state;
	static const enum km_error errors[] = {KM_UNAVAILABLE, KM_IO, KM_MALFORMED, KM_INVALID, KM_UNPROVEN, KM_NO_MEMORY};
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		world->answer.error = errors[i];
		struct km_verdict verdict = world_verify(world, world->token);
		expect(&verdict, KM_CANNOT_TELL, "status-unknown");
		assert_int_equal(verdict.checks[KM_CHECK_STATUS].result, KM_RESULT_UNKNOWN);
		assert_int_equal(verdict.checks[KM_CHECK_SIGNATURE].result, KM_RESULT_GOOD);
		assert_int_equal(verdict.knowledge_at, 0);
		assert_string_equal(verdict.provider_name, "Test BV Donald");
	}
}

static void expect_unproven(struct world *world, const char *token)
{
	world->answer.token = token;
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	assert_int_equal(verdict.knowledge_at, 0);
	km_verify_number(SAMPLE_NUMBER, &world->trust, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	assert_string_equal(verdict.provider_name, "");
	world->answer.token = NULL;
}

static void a_forged_or_stale_status_proves_nothing(void **state)
{
	struct world *world = *state;
	struct km_mark *mark = &world->sample.mark;
	auto_free char *stale = world_status(world, mark, world->now - KM_STATUS_TTL_S, STATUS);
	auto_free char *future = world_status(world, mark, world->now + KM_STATUS_SKEW_S + 1, STATUS);
	auto_free char *stranger = world_status(world, mark, world->now, STRANGER);
	auto_free char *wrong_key = world_status(world, mark, world->now, CREDENTIAL);
	expect_unproven(world, stale);
	expect_unproven(world, future);
	expect_unproven(world, stranger);
	expect_unproven(world, wrong_key);
	expect_unproven(world, world->token); /* a credential is no status */
	expect_unproven(world, "");
	expect_unproven(world, "<html>not found</html>");
	/* A status key that is revoked, or was not yet in use. */
	world->trust.entries[STATUS].revoked_at = 1;
	expect_unproven(world, NULL);
	world->trust.entries[STATUS].revoked_at = 0;
	world->trust.entries[STATUS].not_after = SAMPLE_NOW;
	expect_unproven(world, NULL);
	world->trust.entries[STATUS].not_after = 0;
	/* Another mark's good status. */
	assert_int_equal(km_number_parse("7K3Q9XM24HVR", mark->number, NULL), KM_OK);
	auto_free char *other = world_status(world, mark, world->now, STATUS);
	expect_unproven(world, other);
}

static void one_changed_byte_of_the_status_proves_nothing(void **state)
{
	struct world *world = *state;
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	world->answer.token = status;
	for (size_t at = 0; at < strlen(status); at++) {
		status[at] ^= 1;
		struct km_verdict verdict = world_verify(world, world->token);
		expect(&verdict, KM_CANNOT_TELL, "status-unknown");
		status[at] ^= 1;
	}
	struct km_verdict verdict = world_verify(world, world->token);
	expect_all_good(&verdict);
}

static void offline_it_never_says_genuine(void **state)
{
	struct world *world = *state;
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), &world->trust, NULL, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	for (int i = 0; i < KM_CHECK_STATUS; i++)
		assert_int_equal(verdict.checks[i].result, KM_RESULT_GOOD);
	assert_int_equal(verdict.checks[KM_CHECK_STATUS].result, KM_RESULT_UNKNOWN);
	assert_string_equal(verdict.provider_name, "Test BV Donald");
	km_verify(world->token, strlen(world->token), &world->trust, NULL, 1890255600, &verdict);
	expect(&verdict, KM_NOT_VALID, "expired");
	km_verify_number(SAMPLE_NUMBER, &world->trust, NULL, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
}

static void a_credential_that_the_register_does_not_know_is_not_valid(void **state)
{
	struct world *world = *state;
	world->answer.error = KM_ABSENT;
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "not-in-register");
	km_verify_number("7k3q 9xm2 4htt", &world->trust, &world->source, world->now, &verdict);
	expect(&verdict, KM_NOT_VALID, "not-in-register");
	assert_contains(verdict.sentence, "https://keurmerk.example has no mark 7K3Q-9XM2-4HTT");
}

static void a_mark_that_the_register_has_for_another_is_not_valid(void **state)
{
	struct world *world = *state;
	world->sample.provider.kvk = "68727720";
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "other-holder");
}

static void the_registers_present_name_is_shown(void **state)
{
	struct world *world = *state;
	world->sample.provider.name = "Donald Nieuwe Naam BV";
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_GENUINE, "active");
	assert_string_equal(verdict.provider_name, "Donald Nieuwe Naam BV");
	assert_string_equal(verdict.warning, "Attention: the badge says “Test BV Donald”; in the register the holder is "
	                                     "“Donald Nieuwe Naam BV”.");
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

/* Header and payload in plain text; any signature will do. */
static struct km_verdict verify_parts(struct world *world, const char *header, const char *payload)
{
	auto_buf struct km_buf token = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, header, strlen(header), &token);
	km_buf_add_char(&token, '.');
	km_encode(KM_BASE64URL, payload, strlen(payload), &token);
	km_buf_add_char(&token, '.');
	for (int i = 0; i < 84; i++)
		km_buf_add_text(&token, "A");
	km_buf_add_text(&token, "AA");
	return world_verify(world, token.data);
}

static void others_may_sign_in_ways_that_we_do_not_read(void **state)
{
	struct km_verdict verdict = verify_parts(*state, "{\"alg\":\"RS256\",\"jwk\":{}}",
	                                         "{\"issuer\":{\"id\":\"https://badges.example/issuer\"}}");
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	assert_string_equal(verdict.issuer, "https://badges.example/issuer");
	verdict = verify_parts(*state, "{\"alg\":\"ES256\"}", "{\"vc\":{\"issuer\":\"did:key:z6Mk\"}}");
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	verdict = verify_parts(*state, "{\"alg\":\"EdDSA\",\"kid\":\"x\"}", "{\"role\":\"admin\"}");
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
			struct km_verdict verdict = verify_parts(world, headers[h], payloads[p]);
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

static void a_number_alone_is_answered_from_the_signed_status(void **state)
{
	struct world *world = *state;
	struct km_verdict verdict;
	km_verify_number("7K3Q-9XM2-4HTT", &world->trust, &world->source, world->now, &verdict);
	expect(&verdict, KM_GENUINE, "active");
	assert_string_equal(verdict.provider_name, "Test BV Donald");
	assert_int_equal(verdict.knowledge_at, world->now);
	verdict = world_verify(world, "7k3q9xm24htt"); /* the same as bytes, as pasted somewhere */
	expect(&verdict, KM_GENUINE, "active");
	for (enum km_state told = KM_SUSPENDED; told < KM_STATES; told++) {
		world->sample.mark.state = told;
		km_verify_number("7K3Q-9XM2-4HTT", &world->trust, &world->source, world->now, &verdict);
		expect(&verdict, KM_NOT_VALID, km_state_name(told));
	}
	world->answer.asked = 0;
	km_verify_number("7K3Q-9XM2-4HTU", &world->trust, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "mark-number-form"); /* U is no symbol */
	km_verify_number("7K3Q-9XM2-4HTV", &world->trust, &world->source, world->now, &verdict);
	expect(&verdict, KM_NOT_VALID, "mark-number-check");
	assert_int_equal(world->answer.asked, 0);
}

static void what_a_stranger_wrote_is_safe_to_show(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf payload = KM_BUF_EMPTY;
	km_buf_add_text(&payload, "{\"iss\":\"\\u001b[2Jdid:\\u202eweb\\u2066:x\\u0007\\n\\u009b31m\\u200b");
	for (int i = 0; i < 300; i++)
		km_buf_add_text(&payload, "é");
	km_buf_add_text(&payload, "\"}");
	struct km_verdict verdict = verify_parts(world, "{\"alg\":\"EdDSA\",\"kid\":\"x\"}", payload.data);
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
		KM_VERIFY_TEST(each_state_but_active_is_not_valid),
		KM_VERIFY_TEST(an_expired_badge_is_said_to_be_expired),
		KM_VERIFY_TEST(withdrawn_and_suspended_are_told_before_expired),
		KM_VERIFY_TEST(a_badge_from_the_future_is_not_valid_yet),
		KM_VERIFY_TEST(a_status_that_cannot_be_asked_for_is_never_taken_as_good),
		KM_VERIFY_TEST(a_forged_or_stale_status_proves_nothing),
		KM_VERIFY_TEST(one_changed_byte_of_the_status_proves_nothing),
		KM_VERIFY_TEST(offline_it_never_says_genuine),
		KM_VERIFY_TEST(a_credential_that_the_register_does_not_know_is_not_valid),
		KM_VERIFY_TEST(a_mark_that_the_register_has_for_another_is_not_valid),
		KM_VERIFY_TEST(the_registers_present_name_is_shown),
		KM_VERIFY_TEST(nobody_named_is_always_cannot_tell),
		KM_VERIFY_TEST(a_credential_of_another_issuer_is_cannot_tell_with_its_name),
		KM_VERIFY_TEST(others_may_sign_in_ways_that_we_do_not_read),
		KM_VERIFY_TEST(whoever_claims_to_be_our_registry_is_held_to_it),
		KM_VERIFY_TEST(a_key_signs_only_what_it_is_for_and_when),
		KM_VERIFY_TEST(a_status_is_no_credential),
		KM_VERIFY_TEST(a_signed_claim_that_differs_from_its_twin_is_not_valid),
		KM_VERIFY_TEST(a_number_alone_is_answered_from_the_signed_status),
		KM_VERIFY_TEST(what_a_stranger_wrote_is_safe_to_show),
		KM_TEST(text_is_cut_between_characters),
		KM_VERIFY_TEST(a_long_name_still_gives_a_whole_sentence),
		KM_VERIFY_TEST(the_verdict_for_programs_says_the_same),
		KM_VERIFY_TEST(openssl_finds_the_signature_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
