#include "badge/qr_token.h"
#include "badge/status.h"
#include "badge/status_list.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "registry/log_event.h"
#include "tests/verifying.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------ saved status lists
 */

enum { DAY = KM_STATUS_LIST_TTL_S };

static char *list_of(const struct world *world, enum km_status_purpose purpose, bool set, int64_t from)
{
	return world_list(world, purpose, 1, set, from, SAMPLE_URL, STATUS);
}

static struct km_verdict verify_with(struct world *world, const char *const lists[], size_t len)
{
	struct km_status_source source = {.lists = lists, .lists_len = len, .keyset_saved_at = SAMPLE_NOW - 500};
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), &world->trust, &source, world->now, &verdict);
	return verdict;
}

static void saved_lists_answer_as_of_when_they_were_signed(void **state)
{
	struct world *world = *state;
	static const struct {
		bool revoked, suspended;
		enum km_outcome_kind outcome;
		const char *reason;
	} cases[] = {
		{false, false, KM_GENUINE, "active"},
		{false, true, KM_NOT_VALID, "suspended"},
		{true, false, KM_NOT_VALID, "withdrawn"},
		{true, true, KM_NOT_VALID, "withdrawn"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		auto_free char *revoked = list_of(world, KM_STATUS_REVOCATION, cases[i].revoked, SAMPLE_NOW);
		auto_free char *suspended = list_of(world, KM_STATUS_SUSPENSION, cases[i].suspended, SAMPLE_NOW);
		world->now = SAMPLE_NOW + DAY; /* the last second */
		struct km_verdict verdict = verify_with(world, (const char *[]){revoked, suspended}, 2);
		expect(&verdict, cases[i].outcome, cases[i].reason);
		assert_int_equal(verdict.knowledge_at, SAMPLE_NOW);
		assert_contains(verdict.sentence, "2026");
		assert_contains(verdict.checks[KM_CHECK_STATUS].detail, "status lists of 2026-11-24T17:02:37Z");
		assert_contains(verdict.checks[KM_CHECK_KEY].detail, "key set that was saved at 2026-11-24T16:54:17Z");
		assert_string_equal(verdict.provider_name, "Test BV Donald");
	}
}

static void old_lists_tell_only_of_what_is_for_ever(void **state)
{
	struct world *world = *state;
	world->now = SAMPLE_NOW + DAY + 1;
	auto_free char *clear = list_of(world, KM_STATUS_REVOCATION, false, SAMPLE_NOW);
	auto_free char *revoked = list_of(world, KM_STATUS_REVOCATION, true, SAMPLE_NOW);
	auto_free char *not_suspended = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW);
	auto_free char *suspended = list_of(world, KM_STATUS_SUSPENSION, true, SAMPLE_NOW);
	struct km_verdict verdict = verify_with(world, (const char *[]){clear, not_suspended}, 2);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	assert_contains(verdict.sentence, "active by the status lists of 2026-11-24T17:02:37Z, which are too old");
	assert_int_equal(verdict.knowledge_at, SAMPLE_NOW);
	assert_int_equal(verdict.checks[KM_CHECK_STATUS].result, KM_RESULT_UNKNOWN);
	verdict = verify_with(world, (const char *[]){clear, suspended}, 2);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	assert_contains(verdict.sentence, "suspended by the status lists of 2026-11-24T17:02:37Z, which are too old");
	verdict = verify_with(world, (const char *[]){revoked, suspended}, 2);
	expect(&verdict, KM_NOT_VALID, "withdrawn");
	verdict = verify_with(world, (const char *[]){revoked}, 1);
	expect(&verdict, KM_NOT_VALID, "withdrawn");
}

static void one_list_of_the_two_is_not_enough(void **state)
{
	struct world *world = *state;
	auto_free char *clear = list_of(world, KM_STATUS_REVOCATION, false, SAMPLE_NOW);
	auto_free char *not_suspended = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW);
	struct km_verdict verdict = verify_with(world, (const char *[]){clear}, 1);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	verdict = verify_with(world, (const char *[]){not_suspended}, 1);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	verdict = verify_with(world, NULL, 0);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	/* As old as the older, as long as the shorter. */
	auto_free char *newer = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW + 50);
	verdict = verify_with(world, (const char *[]){clear, newer}, 2);
	expect(&verdict, KM_GENUINE, "active");
	assert_int_equal(verdict.knowledge_at, SAMPLE_NOW);
	world->now = SAMPLE_NOW + DAY + 1;
	verdict = verify_with(world, (const char *[]){clear, newer}, 2);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
}

