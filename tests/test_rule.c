#include "registry/rule.h"

#include "base/file.h"
#include "registry/person.h"
#include "registry/scheme.h"
#include "tests/scene.h"

#include <stdlib.h>

/* Brings a new mark into a state. KM_STATES: no mark at all. */
static struct scene_number reach(struct scene *scene, enum km_state state)
{
	struct scene_number number = {""};
	if (state == KM_STATES)
		return number;
	number = scene_grant(scene, "[\"beheer\", \"cloud\"]");
	if (state == KM_SUSPENDED)
		scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number.text, NULL));
	if (state == KM_WITHDRAWN)
		scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", number.text, NULL));
	if (state == KM_EXPIRED) {
		for (int year = 0; year < 2; year++) {
			scene->now += 365 * 86400;
			struct scene_id audit =
				scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "surveillance", "[\"beheer\", \"cloud\"]"));
			scene_accept(scene, DECIDER, "decision", scene_decision("maintain", number.text, audit.text));
		}
		scene->now += 367 * 86400;
	}
	struct km_mark *mark = scene_mark(scene, number.text, scene->now);
	assert_string_equal(km_state_name(mark->state), km_state_name(state));
	km_mark_free(mark);
	return number;
}

/* An audit by AUDITOR and BOTH of a kind that the rule accepts: two of them, so that BOTH has audited, too. */
static struct scene_id audit_for(struct scene *scene, const struct km_rule *rule, enum scene_person auditor)
{
	struct scene_id none = {""};
	if (!(rule->needs & KM_MEMBER_AUDIT))
		return none;
	const char *kind = rule->audit_kinds & KM_AUDIT_INITIAL        ? "initial"
	                   : rule->audit_kinds & KM_AUDIT_SURVEILLANCE ? "surveillance"
	                                                               : "recertification";
	return scene_accept(scene, auditor, "audit", scene_audit(scene, kind, "[\"beheer\", \"cloud\", \"advies\"]"));
}

static json_t *decision_for(struct scene *scene, const struct km_rule *rule, const char *number, const char *audit)
{
	bool with_mark = !(rule->from & KM_FROM_NO_MARK);
	json_t *decision =
		scene_decision(rule->action, with_mark ? (*number ? number : "000000000000") : NULL, *audit ? audit : NULL);
	if (rule->needs & KM_MEMBER_STATE)
		json_object_set_new(decision, "holds_from", json_string("2026-11-24T17:02:37Z"));
	if (rule->needs & KM_MEMBER_TRANSFER) {
		struct km_problem problem;
		struct km_outcome outcome = {0};
		json_object_set_new(decision, "transfer", json_string("none"));
		if (!scene_submit(scene, DECIDER, "decision", scene_decision("transfer", number, NULL), &outcome, &problem)) {
			json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
			json_object_set(decision, "transfer", json_object_get(reply, "id"));
			km_outcome_done(&outcome);
		}
	}
	return decision;
}

/* Who may take this decision: a decider of the body that has the mark; to accept a transfer, of the other one. */
static bool may_decide(const struct km_rule *rule, enum scene_person who)
{
	if (rule->needs & KM_MEMBER_TRANSFER)
		return who == OTHER_DECIDER;
	return who == DECIDER || who == BOTH;
}

/* What is wrong first, in the order in which it is checked. */
static const char *expected_refusal(const struct km_rule *rule, enum km_state state, enum scene_person who)
{
	bool in_state = rule->from & (state == KM_STATES ? (unsigned)KM_FROM_NO_MARK : 1u << state);
	bool other = who == OTHER_DECIDER || who == OTHER_AUDITOR;
	if (who == AUDITOR || who == SECOND_AUDITOR || who == OTHER_AUDITOR)
		return "role";
	if (rule->from & KM_FROM_NO_MARK)
		return other ? "other-body" : !in_state && rule->effect == KM_EFFECT_MARK ? "mark-exists" : NULL;
	if (state == KM_STATES)
		return "unknown-mark";
	if (!in_state)
		return "state";
	if (rule->needs & KM_MEMBER_TRANSFER)
		return other ? NULL : "other-body";
	return other ? "other-body" : NULL;
}

