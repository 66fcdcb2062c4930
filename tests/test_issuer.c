#include "badge/credential.h"
#include "badge/data_integrity.h"
#include "badge/issuer.h"
#include "badge/status.h"
#include "badge/status_list.h"
#include "badge/verify.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "keys/jws.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "tests/office.h"

static json_t *payload_of(const char *token)
{
	auto_jws struct km_jws jws = {0};
	struct km_problem problem = {0};
	json_t *payload = NULL;
	assert_ok(km_jws_parse(token, strlen(token), 64 * 1024, &jws, &problem), &problem);
	assert_ok(km_json_parse(jws.payload, jws.payload_len, "the payload", &payload, &problem), &problem);
	return payload;
}

/* What the server would answer. */
static enum km_error sign_status(void *context, const char *number, char **ret_token, struct km_problem *problem)
{
	struct office *office = context;
	auto_mark struct km_mark *mark = NULL;
	auto_free char *payload = NULL;
	int64_t now = office->scene->now;
	enum km_error error = km_mark_get(office->scene->store, number, now, &mark, problem);
	if (!error)
		error = km_status_payload(mark, FIXTURE_URL, now, &payload, problem);
	if (!error)
		error = km_signer_sign(office->signer, KM_FORM_STATUS, payload, strlen(payload), ret_token, problem);
	return error;
}

static void expect_verdict(struct office *office, const char *token, enum km_outcome_kind outcome, const char *reason)
{
	struct km_status_source source = {.get = sign_status, .context = office};
	struct km_verdict verdict;
	km_verify(token, strlen(token), &office->trust, &source, office->scene->now, &verdict);
	if (verdict.outcome != outcome || strcmp(verdict.reason, reason) != 0)
		fail_msg("%d %s: %s", verdict.outcome, verdict.reason, verdict.sentence);
}

static bool listed(struct office *office, enum km_status_purpose purpose, const char *token)
{
	struct km_problem problem = {0};
	auto_free char *payload = NULL, *signed_list = NULL;
	bool set = false;
	struct km_status_list list;
	struct km_claims claims;
	json_auto_t *credential = payload_of(token);
	assert_ok(km_credential_read(credential, FIXTURE_URL, &claims, &problem), &problem);
	assert_ok(
		km_status_list_payload(office->scene->store, FIXTURE_URL, purpose, 1, office->scene->now, &payload, &problem),
		&problem);
	assert_ok(km_signer_sign(office->signer, KM_FORM_STATUS_LIST, payload, strlen(payload), &signed_list, &problem),
	          &problem);
	json_auto_t *read = payload_of(signed_list);
	assert_ok(km_status_list_read(read, FIXTURE_URL, &list, &problem), &problem);
	assert_ok(km_status_list_get(&list, claims.status_index, &set, &problem), &problem);
	return set;
}

static void a_grant_gives_a_credential_that_verifies(void **state)
{
	struct office *office = *state;
	struct scene_number number = office_grant(office);
	auto_free char *token = office_credential(office, number.text);
	expect_verdict(office, token, KM_GENUINE, "active");
	assert_false(listed(office, KM_STATUS_REVOCATION, token));
	assert_false(listed(office, KM_STATUS_SUSPENSION, token));
	/* The key by which it can be found again that it signed this one. */
	auto_jws struct km_jws jws = {0};
	struct km_problem problem = {0};
	char thumbprint[KM_THUMBPRINT_TEXT], sql[160];
	assert_ok(km_jws_parse(token, strlen(token), 64 * 1024, &jws, &problem), &problem);
	assert_true(km_credential_kid(jws.kid, FIXTURE_URL, thumbprint));
	assert_non_null(km_keyset_find(&office->trust, thumbprint));
	snprintf(sql, sizeof sql, "SELECT count(*) FROM credential WHERE kid = '%s'", thumbprint);
	assert_int_equal(fixture_number(office->scene->fixture, sql), 1);
}

