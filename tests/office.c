#include "tests/office.h"

#include "base/buf.h"
#include "base/clock.h"
#include "tests/folder.h"

void office_open_signer(struct office *office, const char *name, const char *url, int64_t since)
{
	struct km_problem problem = {0};
	struct km_clock clock = km_clock_fixed(&office->scene->now);
	km_signer_close(office->signer);
	snprintf(office->keys, sizeof office->keys, "%s/%s", office->scene->fixture->folder, name);
	assert_ok(km_signer_init(office->keys, url, NULL, since, &problem), &problem);
	assert_ok(km_signer_open(office->keys, NULL, &clock, &office->signer, &problem), &problem);
	assert_ok(km_signer_keyset(office->keys, &office->trust, &problem), &problem);
}

void office_open_issuer(struct office *office)
{
	struct km_problem problem = {0};
	struct km_clock clock = km_clock_fixed(&office->scene->now);
	km_issuer_close(office->issuer);
	assert_ok(km_issuer_open(office->scene->fixture->path, office->signer, &clock, &office->issuer, &problem),
	          &problem);
}

int office_set_up(void **state)
{
	struct office *office = calloc(1, sizeof *office);
	void *scene = NULL;
	struct km_problem problem = {0};
	if (!office || scene_set_up(&scene) != 0)
		return -1;
	office->scene = scene;
	assert_ok(km_store_commit(office->scene->store, &problem), &problem);
	office_open_signer(office, "keys", FIXTURE_URL, FIXTURE_NOW - 10);
	office_open_issuer(office);
	*state = office;
	return 0;
}

int office_tear_down(void **state)
{
	struct office *office = *state;
	void *scene = office->scene;
	km_issuer_close(office->issuer);
	km_signer_close(office->signer);
	nftw(office->scene->fixture->folder, km_test_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(office);
	return scene_tear_down(&scene);
}

/* Signs and hands in; the outcome's reply is freed. */
enum km_error office_hand_in(struct office *office, enum scene_person who, const char *type, json_t *content,
                             struct km_outcome *ret_outcome, struct km_problem *problem)
{
	auto_free char *token = scene_sign(office->scene, who, type, content);
	enum km_error error = km_issuer_submit(office->issuer, token, strlen(token), ret_outcome, problem);
	if (!error)
		km_outcome_done(ret_outcome);
	return error;
}

struct scene_id office_submit(struct office *office, enum scene_person who, const char *type, json_t *content)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_id id;
	auto_free char *token = scene_sign(office->scene, who, type, content);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	snprintf(id.text, sizeof id.text, "%s", json_string_value(json_object_get(reply, "id")));
	if (strcmp(type, "audit") == 0)
		assert_int_equal(outcome.mark_id, 0);
	km_outcome_done(&outcome);
	return id;
}

struct scene_id office_audit(struct office *office, const char *kind)
{
	return office_submit(office, AUDITOR, "audit", scene_audit(office->scene, kind, "[\"beheer\",\"cloud\"]"));
}

void office_decide(struct office *office, const char *action, const char *mark, const char *resting_on, int64_t from,
                   struct km_outcome *ret_outcome)
{
	struct km_problem problem = {0};
	json_t *decision = scene_decision(action, mark, resting_on);
	if (from) {
		char text[KM_TIME_TEXT];
		km_time_format(from, text);
		json_object_set_new(decision, "holds_from", json_string(text));
	}
	assert_ok(office_hand_in(office, DECIDER, "decision", decision, ret_outcome, &problem), &problem);
}

struct scene_number office_grant(struct office *office)
{
	struct km_outcome outcome = {0};
	struct scene_number number;
	struct scene_id id = office_audit(office, "initial");
	office_decide(office, "grant", NULL, id.text, 0, &outcome);
	assert_int_not_equal(outcome.mark_id, 0);
	memcpy(number.text, outcome.number, sizeof number.text);
	return number;
}

/* As another process sees it. */
char *office_credential(struct office *office, const char *number)
{
	struct km_problem problem = {0};
	char *token = NULL;
	assert_ok(km_mark_credential(office->scene->store, number, &token, &problem), &problem);
	return token;
}

int64_t office_count(struct office *office, const char *table)
{
	char sql[64];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	return fixture_number(office->scene->fixture, sql);
}

int64_t office_tick(struct office *office)
{
	struct km_problem problem = {0};
	int64_t next = 77;
	assert_ok(km_issuer_tick(office->issuer, &next, &problem), &problem);
	return next;
}
