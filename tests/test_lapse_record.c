#include "registry/lapse_record.h"

#include "base/clock.h"
#include "registry/provider.h"
#include "tests/scene.h"

#define SCOPE "[\"beheer\", \"cloud\"]"

static int64_t moment(const char *text)
{
	int64_t result;
	assert_true(km_time_parse(text, &result));
	return result;
}

/* Marks that were due, as they were called back for. */
struct due {
	size_t len;
	struct km_lapsed marks[8];
};

static enum km_error add_due(void *context, const struct km_lapsed *lapsed)
{
	struct due *due = context;
	assert_true(due->len < 8);
	due->marks[due->len++] = *lapsed;
	return KM_OK;
}

static struct due record(struct scene *scene, size_t limit)
{
	struct km_problem problem = {0};
	struct due due = {0};
	size_t marks = 77;
	assert_ok(km_lapses_record(scene->store, scene->now, limit, add_due, &due, &marks, &problem), &problem);
	assert_int_equal(marks, due.len);
	return due;
}

static int64_t next_due(struct scene *scene)
{
	struct km_problem problem = {0};
	int64_t at = 77;
	assert_ok(km_lapses_next(scene->store, &at, &problem), &problem);
	return at;
}

/* The events of the register that no decision made, as "AT ACTION REASON STATE RECORDED" in the order of writing. */
static void expect_lapse(struct scene *scene, int64_t n, const char *mark, int64_t at, const char *action,
                         const char *reason, const char *state)
{
	char sql[512];
	snprintf(sql, sizeof sql,
	         "SELECT count(*) FROM (SELECT * FROM event WHERE decision_id IS NULL ORDER BY id LIMIT 1 OFFSET %lld) AS e"
	         " JOIN mark ON mark.id = e.mark_id WHERE mark.number = '%s' AND at = %lld AND action = '%s'"
	         " AND reason = '%s' AND state = '%s' AND recorded_at = %lld AND text_nl IS NULL AND text_en IS NULL",
	         (long long)n, mark, (long long)at, action, reason, state, (long long)scene->now);
	if (fixture_number(scene->fixture, sql) != 1)
		fail_msg("lapse %lld is not %s of %s at %lld", (long long)n, action, mark, (long long)at);
}

static int64_t lapses(struct scene *scene)
{
	return fixture_number(scene->fixture, "SELECT count(*) FROM event WHERE decision_id IS NULL");
}

static void a_lapse_is_written_in_the_second_in_which_it_comes(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	int64_t at = moment("2028-01-23T23:00:00Z");
	assert_int_equal(next_due(scene), at);
	scene->now = at - 1;
	assert_int_equal(record(scene, 10).len, 0);
	assert_int_equal(lapses(scene), 0);
	scene->now = at;
	struct due due = record(scene, 10);
	assert_int_equal(due.len, 1);
	assert_string_equal(due.marks[0].number, number.text);
	assert_false(due.marks[0].began);
	assert_int_equal(lapses(scene), 1);
	expect_lapse(scene, 0, number.text, at, "suspend-lapse", "surveillance-overdue", "suspended");
	assert_true(next_due(scene) > at);
	fixture_expect_indexes(scene->fixture, "FROM lapse_due");
}

static void a_second_run_writes_nothing(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	scene->now = moment("2028-01-23T23:00:00Z");
	record(scene, 10);
	assert_int_equal(record(scene, 10).len, 0);
	assert_int_equal(lapses(scene), 1);
	/* Not even where it is noted as due again. */
	fixture_sql(scene->fixture, "UPDATE lapse_due SET at = 1");
	assert_int_equal(record(scene, 10).len, 1);
	assert_int_equal(lapses(scene), 1);
	assert_true(next_due(scene) > scene->now);
}

static void all_that_has_lapsed_meanwhile_is_written_at_once(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	auto_mark struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	/* The limits as they were when it was granted. */
	int64_t overdue = mark->period.surveillance_limit + 1, withdrawn = mark->period.suspension_limit + 1;
	scene->now = mark->period.valid_until + 1000;
	assert_int_equal(record(scene, 10).len, 1);
	assert_int_equal(lapses(scene), 2);
	expect_lapse(scene, 0, number.text, overdue, "suspend-lapse", "surveillance-overdue", "suspended");
	expect_lapse(scene, 1, number.text, withdrawn, "withdraw-lapse", "suspension-too-long", "withdrawn");
	assert_int_equal(next_due(scene), INT64_MAX);
}

static void a_suspended_mark_whose_term_ends_expires(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	int64_t end = mark->period.valid_until;
	km_mark_free(mark);
	scene->now = moment("2027-11-01T12:00:00Z");
	struct scene_id first = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "surveillance", SCOPE));
	scene_accept(scene, DECIDER, "decision", scene_decision("maintain", number.text, first.text));
	scene->now = moment("2028-11-01T12:00:00Z");
	struct scene_id second = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "surveillance", SCOPE));
	scene_accept(scene, DECIDER, "decision", scene_decision("maintain", number.text, second.text));
	scene->now = end - 86400 * 10;
	scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number.text, NULL));
	scene->now = end + 86400 * 400;
	record(scene, 10);
	assert_int_equal(lapses(scene), 1);
	expect_lapse(scene, 0, number.text, end + 1, "expire", "expired", "expired");
}

