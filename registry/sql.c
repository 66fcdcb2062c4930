#include "registry/sql.h"

#include "base/encode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct km_statement {
	struct km_store *store;
	const char *literal;
	sqlite3_stmt *compiled;
	struct km_statement *next; /* in the same bucket */
	bool in_use;
	int bind_code;         /* the first bind that failed, or SQLITE_OK */
	const char *bind_name; /* … and its parameter */
};

enum km_error km_sql_fail(struct km_store *store, int code, struct km_problem *problem)
{
	const char *words = sqlite3_errmsg(store->db);
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return km_fail(problem, KM_CONFLICT, "constraint", "the register does not allow this: %s", words);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return km_fail(problem, KM_UNAVAILABLE, "database-locked",
		               "the register is in use by another program: try again in a moment");
	case SQLITE_NOMEM:
		return km_fail_memory(problem);
	case SQLITE_FULL:
		return km_fail(problem, KM_IO, "disk-full", "the disk of the register is full: make room and try again");
	case SQLITE_NOTADB:
		return km_fail(problem, KM_INVALID, "not-a-register",
		               "this file is not a register of keurmerk: check the path, or make one with `keurmerk init`");
	case SQLITE_CORRUPT:
		return km_fail(problem, KM_IO, "database-damaged", "the register's file is damaged (%s): put back a backup",
		               words);
	case SQLITE_READONLY:
		return km_fail(problem, KM_IO, "database-read-only", "the register cannot be written: %s", words);
	default:
		return km_fail(problem, KM_IO, "database", "the register's database failed: %s", words);
	}
}

static size_t bucket_of(const char *literal)
{
	uintptr_t address = (uintptr_t)literal;
	return (size_t)((address >> 4) ^ (address >> 10)) % KM_STATEMENT_BUCKETS;
}

static enum km_error prepare(struct km_store *store, const char *literal, struct km_statement **ret_statement,
                             struct km_problem *problem)
{
	struct km_statement *made = calloc(1, sizeof *made);
	if (!made)
		return km_fail_memory(problem);
	int code = sqlite3_prepare_v3(store->db, literal, -1, SQLITE_PREPARE_PERSISTENT, &made->compiled, NULL);
	if (code != SQLITE_OK) {
		free(made);
		if ((code & 0xff) == SQLITE_ERROR)
			return km_fail(problem, KM_BUG, "sql", "a statement does not fit the schema: %s",
			               sqlite3_errmsg(store->db));
		return km_sql_fail(store, code, problem);
	}
	made->store = store;
	made->literal = literal;
	struct km_statement **bucket = &store->statements[bucket_of(literal)];
	made->next = *bucket;
	*bucket = made;
	*ret_statement = made;
	return KM_OK;
}

enum km_error km_sql(struct km_store *store, const char *literal, struct km_statement **ret_statement,
                     struct km_problem *problem)
{
	struct km_statement *found = store->statements[bucket_of(literal)];
	while (found && (found->literal != literal || found->in_use))
		found = found->next;
	if (!found) {
		enum km_error error = prepare(store, literal, &found, problem);
		if (error)
			return error;
	}
	found->in_use = true;
	found->bind_code = SQLITE_OK;
	*ret_statement = found;
	return KM_OK;
}

/* The parameter's index; 0, which SQLite refuses with SQLITE_RANGE, where there is none. */
static int index_of(struct km_statement *statement, const char *name)
{
	return sqlite3_bind_parameter_index(statement->compiled, name);
}

static void note_bind(struct km_statement *statement, const char *name, int code)
{
	if (code == SQLITE_OK || statement->bind_code != SQLITE_OK)
		return;
	statement->bind_code = code;
	statement->bind_name = name;
}

void km_sql_int(struct km_statement *statement, const char *name, int64_t number)
{
	note_bind(statement, name, sqlite3_bind_int64(statement->compiled, index_of(statement, name), number));
}

void km_sql_int_or_null(struct km_statement *statement, const char *name, int64_t number)
{
	if (number)
		km_sql_int(statement, name, number);
	else
		note_bind(statement, name, sqlite3_bind_null(statement->compiled, index_of(statement, name)));
}

void km_sql_text(struct km_statement *statement, const char *name, const char *text)
{
	/* With a NULL pointer SQLite binds NULL. */
	note_bind(statement, name,
	          sqlite3_bind_text(statement->compiled, index_of(statement, name), text, -1, SQLITE_STATIC));
}

void km_sql_blob(struct km_statement *statement, const char *name, const void *bytes, size_t len)
{
	/* An empty blob is a blob, not NULL. */
	note_bind(
		statement, name,
		sqlite3_bind_blob64(statement->compiled, index_of(statement, name), len ? bytes : "", len, SQLITE_STATIC));
}

static enum km_error bind_problem(struct km_statement *statement, struct km_problem *problem)
{
	switch (statement->bind_code) {
	case SQLITE_OK:
		return KM_OK;
	case SQLITE_NOMEM:
		return km_fail_memory(problem);
	case SQLITE_TOOBIG:
		return km_fail(problem, KM_TOO_LARGE, "too-large", "the value of %s is too long for the register",
		               statement->bind_name);
	default:
		return km_fail(problem, KM_BUG, "sql", "no parameter %s in: %s", statement->bind_name, statement->literal);
	}
}

enum km_error km_sql_step(struct km_statement *statement, bool *ret_row, struct km_problem *problem)
{
	enum km_error error = bind_problem(statement, problem);
	if (error)
		return error;
	int code = sqlite3_step(statement->compiled);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return km_sql_fail(statement->store, code, problem);
	*ret_row = code == SQLITE_ROW;
	return KM_OK;
}

