#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "registry/log_event.h"
#include "tests/verifying.h"

#include <stdlib.h>
#include <string.h>

#define ORIGIN "keurmerk.example/log"

/* From when the key is known to be in other hands; the sample's credential says that it was signed at SAMPLE_NOW. */
enum { LOST_AT = SAMPLE_NOW + 30 };

struct asking {
	struct world *world;
	const char *proof;
	enum km_error error;
	int asked;
};

static enum km_error get_status(void *context, const char *number, char **ret_token, struct km_problem *problem)
{
	struct asking *asking = context;
	(void)number, (void)problem;
	*ret_token = world_status(asking->world, &asking->world->sample.mark, asking->world->now, STATUS);
	return KM_OK;
}

static enum km_error get_credential_proof(void *context, const char *digest, char **ret_text,
                                          struct km_problem *problem)
{
	struct asking *asking = context;
	uint8_t expected[KM_SHA256_BYTES], found[KM_SHA256_BYTES];
	asking->asked++;
	km_sha256(asking->world->token, strlen(asking->world->token), expected);
	assert_true(km_decode_exact(KM_BASE64URL, digest, strlen(digest), found, sizeof found));
	assert_memory_equal(found, expected, sizeof found);
	if (asking->error)
		return km_fail(problem, asking->error, "test", "the test does not answer");
	*ret_text = strdup(asking->proof);
	return KM_OK;
}

static void ask(struct world *world, const char *proof, enum km_error error, enum km_outcome_kind outcome,
                const char *reason)
{
	struct asking asking = {world, proof, error, 0};
	struct km_status_source source = {
		.get = get_status, .get_credential_proof = get_credential_proof, .context = &asking};
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), &world->trust, &source, world->now, &verdict);
	expect(&verdict, outcome, reason);
	assert_int_equal(asking.asked, 1);
}

/* The proof of an entry about this credential, recorded at this moment. */
static char *prove_at(const struct world *world, const char *mark, const char *token, int64_t recorded, int key)
{
	struct km_problem problem = {0};
	auto_free char *entry = NULL;
	size_t len;
	assert_ok(km_log_credential_entry(mark, recorded, token, &entry, &len, &problem), &problem);
	return world_log_proof(world, entry, len, ORIGIN, key);
}

static struct world *lose_the_key(void **state)
{
	struct world *world = *state;
	world->trust.entries[CREDENTIAL].revoked_at = LOST_AT;
	world_publish(world, LOG, KM_PURPOSE_LOG);
	return world;
}

static void what_the_log_has_from_before_still_stands(void **state)
{
	struct world *world = lose_the_key(state);
	auto_free char *alone = prove_at(world, SAMPLE_NUMBER, world->token, LOST_AT - 1, LOG);
	ask(world, alone, KM_OK, KM_GENUINE, "active");
	struct km_problem problem = {0};
	auto_free char *entry = NULL;
	size_t len;
	const struct km_log_event event = {.mark = SAMPLE_NUMBER,
	                                   .sequence = 1,
	                                   .at = SAMPLE_NOW,
	                                   .recorded = SAMPLE_NOW,
	                                   .action = "grant",
	                                   .state = "active",
	                                   .credential = world->token};
	assert_ok(km_log_event_entry(&event, &entry, &len, &problem), &problem);
	auto_free char *with_event = world_log_proof(world, entry, len, ORIGIN, LOG);
	ask(world, with_event, KM_OK, KM_GENUINE, "active");
}

static void what_the_log_has_only_from_later_is_not_valid(void **state)
{
	struct world *world = lose_the_key(state);
	auto_free char *later = prove_at(world, SAMPLE_NUMBER, world->token, LOST_AT, LOG);
	ask(world, later, KM_OK, KM_NOT_VALID, "revoked-key");
	ask(world, NULL, KM_ABSENT, KM_NOT_VALID, "revoked-key"); /* nor what it never had */
}

