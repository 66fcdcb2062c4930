/* Does the mark hold now, and what if nobody can say? */
#include "badge/status.h"
#include "badge/verdict.h"
#include "base/buf.h"
#include "tests/verifying.h"

#include <stdlib.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		KM_VERIFY_TEST(a_number_alone_is_answered_from_the_signed_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