static struct scene_number grant_to(struct scene *scene, const char *kvk)
{
	struct km_provider provider = {.kvk = kvk, .name = "Test NV Katrien", .city = "Utrecht"};
	struct km_problem problem = {0};
	assert_ok(km_provider_add(scene->store, &provider, NULL, scene->now, &problem), &problem);
	json_t *audit = scene_audit(scene, "initial", SCOPE);
	json_object_set_new(audit, "provider", json_string(kvk));
	struct scene_id id = scene_accept(scene, AUDITOR, "audit", audit);
	struct km_outcome outcome = {0};
	struct scene_number number;
	assert_ok(scene_submit(scene, DECIDER, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
	          &problem);
	memcpy(number.text, outcome.number, sizeof number.text);
	km_outcome_done(&outcome);
	return number;
}

static void of_two_marks_the_one_that_was_due_first_comes_first(void **state)
{
	struct scene *scene = *state;
	struct scene_number first = scene_grant(scene, SCOPE);
	int64_t first_at = next_due(scene);
	scene->now += 86400;
	struct scene_number second = grant_to(scene, "68727720");
	scene->now = first_at + 86400;
	struct due due = record(scene, 1);
	assert_int_equal(due.len, 1);
	assert_string_equal(due.marks[0].number, first.text);
	assert_int_equal(next_due(scene), first_at + 86400);
	due = record(scene, 10);
	assert_int_equal(due.len, 1);
	assert_string_equal(due.marks[0].number, second.text);
	expect_lapse(scene, 0, first.text, first_at, "suspend-lapse", "surveillance-overdue", "suspended");
	expect_lapse(scene, 1, second.text, first_at + 86400, "suspend-lapse", "surveillance-overdue", "suspended");
}

static void a_scheduled_decision_that_begins_is_called_back_for_and_written_once(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	int64_t from = scene->now + 86400;
	char text[KM_TIME_TEXT];
	km_time_format(from, text);
	json_t *decision = scene_decision("suspend", number.text, NULL);
	json_object_set_new(decision, "holds_from", json_string(text));
	scene_accept(scene, DECIDER, "decision", decision);
	assert_int_equal(next_due(scene), from);
	scene->now = from - 1;
	assert_int_equal(record(scene, 10).len, 0);
	scene->now = from;
	struct due due = record(scene, 10);
	assert_int_equal(due.len, 1);
	assert_true(due.marks[0].began);
	assert_int_equal(lapses(scene), 0);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM event"), 2);
}

static void what_lapsed_comes_before_what_is_decided_next(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	scene->now = moment("2028-02-01T12:00:00Z");
	struct scene_id audit = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "surveillance", SCOPE));
	scene_accept(scene, DECIDER, "decision", scene_decision("reinstate", number.text, audit.text));
	expect_lapse(scene, 0, number.text, moment("2028-01-23T23:00:00Z"), "suspend-lapse", "surveillance-overdue",
	             "suspended");
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM event AS a JOIN event AS b ON b.id = a.id + 1"
	                                                " WHERE a.action = 'suspend-lapse' AND b.action = 'reinstate'"),
	                 1);
	assert_int_equal(record(scene, 10).len, 0);
	assert_int_equal(lapses(scene), 1);
}

static void a_correction_writes_what_it_brings_about_in_the_past(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	int64_t from = scene->now + 86400;
	char text[KM_TIME_TEXT];
	km_time_format(from, text);
	scene->now = moment("2027-12-01T12:00:00Z"); /* longer after that than a suspension may last */
	json_t *decision = scene_decision("correct", number.text, NULL);
	json_object_set_new(decision, "state", json_string("suspended"));
	json_object_set_new(decision, "holds_from", json_string(text));
	scene_accept(scene, DECIDER, "decision", decision);
	assert_int_equal(lapses(scene), 1);
	expect_lapse(scene, 0, number.text, km_suspension_limit(from, 180) + 1, "withdraw-lapse", "suspension-too-long",
	             "withdrawn");
	assert_int_equal(next_due(scene), INT64_MAX);
}

static enum km_error stop(void *context, const struct km_lapsed *lapsed)
{
	(void)context;
	(void)lapsed;
	return KM_UNAVAILABLE;
}

static void an_error_of_the_callback_is_the_answer(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	scene->now = moment("2028-01-23T23:00:00Z");
	struct km_problem problem = {0};
	size_t marks = 77;
	assert_int_equal(km_lapses_record(scene->store, scene->now, 10, stop, NULL, &marks, &problem), KM_UNAVAILABLE);
	assert_int_equal(marks, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(a_lapse_is_written_in_the_second_in_which_it_comes),
		KM_SCENE_TEST(a_second_run_writes_nothing),
		KM_SCENE_TEST(all_that_has_lapsed_meanwhile_is_written_at_once),
		KM_SCENE_TEST(a_suspended_mark_whose_term_ends_expires),
		KM_SCENE_TEST(of_two_marks_the_one_that_was_due_first_comes_first),
		KM_SCENE_TEST(a_scheduled_decision_that_begins_is_called_back_for_and_written_once),
		KM_SCENE_TEST(what_lapsed_comes_before_what_is_decided_next),
		KM_SCENE_TEST(a_correction_writes_what_it_brings_about_in_the_past),
		KM_SCENE_TEST(an_error_of_the_callback_is_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
