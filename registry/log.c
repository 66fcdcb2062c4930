#include "registry/log.h"

#include "base/buf.h"
#include "registry/sql.h"

#include <inttypes.h>
#include <string.h>

static enum km_error damaged(struct km_problem *problem, const char *what, unsigned level, uint64_t position)
{
	return km_fail(problem, KM_IO, "log-damaged", "the log has no %s %" PRIu64 " (level %u): put back a backup", what,
	               position, level);
}

/* The store as a source of hashes. */
static enum km_error get_hash(void *context, unsigned level, uint64_t position, struct km_hash *ret_hash,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(context, "SELECT hash FROM log_hash WHERE level = :level AND position = :position", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":level", level);
	km_sql_int(statement, ":position", (int64_t)position);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	size_t len = 0;
	const void *hash = row ? km_sql_get_blob(statement, 0, &len) : NULL;
	if (len != sizeof ret_hash->bytes)
		return damaged(problem, "hash", level, position);
	memcpy(ret_hash->bytes, hash, len);
	return KM_OK;
}

static struct km_hashes hashes_of(struct km_store *store)
{
	return (struct km_hashes){get_hash, store};
}

static enum km_error put_hash(struct km_store *store, unsigned level, uint64_t position, const struct km_hash *hash,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store, "INSERT INTO log_hash (level, position, hash) VALUES (:level, :position, :hash)", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":level", level);
	km_sql_int(statement, ":position", (int64_t)position);
	km_sql_blob(statement, ":hash", hash->bytes, sizeof hash->bytes);
	return km_sql_run(statement, problem);
}

static enum km_error put_entry(struct km_store *store, uint64_t index, const struct km_log_source *source,
                               const void *entry, size_t len, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO log_entry (position, mark_id, event_id, submission, record, credential,"
	                             " bytes) VALUES (:position, :mark, :event, :submission, :record, :credential, :bytes)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":position", (int64_t)index);
	km_sql_int_or_null(statement, ":mark", source ? source->mark_id : 0);
	km_sql_int_or_null(statement, ":event", source ? source->event_id : 0);
	km_sql_int_or_null(statement, ":submission", source ? source->submission : 0);
	km_sql_int_or_null(statement, ":record", source ? source->record : 0);
	if (source && source->credential)
		km_sql_blob(statement, ":credential", source->credential, KM_SHA256_BYTES);
	km_sql_blob(statement, ":bytes", entry, len);
	return km_sql_run(statement, problem);
}

/* The leaf's hash, and that of every subtree which this leaf completes: one for each bit 1 at the low end of index. */
static enum km_error put_hashes(struct km_store *store, uint64_t index, struct km_hash hash, struct km_problem *problem)
{
	enum km_error error = put_hash(store, 0, index, &hash, problem);
	for (unsigned level = 0; !error && index >> level & 1; level++) {
		struct km_hash left;
		error = get_hash(store, level, (index >> level) - 1, &left, problem);
		if (error)
			return error;
		hash = km_merkle_node(&left, &hash);
		error = put_hash(store, level + 1, index >> (level + 1), &hash, problem);
	}
	return error;
}

enum km_error km_log_append(struct km_store *store, const struct km_log_source *source, const void *entry, size_t len,
                            uint64_t *ret_index, struct km_problem *problem)
{
	if (len == 0)
		return km_fail(problem, KM_INVALID, "log-entry", "an entry of the log cannot be empty");
	if (len > KM_LOG_ENTRY_MAX)
		return km_fail(problem, KM_TOO_LARGE, "log-entry", "an entry of the log has at most %d bytes; this one has %zu",
		               KM_LOG_ENTRY_MAX, len);
	uint64_t index = 0;
	enum km_error error = km_log_size(store, &index, problem);
	if (!error)
		error = put_entry(store, index, source, entry, len, problem);
	if (!error)
		error = put_hashes(store, index, km_merkle_leaf(entry, len), problem);
	if (!error)
		*ret_index = index;
	return error;
}

enum km_error km_log_size(struct km_store *store, uint64_t *ret_size, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, "SELECT coalesce(max(position) + 1, 0) FROM log_entry", &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_size = row ? (uint64_t)km_sql_get_int(statement, 0) : 0;
	return error;
}

enum km_error km_log_entry(struct km_store *store, uint64_t index, char **ret_bytes, size_t *ret_len,
                           struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT bytes FROM log_entry WHERE position = :position", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":position", index > INT64_MAX ? -1 : (int64_t)index);
	error = km_sql_expect(statement, problem, KM_ABSENT, "log-entry", "the log has no entry %" PRIu64, index);
	if (error)
		return error;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	size_t len;
	const void *bytes = km_sql_get_blob(statement, 0, &len);
	km_buf_add(&buf, bytes, len);
	char *taken = km_buf_take(&buf, ret_len);
	if (!taken)
		return km_fail_memory(problem);
	*ret_bytes = taken;
	return KM_OK;
}

/* The one position that the statement gives. */
static enum km_error find_position(struct km_statement *statement, uint64_t size, const char *what, uint64_t *ret_index,
                                   struct km_problem *problem)
{
	bool row = false;
	km_sql_int(statement, ":size", size > INT64_MAX ? INT64_MAX : (int64_t)size);
	enum km_error error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	if (!row)
		return km_fail(problem, KM_ABSENT, "log-entry", "the log has nothing of this %s yet", what);
	*ret_index = (uint64_t)km_sql_get_int(statement, 0);
	return KM_OK;
}

enum km_error km_log_mark_index(struct km_store *store, int64_t mark_id, uint64_t size, uint64_t *ret_index,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT position FROM log_entry WHERE mark_id = :mark AND position < :size "
	                             "ORDER BY position DESC LIMIT 1",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	return find_position(statement, size, "mark", ret_index, problem);
}

enum km_error km_log_credential_index(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES],
                                      uint64_t size, uint64_t *ret_index, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT position FROM log_entry WHERE credential = :digest AND position < :size "
	                             "ORDER BY position LIMIT 1",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_blob(statement, ":digest", digest, KM_SHA256_BYTES);
	return find_position(statement, size, "credential", ret_index, problem);
}

