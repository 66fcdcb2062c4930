/*
 * A registry that lives through a past: people enrol keys and sign submissions, each at its own moment, and everything
 * goes the way that it goes in earnest. For the demo.
 */
#ifndef KM_CLI_STORY_H
#define KM_CLI_STORY_H

#include "badge/issuer.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/home.h"
#include "keys/key.h"
#include "keys/signer.h"
#include "registry/store.h"

#include <jansson.h>
#include <stdint.h>

struct km_story {
	int64_t now; /* the story's own time, in seconds: move it forward */
	struct km_clock clock;
	struct km_signer *signer;
	struct km_issuer *issuer;
	struct km_store *store; /* the issuer's, for what the operator does */
};

/* Opens the registry in this home, at this moment. The story must not move in memory afterwards. Free with
 * km_story_done; a zeroed one too. */
enum km_error km_story_begin(const struct km_home *home, int64_t now, struct km_story *story,
                             struct km_problem *problem);
void km_story_done(struct km_story *story);
#define auto_story __attribute__((cleanup(km_story_done)))

/* Invites a person, makes a key in that person's hands and enrols it. Free with km_key_free. */
enum km_error km_story_enrol(struct km_story *story, const char *body, const char *name, unsigned roles,
                             struct km_key **ret_key, struct km_problem *problem);

/* Signs a submission now and hands it in. Steals the content. The reply is the caller's (json_decref). */
enum km_error km_story_submit(struct km_story *story, const struct km_key *key, json_t *content, json_t **ret_reply,
                              struct km_problem *problem);

#endif
