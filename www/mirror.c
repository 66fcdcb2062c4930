#include "www/mirror.h"

#include "base/encode.h"
#include "base/file.h"
#include "registry/log.h"
#include "registry/scheme.h"
#include "www/mirror_run.h"
#include "www/register.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char site_part[] = "site";

/* ------------------------------------------------------------------------------------- what does not hang on a mark */

static enum km_error make_keys(struct km_mirror_run *run)
{
	struct km_keyset set;
	enum km_error error = km_signer_keyset(run->options->keys, &set, run->problem);
	for (size_t i = 0; !error && i < set.len; i++)
		error = km_mirror_make_all(run, &run->one, KM_MIRROR_KEY, set.entries[i].thumbprint);
	return error;
}

static enum km_error make_statics(struct km_mirror_run *run)
{
	const struct km_statics *statics = &run->site->statics;
	enum km_error error = KM_OK;
	for (size_t i = 0; !error && i < statics->len; i++)
		error = km_mirror_make_all(run, &run->one, KM_MIRROR_STATIC, strrchr(statics->files[i].path, '/') + 1);
	return error;
}

/* What everything else rests on. */
static enum km_error make_first(struct km_mirror_run *run)
{
	enum km_error error = make_statics(run);
	if (!error)
		error = make_keys(run);
	return error ? error : km_mirror_make_all(run, &run->one, KM_MIRROR_FIRST, NULL);
}

enum { SCHEMES_MAX = 100, SCHEME_ID_TEXT = 64 };

struct schemes {
	char ids[SCHEMES_MAX][SCHEME_ID_TEXT];
	size_t len;
};

static enum km_error add_scheme(void *context, const struct km_scheme *scheme)
{
	struct schemes *schemes = context;
	if (schemes->len < SCHEMES_MAX)
		snprintf(schemes->ids[schemes->len++], SCHEME_ID_TEXT, "%s", scheme->id);
	return KM_OK;
}

static enum km_error make_schemes(struct km_mirror_run *run)
{
	struct schemes schemes = {.len = 0};
	enum km_error error = km_scheme_list(run->store, add_scheme, &schemes, run->problem);
	for (size_t i = 0; !error && i < schemes.len; i++)
		error = km_mirror_make_all(run, &run->one, KM_MIRROR_SCHEME, schemes.ids[i]);
	return error;
}

static enum km_error add_piece(void *context, const char *bytes, size_t len, struct km_problem *problem)
{
	return km_mirror_files_add(context, bytes, len, problem);
}

static enum km_error make_rows(struct km_mirror_run *run, const char *path, enum km_register_form form)
{
	uint8_t digest[KM_SHA256_BYTES];
	enum km_error error = km_mirror_files_begin(run->files, run->problem);
	if (!error)
		error = km_register_write(run->store, form, run->now, add_piece, run->files, &run->state.rows, run->problem);
	if (!error)
		error = km_mirror_files_end(run->files, path, digest, run->problem);
	if (!error && km_mirror_part_put(&run->one, path, digest))
		error = km_fail_memory(run->problem);
	return error;
}

enum km_error km_mirror_rest(struct km_mirror_run *run)
{
	char day[KM_DATE_TEXT];
	km_date_format(run->now, day);
	bool figures = run->changed || strcmp(day, run->state.day) != 0;
	enum km_error error = make_schemes(run);
	if (!error)
		error = km_mirror_make_all(run, &run->one, KM_MIRROR_LAST, NULL);
	if (!error && (figures || !km_mirror_keep_all(run, &run->one, KM_MIRROR_FIGURES, NULL)))
		error = km_mirror_make_all(run, &run->one, KM_MIRROR_FIGURES, NULL);
	if (!error && (run->changed || !km_mirror_keep_all(run, &run->one, KM_MIRROR_ROWS, NULL))) {
		error = make_rows(run, "register.csv", KM_REGISTER_CSV);
		if (!error)
			error = make_rows(run, "register.jsonl", KM_REGISTER_JSONL);
	}
	memcpy(run->state.day, day, sizeof day);
	return error;
}

/* ------------------------------------------------------------------------------------------------------- snapshot */

