/*
 * Who is signed in to the console. Signing in is signing a challenge; what it gives is a cookie that only reads, and
 * for a short time. Sessions are in memory only: of each, the digest of its token, the key that began it, and its end.
 * After a restart a browser signs in again by itself.
 */
#ifndef KM_WWW_SESSION_H
#define KM_WWW_SESSION_H

#include "base/error.h"
#include "registry/desk.h"
#include "registry/store.h"
#include "www/challenge.h"

#include <stddef.h>
#include <stdint.h>

enum {
	KM_SESSION_TTL_S = 15 * 60,
	KM_SESSION_TEXT = 44, /* a token: 256 random bits in base64url */
	KM_SESSIONS_MAX = 512,
	KM_SESSIONS_OF_KEY_MAX = 4, /* the oldest of that key gives way, so that nobody pushes others out */
};

struct km_sessions;

/* Free with km_sessions_free (NULL is allowed). All other calls may come from any thread. */
enum km_error km_sessions_new(struct km_sessions **ret_sessions, struct km_problem *problem);
void km_sessions_free(struct km_sessions *sessions);

/* A new challenge, to be signed once within KM_CHALLENGE_TTL_S. */
enum km_error km_session_challenge(struct km_sessions *sessions, int64_t now, char ret_text[static KM_CHALLENGE_TEXT],
                                   struct km_problem *problem);

/* Signs in with a compact JWS: typ "keurmerk-session+jwt", kid the thumbprint of an enrolled key, claims aud (the
 * registry's url), iat and challenge. KM_TOO_LARGE, KM_MALFORMED, KM_INVALID; KM_UNPROVEN "unknown-key", "revoked-key",
 * "bad-signature", "audience-mismatch", "iat-stale", "iat-future", "challenge" (unknown, used or too old);
 * KM_UNAVAILABLE "busy". ret_desk: see registry/desk.h. */
enum km_error km_session_begin(struct km_sessions *sessions, struct km_store *store, const char *bytes, size_t len,
                               int64_t now, char ret_token[static KM_SESSION_TEXT], struct km_desk *ret_desk,
                               struct km_problem *problem);

/* Whose session the token is of, as long as the key is enrolled and not revoked. KM_UNPROVEN "session", "revoked-key".
 */
enum km_error km_session_desk(struct km_sessions *sessions, struct km_store *store, const char *token, int64_t now,
                              struct km_desk *ret_desk, struct km_problem *problem);

/* Ends it; harmless where there is none. */
void km_session_end(struct km_sessions *sessions, const char *token);

#endif
