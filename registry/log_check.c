#include "registry/log_check.h"

#include "registry/log.h"
#include "registry/log_checkpoint.h"
#include "registry/sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct walk {
	struct km_store *store;
	enum km_error (*each)(void *context, const struct km_log_fault *fault);
	void *context;
	struct km_problem *problem;
	uint64_t size; /* entries so far */
};

__attribute__((format(printf, 4, 5))) static enum km_error find_fault(struct walk *walk, const char *table,
                                                                      const char *what, const char *format, ...)
{
	char row[64];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(row, sizeof row, format, arguments);
	va_end(arguments);
	return walk->each(walk->context, &(struct km_log_fault){table, row, what});
}

/* Either rows were taken away before this one, or it was put there. */
static enum km_error find_gap(struct walk *walk, const char *table, uint64_t expected, uint64_t there)
{
	enum km_error error = find_fault(walk, table, "is missing", "%" PRIu64, expected);
	return error ? error : find_fault(walk, table, "comes after a gap", "%" PRIu64, there);
}

/* -------------------------------------------------------------------------------------------------------------- hashes
 */

/* The hash on disk; where there is none, that is a fault, and *ret_there is false. */
static enum km_error get_hash(struct walk *walk, unsigned level, uint64_t position, struct km_hash *ret_hash,
                              bool *ret_there)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(walk->store, "SELECT hash FROM log_hash WHERE level = :level AND position = :position",
	                             &statement, walk->problem);
	if (error)
		return error;
	km_sql_int(statement, ":level", level);
	km_sql_int(statement, ":position", (int64_t)position);
	bool row = false;
	error = km_sql_step(statement, &row, walk->problem);
	if (error)
		return error;
	size_t len = 0;
	const void *hash = row ? km_sql_get_blob(statement, 0, &len) : NULL;
	*ret_there = len == sizeof ret_hash->bytes;
	if (!*ret_there)
		return find_fault(walk, "log_hash", row ? "is no hash" : "is missing", "%u/%" PRIu64, level, position);
	memcpy(ret_hash->bytes, hash, len);
	return KM_OK;
}

static bool same(const struct km_hash *a, const struct km_hash *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Of the two, either may be the one that was changed. */
static enum km_error check_leaf(struct walk *walk, uint64_t index, const void *entry, size_t len)
{
	struct km_hash kept, leaf = km_merkle_leaf(entry, len);
	bool there = false;
	enum km_error error = get_hash(walk, 0, index, &kept, &there);
	if (error || (there && same(&kept, &leaf)))
		return error;
	if (!there)
		return find_fault(walk, "log_entry", "has no hash in the tree", "%" PRIu64, index);
	error = find_fault(walk, "log_entry", "does not have the hash that was kept of it", "%" PRIu64, index);
	return error ? error : find_fault(walk, "log_hash", "is not the hash of its entry", "0/%" PRIu64, index);
}

/* The subtrees that this entry completes: each is the node over its two halves. */
static enum km_error check_nodes(struct walk *walk, uint64_t index)
{
	for (unsigned level = 0; index >> level & 1; level++) {
		struct km_hash left, right, kept;
		bool has_left = false, has_right = false, there = false;
		enum km_error error = get_hash(walk, level, (index >> level) - 1, &left, &has_left);
		if (!error)
			error = get_hash(walk, level, index >> level, &right, &has_right);
		if (!error)
			error = get_hash(walk, level + 1, index >> (level + 1), &kept, &there);
		if (error)
			return error;
		struct km_hash node = has_left && has_right ? km_merkle_node(&left, &right) : kept;
		if (there && !same(&node, &kept))
			error = find_fault(walk, "log_hash", "is not the hash of the two below it", "%u/%" PRIu64, level + 1,
			                   index >> (level + 1));
		if (error)
			return error;
	}
	return KM_OK;
}

static enum km_error check_entries(struct walk *walk)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(walk->store, "SELECT position, bytes FROM log_entry ORDER BY position", &statement, walk->problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, walk->problem)) && row) {
		uint64_t position = (uint64_t)km_sql_get_int(statement, 0);
		if (position >= INT64_MAX) {
			error = find_fault(walk, "log_entry", "is not at any place", "%" PRId64, (int64_t)position);
			continue;
		}
		if (position != walk->size)
			error = find_gap(walk, "log_entry", walk->size, position);
		size_t len;
		const void *bytes = km_sql_get_blob(statement, 1, &len);
		if (!error)
			error = check_leaf(walk, position, bytes, len);
		if (!error)
			error = check_nodes(walk, position);
		walk->size = position + 1;
	}
	return error;
}

