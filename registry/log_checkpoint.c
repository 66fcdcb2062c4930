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
static enum km_error parse_note(const char *note, size_t len, struct km_checkpoint *ret_checkpoint,
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
	error = parse_note(note, strlen(note), &checkpoint, problem);
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
	enum km_error error = parse_note(note, len, &checkpoint, problem);
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

/* A tree as it grows, of which only the roots of its complete subtrees are kept: `size` has a bit for each. */
struct growing {
	uint64_t size;
	struct km_hash subtrees[64]; /* by level */
};

static enum km_error growing_get(void *context, unsigned level, uint64_t position, struct km_hash *ret_hash,
                                 struct km_problem *problem)
{
	(void)position; /* a root asks for one of each level */
	(void)problem;
	const struct growing *tree = context;
	*ret_hash = tree->subtrees[level];
	return KM_OK;
}

static struct km_hash growing_root(struct growing *tree)
{
	struct km_hashes hashes = {growing_get, tree};
	struct km_hash root = km_merkle_empty();
	km_merkle_root(&hashes, tree->size, &root, NULL);
	return root;
}

/* The hash on disk is that which follows from the entries. */
static enum km_error check_hash(struct km_store *store, unsigned level, uint64_t position, const struct km_hash *hash,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT 1 FROM log_hash WHERE level = :level AND position = :position AND hash = :hash",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":level", level);
	km_sql_int(statement, ":position", (int64_t)position);
	km_sql_blob(statement, ":hash", hash->bytes, sizeof hash->bytes);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (!error && !row)
		error = damaged(problem, "hash", position);
	return error;
}

static enum km_error grow(struct km_store *store, struct growing *tree, const void *entry, size_t len,
                          struct km_problem *problem)
{
	uint64_t index = tree->size++;
	struct km_hash hash = km_merkle_leaf(entry, len);
	unsigned level = 0;
	enum km_error error = check_hash(store, 0, index, &hash, problem);
	for (; !error && index >> level & 1; level++) {
		hash = km_merkle_node(&tree->subtrees[level], &hash);
		error = check_hash(store, level + 1, index >> (level + 1), &hash, problem);
	}
	tree->subtrees[level] = hash;
	return error;
}

/* Every checkpoint of this size says what the tree is. */
static enum km_error check_signed(struct km_store *store, struct growing *tree, uint64_t *checkpoints,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT root, note FROM log_checkpoint WHERE size = :size", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":size", (int64_t)tree->size);
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		struct km_hash root = growing_root(tree);
		size_t len;
		const void *kept = km_sql_get_blob(statement, 0, &len);
		const char *note = km_sql_get_text(statement, 1);
		struct km_checkpoint checkpoint;
		if (len != sizeof root.bytes || memcmp(kept, root.bytes, len) != 0 ||
		    parse_note(note, strlen(note), &checkpoint, NULL) || checkpoint.size != tree->size ||
		    memcmp(checkpoint.root, root.bytes, sizeof root.bytes) != 0)
			return damaged(problem, "size", tree->size);
		++*checkpoints;
	}
	return error;
}

/* Nothing is left over beside what follows from the entries. */
static enum km_error check_counts(struct km_store *store, uint64_t size, uint64_t checkpoints,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, "SELECT (SELECT count(*) FROM log_hash), (SELECT count(*) FROM log_checkpoint)",
	                             &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (error || !row)
		return error;
	uint64_t hashes = 0;
	for (unsigned level = 0; size >> level; level++)
		hashes += size >> level;
	if ((uint64_t)km_sql_get_int(statement, 0) != hashes)
		return damaged(problem, "hashes", (uint64_t)km_sql_get_int(statement, 0));
	if ((uint64_t)km_sql_get_int(statement, 1) != checkpoints)
		return damaged(problem, "checkpoints", (uint64_t)km_sql_get_int(statement, 1));
	return KM_OK;
}

enum km_error km_log_check(struct km_store *store, struct km_problem *problem)
{
	struct growing tree = {0};
	uint64_t checkpoints = 0;
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT position, bytes FROM log_entry ORDER BY position", &statement, problem);
	if (!error)
		error = check_signed(store, &tree, &checkpoints, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		size_t len;
		const void *entry = km_sql_get_blob(statement, 1, &len);
		if ((uint64_t)km_sql_get_int(statement, 0) != tree.size)
			return damaged(problem, "entry", tree.size);
		error = grow(store, &tree, entry, len, problem);
		if (!error)
			error = check_signed(store, &tree, &checkpoints, problem);
	}
	return error ? error : check_counts(store, tree.size, checkpoints, problem);
}
