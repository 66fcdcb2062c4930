#include "base/encode.h"
#include "keys/jwk.h"
#include "keys/jws.h"
#include "registry/person.h"
#include "tests/scene.h"

#include <stdlib.h>

#define CODE  "00112233445566778899aabbccddeeff"
#define CODE2 "ffeeddccbbaa99887766554433221100"
#define CODE3 "0123456789abcdef0123456789abcdef"
#define CODE4 "fedcba9876543210fedcba9876543210"

/* The scene has no admin: the decider becomes one too. */
static void make_admin(struct scene *scene)
{
	fixture_sql(scene->fixture, "UPDATE person SET roles = 6 WHERE id = 3");
}

struct digest {
	char text[65];
};

static struct digest digest_of(const char *code)
{
	uint8_t bytes[KM_SHA256_BYTES];
	auto_buf struct km_buf hex = KM_BUF_EMPTY;
	struct digest digest;
	km_sha256(code, strlen(code), bytes);
	km_encode(KM_HEX, bytes, sizeof bytes, &hex);
	snprintf(digest.text, sizeof digest.text, "%s", hex.data);
	return digest;
}

static json_t *invitation(const char *name, const char *roles, const char *code)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "action", "invite", "name", name, "roles", roles, "code_sha256",
	                 digest_of(code).text);
}

static json_t *another_key(int person, const char *code)
{
	return json_pack("{s:s, s:i, s:s}", "action", "invite-again", "person", person, "code_sha256",
	                 digest_of(code).text);
}

struct kid {
	char text[KM_THUMBPRINT_TEXT];
};

static struct kid kid_of(const struct km_key *key)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	struct kid kid;
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, kid.text);
	return kid;
}

static json_t *revocation(const struct km_key *key)
{
	return json_pack("{s:s, s:s}", "action", "revoke", "key", kid_of(key).text);
}

/* Enrols a new key by this code. */
static enum km_error enrol(struct scene *scene, const char *code, uint8_t seed, json_t **ret_reply,
                           struct km_problem *problem)
{
	uint8_t bytes[32] = {seed}, public_key[KM_PUBLIC_BYTES];
	struct km_key *key;
	assert_ok(km_key_from_seed(bytes, &key, problem), problem);
	km_key_public(key, public_key);
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", "keurmerk-enrolment+jwt", "kid", kid_of(key).text);
	json_auto_t *claims = json_pack("{s:s, s:I, s:s, s:o}", "aud", km_store_url(scene->store), "iat",
	                                (json_int_t)scene->now, "code", code, "jwk", km_jwk_format(public_key));
	auto_free char *payload = json_dumps(claims, 0);
	auto_free char *token = NULL;
	assert_ok(km_jws_sign(key, header, payload, strlen(payload), &token, problem), problem);
	km_key_free(key);
	return km_person_enrol(scene->store, token, strlen(token), scene->now, ret_reply, problem);
}

static void refuse(struct scene *scene, enum scene_person who, json_t *content, enum km_error code, const char *type)
{
	struct km_problem problem;
	assert_problem(scene_submit(scene, who, "person", content, NULL, &problem), &problem, code, type);
}

static void an_admin_invites_into_the_own_body_only(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_auto_t *reply = NULL;
	make_admin(scene);
	scene_accept(scene, DECIDER, "person", invitation("Nieuw", "auditor,decider", CODE));
	assert_ok(enrol(scene, CODE, 90, &reply, &problem), &problem);
	assert_string_equal(json_string_value(json_object_get(reply, "person")), "Nieuw");
	assert_string_equal(json_string_value(json_object_get(reply, "body")), "een");
	assert_string_equal(json_string_value(json_object_get(reply, "roles")), "auditor,decider");
}

static void who_is_no_admin_invites_and_revokes_nobody_else(void **state)
{
	struct scene *scene = *state;
	refuse(scene, AUDITOR, invitation("Nieuw", "auditor", CODE), KM_FORBIDDEN, "role");
	refuse(scene, AUDITOR, another_key(2, CODE), KM_FORBIDDEN, "role");
	refuse(scene, AUDITOR, revocation(scene->keys[DECIDER]), KM_FORBIDDEN, "role");
}

