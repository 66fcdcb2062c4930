#include "registry/submission.h"

#include "base/encode.h"
#include "base/json.h"
#include "keys/jwk.h"
#include "keys/jws.h"
#include "registry/person.h"
#include "tests/scene.h"

#include <stdlib.h>

static enum km_error accept(struct scene *scene, const char *token, struct km_outcome *ret_outcome,
                            struct km_problem *problem)
{
	struct km_outcome outcome = {0};
	fixture_sql(scene->fixture, "SAVEPOINT one");
	enum km_error error = km_submission_accept(scene->store, token, strlen(token), scene->now, &outcome, problem);
	fixture_sql(scene->fixture, error ? "ROLLBACK TO one; RELEASE one" : "RELEASE one");
	if (!error && ret_outcome)
		*ret_outcome = outcome;
	else
		km_outcome_done(&outcome);
	return error;
}

static void refuse(struct scene *scene, const char *token, enum km_error code, const char *type)
{
	int64_t before = fixture_number(scene->fixture, "SELECT count(*) FROM submission");
	struct km_problem problem = {0};
	assert_problem(accept(scene, token, NULL, &problem), &problem, code, type);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM submission"), before);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM finding"), 0);
}

/* A token whose claims were changed before it was signed. `change` takes the claims. */
static char *changed(struct scene *scene, const char *typ, const char *member, json_t *value)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT], *token;
	struct km_problem problem;
	km_key_public(scene->keys[AUDITOR], public_key);
	km_jwk_thumbprint(public_key, kid);
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", typ, "kid", kid);
	json_auto_t *claims =
		json_pack("{s:s, s:s, s:I, s:s, s:s, s:o}", "iss", kid, "aud", FIXTURE_URL, "iat", (json_int_t)scene->now,
	              "jti", "0123456789abcdef", "type", "audit", "audit", scene_audit(scene, "initial", "[\"beheer\"]"));
	if (member && value)
		json_object_set_new(claims, member, value);
	else if (member)
		json_object_del(claims, member);
	auto_free char *payload = km_json_text(claims);
	assert_ok(km_jws_sign(scene->keys[AUDITOR], header, payload, strlen(payload), &token, &problem), &problem);
	return token;
}

static void refuse_changed(struct scene *scene, const char *member, json_t *value, enum km_error code, const char *type)
{
	auto_free char *token = changed(scene, "keurmerk-submission+jwt", member, value);
	refuse(scene, token, code, type);
}

