#include "registry/case_file.h"

#include "registry/report.h"
#include "tests/scene.h"

#define SCOPE "[\"beheer\"]"

static void refuse(struct scene *scene, enum scene_person who, json_t *content, enum km_error code, const char *type)
{
	struct km_problem problem = {0};
	assert_problem(scene_submit(scene, who, "case", content, NULL, &problem), &problem, code, type);
}

static json_t *opening(const char *kind)
{
	return json_pack("{s:s, s:s, s:s}", "action", "open", "kind", kind, "received", "2026-11-20");
}

static json_t *closing(const char *id)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "action", "close", "case", id, "outcome", "rejected", "reason",
	                 "no-new-facts");
}

/* A mark that AUDITOR audited and DECIDER withdrew, and the id of that withdrawal. */
static struct scene_id withdrawn(struct scene *scene, struct scene_number *ret_number)
{
	*ret_number = scene_grant(scene, SCOPE);
	struct scene_id looked = scene_accept(scene, SECOND_AUDITOR, "audit", scene_audit(scene, "special", SCOPE));
	return scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", ret_number->text, looked.text));
}

static enum km_error remember(void *context, const struct km_case *row)
{
	struct km_case *last = context;
	*last = *row;
	last->id = last->kind = last->number = NULL; /* borrowed for the call only */
	last->outcome = row->outcome ? "closed" : NULL;
	last->due_at = row->due_at;
	return KM_OK;
}

static void an_appeal_is_closed_by_someone_who_had_no_part_in_it(void **state)
{
	struct scene *scene = *state;
	struct scene_number number;
	struct scene_id against = withdrawn(scene, &number);
	json_t *appeal = opening("appeal");
	json_object_set_new(appeal, "decision", json_string(against.text));
	json_object_set_new(appeal, "mark", json_string(number.text));
	struct scene_id id = scene_accept(scene, AUDITOR, "case", appeal);
	refuse(scene, DECIDER, closing(id.text), KM_FORBIDDEN, "four-eyes");
	refuse(scene, SECOND_AUDITOR, closing(id.text), KM_FORBIDDEN, "role");
	refuse(scene, OTHER_DECIDER, closing(id.text), KM_FORBIDDEN, "other-body");
	scene_accept(scene, BOTH, "case", closing(id.text));
	refuse(scene, BOTH, closing(id.text), KM_CONFLICT, "case-closed");
}

static void a_complaint_about_a_mark_is_not_closed_by_who_decided_on_it(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	json_t *complaint = opening("complaint");
	json_object_set_new(complaint, "mark", json_string(number.text));
	struct scene_id id = scene_accept(scene, DECIDER, "case", complaint);
	refuse(scene, DECIDER, closing(id.text), KM_FORBIDDEN, "four-eyes");
	scene_accept(scene, BOTH, "case", closing(id.text));
}

static void who_audited_may_not_close_even_as_a_decider(void **state)
{
	struct scene *scene = *state;
	struct scene_id audit = scene_accept(scene, BOTH, "audit", scene_audit(scene, "initial", SCOPE));
	struct scene_id refusal = scene_accept(scene, DECIDER, "decision", scene_decision("refuse", NULL, audit.text));
	json_t *appeal = opening("appeal");
	json_object_set_new(appeal, "decision", json_string(refusal.text));
	struct scene_id id = scene_accept(scene, AUDITOR, "case", appeal);
	refuse(scene, BOTH, closing(id.text), KM_FORBIDDEN, "four-eyes");
}

