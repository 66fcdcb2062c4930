#include "keys/checkpoint.h"

#include "base/encode.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum km_error km_checkpoint_origin(const char *url, char ret_origin[static KM_ORIGIN_MAX + 1],
                                   struct km_problem *problem)
{
	const char *host = strstr(url, "://");
	size_t len = host ? strlen(host + 3) : 0;
	if (len == 0 || host[2 + len] == '/' || len + strlen("/log") > KM_ORIGIN_MAX)
		return km_fail(problem, KM_INVALID, "url", "\"%.200s\" is not the address of a registry with a log", url);
	memcpy(ret_origin, host + 3, len);
	memcpy(ret_origin + len, "/log", sizeof "/log");
	return KM_OK;
}

void km_checkpoint_format(const struct km_checkpoint *checkpoint, struct km_buf *buf)
{
	km_buf_add_format(buf, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->size);
	km_encode(KM_BASE64, checkpoint->root, sizeof checkpoint->root, buf);
	km_buf_add_char(buf, '\n');
}

/* Takes a line, not empty, without its newline; false where there is none. */
static bool next_line(const char **at, const char *end, const char **ret_line, size_t *ret_len)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	if (!newline || newline == *at)
		return false;
	*ret_line = *at;
	*ret_len = (size_t)(newline - *at);
	*at = newline + 1;
	return true;
}

static bool parse_size(const char *digits, size_t len, uint64_t *ret_size)
{
	if (len > 19 || (len > 1 && *digits == '0'))
		return false;
	uint64_t size = 0; /* 19 digits fit */
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		size = size * 10 + (uint64_t)(digits[i] - '0');
	}
	if (size > INT64_MAX)
		return false;
	*ret_size = size;
	return true;
}

enum km_error km_checkpoint_parse(const char *body, size_t len, struct km_checkpoint *ret_checkpoint,
                                  struct km_problem *problem)
{
	struct km_checkpoint checkpoint;
	const char *at = body, *end = body + len, *origin, *size, *root;
	size_t origin_len, size_len, root_len;
	if (len > KM_CHECKPOINT_MAX || !next_line(&at, end, &origin, &origin_len) ||
	    !next_line(&at, end, &size, &size_len) || !next_line(&at, end, &root, &root_len) || at != end)
		return km_fail(problem, KM_MALFORMED, "checkpoint",
		               "this is not a checkpoint: three lines are expected, with origin, size and root hash");
	if (origin_len > KM_ORIGIN_MAX || !km_utf8_valid(origin, origin_len, NULL))
		return km_fail(problem, KM_MALFORMED, "checkpoint", "the origin of this checkpoint is too long or not UTF-8");
	if (!parse_size(size, size_len, &checkpoint.size))
		return km_fail(problem, KM_MALFORMED, "checkpoint",
		               "the size of this checkpoint is not a whole number in decimal");
	if (!km_decode_exact(KM_BASE64, root, root_len, checkpoint.root, sizeof checkpoint.root))
		return km_fail(problem, KM_MALFORMED, "checkpoint",
		               "the root hash of this checkpoint is not 32 bytes in base64");
	memcpy(checkpoint.origin, origin, origin_len);
	checkpoint.origin[origin_len] = '\0';
	*ret_checkpoint = checkpoint;
	return KM_OK;
}