/* The document that is kept for it is proven by a key of the registry, and says what the token says. */
static void the_same_credential_is_kept_with_an_embedded_proof(void **state)
{
	struct office *office = *state;
	struct scene_number number = office_grant(office);
	auto_free char *token = office_credential(office, number.text), *text = NULL, *nquads = NULL;
	struct km_problem problem = {0};
	struct km_proof proof;
	json_auto_t *document = NULL;
	size_t len = 0;
	assert_ok(km_mark_document(office->scene->store, number.text, &text, &problem), &problem);
	assert_ok(km_json_parse(text, strlen(text), "the document", &document, &problem), &problem);
	assert_ok(km_data_integrity_open(document, FIXTURE_URL, &proof, &nquads, &len, &problem), &problem);
	const struct km_keyset_entry *key = km_proof_key(&proof, &office->trust);
	assert_non_null(key);
	assert_true(km_proof_valid(&proof, key->public_key, nquads, len));
	assert_int_equal(proof.created, office->scene->now);
	json_auto_t *payload = payload_of(token);
	assert_ok(km_credential_claim(document, proof.created, &problem), &problem);
	assert_true(json_equal(document, payload));
}

static void suspension_and_reinstatement_are_in_the_list_at_once(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = office_grant(office);
	auto_free char *token = office_credential(office, number.text);
	office->scene->now += 60;
	office_decide(office, "suspend", number.text, NULL, 0, &outcome);
	expect_verdict(office, token, KM_NOT_VALID, "suspended");
	assert_true(listed(office, KM_STATUS_SUSPENSION, token));
	assert_false(listed(office, KM_STATUS_REVOCATION, token));
	office->scene->now += 60;
	office_decide(office, "reinstate", number.text, NULL, 0, &outcome);
	expect_verdict(office, token, KM_GENUINE, "active");
	assert_false(listed(office, KM_STATUS_SUSPENSION, token));
	auto_free char *newer = office_credential(office, number.text);
	expect_verdict(office, newer, KM_GENUINE, "active");
	assert_string_not_equal(token, newer);
}

static void a_withdrawn_mark_keeps_the_credential_that_it_had_and_is_listed(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = office_grant(office);
	auto_free char *before = office_credential(office, number.text);
	office->scene->now += 60;
	office_decide(office, "withdraw", number.text, NULL, 0, &outcome);
	auto_free char *after = office_credential(office, number.text);
	assert_string_equal(before, after);
	expect_verdict(office, after, KM_NOT_VALID, "withdrawn");
	assert_true(listed(office, KM_STATUS_REVOCATION, after));
	assert_false(listed(office, KM_STATUS_SUSPENSION, after));
}

static void expect_nothing_granted(struct office *office)
{
	static const char *const tables[] = {"mark", "mark_period", "decision", "event", "credential"};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		assert_int_equal(office_count(office, tables[i]), 0);
	assert_int_equal(office_count(office, "submission"), 1); /* the audit */
}

static void nothing_is_kept_where_the_credential_cannot_be_signed(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {.mark_id = 77};
	struct scene_id id = office_audit(office, "initial");
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
	/* Keys that sign only from tomorrow on. */
	office_open_signer(office, "tomorrow", FIXTURE_URL, FIXTURE_NOW + 24 * 3600);
	office_open_issuer(office);
	assert_problem(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem, KM_UNAVAILABLE,
	               "key-not-yet");
	assert_int_equal(outcome.mark_id, 77);
	expect_nothing_granted(office);
	/* Keys of another registry. */
	office_open_signer(office, "other", "https://other.example", FIXTURE_NOW);
	office_open_issuer(office);
	assert_problem(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem, KM_INVALID,
	               "form");
	expect_nothing_granted(office);
	/* The same bytes, when the signer is there again, are no repetition. */
	office_open_signer(office, "again", FIXTURE_URL, FIXTURE_NOW);
	office_open_issuer(office);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	assert_false(outcome.repeated);
	km_outcome_done(&outcome);
	assert_int_equal(office_count(office, "credential"), 1);
}

