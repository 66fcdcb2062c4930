/*
 * SHA-256, comparison that takes the same time whatever it finds, and wiping: with keys/, the only use of OpenSSL.
 */
#ifndef KM_BASE_DIGEST_H
#define KM_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_SHA256_BYTES = 32 };

void km_sha256(const void *bytes, size_t len, uint8_t ret_digest[static KM_SHA256_BYTES]);

/* The digest of two pieces one after the other, as Merkle trees need it. */
void km_sha256_two(const void *a, size_t a_len, const void *b, size_t b_len,
                   uint8_t ret_digest[static KM_SHA256_BYTES]);

/* The digest of bytes that come piece by piece: begin, add, end. */
struct km_sha256_running {
	uint64_t state[16];
};
void km_sha256_begin(struct km_sha256_running *running);
void km_sha256_add(struct km_sha256_running *running, const void *bytes, size_t len);
void km_sha256_end(struct km_sha256_running *running, uint8_t ret_digest[static KM_SHA256_BYTES]);

/* Takes time that depends on len only. */
bool km_equal_secret(const void *a, const void *b, size_t len);

/* Overwrites memory in a way that the compiler does not leave out. NULL with len 0 is allowed. */
void km_wipe(void *bytes, size_t len);

#endif
