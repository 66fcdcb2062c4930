/* Disks that fail and power that goes, at every single access of a decision's way into the register: what was answered
 * with a yes is there, what was not is there as a whole or not at all, the log stays whole, and work goes on
 * afterwards.
 */
#include "badge/verify.h"
#include "base/buf.h"
#include "base/file.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "tests/bad_disk.h"
#include "tests/folder.h"
#include "tests/office.h"

enum { ACCESSES_MAX = 2000 };

static const char *const fault_names[DISK_FAULTS] = {"good",       "writes fail", "writes tear", "the disk is full",
                                                     "syncs fail", "reads fail"};

/* How much of everything there is that a decision adds to. */
struct amounts {
	int64_t submissions, events, entries, checkpoints;
};

static struct amounts amounts_of(struct office *office)
{
	return (struct amounts){
		.submissions = office_count(office, "submission"),
		.events = office_count(office, "event"),
		.entries = office_count(office, "log_entry"),
		.checkpoints = office_count(office, "log_checkpoint"),
	};
}

static void expect_whole(struct km_store *store)
{
	struct km_problem problem = {0};
	assert_ok(km_store_read_begin(store, &problem), &problem);
	assert_ok(km_log_check(store, &problem), &problem);
	km_store_read_end(store);
}

/* Hands in one decision while the disk fails at its n-th access, and then, on a good one, the same bytes again. False
 * once the disk did not get as far as failing. */
static bool survive(struct office *office, enum bad_disk_fault fault, int nth, const char *mark)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct amounts before = amounts_of(office);
	const char *action = nth % 2 ? "notice" : "notice-end";
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision(action, mark, NULL));
	bad_disk_break(fault, nth);
	enum km_error error = km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem);
	bool failed = bad_disk_failed();
	bad_disk_break(DISK_GOOD, 0);
	km_outcome_done(&outcome);
	if (error && error != KM_IO && error != KM_UNAVAILABLE && error != KM_NO_MEMORY)
		fail_msg("%s, access %d: %s", fault_names[fault], nth, problem.message);
	if (error && !failed)
		fail_msg("%s, access %d: refused without a fault: %s", fault_names[fault], nth, problem.message);
	struct amounts after = amounts_of(office);
	/* All of it, or nothing. */
	int64_t added = after.submissions - before.submissions;
	if (!error && added != 1)
		fail_msg("%s, access %d: was taken, and is not there", fault_names[fault], nth);
	if (error && added != 0)
		fail_msg("%s, access %d: was not taken, and is there", fault_names[fault], nth);
	assert_int_equal(after.events - before.events, added);
	assert_int_equal(after.checkpoints - before.checkpoints, added);
	assert_true((after.entries > before.entries) == (added == 1));
	expect_whole(office->scene->store);
	outcome = (struct km_outcome){0};
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	assert_int_equal(outcome.repeated, !error);
	km_outcome_done(&outcome);
	assert_int_equal(office_count(office, "submission"), before.submissions + 1);
	office->scene->now++;
	return failed;
}

static void survive_all(struct office *office, enum bad_disk_fault fault)
{
	struct scene_number mark = office_grant(office);
	int nth = 1;
	while (survive(office, fault, nth, mark.text) && nth < ACCESSES_MAX)
		nth++;
	assert_true(nth > 1 && nth < ACCESSES_MAX);
	print_message("# %s: at each of %d accesses\n", fault_names[fault], nth - 1);
	expect_whole(office->scene->store);
}

static void where_writes_fail_a_decision_is_taken_whole_or_not_at_all(void **state)
{
	survive_all(*state, DISK_WRITE_FAILS);
}

static void where_writes_tear_a_decision_is_taken_whole_or_not_at_all(void **state)
{
	survive_all(*state, DISK_WRITE_TEARS);
}

static void where_the_disk_is_full_a_decision_is_taken_whole_or_not_at_all(void **state)
{
	survive_all(*state, DISK_FULL);
}

static void where_syncs_fail_a_decision_is_taken_whole_or_not_at_all(void **state)
{
	survive_all(*state, DISK_SYNC_FAILS);
}

/* Another process may have changed the file in the meantime, so that pages are read again. */
static void where_reads_fail_a_decision_is_taken_whole_or_not_at_all(void **state)
{
	struct office *office = *state;
	struct scene_number mark = office_grant(office);
	int nth = 1;
	for (bool failed = true; failed && nth < ACCESSES_MAX; nth++) {
		office_open_issuer(office); /* with nothing in its cache */
		failed = survive(office, DISK_READ_FAILS, nth, mark.text);
	}
	assert_true(nth > 2 && nth < ACCESSES_MAX);
	print_message("# %s: at each of %d accesses\n", fault_names[DISK_READ_FAILS], nth - 2);
}

/* ----------------------------------------------------------------------------------------------------- loss of power
 */

