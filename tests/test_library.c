/* The shared library through its own header, on things that the rooms made: this program has both, and the library
 * keeps its insides to itself. */
#include "badge/keurmerk-verify.h"
#include "badge/qr_token.h"
#include "badge/receipt.h"
#include "base/buf.h"
#include "base/json.h"
#include "tests/verifying.h"

#include <stdlib.h>

static struct km_verify_keys *keys_of(const struct world *world)
{
	char why[200] = "";
	json_auto_t *jwks = km_keyset_jwks(&world->trust);
	auto_free char *text = km_json_text(jwks);
	struct km_verify_keys *keys = km_verify_keys_parse(text, strlen(text), why, sizeof why);
	if (!keys)
		fail_msg("%s", why);
	return keys;
}

/* From memory of just that size, with nothing behind it. */
static struct km_verify_verdict *verify(const struct world *world, const char *text,
                                        const struct km_verify_evidence *evidence)
{
	size_t len = strlen(text);
	struct km_verify_keys *keys = keys_of(world);
	auto_free char *bytes = malloc(len);
	assert_non_null(bytes);
	memcpy(bytes, text, len);
	struct km_verify_verdict *verdict = km_verify_thing(bytes, len, keys, evidence, world->now);
	assert_non_null(verdict);
	km_verify_keys_free(keys); /* the verdict does not need them */
	return verdict;
}

static void expect_answer(struct km_verify_verdict *verdict, enum km_verify_outcome outcome, const char *reason)
{
	if (verdict->outcome != outcome || strcmp(verdict->reason, reason) != 0)
		fail_msg("%d, %s: %s", verdict->outcome, verdict->reason, verdict->sentence);
	km_verify_verdict_free(verdict);
}