enum km_error km_sql_expect(struct km_statement *statement, struct km_problem *problem, enum km_error none,
                            const char *type, const char *format, ...)
{
	bool row = false;
	enum km_error error = km_sql_step(statement, &row, problem);
	if (error || row)
		return error;
	char message[sizeof problem->message];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return km_fail(problem, none, type, "%s", message);
}

enum km_error km_sql_run(struct km_statement *statement, struct km_problem *problem)
{
	bool row;
	enum km_error error = km_sql_step(statement, &row, problem);
	if (!error && row)
		return km_fail(problem, KM_BUG, "sql", "a row came where none was meant to: %s", statement->literal);
	return error;
}

int64_t km_sql_get_int(struct km_statement *statement, int column)
{
	return sqlite3_column_int64(statement->compiled, column);
}

const char *km_sql_get_text(struct km_statement *statement, int column)
{
	return (const char *)sqlite3_column_text(statement->compiled, column);
}

const void *km_sql_get_blob(struct km_statement *statement, int column, size_t *ret_len)
{
	const void *bytes = sqlite3_column_blob(statement->compiled, column);
	*ret_len = (size_t)sqlite3_column_bytes(statement->compiled, column);
	return bytes;
}

bool km_sql_copy_text(struct km_statement *statement, int column, const char **ret_text)
{
	const char *text = km_sql_get_text(statement, column);
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		return false;
	*ret_text = copy;
	return true;
}

static void quote_text(const char *text, size_t len, struct km_buf *buf)
{
	km_buf_add_char(buf, '\'');
	for (const char *quote; (quote = memchr(text, '\'', len)); len -= (size_t)(quote - text) + 1, text = quote + 1) {
		km_buf_add(buf, text, (size_t)(quote - text) + 1);
		km_buf_add_char(buf, '\'');
	}
	km_buf_add(buf, text, len);
	km_buf_add_char(buf, '\'');
}

void km_sql_quote(struct km_statement *statement, int column, struct km_buf *buf)
{
	sqlite3_stmt *compiled = statement->compiled;
	switch (sqlite3_column_type(compiled, column)) {
	case SQLITE_NULL:
		km_buf_add_text(buf, "NULL");
		return;
	case SQLITE_INTEGER:
		km_buf_add_format(buf, "%lld", (long long)sqlite3_column_int64(compiled, column));
		return;
	case SQLITE_FLOAT: /* no column of ours holds one */
		km_buf_add_format(buf, "%.17g", sqlite3_column_double(compiled, column));
		return;
	case SQLITE_TEXT: {
		const char *text = (const char *)sqlite3_column_text(compiled, column);
		quote_text(text, (size_t)sqlite3_column_bytes(compiled, column), buf);
		return;
	}
	default: {
		const void *bytes = sqlite3_column_blob(compiled, column);
		km_buf_add_text(buf, "X'");
		km_encode(KM_HEX, bytes, (size_t)sqlite3_column_bytes(compiled, column), buf);
		km_buf_add_char(buf, '\'');
		return;
	}
	}
}

int km_sql_columns(struct km_statement *statement)
{
	return sqlite3_column_count(statement->compiled);
}

const char *km_sql_column_name(struct km_statement *statement, int column)
{
	return sqlite3_column_name(statement->compiled, column);
}

/* The place of a type in SQLite's order. */
static int rank_of(int type)
{
	switch (type) {
	case SQLITE_NULL:
		return 0;
	case SQLITE_INTEGER:
	case SQLITE_FLOAT:
		return 1;
	case SQLITE_TEXT:
		return 2;
	default:
		return 3;
	}
}

static int order_of_bytes(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
	const void *a_bytes = sqlite3_column_blob(a, column), *b_bytes = sqlite3_column_blob(b, column);
	int a_len = sqlite3_column_bytes(a, column), b_len = sqlite3_column_bytes(b, column);
	int shorter = a_len < b_len ? a_len : b_len;
	int order = shorter ? memcmp(a_bytes, b_bytes, (size_t)shorter) : 0;
	return order ? order : (a_len > b_len) - (a_len < b_len);
}

int km_sql_order(struct km_statement *a, struct km_statement *b, int column)
{
	int a_rank = rank_of(sqlite3_column_type(a->compiled, column));
	int b_rank = rank_of(sqlite3_column_type(b->compiled, column));
	if (a_rank != b_rank || a_rank == 0)
		return a_rank - b_rank;
	if (a_rank > 1)
		return order_of_bytes(a->compiled, b->compiled, column);
	sqlite3_int64 a_number = sqlite3_column_int64(a->compiled, column);
	sqlite3_int64 b_number = sqlite3_column_int64(b->compiled, column);
	return (a_number > b_number) - (a_number < b_number);
}

sqlite3_value *km_sql_value(struct km_statement *statement, int column)
{
	return sqlite3_column_value(statement->compiled, column);
}

void km_sql_copy_value(struct km_statement *statement, int parameter, struct km_statement *from, int column)
{
	note_bind(statement, "?",
	          sqlite3_bind_value(statement->compiled, parameter, sqlite3_column_value(from->compiled, column)));
}

void km_sql_reset(struct km_statement *statement)
{
	if (!statement)
		return;
	sqlite3_reset(statement->compiled);
	sqlite3_clear_bindings(statement->compiled);
	statement->in_use = false;
}

void km_sql_forget(struct km_store *store)
{
	for (size_t i = 0; i < KM_STATEMENT_BUCKETS; i++) {
		while (store->statements[i]) {
			struct km_statement *first = store->statements[i];
			store->statements[i] = first->next;
			sqlite3_finalize(first->compiled);
			free(first);
		}
	}
}

int64_t km_sql_last_id(struct km_store *store)
{
	return sqlite3_last_insert_rowid(store->db);
}
