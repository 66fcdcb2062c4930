#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/note.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "registry/log_checkpoint.h"
#include "registry/provider.h"
#include "tests/office.h"

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
	struct scene_id id = office_audit(office, "initial");
	expect_sealed(office, 2);
	json_auto_t *records = entry(office, 0), *first = entry(office, 1);
	assert_int_equal(json_integer_value(json_object_get(records, "records")), office_count(office, "record"));
	assert_int_equal(json_object_size(records), 4); /* v, recorded, records, chain */
	expect_member(first, "submission", id.text);
	assert_int_equal(json_object_size(first), 3); /* v, recorded, submission: an audit is nobody's business */
	office_decide(office, "grant", NULL, id.text, 0, &outcome);
	expect_sealed(office, 3);
	json_auto_t *second = entry(office, 2);
	expect_member(second, "action", "grant");
	expect_member(second, "mark", outcome.number);
	auto_free char *token = office_credential(office, outcome.number);
	uint8_t digest[KM_SHA256_BYTES];
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_sha256(token, strlen(token), digest);
	km_encode(KM_BASE64URL, digest, sizeof digest, &text);
	expect_member(second, "credential", text.data);
	office_decide(office, "transfer", outcome.number, NULL, 0, &outcome);
	expect_sealed(office, 4);
	json_auto_t *third = entry(office, 3);
	assert_int_equal(json_object_size(third), 3);
	assert_int_equal(office_count(office, "log_checkpoint"), 3);
}

static void a_lapse_and_the_decision_after_it_are_logged_in_their_order(void **state)
{
	struct office *office = *state;
	struct km_outcome outcome;
	struct scene_number number = office_grant(office);
	auto_mark struct km_mark *mark = scene_mark(office->scene, number.text, FIXTURE_NOW);
	office->scene->now = mark->period.surveillance_limit + 1;
	struct scene_id id = office_audit(office, "surveillance");
	expect_sealed(office, 4);
	office_decide(office, "reinstate", number.text, id.text, 0, &outcome);
	expect_sealed(office, 6);
	json_auto_t *lapse = entry(office, 4), *decided = entry(office, 5);
	expect_member(lapse, "action", "suspend-lapse");
	assert_true(json_is_null(json_object_get(lapse, "submission")));
	expect_member(decided, "action", "reinstate");
	assert_int_equal(json_integer_value(json_object_get(decided, "seq")), 3);
	office->scene->now = mark->period.valid_until + 1;
	office_tick(office);
	expect_sealed(office, 8);
	json_auto_t *last = entry(office, 7);
	expect_member(last, "action", "withdraw-lapse");
	assert_int_equal(office_tick(office), INT64_MAX);
	expect_sealed(office, 8);
}

static void what_the_operator_changes_is_committed_to_at_the_next_tick(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_store *store = km_issuer_store(office->issuer);
	struct km_provider provider = {.kvk = "68727720", .name = "Test NV Katrien"};
	office_tick(office);
	expect_sealed(office, 1);
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_provider_add(store, &provider, NULL, FIXTURE_NOW, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	expect_sealed(office, 1);
	office_tick(office);
	expect_sealed(office, 2);
	json_auto_t *records = entry(office, 1);
	assert_int_equal(json_integer_value(json_object_get(records, "records")), office_count(office, "record"));
	office_tick(office);
	expect_sealed(office, 2);
}

static void what_is_refused_or_repeated_adds_nothing_to_the_log(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_id id = office_audit(office, "initial");
	office_hand_in(office, AUDITOR, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem);
	expect_sealed(office, 2);
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
	for (int i = 0; i < 2; i++) {
		assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
		km_outcome_done(&outcome);
		expect_sealed(office, 3);
	}
	assert_int_equal(office_count(office, "log_checkpoint"), 2);
}

static void nothing_is_signed_on_a_log_that_was_changed(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_id id = office_audit(office, "initial");
	fixture_disarm(office->scene->fixture);
	fixture_sql(office->scene->fixture, "UPDATE log_hash SET hash = zeroblob(32)");
	assert_problem(
		office_hand_in(office, DECIDER, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
		&problem, KM_IO, "log-damaged");
	assert_int_equal(office_count(office, "mark"), 0);
	assert_int_equal(office_count(office, "submission"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(each_event_and_each_submission_is_in_the_log_before_it_is_answered),
		KM_OFFICE_TEST(a_lapse_and_the_decision_after_it_are_logged_in_their_order),
		KM_OFFICE_TEST(what_the_operator_changes_is_committed_to_at_the_next_tick),
		KM_OFFICE_TEST(what_is_refused_or_repeated_adds_nothing_to_the_log),
		KM_OFFICE_TEST(nothing_is_signed_on_a_log_that_was_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
