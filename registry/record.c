#include "registry/record.h"

#include "base/buf.h"
#include "base/encode.h"
#include "keys/random.h"
#include "registry/sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ONE(name, key) 1, "SELECT * FROM " name " WHERE " key " = :a", "SELECT * FROM " name " ORDER BY " key
#define TWO(name, a, b)                                                                                                \
	2, "SELECT * FROM " name " WHERE " a " = :a AND " b " = :b", "SELECT * FROM " name " ORDER BY " a ", " b

const struct km_record_table km_record_tables[KM_RECORD_TABLES] = {
	{"register", ONE("register", "one")},
	{"scheme", TWO("scheme", "id", "version")},
	{"body", ONE("body", "id")},
	{"body_contact", ONE("body_contact", "body_id")},
	{"body_scheme", TWO("body_scheme", "body_id", "scheme_id")},
	{"person", ONE("person", "id")},
	{"person_roles", TWO("person_roles", "person_id", "sequence")},
	{"person_key", ONE("person_key", "thumbprint")},
	{"invitation", ONE("invitation", "code_sha256")},
	{"provider", ONE("provider", "id")},
	{"provider_trade_name", TWO("provider_trade_name", "provider_id", "position")},
	{"provider_domain", TWO("provider_domain", "provider_id", "position")},
	{"provider_contact", ONE("provider_contact", "provider_id")},
	{"provider_link", ONE("provider_link", "token_sha256")},
	{"report", ONE("report", "id")},
	{"purge", ONE("purge", "submission_id")},
	{"submission", 1, "SELECT * FROM submission WHERE sequence = :a", NULL},
	{"audit", 1, "SELECT * FROM audit WHERE submission_id = :a", NULL},
	{"decision", 1, "SELECT * FROM decision WHERE submission_id = :a", NULL},
	{"mark_period", 2, "SELECT * FROM mark_period WHERE mark_id = :a AND sequence = :b", NULL},
	{"event", 1, "SELECT * FROM event WHERE id = :a", NULL},
};

/* The tables whose key is a blob. */
static bool has_blob_key(const struct km_record_table *table)
{
	return strcmp(table->name, "invitation") == 0 || strcmp(table->name, "provider_link") == 0;
}

struct km_record_key km_record_key(const char *format, ...)
{
	struct km_record_key key;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(key.text, sizeof key.text, format, arguments);
	va_end(arguments);
	return key;
}

struct km_record_key km_record_key_hex(const void *bytes, size_t len)
{
	struct km_record_key key = {""};
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_encode(KM_HEX, bytes, len, &text);
	if (!text.failed)
		snprintf(key.text, sizeof key.text, "%s", text.data);
	return key;
}

const struct km_record_table *km_record_find_table(const char *name)
{
	for (size_t i = 0; i < KM_RECORD_TABLES; i++)
		if (strcmp(km_record_tables[i].name, name) == 0)
			return &km_record_tables[i];
	return NULL;
}

/* ------------------------------------------------------------------------------------------------ what a row comes to
 */

enum km_error km_record_key_of(const struct km_record_table *table, struct km_statement *statement,
                               struct km_record_key *ret_key, struct km_problem *problem)
{
	if (has_blob_key(table)) {
		size_t len;
		const void *bytes = km_sql_get_blob(statement, 0, &len);
		*ret_key = km_record_key_hex(bytes, len);
		return *ret_key->text ? KM_OK : km_fail_memory(problem);
	}
	const char *first = km_sql_get_text(statement, 0), *second = NULL;
	if (table->key_columns == 2)
		second = km_sql_get_text(statement, 1);
	*ret_key = km_record_key("%s%s%s", first ? first : "", second ? "/" : "", second ? second : "");
	return KM_OK;
}

enum km_error km_record_digest(const struct km_record_table *table, struct km_statement *statement,
                               const uint8_t salt[static KM_RECORD_SALT_BYTES],
                               uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add_text(&text, table->name);
	for (int column = 0; column < km_sql_columns(statement); column++) {
		km_buf_add_char(&text, column ? ',' : '\n');
		km_sql_quote(statement, column, &text);
	}
	if (text.failed)
		return km_fail_memory(problem);
	km_sha256_two(salt, KM_RECORD_SALT_BYTES, text.data, text.len, ret_digest);
	km_wipe(text.data, text.len);
	return KM_OK;
}

enum km_error km_record_chain(const uint8_t before[static KM_SHA256_BYTES], const struct km_record *record,
                              uint8_t ret_chain[static KM_SHA256_BYTES], struct km_problem *problem)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add_format(&text, "%" PRId64 "\n%s\n%s\n%" PRId64 "\n", record->sequence, record->table, record->key,
	                  record->recorded_at);
	if (record->sha256)
		km_encode(KM_HEX, record->sha256, KM_SHA256_BYTES, &text);
	if (text.failed)
		return km_fail_memory(problem);
	km_sha256_two(before, KM_SHA256_BYTES, text.data, text.len, ret_chain);
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------------------ writing
 */

void km_record_row_done(struct km_record_row *row)
{
	km_sql_reset(row->statement);
}

