#include "base/encode.h"
#include "base/file.h"
#include "www/answer.h"
#include "www/mirror_run.h"

#include <stdio.h>
#include <string.h>

enum { PART_MAX_BYTES = 256 << 20 };

/* The files of one line of the plan. */
struct making {
	struct km_mirror_run *run;
	struct km_mirror_part *part;
	struct km_reply reply; /* the last */
	uint8_t digest[KM_SHA256_BYTES];
	bool absent, written; /* what became of it */
};

bool km_mirror_same(const struct km_mirror_run *run, struct km_mirror_part *part, const char *path,
                    const uint8_t digest[static KM_SHA256_BYTES])
{
	struct km_mirror_line *line = km_mirror_part_find(part, path);
	bool same = run->same_stays && line && memcmp(line->digest, digest, KM_SHA256_BYTES) == 0;
	if (same)
		line->kept = true;
	return same;
}

static enum km_error put(struct making *making, const char *path, bool also)
{
	struct km_mirror_run *run = making->run;
	if (km_mirror_same(run, making->part, path, making->digest))
		return KM_OK;
	size_t len;
	const char *bytes = km_answer_bytes(&making->reply, &len);
	enum km_error error = also ? km_mirror_files_also(run->files, path, run->problem)
	                           : km_mirror_files_put(run->files, path, bytes, len, run->problem);
	making->written = true;
	if (!error && km_mirror_part_put(making->part, path, making->digest))
		error = km_fail_memory(run->problem);
	return error;
}

static enum km_error make_file(void *context, const char *target, const char *path, bool same)
{
	struct making *making = context;
	struct km_mirror_run *run = making->run;
	if (same)
		return making->absent ? KM_OK : put(making, path, making->written);
	km_reply_done(&making->reply);
	making->written = false;
	enum km_error error = km_answer(run->site, run->store, target, run->now, &making->reply, run->problem);
	making->absent = error == KM_ABSENT;
	if (making->absent)
		*run->problem = (struct km_problem){0};
	if (error)
		return making->absent ? KM_OK : error;
	size_t len;
	const char *bytes = km_answer_bytes(&making->reply, &len);
	km_sha256(bytes, len, making->digest);
	return put(making, path, false);
}

enum km_error km_mirror_make(struct km_mirror_run *run, struct km_mirror_part *part, const struct km_mirror_plan *plan,
                             const char *value)
{
	struct making making = {.run = run, .part = part};
	enum km_error error = km_mirror_plan_files(plan, value, make_file, &making);
	km_reply_done(&making.reply);
	return error;
}

enum km_error km_mirror_make_all(struct km_mirror_run *run, struct km_mirror_part *part, enum km_mirror_of of,
                                 const char *value)
{
	enum km_error error = KM_OK;
	for (size_t i = 0; i < km_mirror_plans_len && !error; i++)
		if (km_mirror_plans[i].of == of)
			error = km_mirror_make(run, part, &km_mirror_plans[i], value);
	return error;
}

struct keeping {
	struct km_mirror_part *part;
	bool may; /* also what no round of this run has made */
};

static enum km_error keep_file(void *context, const char *target, const char *path, bool same)
{
	(void)target;
	(void)same;
	const struct keeping *keeping = context;
	struct km_mirror_line *line = km_mirror_part_find(keeping->part, path);
	if (!line || !(keeping->may || line->kept))
		return KM_ABSENT;
	line->kept = true;
	return KM_OK;
}

bool km_mirror_keep_all(struct km_mirror_run *run, struct km_mirror_part *part, enum km_mirror_of of, const char *value)
{
	struct keeping keeping = {part, run->same_stays};
	bool all = true;
	for (size_t i = 0; i < km_mirror_plans_len && all; i++)
		if (km_mirror_plans[i].of == of)
			all = km_mirror_plan_files(&km_mirror_plans[i], value, keep_file, &keeping) == KM_OK;
	return all;
}

/* ---------------------------------------------------------------------------------------------------------- parts */

enum km_error km_mirror_load(struct km_mirror_run *run, const char *name, struct km_mirror_part *ret_part)
{
	const char *hex = json_string_value(json_object_get(run->state.parts, name));
	if (!hex)
		return KM_OK;
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/files/mirror/%s.%s.txt", run->options->folder, name, hex);
	auto_free char *text = NULL;
	size_t len = 0;
	enum km_error error =
		path.failed ? km_fail_memory(run->problem) : km_file_read(path.data, PART_MAX_BYTES, &text, &len, run->problem);
	if (!error)
		error = km_mirror_part_read(text, len, ret_part, run->problem);
	/* Without it nobody knows which files are there. */
	if (error == KM_ABSENT || error == KM_MALFORMED)
		return km_fail(run->problem, KM_CONFLICT, "mirror-damaged",
		               "%s: this file of the mirror is missing or was changed; delete the folder %s, and export again",
		               path.data, run->options->folder);
	return error;
}

enum km_error km_mirror_save(struct km_mirror_run *run, const char *name, struct km_mirror_part *part)
{
	enum km_error error = KM_OK;
	for (size_t i = 0; i < part->len && !error; i++)
		if (!part->lines[i].kept)
			error = km_mirror_files_remove(run->files, part->lines[i].path, run->problem);
	if (error)
		return error;
	auto_buf struct km_buf text = KM_BUF_EMPTY, hex = KM_BUF_EMPTY;
	km_mirror_part_write(part, &text);
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(text.data, text.len, digest);
	km_encode(KM_HEX, digest, sizeof digest, &hex);
	if (text.failed || hex.failed)
		return km_fail_memory(run->problem);
	json_object_del(run->state.unseen, name);
	if (!part->len) {
		json_object_del(run->state.parts, name);
		return KM_OK;
	}
	const char *before = json_string_value(json_object_get(run->state.parts, name));
	if (run->same_stays && before && strcmp(before, hex.data) == 0)
		return KM_OK;
	char path[KM_MIRROR_PATH_MAX];
	snprintf(path, sizeof path, "mirror/%s.%s.txt", name, hex.data);
	if (json_object_set_new(run->state.parts, name, json_string(hex.data)) != 0)
		return km_fail_memory(run->problem);
	return km_mirror_files_put(run->files, path, text.data, text.len, run->problem);
}