static void what_says_that_it_was_signed_later_needs_no_log(void **state)
{
	struct world *world = lose_the_key(state);
	world->trust.entries[CREDENTIAL].revoked_at = SAMPLE_NOW;
	auto_free char *proof = prove_at(world, SAMPLE_NUMBER, world->token, SAMPLE_NOW - 1, LOG);
	struct asking asking = {world, proof, KM_OK, 0};
	struct km_status_source source = {
		.get = get_status, .get_credential_proof = get_credential_proof, .context = &asking};
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), &world->trust, &source, world->now, &verdict);
	expect(&verdict, KM_NOT_VALID, "revoked-key");
	assert_int_equal(asking.asked, 0);
}

static void where_the_log_does_not_tell_nobody_can(void **state)
{
	struct world *world = lose_the_key(state);
	ask(world, NULL, KM_UNAVAILABLE, KM_CANNOT_TELL, "revoked-key");
	ask(world, "", KM_OK, KM_CANNOT_TELL, "revoked-key");
	auto_free char *stranger = prove_at(world, SAMPLE_NUMBER, world->token, SAMPLE_NOW, STRANGER);
	ask(world, stranger, KM_OK, KM_CANNOT_TELL, "revoked-key");
	auto_free char *by_itself = prove_at(world, SAMPLE_NUMBER, world->token, SAMPLE_NOW, CREDENTIAL);
	ask(world, by_itself, KM_OK, KM_CANNOT_TELL, "revoked-key");
	auto_free char *other_mark = prove_at(world, "7K3Q9XM24HVR", world->token, SAMPLE_NOW, LOG);
	ask(world, other_mark, KM_OK, KM_CANNOT_TELL, "revoked-key");
	auto_free char *other_token = prove_at(world, SAMPLE_NUMBER, "another", SAMPLE_NOW, LOG);
	ask(world, other_token, KM_OK, KM_CANNOT_TELL, "revoked-key");
	/* A log whose key is lost too could be made to say anything. */
	auto_free char *good = prove_at(world, SAMPLE_NUMBER, world->token, SAMPLE_NOW, LOG);
	ask(world, good, KM_OK, KM_GENUINE, "active");
	world->trust.entries[world->trust.len - 1].revoked_at = world->now;
	ask(world, good, KM_OK, KM_CANNOT_TELL, "revoked-key");
	/* Offline there is nobody to ask. */
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), &world->trust, NULL, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "revoked-key");
}

static void one_changed_byte_of_the_proof_proves_nothing(void **state)
{
	struct world *world = lose_the_key(state);
	auto_free char *proof = prove_at(world, SAMPLE_NUMBER, world->token, SAMPLE_NOW, LOG);
	for (size_t at = 0; at < strlen(proof); at++) {
		auto_free char *changed = strdup(proof);
		changed[at] ^= 1;
		ask(world, changed, KM_OK, KM_CANNOT_TELL, "revoked-key");
	}
}

static void a_saved_key_set_does_not_know_of_newer_keys(void **state)
{
	struct world *world = *state;
	char *kid = world->trust.entries[CREDENTIAL].thumbprint;
	char other[KM_THUMBPRINT_TEXT];
	memcpy(other, kid, sizeof other);
	struct km_status_source source = {.keyset_saved_at = SAMPLE_NOW - 500};
	struct km_verdict verdict;
	kid[0] = kid[0] == 'A' ? 'B' : 'A'; /* as if another key stood in its place */
	km_verify(world->token, strlen(world->token), &world->trust, &source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "unknown-key");
	assert_int_equal(verdict.checks[KM_CHECK_KEY].result, KM_RESULT_UNKNOWN);
	assert_string_equal(verdict.provider_name, "");
	source.keyset_saved_at = 0; /* the registry's keys as they are now */
	km_verify(world->token, strlen(world->token), &world->trust, &source, world->now, &verdict);
	expect(&verdict, KM_NOT_VALID, "unknown-key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(what_the_log_has_from_before_still_stands),
		KM_VERIFY_TEST(what_the_log_has_only_from_later_is_not_valid),
		KM_VERIFY_TEST(what_says_that_it_was_signed_later_needs_no_log),
		KM_VERIFY_TEST(where_the_log_does_not_tell_nobody_can),
		KM_VERIFY_TEST(one_changed_byte_of_the_proof_proves_nothing),
		KM_VERIFY_TEST(a_saved_key_set_does_not_know_of_newer_keys),
	};
	return cmocka_run_group_tests_name("revoked keys", tests, NULL, NULL);
}
