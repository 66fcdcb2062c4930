#include "registry/sqlite.h"

enum km_error km_sqlite_fail(sqlite3 *db, int code, struct km_problem *problem)
{
	const char *words = sqlite3_errmsg(db);
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

enum km_error km_sqlite_prepare(struct km_statement *statement, struct km_problem *problem)
{
	sqlite3 *db = km_sqlite_of(statement->store);
	sqlite3_stmt *compiled = NULL;
	int code = sqlite3_prepare_v3(db, statement->literal, -1, SQLITE_PREPARE_PERSISTENT, &compiled, NULL);
	if (code == SQLITE_OK) {
		statement->compiled = compiled;
		return KM_OK;
	}
	if ((code & 0xff) == SQLITE_ERROR)
		return km_fail(problem, KM_BUG, "sql", "a statement does not fit the schema: %s", sqlite3_errmsg(db));
	return km_sqlite_fail(db, code, problem);
}

void km_sqlite_finalize(struct km_statement *statement)
{
	sqlite3_finalize(statement->compiled);
}

int km_sqlite_find_parameter(struct km_statement *statement, const char *name)
{
	return sqlite3_bind_parameter_index(statement->compiled, name);
}

int km_sqlite_bind_value(sqlite3_stmt *compiled, int parameter, const struct km_sql_value *value)
{
	switch (value->type) {
	case KM_SQL_NULL:
		return sqlite3_bind_null(compiled, parameter);
	case KM_SQL_INTEGER:
		return sqlite3_bind_int64(compiled, parameter, value->number);
	case KM_SQL_TEXT:
		return sqlite3_bind_text64(compiled, parameter, value->bytes, value->len, SQLITE_STATIC, SQLITE_UTF8);
	default:
		return sqlite3_bind_blob64(compiled, parameter, value->bytes, value->len, SQLITE_STATIC);
	}
}

enum km_error km_sqlite_bind(struct km_statement *statement, int parameter, const struct km_sql_value *value)
{
	switch (km_sqlite_bind_value(statement->compiled, parameter, value)) {
	case SQLITE_OK:
		return KM_OK;
	case SQLITE_NOMEM:
		return KM_NO_MEMORY;
	case SQLITE_TOOBIG:
		return KM_TOO_LARGE;
	default:
		return KM_BUG;
	}
}

/* A text that lies in several pages takes memory to be put together: here, where that can be told, and not where it is
 * read, where NULL says that there is none. */
static bool texts_are_whole(sqlite3_stmt *compiled)
{
	int columns = sqlite3_data_count(compiled);
	for (int i = 0; i < columns; i++)
		if (sqlite3_column_type(compiled, i) == SQLITE_TEXT && !sqlite3_column_text(compiled, i))
			return false;
	return true;
}

enum km_error km_sqlite_step(struct km_statement *statement, bool *ret_row, struct km_problem *problem)
{
	int code = sqlite3_step(statement->compiled);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return km_sqlite_fail(km_sqlite_of(statement->store), code, problem);
	if (code == SQLITE_ROW && !texts_are_whole(statement->compiled))
		return km_fail_memory(problem);
	*ret_row = code == SQLITE_ROW;
	return KM_OK;
}

struct km_sql_value km_sqlite_get(struct km_statement *statement, int column)
{
	sqlite3_stmt *compiled = statement->compiled;
	struct km_sql_value value = {KM_SQL_NULL, 0, NULL, 0};
	switch (sqlite3_column_type(compiled, column)) {
	case SQLITE_NULL:
		return value;
	case SQLITE_INTEGER:
		value.type = KM_SQL_INTEGER;
		value.number = sqlite3_column_int64(compiled, column);
		return value;
	case SQLITE_BLOB:
		value.type = KM_SQL_BLOB;
		value.bytes = sqlite3_column_blob(compiled, column);
		break;
	default: /* no column of ours holds SQLITE_FLOAT */
		value.type = KM_SQL_TEXT;
		value.bytes = sqlite3_column_text(compiled, column);
		break;
	}
	value.len = (size_t)sqlite3_column_bytes(compiled, column);
	if (!value.bytes)
		value.bytes = "";
	return value;
}

int64_t km_sqlite_get_int(struct km_statement *statement, int column)
{
	return sqlite3_column_int64(statement->compiled, column);
}

const char *km_sqlite_get_text(struct km_statement *statement, int column)
{
	return (const char *)sqlite3_column_text(statement->compiled, column);
}

const void *km_sqlite_get_blob(struct km_statement *statement, int column, size_t *ret_len)
{
	const void *bytes = sqlite3_column_blob(statement->compiled, column);
	*ret_len = (size_t)sqlite3_column_bytes(statement->compiled, column);
	return bytes;
}

int km_sqlite_columns(struct km_statement *statement)
{
	return sqlite3_column_count(statement->compiled);
}

const char *km_sqlite_column_name(struct km_statement *statement, int column)
{
	return sqlite3_column_name(statement->compiled, column);
}

void km_sqlite_reset(struct km_statement *statement)
{
	sqlite3_reset(statement->compiled);
	sqlite3_clear_bindings(statement->compiled);
}
