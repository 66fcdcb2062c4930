/*
 * HMAC-SHA-256 (RFC 2104): what only the holder of a secret key can say of some bytes.
 */
#ifndef KM_KEYS_MAC_H
#define KM_KEYS_MAC_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_MAC_BYTES = 32 };

/* Compare the result with km_equal_secret (base/digest.h). KM_NO_MEMORY. */
enum km_error km_mac(const void *key, size_t key_len, const void *bytes, size_t len,
                     uint8_t ret_mac[static KM_MAC_BYTES], struct km_problem *problem);

#endif
