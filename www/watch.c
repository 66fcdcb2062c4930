#include "www/watch.h"

#include "base/encode.h"

#include <stdbool.h>
#include <string.h>

enum { KVK_END = 100000000, MORE = 0x80, BYTES_MAX = 4 };

void km_watch_write(const uint32_t *kvk, size_t len, struct km_buf *text)
{
	auto_buf struct km_buf bytes = KM_BUF_EMPTY;
	uint32_t before = 0;
	for (size_t i = 0; i < len; i++) {
		uint32_t step = kvk[i] - before;
		for (; step >= MORE; step >>= 7)
			km_buf_add_char(&bytes, (char)(step | MORE));
		km_buf_add_char(&bytes, (char)step);
		before = kvk[i];
	}
	if (bytes.failed)
		text->failed = true;
	else
		km_encode(KM_BASE64URL, bytes.data, bytes.len, text);
}

/* One number from *at on; false for none, for one that ends in a byte of nothing, and for one that is too long. */
static bool read_step(const char **at, const char *end, uint32_t *ret_step)
{
	uint32_t step = 0;
	for (unsigned i = 0; i < BYTES_MAX && *at < end; i++) {
		unsigned char byte = (unsigned char)*(*at)++;
		step |= (uint32_t)(byte & (MORE - 1)) << (7 * i);
		if (byte & MORE)
			continue;
		*ret_step = step;
		return byte || i == 0;
	}
	return false;
}

enum km_error km_watch_read(const char *text, uint32_t ret_kvk[static KM_WATCH_MAX], size_t *ret_len,
                            struct km_problem *problem)
{
	auto_buf struct km_buf bytes = KM_BUF_EMPTY;
	bool good = km_decode(KM_BASE64URL, text, strlen(text), &bytes) && bytes.len;
	if (bytes.failed)
		return km_fail_memory(problem);
	const char *at = bytes.data, *end = good ? at + bytes.len : NULL;
	size_t len = 0;
	while (good && at < end) {
		uint32_t step, before = len ? ret_kvk[len - 1] : 0;
		good = len < KM_WATCH_MAX && read_step(&at, end, &step) && (step || !len) && step < KVK_END - before;
		if (good)
			ret_kvk[len++] = before + step;
	}
	if (!good)
		return km_fail(problem, KM_MALFORMED, "watch",
		               "this address of a list to follow is damaged: copy the whole of it, or check the list again");
	*ret_len = len;
	return KM_OK;
}