static enum km_error check_size(struct km_store *store, uint64_t size, struct km_problem *problem)
{
	uint64_t there = 0;
	enum km_error error = km_log_size(store, &there, problem);
	if (!error && size > there)
		error = km_fail(problem, KM_ABSENT, "tree-size", "the log has %" PRIu64 " entries, not %" PRIu64, there, size);
	return error;
}

enum km_error km_log_root(struct km_store *store, uint64_t size, struct km_hash *ret_root, struct km_problem *problem)
{
	struct km_hashes hashes = hashes_of(store);
	enum km_error error = check_size(store, size, problem);
	return error ? error : km_merkle_root(&hashes, size, ret_root, problem);
}

enum km_error km_log_inclusion(struct km_store *store, uint64_t index, uint64_t size, struct km_merkle_proof *ret_proof,
                               struct km_problem *problem)
{
	struct km_hashes hashes = hashes_of(store);
	enum km_error error = check_size(store, size, problem);
	return error ? error : km_merkle_inclusion(&hashes, index, size, ret_proof, problem);
}

enum km_error km_log_consistency(struct km_store *store, uint64_t old_size, uint64_t new_size,
                                 struct km_merkle_proof *ret_proof, struct km_problem *problem)
{
	struct km_hashes hashes = hashes_of(store);
	enum km_error error = check_size(store, new_size, problem);
	return error ? error : km_merkle_consistency(&hashes, old_size, new_size, ret_proof, problem);
}

/* Adds each row's one blob to the buffer, in a bundle after its length. */
static enum km_error add_rows(struct km_statement *statement, const struct km_tile *tile, struct km_buf *buf,
                              struct km_problem *problem)
{
	uint64_t first = tile->index * KM_TILE_WIDTH;
	km_sql_int(statement, ":first", (int64_t)first);
	km_sql_int(statement, ":last", (int64_t)(first + tile->width - 1));
	unsigned rows = 0;
	bool row = false;
	enum km_error error;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		size_t len;
		const void *bytes = km_sql_get_blob(statement, 0, &len);
		if (tile->entries) {
			km_buf_add_char(buf, (char)(len >> 8 & 0xff));
			km_buf_add_char(buf, (char)(len & 0xff));
		}
		km_buf_add(buf, bytes, len);
		rows++;
	}
	if (!error && rows != tile->width)
		error = damaged(problem, tile->entries ? "bundle" : "tile", tile->level, tile->index);
	return error;
}

enum km_error km_log_tile(struct km_store *store, const struct km_tile *tile, uint64_t size, char **ret_bytes,
                          size_t *ret_len, struct km_problem *problem)
{
	if (!km_tile_within(tile, size))
		return km_fail(problem, KM_ABSENT, "tile", "the log has no such tile, or not yet");
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		tile->entries
			? km_sql(store, "SELECT bytes FROM log_entry WHERE position BETWEEN :first AND :last ORDER BY position",
	                 &statement, problem)
			: km_sql(store,
	                 "SELECT hash FROM log_hash WHERE level = :level AND position BETWEEN :first AND :last "
	                 "ORDER BY position",
	                 &statement, problem);
	if (error)
		return error;
	if (!tile->entries)
		km_sql_int(statement, ":level", tile->level * KM_TILE_HEIGHT);
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	error = add_rows(statement, tile, &buf, problem);
	if (error)
		return error;
	char *bytes = km_buf_take(&buf, ret_len);
	if (!bytes)
		return km_fail_memory(problem);
	*ret_bytes = bytes;
	return KM_OK;
}