/* The decision rests on the follow-up, and that on the audit of whoever would close the case. */
static void who_audited_at_first_may_not_close_what_a_follow_up_decided(void **state)
{
	struct scene *scene = *state;
	struct scene_number number = scene_grant(scene, SCOPE);
	json_t *audit = scene_audit(scene, "surveillance", SCOPE);
	scene_find(audit, "R1", "major", "2027-01-01");
	struct scene_id first = scene_accept(scene, BOTH, "audit", audit);
	json_t *follow_up = scene_audit(scene, "follow-up", "[]");
	json_object_del(follow_up, "scope");
	json_object_set_new(follow_up, "follows", json_string(first.text));
	json_object_set_new(follow_up, "findings",
	                    json_pack("[{s:s, s:s, s:s, s:s}]", "criterion", "R1", "result", "major", "note", "voorbeeld",
	                              "due", "2027-01-01"));
	struct scene_id again = scene_accept(scene, SECOND_AUDITOR, "audit", follow_up);
	struct scene_id against =
		scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number.text, again.text));
	json_t *appeal = opening("appeal");
	json_object_set_new(appeal, "decision", json_string(against.text));
	struct scene_id id = scene_accept(scene, AUDITOR, "case", appeal);
	refuse(scene, BOTH, closing(id.text), KM_FORBIDDEN, "four-eyes");
}

static void a_case_names_what_it_is_about(void **state)
{
	struct scene *scene = *state;
	refuse(scene, DECIDER, opening("appeal"), KM_INVALID, "member");
	json_t *content = opening("appeal");
	json_object_set_new(content, "decision", json_string("nergens"));
	refuse(scene, DECIDER, content, KM_INVALID, "unknown-decision");
	content = opening("misuse");
	json_object_set_new(content, "mark", json_string("7K3Q9XM24HTT"));
	refuse(scene, DECIDER, content, KM_INVALID, "unknown-mark");
	content = opening("misuse");
	json_object_set_new(content, "report", json_string("NOSUCH12"));
	refuse(scene, DECIDER, content, KM_INVALID, "unknown-report");
	content = opening("misuse");
	json_object_set_new(content, "received", json_string("2026-11-25"));
	refuse(scene, DECIDER, content, KM_INVALID, "member");
	refuse(scene, DECIDER, closing("nergens"), KM_INVALID, "unknown-case");
	struct scene_number number = scene_grant(scene, SCOPE);
	content = opening("complaint");
	json_object_set_new(content, "mark", json_string(number.text));
	refuse(scene, OTHER_DECIDER, content, KM_FORBIDDEN, "other-body");
}

static void what_the_public_reported_becomes_a_case_with_a_deadline(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem = {0};
	char reference[KM_REPORT_REFERENCE_TEXT];
	struct km_report report = {.kind = KM_REPORT_MISUSE, .text = "Nagemaakt merkteken (voorbeeld)"};
	assert_ok(km_report_add(scene->store, &report, scene->now, reference, &problem), &problem);
	json_t *content = opening("misuse");
	json_object_set_new(content, "report", json_string(reference));
	struct scene_id id = scene_accept(scene, DECIDER, "case", content);
	struct km_case last = {0};
	assert_ok(km_case_list(scene->store, "een", false, remember, &last, &problem), &problem);
	assert_int_equal(last.due_at, 1798844399); /* 2027-01-01T22:59:59Z, the end of that day in Amsterdam */
	assert_null(last.outcome);
	scene_accept(scene, DECIDER, "case", closing(id.text));
	last = (struct km_case){0};
	assert_ok(km_case_list(scene->store, "een", false, remember, &last, &problem), &problem);
	assert_int_equal(last.due_at, 0);
	assert_ok(km_case_list(scene->store, "een", true, remember, &last, &problem), &problem);
	assert_non_null(last.outcome);
	last = (struct km_case){0};
	assert_ok(km_case_list(scene->store, "twee", true, remember, &last, &problem), &problem);
	assert_int_equal(last.due_at, 0);
	assert_problem(km_case_list(scene->store, "drie", true, remember, &last, &problem), &problem, KM_ABSENT,
	               "unknown-body");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(an_appeal_is_closed_by_someone_who_had_no_part_in_it),
		KM_SCENE_TEST(a_complaint_about_a_mark_is_not_closed_by_who_decided_on_it),
		KM_SCENE_TEST(who_audited_may_not_close_even_as_a_decider),
		KM_SCENE_TEST(who_audited_at_first_may_not_close_what_a_follow_up_decided),
		KM_SCENE_TEST(a_case_names_what_it_is_about),
		KM_SCENE_TEST(what_the_public_reported_becomes_a_case_with_a_deadline),
	};
	return cmocka_run_group_tests_name("case_file", tests, NULL, NULL);
}