static void a_refused_submission_changes_nothing(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {.mark_id = 77};
	struct scene_id id = office_audit(office, "initial");
	assert_problem(
		office_hand_in(office, AUDITOR, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
		&problem, KM_FORBIDDEN, "role");
	assert_problem(
		office_hand_in(office, OTHER_DECIDER, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
		&problem, KM_FORBIDDEN, "other-body");
	assert_int_equal(km_issuer_submit(office->issuer, "x", 1, &outcome, NULL), KM_MALFORMED);
	assert_int_equal(outcome.mark_id, 77);
	expect_nothing_granted(office);
	office_decide(office, "grant", NULL, id.text, 0, &outcome); /* and the issuer is as good as before */
	assert_int_equal(office_count(office, "credential"), 1);
}

static void the_same_bytes_again_get_the_first_answer_and_no_new_credential(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome first = {0}, second = {0};
	struct scene_id id = office_audit(office, "initial");
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &first, &problem), &problem);
	auto_free char *credential = office_credential(office, first.number);
	office->scene->now += 60;
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &second, &problem), &problem);
	assert_true(second.repeated);
	assert_string_equal(first.reply, second.reply);
	auto_free char *again = office_credential(office, first.number);
	assert_string_equal(credential, again);
	km_outcome_done(&first);
	km_outcome_done(&second);
}

static size_t services_in(const char *token)
{
	json_auto_t *payload = payload_of(token);
	return json_array_size(json_object_get(json_object_get(payload, "credentialSubject"), "certifiedService"));
}

static void a_decision_that_comes_to_hold_later_gives_a_new_credential_then(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = office_grant(office);
	int64_t from = FIXTURE_NOW + 1000;
	office_decide(office, "reduce", number.text, NULL, from, &outcome);
	auto_free char *before = office_credential(office, number.text);
	assert_int_equal(services_in(before), 2);
	assert_int_equal(office_tick(office), from);
	office->scene->now = from - 1;
	assert_int_equal(office_tick(office), from);
	auto_free char *still = office_credential(office, number.text);
	assert_string_equal(still, before);
	office->scene->now = from;
	auto_mark struct km_mark *mark = scene_mark(office->scene, number.text, from);
	assert_int_equal(office_tick(office), mark->next_change);
	auto_free char *after = office_credential(office, number.text);
	assert_int_equal(services_in(after), 1);
	expect_verdict(office, after, KM_GENUINE, "active");
	office_tick(office);
	auto_free char *again = office_credential(office, number.text);
	assert_string_equal(again, after);
	assert_int_equal(office_count(office, "event"), 2); /* that it has come to hold is no event of its own */
}

static void a_lapse_is_written_down_and_needs_no_new_credential(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = office_grant(office);
	office_decide(office, "suspend", number.text, NULL, FIXTURE_NOW + 1000, &outcome);
	auto_free char *before = office_credential(office, number.text);
	auto_mark struct km_mark *mark = scene_mark(office->scene, number.text, FIXTURE_NOW + 1000);
	office->scene->now = mark->period.suspension_limit + 1;
	assert_int_equal(office_tick(office), INT64_MAX);
	assert_int_equal(office_count(office, "event"), 3);
	auto_free char *token = office_credential(office, number.text);
	assert_string_equal(token, before);
	expect_verdict(office, token, KM_NOT_VALID, "withdrawn");
	assert_true(listed(office, KM_STATUS_REVOCATION, token));
}

static void a_tick_without_a_signature_changes_nothing(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome;
	struct scene_number number = office_grant(office);
	int64_t from = FIXTURE_NOW + 1000, next = 77;
	office_decide(office, "reduce", number.text, NULL, from, &outcome);
	office->scene->now = from;
	office_open_signer(office, "others", "https://keurmerk.other", FIXTURE_NOW - 10);
	office_open_issuer(office);
	assert_int_not_equal(km_issuer_tick(office->issuer, &next, &problem), KM_OK);
	assert_int_equal(next, 77);
	assert_int_equal(fixture_number(office->scene->fixture, "SELECT at FROM lapse_due"), from);
}

