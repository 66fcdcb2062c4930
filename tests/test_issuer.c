#include "badge/issuer.h"
#include "badge/status.h"
#include "badge/status_list.h"
#include "badge/verify.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/jws.h"
#include "keys/note.h"
#include "registry/log.h"
#include "registry/log_checkpoint.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "tests/folder.h"
#include "tests/scene.h"

/* A register with people (tests/scene.h), a signer with keys beside it, and an issuer over both. */
struct office {
	struct scene *scene;
	char keys[128];
	struct km_signer *signer;
	struct km_issuer *issuer;
	struct km_keyset trust;
};

static void open_signer(struct office *office, const char *name, const char *url, int64_t since)
{
	struct km_problem problem = {0};
	struct km_clock clock = km_clock_fixed(&office->scene->now);
	km_signer_close(office->signer);
	snprintf(office->keys, sizeof office->keys, "%s/%s", office->scene->fixture->folder, name);
	assert_ok(km_signer_init(office->keys, url, NULL, since, &problem), &problem);
	assert_ok(km_signer_open(office->keys, NULL, &clock, &office->signer, &problem), &problem);
	assert_ok(km_signer_keyset(office->keys, &office->trust, &problem), &problem);
}

static void open_issuer(struct office *office)
{
	struct km_problem problem = {0};
	struct km_clock clock = km_clock_fixed(&office->scene->now);
	km_issuer_close(office->issuer);
	assert_ok(km_issuer_open(office->scene->fixture->path, office->signer, &clock, &office->issuer, &problem),
	          &problem);
}

static int set_up(void **state)
{
	struct office *office = calloc(1, sizeof *office);
	void *scene = NULL;
	struct km_problem problem = {0};
	if (!office || scene_set_up(&scene) != 0)
		return -1;
	office->scene = scene;
	assert_ok(km_store_commit(office->scene->store, &problem), &problem);
	open_signer(office, "keys", FIXTURE_URL, FIXTURE_NOW - 10);
	open_issuer(office);
	*state = office;
	return 0;
}

static int tear_down(void **state)
{
	struct office *office = *state;
	void *scene = office->scene;
	km_issuer_close(office->issuer);
	km_signer_close(office->signer);
	nftw(office->scene->fixture->folder, km_test_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(office);
	return scene_tear_down(&scene);
}
#define KM_ISSUER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Signs and hands in; the outcome's reply is freed. */
static enum km_error hand_in(struct office *office, enum scene_person who, const char *type, json_t *content,
                             struct km_outcome *ret_outcome, struct km_problem *problem)
{
	auto_free char *token = scene_sign(office->scene, who, type, content);
	enum km_error error = km_issuer_submit(office->issuer, token, strlen(token), ret_outcome, problem);
	if (!error)
		km_outcome_done(ret_outcome);
	return error;
}

static struct scene_id audit(struct office *office, const char *kind)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_id id;
	auto_free char *token =
		scene_sign(office->scene, AUDITOR, "audit", scene_audit(office->scene, kind, "[\"beheer\",\"cloud\"]"));
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	snprintf(id.text, sizeof id.text, "%s", json_string_value(json_object_get(reply, "id")));
	assert_int_equal(outcome.mark_id, 0);
	km_outcome_done(&outcome);
	return id;
}

static void decide(struct office *office, const char *action, const char *mark, const char *resting_on, int64_t from,
                   struct km_outcome *ret_outcome)
{
	struct km_problem problem = {0};
	json_t *decision = scene_decision(action, mark, resting_on);
	if (from) {
		char text[KM_TIME_TEXT];
		km_time_format(from, text);
		json_object_set_new(decision, "holds_from", json_string(text));
	}
	assert_ok(hand_in(office, DECIDER, "decision", decision, ret_outcome, &problem), &problem);
}

static struct scene_number grant(struct office *office)
{
	struct km_outcome outcome = {0};
	struct scene_number number;
	struct scene_id id = audit(office, "initial");
	decide(office, "grant", NULL, id.text, 0, &outcome);
	assert_int_not_equal(outcome.mark_id, 0);
	memcpy(number.text, outcome.number, sizeof number.text);
	return number;
}

/* As another process sees it. */
static char *credential_of(struct office *office, const char *number)
{
	struct km_problem problem = {0};
	char *token = NULL;
	assert_ok(km_mark_credential(office->scene->store, number, &token, &problem), &problem);
	return token;
}

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
	struct km_status_source source = {sign_status, office};
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
	struct scene_number number = grant(office);
	auto_free char *token = credential_of(office, number.text);
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

