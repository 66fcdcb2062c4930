/*
 * Public keys as JSON Web Keys (RFC 7517, RFC 8037) and their thumbprints (RFC 7638), which name them everywhere.
 */
#ifndef KM_KEYS_JWK_H
#define KM_KEYS_JWK_H

#include "base/error.h"
#include "keys/key.h"

#include <jansson.h>

enum { KM_THUMBPRINT_TEXT = 44 }; /* 43 characters of base64url and a NUL */

/* base64url(SHA-256({"crv":"Ed25519","kty":"OKP","x":"…"})). */
void km_jwk_thumbprint(const uint8_t public_key[static KM_PUBLIC_BYTES], char ret_text[static KM_THUMBPRINT_TEXT]);

/* {"kty":"OKP","crv":"Ed25519","x":…,"kid":…,"alg":"EdDSA","use":"sig"}; the caller's (json_decref), NULL without
 * memory. */
json_t *km_jwk_format(const uint8_t public_key[static KM_PUBLIC_BYTES]);

/* Reads one. Refuses another kty or crv, a private member d, a kid that is not the thumbprint, an alg that is neither
 * EdDSA nor Ed25519. Members it does not know are passed over, as RFC 7517 section 4 demands. */
enum km_error km_jwk_parse(const json_t *jwk, uint8_t ret_public[static KM_PUBLIC_BYTES], struct km_problem *problem);

#endif
