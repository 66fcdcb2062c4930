/* Memory that runs out in the register, the signer and the verifier, at one request after the other: what was asked for
 * is done as a whole or not at all, who asks is told that it is memory that lacks, and the same again is done as soon
 * as there is some. The small functions of base/ are in tests/test_memory.c.
 */
#include "tests/scarce.h"

#include "base/buf.h"
#include "base/json.h"
#include "keys/keyset.h"
#include "registry/log_check.h"
#include "tests/office.h"
#include "tests/signing.h"
#include "tests/verifying.h"

enum { REQUESTS_MAX = 100000 };

/* Each of the first requests, and further on each of some: which ones, differs from run to run by its first. */
static int next_after(int nth, int all_up_to, int stride)
{
	return nth < all_up_to ? nth + 1 : nth + stride;
}

/* ------------------------------------------------------------------------------------------------------ the register
 */

static int64_t changes_of(struct office *office)
{
	return fixture_number(office->scene->fixture, "PRAGMA data_version"); /* of any other connection */
}

static void expect_whole(struct km_store *store)
{
	struct km_problem problem = {0};
	assert_ok(km_store_read_begin(store, &problem), &problem);
	assert_ok(km_log_check(store, &problem), &problem);
	km_store_read_end(store);
}

/* Hands it in while memory runs out. Fails the test where it is half done, or refused for another reason. */
static enum km_error submit_without(struct office *office, const char *token, int nth, bool lasts, bool *ret_reached)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	int64_t before = changes_of(office), submissions = office_count(office, "submission");
	scarce_from(nth, lasts);
	enum km_error error = km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem);
	*ret_reached = scarce_end();
	bool replied = outcome.reply;
	km_outcome_done(&outcome);
	if (error && error != KM_NO_MEMORY)
		fail_msg("request %d: refused as %s: %s", nth, problem.type, problem.message);
	if (error && !*ret_reached)
		fail_msg("request %d: there was memory, and it was refused", nth);
	if (error && (changes_of(office) != before || replied))
		fail_msg("request %d: refused, and the register has changed", nth);
	if (!error && office_count(office, "submission") != submissions + 1)
		fail_msg("request %d: taken, and not there", nth);
	return error;
}

static void expect_repeated(struct office *office, const char *token, bool already)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	assert_int_equal(outcome.repeated, already);
	km_outcome_done(&outcome);
	expect_whole(office->scene->store);
}

/* One register after the other: a grant that got through for all that, for SQLite for one can go on without some of the
 * memory that it asks for, ends the use of one. */
static void grant_without_memory(bool lasts)
{
	int nth = 1, tried = 0, registers = 0;
	for (bool reached = true; reached; registers++) {
		void *state = NULL;
		assert_int_equal(office_set_up(&state), 0);
		struct office *office = state;
		struct scene_id id = office_audit(office, "initial");
		auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
		enum km_error error = KM_NO_MEMORY;
		for (; error && nth < REQUESTS_MAX; nth = next_after(nth, 100, 11), tried++)
			error = submit_without(office, token, nth, lasts, &reached);
		assert_true(nth < REQUESTS_MAX);
		assert_int_equal(office_count(office, "mark"), 1);
		assert_int_equal(office_count(office, "credential"), 1);
		expect_repeated(office, token, true);
		assert_int_equal(office_tear_down(&state), 0);
	}
	assert_true(tried > 100);
	print_message("# a grant: at %d of its requests for memory, in %d registers\n", tried - 1, registers);
}

static void a_grant_for_which_memory_lacks_once_is_done_whole_or_not_at_all(void **state)
{
	(void)state;
	grant_without_memory(false);
}

static void a_grant_for_which_memory_runs_out_is_done_whole_or_not_at_all(void **state)
{
	(void)state;
	grant_without_memory(true);
}

static void what_was_refused_for_want_of_memory_is_taken_as_soon_as_there_is_some(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	int nth = 1, tried = 0;
	for (bool reached = true; reached && nth < REQUESTS_MAX; nth = next_after(nth, 40, 41), tried++) {
		const char *action = tried % 2 ? "notice-end" : "notice";
		auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision(action, mark.text, NULL));
		enum km_error error = submit_without(office, token, nth, tried % 3 == 0, &reached);
		expect_repeated(office, token, !error);
		office->scene->now++;
	}
	assert_true(tried > 40 && nth < REQUESTS_MAX);
	print_message("# a decision, and once more: at %d of its requests for memory\n", tried - 1);
}

/* -------------------------------------------------------------------------------------------------------- the signer
 */

struct order {
	struct km_signer *signer;
	enum { SIGN, CHECKPOINT } kind;
	enum km_form form;
	const char *payload;
};

static enum km_error carry_out(const struct order *order, char **ret_text, struct km_problem *problem)
{
	size_t len = strlen(order->payload);
	return order->kind == SIGN ? km_signer_sign(order->signer, order->form, order->payload, len, ret_text, problem)
	                           : km_signer_checkpoint(order->signer, order->payload, len, ret_text, problem);
}

/* The same bytes, for Ed25519 leaves nothing to chance; or none. */
static int sign_without_memory(const struct order *order, bool lasts)
{
	struct km_problem problem = {0};
	auto_free char *whole = NULL;
	assert_ok(carry_out(order, &whole, &problem), &problem);
	int nth = 1;
	for (bool reached = true; reached; nth++) {
		auto_free char *text = NULL;
		scarce_from(nth, lasts);
		enum km_error error = carry_out(order, &text, &problem);
		reached = scarce_end();
		if (error && (error != KM_NO_MEMORY || !reached))
			fail_msg("form %d, request %d: %s: %s", order->form, nth, problem.type, problem.message);
		assert_true(nth < REQUESTS_MAX);
		if (error)
			assert_null(text);
		else
			assert_string_equal(text, whole);
	}
	return nth - 2;
}

