#include "registry/person.h"

#include "base/buf.h"
#include "keys/jws.h"
#include "tests/fixture.h"

#include <stdlib.h>

/* A body and an invited auditor, and the enrolment that this person would send. */
struct scene {
	struct fixture *fixture;
	int64_t person;
	char code[KM_CODE_TEXT];
	struct km_key *key;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	json_t *header, *claims;
};

static void set_key(struct scene *scene)
{
	km_key_free(scene->key);
	assert_int_equal(km_key_generate(&scene->key, NULL), KM_OK);
	km_key_public(scene->key, scene->public_key);
	km_jwk_thumbprint(scene->public_key, scene->thumbprint);
	json_object_set_new(scene->claims, "jwk", km_jwk_format(scene->public_key));
	json_object_set_new(scene->header, "kid", json_string(scene->thumbprint));
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	assert_non_null(scene);
	fixture_set_up((void **)&scene->fixture);
	fixture_sql(scene->fixture, "INSERT INTO body VALUES (7, 'voorbeeld', 'Voorbeeld', 'C 000', NULL, 'NL', NULL, 0)");
	struct km_problem problem = {0};
	assert_ok(km_person_invite(scene->fixture->store, "voorbeeld", "Voorbeeld Persoon",
	                           KM_ROLE_AUDITOR | KM_ROLE_DECIDER, FIXTURE_NOW, &scene->person, scene->code, &problem),
	          &problem);
	scene->header = json_pack("{s:s}", "typ", "keurmerk-enrolment+jwt");
	scene->claims =
		json_pack("{s:s, s:I, s:s}", "aud", FIXTURE_URL, "iat", (json_int_t)FIXTURE_NOW, "code", scene->code);
	set_key(scene);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	km_key_free(scene->key);
	json_decref(scene->header);
	json_decref(scene->claims);
	fixture_tear_down((void **)&scene->fixture);
	free(scene);
	return 0;
}

static char *sign(const struct scene *scene)
{
	auto_free char *payload = json_dumps(scene->claims, JSON_COMPACT);
	char *token = NULL;
	struct km_problem problem = {0};
	assert_ok(km_jws_sign(scene->key, scene->header, payload, strlen(payload), &token, &problem), &problem);
	return token;
}

static enum km_error enrol_at(const struct scene *scene, int64_t now, json_t **reply, struct km_problem *problem)
{
	auto_free char *token = sign(scene);
	return km_person_enrol(scene->fixture->store, token, strlen(token), now, reply, problem);
}

static void expect_enrolled(const struct scene *scene)
{
	json_auto_t *reply = NULL;
	struct km_problem problem = {0};
	assert_ok(enrol_at(scene, FIXTURE_NOW, &reply, &problem), &problem);
}

static void expect_refusal(const struct scene *scene, enum km_error code, const char *type)
{
	json_t *reply = NULL;
	struct km_problem problem = {0};
	int64_t keys = fixture_number(scene->fixture, "SELECT count(*) FROM person_key");
	assert_problem(enrol_at(scene, FIXTURE_NOW, &reply, &problem), &problem, code, type);
	assert_null(reply);
	assert_null(strstr(problem.message, scene->code));
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM person_key"), keys);
}

static void roles_are_read_as_they_are_written(void **state)
{
	(void)state;
	for (unsigned roles = 1; roles <= 7; roles++) {
		char text[32];
		unsigned read = 0;
		km_roles_format(roles, text);
		assert_true(km_roles_parse(text, &read));
		assert_int_equal(read, roles);
	}
	char text[32];
	km_roles_format(7, text);
	assert_string_equal(text, "auditor,decider,admin");
	km_roles_format(0, text);
	assert_string_equal(text, "");
	unsigned roles = 99;
	assert_true(km_roles_parse("decider,auditor", &roles));
	assert_int_equal(roles, KM_ROLE_AUDITOR | KM_ROLE_DECIDER);
	static const char *const wrong[] = {
		"",         ",",        "auditor,", ",auditor",        "auditor,,admin",  "Auditor",
		" auditor", "auditors", "audit",    "auditor,auditor", "auditor decider", "owner"};
	roles = 99;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(km_roles_parse(wrong[i], &roles));
	assert_int_equal(roles, 99);
}