static void suspension_and_reinstatement_are_in_the_list_at_once(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = grant(office);
	auto_free char *token = credential_of(office, number.text);
	office->scene->now += 60;
	decide(office, "suspend", number.text, NULL, 0, &outcome);
	expect_verdict(office, token, KM_NOT_VALID, "suspended");
	assert_true(listed(office, KM_STATUS_SUSPENSION, token));
	assert_false(listed(office, KM_STATUS_REVOCATION, token));
	office->scene->now += 60;
	decide(office, "reinstate", number.text, NULL, 0, &outcome);
	expect_verdict(office, token, KM_GENUINE, "active");
	assert_false(listed(office, KM_STATUS_SUSPENSION, token));
	auto_free char *newer = credential_of(office, number.text);
	expect_verdict(office, newer, KM_GENUINE, "active");
	assert_string_not_equal(token, newer);
}

static void a_withdrawn_mark_keeps_the_credential_that_it_had_and_is_listed(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = grant(office);
	auto_free char *before = credential_of(office, number.text);
	office->scene->now += 60;
	decide(office, "withdraw", number.text, NULL, 0, &outcome);
	auto_free char *after = credential_of(office, number.text);
	assert_string_equal(before, after);
	expect_verdict(office, after, KM_NOT_VALID, "withdrawn");
	assert_true(listed(office, KM_STATUS_REVOCATION, after));
	assert_false(listed(office, KM_STATUS_SUSPENSION, after));
}

static int64_t count(struct office *office, const char *table)
{
	char sql[64];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	return fixture_number(office->scene->fixture, sql);
}

static void expect_nothing_granted(struct office *office)
{
	static const char *const tables[] = {"mark", "mark_period", "decision", "event", "credential"};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		assert_int_equal(count(office, tables[i]), 0);
	assert_int_equal(count(office, "submission"), 1); /* the audit */
}

static void nothing_is_kept_where_the_credential_cannot_be_signed(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {.mark_id = 77};
	struct scene_id id = audit(office, "initial");
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
	/* Keys that sign only from tomorrow on. */
	open_signer(office, "tomorrow", FIXTURE_URL, FIXTURE_NOW + 24 * 3600);
	open_issuer(office);
	assert_problem(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem, KM_UNAVAILABLE,
	               "key-not-yet");
	assert_int_equal(outcome.mark_id, 77);
	expect_nothing_granted(office);
	/* Keys of another registry. */
	open_signer(office, "other", "https://other.example", FIXTURE_NOW);
	open_issuer(office);
	assert_problem(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem, KM_INVALID,
	               "form");
	expect_nothing_granted(office);
	/* The same bytes, when the signer is there again, are no repetition. */
	open_signer(office, "again", FIXTURE_URL, FIXTURE_NOW);
	open_issuer(office);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	assert_false(outcome.repeated);
	km_outcome_done(&outcome);
	assert_int_equal(count(office, "credential"), 1);
}

static void a_refused_submission_changes_nothing(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {.mark_id = 77};
	struct scene_id id = audit(office, "initial");
	assert_problem(hand_in(office, AUDITOR, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
	               &problem, KM_FORBIDDEN, "role");
	assert_problem(
		hand_in(office, OTHER_DECIDER, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
		&problem, KM_FORBIDDEN, "other-body");
	assert_int_equal(km_issuer_submit(office->issuer, "x", 1, &outcome, NULL), KM_MALFORMED);
	assert_int_equal(outcome.mark_id, 77);
	expect_nothing_granted(office);
	decide(office, "grant", NULL, id.text, 0, &outcome); /* and the issuer is as good as before */
	assert_int_equal(count(office, "credential"), 1);
}

static void the_same_bytes_again_get_the_first_answer_and_no_new_credential(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome first = {0}, second = {0};
	struct scene_id id = audit(office, "initial");
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &first, &problem), &problem);
	auto_free char *credential = credential_of(office, first.number);
	office->scene->now += 60;
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &second, &problem), &problem);
	assert_true(second.repeated);
	assert_string_equal(first.reply, second.reply);
	auto_free char *again = credential_of(office, first.number);
	assert_string_equal(credential, again);
	km_outcome_done(&first);
	km_outcome_done(&second);
}

static size_t services_in(const char *token)
{
	json_auto_t *payload = payload_of(token);
	return json_array_size(json_object_get(json_object_get(payload, "credentialSubject"), "certifiedService"));
}

static int64_t tick(struct office *office)
{
	struct km_problem problem = {0};
	int64_t next = 77;
	assert_ok(km_issuer_tick(office->issuer, &next, &problem), &problem);
	return next;
}

