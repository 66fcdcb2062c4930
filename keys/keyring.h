/*
 * A folder with the registry's private keys, one for each purpose: credential.pem, status.pem, log.pem, receipt.pem,
 * and beside them their public halves in keys.json.
 */
#ifndef KM_KEYS_KEYRING_H
#define KM_KEYS_KEYRING_H

#include "base/error.h"
#include "keys/form.h"
#include "keys/keyset.h"

#include <stddef.h>
#include <stdint.h>

struct km_keyring; /* one thread at a time */

/* Makes the folder (mode 0700; an empty one may be there) with all that is in it, or nothing. KM_CONFLICT where
 * something is there. passphrase may be NULL. */
enum km_error km_keyring_create(const char *folder, const char *url, const char *passphrase, int64_t now,
                                struct km_problem *problem);

/* Opens the keys. Refuses a folder or a file that others can get at (KM_FORBIDDEN), and a key that keys.json does not
 * list for that purpose, or lists as retired or revoked (KM_INVALID). Free with km_keyring_close. */
enum km_error km_keyring_open(const char *folder, const char *passphrase, struct km_keyring **ret_keyring,
                              struct km_problem *problem);
void km_keyring_close(struct km_keyring *keyring); /* wipes; NULL is allowed */

/* The public half alone. */
enum km_error km_keyring_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem);

/* Signs a payload of this form as a compact JWS or, where its form is that of a QR code, as a CWT (keys/form.h says what
 * is refused); the caller's (free). */
enum km_error km_keyring_sign(struct km_keyring *keyring, enum km_form form, const char *payload, size_t len,
                              int64_t now, char **ret_token, struct km_problem *problem);

/* Signs the body of a checkpoint of this registry's log as a note; the caller's (free). */
enum km_error km_keyring_checkpoint(struct km_keyring *keyring, const char *body, size_t len, int64_t now,
                                    char **ret_note, struct km_problem *problem);

#endif