static void a_code_is_128_random_bits_and_only_its_digest_is_kept(void **state)
{
	struct scene *scene = *state;
	if (!fixture_is_file(scene->fixture))
		skip();
	assert_int_equal(strlen(scene->code), 32);
	assert_int_equal(strspn(scene->code, "0123456789abcdef"), 32);
	char other[KM_CODE_TEXT];
	int64_t person = 0;
	assert_int_equal(km_person_invite(scene->fixture->store, "voorbeeld", "Ander Persoon", KM_ROLE_ADMIN, FIXTURE_NOW,
	                                  &person, other, NULL),
	                 KM_OK);
	assert_string_not_equal(other, scene->code);
	assert_int_not_equal(person, scene->person);
	fixture_sql(scene->fixture, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	FILE *file = fopen(scene->fixture->path, "r");
	assert_non_null(file);
	auto_free char *bytes = malloc(1 << 20);
	size_t len = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	assert_non_null(memmem(bytes, len, "Ander Persoon", 13));
	assert_null(memmem(bytes, len, other, 32));
	assert_null(memmem(bytes, len, scene->code, 32));
}

static void a_faulty_invitation_is_refused(void **state)
{
	struct scene *scene = *state;
	struct km_store *store = scene->fixture->store;
	int64_t person = -1;
	char code[KM_CODE_TEXT] = "untouched";
	struct km_problem problem = {0};
	assert_problem(km_person_invite(store, "onbekend", "Persoon", 1, 0, &person, code, &problem), &problem, KM_ABSENT,
	               "unknown-body");
	assert_problem(km_person_invite(store, "voorbeeld", "", 1, 0, &person, code, &problem), &problem, KM_INVALID,
	               "name");
	assert_problem(km_person_invite(store, "voorbeeld", "A\nB", 1, 0, &person, code, &problem), &problem, KM_INVALID,
	               "name");
	assert_problem(km_person_invite(store, "voorbeeld", "Persoon", 0, 0, &person, code, &problem), &problem, KM_INVALID,
	               "roles");
	assert_problem(km_person_invite(store, "voorbeeld", "Persoon", 8, 0, &person, code, &problem), &problem, KM_INVALID,
	               "roles");
	assert_problem(km_person_invite_again(store, 99, 0, code, &problem), &problem, KM_ABSENT, "unknown-person");
	assert_int_equal(person, -1);
	assert_string_equal(code, "untouched");
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM person"), 1);
}

static void an_invited_person_enrols_a_key(void **state)
{
	struct scene *scene = *state;
	json_auto_t *reply = NULL;
	struct km_problem problem = {0};
	auto_free char *token = sign(scene);
	assert_ok(km_person_enrol(scene->fixture->store, token, strlen(token), FIXTURE_NOW, &reply, &problem), &problem);
	json_auto_t *expected = json_pack("{s:s, s:s, s:s, s:s, s:s, s:n, s:s}", "person", "Voorbeeld Persoon", "body",
	                                  "voorbeeld", "body_name", "Voorbeeld", "roles", "auditor,decider", "kid",
	                                  scene->thumbprint, "invited_by", "invited_at", "2026-11-24");
	assert_true(json_equal(reply, expected));
	char sql[400];
	snprintf(sql, sizeof sql,
	         "SELECT count(*) FROM person_key WHERE thumbprint = '%s' AND person_id = %d AND enrolled_at = %d "
	         "AND revoked_at IS NULL AND length(public_key) = 32 AND length(enrolment) = %zu",
	         scene->thumbprint, (int)scene->person, FIXTURE_NOW, strlen(token));
	assert_int_equal(fixture_number(scene->fixture, sql), 1);
	fixture_expect_indexes(scene->fixture, NULL);
}

static void a_code_works_once(void **state)
{
	struct scene *scene = *state;
	expect_enrolled(scene);
	set_key(scene);
	expect_refusal(scene, KM_UNPROVEN, "invitation");
}

static void unknown_used_and_expired_codes_get_one_answer(void **state)
{
	struct scene *scene = *state;
	struct km_problem unknown = {0}, used = {0}, expired = {0}, odd = {0};
	json_t *reply = NULL;
	json_object_set_new(scene->claims, "code", json_string("00000000000000000000000000000000"));
	assert_problem(enrol_at(scene, FIXTURE_NOW, &reply, &unknown), &unknown, KM_UNPROVEN, "invitation");
	json_object_set_new(scene->claims, "code", json_string("no code at all"));
	assert_problem(enrol_at(scene, FIXTURE_NOW, &reply, &odd), &odd, KM_UNPROVEN, "invitation");
	json_object_set_new(scene->claims, "code", json_string(scene->code));
	int64_t late = FIXTURE_NOW + KM_INVITE_TTL_S;
	json_object_set_new(scene->claims, "iat", json_integer(late));
	assert_problem(enrol_at(scene, late, &reply, &expired), &expired, KM_UNPROVEN, "invitation");
	json_object_set_new(scene->claims, "iat", json_integer(FIXTURE_NOW));
	expect_enrolled(scene);
	set_key(scene);
	assert_problem(enrol_at(scene, FIXTURE_NOW, &reply, &used), &used, KM_UNPROVEN, "invitation");
	assert_string_equal(unknown.message, odd.message);
	assert_string_equal(unknown.message, expired.message);
	assert_string_equal(unknown.message, used.message);
}

static void a_code_works_until_its_last_second(void **state)
{
	struct scene *scene = *state;
	int64_t last = FIXTURE_NOW + KM_INVITE_TTL_S - 1;
	json_object_set_new(scene->claims, "iat", json_integer(last));
	json_auto_t *reply = NULL;
	struct km_problem problem = {0};
	assert_ok(enrol_at(scene, last, &reply, &problem), &problem);
}

static void a_new_code_ends_the_one_before(void **state)
{
	struct scene *scene = *state;
	char code[KM_CODE_TEXT];
	struct km_problem problem = {0};
	assert_ok(km_person_invite_again(scene->fixture->store, scene->person, FIXTURE_NOW, code, &problem), &problem);
	expect_refusal(scene, KM_UNPROVEN, "invitation");
	json_object_set_new(scene->claims, "code", json_string(code));
	expect_enrolled(scene);
	/* … and a second key for the same person. */
	assert_ok(km_person_invite_again(scene->fixture->store, scene->person, FIXTURE_NOW, code, &problem), &problem);
	set_key(scene);
	json_object_set_new(scene->claims, "code", json_string(code));
	expect_enrolled(scene);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(DISTINCT person_id) FROM person_key"), 1);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM person_key"), 2);
}

