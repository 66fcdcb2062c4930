#include "base/buf.h"
#include "base/encode.h"
#include "tests/fuzz/fuzz.h"
#include "www/accept.h"
#include "www/multipart.h"
#include "www/request.h"
#include "www/watch.h"

#include <string.h>

static void look_at(const struct km_pairs *pairs)
{
	FUZZ_PROMISE(pairs->len <= KM_PAIRS_MAX);
	for (size_t i = 0; i < pairs->len; i++) {
		FUZZ_PROMISE(km_utf8_valid(pairs->list[i].value, strlen(pairs->list[i].value), NULL));
		FUZZ_PROMISE(km_pairs_find(pairs, pairs->list[i].name) == pairs->list[i].value);
	}
}

static void target(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *text = fuzz_text(bytes, len), *path = NULL;
	auto_pairs struct km_pairs query = {0};
	if (km_target_parse(text, &path, &query, &problem))
		return;
	FUZZ_PROMISE(path[0] == '/' && strlen(path) <= KM_TARGET_MAX && km_utf8_valid(path, strlen(path), NULL));
	look_at(&query);
}

static void pairs(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_pairs struct km_pairs pairs = {0};
	if (km_pairs_parse(bytes, len, &pairs, &problem) == KM_OK)
		look_at(&pairs);
}

static void accept(const char *bytes, size_t len)
{
	auto_free char *header = fuzz_text(bytes, len);
	km_accept_json(header);
	km_accept_credential(header);
	km_accept_page(header);
	km_accept_gzip(header);
	FUZZ_PROMISE(km_accept_language(header) < KM_LANGUAGES);
}

/* The first line is the Content-Type, the rest the body. */
static void multipart(const char *bytes, size_t len)
{
	struct km_problem problem;
	static struct km_parts parts;
	const char *newline = len ? memchr(bytes, '\n', len) : NULL;
	if (!newline)
		return;
	auto_free char *content_type = fuzz_text(bytes, (size_t)(newline - bytes));
	const char *body = newline + 1, *end = bytes + len;
	if (km_parts_parse(content_type, body, (size_t)(end - body), &parts, &problem))
		return;
	FUZZ_PROMISE(parts.len <= KM_PARTS_MAX);
	for (size_t i = 0; i < parts.len; i++) {
		FUZZ_PROMISE(parts.list[i].bytes >= body && parts.list[i].bytes + parts.list[i].len <= end);
		FUZZ_PROMISE(strlen(parts.list[i].name) <= KM_PART_NAME_MAX);
	}
}

static void watch(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *text = fuzz_text(bytes, len);
	uint32_t kvk[KM_WATCH_MAX];
	size_t count;
	if (km_watch_read(text, kvk, &count, &problem))
		return;
	auto_buf struct km_buf again = KM_BUF_EMPTY;
	km_watch_write(kvk, count, &again);
	FUZZ_PROMISE(strcmp(again.data, text) == 0);
}

const struct fuzz_target fuzz_www[] = {
	{"target", target}, {"pairs", pairs}, {"accept", accept}, {"multipart", multipart}, {"watch", watch}, {0},
};
