/*
 * Ed25519 keys (RFC 8032): the private half as an opaque object, the public half as 32 bytes.
 */
#ifndef KM_KEYS_KEY_H
#define KM_KEYS_KEY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_PUBLIC_BYTES = 32, KM_SIGNATURE_BYTES = 64 };

struct km_key; /* a private key, here or elsewhere; one thread at a time */

enum km_error km_key_generate(struct km_key **ret_key, struct km_problem *problem);

/* From the 32-byte seed of RFC 8032 section 5.1.5: for test vectors. */
enum km_error km_key_from_seed(const uint8_t seed[static 32], struct km_key **ret_key, struct km_problem *problem);

/* A private key that is not in this process's memory, such as one in a token (keys/token.h): how it signs, and how it
 * is let go. */
struct km_key_elsewhere {
	enum km_error (*sign)(void *context, const void *message, size_t len,
	                      uint8_t ret_signature[static KM_SIGNATURE_BYTES], struct km_problem *problem);
	void (*let_go)(void *context);
	void *context; /* the key's, where it was made */
};
enum km_error km_key_elsewhere(const uint8_t public_key[static KM_PUBLIC_BYTES],
                               const struct km_key_elsewhere *elsewhere, struct km_key **ret_key,
                               struct km_problem *problem);

bool km_key_is_elsewhere(const struct km_key *key);

/* Wipes and frees; NULL is allowed. */
void km_key_free(struct km_key *key);

/* Writes PKCS#8 PEM to a new file, mode 0600; encrypted (PBES2, scrypt, AES-256-CBC) where passphrase is not NULL.
 * KM_CONFLICT where the file is there already; KM_INVALID, type "key-elsewhere". */
enum km_error km_key_save(const struct km_key *key, const char *path, const char *passphrase,
                          struct km_problem *problem);

/* Reads such a file. Refuses one that others than its owner, and root, can read (KM_FORBIDDEN, with the chmod to run),
 * a wrong or missing passphrase (KM_UNPROVEN, "passphrase-wrong" and "passphrase-missing") and a key that is not
 * Ed25519 (KM_INVALID). Never asks anybody for anything. */
enum km_error km_key_load(const char *path, const char *passphrase, struct km_key **ret_key,
                          struct km_problem *problem);

/* The first line of a passphrase file (mode 0600 or 0400, at most 1 KiB); the caller wipes and frees it with
 * km_passphrase_free. */
enum km_error km_passphrase_read(const char *path, char **ret_passphrase, struct km_problem *problem);
void km_passphrase_free(char *passphrase);

/* Has this process keep private keys, from here on, in memory of their own that is not swapped out or dumped, as far as
 * the system allows. Once, before the first key. */
void km_key_guard_memory(void);

void km_key_public(const struct km_key *key, uint8_t ret_public[static KM_PUBLIC_BYTES]);

/* Pure Ed25519 over the message. */
enum km_error km_key_sign(const struct km_key *key, const void *message, size_t len,
                          uint8_t ret_signature[static KM_SIGNATURE_BYTES], struct km_problem *problem);

/* False for a public key that is not canonically encoded (y not below p) and for the points of small order, under which
 * one signature would fit many messages. Whether it is a point on the curve shows when a signature is checked. */
bool km_public_key_sound(const uint8_t public_key[static KM_PUBLIC_BYTES]);

/* True where the signature is good. False for a bad one, for a public key that is not sound or no point on the
 * curve, and for a signature in another form than the one that its maker wrote (S not below L). Any number of threads.
 */
bool km_signature_valid(const uint8_t public_key[static KM_PUBLIC_BYTES], const void *message, size_t len,
                        const uint8_t signature[static KM_SIGNATURE_BYTES]);

#endif
