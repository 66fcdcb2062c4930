#include "registry/fsck_part.h"

#include "registry/record.h"
#include "registry/sql.h"

#include <stdio.h>
#include <string.h>

struct sequence_text {
	char text[24];
};

static struct sequence_text text_of(int64_t sequence)
{
	struct sequence_text row;
	snprintf(row.text, sizeof row.text, "%lld", (long long)sequence);
	return row;
}

/* Of a row that was noted more than once only the last note has a salt, and of one that was erased none. */
static enum km_error check_salt(const struct km_fsck *fsck, const struct km_record *record, bool salted,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool later = false;
	enum km_error error =
		km_sql(fsck->store,
	           "SELECT 1 FROM record WHERE table_name = :table AND row_key = :key AND sequence > :sequence LIMIT 1",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":table", record->table);
	km_sql_text(statement, ":key", record->key);
	km_sql_int(statement, ":sequence", record->sequence);
	error = km_sql_step(statement, &later, problem);
	if (error)
		return error;
	struct sequence_text row = text_of(record->sequence);
	if (salted && (later || !record->sha256))
		return km_fsck_differ(fsck, "record", row.text, "salt", "should have been erased");
	if (!salted && !later && record->sha256)
		return km_fsck_differ(fsck, "record", row.text, "salt", "is gone, and the row was not erased");
	return KM_OK;
}

/* The row that a salted record is about is there and has that digest. */
static enum km_error check_row(const struct km_fsck *fsck, const struct km_record *record, const uint8_t *salt,
                               struct km_problem *problem)
{
	const struct km_record_table *table = km_record_find_table(record->table);
	struct sequence_text sequence = text_of(record->sequence);
	if (!table)
		return km_fsck_differ(fsck, "record", sequence.text, "table_name", "names no table whose rows are noted");
	auto_record_row struct km_record_row row = {0};
	uint8_t digest[KM_SHA256_BYTES];
	enum km_error error = km_record_find_row(fsck->store, table, record->key, &row, problem);
	if (error)
		return error;
	if (!row.found)
		return km_fsck_differ(fsck, table->name, record->key, "", "is missing (record %s)", sequence.text);
	error = km_record_digest(table, row.statement, salt, digest, problem);
	if (error || memcmp(digest, record->sha256, sizeof digest) == 0)
		return error;
	/* Nothing vouches for the salt but that it fits: of the two, either may be the one that was changed. */
	error =
		km_fsck_differ(fsck, table->name, record->key, "", "is not what was noted of it (record %s)", sequence.text);
	if (!error)
		error = km_fsck_differ(fsck, "record", sequence.text, "salt", "does not fit the row that it was noted of");
	return error;
}

/* The link that this record is to be, after the chain as it was kept before it. */
static enum km_error check_link(const struct km_fsck *fsck, const struct km_record *record,
                                const uint8_t before[static KM_SHA256_BYTES], const void *kept, size_t kept_len,
                                struct km_problem *problem)
{
	uint8_t chain[KM_SHA256_BYTES];
	enum km_error error = km_record_chain(before, record, chain, problem);
	if (!error && (kept_len != sizeof chain || memcmp(chain, kept, sizeof chain) != 0))
		error = km_fsck_differ(fsck, "record", text_of(record->sequence).text, "", "does not fit the one before it");
	return error;
}

/* The present row of what check_records asks for. */
static enum km_error check_record(const struct km_fsck *fsck, struct km_statement *statement,
                                  uint8_t chain[static KM_SHA256_BYTES], struct km_problem *problem)
{
	size_t sha256_len, salt_len, chain_len;
	const void *sha256 = km_sql_get_blob(statement, 4, &sha256_len), *salt = km_sql_get_blob(statement, 5, &salt_len),
			   *kept = km_sql_get_blob(statement, 6, &chain_len);
	const struct km_record record = {km_sql_get_int(statement, 0), km_sql_get_int(statement, 1),
	                                 km_sql_get_text(statement, 2), km_sql_get_text(statement, 3),
	                                 sha256_len == KM_SHA256_BYTES ? sha256 : NULL};
	bool salted = salt_len == KM_RECORD_SALT_BYTES;
	enum km_error error = check_link(fsck, &record, chain, kept, chain_len, problem);
	if (!error)
		error = check_salt(fsck, &record, salted, problem);
	if (!error && salted && record.sha256)
		error = check_row(fsck, &record, salt, problem);
	if (chain_len == KM_SHA256_BYTES)
		memcpy(chain, kept, chain_len);
	return error;
}

static enum km_error check_records(const struct km_fsck *fsck, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fsck->store,
	                             "SELECT sequence, recorded_at, table_name, row_key, sha256, salt, chain FROM record"
	                             " ORDER BY sequence",
	                             &statement, problem);
	uint8_t chain[KM_SHA256_BYTES] = {0};
	int64_t expected = 1;
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		int64_t sequence = km_sql_get_int(statement, 0);
		if (sequence != expected)
			error = km_fsck_differ(fsck, "record", text_of(expected).text, "", "is missing");
		if (!error)
			error = check_record(fsck, statement, chain, problem);
		expected = sequence + 1;
	}
	return error;
}

/* Each row was noted. */
static enum km_error check_noted(const struct km_fsck *fsck, const struct km_record_table *table,
                                 struct km_statement *rows, struct km_problem *problem)
{
	struct km_record_key key;
	auto_statement struct km_statement *statement = NULL;
	bool noted = false;
	enum km_error error = km_record_key_of(table, rows, &key, problem);
	if (!error)
		error = km_sql(fsck->store,
		               "SELECT 1 FROM record WHERE table_name = :table AND row_key = :key AND salt IS NOT NULL",
		               &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":table", table->name);
	km_sql_text(statement, ":key", key.text);
	error = km_sql_step(statement, &noted, problem);
	if (!error && !noted)
		error = km_fsck_differ(fsck, table->name, key.text, "", "was put there by nobody (there is no record of it)");
	return error;
}

static enum km_error check_table(const struct km_fsck *fsck, const struct km_record_table *table,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fsck->store, table->all, &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = check_noted(fsck, table, statement, problem);
	return error;
}

enum km_error km_fsck_records(const struct km_fsck *fsck, struct km_problem *problem)
{
	enum km_error error = check_records(fsck, problem);
	for (size_t i = 0; !error && i < KM_RECORD_TABLES; i++)
		if (km_record_tables[i].all)
			error = check_table(fsck, &km_record_tables[i], problem);
	return error;
}
