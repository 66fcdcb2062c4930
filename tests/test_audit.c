#include "registry/audit.h"

#include "tests/scene.h"

static void refuse(struct scene *scene, enum scene_person who, json_t *audit, enum km_error code, const char *type,
                   const char *words)
{
	struct km_problem problem = {0};
	assert_problem(scene_submit(scene, who, "audit", audit, NULL, &problem), &problem, code, type);
	assert_contains(problem.message, words);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM finding"), 0);
}

static json_t *with(json_t *audit, const char *member, json_t *value)
{
	if (value)
		json_object_set_new(audit, member, value);
	else
		json_object_del(audit, member);
	return audit;
}

static json_t *initial(struct scene *scene)
{
	return scene_audit(scene, "initial", "[\"beheer\", \"cloud\"]");
}

static void an_audit_is_recorded_only_by_an_auditor_whose_body_may_certify(void **state)
{
	struct scene *scene = *state;
	refuse(scene, DECIDER, initial(scene), KM_FORBIDDEN, "role", "auditor");
	fixture_sql(scene->fixture, "DELETE FROM body_scheme WHERE body_id = 2");
	refuse(scene, OTHER_AUDITOR, initial(scene), KM_FORBIDDEN, "scheme-not-allowed", "mkb-ict");
	scene_accept(scene, AUDITOR, "audit", initial(scene));
}

static void what_an_audit_refers_to_is_there(void **state)
{
	struct scene *scene = *state;
	refuse(scene, AUDITOR, with(initial(scene), "provider", json_string("12345678")), KM_INVALID, "unknown-provider",
	       "12345678");
	refuse(scene, AUDITOR, with(initial(scene), "scheme", json_string("anders")), KM_INVALID, "unknown-scheme",
	       "anders");
	refuse(scene, AUDITOR, with(initial(scene), "version", json_integer(7)), KM_INVALID, "unknown-scheme", "7");
	refuse(scene, AUDITOR, with(initial(scene), "scope", json_pack("[s]", "toveren")), KM_INVALID, "member",
	       "scope[0]");
	refuse(scene, AUDITOR, with(initial(scene), "scope", json_pack("[s, s]", "cloud", "cloud")), KM_INVALID, "member",
	       "twice");
	refuse(scene, AUDITOR, with(initial(scene), "scope", json_array()), KM_INVALID, "member", "scope");
	refuse(scene, AUDITOR, with(initial(scene), "level", json_string("2")), KM_INVALID, "member", "level");
	refuse(scene, AUDITOR, with(initial(scene), "kind", json_string("snel")), KM_INVALID, "member", "kind");
	refuse(scene, AUDITOR, with(initial(scene), "recommendation", json_string("feest")), KM_INVALID, "member",
	       "recommendation");
	refuse(scene, AUDITOR, with(initial(scene), "extra", json_true()), KM_INVALID, "member", "extra");
}

static void the_days_of_an_audit_are_real_and_past(void **state)
{
	struct scene *scene = *state;
	refuse(scene, AUDITOR, with(initial(scene), "started", json_string("2026-02-30")), KM_INVALID, "member", "started");
	refuse(scene, AUDITOR, with(initial(scene), "finished", json_string("2026-11-25")), KM_INVALID, "member",
	       "finished");
	refuse(scene, AUDITOR, with(initial(scene), "finished", json_string("2026-11-01")), KM_INVALID, "member",
	       "finished");
	scene_accept(scene, AUDITOR, "audit", with(initial(scene), "finished", json_string("2026-11-24")));
}

static json_t *without(json_t *audit, size_t index)
{
	json_array_remove(json_object_get(audit, "findings"), index);
	return audit;
}

static json_t *found(json_t *audit, const char *criterion, const char *result, const char *due)
{
	scene_find(audit, criterion, result, due);
	return audit;
}

static void findings_cover_what_the_scope_asks_and_nothing_else(void **state)
{
	struct scene *scene = *state;
	refuse(scene, AUDITOR, without(initial(scene), 0), KM_INVALID, "member", "has no finding");
	refuse(scene, AUDITOR, without(initial(scene), 9), KM_INVALID, "member", "has no finding");
	json_t *twice = initial(scene);
	json_array_append(json_object_get(twice, "findings"), json_array_get(json_object_get(twice, "findings"), 0));
	json_array_remove(json_object_get(twice, "findings"), 1);
	refuse(scene, AUDITOR, twice, KM_INVALID, "member", "twice");
	json_t *narrower =
		with(scene_audit(scene, "initial", "[\"beheer\", \"hosting\", \"cloud\", \"back-up\", \"software\"]"), "scope",
	         json_pack("[s]", "beheer"));
	refuse(scene, AUDITOR, narrower, KM_INVALID, "member", "not asked for");
}

static void a_finding_says_why_and_by_when(void **state)
{
	struct scene *scene = *state;
	refuse(scene, AUDITOR, found(initial(scene), "R1", "minor", NULL), KM_INVALID, "member", "due");
	refuse(scene, AUDITOR, found(initial(scene), "R1", "minor", "2026-01-01"), KM_INVALID, "member", "due");
	refuse(scene, AUDITOR, found(initial(scene), "R1", "conform", "2027-01-01"), KM_INVALID, "member", "due");
	refuse(scene, AUDITOR, found(initial(scene), "R1", "uitstekend", NULL), KM_INVALID, "member", "result");
	json_t *mute = found(initial(scene), "R1", "major", "2027-01-01");
	json_object_del(json_array_get(json_object_get(mute, "findings"), 0), "note");
	refuse(scene, AUDITOR, mute, KM_INVALID, "member", "note");
	refuse(scene, AUDITOR, found(initial(scene), "R1", "not-applicable", NULL), KM_INVALID, "member", "mandatory");
	scene_accept(scene, AUDITOR, "audit", found(initial(scene), "R1", "minor", "2027-01-01"));
}

static void evidence_is_named_by_its_digest(void **state)
{
	struct scene *scene = *state;
	json_t *evidence = json_pack("[{s:s, s:s}]", "name", "rapport.pdf", "sha256", "0123");
	refuse(scene, AUDITOR, with(initial(scene), "evidence", evidence), KM_INVALID, "member", "evidence[0].sha256");
	evidence = json_pack("[{s:s, s:s}]", "name", "rapport.pdf", "sha256",
	                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	scene_accept(scene, AUDITOR, "audit", with(initial(scene), "evidence", evidence));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(an_audit_is_recorded_only_by_an_auditor_whose_body_may_certify),
		KM_SCENE_TEST(what_an_audit_refers_to_is_there),
		KM_SCENE_TEST(the_days_of_an_audit_are_real_and_past),
		KM_SCENE_TEST(findings_cover_what_the_scope_asks_and_nothing_else),
		KM_SCENE_TEST(a_finding_says_why_and_by_when),
		KM_SCENE_TEST(evidence_is_named_by_its_digest),
	};
	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
