#include "tests/scene.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "keys/jwk.h"
#include "keys/jws.h"
#include "registry/body.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "registry/rule.h"
#include "registry/scheme.h"

#include <stdlib.h>

static const struct {
	const char *body, *roles;
} people[SCENE_PEOPLE] = {
	{"een", "auditor"},         {"een", "auditor"},  {"een", "decider"},
	{"een", "auditor,decider"}, {"twee", "auditor"}, {"twee", "decider"},
};

static char *sign(const struct km_key *key, const char *typ, json_t *claims)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT];
	struct km_problem problem;
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, kid);
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", typ, "kid", kid);
	if (!json_object_get(claims, "code"))
		json_object_set_new(claims, "iss", json_string(kid));
	auto_free char *payload = km_json_text(claims);
	char *token;
	assert_ok(km_jws_sign(key, header, payload, strlen(payload), &token, &problem), &problem);
	json_decref(claims);
	return token;
}

static void enrol(struct scene *scene, enum scene_person who)
{
	struct km_problem problem;
	unsigned roles;
	int64_t id;
	char code[KM_CODE_TEXT];
	uint8_t public_key[KM_PUBLIC_BYTES], seed[32] = {(uint8_t)(who + 1)};
	assert_true(km_roles_parse(people[who].roles, &roles));
	assert_ok(
		km_person_invite(scene->store, people[who].body, "Voorbeeldpersoon", roles, scene->now, &id, code, &problem),
		&problem);
	assert_ok(km_key_from_seed(seed, &scene->keys[who], &problem), &problem);
	km_key_public(scene->keys[who], public_key);
	auto_free char *token = sign(scene->keys[who], "keurmerk-enrolment+jwt",
	                             json_pack("{s:s, s:I, s:s, s:o}", "aud", km_store_url(scene->store), "iat",
	                                       (json_int_t)scene->now, "code", code, "jwk", km_jwk_format(public_key)));
	json_auto_t *reply = NULL;
	assert_ok(km_person_enrol(scene->store, token, strlen(token), scene->now, &reply, &problem), &problem);
}

void scene_fill(struct scene *scene)
{
	struct km_problem problem;
	static const char *const schemes[] = {"mkb-ict"};
	const char *name;
	size_t len;
	for (size_t i = 0; km_scheme_shipped(i, &len, &name); i++) {
		struct km_scheme *scheme;
		assert_ok(km_scheme_parse(km_scheme_shipped(i, &len, &name), len, &scheme, &problem), &problem);
		if (strcmp(scheme->id, "mkb-ict") == 0)
			assert_ok(km_scheme_add(scene->store, scheme, scene->now, &problem), &problem);
		km_scheme_free(scheme);
	}
	struct km_body body = {.slug = "een",
	                       .name = "Instelling Een (voorbeeld)",
	                       .accreditation = "C 001",
	                       .schemes = schemes,
	                       .schemes_len = 1};
	assert_ok(km_body_add(scene->store, &body, scene->now, &problem), &problem);
	body.slug = "twee";
	body.name = "Instelling Twee (voorbeeld)";
	assert_ok(km_body_add(scene->store, &body, scene->now, &problem), &problem);
	struct km_provider provider = {.kvk = SCENE_KVK, .name = "Test BV Donald", .city = "Utrecht", .region = "Utrecht"};
	assert_ok(km_provider_add(scene->store, &provider, NULL, scene->now, &problem), &problem);
	for (enum scene_person who = AUDITOR; who < SCENE_PEOPLE; who++)
		enrol(scene, who);
}

void scene_free_keys(struct scene *scene)
{
	for (enum scene_person who = AUDITOR; who < SCENE_PEOPLE; who++)
		km_key_free(scene->keys[who]);
}

int scene_set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	void *fixture = NULL;
	if (!scene || fixture_set_up(&fixture) != 0)
		return -1;
	scene->fixture = fixture;
	scene->store = scene->fixture->store;
	scene->now = FIXTURE_NOW;
	scene_fill(scene);
	*state = scene;
	return 0;
}

int scene_tear_down(void **state)
{
	struct scene *scene = *state;
	void *fixture = scene->fixture;
	scene_free_keys(scene);
	free(scene);
	return fixture_tear_down(&fixture);
}

char *scene_sign(struct scene *scene, enum scene_person who, const char *type, json_t *content)
{
	char jti[32];
	snprintf(jti, sizeof jti, "scene-%020u", scene->serial++);
	return sign(scene->keys[who], "keurmerk-submission+jwt",
	            json_pack("{s:s, s:I, s:s, s:s, s:o}", "aud", km_store_url(scene->store), "iat", (json_int_t)scene->now,
	                      "jti", jti, "type", type, type, content));
}

