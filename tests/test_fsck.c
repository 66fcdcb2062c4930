#include "base/clock.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "registry/rule.h"
#include "tests/audited.h"

static void a_register_that_nobody_touched_is_clean(void **state)
{
	struct office *office = *state;
	audited_expect_clean(office);
	audited_fill(office);
	audited_expect_clean(office);
}

static enum km_error count_signed(void *context, const struct km_signed_row *row)
{
	(void)row;
	++*(int *)context;
	return KM_OK;
}

/* What it signed between that moment and the revocation was accepted, and is still made anew as it was. */
static void a_key_that_is_revoked_from_an_earlier_moment_leaves_it_clean(void **state)
{
	struct office *office = *state;
	struct km_problem problem;
	struct km_outcome outcome;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT];
	int count = 0;
	office_grant(office);
	int64_t since = office->scene->now + 1;
	office->scene->now += 60;
	struct scene_id audit = office_audit(office, "special");
	office->scene->now += 60;
	km_key_public(office->scene->keys[AUDITOR], public_key);
	km_jwk_thumbprint(public_key, kid);
	struct km_store *store = office->scene->store;
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_person_revoke_key(store, kid, since, office->scene->now, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	assert_ok(km_person_signed_since(store, kid, since, count_signed, &count, &problem), &problem);
	assert_int_equal(count, 1);
	office_tick(office);
	audited_expect_clean(office);
	json_t *content = scene_audit(office->scene, "special", "[\"beheer\",\"cloud\"]");
	assert_problem(office_hand_in(office, AUDITOR, "audit", content, &outcome, &problem), &problem, KM_UNPROVEN,
	               "revoked-key");
	/* Said to be in other hands from even earlier. */
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_person_revoke_key(store, kid, since - 1, office->scene->now, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	office_tick(office);
	audited_expect_clean(office);
	assert_true(*audit.text);
}

/* -------------------------------------------------------------------------------------------------------- whatever
 * happens */

/* The same walk each time: a linear congruential generator. */
struct walk {
	struct office *office;
	uint64_t random;
	struct scene_number marks[4];
	struct scene_id audits[8];
	size_t audits_len;
	int taken, refused;
};

static unsigned draw(struct walk *walk, unsigned below)
{
	walk->random = walk->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(walk->random >> 33) % below;
}

static void hand_in(struct walk *walk, enum scene_person who, const char *type, json_t *content,
                    struct scene_id *ret_id)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	auto_free char *token = scene_sign(walk->office->scene, who, type, content);
	if (km_issuer_submit(walk->office->issuer, token, strlen(token), &outcome, &problem)) {
		walk->refused++;
		return;
	}
	walk->taken++;
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	snprintf(ret_id->text, sizeof ret_id->text, "%s", json_string_value(json_object_get(reply, "id")));
	km_outcome_done(&outcome);
}

static void audit_something(struct walk *walk)
{
	static const char *const kinds[] = {"initial", "surveillance", "recertification", "special"};
	static const char *const kvks[] = {"68750110", "68727720", "69599084"};
	json_t *audit = scene_audit(walk->office->scene, kinds[draw(walk, 4)], "[\"beheer\",\"cloud\"]");
	json_object_set_new(audit, "provider", json_string(kvks[draw(walk, 3)]));
	hand_in(walk, AUDITOR, "audit", audit, &walk->audits[walk->audits_len++ % 8]);
}

/* Any decision on any mark, resting on any audit; most are refused. */
static void decide_something(struct walk *walk)
{
	size_t rules_len;
	const struct km_rule *rule = &km_rules(&rules_len)[0];
	rule += draw(walk, (unsigned)rules_len);
	const char *audit = walk->audits[draw(walk, 8)].text, *mark = walk->marks[draw(walk, 3)].text;
	bool rests = rule->needs & KM_MEMBER_AUDIT || (rule->takes & KM_MEMBER_AUDIT && draw(walk, 2));
	json_t *decision = scene_decision(rule->action, rule->from & KM_FROM_NO_MARK ? NULL : mark, rests ? audit : NULL);
	int64_t from = walk->office->scene->now;
	from += rule->needs & KM_MEMBER_STATE ? -(int64_t)draw(walk, 100 * 86400) : draw(walk, 30 * 86400);
	char text[KM_TIME_TEXT];
	km_time_format(from, text);
	if (rule->needs & KM_MEMBER_STATE || draw(walk, 3) == 0)
		json_object_set_new(decision, "holds_from", json_string(text));
	struct scene_id id;
	hand_in(walk, draw(walk, 8) ? DECIDER : OTHER_DECIDER, "decision", decision, &id);
}

static void let_time_pass(struct walk *walk)
{
	static const unsigned spans[] = {1, 3600, 86400, 40 * 86400};
	walk->office->scene->now += 1 + draw(walk, spans[draw(walk, 4)]);
	if (draw(walk, 2))
		office_tick(walk->office);
}

static void wander(struct office *office, uint64_t seed)
{
	struct walk walk = {.office = office, .random = seed};
	audited_providers(office);
	walk.marks[0] = office_grant(office);
	walk.marks[1] = audited_grant(office, "68727720");
	walk.marks[2] = audited_grant(office, "69599084");
	for (int step = 1; step <= 240; step++) {
		switch (draw(&walk, 4)) {
		case 0:
			audit_something(&walk);
			break;
		case 1:
			let_time_pass(&walk);
			break;
		default:
			decide_something(&walk);
		}
		if (step % 30 == 0)
			audited_expect_clean(office);
	}
	assert_true(walk.taken > 40 && walk.refused > 10);
}

/* So many that the index of names has long lists, with indexes of their own, in more than one segment. */
static void a_register_with_many_names_is_clean(void **state)
{
	struct office *office = *state;
	if (!fixture_is_file(office->scene->fixture))
		skip();
	struct km_problem problem;
	struct km_store *store = km_issuer_store(office->issuer);
	for (int i = 0; i < 12000; i++) {
		char kvk[16], name[64];
		snprintf(kvk, sizeof kvk, "%08d", 10000000 + i);
		snprintf(name, sizeof name, "Test %d BV", i % 100);
		const struct km_provider provider = {.kvk = kvk, .name = name};
		if (i % 9000 == 0)
			assert_ok(km_store_begin(store, &problem), &problem);
		assert_ok(km_provider_add(store, &provider, NULL, FIXTURE_NOW, &problem), &problem);
		if (i % 9000 == 8999 || i == 11999)
			assert_ok(km_store_commit(store, &problem), &problem);
	}
	assert_true(
		fixture_number(office->scene->fixture, "SELECT count(*) FROM provider_search_data WHERE (id >> 36) & 1") > 0);
	audited_expect_clean(office);
}

static void whatever_happens_to_marks_leaves_it_clean(void **state)
{
	wander(*state, 1);
}

static void whatever_else_happens_to_marks_leaves_it_clean(void **state)
{
	wander(*state, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(a_register_that_nobody_touched_is_clean),
		KM_OFFICE_TEST(a_key_that_is_revoked_from_an_earlier_moment_leaves_it_clean),
		KM_OFFICE_TEST(a_register_with_many_names_is_clean),
		KM_OFFICE_TEST(whatever_happens_to_marks_leaves_it_clean),
		KM_OFFICE_TEST(whatever_else_happens_to_marks_leaves_it_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
