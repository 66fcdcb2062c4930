/*
 * Keys and signatures as Data Integrity proofs write them: base58btc behind a "z" (Multibase), and a public key with
 * its kind in front (Multikey, W3C Controlled Identifiers 1.0, section 2.2.2).
 */
#ifndef KM_KEYS_MULTIKEY_H
#define KM_KEYS_MULTIKEY_H

#include "base/buf.h"
#include "keys/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_MULTIBASE_BYTES_MAX = 128, KM_MULTIKEY_TEXT = 49 }; /* 48 characters, "z6Mk…", and a NUL */

/* Adds "z" and the base58btc of at most KM_MULTIBASE_BYTES_MAX bytes; more fail the buffer. */
void km_multibase_encode(const void *bytes, size_t len, struct km_buf *buf);

/* Exactly `len` bytes (at most KM_MULTIBASE_BYTES_MAX) of the one text that km_multibase_encode gives for them; false
 * where it is another. */
bool km_multibase_decode_exact(const char *text, void *ret_bytes, size_t len);

/* The public key as a Multikey. */
void km_multikey_format(const uint8_t public_key[static KM_PUBLIC_BYTES], char ret_text[static KM_MULTIKEY_TEXT]);

#endif