static void lists_that_are_not_provably_the_registrys_tell_nothing(void **state)
{
	struct world *world = *state;
	auto_free char *clear = list_of(world, KM_STATUS_REVOCATION, false, SAMPLE_NOW);
	auto_free char *good = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW);
	auto_free char *stranger = world_list(world, KM_STATUS_SUSPENSION, 1, false, SAMPLE_NOW, SAMPLE_URL, STRANGER);
	auto_free char *wrong_key = world_list(world, KM_STATUS_SUSPENSION, 1, false, SAMPLE_NOW, SAMPLE_URL, CREDENTIAL);
	auto_free char *other =
		world_list(world, KM_STATUS_SUSPENSION, 1, false, SAMPLE_NOW, "https://other.example", STATUS);
	auto_free char *next = world_list(world, KM_STATUS_SUSPENSION, 2, false, SAMPLE_NOW, SAMPLE_URL, STATUS);
	auto_free char *future = list_of(world, KM_STATUS_SUSPENSION, false, world->now + KM_STATUS_SKEW_S + 1);
	auto_free char *before_its_key = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW - 1001);
	auto_free char *changed = strdup(good);
	changed[300] = changed[300] == 'A' ? 'B' : 'A';
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	const char *const useless[] = {stranger, wrong_key, other, next, future, before_its_key, changed, status, "", "x"};
	for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
		struct km_verdict verdict = verify_with(world, (const char *[]){clear, useless[i]}, 2);
		if (verdict.outcome != KM_CANNOT_TELL)
			fail_msg("list %zu: %s", i, verdict.sentence);
		/* Nor do they take anything away from a good one. */
		verdict = verify_with(world, (const char *[]){useless[i], clear, good, useless[i]}, 4);
		expect(&verdict, KM_GENUINE, "active");
	}
}

static void the_newest_saved_list_counts(void **state)
{
	struct world *world = *state;
	auto_free char *clear = list_of(world, KM_STATUS_REVOCATION, false, SAMPLE_NOW);
	auto_free char *old = list_of(world, KM_STATUS_SUSPENSION, true, SAMPLE_NOW);
	auto_free char *new = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW + 10);
	struct km_verdict verdict = verify_with(world, (const char *[]){clear, old, new}, 3);
	expect(&verdict, KM_GENUINE, "active");
	verdict = verify_with(world, (const char *[]){new, clear, old}, 3);
	expect(&verdict, KM_GENUINE, "active");
	auto_free char *newest = list_of(world, KM_STATUS_SUSPENSION, true, SAMPLE_NOW + 20);
	verdict = verify_with(world, (const char *[]){newest, new, clear, old}, 4);
	expect(&verdict, KM_NOT_VALID, "suspended");
}

static void where_the_registry_can_be_asked_its_word_counts(void **state)
{
	struct world *world = *state;
	auto_free char *clear = list_of(world, KM_STATUS_REVOCATION, false, SAMPLE_NOW);
	auto_free char *good = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW);
	world->source.lists = (const char *[]){clear, good};
	world->source.lists_len = 2;
	world->answer.error = KM_UNAVAILABLE;
	struct km_verdict verdict = world_verify(world, world->token);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	world->answer.error = KM_OK;
	world->sample.mark.state = KM_SUSPENDED;
	verdict = world_verify(world, world->token);
	expect(&verdict, KM_NOT_VALID, "suspended");
}

