#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/jws.h"
#include "keys/key_life.h"
#include "registry/credential_key.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "registry/log_checkpoint.h"
#include "registry/provider.h"
#include "registry/tlog_proof.h"
#include "tests/office.h"

static struct km_clock clock_of(struct office *office)
{
	return km_clock_fixed(&office->scene->now);
}

/* The registry's next key for credentials, which signs from this moment on; the office signs with it from then on. */
static struct km_keyset_entry rotate(struct office *office, int64_t from)
{
	struct km_problem problem = {0};
	struct km_keyset_entry next;
	struct km_clock clock = clock_of(office);
	assert_ok(km_key_rotate(office->keys, KM_PURPOSE_CREDENTIAL, NULL, NULL, from, &clock, &next, &problem), &problem);
	km_signer_close(office->signer);
	assert_ok(km_signer_open(office->keys, NULL, &clock, &office->signer, &problem), &problem);
	office_open_issuer(office);
	return next;
}

static void expect_key(struct office *office, const char *number, const char *thumbprint)
{
	auto_free char *token = office_credential(office, number);
	auto_jws struct km_jws jws = {0};
	struct km_problem problem = {0};
	assert_ok(km_jws_parse(token, strlen(token), 64 * 1024, &jws, &problem), &problem);
	assert_contains(jws.kid, thumbprint);
}

static int64_t left(struct office *office, const char *thumbprint)
{
	struct km_problem problem = {0};
	int64_t count = -1;
	assert_ok(km_credentials_by_others_count(office->scene->store, thumbprint, office->scene->now, &count, &problem),
	          &problem);
	return count;
}

static size_t sign_anew(struct office *office, const char *thumbprint, size_t limit)
{
	struct km_problem problem = {0};
	size_t signed_anew = 99;
	assert_ok(km_issuer_sign_anew(office->issuer, thumbprint, limit, &signed_anew, &problem), &problem);
	return signed_anew;
}

/* A mark for another provider. */
static struct scene_number grant_to(struct office *office, const char *kvk)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_number number;
	struct km_provider provider = {.kvk = kvk, .name = "Test NV Katrien"};
	struct km_store *store = km_issuer_store(office->issuer);
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_provider_add(store, &provider, NULL, office->scene->now, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	json_t *audit = scene_audit(office->scene, "initial", "[\"beheer\"]");
	json_object_set_new(audit, "provider", json_string(kvk));
	auto_free char *token = scene_sign(office->scene, AUDITOR, "audit", audit);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	km_outcome_done(&outcome);
	office_decide(office, "grant", NULL, json_string_value(json_object_get(reply, "id")), 0, &outcome);
	memcpy(number.text, outcome.number, sizeof number.text);
	return number;
}

static void credentials_are_signed_anew_some_at_a_time(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome = {0};
	struct scene_number numbers[] = {office_grant(office), grant_to(office, "68727720"), grant_to(office, "69599084")};
	office_decide(office, "withdraw", numbers[1].text, NULL, 0, &outcome); /* gets no new one */
	auto_free char *withdrawn = office_credential(office, numbers[1].text);
	struct km_keyset_entry next = rotate(office, office->scene->now + 100);
	office->scene->now += 100;
	assert_int_equal(left(office, next.thumbprint), 2);
	assert_int_equal(sign_anew(office, next.thumbprint, 1), 1);
	assert_int_equal(left(office, next.thumbprint), 1);
	assert_int_equal(sign_anew(office, next.thumbprint, 100), 1); /* as after a stop in the middle */
	assert_int_equal(sign_anew(office, next.thumbprint, 100), 0);
	assert_int_equal(left(office, next.thumbprint), 0);
	expect_key(office, numbers[0].text, next.thumbprint);
	expect_key(office, numbers[2].text, next.thumbprint);
	auto_free char *still = office_credential(office, numbers[1].text);
	assert_string_equal(still, withdrawn);
}

static void what_another_key_would_sign_is_not_kept(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct scene_number number = office_grant(office);
	auto_free char *before = office_credential(office, number.text);
	int64_t entries = office_count(office, "log_entry");
	struct km_keyset_entry next = rotate(office, office->scene->now + 100);
	size_t signed_anew = 99;
	assert_problem(km_issuer_sign_anew(office->issuer, next.thumbprint, 10, &signed_anew, &problem), &problem,
	               KM_UNAVAILABLE, "other-key");
	assert_int_equal(signed_anew, 99);
	auto_free char *after = office_credential(office, number.text);
	assert_string_equal(before, after);
	assert_int_equal(office_count(office, "log_entry"), entries);
}

static void digest_of(const char *token, uint8_t digest[static KM_SHA256_BYTES])
{
	km_sha256(token, strlen(token), digest);
}