static void a_key_is_enrolled_once_and_the_code_stays_good(void **state)
{
	struct scene *scene = *state;
	expect_enrolled(scene);
	char code[KM_CODE_TEXT];
	int64_t other = 0;
	assert_int_equal(km_person_invite(scene->fixture->store, "voorbeeld", "Ander Persoon", KM_ROLE_DECIDER, FIXTURE_NOW,
	                                  &other, code, NULL),
	                 KM_OK);
	json_object_set_new(scene->claims, "code", json_string(code));
	expect_refusal(scene, KM_CONFLICT, "key-enrolled");
	set_key(scene);
	expect_enrolled(scene);
}

static void a_key_that_did_not_sign_is_not_enrolled(void **state)
{
	struct scene *scene = *state;
	struct km_key *other = NULL;
	assert_int_equal(km_key_generate(&other, NULL), KM_OK);
	struct km_key *own = scene->key;
	scene->key = other; /* signs for a key that it is not */
	expect_refusal(scene, KM_UNPROVEN, "bad-signature");
	scene->key = own;
	km_key_free(other);
	json_object_set_new(scene->header, "kid", json_string("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
	expect_refusal(scene, KM_UNPROVEN, "kid-mismatch");
	json_object_del(scene->header, "kid");
	expect_refusal(scene, KM_UNPROVEN, "kid-mismatch");
}

static void a_changed_byte_is_noticed(void **state)
{
	struct scene *scene = *state;
	auto_free char *token = sign(scene);
	size_t len = strlen(token);
	char *dot = strchr(token, '.');
	for (size_t at = (size_t)(dot - token) + 1; at < len; at += 7) {
		char was = token[at];
		if (was == '.')
			continue;
		token[at] = was == 'A' ? 'B' : 'A';
		json_t *reply = NULL;
		assert_int_not_equal(km_person_enrol(scene->fixture->store, token, len, FIXTURE_NOW, &reply, NULL), KM_OK);
		assert_null(reply);
		token[at] = was;
	}
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM person_key"), 0);
}

static void an_enrolment_for_another_registry_is_refused(void **state)
{
	static const char *const others[] = {"https://other.example", FIXTURE_URL "/", "http://keurmerk.example"};
	struct scene *scene = *state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		json_object_set_new(scene->claims, "aud", json_string(others[i]));
		expect_refusal(scene, KM_UNPROVEN, "audience-mismatch");
	}
}

static void iat_is_taken_from_15_minutes_past_to_60_seconds_ahead(void **state)
{
	struct scene *scene = *state;
	json_object_set_new(scene->claims, "iat", json_integer(FIXTURE_NOW - 15 * 60 - 1));
	expect_refusal(scene, KM_UNPROVEN, "iat-stale");
	json_object_set_new(scene->claims, "iat", json_integer(FIXTURE_NOW + 61));
	expect_refusal(scene, KM_UNPROVEN, "iat-future");
	json_object_set_new(scene->claims, "iat", json_integer(-1));
	expect_refusal(scene, KM_INVALID, "member");
	json_object_set_new(scene->claims, "iat", json_integer(INT64_MAX));
	expect_refusal(scene, KM_INVALID, "member");
	json_object_set_new(scene->claims, "iat", json_integer(FIXTURE_NOW + 60));
	expect_enrolled(scene);
	char code[KM_CODE_TEXT];
	assert_int_equal(km_person_invite_again(scene->fixture->store, scene->person, FIXTURE_NOW, code, NULL), KM_OK);
	set_key(scene);
	json_object_set_new(scene->claims, "code", json_string(code));
	json_object_set_new(scene->claims, "iat", json_integer(FIXTURE_NOW - 15 * 60));
	expect_enrolled(scene);
}

static void what_is_no_enrolment_is_refused(void **state)
{
	static const char *const members[] = {"aud", "iat", "code", "jwk"};
	struct scene *scene = *state;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_auto_t *kept = json_incref(json_object_get(scene->claims, members[i]));
		json_object_del(scene->claims, members[i]);
		expect_refusal(scene, KM_INVALID, "member");
		json_object_set(scene->claims, members[i], kept);
	}
	json_object_set_new(scene->claims, "roles", json_string("admin"));
	expect_refusal(scene, KM_INVALID, "member");
	json_object_del(scene->claims, "roles");
	json_object_set_new(scene->header, "typ", json_string("keurmerk-submission+jwt"));
	expect_refusal(scene, KM_MALFORMED, "typ");
	json_object_del(scene->header, "typ");
	expect_refusal(scene, KM_MALFORMED, "typ");
	json_object_set_new(scene->header, "typ", json_string("keurmerk-enrolment+jwt"));
	auto_free char *long_aud = calloc(1, 9000);
	memset(long_aud, 'a', 8999);
	json_object_set_new(scene->claims, "aud", json_string(long_aud));
	expect_refusal(scene, KM_TOO_LARGE, "jws-too-large");
	json_object_set_new(scene->claims, "aud", json_string(FIXTURE_URL));
	expect_enrolled(scene); /* the same with nothing wrong */
}