static void try_one(struct scene *scene, const struct km_rule *rule, enum km_state from, enum scene_person who)
{
	fixture_sql(scene->fixture, "SAVEPOINT walk");
	int64_t now = scene->now;
	struct scene_number number = reach(scene, from);
	struct scene_id audit = audit_for(scene, rule, AUDITOR);
	json_t *decision = decision_for(scene, rule, number.text, audit.text);
	int64_t periods = fixture_number(scene->fixture, "SELECT count(*) FROM mark_period");
	int64_t events = fixture_number(scene->fixture, "SELECT count(*) FROM event WHERE decision_id IS NOT NULL");
	int64_t decisions = fixture_number(scene->fixture, "SELECT count(*) FROM decision");
	const char *refusal = expected_refusal(rule, from, who);
	/* Nobody made a mark that was withdrawn or has expired impossible to grant anew. */
	if (refusal && strcmp(refusal, "mark-exists") == 0 && (from == KM_WITHDRAWN || from == KM_EXPIRED))
		refusal = NULL;
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	enum km_error error = scene_submit(scene, who, "decision", decision, &outcome, &problem);
	const char *got = error ? problem.type : NULL;
	if ((got == NULL) != (refusal == NULL) || (got && strcmp(got, refusal) != 0))
		fail_msg("%s from %s by %d: expected %s, got %s %s", rule->action, km_state_name(from), (int)who,
		         refusal ? refusal : "acceptance", got ? got : "acceptance", error ? problem.message : "");
	assert_true(!error || !may_decide(rule, who) || refusal);
	bool period = rule->effect == KM_EFFECT_PERIOD || rule->effect == KM_EFFECT_MARK;
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM decision"), decisions + !error);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM mark_period"), periods + (!error && period));
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM event WHERE decision_id IS NOT NULL"),
	                 events + (!error && rule->effect != KM_EFFECT_RECORD));
	if (!error && outcome.mark_id) {
		struct km_mark *mark = scene_mark(scene, outcome.number, scene->now);
		/* A correction to active does not give an expired mark a new term. */
		bool corrected = rule->needs & KM_MEMBER_STATE && from != KM_EXPIRED;
		assert_int_equal(mark->state, corrected ? KM_ACTIVE : rule->to == KM_STATES ? from : rule->to);
		assert_true(mark->events_len > 0);
		km_mark_free(mark);
	}
	km_outcome_done(&outcome);
	scene->now = now;
	fixture_sql(scene->fixture, "ROLLBACK TO walk; RELEASE walk");
}

static void each_decision_is_allowed_where_the_table_says_so_and_nowhere_else(void **state)
{
	size_t len;
	const struct km_rule *rules = km_rules(&len);
	for (size_t i = 0; i < len; i++)
		for (enum km_state from = KM_ACTIVE; from <= KM_STATES; from++)
			for (enum scene_person who = AUDITOR; who < SCENE_PEOPLE; who++)
				try_one(*state, &rules[i], from, who);
}

/* Each member that a decision needs is missed, and each that it does not take is refused. */
static void a_decision_has_what_it_needs_and_nothing_else(void **state)
{
	struct scene *scene = *state;
	size_t len;
	const struct km_rule *rules = km_rules(&len);
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < KM_MEMBERS; bit++) {
			const char *name = km_decision_member_name(1u << bit);
			json_t *decision = scene_decision(rules[i].action, rules[i].from & KM_FROM_NO_MARK ? NULL : "000000000000",
			                                  rules[i].needs & KM_MEMBER_AUDIT ? "none" : NULL);
			if (rules[i].needs & KM_MEMBER_TRANSFER)
				json_object_set_new(decision, "transfer", json_string("none"));
			if (rules[i].needs & 1u << bit)
				json_object_del(decision, name);
			else if (!(rules[i].takes & 1u << bit))
				json_object_set_new(decision, name, json_string("x"));
			else {
				json_decref(decision);
				continue;
			}
			struct km_problem problem = {0};
			assert_problem(scene_submit(scene, DECIDER, "decision", decision, NULL, &problem), &problem, KM_INVALID,
			               "member");
			assert_contains(problem.message, name);
		}
	}
}

static void the_document_prints_this_table(void **state)
{
	(void)state;
	const char *source = getenv("srcdir");
	char path[512];
	auto_free char *document = NULL;
	size_t len;
	struct km_problem problem;
	auto_buf struct km_buf table = KM_BUF_EMPTY;
	snprintf(path, sizeof path, "%s/doc/rules.md", source ? source : ".");
	assert_ok(km_file_read(path, 1 << 20, &document, &len, &problem), &problem);
	km_rules_document(&table);
	if (!strstr(document, table.data))
		fail_msg("doc/rules.md does not hold this table; put it there:\n%s", table.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(each_decision_is_allowed_where_the_table_says_so_and_nowhere_else),
		KM_SCENE_TEST(a_decision_has_what_it_needs_and_nothing_else),
		KM_TEST(the_document_prints_this_table),
	};
	return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
