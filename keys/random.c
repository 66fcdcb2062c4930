#include "keys/random.h"

#include "base/buf.h"
#include "base/digest.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <string.h>

enum km_error km_random(void *ret_bytes, size_t len, struct km_problem *problem)
{
	if (len > INT_MAX || RAND_bytes(ret_bytes, (int)len) != 1) {
		ERR_clear_error();
		return km_fail(problem, KM_BUG, "random", "the random generator gave no bytes");
	}
	return KM_OK;
}

enum km_error km_random_text(enum km_encoding encoding, size_t bytes_len, char *ret_text, struct km_problem *problem)
{
	uint8_t bytes[KM_RANDOM_TEXT_BYTES_MAX];
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	if (bytes_len > sizeof bytes)
		return km_fail(problem, KM_BUG, "random", "a random text of %zu bytes was asked for", bytes_len);
	enum km_error error = km_random(bytes, bytes_len, problem);
	if (error)
		return error;
	km_encode(encoding, bytes, bytes_len, &text);
	km_wipe(bytes, sizeof bytes);
	if (text.failed)
		return km_fail_memory(problem);
	memcpy(ret_text, text.data, text.len + 1);
	km_wipe(text.data, text.len);
	return KM_OK;
}
