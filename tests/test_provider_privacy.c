#include "registry/provider_privacy.h"

#include "base/json.h"
#include "registry/provider.h"
#include "tests/fixture.h"

#include <stdlib.h>

static const struct km_provider_contact contact = {"Voorbeeld Persoon", "naam@donald.example", "+31 20 123 45 67",
                                                   "nl"};

static void add_donald(struct fixture *fixture)
{
	static const char *const trade_names[] = {"Donald ICT"};
	static const struct km_domain domains[] = {{"donald.example", FIXTURE_NOW}};
	const struct km_provider provider = {
		.kvk = "68750110",
		.name = "Test BV Donald",
		.trade_names = trade_names,
		.trade_names_len = 1,
		.domains = domains,
		.domains_len = 1,
	};
	struct km_problem problem = {0};
	assert_ok(km_provider_add(fixture->store, &provider, &contact, FIXTURE_NOW, &problem), &problem);
}

static void add_evidence(struct fixture *fixture)
{
	fixture_sql(
		fixture,
		"PRAGMA defer_foreign_keys = ON;"
		"INSERT INTO body VALUES (1, 'voorbeeld', 'Voorbeeld', 'C 000', NULL, 'NL', NULL, 0);"
		"INSERT INTO person (id, body_id, name, roles, added_at) VALUES (1, 1, 'Geheime Auditor', 1, 0);"
		"INSERT INTO provider_link VALUES (zeroblob(32), 1, 1, 1795400000, NULL, 1800000000);"
		"INSERT INTO audit (submission_id, provider_id, body_id, auditor_id, scheme_id, scheme_version, kind, "
		"started_on, "
		"finished_on, scope, recommendation, majors, minors, recorded_at) SELECT 'a1', id, 1, 1, 'mkb-ict', 1, "
		"'initial', "
		"1795000000, 1795100000, '[\"beheer\",\"cloud\"]', 'grant', 0, 2, 1795200000 FROM provider;"
		"INSERT INTO audit (submission_id, provider_id, body_id, auditor_id, scheme_id, scheme_version, kind, "
		"started_on, "
		"finished_on, scope, recommendation, majors, minors, recorded_at) SELECT 'a2', id, 1, 1, 'mkb-ict', 1, "
		"'initial', "
		"1795000000, 1795100000, '[]', 'refuse', 3, 0, 1795300000 FROM provider;"
		"INSERT INTO mark (id, number, provider_id, scheme_id, granted_at) SELECT 1, '7K3Q9XM24HTT', id, 'mkb-ict', "
		"1795400000 FROM provider;"
		"INSERT INTO decision (submission_id, mark_id, audit_id, body_id, decider_id, action, holds_from, recorded_at) "
		"VALUES ('d1', 1, 'a1', 1, 1, 'grant', 1795400000, 1795400000), ('d2', NULL, 'a2', 1, 1, 'refuse', 1795500000, "
		"1795500000);"
		"INSERT INTO mark_period VALUES (1, 1, 'd1', 1795400000, 1795400000, 'active', 1, 1, '[\"beheer\"]', NULL, "
		"1795400000, 1800000000, NULL, NULL, NULL);"
		"INSERT INTO finding VALUES ('a2', 'R1', 'major', 'Geen plan.', 1796000000);"
		"INSERT INTO case_file VALUES ('c1', 'appeal', 1, 1, NULL, 'd2', NULL, NULL, 1795500000, 1799000000, "
		"1795500000);"
		"INSERT INTO case_closure VALUES ('c2', 'c1', 1, 'rejected', 'geen-nieuwe-feiten', 1795600000);"
		"INSERT INTO report VALUES (1, 'VOORBEEL', 'misuse', 1, 'Het klopt niet.', 'op straat', "
		"'geheim@voorbeeld.example', "
		"1795500000);"
		"INSERT INTO event (mark_id, decision_id, at, recorded_at, action, state) VALUES (1, 'd1', 1795400000, "
		"1795400000, "
		"'grant', 'active')");
}

static json_t *export(struct fixture *fixture)
{
	json_t *object = NULL;
	struct km_problem problem = {0};
	assert_ok(km_provider_export(fixture->store, "68750110", &object, &problem), &problem);
	return object;
}