static void a_signed_audit_is_kept_byte_for_byte(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct km_outcome outcome;
	auto_free char *token = changed(scene, "keurmerk-submission+jwt", NULL, NULL);
	assert_ok(accept(scene, token, &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	auto_free char *kept = NULL;
	size_t len;
	assert_ok(km_submission_get(scene->store, json_string_value(json_object_get(reply, "id")), &kept, &len, &problem),
	          &problem);
	assert_string_equal(kept, token);
	assert_int_equal(len, strlen(token));
	assert_string_equal(json_string_value(json_object_get(reply, "provider")), SCENE_KVK);
	assert_false(outcome.repeated);
	km_outcome_done(&outcome);
}

static void the_same_bytes_again_get_the_first_answer_and_change_nothing(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct km_outcome first, second;
	auto_free char *token = changed(scene, "keurmerk-submission+jwt", NULL, NULL);
	assert_ok(accept(scene, token, &first, &problem), &problem);
	int64_t rows = fixture_number(scene->fixture, "SELECT count(*) FROM finding");
	scene->now += 3 * KM_SUBMISSION_PAST_S; /* also when it would be too old by now */
	assert_ok(accept(scene, token, &second, &problem), &problem);
	assert_string_equal(first.reply, second.reply);
	assert_true(second.repeated);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM finding"), rows);
	km_outcome_done(&first);
	km_outcome_done(&second);
}

static void a_jti_used_for_other_bytes_is_refused(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem = {0};
	auto_free char *first = changed(scene, "keurmerk-submission+jwt", NULL, NULL);
	auto_free char *second = changed(scene, "keurmerk-submission+jwt", "iat", json_integer(scene->now - 1));
	assert_ok(accept(scene, first, NULL, &problem), &problem);
	assert_problem(accept(scene, second, NULL, &problem), &problem, KM_CONFLICT, "jti-reused");
}

static void time_and_audience_are_held_to_at_their_bounds(void **state)
{
	struct scene *scene = *state;
	refuse_changed(scene, "iat", json_integer(scene->now - KM_SUBMISSION_PAST_S - 1), KM_UNPROVEN, "iat-stale");
	refuse_changed(scene, "iat", json_integer(scene->now + KM_SUBMISSION_FUTURE_S + 1), KM_UNPROVEN, "iat-future");
	refuse_changed(scene, "aud", json_string("https://elders.example"), KM_UNPROVEN, "audience-mismatch");
	refuse_changed(scene, "aud", json_string(FIXTURE_URL "/"), KM_UNPROVEN, "audience-mismatch");
	struct km_problem problem;
	auto_free char *oldest =
		changed(scene, "keurmerk-submission+jwt", "iat", json_integer(scene->now - KM_SUBMISSION_PAST_S));
	assert_ok(accept(scene, oldest, NULL, &problem), &problem);
}

static void claims_are_of_their_form(void **state)
{
	struct scene *scene = *state;
	refuse_changed(scene, "jti", json_string("0123456789abcde"), KM_INVALID, "member");
	refuse_changed(scene, "jti", json_string("0123456789abcdef!"), KM_INVALID, "member");
	refuse_changed(scene, "jti", NULL, KM_INVALID, "member");
	refuse_changed(scene, "iss", json_string("iemand anders"), KM_INVALID, "member");
	refuse_changed(scene, "iat", json_string("nu"), KM_INVALID, "member");
	refuse_changed(scene, "type", json_string("payment"), KM_INVALID, "member");
	refuse_changed(scene, "audit", NULL, KM_INVALID, "member");
	refuse_changed(scene, "auditt", json_object(), KM_INVALID, "member");
	refuse_changed(scene, "audit", json_string("x"), KM_INVALID, "member");
}

static void the_type_of_the_token_is_held_to(void **state)
{
	auto_free char *token = changed(*state, "keurmerk-enrolment+jwt", NULL, NULL);
	refuse(*state, token, KM_MALFORMED, "typ");
}

static void a_changed_byte_breaks_the_signature(void **state)
{
	struct scene *scene = *state;
	auto_free char *token = changed(scene, "keurmerk-submission+jwt", NULL, NULL);
	char *signature = strrchr(token, '.') + 1;
	signature[5] = signature[5] == 'A' ? 'B' : 'A';
	refuse(scene, token, KM_UNPROVEN, "bad-signature");
}

static void a_key_that_is_not_enrolled_is_unknown(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct km_key *own = scene->keys[AUDITOR];
	assert_ok(km_key_generate(&scene->keys[AUDITOR], &problem), &problem);
	auto_free char *token = changed(scene, "keurmerk-submission+jwt", NULL, NULL);
	refuse(scene, token, KM_UNPROVEN, "unknown-key");
	km_key_free(scene->keys[AUDITOR]);
	scene->keys[AUDITOR] = own;
}

static void a_revoked_key_signs_no_more_and_what_it_signed_stands(void **state)
{
	struct scene *scene = *state;
	struct scene_number mark = scene_grant(scene, "[\"beheer\"]");
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT];
	struct km_problem problem = {0};
	km_key_public(scene->keys[AUDITOR], public_key);
	km_jwk_thumbprint(public_key, kid);
	assert_ok(km_person_revoke_key(scene->store, kid, scene->now, scene->now, &problem), &problem);
	scene->now++;
	auto_free char *token = changed(scene, "keurmerk-submission+jwt", NULL, NULL);
	assert_problem(accept(scene, token, NULL, &problem), &problem, KM_UNPROVEN, "revoked-key");
	struct km_mark *found = scene_mark(scene, mark.text, scene->now);
	assert_int_equal(found->state, KM_ACTIVE);
	km_mark_free(found);
}

static void what_is_no_token_is_malformed_and_what_is_too_long_too_large(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem = {0};
	static const char *const broken[] = {"", ".", "..", "a.b.c", "e30.e30.e30", "{}", "{\"a\":1}"};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_int_equal(accept(scene, broken[i], NULL, &problem), KM_MALFORMED);
	auto_free char *large = malloc(KM_SUBMISSION_MAX + 2);
	memset(large, 'a', KM_SUBMISSION_MAX + 1);
	large[KM_SUBMISSION_MAX + 1] = 0;
	assert_int_equal(accept(scene, large, NULL, &problem), KM_TOO_LARGE);
	large[KM_SUBMISSION_MAX] = 0;
	assert_int_equal(accept(scene, large, NULL, &problem), KM_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(a_signed_audit_is_kept_byte_for_byte),
		KM_SCENE_TEST(the_same_bytes_again_get_the_first_answer_and_change_nothing),
		KM_SCENE_TEST(a_jti_used_for_other_bytes_is_refused),
		KM_SCENE_TEST(time_and_audience_are_held_to_at_their_bounds),
		KM_SCENE_TEST(claims_are_of_their_form),
		KM_SCENE_TEST(the_type_of_the_token_is_held_to),
		KM_SCENE_TEST(a_changed_byte_breaks_the_signature),
		KM_SCENE_TEST(a_key_that_is_not_enrolled_is_unknown),
		KM_SCENE_TEST(a_revoked_key_signs_no_more_and_what_it_signed_stands),
		KM_SCENE_TEST(what_is_no_token_is_malformed_and_what_is_too_long_too_large),
	};
	return cmocka_run_group_tests_name("submission", tests, NULL, NULL);
}
