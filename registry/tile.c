#include "registry/tile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { GROUPS_MAX = 6 }; /* of three digits; enough for 2^55 */
#define INDEX_END (UINT64_C(1) << 55)

static bool skip(const char **at, const char *text)
{
	size_t len = strlen(text);
	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* A number in decimal, without leading zeros, of at most three digits. */
static bool take_number(const char **at, unsigned *ret_number)
{
	size_t digits = strspn(*at, "0123456789");
	if (digits == 0 || digits > 3 || (digits > 1 && **at == '0'))
		return false;
	unsigned number = 0;
	while (digits--)
		number = number * 10 + (unsigned)(*(*at)++ - '0');
	*ret_number = number;
	return true;
}

/* "x001/x234/067" is 1234067; the first group of several is not 000. */
static bool take_index(const char **at, uint64_t *ret_index)
{
	uint64_t index = 0;
	for (int group = 1; group <= GROUPS_MAX; group++) {
		bool last = !skip(at, "x");
		if (strspn(*at, "0123456789") != 3 || (group == 1 && !last && strncmp(*at, "000", 3) == 0))
			return false;
		for (int i = 0; i < 3; i++)
			index = index * 10 + (uint64_t)(*(*at)++ - '0');
		if (last) {
			*ret_index = index;
			return index < INDEX_END;
		}
		if (!skip(at, "/"))
			return false;
	}
	return false;
}

bool km_tile_parse(const char *path, struct km_tile *ret_tile)
{
	struct km_tile tile = {.width = KM_TILE_WIDTH};
	const char *at = path;
	if (!skip(&at, "tile/"))
		return false;
	tile.entries = skip(&at, "entries");
	if (!tile.entries && (!take_number(&at, &tile.level) || tile.level > KM_TILE_LEVEL_MAX))
		return false;
	if (!skip(&at, "/") || !take_index(&at, &tile.index))
		return false;
	if (skip(&at, ".p/") && (!take_number(&at, &tile.width) || tile.width < 1 || tile.width >= KM_TILE_WIDTH))
		return false;
	if (*at)
		return false;
	*ret_tile = tile;
	return true;
}

void km_tile_format(const struct km_tile *tile, char ret_path[static KM_TILE_PATH_TEXT])
{
	char index[GROUPS_MAX * 5], level[12];
	size_t at = sizeof index - 1;
	index[at] = '\0';
	uint64_t rest = tile->index;
	do {
		char group[6];
		int len = snprintf(group, sizeof group, at == sizeof index - 1 ? "%03u" : "x%03u/", (unsigned)(rest % 1000));
		at -= (size_t)len;
		memcpy(index + at, group, (size_t)len);
		rest /= 1000;
	} while (rest && at >= 5);
	snprintf(level, sizeof level, "%u", tile->level);
	int len = snprintf(ret_path, KM_TILE_PATH_TEXT, "tile/%s/%s", tile->entries ? "entries" : level, index + at);
	if (tile->width < KM_TILE_WIDTH)
		snprintf(ret_path + len, KM_TILE_PATH_TEXT - (size_t)len, ".p/%u", tile->width);
}

bool km_tile_within(const struct km_tile *tile, uint64_t size)
{
	unsigned shift = tile->level * KM_TILE_HEIGHT;
	uint64_t hashes = shift < 64 ? size >> shift : 0;
	return tile->index < INDEX_END && hashes >= tile->index * KM_TILE_WIDTH + tile->width;
}

bool km_tile_next_entry(const uint8_t **at, const uint8_t *end, const uint8_t **ret_entry, size_t *ret_len)
{
	enum { LENGTH_BYTES = 2 };
	size_t left = *at ? (size_t)(end - *at) : 0;
	if (left < LENGTH_BYTES)
		return false;
	size_t len = (size_t)((*at)[0] << 8 | (*at)[1]);
	if (len > left - LENGTH_BYTES)
		return false;
	*ret_entry = *at + LENGTH_BYTES;
	*ret_len = len;
	*at = *ret_entry + len;
	return true;
}
