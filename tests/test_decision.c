#include "registry/decision.h"

#include "base/clock.h"
#include "registry/finding.h"
#include "registry/scheme.h"
#include "tests/scene.h"

#include <stdlib.h>

#define SCOPE "[\"beheer\", \"cloud\"]"

static int64_t moment(const char *text)
{
	int64_t result;
	assert_true(km_time_parse(text, &result));
	return result;
}

static void refuse(struct scene *scene, enum scene_person who, json_t *decision, enum km_error code, const char *type)
{
	struct km_problem problem = {0};
	assert_problem(scene_submit(scene, who, "decision", decision, NULL, &problem), &problem, code, type);
}

static struct scene_id decide(struct scene *scene, const char *action, const char *mark, const char *audit)
{
	return scene_accept(scene, DECIDER, "decision", scene_decision(action, mark, audit));
}

static struct scene_id audit(struct scene *scene, const char *kind)
{
	return scene_accept(scene, AUDITOR, "audit", scene_audit(scene, kind, SCOPE));
}

static void expect_state(struct scene *scene, const char *number, int64_t at, enum km_state state)
{
	struct km_mark *mark = scene_mark(scene, number, at);
	assert_string_equal(km_state_name(mark->state), km_state_name(state));
	km_mark_free(mark);
}

static void a_grant_gives_the_schemes_term_and_its_surveillance(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->period.valid_until, moment("2029-11-24T22:59:59Z"));
	assert_int_equal(mark->period.surveillance_due, moment("2027-11-24T22:59:59Z"));
	assert_int_equal(mark->period.surveillance_limit, moment("2028-01-23T22:59:59Z"));
	assert_int_equal(mark->next_change, moment("2028-01-23T23:00:00Z"));
	assert_int_equal(mark->scope_len, 2);
	assert_string_equal(mark->provider->name, "Test BV Donald");
	assert_string_equal(mark->body->slug, "een");
	assert_int_equal(mark->audits_len, 1);
	assert_int_equal(mark->events_len, 1);
	km_mark_free(mark);
	struct km_mark *none;
	struct km_problem problem = {0};
	assert_problem(km_mark_get(scene->store, number.text, scene->now - 1, &none, &problem), &problem, KM_ABSENT,
	               "mark-not-yet");
}

static void nobody_decides_on_an_audit_that_they_took_part_in(void **state)
{
	struct scene *scene = *state;
	struct scene_id own = scene_accept(scene, BOTH, "audit", scene_audit(scene, "initial", SCOPE));
	refuse(scene, BOTH, scene_decision("grant", NULL, own.text), KM_FORBIDDEN, "four-eyes");
	json_t *found = scene_audit(scene, "initial", SCOPE);
	scene_find(found, "R1", "major", "2027-01-01");
	struct scene_id theirs = scene_accept(scene, AUDITOR, "audit", found);
	json_t *follow_up = scene_audit(scene, "follow-up", "[]");
	json_object_del(follow_up, "scope");
	json_object_set_new(follow_up, "follows", json_string(theirs.text));
	json_object_set_new(follow_up, "findings", json_pack("[{s:s, s:s}]", "criterion", "R1", "result", "conform"));
	scene_accept(scene, BOTH, "audit", follow_up);
	refuse(scene, BOTH, scene_decision("grant", NULL, theirs.text), KM_FORBIDDEN, "four-eyes");
	decide(scene, "grant", NULL, theirs.text);
}

