/*
 * The registry's private keys, opened in this process to sign with: those that sign now, those that come next, and
 * those whose last second has only just been.
 */
#ifndef KM_KEYS_KEYRING_H
#define KM_KEYS_KEYRING_H

#include "base/error.h"
#include "keys/form.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct km_keyring; /* one thread at a time */

/* Opens the keys of a folder (keys/key_folder.h) that sign at `now` or later. Refuses a folder or a file that others
 * can get at (KM_FORBIDDEN), a key whose private half is not here (KM_ABSENT) or is another (KM_INVALID), and a purpose
 * without a key (KM_INVALID, type "no-key"). passphrase may be NULL. Free with km_keyring_close. */
enum km_error km_keyring_open(const char *folder, const char *passphrase, int64_t now, struct km_keyring **ret_keyring,
                              struct km_problem *problem);
void km_keyring_close(struct km_keyring *keyring); /* wipes; NULL is allowed */

/* True where a key is in a token (keys/token.h), whose module needs more of the system than keys in memory do. */
bool km_keyring_in_token(const struct km_keyring *keyring);

/* Signs a payload of this form as a compact JWS or, where its form is that of a QR code, as a CWT (keys/form.h says
 * what is refused), with the key that is in use at the moment at which the payload says that it is signed; the caller's
 * (free). KM_UNAVAILABLE, type "key-not-yet" or "no-key", where there is none then, and "token-failed" where its token
 * is gone: then the keys are to be opened anew. */
enum km_error km_keyring_sign(struct km_keyring *keyring, enum km_form form, const char *payload, size_t len,
                              int64_t now, char **ret_token, struct km_problem *problem);

/* Signs the body of a checkpoint of this registry's log as a note; the caller's (free). */
enum km_error km_keyring_checkpoint(struct km_keyring *keyring, const char *body, size_t len, int64_t now,
                                    char **ret_note, struct km_problem *problem);

/* Proves a credential, given as canonical N-Quads (keys/proof.h says what is refused), with the key for credentials;
 * the text of its member `proof` is the caller's (free). */
enum km_error km_keyring_prove(struct km_keyring *keyring, const char *document, size_t len, int64_t now,
                               char **ret_proof, struct km_problem *problem);

#endif
