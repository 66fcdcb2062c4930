#include "registry/desk.h"

#include "base/clock.h"
#include "keys/key.h"
#include "registry/person.h"
#include "registry/provider_erase.h"
#include "registry/rule.h"
#include "tests/scene.h"

#define SCOPE "[\"beheer\"]"

static struct km_desk sit(struct scene *scene, enum scene_person who)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	struct km_desk desk = {0};
	struct km_problem problem;
	km_key_public(scene->keys[who], public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	assert_ok(km_desk_open(scene->store, thumbprint, scene->now, &desk, &problem), &problem);
	return desk;
}

struct seen {
	int len;
	char lines[16][160];
};

static enum km_error note_audit(void *context, const struct km_desk_audit *audit)
{
	struct seen *seen = context;
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s %s%s%s", audit->id, audit->kind,
	         audit->took_part ? " mine" : "", audit->decision ? " decided" : "");
	return KM_OK;
}

static struct seen queue(struct scene *scene, enum scene_person who)
{
	struct seen seen = {0};
	struct km_problem problem;
	auto_desk struct km_desk desk = sit(scene, who);
	assert_ok(km_desk_queue(scene->store, &desk, note_audit, &seen, &problem), &problem);
	return seen;
}

static struct scene_id follow_up(struct scene *scene, const char *of, const char *recommendation)
{
	json_t *audit = scene_audit(scene, "follow-up", "[]");
	json_object_del(audit, "scope");
	json_object_set_new(audit, "follows", json_string(of));
	json_object_set_new(audit, "recommendation", json_string(recommendation));
	json_object_set_new(audit, "findings", json_pack("[{s:s, s:s}]", "criterion", "R2", "result", "conform"));
	return scene_accept(scene, SECOND_AUDITOR, "audit", audit);
}

static void a_desk_knows_who_sits_at_it(void **state)
{
	struct scene *scene = *state;
	auto_desk struct km_desk desk = sit(scene, BOTH);
	assert_string_equal(desk.body_slug, "een");
	assert_string_equal(desk.body_name, "Instelling Een (voorbeeld)");
	assert_string_equal(desk.name, "Voorbeeldpersoon");
	assert_int_equal(desk.roles, KM_ROLE_AUDITOR | KM_ROLE_DECIDER);
}

static void a_key_that_is_unknown_or_revoked_has_no_desk(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	auto_desk struct km_desk desk = sit(scene, AUDITOR);
	struct km_desk none = {0};
	assert_problem(km_desk_open(scene->store, "nobody", scene->now, &none, &problem), &problem, KM_UNPROVEN,
	               "unknown-key");
	assert_ok(km_person_revoke_key(scene->store, desk.thumbprint, scene->now, scene->now, &problem), &problem);
	assert_problem(km_desk_open(scene->store, desk.thumbprint, scene->now, &none, &problem), &problem, KM_UNPROVEN,
	               "revoked-key");
}

static void an_audit_waits_until_it_is_decided_on_oldest_first(void **state)
{
	struct scene *scene = *state;
	struct scene_id first = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", SCOPE));
	scene->now += 60;
	struct scene_id second = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", SCOPE));
	struct seen seen = queue(scene, DECIDER);
	assert_int_equal(seen.len, 2);
	assert_contains(seen.lines[0], first.text);
	assert_contains(seen.lines[1], second.text);
	scene_accept(scene, DECIDER, "decision", scene_decision("refuse", NULL, first.text));
	seen = queue(scene, DECIDER);
	assert_int_equal(seen.len, 1);
	assert_contains(seen.lines[0], second.text);
}

static void whoever_audited_is_told_so(void **state)
{
	struct scene *scene = *state;
	json_t *found = scene_audit(scene, "initial", SCOPE);
	scene_find(found, "R2", "major", "2027-02-01");
	struct scene_id id = scene_accept(scene, BOTH, "audit", found);
	assert_contains(queue(scene, BOTH).lines[0], "initial mine");
	assert_null(strstr(queue(scene, DECIDER).lines[0], "mine"));
	assert_null(strstr(queue(scene, SECOND_AUDITOR).lines[0], "mine"));
	follow_up(scene, id.text, "grant"); /* … or a follow-up to it */
	assert_contains(queue(scene, SECOND_AUDITOR).lines[0], "initial mine");
}

