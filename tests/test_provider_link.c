#include "registry/provider_link.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "keys/jwk.h"
#include "keys/key.h"
#include "tests/scene.h"

#include <stdlib.h>

#define SCOPE "[\"beheer\"]"
#define TOKEN "AAAAAAAAAAAAAAAAAAAAAAAA"

static json_t *giving(const char *kvk, const char *token)
{
	uint8_t digest[KM_SHA256_BYTES];
	auto_buf struct km_buf hex = KM_BUF_EMPTY;
	km_sha256(token, strlen(token), digest);
	km_encode(KM_HEX, digest, sizeof digest, &hex);
	return json_pack("{s:s, s:s, s:s}", "action", "give", "provider", kvk, "token_sha256", hex.data);
}

static json_t *withdrawal(const char *kvk)
{
	return json_pack("{s:s, s:s}", "action", "withdraw", "provider", kvk);
}

static void refuse(struct scene *scene, enum scene_person who, json_t *content, enum km_error code, const char *type)
{
	struct km_problem problem;
	assert_problem(scene_submit(scene, who, "link", content, NULL, &problem), &problem, code, type);
}

static void expect_closed(struct scene *scene, const char *token)
{
	struct km_provider_link link = {.provider_id = -1};
	struct km_problem problem;
	assert_problem(km_provider_link_find(scene->store, token, scene->now, &link, &problem), &problem, KM_ABSENT,
	               "unknown-link");
	assert_int_equal(link.provider_id, -1);
}

static struct km_provider_link open_link(struct scene *scene, const char *token)
{
	struct km_provider_link link;
	struct km_problem problem;
	assert_ok(km_provider_link_find(scene->store, token, scene->now, &link, &problem), &problem);
	return link;
}

static void a_link_opens_what_it_was_made_for_until_it_expires(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	expect_closed(scene, TOKEN);
	scene_accept(scene, AUDITOR, "link", giving(SCENE_KVK, TOKEN));
	struct km_provider_link link = open_link(scene, TOKEN);
	assert_int_equal(link.made_at, scene->now);
	assert_int_equal(link.expires_at, km_time_end_of_day(km_time_add_days(scene->now, KM_LINK_DAYS)));
	expect_closed(scene, "");
	expect_closed(scene, "AAAAAAAAAAAAAAAAAAAAAAAB");
	scene->now = link.expires_at - 1;
	open_link(scene, TOKEN);
	scene->now++;
	expect_closed(scene, TOKEN);
}

static void another_link_ends_the_one_before_and_a_withdrawal_the_last(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	scene_accept(scene, AUDITOR, "link", giving(SCENE_KVK, TOKEN));
	scene_accept(scene, DECIDER, "link", giving(SCENE_KVK, "another"));
	expect_closed(scene, TOKEN);
	open_link(scene, "another");
	scene_accept(scene, AUDITOR, "link", withdrawal(SCENE_KVK));
	expect_closed(scene, "another");
	refuse(scene, AUDITOR, withdrawal(SCENE_KVK), KM_CONFLICT, "no-link");
	refuse(scene, AUDITOR, giving(SCENE_KVK, TOKEN), KM_CONFLICT, "token-used");
	expect_closed(scene, TOKEN);
}

static void a_link_ends_with_the_key_that_signed_for_it(void **state)
{
	struct scene *scene = *state;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT];
	scene_grant(scene, SCOPE);
	km_key_public(scene->keys[AUDITOR], public_key);
	km_jwk_thumbprint(public_key, kid);
	scene_accept(scene, AUDITOR, "link", giving(SCENE_KVK, TOKEN));
	scene_accept(scene, AUDITOR, "person", json_pack("{s:s, s:s}", "action", "revoke", "key", kid));
	expect_closed(scene, TOKEN);
	scene_accept(scene, DECIDER, "link", giving(SCENE_KVK, "another"));
	open_link(scene, "another");
}

