#include "cli/story.h"

#include "base/buf.h"
#include "base/json.h"
#include "cli/compose.h"
#include "registry/person.h"

#include <string.h>

enum km_error km_story_begin(const struct km_home *home, int64_t now, struct km_story *story,
                             struct km_problem *problem)
{
	*story = (struct km_story){.now = now};
	story->clock = km_clock_fixed(&story->now);
	enum km_error error = km_signer_open(home->keys, NULL, &story->clock, &story->signer, problem);
	if (!error)
		error = km_issuer_open(home->database, story->signer, &story->clock, &story->issuer, problem);
	if (!error)
		story->store = km_issuer_store(story->issuer);
	return error;
}

void km_story_done(struct km_story *story)
{
	km_issuer_close(story->issuer);
	km_signer_close(story->signer);
	*story = (struct km_story){0};
}

static enum km_error invite(struct km_story *story, const char *body, const char *name, unsigned roles,
                            char ret_code[static KM_CODE_TEXT], struct km_problem *problem)
{
	int64_t person = 0;
	enum km_error error = km_store_begin(story->store, problem);
	if (!error)
		error = km_person_invite(story->store, body, name, roles, story->now, &person, ret_code, problem);
	if (!error)
		error = km_store_commit(story->store, problem);
	if (error)
		km_store_rollback(story->store);
	return error;
}

enum km_error km_story_enrol(struct km_story *story, const char *body, const char *name, unsigned roles,
                             struct km_key **ret_key, struct km_problem *problem)
{
	char code[KM_CODE_TEXT];
	struct km_key *key = NULL;
	auto_free char *token = NULL;
	json_auto_t *reply = NULL;
	enum km_error error = invite(story, body, name, roles, code, problem);
	if (!error)
		error = km_key_generate(&key, problem);
	if (!error)
		error = km_compose_enrolment(key, km_store_url(story->store), code, story->now, &token, problem);
	if (!error)
		error = km_issuer_enrol(story->issuer, token, strlen(token), &reply, problem);
	if (error)
		km_key_free(key);
	else
		*ret_key = key;
	return error;
}

enum km_error km_story_submit(struct km_story *story, const struct km_key *key, json_t *content, json_t **ret_reply,
                              struct km_problem *problem)
{
	json_auto_t *owned = content;
	char jti[KM_JTI_TEXT];
	auto_free char *token = NULL;
	struct km_outcome outcome = {0};
	if (!owned)
		return km_fail_memory(problem);
	enum km_error error = km_jti_make(jti, problem);
	if (!error)
		error = km_compose_submission(key, km_store_url(story->store), owned, jti, story->now, &token, problem);
	if (!error)
		error = km_issuer_submit(story->issuer, token, strlen(token), &outcome, problem);
	if (!error)
		error = km_json_parse(outcome.reply, strlen(outcome.reply), "the reply", ret_reply, problem);
	km_outcome_done(&outcome);
	return error;
}
