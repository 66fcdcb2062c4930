/*
 * Tiles of a transparency log (C2SP tlog-tiles): 256 hashes of one level side by side, or the 256 entries under one of
 * level 0; the last of each level may be partial.
 */
#ifndef KM_REGISTRY_TILE_H
#define KM_REGISTRY_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_TILE_WIDTH = 256,    /* hashes in a full one */
	KM_TILE_HEIGHT = 8,     /* levels of the tree from one level of tiles to the next */
	KM_TILE_LEVEL_MAX = 63, /* that can be written; trees under 2^63 leaves reach level 7 */
	KM_TILE_PATH_TEXT = 64,
};

struct km_tile {
	bool entries;   /* a bundle of entries; level is 0 */
	unsigned level; /* 0 is that of the leaves */
	uint64_t index; /* within the level; less than 2^55 */
	unsigned width; /* 1 to 256 */
};

/* Reads "tile/0/x001/x234/067.p/5" or "tile/entries/000", exactly as they are written. */
bool km_tile_parse(const char *path, struct km_tile *ret_tile);

/* Writes one. */
void km_tile_format(const struct km_tile *tile, char ret_path[static KM_TILE_PATH_TEXT]);

/* The next entry of a bundle: two bytes with its length, and so many of it. Moves *at past it; false, and nothing is
 * moved, where less than that is left before `end`. */
bool km_tile_next_entry(const uint8_t **at, const uint8_t *end, const uint8_t **ret_entry, size_t *ret_len);

/* True where a tree of `size` leaves has all of the tile. */
bool km_tile_within(const struct km_tile *tile, uint64_t size);

#endif