/* Hashes of subtrees that are not complete yet. */
static enum km_error check_no_more(struct walk *walk)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(walk->store,
	           "SELECT level, position FROM log_hash WHERE position >= (:size >> CAST(level AS INTEGER))"
	           " ORDER BY level, position",
	           &statement, walk->problem);
	if (error)
		return error;
	km_sql_int(statement, ":size", (int64_t)walk->size);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, walk->problem)) && row) {
		int64_t level = km_sql_get_int(statement, 0), position = km_sql_get_int(statement, 1);
		error =
			find_fault(walk, "log_hash", "is of entries that are not there", "%" PRId64 "/%" PRId64, level, position);
		if (!error && level == 0)
			error = find_fault(walk, "log_entry", "is missing: there is a hash of it", "%" PRId64, position);
	}
	return error;
}

/* --------------------------------------------------------------------------------------------------------- checkpoints
 */

/* What the note, the columns beside it and the tree say. NULL where they agree. */
static enum km_error compare_checkpoint(struct walk *walk, struct km_statement *statement, const char **ret_what)
{
	uint64_t size = (uint64_t)km_sql_get_int(statement, 1);
	size_t len;
	const void *kept = km_sql_get_blob(statement, 2, &len);
	const char *note = km_sql_get_text(statement, 3);
	struct km_checkpoint checkpoint;
	struct km_hash root;
	if (km_log_checkpoint_read(note, strlen(note), &checkpoint, NULL))
		*ret_what = "is no checkpoint";
	else if (checkpoint.size != size)
		*ret_what = "says another size than its note";
	else if (len != sizeof checkpoint.root || memcmp(checkpoint.root, kept, len) != 0)
		*ret_what = "says another root than its note";
	else if (size > walk->size)
		*ret_what = "speaks of more entries than there are";
	if (*ret_what)
		return KM_OK;
	struct km_problem problem = {0};
	enum km_error error = km_log_root(walk->store, size, &root, &problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(walk->problem);
	if (error || memcmp(root.bytes, checkpoint.root, sizeof root.bytes) != 0)
		*ret_what = "does not fit the entries that it speaks of";
	return KM_OK;
}

static enum km_error check_checkpoints(struct walk *walk)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(walk->store, "SELECT id, size, root, note FROM log_checkpoint ORDER BY id", &statement, walk->problem);
	int64_t expected = 1, size = 0;
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, walk->problem)) && row) {
		int64_t id = km_sql_get_int(statement, 0);
		const char *what = NULL;
		if (id != expected)
			error = find_gap(walk, "log_checkpoint", (uint64_t)expected, (uint64_t)id);
		if (!error)
			error = compare_checkpoint(walk, statement, &what);
		if (!error && !what && km_sql_get_int(statement, 1) < size)
			what = "is of a smaller log than the one before it";
		if (!error && what)
			error = find_fault(walk, "log_checkpoint", what, "%" PRId64, id);
		expected = id + 1;
		size = km_sql_get_int(statement, 1);
	}
	return error;
}

enum km_error km_log_faults(struct km_store *store,
                            enum km_error (*each)(void *context, const struct km_log_fault *fault), void *context,
                            struct km_problem *problem)
{
	struct walk walk = {.store = store, .each = each, .context = context, .problem = problem};
	enum km_error error = check_entries(&walk);
	if (!error)
		error = check_no_more(&walk);
	return error ? error : check_checkpoints(&walk);
}

static enum km_error refuse(void *context, const struct km_log_fault *fault)
{
	return km_fail(context, KM_IO, "log-damaged",
	               "the log on disk does not fit what was signed of it (%s %s %s): put back a backup", fault->table,
	               fault->row, fault->what);
}

enum km_error km_log_check(struct km_store *store, struct km_problem *problem)
{
	return km_log_faults(store, refuse, problem, problem);
}