static void an_open_major_bars_a_grant_until_a_follow_up_closes_it(void **state)
{
	struct scene *scene = *state;
	json_t *found = scene_audit(scene, "initial", SCOPE);
	scene_find(found, "R1", "major", "2027-01-01");
	scene_find(found, "R2", "minor", "2027-02-01");
	struct scene_id id = scene_accept(scene, AUDITOR, "audit", found);
	refuse(scene, DECIDER, scene_decision("grant", NULL, id.text), KM_CONFLICT, "open-major");
	json_t *wrong = scene_audit(scene, "follow-up", "[]");
	json_object_del(wrong, "scope");
	json_object_set_new(wrong, "follows", json_string(id.text));
	json_object_set_new(wrong, "findings", json_pack("[{s:s, s:s}]", "criterion", "R3", "result", "conform"));
	struct km_problem problem = {0};
	assert_problem(scene_submit(scene, AUDITOR, "audit", json_deep_copy(wrong), NULL, &problem), &problem, KM_INVALID,
	               "member");
	assert_contains(problem.message, "did not leave it open");
	json_object_set_new(wrong, "findings", json_pack("[{s:s, s:s}]", "criterion", "R1", "result", "conform"));
	scene_accept(scene, AUDITOR, "audit", wrong);
	struct km_open_findings open;
	assert_ok(km_findings_of_audit(scene->store, id.text, scene->now, &open, &problem), &problem);
	assert_int_equal(open.majors, 0);
	assert_int_equal(open.minors, 1);
	assert_int_equal(open.overdue, 0);
	assert_int_equal(open.first_due, moment("2027-02-01T22:59:59Z"));
	decide(scene, "grant", NULL, id.text);
}

static void a_minor_finding_is_overdue_after_the_day_that_the_newest_audit_gave(void **state)
{
	struct scene *scene = *state;
	json_t *found = scene_audit(scene, "initial", SCOPE);
	scene_find(found, "R2", "minor", "2027-02-01");
	decide(scene, "grant", NULL, scene_accept(scene, AUDITOR, "audit", found).text);
	scene->now = moment("2027-11-01T12:00:00Z");
	struct km_open_findings open;
	struct km_problem problem;
	assert_ok(km_findings_of_provider(scene->store, 1, "mkb-ict", scene->now, &open, &problem), &problem);
	assert_int_equal(open.overdue, 1);
	json_t *again = scene_audit(scene, "surveillance", SCOPE);
	scene_find(again, "R2", "minor", "2027-11-05");
	scene_accept(scene, AUDITOR, "audit", again);
	assert_ok(km_findings_of_provider(scene->store, 1, "mkb-ict", scene->now, &open, &problem), &problem);
	assert_int_equal(open.overdue, 0);
	int64_t last = moment("2027-11-05T22:59:59Z");
	assert_ok(km_findings_of_provider(scene->store, 1, "mkb-ict", last, &open, &problem), &problem);
	assert_int_equal(open.overdue, 0);
	assert_ok(km_findings_of_provider(scene->store, 1, "mkb-ict", last + 1, &open, &problem), &problem);
	assert_int_equal(open.overdue, 1);
}

static void a_renewal_is_barred_by_overdue_findings_and_loses_no_time(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	for (int year = 0; year < 2; year++) {
		scene->now += 365 * 86400;
		decide(scene, "maintain", number.text, audit(scene, "surveillance").text);
	}
	scene->now = moment("2029-10-01T12:00:00Z");
	json_t *found = scene_audit(scene, "recertification", SCOPE);
	scene_find(found, "R2", "minor", "2029-10-02");
	struct scene_id id = scene_accept(scene, AUDITOR, "audit", found);
	scene->now = moment("2029-10-03T12:00:00Z");
	refuse(scene, DECIDER, scene_decision("renew", number.text, id.text), KM_CONFLICT, "overdue-minor");
	json_t *follow_up = scene_audit(scene, "follow-up", "[]");
	json_object_del(follow_up, "scope");
	json_object_set_new(follow_up, "follows", json_string(id.text));
	json_object_set_new(follow_up, "findings", json_pack("[{s:s, s:s}]", "criterion", "R2", "result", "conform"));
	scene_accept(scene, SECOND_AUDITOR, "audit", follow_up);
	decide(scene, "renew", number.text, id.text);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->period.valid_until, moment("2032-11-24T22:59:59Z"));
	assert_int_equal(mark->period.surveillance_due, moment("2030-10-03T21:59:59Z"));
	km_mark_free(mark);
}

