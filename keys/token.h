/*
 * Private keys that never leave a PKCS#11 token (OASIS PKCS #11 version 3.0: smart card, HSM, SoftHSM): made in it,
 * used in it. A token's module is code that is not ours, in this process: but for commands that do one thing, only the
 * signer's process (keys/signer_process.h) has one.
 *
 * A token and a key in it are named by a pkcs11: URI (keys/token_uri.h). The module is that of its module-path; where
 * it has none, those that p11-kit is configured with. The PIN is in the file of its pin-source; else it is what the
 * caller gives, who may have NULL. It is used once: a wrong one is never tried again, for that could lock the token.
 */
#ifndef KM_KEYS_TOKEN_H
#define KM_KEYS_TOKEN_H

#include "base/error.h"
#include "keys/key.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The problems of all of these:
 *
 *   KM_INVALID    "token-uri"; "token-ambiguous": more than one token, or key, fits; "token-mechanism": no Ed25519
 * there; "not-ed25519"; "extractable"; what km_passphrase_read says of the file with the PIN KM_ABSENT "token-module",
 * "no-token", "no-token-key" KM_UNPROVEN   "pin-missing", "pin-wrong", "pin-locked", and "pin-last-try": one wrong PIN
 * more would lock it KM_UNAVAILABLE "token-failed": it does not do what it should, or is gone
 */

/* Makes a key in the token that the URI names, which can not be taken out of it; or takes the one that the URI names
 * (which must not be one that can). `label` names a new one in the token. The key's own URI is the caller's (free). */
enum km_error km_token_make(const char *uri, const char *pin, const char *label, struct km_key **ret_key,
                            char **ret_uri, struct km_problem *problem);

/* Opens the key that the URI names. Where the token goes later, the key does not sign any more, KM_UNAVAILABLE, type
 * "token-failed", and is to be opened anew. */
enum km_error km_token_open(const char *uri, const char *pin, struct km_key **ret_key, struct km_problem *problem);

/* Destroys it, with its public half. */
enum km_error km_token_remove(const char *uri, const char *pin, struct km_problem *problem);

/* Looks whether the token is there, signs with Ed25519, and has the public half of the key, without logging in.
 * KM_UNPROVEN too where a wrong PIN was given to it since the last good one (type "pin-wrong"). */
enum km_error km_token_look(const char *uri, uint8_t ret_public[static KM_PUBLIC_BYTES], struct km_problem *problem);

/* True where opening the key takes a PIN that the URI does not say the place of. */
bool km_token_wants_pin(const char *uri);

#endif