static enum km_error sign(struct km_mirror_run *run)
{
	struct km_mirror_state *state = &run->state;
	const struct km_mirror_line *rows = km_mirror_part_find(&run->one, "register.jsonl");
	struct km_register_made made = {.rows = state->rows, .at = run->now, .parts = state->parts};
	made.next_update = run->now + run->options->next_update_s;
	memcpy(made.digest, rows->digest, sizeof made.digest);
	auto_free char *token = NULL;
	enum km_error error = km_log_size(run->store, &made.sequence, run->problem);
	if (!error)
		error = km_register_sign(run->site, &made, &token, run->problem);
	if (!error)
		error = km_mirror_files_put(run->files, "register.jwt", token, strlen(token), run->problem);
	if (error)
		return error;
	state->snapshot_at = run->now;
	state->next_update = made.next_update;
	state->sequence = made.sequence;
	return KM_OK;
}

/* The last round, in which nothing is left to do. */
static enum km_error finish(struct km_mirror_run *run, const json_t *parts_before)
{
	struct km_mirror_state *state = &run->state;
	enum km_error error = km_mirror_rest(run);
	if (!error)
		error = km_mirror_save(run, site_part, &run->one);
	int64_t half = run->options->next_update_s / 2;
	bool due = !run->same_stays || run->now >= state->snapshot_at + half || run->now < state->snapshot_at ||
	           state->next_update - state->snapshot_at != run->options->next_update_s;
	if (!error && (due || run->changed || !json_equal(parts_before, state->parts)))
		error = sign(run);
	return error ? error : km_mirror_files_settle(run->files, run->problem);
}

/* ----------------------------------------------------------------------------------------------------------- rounds */

static bool has_moved(const struct km_changed_cursor *a, const struct km_changed_cursor *b)
{
	return a->log_position != b->log_position || a->event_id != b->event_id || a->record_sequence != b->record_sequence;
}

/* A register that was put back from an older copy. */
static bool went_back(const struct km_changed_cursor *before, const struct km_changed_cursor *now)
{
	return now->log_position < before->log_position || now->event_id < before->event_id ||
	       now->record_sequence < before->record_sequence || now->at < before->at;
}

static enum km_error round_within(struct km_mirror_run *run, const json_t *parts_before, bool *ret_done)
{
	struct km_mirror_state *state = &run->state;
	struct km_changed_cursor cursor = {0};
	bool whole_done = !state->whole;
	enum km_error error = km_changed_now(run->store, run->now, &cursor, run->problem);
	if (error)
		return error;
	if (went_back(&state->cursor, &cursor)) {
		km_mirror_state_restart(state);
		state->cursor = cursor;
		whole_done = false;
		run->changed = true;
	}
	run->moved = has_moved(&state->cursor, &cursor);
	run->changed |= run->moved;
	error = make_first(run);
	if (!error)
		error = km_mirror_log(run);
	if (!error)
		error = km_mirror_lists(run);
	/* At the very first, everything is made in any case. */
	if (!error && state->whole && !*state->next_mark && !*state->next_provider)
		state->cursor = cursor;
	if (!error)
		error = km_mirror_changed(run, &cursor);
	if (!error && state->whole)
		error = km_mirror_whole(run, &whole_done);
	if (error)
		return error;
	*ret_done = whole_done;
	state->whole = !whole_done;
	return whole_done ? finish(run, parts_before) : km_mirror_files_settle(run->files, run->problem);
}

static enum km_error rounds(struct km_mirror_run *run)
{
	json_auto_t *parts_before = json_copy(run->state.parts);
	enum km_error error = parts_before ? KM_OK : km_fail_memory(run->problem);
	for (bool done = false; !done && !error;) {
		run->now = km_site_now(run->site);
		error = km_store_read_begin(run->store, run->problem);
		if (error)
			return error;
		error = round_within(run, parts_before, &done);
		km_store_read_end(run->store);
		run->state.finished = done;
		if (!error)
			error = km_mirror_state_write(&run->state, run->options->folder, run->site->url, run->problem);
	}
	return error;
}

/* -------------------------------------------------------------------------------------------------------------- run */