static void surveillance_keeps_its_day_and_stops_before_the_end(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	scene->now = moment("2027-09-01T12:00:00Z"); /* early: the next is still a year after the first was due */
	decide(scene, "maintain", number.text, audit(scene, "surveillance").text);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->period.surveillance_due, moment("2028-11-24T22:59:59Z"));
	km_mark_free(mark);
	scene->now = moment("2028-12-01T12:00:00Z"); /* late, in the days of grace */
	decide(scene, "maintain", number.text, audit(scene, "surveillance").text);
	mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->period.surveillance_due, 0);
	assert_int_equal(mark->next_change, moment("2029-11-24T23:00:00Z"));
	km_mark_free(mark);
}

static void what_lapsed_for_want_of_surveillance_comes_back_only_on_an_audit(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	scene->now = moment("2028-01-23T23:00:00Z");
	expect_state(scene, number.text, scene->now - 1, KM_ACTIVE);
	expect_state(scene, number.text, scene->now, KM_SUSPENDED);
	scene->now += 60;
	refuse(scene, DECIDER, scene_decision("maintain", number.text, audit(scene, "surveillance").text), KM_CONFLICT,
	       "state");
	refuse(scene, DECIDER, scene_decision("reinstate", number.text, NULL), KM_CONFLICT, "surveillance-overdue");
	decide(scene, "reinstate", number.text, audit(scene, "surveillance").text);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->state, KM_ACTIVE);
	assert_int_equal(mark->state_since, scene->now);
	assert_int_equal(mark->period.surveillance_due, moment("2028-11-24T22:59:59Z"));
	assert_string_equal(mark->events[0].action, "reinstate");
	assert_string_equal(mark->events[1].action, "suspend-lapse");
	assert_string_equal(mark->events[1].reason, "surveillance-overdue");
	km_mark_free(mark);
}

static struct scene_id follow_up(struct scene *scene, enum scene_person who, const char *follows)
{
	json_t *content = scene_audit(scene, "follow-up", "[]");
	json_object_del(content, "scope");
	json_object_set_new(content, "follows", json_string(follows));
	json_object_set_new(content, "findings", json_pack("[{s:s, s:s}]", "criterion", "R2", "result", "conform"));
	return scene_accept(scene, who, "audit", content);
}

static void an_audit_that_was_counted_before_ends_no_later_want_of_surveillance(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	scene->now = moment("2027-11-01T12:00:00Z");
	json_t *found = scene_audit(scene, "surveillance", SCOPE);
	scene_find(found, "R2", "minor", "2027-12-01");
	struct scene_id first = scene_accept(scene, AUDITOR, "audit", found);
	decide(scene, "maintain", number.text, first.text);
	scene->now = moment("2029-02-01T12:00:00Z");
	expect_state(scene, number.text, scene->now, KM_SUSPENDED);
	struct scene_id old = follow_up(scene, SECOND_AUDITOR, first.text);
	refuse(scene, DECIDER, scene_decision("reinstate", number.text, old.text), KM_CONFLICT, "surveillance-overdue");
	/* The twin: one that was of now, and left something open. */
	found = scene_audit(scene, "surveillance", SCOPE);
	scene_find(found, "R2", "major", "2029-03-01");
	struct scene_id second = scene_accept(scene, AUDITOR, "audit", found);
	refuse(scene, DECIDER, scene_decision("reinstate", number.text, second.text), KM_CONFLICT, "open-major");
	decide(scene, "reinstate", number.text, follow_up(scene, SECOND_AUDITOR, second.text).text);
	expect_state(scene, number.text, scene->now, KM_ACTIVE);
}

static void surveillance_is_not_done_years_ahead(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	scene->now += 30 * 86400;
	for (int i = 0; i < 3; i++) { /* the first counts, the others keep the mark and no more */
		decide(scene, "maintain", number.text, audit(scene, i ? "special" : "surveillance").text);
		struct km_mark *mark = scene_mark(scene, number.text, scene->now);
		assert_int_equal(mark->period.surveillance_due, moment("2028-11-24T22:59:59Z"));
		assert_int_equal(mark->period.surveillance_limit, moment("2029-01-23T22:59:59Z"));
		km_mark_free(mark);
		scene->now += 86400;
	}
}