static void everyone_adds_and_revokes_keys_of_their_own(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_auto_t *reply = NULL;
	scene_accept(scene, AUDITOR, "person", another_key(1, CODE));
	assert_ok(enrol(scene, CODE, 91, &reply, &problem), &problem);
	assert_string_equal(json_string_value(json_object_get(reply, "roles")), "auditor");
	scene_accept(scene, AUDITOR, "person", revocation(scene->keys[AUDITOR]));
	refuse(scene, AUDITOR, another_key(1, CODE2), KM_UNPROVEN, "revoked-key");
}

static enum km_error write_signed(void *context, const struct km_signed_row *row)
{
	char line[200];
	snprintf(line, sizeof line, "%s/%s;", row->type, row->what ? row->what : "");
	strcat(context, line);
	return KM_OK;
}

/* A stolen key of an admin is of no more use once it is revoked, whatever was prepared with it. */
static void the_codes_that_a_key_made_end_with_it(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_auto_t *first = NULL, *second = NULL, *third = NULL;
	char lines[400] = "";
	make_admin(scene);
	fixture_sql(scene->fixture, "UPDATE person SET roles = 5 WHERE id = 1");
	scene_accept(scene, DECIDER, "person", invitation("Vroeg", "auditor", CODE3));
	scene->now += 10;
	scene_accept(scene, DECIDER, "person", invitation("Dief", "auditor", CODE));
	assert_ok(enrol(scene, CODE, 95, &first, &problem), &problem);
	scene_accept(scene, DECIDER, "person", invitation("Tweede dief", "decider", CODE2));
	scene_accept(scene, AUDITOR, "person", invitation("Van een ander", "decider", CODE4));
	scene->now += 10;
	const struct kid kid = kid_of(scene->keys[DECIDER]);
	assert_ok(km_person_revoke_key(scene->store, kid.text, scene->now - 10, scene->now, &problem), &problem);
	assert_problem(enrol(scene, CODE2, 96, &second, &problem), &problem, KM_UNPROVEN, "invitation");
	assert_problem(enrol(scene, CODE3, 96, &second, &problem), &problem, KM_UNPROVEN, "invitation");
	assert_ok(enrol(scene, CODE4, 97, &third, &problem), &problem); /* the twin: made by another key */
	assert_ok(km_person_signed_since(scene->store, kid.text, scene->now - 10, write_signed, lines, &problem), &problem);
	assert_string_equal(lines, "key/Dief;person/;person/;");
	*lines = '\0';
	assert_ok(km_person_signed_since(scene->store, kid.text, scene->now - 9, write_signed, lines, &problem), &problem);
	assert_string_equal(lines, "");
}

static void another_bodys_people_are_as_if_not_there(void **state)
{
	struct scene *scene = *state;
	make_admin(scene);
	refuse(scene, DECIDER, another_key(5, CODE), KM_INVALID, "unknown-person");
	refuse(scene, DECIDER, another_key(99, CODE), KM_INVALID, "unknown-person");
	refuse(scene, DECIDER, revocation(scene->keys[OTHER_AUDITOR]), KM_INVALID, "unknown-key");
	scene_accept(scene, DECIDER, "person", revocation(scene->keys[AUDITOR]));
}

static void only_the_newest_code_of_a_person_works(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_auto_t *reply = NULL;
	scene_accept(scene, AUDITOR, "person", another_key(1, CODE));
	scene_accept(scene, AUDITOR, "person", another_key(1, CODE2));
	assert_problem(enrol(scene, CODE, 92, &reply, &problem), &problem, KM_UNPROVEN, "invitation");
	assert_ok(enrol(scene, CODE2, 92, &reply, &problem), &problem);
}

