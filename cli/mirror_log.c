#include "cli/mirror_log.h"

#include "base/buf.h"
#include "cli/monitor_state.h"
#include "keys/checkpoint.h"
#include "keys/note.h"
#include "registry/log.h"
#include "registry/tile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIFFER_MAX = 100 };

static const char checkpoint_path[] = "log/checkpoint";

/* The hashes of one level that a level of tiles holds: those of the level below, by 256. */
struct level {
	struct km_hash *hashes; /* owned */
	uint64_t len, capacity;
};

static void level_done(struct level *level)
{
	free(level->hashes);
}
#define auto_level __attribute__((cleanup(level_done)))

static enum km_error add_hash(struct level *level, const struct km_hash *hash)
{
	if (level->len == level->capacity) {
		uint64_t capacity = level->capacity ? level->capacity * 2 : KM_TILE_WIDTH;
		struct km_hash *hashes = realloc(level->hashes, capacity * sizeof *hashes);
		if (!hashes)
			return KM_NO_MEMORY;
		level->hashes = hashes;
		level->capacity = capacity;
	}
	level->hashes[level->len++] = *hash;
	return KM_OK;
}

struct walk {
	const struct km_mirror_log *log;
	struct km_checkpoint checkpoint;
	struct km_monitor_state by_entries, by_hashes; /* the trees that the two make */
	struct level above;                            /* roots of full tiles of hashes */
	json_t *differ; /* [path of the entries, path of their hashes] where the two do not fit; owned */
	bool missing;
	size_t *files;
};

/* ------------------------------------------------------------------------------------------------------ checkpoint */

static enum km_error verify_note(const struct km_keyset *trust, const char *note, size_t len,
                                 struct km_checkpoint *ret_checkpoint, struct km_problem *problem)
{
	char origin[KM_ORIGIN_MAX + 1];
	enum km_error error = km_checkpoint_origin(trust->url, origin, problem);
	if (!error)
		error = km_fail(problem, KM_UNPROVEN, "log-unproven", "the key set that you chose has no key for the log");
	for (size_t i = 0; error == KM_UNPROVEN && i < trust->len; i++) {
		struct km_note_verifier key;
		size_t body_len = 0;
		if (trust->entries[i].purpose != KM_PURPOSE_LOG || trust->entries[i].revoked_at)
			continue;
		error = km_note_verifier_make(origin, trust->entries[i].public_key, &key, problem);
		if (!error)
			error = km_note_verify(note, len, &key, &body_len, problem);
		if (!error)
			error = km_checkpoint_parse(note, body_len, ret_checkpoint, problem);
	}
	if (!error && strcmp(ret_checkpoint->origin, origin) != 0)
		error = km_fail(problem, KM_UNPROVEN, "other-log", "it is of another log, %s", ret_checkpoint->origin);
	return error;
}

/* It was signed, but before the snapshot was: what has been put into the log since is kept from who looks. */
static void tell_short(const struct km_mirror_log *log, uint64_t size)
{
	char detail[200];
	snprintf(detail, sizeof detail, "it is of %llu entries, and when the snapshot was signed the log had %llu",
	         (unsigned long long)size, (unsigned long long)log->at_least);
	log->tell(log->context, "old", checkpoint_path, detail);
}

/* KM_OK, and false, where a fault was told. */
static enum km_error read_checkpoint(struct walk *walk, bool *ret_good, struct km_problem *problem)
{
	const struct km_mirror_log *log = walk->log;
	auto_free char *note = NULL;
	size_t len = 0;
	enum km_error error = km_mirror_source_read(log->source, checkpoint_path, &note, &len, problem);
	++*walk->files;
	*ret_good = false;
	if (error == KM_ABSENT) {
		log->tell(log->context, "missing", checkpoint_path, "every registry has a log");
		return KM_OK;
	}
	if (error)
		return error;
	error = verify_note(log->trust, note, len, &walk->checkpoint, problem);
	*ret_good = !error;
	if (error)
		log->tell(log->context, "altered", checkpoint_path, problem->message);
	else if (walk->checkpoint.size < log->at_least)
		tell_short(log, walk->checkpoint.size);
	return error == KM_NO_MEMORY ? error : KM_OK;
}

/* ---------------------------------------------------------------------------------------------------------- tiles */

static struct km_tile tile_at(bool entries, unsigned level, uint64_t index, uint64_t len)
{
	uint64_t left = len - index * KM_TILE_WIDTH;
	return (struct km_tile){.entries = entries,
	                        .level = level,
	                        .index = index,
	                        .width = left < KM_TILE_WIDTH ? (unsigned)left : KM_TILE_WIDTH};
}

/* NULL, and told, where it is not there. */
static enum km_error read_tile(struct walk *walk, const struct km_tile *tile,
                               char ret_path[static KM_TILE_PATH_TEXT + 8], char **ret_bytes, size_t *ret_len,
                               struct km_problem *problem)
{
	char name[KM_TILE_PATH_TEXT];
	km_tile_format(tile, name);
	snprintf(ret_path, KM_TILE_PATH_TEXT + 8, "log/%s", name);
	enum km_error error = km_mirror_source_read(walk->log->source, ret_path, ret_bytes, ret_len, problem);
	++*walk->files;
	if (error == KM_ABSENT) {
		walk->log->tell(walk->log->context, "missing", ret_path, "the checkpoint of the log needs it");
		walk->missing = true;
		return KM_OK;
	}
	return error;
}