static void a_suspension_that_lasts_too_long_becomes_a_withdrawal(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	decide(scene, "suspend", number.text, NULL);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	int64_t limit = mark->period.suspension_limit;
	assert_int_equal(limit, moment("2027-05-23T21:59:59Z"));
	assert_string_equal(mark->text.in[KM_NL], "Uitleg.");
	assert_string_equal(mark->reason, "voorbeeld");
	km_mark_free(mark);
	expect_state(scene, number.text, limit, KM_SUSPENDED);
	expect_state(scene, number.text, limit + 1, KM_WITHDRAWN);
	scene->now = limit + 1;
	refuse(scene, DECIDER, scene_decision("reinstate", number.text, NULL), KM_CONFLICT, "state");
}

static void the_scope_grows_only_on_an_audit_and_shrinks_in_plain_sight(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	refuse(scene, DECIDER, scene_decision("extend", number.text, audit(scene, "special").text), KM_INVALID, "scope");
	struct scene_id wider =
		scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "special", "[\"beheer\", \"cloud\", \"advies\"]"));
	decide(scene, "extend", number.text, wider.text);
	scene->now += 10;
	decide(scene, "reduce", number.text, NULL);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->scope_len, 1);
	assert_int_equal(mark->scope_dropped_len, 2);
	assert_string_equal(mark->scope_dropped[0]->id, "cloud");
	km_mark_free(mark);
	mark = scene_mark(scene, number.text, scene->now - 1);
	assert_int_equal(mark->scope_len, 3);
	assert_int_equal(mark->scope_dropped_len, 0);
	km_mark_free(mark);
	refuse(scene, DECIDER, scene_decision("reduce", number.text, NULL), KM_INVALID, "scope");
}

static json_t *scheduled(const char *action, const char *mark, int64_t at)
{
	char text[KM_TIME_TEXT];
	json_t *decision = scene_decision(action, mark, NULL);
	km_time_format(at, text);
	json_object_set_new(decision, "holds_from", json_string(text));
	return decision;
}

static void a_scheduled_decision_holds_from_its_second_unless_a_protecting_one_comes_first(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	int64_t at = scene->now + 30 * 86400;
	refuse(scene, DECIDER, scheduled("withdraw", number.text, scene->now - 1), KM_INVALID, "member");
	refuse(scene, DECIDER, scheduled("withdraw", number.text, scene->now + 91 * 86400), KM_INVALID, "member");
	scene_accept(scene, DECIDER, "decision", scheduled("withdraw", number.text, at));
	expect_state(scene, number.text, at - 1, KM_ACTIVE);
	expect_state(scene, number.text, at, KM_WITHDRAWN);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->next_change, at);
	assert_int_equal(mark->events_len, 1); /* it has not happened yet */
	km_mark_free(mark);
	refuse(scene, DECIDER, scene_decision("reduce", number.text, NULL), KM_CONFLICT, "scheduled");
	scene->now += 100;
	decide(scene, "suspend", number.text, NULL);
	expect_state(scene, number.text, at, KM_SUSPENDED);
	mark = scene_mark(scene, number.text, at);
	assert_int_equal(mark->events_len, 2); /* what was replaced before it held never happened */
	km_mark_free(mark);
}

/* The name on the page changes when it is recorded: an event that holds later would not be true until then. */
static void a_new_name_is_not_scheduled(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	refuse(scene, DECIDER, scheduled("rename", number.text, scene->now + 86400), KM_INVALID, "member");
	scene_accept(scene, DECIDER, "decision", scheduled("rename", number.text, scene->now));
	decide(scene, "rename", number.text, NULL);
}

static void a_correction_reaches_back_and_shows(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	int64_t granted = scene->now, withdrawn = granted + 1000;
	scene->now = withdrawn;
	decide(scene, "withdraw", number.text, NULL);
	scene->now += 5000;
	expect_state(scene, number.text, withdrawn + 1, KM_WITHDRAWN);
	refuse(scene, DECIDER, scheduled("correct", number.text, granted - 1), KM_INVALID, "member");
	refuse(scene, DECIDER, scheduled("correct", number.text, scene->now + 1), KM_INVALID, "member");
	scene_accept(scene, DECIDER, "decision", scheduled("correct", number.text, withdrawn));
	expect_state(scene, number.text, withdrawn + 1, KM_ACTIVE);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->state_since, granted);
	assert_string_equal(mark->events[0].action, "correct");
	assert_int_equal(mark->events[0].recorded_at, scene->now);
	assert_int_equal(mark->events[0].at, withdrawn);
	km_mark_free(mark);
}

