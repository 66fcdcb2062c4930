#include "registry/due.h"

#include "base/clock.h"
#include "tests/scene.h"

#define SCOPE "[\"beheer\"]"

struct seen {
	int len;
	char lines[16][96];
};

static enum km_error note(void *context, const struct km_due *due)
{
	struct seen *seen = context;
	char day[KM_DATE_TEXT];
	km_date_format(due->at, day);
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s %s %s", km_due_kind_name(due->kind), day,
	         due->detail ? due->detail : due->number);
	return KM_OK;
}

static struct seen due_at(struct scene *scene, const char *body, int days)
{
	struct seen seen = {0};
	struct km_problem problem;
	int64_t until = km_time_end_of_day(km_time_add_days(scene->now, days));
	assert_ok(km_due_list(scene->store, body, scene->now, until, note, &seen, &problem), &problem);
	return seen;
}

static int64_t moment(const char *text)
{
	int64_t result;
	assert_true(km_time_parse(text, &result));
	return result;
}

static void surveillance_is_due_from_within_the_days_until_it_was_too_late(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	char expected[96];
	snprintf(expected, sizeof expected, "surveillance 2027-11-24 %s", number.text);
	assert_int_equal(due_at(scene, "een", 364).len, 0);
	assert_int_equal(due_at(scene, "een", 365).len, 1);
	assert_string_equal(due_at(scene, "een", 365).lines[0], expected);
	assert_int_equal(due_at(scene, "twee", 365).len, 0);
	scene->now = moment("2028-01-23T22:59:59Z"); /* overdue, in the last second of grace */
	assert_string_equal(due_at(scene, "een", 0).lines[0], expected);
	scene->now++; /* it has lapsed: now the suspension counts */
	assert_int_equal(due_at(scene, "een", 0).len, 0);
	struct seen later = due_at(scene, "een", 200);
	assert_int_equal(later.len, 1);
	assert_contains(later.lines[0], "suspension 2028-07-22");
}

static void an_expiry_is_due_until_it_happens(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	for (int year = 0; year < 2; year++) {
		scene->now += 365 * 86400;
		struct scene_id audit = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "surveillance", SCOPE));
		scene_accept(scene, DECIDER, "decision", scene_decision("maintain", number.text, audit.text));
	}
	assert_int_equal(due_at(scene, "een", 300).len, 0);
	assert_contains(due_at(scene, "een", 366).lines[0], "expiry 2029-11-24");
	scene->now = moment("2029-11-24T23:00:00Z");
	assert_int_equal(due_at(scene, "een", 300).len, 0);
}

static void a_finding_is_due_until_a_newer_audit_looked(void **state)
{
	struct scene *scene = *state;
	json_t *found = scene_audit(scene, "initial", SCOPE);
	scene_find(found, "R2", "minor", "2027-02-01");
	struct scene_id id = scene_accept(scene, AUDITOR, "audit", found);
	scene_accept(scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
	assert_string_equal(due_at(scene, "een", 90).lines[0], "finding 2027-02-01 R2");
	scene->now = moment("2027-02-10T12:00:00Z");
	assert_string_equal(due_at(scene, "een", 0).lines[0], "finding 2027-02-01 R2");
	json_t *follow_up = scene_audit(scene, "follow-up", "[]");
	json_object_del(follow_up, "scope");
	json_object_set_new(follow_up, "follows", json_string(id.text));
	json_object_set_new(follow_up, "findings", json_pack("[{s:s, s:s}]", "criterion", "R2", "result", "conform"));
	scene_accept(scene, AUDITOR, "audit", follow_up);
	assert_int_equal(due_at(scene, "een", 0).len, 0);
}

static void a_case_is_due_until_it_is_closed(void **state)
{
	struct scene *scene = *state;
	struct scene_id id =
		scene_accept(scene, AUDITOR, "case",
	                 json_pack("{s:s, s:s, s:s}", "action", "open", "kind", "complaint", "received", "2026-11-20"));
	assert_string_equal(due_at(scene, "een", 60).lines[0], "case 2027-01-01 complaint");
	assert_int_equal(due_at(scene, "een", 37).len, 0);
	scene_accept(scene, DECIDER, "case",
	             json_pack("{s:s, s:s, s:s, s:s}", "action", "close", "case", id.text, "outcome", "settled", "reason",
	                       "agreed"));
	assert_int_equal(due_at(scene, "een", 60).len, 0);
}

static void what_is_due_is_so_for_the_body_that_holds_the_mark_now(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	struct scene_id offer = scene_accept(scene, DECIDER, "decision", scene_decision("transfer", number.text, NULL));
	json_t *accept = scene_decision("accept-transfer", number.text, NULL);
	json_object_set_new(accept, "transfer", json_string(offer.text));
	json_object_set_new(accept, "holds_from", json_string("2026-12-24T00:00:00Z"));
	scene_accept(scene, OTHER_DECIDER, "decision", accept);
	assert_int_equal(due_at(scene, "een", 365).len, 1);
	assert_int_equal(due_at(scene, "twee", 365).len, 0);
	scene->now = moment("2026-12-24T00:00:00Z");
	assert_int_equal(due_at(scene, "een", 365).len, 0);
	assert_int_equal(due_at(scene, "twee", 365).len, 1);
}

static void no_list_reads_a_whole_table(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	due_at(scene, "een", 3000);
	fixture_expect_indexes(scene->fixture, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(surveillance_is_due_from_within_the_days_until_it_was_too_late),
		KM_SCENE_TEST(an_expiry_is_due_until_it_happens),
		KM_SCENE_TEST(a_finding_is_due_until_a_newer_audit_looked),
		KM_SCENE_TEST(a_case_is_due_until_it_is_closed),
		KM_SCENE_TEST(what_is_due_is_so_for_the_body_that_holds_the_mark_now),
		KM_SCENE_TEST(no_list_reads_a_whole_table),
	};
	return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
