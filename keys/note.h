/*
 * Signed notes (C2SP signed-note) with Ed25519: text, an empty line, and lines with signatures of it. So checkpoints of
 * the log are published.
 */
#ifndef KM_KEYS_NOTE_H
#define KM_KEYS_NOTE_H

#include "base/error.h"
#include "keys/key.h"

#include <stddef.h>
#include <stdint.h>

enum {
	KM_NOTE_NAME_MAX = 255,       /* bytes of a key's name */
	KM_NOTE_MAX = 1 << 20,        /* bytes of a whole note */
	KM_NOTE_SIGNATURES_MAX = 100, /* lines */
	KM_NOTE_KEY_ID_BYTES = 4,
};

/* The public half of a note key, as people hand it on: "NAME+hex(key id)+base64(0x01 || public key)". */
struct km_note_verifier {
	char name[KM_NOTE_NAME_MAX + 1]; /* not empty, no white space, no plus */
	uint8_t key_id[KM_NOTE_KEY_ID_BYTES];
	uint8_t public_key[KM_PUBLIC_BYTES];
};

/* KM_INVALID where the name cannot be one. */
enum km_error km_note_verifier_make(const char *name, const uint8_t public_key[static KM_PUBLIC_BYTES],
                                    struct km_note_verifier *ret_verifier, struct km_problem *problem);

/* The text for people; the caller's (free). */
enum km_error km_note_verifier_format(const struct km_note_verifier *verifier, char **ret_text,
                                      struct km_problem *problem);

/* Reads it. KM_MALFORMED where the form, the kind of key or the key id is wrong. */
enum km_error km_note_verifier_parse(const char *text, struct km_note_verifier *ret_verifier,
                                     struct km_problem *problem);

/* Signs a text (UTF-8, no control characters but newlines, ends in one). The whole note is the caller's (free). */
enum km_error km_note_sign(const struct km_key *key, const char *name, const char *text, size_t len, char **ret_note,
                           struct km_problem *problem);

/* Checks a note: its text is its first *ret_text_len bytes, where this returns KM_OK. Signatures by others, of whatever
 * kind, are passed over; of several by this key the first counts. KM_TOO_LARGE, KM_MALFORMED, KM_UNPROVEN ("unsigned":
 * none by this key; "bad-signature": it does not fit). */
enum km_error km_note_verify(const char *note, size_t len, const struct km_note_verifier *verifier,
                             size_t *ret_text_len, struct km_problem *problem);

#endif
