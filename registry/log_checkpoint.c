#include "registry/log_checkpoint.h"

#include "base/buf.h"
#include "keys/note.h"
#include "registry/log.h"
#include "registry/sql.h"

#include <inttypes.h>
#include <string.h>

static struct km_hash root_of(const struct km_checkpoint *checkpoint)
{
	struct km_hash root;
	memcpy(root.bytes, checkpoint->root, sizeof root.bytes);
	return root;
}

static enum km_error damaged(struct km_problem *problem, const char *what, uint64_t number)
{
	return km_fail(problem, KM_IO, "log-damaged",
	               "the log on disk does not fit what was signed of it (%s %" PRIu64 "): nothing more is signed; put "
	               "back a backup",
	               what, number);
}

/* The body of a note is what stands before its first empty line. */
enum km_error km_log_checkpoint_read(const char *note, size_t len, struct km_checkpoint *ret_checkpoint,
                                     struct km_problem *problem)
{
	if (len > KM_NOTE_MAX)
		return km_fail(problem, KM_TOO_LARGE, "too-large", "a signed note has at most %d bytes", KM_NOTE_MAX);
	const char *gap = memmem(note, len, "\n\n", 2);
	if (!gap || memchr(note, '\0', len))
		return km_fail(problem, KM_MALFORMED, "note", "this is not a signed note: there is no empty line in it");
	return km_checkpoint_parse(note, (size_t)(gap - note) + 1, ret_checkpoint, problem);
}

enum km_error km_log_checkpoint_last(struct km_store *store, struct km_checkpoint *ret_checkpoint, char **ret_note,
                                     struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store, "SELECT note FROM log_checkpoint ORDER BY id DESC LIMIT 1", &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	if (!row)
		return km_fail(problem, KM_ABSENT, "no-checkpoint", "nothing has been signed of the log yet");
	const char *note = km_sql_get_text(statement, 0);
	struct km_checkpoint checkpoint;
	error = km_log_checkpoint_read(note, strlen(note), &checkpoint, problem);
	if (error)
		return error;
	if (ret_note) {
		char *copy = strdup(note);
		if (!copy)
			return km_fail_memory(problem);
		*ret_note = copy;
	}
	*ret_checkpoint = checkpoint;
	return KM_OK;
}

/* The tree of this size begins with that of the last checkpoint, and that checkpoint's root is that tree's: shown as we
 * would show it to anyone else. Where nothing was signed yet, every tree will do. */
static enum km_error check_last(struct km_store *store, const struct km_checkpoint *last, uint64_t size,
                                const struct km_hash *root, struct km_problem *problem)
{
	struct km_merkle_proof proof;
	enum km_error error = km_log_consistency(store, last->size, size, &proof, problem);
	if (error)
		return error;
	struct km_hash last_root = root_of(last);
	if (!km_merkle_consistency_holds(&proof, last->size, &last_root, size, root))
		return damaged(problem, "size", last->size);
	return KM_OK;
}

static enum km_error get_last(struct km_store *store, struct km_checkpoint *ret_last, bool *ret_there,
                              struct km_problem *problem)
{
	struct km_problem cause;
	enum km_error error = km_log_checkpoint_last(store, ret_last, NULL, &cause);
	*ret_there = !error;
	if (error == KM_ABSENT)
		return KM_OK;
	if (error && problem)
		*problem = cause;
	return error;
}

enum km_error km_log_checkpoint_body(struct km_store *store, char **ret_body, size_t *ret_len,
                                     struct km_problem *problem)
{
	struct km_checkpoint now, last;
	bool there = false;
	struct km_hash root;
	enum km_error error = km_checkpoint_origin(km_store_url(store), now.origin, problem);
	if (!error)
		error = km_log_size(store, &now.size, problem);
	if (!error)
		error = km_log_root(store, now.size, &root, problem);
	if (!error)
		error = get_last(store, &last, &there, problem);
	if (!error && there && last.size > now.size)
		error = damaged(problem, "size", last.size);
	if (!error && there)
		error = check_last(store, &last, now.size, &root, problem);
	if (error)
		return error;
	memcpy(now.root, root.bytes, sizeof now.root);
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_checkpoint_format(&now, &buf);
	char *body = km_buf_take(&buf, ret_len);
	if (!body)
		return km_fail_memory(problem);
	*ret_body = body;
	return KM_OK;
}

/* It is one of this log, as far as that goes, and comes after the last. */
static enum km_error check_new(struct km_store *store, const struct km_checkpoint *new, struct km_problem *problem)
{
	char origin[KM_ORIGIN_MAX + 1];
	uint64_t size = 0;
	bool there = false;
	struct km_checkpoint last;
	struct km_hash root;
	enum km_error error = km_checkpoint_origin(km_store_url(store), origin, problem);
	if (!error && strcmp(origin, new->origin) != 0)
		error = km_fail(problem, KM_CONFLICT, "checkpoint-origin", "this checkpoint is of %s; the log here is %s",
		                new->origin, origin);
	if (!error)
		error = km_log_size(store, &size, problem);
	if (!error)
		error = get_last(store, &last, &there, problem);
	if (error)
		return error;
	if (new->size > size || (there && new->size < last.size))
		return km_fail(problem, KM_CONFLICT, "checkpoint-size",
		               "this checkpoint is of %" PRIu64 " entries; the last was of %" PRIu64
		               ", and the log has %" PRIu64,
		               new->size, there ? last.size : 0, size);
	error = km_log_root(store, new->size, &root, problem);
	if (!error && memcmp(root.bytes, new->root, sizeof root.bytes) != 0)
		error = km_fail(problem, KM_CONFLICT, "checkpoint-root",
		                "this checkpoint does not fit the %" PRIu64 " entries that it speaks of", new->size);
	if (!error && there)
		error = check_last(store, &last, new->size, &root, problem);
	return error;
}

enum km_error km_log_checkpoint_put(struct km_store *store, const char *note, size_t len, int64_t now,
                                    struct km_problem *problem)
{
	struct km_checkpoint checkpoint;
	enum km_error error = km_log_checkpoint_read(note, len, &checkpoint, problem);
	if (!error)
		error = check_new(store, &checkpoint, problem);
	if (error)
		return error;
	auto_free char *text = strndup(note, len);
	if (!text)
		return km_fail_memory(problem);
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store, "INSERT INTO log_checkpoint (size, root, note, at) VALUES (:size, :root, :note, :now)",
	               &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":size", (int64_t)checkpoint.size);
	km_sql_blob(statement, ":root", checkpoint.root, sizeof checkpoint.root);
	km_sql_text(statement, ":note", text);
	km_sql_int(statement, ":now", now);
	return km_sql_run(statement, problem);
}
