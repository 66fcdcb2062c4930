/*
 * The signed QR code: HTTPS://HOST/Q/TOKEN, where the token (keys/cwt.h) says whose mark it is, of what and until when,
 * so that a phone that has the registry's key set can check a print with no network.
 */
#ifndef KM_BADGE_QR_TOKEN_H
#define KM_BADGE_QR_TOKEN_H

#include "base/error.h"
#include "keys/cwt.h"
#include "registry/mark.h"

#include <jansson.h>
#include <stdint.h>

/* How much of a long name goes into it, with "…" behind: a code that is too fine cannot be read from paper. */
enum { KM_QR_NAME_MAX = 80 }; /* bytes */

/* The claims for KM_FORM_QR, signed at `now`. The text is the caller's (free). */
enum km_error km_qr_token_payload(const struct km_mark *mark, const char *url, int64_t now, char **ret_payload,
                                  struct km_problem *problem);

/* What the code holds, all in symbols that a QR packs densely; the caller's (free). NULL where memory ran out. */
char *km_qr_token_text(const char *url, const char *token);

/* Finds the token in what was scanned or typed: such an address, in any case of letters, or the token alone.
 *   KM_ABSENT     "unknown-form"  neither
 *   KM_MALFORMED  "malformed"     such an address, whose token is none
 * ret_base is the address before /Q/ in lower case ("https://keurmerk.example"), "" where there was none. */
struct km_qr_token_text {
	char base[256];
	char token[KM_CWT_TOKEN_MAX + 1];
};
enum km_error km_qr_token_find(const char *text, size_t len, struct km_qr_token_text *ret_text,
                               struct km_problem *problem);

/* What a verifier reads, after the signature was found good. Borrowed from `claims`. */
struct km_qr_claims {
	char number[KM_NUMBER_TEXT];
	const char *provider_name; /* perhaps cut */
	const char *kvk, *scheme;  /* scheme: its id */
	int64_t issued_at, valid_until;
	int64_t status_index; /* in both status lists */
};

/* Refuses claims that are not of our form, or not by the registry at this url. KM_INVALID names the claim. */
enum km_error km_qr_token_read(const json_t *claims, const char *url, struct km_qr_claims *ret_claims,
                               struct km_problem *problem);

/* The name as a token has it. */
void km_qr_token_name(const char *name, char ret_name[static KM_QR_NAME_MAX + 1]);

#endif