/* Binds the key's columns to :a and :b of the table's statement. False where it is no such key. */
static bool bind_key(const struct km_record_table *table, struct km_record_row *row)
{
	char *text = row->key.text;
	if (has_blob_key(table)) {
		km_sql_blob(row->statement, ":a", row->blob, sizeof row->blob);
		return km_decode_exact(KM_HEX, text, strlen(text), row->blob, sizeof row->blob);
	}
	char *slash = table->key_columns == 2 ? strchr(text, '/') : NULL;
	if (slash)
		*slash = '\0';
	km_sql_text(row->statement, ":a", text);
	if (table->key_columns == 2)
		km_sql_text(row->statement, ":b", slash ? slash + 1 : "");
	return true;
}

enum km_error km_record_find_row(struct km_store *store, const struct km_record_table *table, const char *key,
                                 struct km_record_row *ret_row, struct km_problem *problem)
{
	enum km_error error = km_sql(store, table->row, &ret_row->statement, problem);
	if (error)
		return error;
	ret_row->key = km_record_key("%s", key);
	return bind_key(table, ret_row) ? km_sql_step(ret_row->statement, &ret_row->found, problem) : KM_OK;
}

/* The digest of the row as it is now. */
static enum km_error digest_row(struct km_store *store, const struct km_record_table *table, const char *key,
                                const uint8_t salt[static KM_RECORD_SALT_BYTES],
                                uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem)
{
	auto_record_row struct km_record_row row = {0};
	enum km_error error = km_record_find_row(store, table, key, &row, problem);
	if (!error && !row.found)
		error = km_fail(problem, KM_BUG, "record", "there is no row %s of %s to note", key, table->name);
	return error ? error : km_record_digest(table, row.statement, salt, ret_digest, problem);
}

/* What was noted of the row before can no longer be held against it. */
static enum km_error drop_salt(struct km_store *store, const char *table, const char *key, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "UPDATE record SET salt = NULL WHERE table_name = :table AND row_key = :key AND salt IS NOT NULL",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":table", table);
	km_sql_text(statement, ":key", key);
	return km_sql_run(statement, problem);
}

enum km_error km_record_last(struct km_store *store, int64_t *ret_sequence, uint8_t ret_chain[static KM_SHA256_BYTES],
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store, "SELECT sequence, chain FROM record WHERE sequence = (SELECT max(sequence) FROM record)",
	           &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	memset(ret_chain, 0, KM_SHA256_BYTES);
	*ret_sequence = row ? km_sql_get_int(statement, 0) : 0;
	size_t len = 0;
	const void *chain = row ? km_sql_get_blob(statement, 1, &len) : NULL;
	if (len == KM_SHA256_BYTES)
		memcpy(ret_chain, chain, len);
	return KM_OK;
}

static enum km_error append(struct km_store *store, struct km_record *record, const uint8_t *salt,
                            struct km_problem *problem)
{
	uint8_t before[KM_SHA256_BYTES], chain[KM_SHA256_BYTES];
	enum km_error error = km_record_last(store, &record->sequence, before, problem);
	record->sequence++;
	if (!error)
		error = km_record_chain(before, record, chain, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store,
	               "INSERT INTO record (sequence, table_name, row_key, recorded_at, sha256, salt, chain)"
	               " VALUES (:sequence, :table, :key, :now, :sha256, :salt, :chain)",
	               &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":sequence", record->sequence);
	km_sql_text(statement, ":table", record->table);
	km_sql_text(statement, ":key", record->key);
	km_sql_int(statement, ":now", record->recorded_at);
	if (salt) {
		km_sql_blob(statement, ":sha256", record->sha256, KM_SHA256_BYTES);
		km_sql_blob(statement, ":salt", salt, KM_RECORD_SALT_BYTES);
	}
	km_sql_blob(statement, ":chain", chain, sizeof chain);
	return km_sql_run(statement, problem);
}

enum km_error km_record_note(struct km_store *store, const char *table, struct km_record_key key, int64_t now,
                             struct km_problem *problem)
{
	const struct km_record_table *known = km_record_find_table(table);
	if (!known)
		return km_fail(problem, KM_BUG, "record", "rows of %s are not noted", table);
	uint8_t salt[KM_RECORD_SALT_BYTES], digest[KM_SHA256_BYTES];
	struct km_record record = {.recorded_at = now, .table = table, .key = key.text, .sha256 = digest};
	enum km_error error = km_random(salt, sizeof salt, problem);
	if (!error)
		error = digest_row(store, known, key.text, salt, digest, problem);
	if (!error)
		error = drop_salt(store, table, key.text, problem);
	if (!error)
		error = append(store, &record, salt, problem);
	km_wipe(salt, sizeof salt);
	return error;
}

enum km_error km_record_erase(struct km_store *store, const char *table, struct km_record_key key, int64_t now,
                              struct km_problem *problem)
{
	struct km_record record = {.recorded_at = now, .table = table, .key = key.text};
	if (!km_record_find_table(table))
		return km_fail(problem, KM_BUG, "record", "rows of %s are not noted", table);
	enum km_error error = drop_salt(store, table, key.text, problem);
	return error ? error : append(store, &record, NULL, problem);
}
