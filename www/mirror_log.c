#include "badge/status_list.h"
#include "registry/lapse_record.h"
#include "registry/log.h"
#include "registry/log_checkpoint.h"
#include "registry/status_bits.h"
#include "registry/tile.h"
#include "www/mirror_run.h"

#include <stdio.h>
#include <string.h>

/* How many hashes there are at a level of tiles. */
static uint64_t width_of(uint64_t size, unsigned level)
{
	return level * KM_TILE_HEIGHT < 64 ? size >> level * KM_TILE_HEIGHT : 0;
}

static enum km_error put_tile(struct km_mirror_run *run, const struct km_tile *tile, uint64_t size)
{
	char name[KM_TILE_PATH_TEXT], path[KM_MIRROR_PATH_MAX];
	auto_free char *bytes = NULL;
	size_t len = 0;
	km_tile_format(tile, name);
	snprintf(path, sizeof path, "log/%s", name);
	enum km_error error = km_log_tile(run->store, tile, size, &bytes, &len, run->problem);
	return error ? error : km_mirror_files_put(run->files, path, bytes, len, run->problem);
}

/* Those of one level that a log of `size` has and one of `before` has not. */
static enum km_error put_level(struct km_mirror_run *run, bool entries, unsigned level, uint64_t before, uint64_t size)
{
	enum km_error error = KM_OK;
	uint64_t end = width_of(size, level);
	for (uint64_t i = width_of(before, level) / KM_TILE_WIDTH; i * KM_TILE_WIDTH < end && !error; i++) {
		uint64_t left = end - i * KM_TILE_WIDTH;
		const struct km_tile tile = {
			.entries = entries,
			.level = level,
			.index = i,
			.width = left < KM_TILE_WIDTH ? (unsigned)left : KM_TILE_WIDTH,
		};
		error = put_tile(run, &tile, size);
	}
	return error;
}

/* The partial tile at the end of a level; false where the last one is full. */
static bool partial_of(bool entries, unsigned level, uint64_t size, struct km_tile *ret_tile)
{
	uint64_t width = width_of(size, level);
	*ret_tile = (struct km_tile){
		.entries = entries, .level = level, .index = width / KM_TILE_WIDTH, .width = (unsigned)(width % KM_TILE_WIDTH)};
	return ret_tile->width != 0;
}

/* Whoever holds the last checkpoint but one has had the time to read its tiles. */
static enum km_error drop_partials(struct km_mirror_run *run, uint64_t old, uint64_t last)
{
	enum km_error error = KM_OK;
	for (unsigned level = 0; width_of(old, level) && !error; level++)
		for (int entries = 0; entries < (level ? 1 : 2) && !error; entries++) {
			struct km_tile tile, kept;
			char name[KM_TILE_PATH_TEXT], path[KM_MIRROR_PATH_MAX];
			if (!partial_of(entries, level, old, &tile) ||
			    (partial_of(entries, level, last, &kept) && kept.index == tile.index && kept.width == tile.width))
				continue;
			km_tile_format(&tile, name);
			snprintf(path, sizeof path, "log/%s", name);
			error = km_mirror_files_remove(run->files, path, run->problem);
		}
	return error;
}

enum km_error km_mirror_log(struct km_mirror_run *run)
{
	struct km_mirror_state *state = &run->state;
	struct km_checkpoint checkpoint;
	auto_free char *note = NULL;
	enum km_error error = km_log_checkpoint_last(run->store, &checkpoint, &note, run->problem);
	if (error == KM_ABSENT) {
		*run->problem = (struct km_problem){0};
		return KM_OK;
	}
	/* A log that has become shorter is another one: a register that was put back from an older copy. */
	uint64_t before = run->same_stays && state->log_size <= checkpoint.size ? state->log_size : 0;
	if (error || (before == checkpoint.size && before))
		return error;
	error = put_level(run, true, 0, before, checkpoint.size);
	for (unsigned level = 0; width_of(checkpoint.size, level) && !error; level++)
		error = put_level(run, false, level, before, checkpoint.size);
	if (!error)
		error = km_mirror_files_put(run->files, "log/checkpoint", note, strlen(note), run->problem);
	if (!error)
		error = drop_partials(run, state->log_size_before, state->log_size);
	if (state->log_size != checkpoint.size) {
		state->log_size_before = state->log_size;
		state->log_size = checkpoint.size;
	}
	return error;
}

static enum km_error make_lists(struct km_mirror_run *run, bool *ret_kept)
{
	int64_t count = 0;
	bool make = !*ret_kept;
	enum km_error error = km_status_bits_count(run->store, &count, run->problem);
	for (int64_t list = 1; list <= km_status_list_number(count > 0 ? count - 1 : 0) && !error; list++) {
		char value[24];
		snprintf(value, sizeof value, "%lld", (long long)list);
		if (make)
			error = km_mirror_make_all(run, &run->one, KM_MIRROR_LIST, value);
		else
			*ret_kept &= km_mirror_keep_all(run, &run->one, KM_MIRROR_LIST, value);
	}
	return error;
}

enum km_error km_mirror_lists(struct km_mirror_run *run)
{
	struct km_mirror_state *state = &run->state;
	bool kept = !run->moved && run->now < state->lists_until && run->now >= state->lists_at &&
	            run->now - state->lists_at < KM_STATUS_LIST_TTL_S / 2;
	bool may_keep = kept;
	enum km_error error = make_lists(run, &kept);
	if (!error && may_keep && !kept)
		error = make_lists(run, &kept);
	int64_t next = INT64_MAX;
	if (!error && !kept)
		error = km_lapses_next(run->store, &next, run->problem);
	if (error || kept)
		return error;
	state->lists_at = run->now;
	state->lists_until = next < run->now + KM_STATUS_LIST_TTL_S ? next : run->now + KM_STATUS_LIST_TTL_S;
	return KM_OK;
}