/* The hashes of a bundle's entries; false where it is no bundle of so many. */
static bool hash_bundle(const char *bytes, size_t len, unsigned width, struct km_hash ret_hashes[static KM_TILE_WIDTH])
{
	const uint8_t *at = (const uint8_t *)bytes, *end = at + len;
	for (unsigned i = 0; i < width; i++) {
		const uint8_t *entry;
		size_t entry_len;
		if (!km_tile_next_entry(&at, end, &entry, &entry_len))
			return false;
		ret_hashes[i] = km_merkle_leaf(entry, entry_len);
	}
	return at == end;
}

static struct km_hash root_of(const struct km_hash hashes[static KM_TILE_WIDTH])
{
	struct km_monitor_state tree = {0};
	for (unsigned i = 0; i < KM_TILE_WIDTH; i++)
		km_monitor_state_add(&tree, &hashes[i]);
	return km_monitor_state_root(&tree);
}

/* 256 leaves: their entries, and their hashes. */
static enum km_error walk_leaves(struct walk *walk, uint64_t index, struct km_problem *problem)
{
	char entries_path[KM_TILE_PATH_TEXT + 8], hashes_path[KM_TILE_PATH_TEXT + 8];
	auto_free char *entries = NULL, *hashes = NULL;
	size_t entries_len = 0, hashes_len = 0;
	struct km_hash of_entries[KM_TILE_WIDTH] = {0}, of_hashes[KM_TILE_WIDTH] = {0};
	struct km_tile bundle = tile_at(true, 0, index, walk->checkpoint.size),
				   tile = tile_at(false, 0, index, walk->checkpoint.size);
	enum km_error error = read_tile(walk, &bundle, entries_path, &entries, &entries_len, problem);
	if (!error)
		error = read_tile(walk, &tile, hashes_path, &hashes, &hashes_len, problem);
	if (error || !entries || !hashes)
		return error;
	bool whole = hash_bundle(entries, entries_len, bundle.width, of_entries);
	if (hashes_len == tile.width * sizeof *of_hashes)
		memcpy(of_hashes, hashes, hashes_len);
	bool same = whole && hashes_len == tile.width * sizeof *of_hashes && memcmp(of_entries, of_hashes, hashes_len) == 0;
	if (!same && json_array_size(walk->differ) < DIFFER_MAX)
		json_array_append_new(walk->differ, json_pack("[s, s]", entries_path, hashes_path));
	for (unsigned i = 0; i < tile.width; i++) {
		km_monitor_state_add(&walk->by_entries, &of_entries[i]);
		km_monitor_state_add(&walk->by_hashes, &of_hashes[i]);
	}
	struct km_hash root = root_of(of_entries);
	return tile.width == KM_TILE_WIDTH && add_hash(&walk->above, &root) ? km_fail_memory(problem) : KM_OK;
}

/* Higher levels hold nothing of their own: each hash is that of the tile below. */
static enum km_error walk_above(struct walk *walk, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	for (unsigned level = 1; walk->above.len && !error; level++) {
		auto_level struct level here = walk->above;
		walk->above = (struct level){0};
		for (uint64_t i = 0; i * KM_TILE_WIDTH < here.len && !error; i++) {
			char path[KM_TILE_PATH_TEXT + 8];
			auto_free char *bytes = NULL;
			size_t len = 0;
			struct km_tile tile = tile_at(false, level, i, here.len);
			const struct km_hash *hashes = &here.hashes[i * KM_TILE_WIDTH];
			error = read_tile(walk, &tile, path, &bytes, &len, problem);
			if (!error && bytes && (len != tile.width * sizeof *hashes || memcmp(bytes, hashes, len) != 0))
				walk->log->tell(walk->log->context, "altered", path, "it does not follow from the level below");
			if (!error && tile.width == KM_TILE_WIDTH) {
				struct km_hash root = root_of(hashes);
				error = add_hash(&walk->above, &root) ? km_fail_memory(problem) : KM_OK;
			}
		}
	}
	return error;
}

static bool is_root(const struct walk *walk, const struct km_monitor_state *tree)
{
	struct km_hash root = km_monitor_state_root(tree);
	return memcmp(root.bytes, walk->checkpoint.root, sizeof root.bytes) == 0;
}

/* Whichever of the two has the signed root is the one that was not altered. */
static void tell_roots(const struct walk *walk)
{
	const struct km_mirror_log *log = walk->log;
	bool entries = is_root(walk, &walk->by_entries), hashes = is_root(walk, &walk->by_hashes);
	if (walk->missing || (entries && hashes))
		return;
	size_t i;
	json_t *pair;
	json_array_foreach(walk->differ, i, pair)
	{
		if (!entries)
			log->tell(log->context, "altered", json_string_value(json_array_get(pair, 0)),
			          "its entries are not those of the signed log");
		if (!hashes)
			log->tell(log->context, "altered", json_string_value(json_array_get(pair, 1)),
			          "its hashes are not those of the signed log");
	}
	if (!json_array_size(walk->differ))
		log->tell(log->context, "altered", "log/tile", "the entries do not have the root that was signed");
}

enum km_error km_mirror_log_check(const struct km_mirror_log *log, size_t *files, struct km_problem *problem)
{
	struct walk walk = {.log = log, .files = files, .differ = json_array()};
	bool good = false;
	enum km_error error = read_checkpoint(&walk, &good, problem);
	if (error || !good) {
		json_decref(walk.differ);
		return error;
	}
	for (uint64_t i = 0; i * KM_TILE_WIDTH < walk.checkpoint.size && !error; i++)
		error = walk_leaves(&walk, i, problem);
	if (!error)
		tell_roots(&walk);
	json_decref(walk.differ);
	/* Where the leaves are wrong, all above would be, too. */
	if (!error && !walk.missing && is_root(&walk, &walk.by_entries))
		error = walk_above(&walk, problem);
	level_done(&walk.above);
	return error;
}