/* Parts that the snapshot no longer names: kept until now for who was reading. */
static enum km_error drop_old_parts(struct km_mirror_run *run)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/files/mirror", run->options->folder);
	DIR *folder = path.failed ? NULL : opendir(path.data);
	enum km_error error = KM_OK;
	for (struct dirent *entry; folder && !error && (entry = readdir(folder));) {
		char name[KM_MIRROR_PLACE_TEXT], old[KM_MIRROR_PATH_MAX];
		size_t len = strcspn(entry->d_name, ".");
		if (*entry->d_name == '.' || len >= sizeof name || strlen(entry->d_name) + 8 > sizeof old)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)len, entry->d_name);
		const char *hex = json_string_value(json_object_get(run->state.parts, name));
		if (hex && strncmp(entry->d_name + len + 1, hex, strlen(hex)) == 0)
			continue;
		snprintf(old, sizeof old, "mirror/%.*s", KM_MIRROR_PATH_MAX - 8, entry->d_name);
		error = km_mirror_files_remove(run->files, old, run->problem);
	}
	if (folder)
		closedir(folder);
	return error;
}

/* In which state the last run left it, and what follows from that. */
static enum km_error take_up(struct km_mirror_run *run)
{
	struct km_mirror_state *state = &run->state;
	auto_buf struct km_buf program = KM_BUF_EMPTY;
	km_encode(KM_HEX, run->options->program, KM_SHA256_BYTES, &program);
	if (program.failed)
		return km_fail_memory(run->problem);
	enum km_error error = km_mirror_state_read(run->options->folder, run->site->url, state, run->problem);
	if (error)
		return error;
	run->same_stays = state->finished && !run->options->all;
	if (run->options->all || strcmp(state->program, program.data) != 0) {
		km_mirror_state_restart(state);
		snprintf(state->program, sizeof state->program, "%s", program.data);
		run->changed = true;
	}
	error = state->finished ? drop_old_parts(run) : KM_OK;
	if (!error)
		error = km_mirror_load(run, site_part, &run->one);
	km_mirror_part_doubt(&run->one, NULL);
	state->finished = false;
	if (!error)
		error = km_mirror_state_write(state, run->options->folder, run->site->url, run->problem);
	return error ? error : km_mirror_rules(run);
}

static enum km_error lock(const char *folder, int *ret_fd, struct km_problem *problem)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/lock", folder);
	if (mkdir(folder, 0755) == 0)
		chmod(folder, 0755);
	int fd = path.failed ? -1 : open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret_fd = fd;
		return KM_OK;
	}
	int reason = errno;
	if (fd < 0)
		return km_fail(problem, KM_IO, "mirror-lock", "%s/lock: %s", folder, strerror(reason));
	close(fd);
	return km_fail(problem, KM_CONFLICT, "mirror-busy", "%s: another export is at it; wait until that has ended",
	               folder);
}

static enum km_error open_all(struct km_mirror_run *run, int *ret_lock)
{
	const struct km_server_options server = {
		.address = "",
		.database = run->options->database,
		.keys = run->options->keys,
		.signer = run->options->signer,
		.clock = run->options->clock,
	};
	enum km_error error = km_site_open(&server, &run->site, run->problem);
	if (error)
		return error;
	run->site->mirror = true;
	error = km_site_store(run->site, &run->store, run->problem);
	if (!error)
		error = lock(run->options->folder, ret_lock, run->problem);
	return error ? error : km_mirror_files_open(run->options->folder, &run->files, run->problem);
}

enum km_error km_mirror_run(const struct km_mirror_options *options, struct km_mirror_result *ret_result,
                            struct km_problem *problem)
{
	struct km_mirror_run run = {.options = options, .problem = problem};
	int locked = -1;
	enum km_error error = open_all(&run, &locked);
	if (!error)
		error = take_up(&run);
	if (!error)
		error = rounds(&run);
	if (!error)
		*ret_result = (struct km_mirror_result){
			.written = km_mirror_files_written(run.files),
			.removed = km_mirror_files_removed(run.files),
			.sequence = run.state.sequence,
			.next_update = run.state.next_update,
		};
	km_mirror_state_done(&run.state);
	km_mirror_part_done(&run.one);
	km_mirror_files_close(run.files);
	km_site_close(run.site);
	if (locked >= 0)
		close(locked);
	return error;
}
