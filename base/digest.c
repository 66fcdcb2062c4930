/* The SHA256_… functions are on OpenSSL's list to go, but unlike EVP they allocate nothing and so cannot fail: a digest
 * that is not there, or a wrong one, is not among the things that a caller has to think of. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

void km_sha256_two(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t ret_digest[static KM_SHA256_BYTES])
{
	SHA256_CTX context;
	SHA256_Init(&context);
	SHA256_Update(&context, a, a_len);
	SHA256_Update(&context, b, b_len);
	SHA256_Final(ret_digest, &context);
	OPENSSL_cleanse(&context, sizeof context);
}

void km_sha256(const void *bytes, size_t len, uint8_t ret_digest[static KM_SHA256_BYTES])
{
	km_sha256_two(bytes, len, "", 0, ret_digest);
}

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct km_sha256_running), "the state of a digest has its room");

void km_sha256_begin(struct km_sha256_running *running)
{
	SHA256_Init((SHA256_CTX *)running);
}

void km_sha256_add(struct km_sha256_running *running, const void *bytes, size_t len)
{
	SHA256_Update((SHA256_CTX *)running, bytes, len);
}

void km_sha256_end(struct km_sha256_running *running, uint8_t ret_digest[static KM_SHA256_BYTES])
{
	SHA256_Final(ret_digest, (SHA256_CTX *)running);
}

bool km_equal_secret(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void km_wipe(void *bytes, size_t len)
{
	if (len)
		OPENSSL_cleanse(bytes, len);
}