static void each_kind_of_thing_is_verified(void **state)
{
	struct world *world = *state;
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	auto_free char *document = world_document(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	auto_free char *qr_token = world_qr_token(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	auto_free char *qr = km_qr_token_text(SAMPLE_URL, qr_token);
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	km_buf_add_format(&svg,
	                  "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:ob=\"https://purl.imsglobal.org/ob/v3p0\">"
	                  "<ob:credential verify=\"%s\"/></svg>",
	                  world->token);
	const char *const things[] = {world->token, document, qr, qr_token, svg.data, SAMPLE_NUMBER, "7K3Q-9XM2-4HTT"};
	const struct km_verify_evidence evidence = {.status = status};
	for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
		struct km_verify_verdict *verdict = verify(world, things[i], &evidence);
		assert_string_equal(verdict->number, SAMPLE_NUMBER);
		assert_string_equal(verdict->provider_name, "Test BV Donald");
		assert_string_equal(verdict->warning, "");
		expect_answer(verdict, KM_VERIFY_GENUINE, "active");
	}
}

static void it_says_what_the_program_says(void **state)
{
	struct world *world = *state;
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	const struct km_verify_evidence evidence = {.status = status};
	struct km_verdict expected = world_verify(world, world->token);
	struct km_verify_verdict *verdict = verify(world, world->token, &evidence);
	assert_string_equal(verdict->sentence, expected.sentence);
	assert_string_equal(verdict->kvk, expected.kvk);
	assert_string_equal(verdict->scheme_name, expected.scheme_name);
	assert_string_equal(verdict->body_name, expected.body_name);
	assert_string_equal(verdict->issuer, expected.issuer);
	assert_int_equal(verdict->valid_from, expected.valid_from);
	assert_int_equal(verdict->valid_until, expected.valid_until);
	assert_int_equal(verdict->state_since, expected.state_since);
	assert_int_equal(verdict->checked_at, world->now);
	assert_int_equal(verdict->knowledge_at, expected.knowledge_at);
	assert_int_equal(verdict->checks_len, KM_CHECKS);
	for (size_t i = 0; i < KM_CHECKS; i++) {
		assert_string_equal(verdict->checks[i].name, km_check_name((enum km_check)i));
		assert_int_equal(verdict->checks[i].result, expected.checks[i].result);
		assert_string_equal(verdict->checks[i].detail, expected.checks[i].detail);
	}
	km_verify_verdict_free(verdict);
}

static void without_the_registrys_word_it_cannot_tell(void **state)
{
	struct world *world = *state;
	const struct km_verify_evidence none = {0};
	expect_answer(verify(world, world->token, &none), KM_VERIFY_CANNOT_TELL, "status-unknown");
	expect_answer(verify(world, world->token, NULL), KM_VERIFY_CANNOT_TELL, "status-unknown");
	struct km_verify_verdict *verdict = km_verify_thing(world->token, strlen(world->token), NULL, NULL, world->now);
	expect_answer(verdict, KM_VERIFY_CANNOT_TELL, "no-trust");
	expect_answer(km_verify_thing(NULL, 0, NULL, NULL, 0), KM_VERIFY_CANNOT_TELL, "unknown-form");
	const struct km_verify_evidence junk = {.status = "junk", .log_proof = "junk"};
	expect_answer(verify(world, world->token, &junk), KM_VERIFY_CANNOT_TELL, "status-unknown");
}

/* Anybody gets one, for any list: it must not pass for a mark. */
static void a_receipt_is_no_mark(void **state)
{
	struct world *world = *state;
	char kid[256];
	auto_free char *payload = NULL;
	world->trust.entries[STATUS].purpose = KM_PURPOSE_RECEIPT;
	world_kid(world, STATUS, false, kid);
	json_auto_t *results = json_array(), *counts = json_object();
	assert_ok(km_receipt_payload(results, counts, SAMPLE_URL, SAMPLE_NOW, &payload, NULL), NULL);
	auto_free char *receipt = world_sign(world, STATUS, "keurmerk-receipt+jwt", kid, payload);
	expect_answer(verify(world, receipt, NULL), KM_VERIFY_CANNOT_TELL, "receipt");
	struct km_verdict verdict = world_verify(world, receipt);
	expect(&verdict, KM_CANNOT_TELL, "receipt");
	/* The twin: what is asked whether it is a receipt is told that it is. */
	assert_true(km_receipt_verify(receipt, strlen(receipt), &world->trust, world->now, &verdict));
	expect(&verdict, KM_GENUINE, "receipt");
}

static void saved_lists_do_while_they_are_valid(void **state)
{
	struct world *world = *state;
	auto_free char *revoked = world_list(world, KM_STATUS_REVOCATION, 1, false, SAMPLE_NOW, SAMPLE_URL, STATUS);
	auto_free char *suspended = world_list(world, KM_STATUS_SUSPENSION, 1, false, SAMPLE_NOW, SAMPLE_URL, STATUS);
	auto_free char *in_it = world_list(world, KM_STATUS_SUSPENSION, 1, true, SAMPLE_NOW, SAMPLE_URL, STATUS);
	const char *lists[] = {revoked, suspended};
	const struct km_verify_evidence evidence = {
		.status_lists = lists, .status_lists_len = 2, .keys_saved_at = SAMPLE_NOW};
	expect_answer(verify(world, world->token, &evidence), KM_VERIFY_GENUINE, "active");
	lists[1] = in_it;
	expect_answer(verify(world, world->token, &evidence), KM_VERIFY_NOT_VALID, "suspended");
	lists[1] = revoked;
	expect_answer(verify(world, world->token, &evidence), KM_VERIFY_CANNOT_TELL, "status-unknown");
	lists[1] = suspended;
	world->now = SAMPLE_NOW + KM_STATUS_LIST_TTL_S + 1;
	expect_answer(verify(world, world->token, &evidence), KM_VERIFY_CANNOT_TELL, "status-unknown");
}

static void what_is_no_key_set_is_refused_with_a_reason(void **state)
{
	(void)state;
	char why[200] = "", few[8] = "";
	assert_null(km_verify_keys_parse("", 0, why, sizeof why));
	assert_true(*why);
	assert_null(km_verify_keys_parse("{\"keys\":[]}", 11, why, sizeof why));
	assert_contains(why, "keurmerk:registry");
	assert_null(km_verify_keys_parse("{\"keys\":[]}", 11, few, sizeof few));
	assert_int_equal(strlen(few), sizeof few - 1);
	assert_null(km_verify_keys_parse("{}", 2, NULL, 0));
	km_verify_keys_free(NULL);
	km_verify_verdict_free(NULL);
}

static void it_says_whose_keys_they_are(void **state)
{
	struct km_verify_keys *keys = keys_of(*state);
	assert_string_equal(km_verify_keys_registry(keys), SAMPLE_URL);
	km_verify_keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(each_kind_of_thing_is_verified),
		KM_VERIFY_TEST(it_says_what_the_program_says),
		KM_VERIFY_TEST(without_the_registrys_word_it_cannot_tell),
		KM_VERIFY_TEST(a_receipt_is_no_mark),
		KM_VERIFY_TEST(saved_lists_do_while_they_are_valid),
		KM_TEST(what_is_no_key_set_is_refused_with_a_reason),
		KM_VERIFY_TEST(it_says_whose_keys_they_are),
	};
	return cmocka_run_group_tests_name("library", tests, NULL, NULL);
}