/* A register as the power left it opens, is whole, and has what was answered. */
static void expect_after_power_loss(const char *folder, int64_t submissions)
{
	struct km_problem problem = {0};
	struct km_store *store = NULL;
	char path[256];
	snprintf(path, sizeof path, "%s/register.db", folder);
	assert_ok(km_store_open(path, KM_STORE_WRITE, &store, &problem), &problem);
	struct fixture fixture = {.store = store};
	expect_whole(store);
	assert_int_equal(fixture_number(&fixture, "SELECT count(*) FROM submission"), submissions);
	assert_int_equal(
		fixture_number(&fixture, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
	km_store_close(store);
}

static void copy_file(const char *from, const char *to)
{
	struct km_problem problem = {0};
	auto_free char *bytes = NULL;
	size_t len = 0;
	if (km_file_read(from, 64 << 20, &bytes, &len, &problem) == KM_OK)
		assert_ok(km_file_replace(to, bytes, len, 0600, &problem), &problem);
}

static void what_was_answered_outlives_a_loss_of_power(void **state)
{
	struct office *office = *state;
	char synced[128], left[128], from[256], to[256];
	static const char *const names[] = {"register.db", "register.db-wal"};
	snprintf(synced, sizeof synced, "%s/synced", office->scene->fixture->folder);
	snprintf(left, sizeof left, "%s/left", office->scene->fixture->folder);
	assert_int_equal(mkdir(synced, 0700), 0);
	assert_int_equal(mkdir(left, 0700), 0);
	for (size_t i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "%s%s", office->scene->fixture->path, i ? "-wal" : "");
		snprintf(to, sizeof to, "%s/%s", synced, names[i]);
		copy_file(from, to);
	}
	bad_disk_keep(synced);
	struct scene_number mark = office_grant(office);
	for (int i = 0; i < 60; i++) {
		struct km_outcome outcome = {0};
		office_decide(office, i % 2 ? "notice-end" : "notice", mark.text, NULL, 0, &outcome);
		office->scene->now++;
		/* Now the power goes. */
		for (size_t j = 0; j < 2; j++) {
			snprintf(from, sizeof from, "%s/%s", synced, names[j]);
			snprintf(to, sizeof to, "%s/%s", left, names[j]);
			copy_file(from, to);
		}
		bad_disk_keep(NULL);
		expect_after_power_loss(left, office_count(office, "submission"));
		bad_disk_keep(synced);
	}
	bad_disk_keep(NULL);
}

/* ------------------------------------------------------------------------------------------------- other misfortunes
 */

static void a_register_that_another_program_holds_is_tried_again_later(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_number mark = office_grant(office);
	struct amounts before = amounts_of(office);
	auto_free char *token = scene_sign(office->scene, DECIDER, "decision", scene_decision("notice", mark.text, NULL));
	assert_ok(km_store_begin(office->scene->store, &problem), &problem);
	assert_problem(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem, KM_UNAVAILABLE,
	               "database-locked");
	km_store_rollback(office->scene->store);
	struct amounts after = amounts_of(office);
	assert_memory_equal(&before, &after, sizeof before);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	km_outcome_done(&outcome);
}

/* Back to between two decisions: what was recorded later than now is not undone, nor put in another order. */
static void a_clock_that_is_set_back_undoes_nothing(void **state)
{
	struct office *office = *state;
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_number mark = office_grant(office);
	office->scene->now += 2 * 24 * 3600;
	office_decide(office, "suspend", mark.text, NULL, 0, &outcome);
	struct amounts before = amounts_of(office);
	office->scene->now -= 24 * 3600;
	office_tick(office);
	assert_problem(
		office_hand_in(office, DECIDER, "decision", scene_decision("reinstate", mark.text, NULL), &outcome, &problem),
		&problem, KM_CONFLICT, "scheduled");
	struct amounts after = amounts_of(office);
	assert_memory_equal(&before, &after, sizeof before);
	expect_whole(office->scene->store);
	office->scene->now += 2 * 24 * 3600;
	office_decide(office, "reinstate", mark.text, NULL, 0, &outcome);
	expect_whole(office->scene->store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(where_writes_fail_a_decision_is_taken_whole_or_not_at_all),
		KM_OFFICE_TEST(where_writes_tear_a_decision_is_taken_whole_or_not_at_all),
		KM_OFFICE_TEST(where_the_disk_is_full_a_decision_is_taken_whole_or_not_at_all),
		KM_OFFICE_TEST(where_syncs_fail_a_decision_is_taken_whole_or_not_at_all),
		KM_OFFICE_TEST(where_reads_fail_a_decision_is_taken_whole_or_not_at_all),
		KM_OFFICE_TEST(what_was_answered_outlives_a_loss_of_power),
		KM_OFFICE_TEST(a_register_that_another_program_holds_is_tried_again_later),
		KM_OFFICE_TEST(a_clock_that_is_set_back_undoes_nothing),
	};
	bad_disk_insert();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
