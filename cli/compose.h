/*
 * What a person signs and sends (doc/submissions.md): submissions and enrolments as compact JWS.
 */
#ifndef KM_CLI_COMPOSE_H
#define KM_CLI_COMPOSE_H

#include "base/error.h"
#include "keys/key.h"

#include <jansson.h>
#include <stdint.h>

enum { KM_JTI_TEXT = 33 };

/* A new one: 128 random bits, in hex. */
enum km_error km_jti_make(char ret_jti[static KM_JTI_TEXT], struct km_problem *problem);

/* Signs the content, an object with `type` and the member of that name and nothing else, for the registry at this url.
 * The token is the caller's (free). */
enum km_error km_compose_submission(const struct km_key *key, const char *url, const json_t *content, const char *jti,
                                    int64_t now, char **ret_token, struct km_problem *problem);

/* Signs the proof that the holder of this invitation's code holds this key too. The token is the caller's (free). */
enum km_error km_compose_enrolment(const struct km_key *key, const char *url, const char *code, int64_t now,
                                   char **ret_token, struct km_problem *problem);

#endif