static void a_decision_that_comes_to_hold_later_gives_a_new_credential_then(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = grant(office);
	int64_t from = FIXTURE_NOW + 1000;
	decide(office, "reduce", number.text, NULL, from, &outcome);
	auto_free char *before = credential_of(office, number.text);
	assert_int_equal(services_in(before), 2);
	assert_int_equal(tick(office), from);
	office->scene->now = from - 1;
	assert_int_equal(tick(office), from);
	auto_free char *still = credential_of(office, number.text);
	assert_string_equal(still, before);
	office->scene->now = from;
	auto_mark struct km_mark *mark = scene_mark(office->scene, number.text, from);
	assert_int_equal(tick(office), mark->next_change);
	auto_free char *after = credential_of(office, number.text);
	assert_int_equal(services_in(after), 1);
	expect_verdict(office, after, KM_GENUINE, "active");
	tick(office);
	auto_free char *again = credential_of(office, number.text);
	assert_string_equal(again, after);
	assert_int_equal(count(office, "event"), 2); /* that it has come to hold is no event of its own */
}

static void a_lapse_is_written_down_and_needs_no_new_credential(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = grant(office);
	decide(office, "suspend", number.text, NULL, FIXTURE_NOW + 1000, &outcome);
	auto_free char *before = credential_of(office, number.text);
	auto_mark struct km_mark *mark = scene_mark(office->scene, number.text, FIXTURE_NOW + 1000);
	office->scene->now = mark->period.suspension_limit + 1;
	assert_int_equal(tick(office), INT64_MAX);
	assert_int_equal(count(office, "event"), 3);
	auto_free char *token = credential_of(office, number.text);
	assert_string_equal(token, before);
	expect_verdict(office, token, KM_NOT_VALID, "withdrawn");
	assert_true(listed(office, KM_STATUS_REVOCATION, token));
}

static void a_tick_without_a_signature_changes_nothing(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome;
	struct scene_number number = grant(office);
	int64_t from = FIXTURE_NOW + 1000, next = 77;
	decide(office, "reduce", number.text, NULL, from, &outcome);
	office->scene->now = from;
	open_signer(office, "others", "https://keurmerk.other", FIXTURE_NOW - 10);
	open_issuer(office);
	assert_int_not_equal(km_issuer_tick(office->issuer, &next, &problem), KM_OK);
	assert_int_equal(next, 77);
	assert_int_equal(fixture_number(office->scene->fixture, "SELECT at FROM lapse_due"), from);
}

static void a_new_name_of_the_provider_is_in_the_next_credential(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = grant(office);
	office->scene->now += 60;
	decide(office, "rename", number.text, NULL, 0, &outcome);
	assert_true(outcome.whole_provider);
	auto_free char *token = credential_of(office, number.text);
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
	int64_t before = count(office, "person_key");
	assert_ok(km_issuer_enrol(office->issuer, token, strlen(token), &reply, &problem), &problem);
	assert_string_equal(json_string_value(json_object_get(reply, "kid")), kid);
	json_decref(reply);
	assert_int_equal(count(office, "person_key"), before + 1);
	/* The code was for one time. */
	json_t *untouched = NULL;
	assert_int_equal(km_issuer_enrol(office->issuer, token, strlen(token), &untouched, &problem), KM_UNPROVEN);
	assert_null(untouched);
	assert_int_equal(count(office, "person_key"), before + 1);
}

static json_t *entry(struct office *office, uint64_t index)
{
	struct km_problem problem = {0};
	auto_free char *bytes = NULL;
	size_t len = 0;
	json_t *object = NULL;
	assert_ok(km_log_entry(office->scene->store, index, &bytes, &len, &problem), &problem);
	assert_ok(km_json_parse(bytes, len, "the entry", &object, &problem), &problem);
	return object;
}

static void expect_member(const json_t *object, const char *member, const char *text)
{
	const char *found = json_string_value(json_object_get(object, member));
	if (!found || strcmp(found, text) != 0)
		fail_msg("%s: %s instead of %s", member, found ? found : "nothing", text);
}

/* The last checkpoint covers all, and is signed with the key of the log. */
static void expect_sealed(struct office *office, uint64_t size)
{
	struct km_problem problem = {0};
	struct km_checkpoint checkpoint;
	struct km_note_verifier verifier;
	auto_free char *note = NULL;
	size_t text_len, i = 0;
	assert_ok(km_log_checkpoint_last(office->scene->store, &checkpoint, &note, &problem), &problem);
	assert_int_equal(checkpoint.size, size);
	while (office->trust.entries[i].purpose != KM_PURPOSE_LOG)
		i++;
	assert_ok(km_note_verifier_make(checkpoint.origin, office->trust.entries[i].public_key, &verifier, &problem),
	          &problem);
	assert_ok(km_note_verify(note, strlen(note), &verifier, &text_len, &problem), &problem);
	assert_ok(km_log_check(office->scene->store, &problem), &problem);
}

