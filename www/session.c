#include "www/session.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/jws.h"
#include "keys/random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = 32, SIGN_IN_MAX_BYTES = 4096, CLOCK_SLACK_S = 60 };

struct session {
	uint8_t digest[KM_SHA256_BYTES]; /* of the token */
	char thumbprint[KM_THUMBPRINT_TEXT];
	int64_t ends_at; /* 0: the place is free */
};

struct km_sessions {
	struct km_challenges *challenges;
	pthread_mutex_t lock; /* of the list */
	struct session list[KM_SESSIONS_MAX];
};

enum km_error km_sessions_new(struct km_sessions **ret_sessions, struct km_problem *problem)
{
	struct km_sessions *sessions = calloc(1, sizeof *sessions);
	if (!sessions)
		return km_fail_memory(problem);
	enum km_error error = km_challenges_new(&sessions->challenges, problem);
	if (!error && pthread_mutex_init(&sessions->lock, NULL) != 0)
		error = km_fail_memory(problem);
	if (error) {
		km_challenges_free(sessions->challenges);
		free(sessions);
		return error;
	}
	*ret_sessions = sessions;
	return KM_OK;
}

void km_sessions_free(struct km_sessions *sessions)
{
	if (!sessions)
		return;
	pthread_mutex_destroy(&sessions->lock);
	km_challenges_free(sessions->challenges);
	free(sessions);
}

enum km_error km_session_challenge(struct km_sessions *sessions, int64_t now, char ret_text[static KM_CHALLENGE_TEXT],
                                   struct km_problem *problem)
{
	return km_challenge_make(sessions->challenges, now, ret_text, problem);
}

/* What is signed, read once the signature is known to be good. */
static enum km_error check_claims(struct km_sessions *sessions, const struct km_store *store, const struct km_jws *jws,
                                  int64_t now, struct km_problem *problem)
{
	static const char *const known[] = {"aud", "iat", "challenge", NULL};
	json_auto_t *claims = NULL;
	const char *aud, *challenge;
	int64_t iat;
	enum km_error error = km_json_parse(jws->payload, jws->payload_len, "the sign-in", &claims, problem);
	if (!error)
		error = km_json_only(claims, "", known, problem);
	if (!error)
		error = km_json_string(claims, "", "aud", 300, &aud, problem);
	if (!error)
		error = km_json_integer(claims, "", "iat", 0, INT64_C(253402300799), &iat, problem);
	if (!error)
		error = km_json_string(claims, "", "challenge", KM_CHALLENGE_TEXT - 1, &challenge, problem);
	if (error)
		return error;
	if (strcmp(aud, km_store_url(store)) != 0)
		return km_fail(problem, KM_UNPROVEN, "audience-mismatch",
		               "this was signed for the registry at %s; this is the registry at %s", aud, km_store_url(store));
	if (iat < now - KM_CHALLENGE_TTL_S - CLOCK_SLACK_S)
		return km_fail(problem, KM_UNPROVEN, "iat-stale", "it was signed too long ago: sign in again");
	if (iat > now + CLOCK_SLACK_S)
		return km_fail(problem, KM_UNPROVEN, "iat-future",
		               "it was signed in the future: set the clock of the machine that signs");
	return km_challenge_use(sessions->challenges, challenge, now, problem);
}

/* The place for a new session of this key: its own oldest where it has many, else a free one, else the oldest. */
static struct session *find_place(struct km_sessions *sessions, const char *thumbprint, int64_t now)
{
	struct session *own = NULL, *any = &sessions->list[0];
	size_t of_key = 0;
	for (size_t i = 0; i < KM_SESSIONS_MAX; i++) {
		struct session *session = &sessions->list[i];
		if (session->ends_at < now)
			session->ends_at = 0;
		if (session->ends_at < any->ends_at)
			any = session;
		if (!session->ends_at || strcmp(session->thumbprint, thumbprint) != 0)
			continue;
		of_key++;
		if (!own || session->ends_at < own->ends_at)
			own = session;
	}
	return of_key >= KM_SESSIONS_OF_KEY_MAX ? own : any;
}