static void a_signed_qr_code_finds_its_place_in_saved_lists(void **state)
{
	struct world *world = *state;
	struct km_problem problem = {0};
	auto_free char *payload = NULL, *token = NULL;
	assert_ok(km_qr_token_payload(&world->sample.mark, SAMPLE_URL, SAMPLE_NOW, &payload, &problem), &problem);
	json_auto_t *claims = json_loads(payload, 0, NULL);
	assert_ok(km_cwt_sign(world->keys[CREDENTIAL], claims, &token, &problem), &problem);
	auto_free char *clear = list_of(world, KM_STATUS_REVOCATION, false, SAMPLE_NOW);
	auto_free char *not_suspended = list_of(world, KM_STATUS_SUSPENSION, false, SAMPLE_NOW);
	auto_free char *suspended = list_of(world, KM_STATUS_SUSPENSION, true, SAMPLE_NOW);
	struct km_status_source source = {.lists = (const char *[]){clear, not_suspended}, .lists_len = 2};
	struct km_verdict verdict;
	km_verify(token, strlen(token), &world->trust, &source, world->now, &verdict);
	expect(&verdict, KM_GENUINE, "active");
	source.lists = (const char *[]){clear, suspended};
	km_verify(token, strlen(token), &world->trust, &source, world->now, &verdict);
	expect(&verdict, KM_NOT_VALID, "suspended");
}

/* ------------------------------------------------------------------------------------------------ the log */

struct logging {
	struct world *world;
	char *proof;
	enum km_error error;
};

static enum km_error get_status(void *context, const char *number, char **ret_token, struct km_problem *problem)
{
	struct logging *logging = context;
	(void)number, (void)problem;
	*ret_token = world_status(logging->world, &logging->world->sample.mark, logging->world->now, STATUS);
	return KM_OK;
}

static enum km_error get_log_proof(void *context, const char *number, char **ret_text, struct km_problem *problem)
{
	struct logging *logging = context;
	assert_string_equal(number, SAMPLE_NUMBER);
	if (logging->error)
		return km_fail(problem, logging->error, "test", "the test does not answer");
	*ret_text = strdup(logging->proof);
	return KM_OK;
}

static char *prove(const struct world *world, const struct km_log_event *event, const char *origin, int key)
{
	struct km_problem problem = {0};
	auto_free char *entry = NULL;
	size_t len;
	assert_ok(km_log_event_entry(event, &entry, &len, &problem), &problem);
	return world_log_proof(world, entry, len, origin, key);
}

static struct km_log_event granted(const struct world *world)
{
	return (struct km_log_event){.mark = SAMPLE_NUMBER,
	                             .sequence = 1,
	                             .at = SAMPLE_NOW,
	                             .recorded = SAMPLE_NOW,
	                             .action = "grant",
	                             .state = "active",
	                             .credential = world->token,
	                             .submission = "x"};
}

static struct km_verdict verify_logged(struct world *world, char *proof, enum km_error error)
{
	struct logging logging = {world, proof, error};
	struct km_status_source source = {.get = get_status, .get_log_proof = get_log_proof, .context = &logging};
	struct km_verdict verdict;
	km_verify(world->token, strlen(world->token), &world->trust, &source, world->now, &verdict);
	free(proof);
	return verdict;
}

static struct km_verdict verify_event(struct world *world, const struct km_log_event *event)
{
	return verify_logged(world, prove(world, event, "keurmerk.example/log", LOG), KM_OK);
}

static void its_place_in_the_log_is_told(void **state)
{
	struct world *world = *state;
	world_publish(world, LOG, KM_PURPOSE_LOG);
	struct km_log_event event = granted(world);
	struct km_verdict verdict = verify_event(world, &event);
	expect(&verdict, KM_GENUINE, "active");
	assert_int_equal(verdict.checks[KM_CHECK_LOG].result, KM_RESULT_GOOD);
	assert_string_equal(verdict.checks[KM_CHECK_LOG].detail, "entry 1 of 2: active, with this credential");
	event.credential = "another";
	verdict = verify_event(world, &event);
	expect(&verdict, KM_GENUINE, "active");
	assert_string_equal(verdict.checks[KM_CHECK_LOG].detail, "entry 1 of 2: active, with another credential than this");
	event.credential = NULL;
	verdict = verify_event(world, &event);
	expect(&verdict, KM_GENUINE, "active");
}