static void each_event_and_each_submission_is_in_the_log_before_it_is_answered(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_id id = audit(office, "initial");
	expect_sealed(office, 1);
	json_auto_t *first = entry(office, 0);
	expect_member(first, "submission", id.text);
	assert_int_equal(json_object_size(first), 3); /* v, recorded, submission: an audit is nobody's business */
	decide(office, "grant", NULL, id.text, 0, &outcome);
	expect_sealed(office, 2);
	json_auto_t *second = entry(office, 1);
	expect_member(second, "action", "grant");
	expect_member(second, "mark", outcome.number);
	auto_free char *token = credential_of(office, outcome.number);
	uint8_t digest[KM_SHA256_BYTES];
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_sha256(token, strlen(token), digest);
	km_encode(KM_BASE64URL, digest, sizeof digest, &text);
	expect_member(second, "credential", text.data);
	decide(office, "transfer", outcome.number, NULL, 0, &outcome);
	expect_sealed(office, 3);
	json_auto_t *third = entry(office, 2);
	assert_int_equal(json_object_size(third), 3);
	assert_int_equal(count(office, "log_checkpoint"), 3);
}

static void a_lapse_and_the_decision_after_it_are_logged_in_their_order(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = grant(office);
	auto_mark struct km_mark *mark = scene_mark(office->scene, number.text, FIXTURE_NOW);
	office->scene->now = mark->period.surveillance_limit + 1;
	struct scene_id id = audit(office, "surveillance");
	expect_sealed(office, 3);
	decide(office, "reinstate", number.text, id.text, 0, &outcome);
	expect_sealed(office, 5);
	json_auto_t *lapse = entry(office, 3), *decided = entry(office, 4);
	expect_member(lapse, "action", "suspend-lapse");
	assert_true(json_is_null(json_object_get(lapse, "submission")));
	expect_member(decided, "action", "reinstate");
	assert_int_equal(json_integer_value(json_object_get(decided, "seq")), 3);
	office->scene->now = mark->period.valid_until + 1;
	tick(office);
	expect_sealed(office, 7);
	json_auto_t *last = entry(office, 6);
	expect_member(last, "action", "withdraw-lapse");
	assert_int_equal(tick(office), INT64_MAX);
	expect_sealed(office, 7);
}

static void what_is_refused_or_repeated_adds_nothing_to_the_log(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_id id = audit(office, "initial");
	hand_in(office, AUDITOR, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem);
	expect_sealed(office, 1);
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
	for (int i = 0; i < 2; i++) {
		assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
		km_outcome_done(&outcome);
		expect_sealed(office, 2);
	}
	assert_int_equal(count(office, "log_checkpoint"), 2);
}

static void nothing_is_signed_on_a_log_that_was_changed(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_id id = audit(office, "initial");
	fixture_sql(office->scene->fixture, "DROP TRIGGER log_hash_kept_1; UPDATE log_hash SET hash = zeroblob(32)");
	assert_problem(hand_in(office, DECIDER, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
	               &problem, KM_IO, "log-damaged");
	expect_nothing_granted(office);
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
		KM_ISSUER_TEST(a_grant_gives_a_credential_that_verifies),
		KM_ISSUER_TEST(suspension_and_reinstatement_are_in_the_list_at_once),
		KM_ISSUER_TEST(a_withdrawn_mark_keeps_the_credential_that_it_had_and_is_listed),
		KM_ISSUER_TEST(nothing_is_kept_where_the_credential_cannot_be_signed),
		KM_ISSUER_TEST(a_refused_submission_changes_nothing),
		KM_ISSUER_TEST(the_same_bytes_again_get_the_first_answer_and_no_new_credential),
		KM_ISSUER_TEST(a_decision_that_comes_to_hold_later_gives_a_new_credential_then),
		KM_ISSUER_TEST(a_lapse_is_written_down_and_needs_no_new_credential),
		KM_ISSUER_TEST(a_tick_without_a_signature_changes_nothing),
		KM_ISSUER_TEST(a_new_name_of_the_provider_is_in_the_next_credential),
		KM_ISSUER_TEST(an_enrolment_is_on_disk_when_it_is_answered),
		KM_ISSUER_TEST(each_event_and_each_submission_is_in_the_log_before_it_is_answered),
		KM_ISSUER_TEST(a_lapse_and_the_decision_after_it_are_logged_in_their_order),
		KM_ISSUER_TEST(what_is_refused_or_repeated_adds_nothing_to_the_log),
		KM_ISSUER_TEST(nothing_is_signed_on_a_log_that_was_changed),
		KM_ISSUER_TEST(an_issuer_needs_a_register),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