/* The log shows of this credential that it was there at this moment. */
static void expect_logged(struct office *office, const char *number, const char *token, int64_t at)
{
	struct km_problem problem = {0};
	struct km_note_verifier log;
	struct km_checkpoint checkpoint;
	uint8_t digest[KM_SHA256_BYTES];
	auto_free char *text = NULL;
	auto_tlog_proof struct km_tlog_proof proof = {0};
	json_auto_t *entry = NULL;
	size_t len = 0;
	char moment[KM_TIME_TEXT];
	auto_buf struct km_buf named = KM_BUF_EMPTY;
	digest_of(token, digest);
	km_encode(KM_BASE64URL, digest, sizeof digest, &named);
	assert_ok(km_tlog_proof_of_credential(office->scene->store, digest, &text, &len, &problem), &problem);
	assert_ok(km_tlog_proof_parse(text, len, &proof, &problem), &problem);
	assert_ok(km_log_checkpoint_last(office->scene->store, &checkpoint, NULL, &problem), &problem);
	const struct km_keyset_entry *key = km_keyset_current(&office->trust, KM_PURPOSE_LOG, FIXTURE_NOW);
	assert_ok(km_note_verifier_make(checkpoint.origin, key->public_key, &log, &problem), &problem);
	assert_ok(km_tlog_proof_verify(&proof, proof.extra, proof.extra_len, &log, NULL, &problem), &problem);
	assert_ok(km_json_parse(proof.extra, proof.extra_len, "the entry", &entry, &problem), &problem);
	km_time_format(at, moment);
	assert_string_equal(json_string_value(json_object_get(entry, "mark")), number);
	assert_string_equal(json_string_value(json_object_get(entry, "credential")), named.data);
	assert_string_equal(json_string_value(json_object_get(entry, "recorded")), moment);
}

static void the_log_names_every_credential_when_it_was_first_there(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct scene_number number = office_grant(office);
	int64_t granted_at = office->scene->now;
	auto_free char *first = office_credential(office, number.text);
	expect_logged(office, number.text, first, granted_at);
	struct km_keyset_entry next = rotate(office, granted_at + 100);
	office->scene->now += 200;
	int64_t entries = office_count(office, "log_entry"), checkpoints = office_count(office, "log_checkpoint");
	assert_int_equal(sign_anew(office, next.thumbprint, 10), 1);
	assert_int_equal(office_count(office, "log_entry"), entries + 1);
	assert_int_equal(office_count(office, "log_checkpoint"), checkpoints + 1);
	auto_free char *second = office_credential(office, number.text);
	assert_string_not_equal(first, second);
	expect_logged(office, number.text, second, granted_at + 200);
	expect_logged(office, number.text, first, granted_at); /* and this is so for ever */
	assert_ok(km_log_check(office->scene->store, &problem), &problem);
	uint8_t unknown[KM_SHA256_BYTES] = {1};
	char *text = NULL;
	size_t len;
	assert_problem(km_tlog_proof_of_credential(office->scene->store, unknown, &text, &len, &problem), &problem,
	               KM_ABSENT, "log-entry");
	/* what is shown of a mark is its last event, not that it was signed anew */
	assert_ok(km_tlog_proof_of_mark(office->scene->store, 1, &text, &len, &problem), &problem);
	auto_tlog_proof struct km_tlog_proof proof = {0};
	assert_ok(km_tlog_proof_parse(text, len, &proof, &problem), &problem);
	assert_non_null(memmem(proof.extra, proof.extra_len, "\"grant\"", 7));
	free(text);
}

static void a_credential_with_no_event_of_its_own_is_logged_too(void **state)
{
	struct office *office = *state;
	struct scene_number number = office_grant(office);
	struct scene_id id = office_audit(office, "surveillance");
	struct km_outcome outcome = {0};
	auto_free char *first = office_credential(office, number.text);
	office_decide(office, "maintain", number.text, id.text, office->scene->now + 86400, &outcome);
	office->scene->now += 86400;
	office_tick(office);
	auto_free char *second = office_credential(office, number.text);
	assert_string_not_equal(first, second);
	expect_logged(office, number.text, second, office->scene->now);
}

static void what_a_key_signed_is_valid_as_long_as_the_marks_of_its_time(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	int64_t until = -1;
	struct km_store *store = office->scene->store;
	assert_ok(km_credentials_valid_until(store, office->scene->now, &until, &problem), &problem);
	assert_int_equal(until, 0);
	struct scene_number number = office_grant(office);
	auto_mark struct km_mark *mark = scene_mark(office->scene, number.text, office->scene->now);
	assert_ok(km_credentials_valid_until(store, office->scene->now, &until, &problem), &problem);
	assert_int_equal(until, mark->period.valid_until);
	assert_ok(km_credentials_valid_until(store, office->scene->now - 1, &until, &problem), &problem);
	assert_int_equal(until, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(credentials_are_signed_anew_some_at_a_time),
		KM_OFFICE_TEST(what_another_key_would_sign_is_not_kept),
		KM_OFFICE_TEST(the_log_names_every_credential_when_it_was_first_there),
		KM_OFFICE_TEST(a_credential_with_no_event_of_its_own_is_logged_too),
		KM_OFFICE_TEST(what_a_key_signed_is_valid_as_long_as_the_marks_of_its_time),
	};
	return cmocka_run_group_tests_name("issuer and keys", tests, NULL, NULL);
}