static void the_signer_signs_whole_or_not_at_all(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_clock system = km_clock_system();
	int64_t now = km_clock_now(&system);
	struct km_clock clock = km_clock_fixed(&now);
	struct order order = {0};
	int requests = 0;
	assert_ok(km_signer_init("keys", URL, NULL, made_at, &problem), &problem);
	assert_ok(km_signer_open("keys", NULL, &clock, &order.signer, &problem), &problem);
	for (order.form = 0; order.form < KM_FORMS; order.form++) {
		auto_free char *payload = sample(order.form);
		order.payload = payload;
		for (int lasts = 0; lasts < 2; lasts++)
			requests += sign_without_memory(&order, lasts);
	}
	order.kind = CHECKPOINT;
	order.payload = "keurmerk.example/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	for (int lasts = 0; lasts < 2; lasts++)
		requests += sign_without_memory(&order, lasts);
	km_signer_close(order.signer);
	assert_true(requests > 100);
	print_message("# signing: at each of %d requests for memory\n", requests);
}

static void keys_are_opened_whole_or_not_at_all(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_clock clock = km_clock_system();
	assert_ok(km_signer_init("keys", URL, NULL, made_at, &problem), &problem);
	int nth = 1, tried = 0;
	for (bool reached = true; reached; nth = next_after(nth, 40, 61), tried++) {
		struct km_signer *signer = NULL;
		scarce_from(nth, nth % 2);
		enum km_error error = km_signer_open("keys", NULL, &clock, &signer, &problem);
		reached = scarce_end();
		if (error && (error != KM_NO_MEMORY || !reached))
			fail_msg("request %d: %s: %s", nth, problem.type, problem.message);
		assert_true((error == KM_OK) == (signer != NULL));
		km_signer_close(signer);
	}
	print_message("# opening keys: at %d of their requests for memory\n", tried - 1);
}

static void a_key_set_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	static struct km_keyset whole, set;
	assert_ok(km_signer_init("keys", URL, NULL, made_at, &problem), &problem);
	assert_ok(km_signer_keyset("keys", &whole, &problem), &problem);
	int nth = 1;
	for (bool reached = true; reached; nth++) {
		memset(&set, 0, sizeof set);
		scarce_from(nth, nth % 2);
		enum km_error error = km_signer_keyset("keys", &set, &problem);
		reached = scarce_end();
		if (error && (error != KM_NO_MEMORY || !reached))
			fail_msg("request %d: %s: %s", nth, problem.type, problem.message);
		assert_int_equal(set.len, error ? 0 : whole.len);
		if (!error)
			assert_string_equal(set.entries[whole.len - 1].thumbprint, whole.entries[whole.len - 1].thumbprint);
	}
	assert_true(nth > 50);
	print_message("# reading a key set: at each of %d requests for memory\n", nth - 2);
}

/* ------------------------------------------------------------------------------------------------------ the verifier
 */

/* The verdict is the one that it is with memory, or "cannot tell". */
static int verify_without_memory(struct world *world, const char *token, enum km_outcome_kind outcome,
                                 const char *reason)
{
	int nth = 1;
	for (bool reached = true; reached; nth++) {
		scarce_from(nth, nth % 2);
		struct km_verdict verdict = world_verify(world, token);
		reached = scarce_end();
		if (verdict.outcome == KM_CANNOT_TELL && reached)
			continue;
		if (verdict.outcome != outcome || strcmp(verdict.reason, reason) != 0)
			fail_msg("request %d: %d, %s: %s", nth, verdict.outcome, verdict.reason, verdict.sentence);
	}
	assert_true(nth > 30);
	return nth - 2;
}

static void a_badge_without_memory_is_what_it_is_or_cannot_be_told(void **state)
{
	struct world *world = *state;
	auto_free char *status = world_status(world, &world->sample.mark, world->now, STATUS);
	world->answer.token = status; /* so that the registry which is asked is not the one that lacks memory */
	int requests = verify_without_memory(world, world->token, KM_GENUINE, "active");
	auto_free char *forged = strdup(world->token);
	char *signature = strrchr(forged, '.') + 1;
	*signature = *signature == 'A' ? 'B' : 'A';
	requests += verify_without_memory(world, forged, KM_NOT_VALID, "bad-signature");
	auto_free char *withdrawn = NULL;
	world->sample.mark.state = KM_WITHDRAWN;
	withdrawn = world_status(world, &world->sample.mark, world->now, STATUS);
	world->answer.token = withdrawn;
	requests += verify_without_memory(world, world->token, KM_NOT_VALID, "withdrawn");
	print_message("# verifying: at each of %d requests for memory\n", requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_for_which_memory_lacks_once_is_done_whole_or_not_at_all),
		cmocka_unit_test(a_grant_for_which_memory_runs_out_is_done_whole_or_not_at_all),
		KM_OFFICE_TEST(what_was_refused_for_want_of_memory_is_taken_as_soon_as_there_is_some),
		KM_TEST_IN_FOLDER(the_signer_signs_whole_or_not_at_all),
		KM_TEST_IN_FOLDER(keys_are_opened_whole_or_not_at_all),
		KM_TEST_IN_FOLDER(a_key_set_is_read_whole_or_not_at_all),
		KM_VERIFY_TEST(a_badge_without_memory_is_what_it_is_or_cannot_be_told),
	};
	scarce_insert();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