static void a_correction_revives_no_mark_beside_a_newer_one(void **state)
{
	struct scene *scene = *state;
	struct scene_number first = scene_grant(scene, "[\"beheer\"]");
	int64_t granted = scene->now;
	scene->now += 86400;
	scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", first.text, NULL));
	int64_t withdrawn = scene->now;
	scene->now += 86400;
	struct scene_number second = scene_grant(scene, "[\"beheer\"]");
	scene->now += 86400;
	refuse(scene, DECIDER, scheduled("correct", first.text, scene->now), KM_CONFLICT, "mark-exists");
	refuse(scene, DECIDER, scheduled("correct", first.text, withdrawn), KM_CONFLICT, "mark-exists");
	refuse(scene, DECIDER, scheduled("correct", first.text, granted), KM_CONFLICT, "mark-exists");
	json_t *stays = scheduled("correct", first.text, withdrawn);
	json_object_set_new(stays, "state", json_string("withdrawn"));
	scene_accept(scene, DECIDER, "decision", stays);
	scene_accept(scene, DECIDER, "decision", scheduled("correct", second.text, scene->now));
	/* Once the newer one has ended, the older may go on from there. */
	scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", second.text, NULL));
	refuse(scene, DECIDER, scheduled("correct", first.text, scene->now - 1), KM_CONFLICT, "mark-exists");
	scene_accept(scene, DECIDER, "decision", scheduled("correct", first.text, scene->now));
}

static json_t *correction(const char *mark, int64_t at, const char *service)
{
	json_t *decision = scheduled("correct", mark, at);
	json_object_set_new(decision, "scope", json_pack("[s, s]", "beheer", service));
	return decision;
}

static void a_correction_adds_no_service_that_nobody_audited(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	int64_t granted = scene->now;
	scene->now += 1000;
	refuse(scene, DECIDER, correction(number.text, granted, "advies"), KM_INVALID, "scope");
	decide(scene, "reduce", number.text, NULL);
	/* What was taken off by mistake was audited once. */
	scene_accept(scene, DECIDER, "decision", correction(number.text, granted, "cloud"));
	scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "special", "[\"beheer\", \"advies\"]"));
	scene_accept(scene, DECIDER, "decision", correction(number.text, granted, "advies"));
}

static void a_transfer_takes_both_bodies(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	json_t *accept = scene_decision("accept-transfer", number.text, NULL);
	struct scene_id offer = decide(scene, "transfer", number.text, NULL);
	json_object_set_new(accept, "transfer", json_string(offer.text));
	refuse(scene, DECIDER, json_deep_copy(accept), KM_FORBIDDEN, "other-body");
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_string_equal(mark->body->slug, "een");
	km_mark_free(mark);
	scene->now += 10;
	scene_accept(scene, OTHER_DECIDER, "decision", json_deep_copy(accept));
	mark = scene_mark(scene, number.text, scene->now);
	assert_string_equal(mark->body->slug, "twee");
	assert_int_equal(mark->state, KM_ACTIVE);
	km_mark_free(mark);
	mark = scene_mark(scene, number.text, scene->now - 1);
	assert_string_equal(mark->body->slug, "een");
	km_mark_free(mark);
	refuse(scene, OTHER_DECIDER, json_deep_copy(accept), KM_CONFLICT, "transfer-used");
	refuse(scene, DECIDER, scene_decision("suspend", number.text, NULL), KM_FORBIDDEN, "other-body");
	scene_accept(scene, OTHER_DECIDER, "decision", scene_decision("suspend", number.text, NULL));
	json_decref(accept);
}

