/*
 * CBOR Web Tokens (RFC 8392) in COSE_Sign1 (RFC 9052) with EdDSA over Ed25519, in base32: what the signed QR code
 * holds. One form, strictly: tag 18; protected header {1: -8, 4: kid}; no unprotected header; the claims below, all of
 * them, in the deterministic encoding; so a token has one spelling.
 *
 *     1 iss   2 sub   4 exp   6 iat   -65537 name   -65538 kvk   -65539 scheme   -65540 index
 *
 * index is the mark's place in the status lists, by which a reader that has saved those finds its bits; labels below
 * -65536 are for private use.
 */
#ifndef KM_KEYS_CWT_H
#define KM_KEYS_CWT_H

#include "base/error.h"
#include "keys/key.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_CWT_TOKEN_MAX = 1024, /* symbols */
	KM_CWT_KID_BYTES = 8,    /* the first of the key's RFC 7638 thumbprint */
	KM_CWT_TEXT_MAX = 255,   /* bytes of a claim that is a text */
};

struct km_cwt {
	json_t *claims; /* {"iss", "sub", "exp", "iat", "name", "kvk", "scheme", "index"}; owned */
	uint8_t kid[KM_CWT_KID_BYTES];
	char *signed_bytes; /* Sig_structure: what the signature is over; owned */
	size_t signed_len;
	uint8_t signature[KM_SIGNATURE_BYTES];
};

/* Signs these claims, a JSON object with the members above; the token, in base32, is the caller's (free). KM_INVALID,
 * type "form", where one is missing, of another kind, or too long. */
enum km_error km_cwt_sign(const struct km_key *key, const json_t *claims, char **ret_token, struct km_problem *problem);

/* Takes a token apart. Nothing in it is trusted yet: call km_cwt_verify before reading the claims. KM_MALFORMED,
 * KM_TOO_LARGE. Free with km_cwt_done. */
enum km_error km_cwt_parse(const char *token, size_t len, struct km_cwt *ret_cwt, struct km_problem *problem);

/* True where the kid is that of the key with this thumbprint (RFC 7638, in base64url). */
bool km_cwt_names(const struct km_cwt *cwt, const char *thumbprint);

/* True where this key made this signature. */
bool km_cwt_verify(const struct km_cwt *cwt, const uint8_t public_key[static KM_PUBLIC_BYTES]);

/* Frees what is inside; a zeroed one too. */
void km_cwt_done(struct km_cwt *cwt);
#define auto_cwt __attribute__((cleanup(km_cwt_done)))

#endif