static void everything_that_is_held_is_told(void **state)
{
	struct fixture *fixture = *state;
	add_donald(fixture);
	add_evidence(fixture);
	json_auto_t *object = export(fixture);
	static const char expected[] =
		"{\"provider\":{\"kvk\":\"68750110\",\"establishment\":null,\"rsin\":null,\"lei\":null,"
		"\"euid\":\"NLNHR.68750110\",\"name\":\"Test BV Donald\",\"city\":null,\"region\":null,\"country\":\"NL\","
		"\"added_at\":\"2026-11-24T17:02:37Z\"},"
		"\"contact\":{\"name\":\"Voorbeeld Persoon\",\"email\":\"naam@donald.example\",\"phone\":\"+31 20 123 45 67\","
		"\"language\":\"nl\"},"
		"\"trade_names\":[{\"name\":\"Donald ICT\"}],"
		"\"domains\":[{\"domain\":\"donald.example\",\"proven_at\":\"2026-11-24T17:02:37Z\"}],"
		"\"marks\":[{\"number\":\"7K3Q9XM24HTT\",\"scheme\":\"mkb-ict\",\"granted_at\":\"2026-11-23T02:13:20Z\","
		"\"periods\":[{\"sequence\":1,\"holds_from\":\"2026-11-23T02:13:20Z\",\"recorded_at\":\"2026-11-23T02:13:20Z\","
		"\"state\":\"active\",\"body\":\"voorbeeld\",\"scheme_version\":1,\"scope\":[\"beheer\"],\"level\":null,"
		"\"valid_from\":\"2026-11-23T02:13:20Z\",\"valid_until\":\"2027-01-15T08:00:00Z\",\"surveillance_due\":null,"
		"\"surveillance_limit\":null,\"suspension_limit\":null}],"
		"\"events\":[{\"at\":\"2026-11-23T02:13:20Z\",\"recorded_at\":\"2026-11-23T02:13:20Z\",\"action\":\"grant\","
		"\"reason\":null,\"text_nl\":null,\"text_en\":null,\"state\":\"active\"}]}],"
		"\"links\":[{\"body\":\"voorbeeld\",\"made_at\":\"2026-11-23T02:13:20Z\",\"expires_at\":\"2027-01-15T08:00:"
		"00Z\"}],"
		"\"audits\":[{\"id\":\"a1\",\"body\":\"voorbeeld\",\"scheme\":\"mkb-ict\",\"version\":1,\"kind\":\"initial\","
		"\"started_on\":\"2026-11-18\",\"finished_on\":\"2026-11-19\",\"scope\":[\"beheer\",\"cloud\"],\"level\":null,"
		"\"majors\":0,\"minors\":2,\"recommendation\":\"grant\",\"recorded_at\":\"2026-11-20T18:40:00Z\"},"
		"{\"id\":\"a2\",\"body\":\"voorbeeld\",\"scheme\":\"mkb-ict\",\"version\":1,\"kind\":\"initial\","
		"\"started_on\":\"2026-11-18\",\"finished_on\":\"2026-11-19\",\"scope\":[],\"level\":null,"
		"\"majors\":3,\"minors\":0,\"recommendation\":\"refuse\",\"recorded_at\":\"2026-11-21T22:26:40Z\"}],"
		"\"decisions\":[{\"id\":\"d1\",\"mark\":\"7K3Q9XM24HTT\",\"audit\":\"a1\",\"body\":\"voorbeeld\","
		"\"action\":\"grant\",\"reason\":null,\"text_nl\":null,\"text_en\":null,"
		"\"holds_from\":\"2026-11-23T02:13:20Z\",\"recorded_at\":\"2026-11-23T02:13:20Z\"},"
		"{\"id\":\"d2\",\"mark\":null,\"audit\":\"a2\",\"body\":\"voorbeeld\",\"action\":\"refuse\",\"reason\":null,"
		"\"text_nl\":null,\"text_en\":null,\"holds_from\":\"2026-11-24T06:00:00Z\","
		"\"recorded_at\":\"2026-11-24T06:00:00Z\"}],\"findings\":[{\"audit\":\"a2\",\"criterion\":\"R1\",\"result\":"
	    "\"major\",\"note\":\"Geen plan.\",\"due_on\":\"2026-11-30\"}],"
		"\"cases\":[{\"id\":\"c1\",\"kind\":\"appeal\",\"mark\":null,\"decision\":\"d2\",\"body\":\"voorbeeld\","
	    "\"received_on\":\"2026-11-24\",\"due_at\":\"2027-01-03T18:13:20Z\",\"outcome\":\"rejected\",\"reason\":\"geen-"
	    "nieuwe-feiten\",\"closed_at\":\"2026-11-25T09:46:40Z\"}],"
		"\"reports\":[{\"reference\":\"VOORBEEL\",\"kind\":\"misuse\",\"mark\":\"7K3Q9XM24HTT\",\"text\":\"Het klopt "
	    "niet.\",\"place\":\"op straat\",\"received_at\":\"2026-11-24T06:00:00Z\"}],"
		"\"purged\":[],\"mail\":[]}";
	char *text = km_json_text(object);
	assert_string_equal(text, expected);
	free(text);
	fixture_expect_indexes(fixture, NULL);
}

