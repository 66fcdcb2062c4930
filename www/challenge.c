#include "www/challenge.h"

#include "base/digest.h"
#include "base/encode.h"
#include "keys/mac.h"
#include "keys/random.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 32, NONCE_BYTES = 8, TAG_BYTES = 16 };

/* As it goes out and comes back, to this process only. */
struct challenge {
	int64_t ends_at;
	uint8_t nonce[NONCE_BYTES];
	uint8_t tag[TAG_BYTES]; /* of what is before it */
};

struct km_challenges {
	uint8_t key[KEY_BYTES];
	pthread_mutex_t lock; /* of what is below */
	struct challenge used[KM_CHALLENGES_USED_MAX];
	size_t next; /* the place to use next: that of the oldest */
};

enum km_error km_challenges_new(struct km_challenges **ret_challenges, struct km_problem *problem)
{
	struct km_challenges *challenges = calloc(1, sizeof *challenges);
	if (!challenges)
		return km_fail_memory(problem);
	enum km_error error = km_random(challenges->key, sizeof challenges->key, problem);
	if (!error && pthread_mutex_init(&challenges->lock, NULL) != 0)
		error = km_fail_memory(problem);
	if (error) {
		free(challenges);
		return error;
	}
	*ret_challenges = challenges;
	return KM_OK;
}

void km_challenges_free(struct km_challenges *challenges)
{
	if (!challenges)
		return;
	pthread_mutex_destroy(&challenges->lock);
	km_wipe(challenges->key, sizeof challenges->key);
	free(challenges);
}

static enum km_error tag(const struct km_challenges *challenges, const struct challenge *challenge,
                         uint8_t ret_tag[static TAG_BYTES], struct km_problem *problem)
{
	uint8_t mac[KM_MAC_BYTES];
	enum km_error error =
		km_mac(challenges->key, sizeof challenges->key, challenge, offsetof(struct challenge, tag), mac, problem);
	if (!error)
		memcpy(ret_tag, mac, TAG_BYTES);
	return error;
}

enum km_error km_challenge_make(struct km_challenges *challenges, int64_t now, char ret_text[static KM_CHALLENGE_TEXT],
                                struct km_problem *problem)
{
	struct challenge challenge = {.ends_at = now + KM_CHALLENGE_TTL_S};
	enum km_error error = km_random(challenge.nonce, sizeof challenge.nonce, problem);
	if (!error)
		error = tag(challenges, &challenge, challenge.tag, problem);
	if (error)
		return error;
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, &challenge, sizeof challenge, &text);
	if (text.failed)
		return km_fail_memory(problem);
	memcpy(ret_text, text.data, KM_CHALLENGE_TEXT);
	return KM_OK;
}

/* Where it can still be redeemed. One whose end is further away is of before the clock was set back. */
static bool is_open(const struct challenge *challenge, int64_t now)
{
	return challenge->ends_at >= now && challenge->ends_at - now <= KM_CHALLENGE_TTL_S;
}

/* All places are looked at, so that one whose time has passed stays used where the clock is then set back. */
static bool was_used(const struct km_challenges *challenges, const struct challenge *challenge)
{
	for (size_t i = 0; i < KM_CHALLENGES_USED_MAX; i++)
		if (memcmp(&challenges->used[i], challenge, sizeof *challenge) == 0)
			return true;
	return false;
}

enum km_error km_challenge_use(struct km_challenges *challenges, const char *text, int64_t now,
                               struct km_problem *problem)
{
	struct challenge challenge;
	uint8_t expected[TAG_BYTES];
	bool good = km_decode_exact(KM_BASE64URL, text, strlen(text), &challenge, sizeof challenge);
	enum km_error error = good ? tag(challenges, &challenge, expected, problem) : KM_OK;
	if (error)
		return error;
	good = good && km_equal_secret(expected, challenge.tag, sizeof expected) && is_open(&challenge, now);
	pthread_mutex_lock(&challenges->lock);
	struct challenge *place = &challenges->used[challenges->next];
	good = good && !was_used(challenges, &challenge);
	bool room = !is_open(place, now);
	if (good && room) {
		*place = challenge;
		challenges->next = (challenges->next + 1) % KM_CHALLENGES_USED_MAX;
	}
	pthread_mutex_unlock(&challenges->lock);
	if (!good)
		return km_fail(problem, KM_UNPROVEN, "challenge",
		               "this challenge is not known, was used before, or is over %d seconds old: ask for a new one",
		               KM_CHALLENGE_TTL_S);
	return room ? KM_OK : km_fail(problem, KM_UNAVAILABLE, "busy", "too many sign in just now: try again in a minute");
}