enum km_error scene_submit(struct scene *scene, enum scene_person who, const char *type, json_t *content,
                           struct km_outcome *ret_outcome, struct km_problem *problem)
{
	auto_free char *token = scene_sign(scene, who, type, content);
	struct km_outcome outcome = {0};
	fixture_sql(scene->fixture, "SAVEPOINT attempt");
	enum km_error error = km_submission_accept(scene->store, token, strlen(token), scene->now, &outcome, problem);
	fixture_sql(scene->fixture, error ? "ROLLBACK TO attempt; RELEASE attempt" : "RELEASE attempt");
	if (!error && ret_outcome)
		*ret_outcome = outcome;
	else
		km_outcome_done(&outcome);
	return error;
}

static struct km_scheme *newest(struct scene *scene)
{
	struct km_scheme *scheme;
	struct km_problem problem;
	assert_ok(km_scheme_get(scene->store, "mkb-ict", 0, &scheme, &problem), &problem);
	return scheme;
}

json_t *scene_audit(struct scene *scene, const char *kind, const char *scope_json)
{
	auto_scheme struct km_scheme *scheme = newest(scene);
	json_t *scope = json_loads(scope_json, 0, NULL), *findings = json_array();
	const struct km_scheme_item *items[64];
	size_t items_len = 0;
	for (size_t i = 0; i < json_array_size(scope); i++)
		items[items_len++] = km_scheme_service(scheme, json_string_value(json_array_get(scope, i)));
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (km_scheme_asks(scheme, &scheme->criteria[i], items, items_len, NULL))
			json_array_append_new(findings,
			                      json_pack("{s:s, s:s}", "criterion", scheme->criteria[i].id, "result", "conform"));
	char day[KM_DATE_TEXT];
	km_date_format(scene->now - 86400, day);
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:[], s:s}", "provider", SCENE_KVK, "scheme", "mkb-ict",
	                 "version", scheme->version, "kind", kind, "started", day, "finished", day, "scope", scope,
	                 "findings", findings, "evidence", "recommendation", "grant");
}

void scene_find(json_t *audit, const char *criterion, const char *result, const char *due)
{
	size_t i;
	json_t *finding;
	json_array_foreach(json_object_get(audit, "findings"), i, finding)
	{
		if (strcmp(json_string_value(json_object_get(finding, "criterion")), criterion) != 0)
			continue;
		json_object_set_new(finding, "result", json_string(result));
		json_object_set_new(finding, "note", json_string("voorbeeld"));
		if (due)
			json_object_set_new(finding, "due", json_string(due));
		return;
	}
	fail_msg("the audit has no finding on %s", criterion);
}

struct scene_id scene_accept(struct scene *scene, enum scene_person who, const char *type, json_t *content)
{
	struct km_problem problem;
	struct km_outcome outcome = {0};
	struct scene_id id;
	assert_ok(scene_submit(scene, who, type, content, &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	snprintf(id.text, sizeof id.text, "%s", json_string_value(json_object_get(reply, "id")));
	km_outcome_done(&outcome);
	return id;
}

json_t *scene_decision(const char *action, const char *mark, const char *audit)
{
	const struct km_rule *rule = km_rule_find(action);
	json_t *decision = json_pack("{s:s}", "action", action);
	if (mark)
		json_object_set_new(decision, "mark", json_string(mark));
	if (audit)
		json_object_set_new(decision, "audit", json_string(audit));
	if (rule->needs & KM_MEMBER_REASON)
		json_object_set_new(decision, "reason", json_string("voorbeeld"));
	if (rule->needs & KM_MEMBER_TEXT)
		json_object_set_new(decision, "text", json_pack("{s:s, s:s}", "nl", "Uitleg.", "en", "Explanation."));
	if (rule->needs & KM_MEMBER_NAME)
		json_object_set_new(decision, "name", json_string("Test BV Donald Nieuw"));
	if (rule->needs & KM_MEMBER_TO)
		json_object_set_new(decision, "to", json_string("twee"));
	if (rule->needs & KM_MEMBER_STATE)
		json_object_set_new(decision, "state", json_string("active"));
	if (rule->needs & KM_MEMBER_SCOPE)
		json_object_set_new(decision, "scope",
		                    strcmp(action, "extend") == 0 ? json_pack("[s, s, s]", "beheer", "cloud", "advies")
		                                                  : json_pack("[s]", "beheer"));
	return decision;
}

struct scene_number scene_grant(struct scene *scene, const char *scope_json)
{
	struct scene_id audit = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "initial", scope_json));
	struct km_problem problem;
	struct km_outcome outcome = {0};
	struct scene_number number;
	assert_ok(scene_submit(scene, DECIDER, "decision", scene_decision("grant", NULL, audit.text), &outcome, &problem),
	          &problem);
	memcpy(number.text, outcome.number, sizeof number.text);
	km_outcome_done(&outcome);
	return number;
}

struct km_mark *scene_mark(struct scene *scene, const char *number, int64_t at)
{
	struct km_mark *mark;
	struct km_problem problem;
	assert_ok(km_mark_get(scene->store, number, at, &mark, &problem), &problem);
	return mark;
}