static void a_revoked_key_stays_revoked_from_the_first_moment(void **state)
{
	struct scene *scene = *state;
	struct km_store *store = scene->fixture->store;
	struct km_problem problem = {0};
	expect_enrolled(scene);
	assert_problem(km_person_revoke_key(store, "onbekend", FIXTURE_NOW, FIXTURE_NOW, &problem), &problem, KM_ABSENT,
	               "unknown-key");
	assert_ok(km_person_revoke_key(store, scene->thumbprint, FIXTURE_NOW + 5, FIXTURE_NOW + 5, &problem), &problem);
	assert_ok(km_person_revoke_key(store, scene->thumbprint, FIXTURE_NOW + 9, FIXTURE_NOW + 9, &problem), &problem);
	assert_int_equal(fixture_number(scene->fixture, "SELECT revoked_at FROM person_key"), FIXTURE_NOW + 5);
}

static enum km_error write_signed(void *context, const struct km_signed_row *row)
{
	char line[200];
	snprintf(line, sizeof line, "%s/%s/%s;", row->type, row->what ? row->what : "", row->mark ? row->mark : "");
	strcat(context, line);
	return KM_OK;
}

static void a_key_is_revoked_from_a_moment_that_it_has_lived(void **state)
{
	struct scene *scene = *state;
	struct km_store *store = scene->fixture->store;
	struct km_problem problem = {0};
	char lines[200] = "";
	expect_enrolled(scene);
	int64_t enrolled = fixture_number(scene->fixture, "SELECT enrolled_at FROM person_key");
	static const int64_t wrong[] = {-1, 11, 100000};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_problem(km_person_revoke_key(store, scene->thumbprint, enrolled + wrong[i], enrolled + 10, &problem),
		               &problem, KM_INVALID, "revoked-at");
	assert_problem(km_person_revoke_key(store, scene->thumbprint, 0, enrolled + 10, &problem), &problem, KM_INVALID,
	               "revoked-at");
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(revoked_at) FROM person_key"), 0);
	assert_ok(km_person_revoke_key(store, scene->thumbprint, enrolled + 10, enrolled + 10, &problem), &problem);
	assert_ok(km_person_revoke_key(store, scene->thumbprint, enrolled, enrolled + 10, &problem), &problem);
	assert_int_equal(fixture_number(scene->fixture, "SELECT revoked_at FROM person_key"), enrolled);
	assert_ok(km_person_signed_since(store, scene->thumbprint, 0, write_signed, lines, &problem), &problem);
	assert_string_equal(lines, ""); /* it signed nothing, and no key came of it but itself */
}

