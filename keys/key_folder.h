/*
 * The folder in which a registry's keys are:
 *
 *     credential-THUMBPRINT.pem   a private key, named after its purpose and its public half; mode 0600
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

/* Makes a key and keeps its private half; ret_entry has its public half and purpose, and no moments. passphrase may be
 * NULL. */
enum km_error km_key_folder_make(const char *folder, enum km_purpose purpose, const char *passphrase,
                                 struct km_keyset_entry *ret_entry, struct km_problem *problem);

/* Opens the private half of this entry, and sees that it is that, and works. KM_ABSENT where it is not here; what
 * km_key_load gives; KM_INVALID where it is another key. Free with km_key_free. */
enum km_error km_key_folder_open(const char *folder, const struct km_keyset_entry *entry, const char *passphrase,
                                 struct km_key **ret_key, struct km_problem *problem);

/* Removes the private half, where it is here. */
enum km_error km_key_folder_forget(const char *folder, const struct km_keyset_entry *entry, struct km_problem *problem);

/* "FOLDER/published/keys.json" and "FOLDER/published/manifest.jwt"; the caller's (free); NULL without memory. */
char *km_key_folder_keyset_path(const char *folder);
char *km_key_folder_manifest_path(const char *folder);

#endif