/* Whoever stole a key could have had a code made with it beforehand. */
static void a_revoked_key_leaves_no_code_behind(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_auto_t *reply = NULL;
	make_admin(scene);
	scene_accept(scene, AUDITOR, "person", another_key(1, CODE));
	scene_accept(scene, DECIDER, "person", revocation(scene->keys[AUDITOR]));
	assert_problem(enrol(scene, CODE, 93, &reply, &problem), &problem, KM_UNPROVEN, "invitation");
	scene_accept(scene, DECIDER, "person", another_key(1, CODE2)); /* made anew, by somebody else */
	assert_ok(enrol(scene, CODE2, 93, &reply, &problem), &problem);
}

/* With a key of the colleague, an admin would be two pairs of eyes. */
static void an_admin_makes_no_code_for_a_colleague_whose_key_works(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_auto_t *reply = NULL;
	make_admin(scene);
	refuse(scene, DECIDER, another_key(1, CODE), KM_CONFLICT, "has-key");
	scene_accept(scene, DECIDER, "person", revocation(scene->keys[AUDITOR]));
	scene_accept(scene, DECIDER, "person", another_key(1, CODE));
	assert_ok(enrol(scene, CODE, 94, &reply, &problem), &problem);
	assert_string_equal(json_string_value(json_object_get(reply, "invited_by")), "Voorbeeldpersoon");
	refuse(scene, DECIDER, another_key(1, CODE2), KM_CONFLICT, "has-key");
}

static void who_made_a_code_and_what_for_is_kept(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_auto_t *reply = NULL;
	make_admin(scene);
	scene_accept(scene, DECIDER, "person", invitation("Nieuw", "auditor", CODE));
	assert_ok(enrol(scene, CODE, 95, &reply, &problem), &problem);
	assert_int_equal(fixture_number(scene->fixture,
	                                "SELECT k.person_id FROM invitation AS i JOIN person_key AS k ON k.thumbprint = "
	                                "i.made_by JOIN person AS p ON p.id = i.person_id WHERE p.name = 'Nieuw'"),
	                 3);
	assert_int_equal(fixture_number(scene->fixture,
	                                "SELECT count(*) FROM invitation AS i JOIN person_key AS k ON k.thumbprint = "
	                                "i.used_for AND k.person_id = i.person_id WHERE i.made_by IS NOT NULL"),
	                 1);
	assert_string_equal(json_string_value(json_object_get(reply, "invited_at")), "2026-11-24");
}

/* ------------------------------------------------------------------------------------------------------------- roles
 */

static json_t *other_roles(int person, const char *roles)
{
	return json_pack("{s:s, s:i, s:s}", "action", "roles", "person", person, "roles", roles);
}

static void other_roles_count_from_the_next_submission_on(void **state)
{
	struct scene *scene = *state;
	make_admin(scene);
	struct scene_id audit = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", "[\"beheer\"]"));
	struct km_problem problem;
	assert_problem(
		scene_submit(scene, SECOND_AUDITOR, "decision", scene_decision("grant", NULL, audit.text), NULL, &problem),
		&problem, KM_FORBIDDEN, "role");
	scene_accept(scene, DECIDER, "person", other_roles(2, "auditor,decider"));
	scene_accept(scene, SECOND_AUDITOR, "decision", scene_decision("grant", NULL, audit.text));
	scene_accept(scene, DECIDER, "person", other_roles(2, "decider"));
	assert_problem(scene_submit(scene, SECOND_AUDITOR, "audit", scene_audit(scene, "surveillance", "[\"beheer\"]"),
	                            NULL, &problem),
	               &problem, KM_FORBIDDEN, "role");
}

/* What somebody did as an auditor they do not judge as a decider. */
static void another_role_makes_no_other_pair_of_eyes(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	make_admin(scene);
	struct scene_id audit = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", "[\"beheer\"]"));
	scene_accept(scene, DECIDER, "person", other_roles(1, "decider"));
	assert_problem(scene_submit(scene, AUDITOR, "decision", scene_decision("grant", NULL, audit.text), NULL, &problem),
	               &problem, KM_FORBIDDEN, "four-eyes");
	scene_accept(scene, DECIDER, "decision", scene_decision("grant", NULL, audit.text));
}

