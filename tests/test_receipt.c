#include "badge/receipt.h"

#include "base/buf.h"
#include "keys/form.h"
#include "keys/jws.h"
#include "tests/test.h"

#include <stdlib.h>

#define URL "https://keurmerk.example"
enum { NOW = 1795539757, YEARS = 5 * 365 * 86400 };

struct world {
	struct km_key *key, *other;
	struct km_keyset trust;
	json_t *results, *counts;
};

static void add_key(struct km_keyset *set, const struct km_key *key, enum km_purpose purpose)
{
	struct km_keyset_entry *entry = &set->entries[set->len++];
	*entry = (struct km_keyset_entry){.purpose = purpose, .not_before = NOW - 1000};
	km_key_public(key, entry->public_key);
	km_jwk_thumbprint(entry->public_key, entry->thumbprint);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	assert_non_null(world);
	assert_int_equal(km_key_generate(&world->key, NULL), KM_OK);
	assert_int_equal(km_key_generate(&world->other, NULL), KM_OK);
	strcpy(world->trust.url, URL);
	add_key(&world->trust, world->key, KM_PURPOSE_RECEIPT);
	add_key(&world->trust, world->other, KM_PURPOSE_STATUS);
	world->results =
		json_pack("[{s:i, s:s}, {s:i, s:s}]", "line", 1, "answer", "active", "line", 2, "answer", "unknown");
	world->counts = json_pack("{s:i, s:i}", "active", 1, "unknown", 1);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	km_key_free(world->key);
	km_key_free(world->other);
	json_decref(world->results);
	json_decref(world->counts);
	free(world);
	return 0;
}

static char *sign(const struct world *world, const struct km_key *key, const char *typ, const char *url)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT];
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, kid);
	struct km_problem problem;
	auto_free char *payload = NULL;
	assert_ok(km_receipt_payload(world->results, world->counts, url, NOW, &payload, &problem), &problem);
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", typ, "kid", kid);
	char *token;
	assert_ok(km_jws_sign(key, header, payload, strlen(payload), &token, &problem), &problem);
	return token;
}

static void expect(const char *token, const struct km_keyset *trust, enum km_outcome_kind outcome, const char *reason)
{
	struct km_verdict verdict;
	/* Years later. */
	assert_true(km_receipt_verify(token, strlen(token), trust, NOW + YEARS, &verdict));
	assert_string_equal(verdict.reason, reason);
	assert_int_equal(verdict.outcome, outcome);
	assert_true(strlen(verdict.sentence) > 20);
	/* What is asked whether it is a mark says that it is none; and of a bad one the same. */
	struct km_verdict as_mark;
	km_verify(token, strlen(token), trust, NULL, NOW + YEARS, &as_mark);
	assert_int_equal(as_mark.outcome, outcome == KM_GENUINE ? KM_CANNOT_TELL : outcome);
	if (outcome != KM_GENUINE)
		assert_string_equal(as_mark.sentence, verdict.sentence);
}

static void a_payload_is_one_that_the_signer_signs(void **state)
{
	struct world *world = *state;
	struct km_problem problem;
	auto_free char *payload = NULL, *other = NULL;
	assert_ok(km_receipt_payload(world->results, world->counts, URL, NOW, &payload, &problem), &problem);
	int64_t signed_at = 0;
	assert_ok(km_form_check(KM_FORM_RECEIPT, payload, strlen(payload), URL, NOW, &signed_at, &problem), &problem);
	assert_int_equal(signed_at, NOW);
	assert_ok(km_receipt_payload(world->results, world->counts, URL, NOW, &other, &problem), &problem);
	assert_string_not_equal(payload, other);
}