static void only_a_body_that_has_to_do_with_a_provider_gives_it_a_link(void **state)
{
	struct scene *scene = *state;
	refuse(scene, DECIDER, giving(SCENE_KVK, TOKEN), KM_FORBIDDEN, "other-body");
	refuse(scene, DECIDER, giving("68727720", TOKEN), KM_INVALID, "unknown-provider");
	scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", SCOPE));
	refuse(scene, OTHER_DECIDER, giving(SCENE_KVK, TOKEN), KM_FORBIDDEN, "other-body");
	scene_accept(scene, DECIDER, "link", giving(SCENE_KVK, TOKEN));
	/* What another body withdraws is its own: there is none. */
	refuse(scene, OTHER_DECIDER, withdrawal(SCENE_KVK), KM_CONFLICT, "no-link");
	open_link(scene, TOKEN);
}

static void what_is_not_right_is_refused(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	refuse(scene, AUDITOR, json_pack("{s:s, s:s}", "action", "show", "provider", SCENE_KVK), KM_INVALID, "member");
	refuse(scene, AUDITOR, json_pack("{s:s, s:s}", "action", "give", "provider", SCENE_KVK), KM_INVALID, "member");
	json_t *short_digest = giving(SCENE_KVK, TOKEN);
	json_object_set_new(short_digest, "token_sha256", json_string("00"));
	refuse(scene, AUDITOR, short_digest, KM_INVALID, "member");
	json_t *open_token = giving(SCENE_KVK, TOKEN);
	json_object_set_new(open_token, "token", json_string(TOKEN));
	refuse(scene, AUDITOR, open_token, KM_INVALID, "member");
	json_t *more = withdrawal(SCENE_KVK);
	json_object_set_new(more, "token_sha256", json_string("00"));
	refuse(scene, AUDITOR, more, KM_INVALID, "member");
}

static void the_operator_makes_and_withdraws_one_too(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	char token[KM_LINK_TOKEN_TEXT] = "untouched", other[KM_LINK_TOKEN_TEXT];
	int64_t expires_at = 0;
	assert_problem(km_provider_link_make(scene->store, "een", SCENE_KVK, scene->now, token, &expires_at, &problem),
	               &problem, KM_FORBIDDEN, "other-body");
	assert_problem(km_provider_link_make(scene->store, "geen", SCENE_KVK, scene->now, token, &expires_at, &problem),
	               &problem, KM_ABSENT, "unknown-body");
	assert_problem(km_provider_link_make(scene->store, "een", "00000000", scene->now, token, &expires_at, &problem),
	               &problem, KM_ABSENT, "unknown-provider");
	assert_string_equal(token, "untouched");
	scene_grant(scene, SCOPE);
	assert_ok(km_provider_link_make(scene->store, "een", SCENE_KVK, scene->now, token, &expires_at, &problem),
	          &problem);
	assert_int_equal(strlen(token), KM_LINK_TOKEN_TEXT - 1);
	assert_int_equal(open_link(scene, token).expires_at, expires_at);
	assert_ok(km_provider_link_make(scene->store, "een", SCENE_KVK, scene->now, other, &expires_at, &problem),
	          &problem);
	assert_string_not_equal(token, other);
	expect_closed(scene, token);
	assert_ok(km_provider_link_withdraw(scene->store, "een", SCENE_KVK, scene->now, &problem), &problem);
	expect_closed(scene, other);
	assert_problem(km_provider_link_withdraw(scene->store, "een", SCENE_KVK, scene->now, &problem), &problem,
	               KM_CONFLICT, "no-link");
}

static void the_token_is_nowhere_in_the_register(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	char token[KM_LINK_TOKEN_TEXT], sql[200];
	int64_t expires_at = 0;
	scene_grant(scene, SCOPE);
	scene_accept(scene, AUDITOR, "link", giving(SCENE_KVK, TOKEN));
	snprintf(sql, sizeof sql, "SELECT count(*) FROM submission WHERE instr(bytes, '%s') OR instr(reply, '%s')", TOKEN,
	         TOKEN);
	assert_int_equal(fixture_number(scene->fixture, sql), 0);
	assert_ok(km_provider_link_make(scene->store, "een", SCENE_KVK, scene->now, token, &expires_at, &problem),
	          &problem);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM provider_link WHERE instr(token_sha256, '%s')", token);
	assert_int_equal(fixture_number(scene->fixture, sql), 0);
}