static void only_an_admin_changes_roles_and_only_of_the_own_body(void **state)
{
	struct scene *scene = *state;
	refuse(scene, AUDITOR, other_roles(1, "auditor,decider"), KM_FORBIDDEN, "role");
	make_admin(scene);
	refuse(scene, DECIDER, other_roles(5, "decider"), KM_INVALID, "unknown-person");
	refuse(scene, DECIDER, other_roles(99, "decider"), KM_INVALID, "unknown-person");
	refuse(scene, DECIDER, other_roles(1, ""), KM_INVALID, "member");
	refuse(scene, DECIDER, other_roles(1, "boss"), KM_INVALID, "member");
	refuse(scene, DECIDER, other_roles(1, "auditor"), KM_CONFLICT, "same-roles");
}

static void the_last_admin_stays_one(void **state)
{
	struct scene *scene = *state;
	make_admin(scene);
	refuse(scene, DECIDER, other_roles(3, "decider"), KM_CONFLICT, "last-admin");
	/* Somebody who has been invited, and has no key yet, is none to rely on. */
	scene_accept(scene, DECIDER, "person", invitation("Nieuw", "admin", CODE));
	refuse(scene, DECIDER, other_roles(3, "decider"), KM_CONFLICT, "last-admin");
	/* Nor is an admin of another body. */
	fixture_sql(scene->fixture, "UPDATE person SET roles = 7 WHERE id = 5");
	refuse(scene, DECIDER, other_roles(3, "decider"), KM_CONFLICT, "last-admin");
	scene_accept(scene, DECIDER, "person", other_roles(1, "auditor,admin"));
	scene_accept(scene, DECIDER, "person", other_roles(3, "decider"));
	refuse(scene, DECIDER, other_roles(1, "decider"), KM_FORBIDDEN, "role");
	refuse(scene, AUDITOR, other_roles(1, "auditor"), KM_CONFLICT, "last-admin");
}

static void what_is_not_right_is_refused(void **state)
{
	struct scene *scene = *state;
	make_admin(scene);
	refuse(scene, DECIDER, json_pack("{s:s}", "action", "promote"), KM_INVALID, "member");
	refuse(scene, DECIDER, invitation("Nieuw", "boss", CODE), KM_INVALID, "member");
	refuse(scene, DECIDER, invitation("\u202eweiN", "auditor", CODE), KM_INVALID, "member");
	json_t *short_code = invitation("Nieuw", "auditor", CODE);
	json_object_set_new(short_code, "code_sha256", json_string("00"));
	refuse(scene, DECIDER, short_code, KM_INVALID, "member");
	json_t *more = revocation(scene->keys[AUDITOR]);
	json_object_set_new(more, "person", json_integer(1));
	refuse(scene, DECIDER, more, KM_INVALID, "member");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(an_admin_invites_into_the_own_body_only),
		KM_SCENE_TEST(who_is_no_admin_invites_and_revokes_nobody_else),
		KM_SCENE_TEST(everyone_adds_and_revokes_keys_of_their_own),
		KM_SCENE_TEST(the_codes_that_a_key_made_end_with_it),
		KM_SCENE_TEST(another_bodys_people_are_as_if_not_there),
		KM_SCENE_TEST(only_the_newest_code_of_a_person_works),
		KM_SCENE_TEST(a_revoked_key_leaves_no_code_behind),
		KM_SCENE_TEST(an_admin_makes_no_code_for_a_colleague_whose_key_works),
		KM_SCENE_TEST(who_made_a_code_and_what_for_is_kept),
		KM_SCENE_TEST(other_roles_count_from_the_next_submission_on),
		KM_SCENE_TEST(another_role_makes_no_other_pair_of_eyes),
		KM_SCENE_TEST(only_an_admin_changes_roles_and_only_of_the_own_body),
		KM_SCENE_TEST(the_last_admin_stays_one),
		KM_SCENE_TEST(what_is_not_right_is_refused),
	};
	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
