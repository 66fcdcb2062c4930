/*
 * Challenges to be signed: known by what is written in them, not by a list, so that nobody who asks for many takes away
 * those of others. Only those that were signed, by somebody who may, are kept, until they would be too old anyway.
 */
#ifndef KM_WWW_CHALLENGE_H
#define KM_WWW_CHALLENGE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
	KM_CHALLENGE_TTL_S = 60,
	KM_CHALLENGE_TEXT = 44,        /* its end, 64 random bits and an authenticator of 128 bits, in base64url */
	KM_CHALLENGES_USED_MAX = 2048, /* in so many seconds; by then one visitor has met the usual limit three times */
};

struct km_challenges;

/* With a key of its own, which ends with it. Free with km_challenges_free (NULL is allowed). All other calls may come
 * from any thread. */
enum km_error km_challenges_new(struct km_challenges **ret_challenges, struct km_problem *problem);
void km_challenges_free(struct km_challenges *challenges);

enum km_error km_challenge_make(struct km_challenges *challenges, int64_t now, char ret_text[static KM_CHALLENGE_TEXT],
                                struct km_problem *problem);

/* Uses one, once it is known whose signature is on it. KM_UNPROVEN, type "challenge", where it is not ours, was used
 * before or is over KM_CHALLENGE_TTL_S old; KM_UNAVAILABLE, type "busy", where so many were used that it could not be
 * remembered that this one was. */
enum km_error km_challenge_use(struct km_challenges *challenges, const char *text, int64_t now,
                               struct km_problem *problem);

#endif