static void a_transfer_closes_after_its_days(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	struct scene_id offer = decide(scene, "transfer", number.text, NULL);
	json_t *accept = scene_decision("accept-transfer", number.text, NULL);
	json_object_set_new(accept, "transfer", json_string(offer.text));
	scene->now += (KM_TRANSFER_OPEN_DAYS + 1) * 86400;
	refuse(scene, OTHER_DECIDER, accept, KM_CONFLICT, "transfer-closed");
}

static void a_notice_stands_until_it_is_taken_off(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	scene->now += 10;
	decide(scene, "notice", number.text, NULL);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->state, KM_ACTIVE);
	assert_string_equal(mark->notice.in[KM_EN], "Explanation.");
	km_mark_free(mark);
	scene->now += 10;
	decide(scene, "notice-end", number.text, NULL);
	mark = scene_mark(scene, number.text, scene->now);
	assert_null(mark->notice.in[KM_EN]);
	km_mark_free(mark);
	mark = scene_mark(scene, number.text, scene->now - 1);
	assert_non_null(mark->notice.in[KM_EN]);
	km_mark_free(mark);
}

static void a_new_name_is_shown_and_found(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	decide(scene, "rename", number.text, NULL);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_string_equal(mark->provider->name, "Test BV Donald Nieuw");
	km_mark_free(mark);
	assert_int_equal(fixture_matches(scene->fixture, "nieuw"), 1);
}

static void an_audit_carries_one_decision(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	struct scene_id looked = audit(scene, "surveillance");
	scene_accept(scene, DECIDER, "decision", scene_decision("refuse", NULL, looked.text));
	decide(scene, "maintain", number.text, looked.text);
	refuse(scene, DECIDER, scene_decision("maintain", number.text, looked.text), KM_CONFLICT, "audit-used");
}

/* Publishes version 2 of the scheme; marks under version 1 may be granted and renewed until that day. */
static void publish_second_version(struct scene *scene, const char *until)
{
	struct km_problem problem;
	struct km_scheme *first, *second;
	assert_ok(km_scheme_get(scene->store, "mkb-ict", 1, &first, &problem), &problem);
	json_auto_t *json = json_loadb(first->json, first->json_len, 0, NULL);
	json_object_set_new(json, "version", json_integer(2));
	if (until)
		json_object_set_new(json, "transition", json_pack("{s:i, s:s}", "from_version", 1, "until", until));
	char *text = json_dumps(json, 0);
	assert_ok(km_scheme_parse(text, strlen(text), &second, &problem), &problem);
	assert_ok(km_scheme_add(scene->store, second, scene->now, &problem), &problem);
	free(text);
	km_scheme_free(first);
	km_scheme_free(second);
}

static json_t *under(json_t *audit, int version)
{
	json_object_set_new(audit, "version", json_integer(version));
	return audit;
}

static void a_new_version_leaves_marks_intact_until_they_are_renewed_under_it(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	publish_second_version(scene, "2027-06-30");
	scene->now = moment("2027-07-01T12:00:00Z"); /* the transition is over */
	expect_state(scene, number.text, scene->now, KM_ACTIVE);
	struct scene_id old = scene_accept(scene, AUDITOR, "audit", under(scene_audit(scene, "surveillance", SCOPE), 1));
	struct scene_id other = scene_accept(scene, AUDITOR, "audit", under(scene_audit(scene, "surveillance", SCOPE), 2));
	refuse(scene, DECIDER, scene_decision("maintain", number.text, other.text), KM_INVALID, "scheme-version");
	decide(scene, "maintain", number.text, old.text);
	old = scene_accept(scene, AUDITOR, "audit", under(scene_audit(scene, "recertification", SCOPE), 1));
	refuse(scene, DECIDER, scene_decision("renew", number.text, old.text), KM_CONFLICT, "scheme-version");
	other = scene_accept(scene, AUDITOR, "audit", under(scene_audit(scene, "recertification", SCOPE), 2));
	decide(scene, "renew", number.text, other.text);
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_int_equal(mark->scheme->version, 2);
	km_mark_free(mark);
	mark = scene_mark(scene, number.text, scene->now - 1);
	assert_int_equal(mark->scheme->version, 1);
	km_mark_free(mark);
}

