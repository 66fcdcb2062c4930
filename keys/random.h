/*
 * Randomness, from OpenSSL's generator only.
 */
#ifndef KM_KEYS_RANDOM_H
#define KM_KEYS_RANDOM_H

#include "base/error.h"

#include <stddef.h>

/* Fills the bytes. KM_BUG where the generator fails, which it does not once it has been seeded. */
enum km_error km_random(void *ret_bytes, size_t len, struct km_problem *problem);

#endif
