/*
 * JWS compact serialisation (RFC 7515) with EdDSA over Ed25519 (RFC 8037), strictly: exactly three parts, canonical
 * base64url, a JSON object as header without duplicate members, alg EdDSA (or its RFC 9864 name Ed25519) and nothing
 * else, no crit, no b64, and no key carried along or pointed at (jwk, jku, x5u, x5c, x5t): whoever verifies knows the
 * key.
 */
#ifndef KM_KEYS_JWS_H
#define KM_KEYS_JWS_H

#include "base/error.h"
#include "keys/key.h"

#include <jansson.h>
#include <stdbool.h>

struct km_jws {
	json_t *header; /* owned */
	char *payload;  /* decoded bytes, NUL-terminated, owned */
	size_t payload_len;
	const char *kid;   /* borrowed from header; NULL where it has none */
	const char *typ;   /* likewise */
	char *signed_text; /* header.payload as received: what the signature is over; owned */
	size_t signed_len;
	uint8_t signature[KM_SIGNATURE_BYTES];
};

enum { KM_JWS_HEADER_MAX = 4096 }; /* bytes of JSON */

/* Takes a token of at most max_bytes apart. An empty payload is refused: that would be a detached one (RFC 7515, F).
 * Nothing in it is trusted yet: call km_jws_verify before reading the payload. KM_TOO_LARGE, KM_MALFORMED. Free with
 * km_jws_done. */
enum km_error km_jws_parse(const char *token, size_t len, size_t max_bytes, struct km_jws *ret_jws,
                           struct km_problem *problem);

/* True where this key made this signature. */
bool km_jws_verify(const struct km_jws *jws, const uint8_t public_key[static KM_PUBLIC_BYTES]);

/* Frees what is inside; a zeroed or half-built one too. */
void km_jws_done(struct km_jws *jws);
#define auto_jws __attribute__((cleanup(km_jws_done)))

/* Signs the payload (not empty); alg is put before the header's own members. The token is the caller's (free). The
 * header is borrowed, not changed. */
enum km_error km_jws_sign(const struct km_key *key, const json_t *header, const char *payload, size_t payload_len,
                          char **ret_token, struct km_problem *problem);

#endif