static void a_follow_up_waits_only_for_what_can_rest_on_one(void **state)
{
	struct scene *scene = *state;
	size_t len;
	const struct km_rule *rules = km_rules(&len);
	for (size_t i = 0; i < len; i++) {
		fixture_sql(scene->fixture, "SAVEPOINT one");
		json_t *found = scene_audit(scene, "initial", SCOPE);
		scene_find(found, "R2", "minor", "2027-02-01");
		struct scene_id id = scene_accept(scene, AUDITOR, "audit", found);
		scene_accept(scene, DECIDER, "decision", scene_decision("grant", NULL, id.text));
		follow_up(scene, id.text, rules[i].action);
		bool can = rules[i].audit_kinds & KM_AUDIT_FOLLOW_UP;
		if (queue(scene, DECIDER).len != can)
			fail_msg("a follow-up that recommends %s %s", rules[i].action, can ? "does not wait" : "waits");
		fixture_sql(scene->fixture, "ROLLBACK TO one; RELEASE one");
	}
}

static void another_body_finds_none_of_it(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct seen seen = {0};
	struct scene_id id = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", SCOPE));
	auto_desk struct km_desk desk = sit(scene, OTHER_DECIDER);
	assert_int_equal(queue(scene, OTHER_DECIDER).len, 0);
	assert_problem(km_desk_audit(scene->store, &desk, id.text, note_audit, &seen, &problem), &problem, KM_ABSENT,
	               "unknown-audit");
	assert_ok(km_desk_audits_of(scene->store, &desk, SCENE_KVK, note_audit, &seen, &problem), &problem);
	assert_ok(km_desk_follow_ups(scene->store, &desk, id.text, note_audit, &seen, &problem), &problem);
	assert_int_equal(seen.len, 0);
	auto_desk struct km_desk own = sit(scene, DECIDER);
	assert_ok(km_desk_audit(scene->store, &own, id.text, note_audit, &seen, &problem), &problem);
	assert_ok(km_desk_audits_of(scene->store, &own, SCENE_KVK, note_audit, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
}

static enum km_error note_finding(void *context, const struct km_desk_finding *finding)
{
	struct seen *seen = context;
	if (strcmp(finding->criterion, "R2") == 0)
		snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s, before %s, after %s", finding->result,
		         finding->before ? finding->before : "none", finding->after ? finding->after : "none");
	return KM_OK;
}

static void a_finding_stands_beside_the_one_before_and_after_it(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_t *found = scene_audit(scene, "initial", SCOPE);
	scene_find(found, "R2", "minor", "2027-02-01");
	struct scene_id first = scene_accept(scene, AUDITOR, "audit", found);
	scene_accept(scene, DECIDER, "decision", scene_decision("grant", NULL, first.text));
	struct scene_id second = follow_up(scene, first.text, "grant");
	struct seen seen = {0};
	auto_desk struct km_desk desk = sit(scene, DECIDER), other = sit(scene, OTHER_DECIDER);
	assert_ok(km_desk_findings(scene->store, &desk, first.text, note_finding, &seen, &problem), &problem);
	assert_ok(km_desk_findings(scene->store, &desk, second.text, note_finding, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
	assert_string_equal(seen.lines[0], "minor, before none, after conform");
	assert_string_equal(seen.lines[1], "conform, before minor, after none");
	assert_ok(km_desk_findings(scene->store, &other, first.text, note_finding, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
}

static enum km_error note_mark(void *context, const struct km_desk_mark *mark)
{
	struct seen *seen = context;
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s %s %s", mark->number, km_state_name(mark->state),
	         mark->scope);
	return KM_OK;
}

static enum km_error note_decision(void *context, const struct km_desk_decision *decision)
{
	struct seen *seen = context;
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s", decision->action);
	return KM_OK;
}

static void marks_and_decisions_are_those_of_the_body(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct scene_number number = scene_grant(scene, SCOPE);
	scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number.text, NULL));
	auto_desk struct km_desk desk = sit(scene, DECIDER), other = sit(scene, OTHER_DECIDER);
	struct seen seen = {0};
	assert_ok(km_desk_marks(scene->store, &desk, NULL, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_marks(scene->store, &desk, SCENE_KVK, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
	char expected[64];
	snprintf(expected, sizeof expected, "%s suspended [\"beheer\"]", number.text);
	assert_string_equal(seen.lines[0], expected);
	assert_string_equal(seen.lines[1], expected);
	assert_ok(km_desk_decisions(scene->store, &desk, number.text, note_decision, &seen, &problem), &problem);
	assert_int_equal(seen.len, 4);
	assert_string_equal(seen.lines[2], "suspend");
	assert_ok(km_desk_marks(scene->store, &desk, NULL, scene->now, 1, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_marks(scene->store, &desk, "68727720", scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_marks(scene->store, &other, NULL, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_decisions(scene->store, &other, number.text, note_decision, &seen, &problem), &problem);
	assert_int_equal(seen.len, 4);
}

static enum km_error note_report(void *context, const struct km_report *report, const char *case_id)
{
	struct seen *seen = context;
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s%s", report->reference, case_id ? " taken up" : "");
	return KM_OK;
}

static void a_report_is_for_the_body_that_holds_the_mark(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct scene_number number = scene_grant(scene, SCOPE);
	char reference[KM_REPORT_REFERENCE_TEXT];
	const struct km_report report = {.kind = KM_REPORT_MISUSE, .number = number.text, .text = "Gezien op een bus."};
	assert_ok(km_report_add(scene->store, &report, scene->now, reference, &problem), &problem);
	auto_desk struct km_desk desk = sit(scene, DECIDER), other = sit(scene, OTHER_DECIDER);
	struct seen seen = {0};
	assert_ok(km_desk_reports(scene->store, &other, scene->now, note_report, &seen, &problem), &problem);
	assert_int_equal(seen.len, 0);
	assert_ok(km_desk_reports(scene->store, &desk, scene->now, note_report, &seen, &problem), &problem);
	assert_string_equal(seen.lines[0], reference);
	scene_accept(scene, DECIDER, "case",
	             json_pack("{s:s, s:s, s:s, s:s, s:s}", "action", "open", "kind", "misuse", "mark", number.text,
	                       "report", reference, "received", "2026-11-20"));
	assert_ok(km_desk_reports(scene->store, &desk, scene->now, note_report, &seen, &problem), &problem);
	assert_contains(seen.lines[1], "taken up");
}

/* Offers the mark to body "twee"; the id of the offer. */
static struct scene_id offer(struct scene *scene, const char *number)
{
	return scene_accept(scene, DECIDER, "decision", scene_decision("transfer", number, NULL));
}

static json_t *answer(const char *action, const char *number, const char *offer_id, const char *from)
{
	json_t *decision = scene_decision(action, number, NULL);
	json_object_set_new(decision, "transfer", json_string(offer_id));
	if (from)
		json_object_set_new(decision, "holds_from", json_string(from));
	return decision;
}

static void a_transfer_that_holds_later_shows_the_new_body_nothing_before(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct scene_number number = scene_grant(scene, SCOPE);
	char reference[KM_REPORT_REFERENCE_TEXT];
	const struct km_report report = {.kind = KM_REPORT_MISUSE, .number = number.text, .text = "Gezien op een bus."};
	assert_ok(km_report_add(scene->store, &report, scene->now, reference, &problem), &problem);
	struct scene_id offered = offer(scene, number.text);
	scene_accept(scene, OTHER_DECIDER, "decision",
	             answer("accept-transfer", number.text, offered.text, "2026-12-24T00:00:00Z"));
	auto_desk struct km_desk desk = sit(scene, DECIDER), other = sit(scene, OTHER_DECIDER);
	json_t *opening = json_pack("{s:s, s:s, s:s, s:s, s:s}", "action", "open", "kind", "misuse", "mark", number.text,
	                            "report", reference, "received", "2026-11-20");
	struct seen seen = {0}, others = {0};
	assert_ok(km_desk_marks(scene->store, &desk, NULL, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_reports(scene->store, &desk, scene->now, note_report, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
	assert_ok(km_desk_marks(scene->store, &other, NULL, scene->now, 0, note_mark, &others, &problem), &problem);
	assert_ok(km_desk_reports(scene->store, &other, scene->now, note_report, &others, &problem), &problem);
	assert_int_equal(others.len, 0);
	assert_problem(scene_submit(scene, OTHER_DECIDER, "case", json_deep_copy(opening), NULL, &problem), &problem,
	               KM_FORBIDDEN, "other-body");
	assert_true(km_time_parse("2026-12-24T00:00:00Z", &scene->now));
	assert_ok(km_desk_marks(scene->store, &desk, NULL, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_reports(scene->store, &desk, scene->now, note_report, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
	assert_ok(km_desk_marks(scene->store, &other, NULL, scene->now, 0, note_mark, &others, &problem), &problem);
	assert_ok(km_desk_reports(scene->store, &other, scene->now, note_report, &others, &problem), &problem);
	assert_int_equal(others.len, 2);
	assert_problem(scene_submit(scene, DECIDER, "case", json_deep_copy(opening), NULL, &problem), &problem,
	               KM_FORBIDDEN, "other-body");
	scene_accept(scene, OTHER_DECIDER, "case", opening);
}

static enum km_error note_transfer(void *context, const struct km_desk_transfer *transfer)
{
	struct seen *seen = context;
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s %s", km_transfer_state_name(transfer->state),
	         transfer->answer ? transfer->answer : "-");
	return KM_OK;
}

static void expect_transfer(struct scene *scene, enum scene_person who, const char *line)
{
	struct km_problem problem;
	struct seen seen = {0};
	auto_desk struct km_desk desk = sit(scene, who);
	assert_ok(km_desk_transfers(scene->store, &desk, NULL, scene->now, note_transfer, &seen, &problem), &problem);
	assert_int_equal(seen.len, line != NULL);
	if (line)
		assert_string_equal(seen.lines[0], line);
}

static void an_offer_is_shown_to_the_body_that_it_is_for(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct scene_number number = scene_grant(scene, SCOPE);
	struct scene_id offered = offer(scene, number.text);
	expect_transfer(scene, OTHER_DECIDER, "open -");
	expect_transfer(scene, DECIDER, NULL);
	int64_t now = scene->now;
	scene->now += 89 * 86400;
	expect_transfer(scene, OTHER_DECIDER, "open -");
	scene->now += 2 * 86400;
	expect_transfer(scene, OTHER_DECIDER, "closed -");
	scene->now = now;
	scene_accept(scene, OTHER_DECIDER, "decision", answer("refuse-transfer", number.text, offered.text, NULL));
	expect_transfer(scene, OTHER_DECIDER, "answered refuse-transfer");
	assert_problem(scene_submit(scene, OTHER_DECIDER, "decision",
	                            answer("accept-transfer", number.text, offered.text, NULL), NULL, &problem),
	               &problem, KM_CONFLICT, "transfer-used");
	struct seen seen = {0};
	auto_desk struct km_desk desk = sit(scene, DECIDER);
	assert_ok(km_desk_marks(scene->store, &desk, NULL, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_int_equal(seen.len, 1); /* it stays where it is */
}

static void an_offer_of_a_mark_that_has_ended_is_void(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	offer(scene, number.text);
	scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", number.text, NULL));
	expect_transfer(scene, OTHER_DECIDER, "void -");
}

static enum km_error expect_nobody(void *context, const struct km_desk_transfer *transfer)
{
	*(size_t *)context += 1;
	assert_string_equal(transfer->kvk, "");
	return KM_OK;
}

/* One of them must not take the list of them all away. */
static void an_offer_of_a_mark_of_which_the_provider_was_erased_is_still_shown(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	size_t seen = 0;
	struct scene_number number = scene_grant(scene, SCOPE);
	offer(scene, number.text);
	scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", number.text, NULL));
	auto_desk struct km_desk desk = sit(scene, OTHER_DECIDER);
	scene->now = km_time_add_months(scene->now, 37);
	assert_ok(km_provider_erase(scene->store, SCENE_KVK, scene->now, &problem), &problem);
	assert_ok(km_desk_transfers(scene->store, &desk, NULL, scene->now, expect_nobody, &seen, &problem), &problem);
	assert_int_equal(seen, 1);
}

static void no_list_reads_a_whole_table(void **state)
{
	struct scene *scene = *state;
	a_finding_stands_beside_the_one_before_and_after_it(state);
	auto_desk struct km_desk desk = sit(scene, DECIDER);
	struct seen seen = {0};
	struct km_problem problem;
	assert_ok(km_desk_queue(scene->store, &desk, note_audit, &seen, &problem), &problem);
	assert_ok(km_desk_audits_of(scene->store, &desk, SCENE_KVK, note_audit, &seen, &problem), &problem);
	assert_ok(km_desk_marks(scene->store, &desk, NULL, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_marks(scene->store, &desk, SCENE_KVK, scene->now, 0, note_mark, &seen, &problem), &problem);
	assert_ok(km_desk_reports(scene->store, &desk, scene->now, note_report, &seen, &problem), &problem);
	expect_transfer(scene, OTHER_DECIDER, NULL);
	fixture_expect_indexes(scene->fixture, "FROM report AS r");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(a_desk_knows_who_sits_at_it),
		KM_SCENE_TEST(a_key_that_is_unknown_or_revoked_has_no_desk),
		KM_SCENE_TEST(an_audit_waits_until_it_is_decided_on_oldest_first),
		KM_SCENE_TEST(whoever_audited_is_told_so),
		KM_SCENE_TEST(a_follow_up_waits_only_for_what_can_rest_on_one),
		KM_SCENE_TEST(another_body_finds_none_of_it),
		KM_SCENE_TEST(a_finding_stands_beside_the_one_before_and_after_it),
		KM_SCENE_TEST(marks_and_decisions_are_those_of_the_body),
		KM_SCENE_TEST(a_report_is_for_the_body_that_holds_the_mark),
		KM_SCENE_TEST(a_transfer_that_holds_later_shows_the_new_body_nothing_before),
		KM_SCENE_TEST(an_offer_is_shown_to_the_body_that_it_is_for),
		KM_SCENE_TEST(an_offer_of_a_mark_that_has_ended_is_void),
		KM_SCENE_TEST(an_offer_of_a_mark_of_which_the_provider_was_erased_is_still_shown),
		KM_SCENE_TEST(no_list_reads_a_whole_table),
	};
	return cmocka_run_group_tests_name("desk", tests, NULL, NULL);
}