static void the_people_who_audited_are_not_told(void **state)
{
	struct fixture *fixture = *state;
	add_donald(fixture);
	add_evidence(fixture);
	json_auto_t *object = export(fixture);
	char *text = km_json_text(object);
	assert_null(strstr(text, "Geheime Auditor"));
	assert_null(strstr(text, "geheim@voorbeeld.example"));
	free(text);
}

static void an_erased_contact_is_gone_and_the_rest_stays(void **state)
{
	struct fixture *fixture = *state;
	add_donald(fixture);
	struct km_problem problem = {0};
	assert_ok(km_provider_erase_contact(fixture->store, "68750110", FIXTURE_NOW, &problem), &problem);
	json_auto_t *object = export(fixture);
	assert_true(json_is_null(json_object_get(object, "contact")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(object, "provider"), "name")),
	                    "Test BV Donald");
	assert_ok(km_provider_erase_contact(fixture->store, "68750110", FIXTURE_NOW, &problem), &problem);
}

/* The bytes of the register's file and its log. */
static bool files_hold(struct fixture *fixture, const char *needle)
{
	static const char *const endings[] = {"", "-wal"};
	bool found = false;
	for (size_t i = 0; i < 2; i++) {
		char path[128], *bytes = malloc(4 << 20);
		snprintf(path, sizeof path, "%s%s", fixture->path, endings[i]);
		FILE *file = fopen(path, "r");
		size_t len = file ? fread(bytes, 1, 4 << 20, file) : 0;
		if (file)
			fclose(file);
		found = found || memmem(bytes, len, needle, strlen(needle));
		free(bytes);
	}
	return found;
}

static void an_erased_contact_leaves_no_bytes_behind(void **state)
{
	struct fixture *fixture = *state;
	if (!fixture_is_file(fixture))
		skip();
	add_donald(fixture);
	fixture_sql(fixture, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE");
	assert_true(files_hold(fixture, contact.email));
	assert_int_equal(km_provider_erase_contact(fixture->store, "68750110", FIXTURE_NOW, NULL), KM_OK);
	fixture_sql(fixture, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	assert_true(files_hold(fixture, "Test BV Donald"));
	assert_false(files_hold(fixture, contact.email));
	assert_false(files_hold(fixture, contact.name));
}

static void an_unknown_provider_is_absent(void **state)
{
	struct fixture *fixture = *state;
	json_t *object = NULL;
	struct km_problem problem = {0};
	assert_problem(km_provider_export(fixture->store, "68750110", &object, &problem), &problem, KM_ABSENT,
	               "unknown-provider");
	assert_null(object);
	assert_problem(km_provider_erase_contact(fixture->store, "68750110", FIXTURE_NOW, &problem), &problem, KM_ABSENT,
	               "unknown-provider");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(everything_that_is_held_is_told),
		KM_REGISTER_TEST(the_people_who_audited_are_not_told),
		KM_REGISTER_TEST(an_erased_contact_is_gone_and_the_rest_stays),
		KM_REGISTER_TEST(an_erased_contact_leaves_no_bytes_behind),
		KM_REGISTER_TEST(an_unknown_provider_is_absent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