static void a_new_name_of_the_provider_is_in_the_next_credential(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = office_grant(office);
	office->scene->now += 60;
	office_decide(office, "rename", number.text, NULL, 0, &outcome);
	assert_true(outcome.whole_provider);
	auto_free char *token = office_credential(office, number.text);
	json_auto_t *payload = payload_of(token);
	json_t *name = json_object_get(json_object_get(payload, "credentialSubject"), "name");
	assert_string_equal(json_string_value(name), "Test BV Donald Nieuw");
	expect_verdict(office, token, KM_GENUINE, "active");
}

static void an_enrolment_is_on_disk_when_it_is_answered(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_store *store = km_issuer_store(office->issuer);
	int64_t person;
	char code[KM_CODE_TEXT], kid[KM_THUMBPRINT_TEXT];
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_person_invite(store, "een", "Voorbeeldpersoon", KM_ROLE_AUDITOR, FIXTURE_NOW, &person, code, &problem),
	          &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	struct km_key *key = NULL;
	uint8_t seed[32] = {99}, public_key[KM_PUBLIC_BYTES];
	assert_ok(km_key_from_seed(seed, &key, &problem), &problem);
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, kid);
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", "keurmerk-enrolment+jwt", "kid", kid);
	json_auto_t *claims = json_pack("{s:s, s:I, s:s, s:o}", "aud", FIXTURE_URL, "iat", (json_int_t)FIXTURE_NOW, "code",
	                                code, "jwk", km_jwk_format(public_key));
	auto_free char *payload = km_json_text(claims), *token = NULL;
	assert_ok(km_jws_sign(key, header, payload, strlen(payload), &token, &problem), &problem);
	km_key_free(key);
	json_t *reply = NULL;
	int64_t before = office_count(office, "person_key");
	assert_ok(km_issuer_enrol(office->issuer, token, strlen(token), &reply, &problem), &problem);
	assert_string_equal(json_string_value(json_object_get(reply, "kid")), kid);
	json_decref(reply);
	assert_int_equal(office_count(office, "person_key"), before + 1);
	/* The code was for one time. */
	json_t *untouched = NULL;
	assert_int_equal(km_issuer_enrol(office->issuer, token, strlen(token), &untouched, &problem), KM_UNPROVEN);
	assert_null(untouched);
	assert_int_equal(office_count(office, "person_key"), before + 1);
}

static void an_issuer_needs_a_register(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_clock clock = km_clock_fixed(&office->scene->now);
	struct km_issuer *issuer = NULL;
	assert_problem(km_issuer_open("/nowhere/register.db", office->signer, &clock, &issuer, &problem), &problem,
	               KM_ABSENT, "no-register");
	assert_null(issuer);
	km_issuer_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(a_grant_gives_a_credential_that_verifies),
		KM_OFFICE_TEST(the_same_credential_is_kept_with_an_embedded_proof),
		KM_OFFICE_TEST(suspension_and_reinstatement_are_in_the_list_at_once),
		KM_OFFICE_TEST(a_withdrawn_mark_keeps_the_credential_that_it_had_and_is_listed),
		KM_OFFICE_TEST(nothing_is_kept_where_the_credential_cannot_be_signed),
		KM_OFFICE_TEST(a_refused_submission_changes_nothing),
		KM_OFFICE_TEST(the_same_bytes_again_get_the_first_answer_and_no_new_credential),
		KM_OFFICE_TEST(a_decision_that_comes_to_hold_later_gives_a_new_credential_then),
		KM_OFFICE_TEST(a_lapse_is_written_down_and_needs_no_new_credential),
		KM_OFFICE_TEST(a_tick_without_a_signature_changes_nothing),
		KM_OFFICE_TEST(a_new_name_of_the_provider_is_in_the_next_credential),
		KM_OFFICE_TEST(an_enrolment_is_on_disk_when_it_is_answered),
		KM_OFFICE_TEST(an_issuer_needs_a_register),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
