/*
 * Randomness, from OpenSSL's generator only.
 */
#ifndef KM_KEYS_RANDOM_H
#define KM_KEYS_RANDOM_H

#include "base/encode.h"
#include "base/error.h"

#include <stddef.h>

/* Fills the bytes. KM_BUG where the generator fails, which it does not once it has been seeded. */
enum km_error km_random(void *ret_bytes, size_t len, struct km_problem *problem);

enum { KM_RANDOM_TEXT_BYTES_MAX = 32 };

/* So many random bytes (KM_RANDOM_TEXT_BYTES_MAX at most) as a text, which has km_encoded_len characters and a NUL: a
 * secret that is handed out, or a name that nobody else will take. Nothing of it is left elsewhere in memory. */
enum km_error km_random_text(enum km_encoding encoding, size_t bytes_len, char *ret_text, struct km_problem *problem);

#endif