static void a_receipt_is_genuine_years_later(void **state)
{
	struct world *world = *state;
	auto_free char *token = sign(world, world->key, "keurmerk-receipt+jwt", URL);
	world->trust.entries[0].not_after = NOW + 86400; /* retired long since */
	struct km_verdict verdict;
	expect(token, &world->trust, KM_GENUINE, "receipt");
	assert_true(km_receipt_verify(token, strlen(token), &world->trust, NOW + YEARS, &verdict));
	assert_contains(verdict.sentence, "24 November 2026");
	assert_contains(verdict.sentence, "2 suppliers; 1 had");
	assert_int_equal(verdict.knowledge_at, NOW);
}

static void a_receipt_that_was_changed_is_noticed(void **state)
{
	struct world *world = *state;
	auto_free char *token = sign(world, world->key, "keurmerk-receipt+jwt", URL);
	size_t len = strlen(token);
	char *signature = strrchr(token, '.') + 1;
	signature[5] = signature[5] == 'A' ? 'B' : 'A';
	expect(token, &world->trust, KM_NOT_VALID, "bad-signature");
	auto_free char *other = sign(world, world->key, "keurmerk-receipt+jwt", URL);
	/* The payload of one with the signature of another. */
	memcpy(strrchr(token, '.'), strrchr(other, '.'), len - (size_t)(strrchr(token, '.') - token));
	expect(token, &world->trust, KM_NOT_VALID, "bad-signature");
}

static void a_key_for_other_things_makes_no_receipt(void **state)
{
	struct world *world = *state;
	auto_free char *token = sign(world, world->other, "keurmerk-receipt+jwt", URL);
	expect(token, &world->trust, KM_NOT_VALID, "wrong-key");
	world->trust.len = 1;
	expect(token, &world->trust, KM_NOT_VALID, "unknown-key");
}

static void a_key_that_was_not_in_use_makes_no_receipt(void **state)
{
	struct world *world = *state;
	auto_free char *token = sign(world, world->key, "keurmerk-receipt+jwt", URL);
	world->trust.entries[0].not_before = NOW + 1;
	expect(token, &world->trust, KM_NOT_VALID, "key-not-in-use");
	world->trust.entries[0].not_before = NOW;
	expect(token, &world->trust, KM_GENUINE, "receipt");
	world->trust.entries[0].revoked_at = NOW + 10;
	expect(token, &world->trust, KM_NOT_VALID, "revoked-key");
}

static void the_word_of_another_registry_proves_nothing(void **state)
{
	struct world *world = *state;
	auto_free char *token = sign(world, world->key, "keurmerk-receipt+jwt", "https://ander.example");
	expect(token, &world->trust, KM_CANNOT_TELL, "unknown-issuer");
	expect(token, NULL, KM_CANNOT_TELL, "no-trust");
}

static void what_is_no_receipt_is_left_to_others(void **state)
{
	struct world *world = *state;
	auto_free char *token = sign(world, world->key, "keurmerk-status+jwt", URL);
	struct km_verdict verdict;
	assert_false(km_receipt_verify(token, strlen(token), &world->trust, NOW, &verdict));
	assert_false(km_receipt_verify("", 0, &world->trust, NOW, &verdict));
	assert_false(km_receipt_verify(" \n", 2, &world->trust, NOW, &verdict));
	assert_false(km_receipt_verify("7K3Q9XM24HTT", 12, &world->trust, NOW, &verdict));
	assert_false(km_receipt_verify("\x89PNG", 4, &world->trust, NOW, &verdict));
}

#define RECEIPT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECEIPT_TEST(a_payload_is_one_that_the_signer_signs),
		RECEIPT_TEST(a_receipt_is_genuine_years_later),
		RECEIPT_TEST(a_receipt_that_was_changed_is_noticed),
		RECEIPT_TEST(a_key_for_other_things_makes_no_receipt),
		RECEIPT_TEST(a_key_that_was_not_in_use_makes_no_receipt),
		RECEIPT_TEST(the_word_of_another_registry_proves_nothing),
		RECEIPT_TEST(what_is_no_receipt_is_left_to_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