static void an_old_version_is_granted_until_the_last_second_of_the_transition(void **state)
{
	struct scene *scene = *state;
	publish_second_version(scene, "2027-06-30");
	scene->now = moment("2027-06-30T12:00:00Z");
	struct scene_id old = scene_accept(scene, AUDITOR, "audit", under(scene_audit(scene, "initial", SCOPE), 1));
	scene->now = moment("2027-06-30T22:00:00Z");
	refuse(scene, DECIDER, scene_decision("grant", NULL, old.text), KM_CONFLICT, "scheme-version");
	scene->now--;
	decide(scene, "grant", NULL, old.text);
}

static void without_a_transition_only_the_newest_version_is_granted(void **state)
{
	struct scene *scene = *state;
	publish_second_version(scene, NULL);
	struct scene_id old = scene_accept(scene, AUDITOR, "audit", under(scene_audit(scene, "initial", SCOPE), 1));
	refuse(scene, DECIDER, scene_decision("grant", NULL, old.text), KM_CONFLICT, "scheme-version");
}

static void no_decision_reads_a_whole_table(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	decide(scene, "suspend", number.text, NULL);
	decide(scene, "reinstate", number.text, audit(scene, "surveillance").text);
	decide(scene, "maintain", number.text, audit(scene, "special").text);
	fixture_expect_indexes(scene->fixture, NULL);
}

static void a_lapse_is_due_from_the_moment_of_the_decision(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	assert_int_equal(fixture_number(scene->fixture, "SELECT at FROM lapse_due"), moment("2028-01-23T23:00:00Z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(a_grant_gives_the_schemes_term_and_its_surveillance),
		KM_SCENE_TEST(nobody_decides_on_an_audit_that_they_took_part_in),
		KM_SCENE_TEST(an_open_major_bars_a_grant_until_a_follow_up_closes_it),
		KM_SCENE_TEST(a_minor_finding_is_overdue_after_the_day_that_the_newest_audit_gave),
		KM_SCENE_TEST(a_renewal_is_barred_by_overdue_findings_and_loses_no_time),
		KM_SCENE_TEST(surveillance_keeps_its_day_and_stops_before_the_end),
		KM_SCENE_TEST(what_lapsed_for_want_of_surveillance_comes_back_only_on_an_audit),
		KM_SCENE_TEST(an_audit_that_was_counted_before_ends_no_later_want_of_surveillance),
		KM_SCENE_TEST(surveillance_is_not_done_years_ahead),
		KM_SCENE_TEST(a_suspension_that_lasts_too_long_becomes_a_withdrawal),
		KM_SCENE_TEST(the_scope_grows_only_on_an_audit_and_shrinks_in_plain_sight),
		KM_SCENE_TEST(a_scheduled_decision_holds_from_its_second_unless_a_protecting_one_comes_first),
		KM_SCENE_TEST(a_new_name_is_not_scheduled),
		KM_SCENE_TEST(a_correction_reaches_back_and_shows),
		KM_SCENE_TEST(a_correction_revives_no_mark_beside_a_newer_one),
		KM_SCENE_TEST(a_correction_adds_no_service_that_nobody_audited),
		KM_SCENE_TEST(a_transfer_takes_both_bodies),
		KM_SCENE_TEST(a_transfer_closes_after_its_days),
		KM_SCENE_TEST(a_notice_stands_until_it_is_taken_off),
		KM_SCENE_TEST(a_new_name_is_shown_and_found),
		KM_SCENE_TEST(an_audit_carries_one_decision),
		KM_SCENE_TEST(a_new_version_leaves_marks_intact_until_they_are_renewed_under_it),
		KM_SCENE_TEST(an_old_version_is_granted_until_the_last_second_of_the_transition),
		KM_SCENE_TEST(without_a_transition_only_the_newest_version_is_granted),
		KM_SCENE_TEST(no_decision_reads_a_whole_table),
		KM_SCENE_TEST(a_lapse_is_due_from_the_moment_of_the_decision),
	};
	return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