static enum km_error write_row(void *context, const struct km_person_row *row)
{
	char roles[32], line[200];
	km_roles_format(row->roles, roles);
	snprintf(line, sizeof line, "%s/%s/%s/%s/%d;", row->body_slug, row->name, roles, row->thumbprint ? "key" : "none",
	         row->revoked_at != 0);
	strcat(context, line);
	return KM_OK;
}

static void people_are_listed_with_and_without_keys(void **state)
{
	struct scene *scene = *state;
	struct km_store *store = scene->fixture->store;
	expect_enrolled(scene);
	char code[KM_CODE_TEXT];
	assert_int_equal(km_person_revoke_key(store, scene->thumbprint, FIXTURE_NOW, FIXTURE_NOW, NULL), KM_OK);
	assert_int_equal(km_person_invite_again(store, scene->person, FIXTURE_NOW, code, NULL), KM_OK);
	json_object_set_new(scene->claims, "code", json_string(code));
	set_key(scene);
	json_auto_t *reply = NULL;
	json_object_set_new(scene->claims, "iat", json_integer(FIXTURE_NOW + 1));
	assert_int_equal(enrol_at(scene, FIXTURE_NOW + 1, &reply, NULL), KM_OK);
	fixture_sql(scene->fixture, "INSERT INTO body VALUES (3, 'zz', 'Zz', 'C 001', NULL, 'NL', NULL, 0)");
	int64_t person = 0;
	assert_int_equal(km_person_invite(store, "zz", "Z", KM_ROLE_ADMIN, FIXTURE_NOW, &person, code, NULL), KM_OK);
	assert_int_equal(km_person_invite(store, "voorbeeld", "B", KM_ROLE_DECIDER, FIXTURE_NOW, &person, code, NULL),
	                 KM_OK);
	char lines[1000] = "";
	struct km_problem problem = {0};
	assert_ok(km_person_list(store, write_row, lines, &problem), &problem);
	assert_string_equal(lines, "voorbeeld/Voorbeeld Persoon/auditor,decider/key/1;"
	                           "voorbeeld/Voorbeeld Persoon/auditor,decider/key/0;"
	                           "voorbeeld/B/decider/none/0;zz/Z/admin/none/0;");
}

#define KM_PERSON_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_read_as_they_are_written),
		KM_PERSON_TEST(a_code_is_128_random_bits_and_only_its_digest_is_kept),
		KM_PERSON_TEST(a_faulty_invitation_is_refused),
		KM_PERSON_TEST(an_invited_person_enrols_a_key),
		KM_PERSON_TEST(a_code_works_once),
		KM_PERSON_TEST(unknown_used_and_expired_codes_get_one_answer),
		KM_PERSON_TEST(a_code_works_until_its_last_second),
		KM_PERSON_TEST(a_new_code_ends_the_one_before),
		KM_PERSON_TEST(a_key_is_enrolled_once_and_the_code_stays_good),
		KM_PERSON_TEST(a_key_that_did_not_sign_is_not_enrolled),
		KM_PERSON_TEST(a_changed_byte_is_noticed),
		KM_PERSON_TEST(an_enrolment_for_another_registry_is_refused),
		KM_PERSON_TEST(iat_is_taken_from_15_minutes_past_to_60_seconds_ahead),
		KM_PERSON_TEST(what_is_no_enrolment_is_refused),
		KM_PERSON_TEST(a_revoked_key_stays_revoked_from_the_first_moment),
		KM_PERSON_TEST(a_key_is_revoked_from_a_moment_that_it_has_lived),
		KM_PERSON_TEST(people_are_listed_with_and_without_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