static void a_body_sees_the_link_that_it_has_and_who_made_it(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct km_provider_link link;
	auto_free char *by = NULL;
	bool found = true;
	scene_grant(scene, SCOPE);
	assert_ok(km_provider_link_of(scene->store, 1, SCENE_KVK, scene->now, &link, &by, &found, &problem), &problem);
	assert_false(found);
	scene_accept(scene, AUDITOR, "link", giving(SCENE_KVK, TOKEN));
	assert_ok(km_provider_link_of(scene->store, 2, SCENE_KVK, scene->now, &link, &by, &found, &problem), &problem);
	assert_false(found);
	assert_ok(km_provider_link_of(scene->store, 1, SCENE_KVK, scene->now, &link, &by, &found, &problem), &problem);
	assert_true(found);
	assert_string_equal(by, "Voorbeeldpersoon");
	assert_int_equal(link.made_at, scene->now);
}

struct seen {
	int len;
	char lines[8][64];
};

static enum km_error note_finding(void *context, const struct km_link_finding *finding)
{
	struct seen *seen = context;
	char day[KM_DATE_TEXT];
	km_date_format(finding->due_at, day);
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s %s %s", finding->criterion, finding->result, day);
	return KM_OK;
}

static enum km_error note_mark(void *context, const char *number)
{
	struct seen *seen = context;
	snprintf(seen->lines[seen->len++], sizeof seen->lines[0], "%s", number);
	return KM_OK;
}

static void what_is_open_is_what_this_body_found_and_nobody_looked_at_again(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct seen seen = {0}, marks = {0};
	struct scene_number number = scene_grant(scene, SCOPE);
	json_t *audit = scene_audit(scene, "surveillance", SCOPE);
	scene_find(audit, "R2", "minor", "2027-03-01");
	scene_find(audit, "R1", "major", "2027-01-01");
	struct scene_id id = scene_accept(scene, AUDITOR, "audit", audit);
	scene_accept(scene, AUDITOR, "link", giving(SCENE_KVK, TOKEN));
	struct km_provider_link link = open_link(scene, TOKEN), others = link;
	assert_ok(km_provider_link_findings(scene->store, &link, note_finding, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
	assert_string_equal(seen.lines[0], "R1 major 2027-01-01");
	assert_string_equal(seen.lines[1], "R2 minor 2027-03-01");
	others.body_id = 2;
	assert_ok(km_provider_link_findings(scene->store, &others, note_finding, &seen, &problem), &problem);
	assert_int_equal(seen.len, 2);
	json_t *follow_up = scene_audit(scene, "follow-up", "[]");
	json_object_del(follow_up, "scope");
	json_object_set_new(follow_up, "follows", json_string(id.text));
	json_object_set_new(follow_up, "findings", json_pack("[{s:s, s:s}]", "criterion", "R1", "result", "conform"));
	scene_accept(scene, AUDITOR, "audit", follow_up);
	seen.len = 0;
	assert_ok(km_provider_link_findings(scene->store, &link, note_finding, &seen, &problem), &problem);
	assert_int_equal(seen.len, 1);
	assert_string_equal(seen.lines[0], "R2 minor 2027-03-01");
	assert_ok(km_provider_link_marks(scene->store, &link, note_mark, &marks, &problem), &problem);
	assert_int_equal(marks.len, 1);
	assert_string_equal(marks.lines[0], number.text);
	fixture_expect_indexes(scene->fixture, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(a_link_opens_what_it_was_made_for_until_it_expires),
		KM_SCENE_TEST(another_link_ends_the_one_before_and_a_withdrawal_the_last),
		KM_SCENE_TEST(a_link_ends_with_the_key_that_signed_for_it),
		KM_SCENE_TEST(only_a_body_that_has_to_do_with_a_provider_gives_it_a_link),
		KM_SCENE_TEST(what_is_not_right_is_refused),
		KM_SCENE_TEST(the_operator_makes_and_withdraws_one_too),
		KM_SCENE_TEST(the_token_is_nowhere_in_the_register),
		KM_SCENE_TEST(a_body_sees_the_link_that_it_has_and_who_made_it),
		KM_SCENE_TEST(what_is_open_is_what_this_body_found_and_nobody_looked_at_again),
	};
	return cmocka_run_group_tests_name("provider_link", tests, NULL, NULL);
}
