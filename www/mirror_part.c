#include "www/mirror_part.h"

#include "base/encode.h"

#include <stdlib.h>
#include <string.h>

enum { HEX = 2 * KM_SHA256_BYTES };

void km_mirror_part_done(struct km_mirror_part *part)
{
	for (size_t i = 0; i < part->len; i++)
		free(part->lines[i].path);
	free(part->lines);
	*part = (struct km_mirror_part){0};
}

static enum km_error append(struct km_mirror_part *part, const char *path, size_t path_len,
                            const uint8_t digest[static KM_SHA256_BYTES])
{
	if (part->len == part->capacity) {
		size_t capacity = part->capacity ? part->capacity * 2 : 64;
		struct km_mirror_line *lines = realloc(part->lines, capacity * sizeof *lines);
		if (!lines)
			return KM_NO_MEMORY;
		part->lines = lines;
		part->capacity = capacity;
	}
	struct km_mirror_line line = {.path = strndup(path, path_len), .kept = true};
	if (!line.path)
		return KM_NO_MEMORY;
	memcpy(line.digest, digest, sizeof line.digest);
	part->lines[part->len++] = line;
	return KM_OK;
}

/* One line without its end: the digest, two spaces, the path. */
static bool read_line(const char *line, size_t len, uint8_t ret_digest[static KM_SHA256_BYTES])
{
	return len > HEX + 2 && km_decode_exact(KM_HEX, line, HEX, ret_digest, KM_SHA256_BYTES) && line[HEX] == ' ' &&
	       line[HEX + 1] == ' ' && !memchr(line, '\0', len);
}

enum km_error km_mirror_part_read(const char *text, size_t len, struct km_mirror_part *ret_part,
                                  struct km_problem *problem)
{
	auto_part struct km_mirror_part part = {0};
	for (const char *line = text, *end = text + len; line < end;) {
		uint8_t digest[KM_SHA256_BYTES];
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop || !read_line(line, (size_t)(stop - line), digest))
			return km_fail(problem, KM_MALFORMED, "mirror-part", "line %zu is not a digest and a path", part.len + 1);
		const char *path = line + HEX + 2;
		if (append(&part, path, (size_t)(stop - path), digest) != KM_OK)
			return km_fail_memory(problem);
		if (part.len > 1 && strcmp(part.lines[part.len - 2].path, part.lines[part.len - 1].path) >= 0)
			return km_fail(problem, KM_MALFORMED, "mirror-part", "line %zu is out of order", part.len);
		line = stop + 1;
	}
	part.sorted = part.len;
	*ret_part = part;
	part = (struct km_mirror_part){0};
	return KM_OK;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct km_mirror_line *)a)->path, ((const struct km_mirror_line *)b)->path);
}

struct km_mirror_line *km_mirror_part_find(const struct km_mirror_part *part, const char *path)
{
	struct km_mirror_line wanted = {.path = (char *)(uintptr_t)path};
	if (part->sorted) {
		void *found = bsearch(&wanted, part->lines, part->sorted, sizeof wanted, by_path);
		if (found)
			return found;
	}
	for (size_t i = part->sorted; i < part->len; i++)
		if (strcmp(part->lines[i].path, path) == 0)
			return &part->lines[i];
	return NULL;
}

void km_mirror_part_doubt(struct km_mirror_part *part, const char *within)
{
	for (size_t i = 0; i < part->len; i++)
		if (!within || strstr(part->lines[i].path, within))
			part->lines[i].kept = false;
}

static void sort(struct km_mirror_part *part)
{
	if (part->sorted < part->len)
		qsort(part->lines, part->len, sizeof *part->lines, by_path);
	part->sorted = part->len;
}

enum km_error km_mirror_part_put(struct km_mirror_part *part, const char *path,
                                 const uint8_t digest[static KM_SHA256_BYTES])
{
	enum { UNSORTED_MAX = 64 };
	struct km_mirror_line *line = km_mirror_part_find(part, path);
	if (!line) {
		if (part->len - part->sorted > UNSORTED_MAX)
			sort(part);
		return append(part, path, strlen(path), digest);
	}
	memcpy(line->digest, digest, sizeof line->digest);
	line->kept = true;
	return KM_OK;
}

void km_mirror_part_write(struct km_mirror_part *part, struct km_buf *ret_text)
{
	size_t kept = 0;
	for (size_t i = 0; i < part->len; i++) {
		if (part->lines[i].kept)
			part->lines[kept++] = part->lines[i];
		else
			free(part->lines[i].path);
	}
	part->sorted = kept < part->len ? 0 : part->sorted;
	part->len = kept;
	sort(part);
	for (size_t i = 0; i < part->len; i++) {
		km_encode(KM_HEX, part->lines[i].digest, KM_SHA256_BYTES, ret_text);
		km_buf_add_format(ret_text, "  %s\n", part->lines[i].path);
	}
}