static void a_registry_that_contradicts_its_log_is_not_believed(void **state)
{
	struct world *world = *state;
	world_publish(world, LOG, KM_PURPOSE_LOG);
	struct km_log_event event = granted(world);
	event.state = "withdrawn";
	event.at = SAMPLE_NOW + 10;
	struct km_verdict verdict = verify_event(world, &event);
	expect(&verdict, KM_CANNOT_TELL, "log-contradicts");
	assert_int_equal(verdict.checks[KM_CHECK_LOG].result, KM_RESULT_BAD);
	/* What is decided and holds only from later on is no contradiction; nor what has been put right since. */
	event.at = world->now + 1;
	verdict = verify_event(world, &event);
	expect(&verdict, KM_GENUINE, "active");
	event.at = SAMPLE_NOW + 10;
	world->sample.mark.state_since = SAMPLE_NOW + 20;
	verdict = verify_event(world, &event);
	expect(&verdict, KM_GENUINE, "active");
	/* Not valid stays that, whatever the log says. */
	world->sample.mark.state = KM_SUSPENDED;
	world->sample.mark.state_since = SAMPLE_NOW;
	event.state = "active";
	verdict = verify_event(world, &event);
	expect(&verdict, KM_NOT_VALID, "suspended");
}

static void expect_log_unknown(struct world *world, char *proof, enum km_error error)
{
	struct km_verdict verdict = verify_logged(world, proof, error);
	expect(&verdict, KM_GENUINE, "active");
	assert_int_equal(verdict.checks[KM_CHECK_LOG].result, KM_RESULT_UNKNOWN);
	assert_true(*verdict.checks[KM_CHECK_LOG].detail);
}

static void a_proof_that_proves_nothing_is_a_check_that_could_not_be_made(void **state)
{
	struct world *world = *state;
	struct km_log_event event = granted(world);
	expect_log_unknown(world, prove(world, &event, "keurmerk.example/log", LOG), KM_OK); /* its key is not published */
	world_publish(world, LOG, KM_PURPOSE_LOG);
	expect_log_unknown(world, NULL, KM_ABSENT);
	expect_log_unknown(world, NULL, KM_UNAVAILABLE);
	expect_log_unknown(world, strdup(""), KM_OK);
	expect_log_unknown(world, strdup("<html></html>"), KM_OK);
	expect_log_unknown(world, prove(world, &event, "keurmerk.example/log", STRANGER), KM_OK);
	expect_log_unknown(world, prove(world, &event, "keurmerk.example/log", STATUS), KM_OK);
	expect_log_unknown(world, prove(world, &event, "other.example/log", LOG), KM_OK);
	struct km_log_event other = event;
	other.mark = "7K3Q9XM24HVR";
	expect_log_unknown(world, prove(world, &other, "keurmerk.example/log", LOG), KM_OK);
	other = event;
	other.state = "excellent";
	expect_log_unknown(world, prove(world, &other, "keurmerk.example/log", LOG), KM_OK);
	world->trust.entries[world->trust.len - 1].revoked_at = 1;
	expect_log_unknown(world, prove(world, &event, "keurmerk.example/log", LOG), KM_OK);
}

static void one_changed_byte_of_the_proof_proves_nothing(void **state)
{
	struct world *world = *state;
	world_publish(world, LOG, KM_PURPOSE_LOG);
	struct km_log_event event = granted(world);
	auto_free char *proof = prove(world, &event, "keurmerk.example/log", LOG);
	for (size_t at = 0; at < strlen(proof); at++) {
		char *changed = strdup(proof);
		changed[at] ^= 1;
		expect_log_unknown(world, changed, KM_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(saved_lists_answer_as_of_when_they_were_signed),
		KM_VERIFY_TEST(old_lists_tell_only_of_what_is_for_ever),
		KM_VERIFY_TEST(one_list_of_the_two_is_not_enough),
		KM_VERIFY_TEST(lists_that_are_not_provably_the_registrys_tell_nothing),
		KM_VERIFY_TEST(the_newest_saved_list_counts),
		KM_VERIFY_TEST(where_the_registry_can_be_asked_its_word_counts),
		KM_VERIFY_TEST(a_signed_qr_code_finds_its_place_in_saved_lists),
		KM_VERIFY_TEST(its_place_in_the_log_is_told),
		KM_VERIFY_TEST(a_registry_that_contradicts_its_log_is_not_believed),
		KM_VERIFY_TEST(a_proof_that_proves_nothing_is_a_check_that_could_not_be_made),
		KM_VERIFY_TEST(one_changed_byte_of_the_proof_proves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