static enum km_error open_session(struct km_sessions *sessions, const char *thumbprint, int64_t now,
                                  char ret_token[static KM_SESSION_TEXT], struct km_problem *problem)
{
	struct session session = {.ends_at = now + KM_SESSION_TTL_S};
	enum km_error error = km_random_text(KM_BASE64URL, TOKEN_BYTES, ret_token, problem);
	if (error)
		return error;
	km_sha256(ret_token, KM_SESSION_TEXT - 1, session.digest);
	memcpy(session.thumbprint, thumbprint, KM_THUMBPRINT_TEXT);
	pthread_mutex_lock(&sessions->lock);
	*find_place(sessions, thumbprint, now) = session;
	pthread_mutex_unlock(&sessions->lock);
	return KM_OK;
}

enum km_error km_session_begin(struct km_sessions *sessions, struct km_store *store, const char *bytes, size_t len,
                               int64_t now, char ret_token[static KM_SESSION_TEXT], struct km_desk *ret_desk,
                               struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	auto_desk struct km_desk desk = {0};
	enum km_error error = km_jws_parse(bytes, len, SIGN_IN_MAX_BYTES, &jws, problem);
	if (error)
		return error;
	/* Something else that this person signed must not sign in, nor the other way round. */
	if (!jws.typ || strcmp(jws.typ, "keurmerk-session+jwt") != 0)
		return km_fail(problem, KM_MALFORMED, "typ", "the header's typ must be keurmerk-session+jwt");
	if (!jws.kid)
		return km_fail(problem, KM_MALFORMED, "kid", "the header must name the key: kid, its thumbprint (RFC 7638)");
	error = km_desk_open(store, jws.kid, now, &desk, problem);
	if (!error && !km_jws_verify(&jws, desk.public_key))
		error = !km_memory_left() ? km_fail_memory(problem)
		                          : km_fail(problem, KM_UNPROVEN, "bad-signature",
		                                    "the signature is not that of the key %.43s", jws.kid);
	if (!error)
		error = check_claims(sessions, store, &jws, now, problem);
	if (!error)
		error = open_session(sessions, desk.thumbprint, now, ret_token, problem);
	if (error)
		return error;
	*ret_desk = desk;
	desk = (struct km_desk){0};
	return KM_OK;
}

/* Tokens are compared by their digests: how long that takes says nothing about a token. */
static struct session *find_session(struct km_sessions *sessions, const char *token)
{
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(token, strlen(token), digest);
	for (size_t i = 0; i < KM_SESSIONS_MAX; i++)
		if (sessions->list[i].ends_at && km_equal_secret(sessions->list[i].digest, digest, sizeof digest))
			return &sessions->list[i];
	return NULL;
}

enum km_error km_session_desk(struct km_sessions *sessions, struct km_store *store, const char *token, int64_t now,
                              struct km_desk *ret_desk, struct km_problem *problem)
{
	char thumbprint[KM_THUMBPRINT_TEXT];
	pthread_mutex_lock(&sessions->lock);
	struct session *session = *token ? find_session(sessions, token) : NULL;
	bool good = session && session->ends_at >= now;
	if (good)
		memcpy(thumbprint, session->thumbprint, sizeof thumbprint);
	pthread_mutex_unlock(&sessions->lock);
	if (!good)
		return km_fail(problem, KM_UNPROVEN, "session", "you are not signed in, or no longer: sign in again");
	return km_desk_open(store, thumbprint, now, ret_desk, problem);
}

void km_session_end(struct km_sessions *sessions, const char *token)
{
	pthread_mutex_lock(&sessions->lock);
	struct session *session = *token ? find_session(sessions, token) : NULL;
	if (session)
		*session = (struct session){0};
	pthread_mutex_unlock(&sessions->lock);
}
