/*
 * The folder in which a registry's keys are:
 *
 *     credential-THUMBPRINT.pem   a private key, named after its purpose and its public half; mode 0600
 *     credential-THUMBPRINT.uri   or, of one that is in a PKCS#11 token, where: a pkcs11: URI (keys/token.h)
 *     published/keys.json         the public halves: the key set as it is published
 *     published/manifest.jwt      the same under the root's signature (keys/manifest.h), where there is a root
 *
 * The folder itself has mode 0700. What the server needs to read is in published/, and nothing else is.
 */
#ifndef KM_KEYS_KEY_FOLDER_H
#define KM_KEYS_KEY_FOLDER_H

#include "base/error.h"
#include "keys/key.h"
#include "keys/keyset.h"

#include <stdint.h>

/* KM_ABSENT; KM_FORBIDDEN where others than its owner can look in. */
enum km_error km_key_folder_check(const char *folder, struct km_problem *problem);

/* Keeps others from changing it at the same time, until the descriptor is closed. KM_FORBIDDEN where it is another
 * user's: what we put there would be ours, and the server could not read it. KM_UNAVAILABLE where somebody is at it. */
enum km_error km_key_folder_lock(const char *folder, int *ret_fd, struct km_problem *problem);

/* The key set. Written so that a reader sees the old one or the new one. */
enum km_error km_key_folder_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem);
enum km_error km_key_folder_publish(const char *folder, const struct km_keyset *set, struct km_problem *problem);

/* For all below: `secret` is the passphrase of keys in files, and the PIN of a token whose URI does not name a file
 * that has it. It may be NULL. */

/* Makes a key and keeps its private half, in the token that the URI names or, where `token` is NULL, in a file;
 * ret_entry has its public half and purpose, and no moments. A URI that names a key takes that one. Also what
 * km_token_make gives. */
enum km_error km_key_folder_make(const char *folder, enum km_purpose purpose, const char *token, const char *secret,
                                 struct km_keyset_entry *ret_entry, struct km_problem *problem);

/* Opens the private half of this entry, and sees that it is that, and works. KM_ABSENT where it is not here; what
 * km_key_load and km_token_open give; KM_INVALID where it is another key. Free with km_key_free. */
enum km_error km_key_folder_open(const char *folder, const struct km_keyset_entry *entry, const char *secret,
                                 struct km_key **ret_key, struct km_problem *problem);

/* Looks without a secret whether the private half is there, and is that of the entry. KM_UNPROVEN,
 * "passphrase-missing", for a file that is locked; for a token, what km_token_look gives. */
enum km_error km_key_folder_look(const char *folder, const struct km_keyset_entry *entry, struct km_problem *problem);

/* The pkcs11: URI of the private half; the caller's (free). KM_ABSENT where it is in no token. */
enum km_error km_key_folder_token(const char *folder, const struct km_keyset_entry *entry, char **ret_uri,
                                  struct km_problem *problem);

/* Looks whether some private half opens only with a secret: KM_UNPROVEN, "passphrase-missing" or "pin-missing". Tries
 * no PIN. */
enum km_error km_key_folder_unlocked(const char *folder, const struct km_keyset *set, struct km_problem *problem);

/* Removes the private half, where it is here. One in a token that cannot be had now stays, to be removed another time;
 * one that was taken and not made stays in its token for good. */
enum km_error km_key_folder_forget(const char *folder, const struct km_keyset_entry *entry, const char *secret,
                                   struct km_problem *problem);

/* "FOLDER/published/keys.json" and "FOLDER/published/manifest.jwt"; the caller's (free); NULL without memory. */
char *km_key_folder_keyset_path(const char *folder);
char *km_key_folder_manifest_path(const char *folder);

#endif
