#include "registry/postgres.h"

#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETERS_MAX = 32, NUMBER_TEXT = 24, NAME_TEXT = 16 };

/* Types by their numbers in PostgreSQL's catalogue, which never change. */
enum { BOOLEAN = 16, BYTES = 17, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, UNKNOWN = 705, VARCHAR = 1043 };

struct compiled {
	char *sql;                        /* owned; with $1 for the first parameter */
	char name[NAME_TEXT];             /* of the prepared statement */
	unsigned generation;              /* of the connection on which it was prepared; 0 before the first step */
	char *parameters[PARAMETERS_MAX]; /* owned: their names; empty for one that has only a number */
	int parameters_len;
	const char *values[PARAMETERS_MAX];
	int lens[PARAMETERS_MAX], formats[PARAMETERS_MAX];
	Oid types[PARAMETERS_MAX]; /* 0: what it is held against says so */
	char numbers[PARAMETERS_MAX][NUMBER_TEXT];
	PGresult *result; /* NULL before the first step */
	int row;
	int columns;
	char (*texts)[NUMBER_TEXT]; /* owned; numbers of the present row as text, one for each column */
};

/* ------------------------------------------------------------------------------------------------------- parameters */

static void free_compiled(struct compiled *compiled)
{
	if (!compiled)
		return;
	PQclear(compiled->result);
	for (int i = 0; i < compiled->parameters_len; i++)
		free(compiled->parameters[i]);
	free(compiled->texts);
	free(compiled->sql);
	free(compiled);
}

static bool is_name(char symbol)
{
	return (symbol >= 'a' && symbol <= 'z') || (symbol >= '0' && symbol <= '9') || symbol == '_';
}

/* The number of the parameter with this name, a new one where it is met for the first time; 0 where there are too many
 * or memory ran out. */
static int number_of(struct compiled *compiled, const char *name, size_t len)
{
	for (int i = 0; i < compiled->parameters_len; i++)
		if (strncmp(compiled->parameters[i], name, len) == 0 && !compiled->parameters[i][len])
			return i + 1;
	if (compiled->parameters_len == PARAMETERS_MAX)
		return 0;
	char *copy = strndup(name, len);
	if (!copy)
		return 0;
	compiled->parameters[compiled->parameters_len++] = copy;
	return compiled->parameters_len;
}

/* ":kvk" and "?2" become "$1" and so on, outside of what is in quotation marks. */
static enum km_error translate(const char *literal, struct compiled *compiled, struct km_problem *problem)
{
	auto_buf struct km_buf sql = KM_BUF_EMPTY;
	bool quoted = false;
	for (const char *at = literal; *at;) {
		size_t len = 1;
		quoted ^= *at == '\'';
		bool parameter = !quoted && (*at == '?' || (*at == ':' && at[1] != ':' && (at == literal || at[-1] != ':'))) &&
		                 is_name(at[1]);
		while (parameter && is_name(at[len]))
			len++;
		int number = parameter ? number_of(compiled, at, len) : 0;
		if (parameter && !number)
			return km_fail(problem, KM_BUG, "sql", "too many parameters: %s", literal);
		if (parameter)
			km_buf_add_format(&sql, "$%d", number);
		else
			km_buf_add_char(&sql, *at);
		at += len;
	}
	compiled->sql = km_buf_take(&sql, NULL);
	return compiled->sql ? KM_OK : km_fail_memory(problem);
}

int km_postgres_find_parameter(struct km_statement *statement, const char *name)
{
	struct compiled *compiled = statement->compiled;
	for (int i = 0; i < compiled->parameters_len; i++)
		if (strcmp(compiled->parameters[i], name) == 0)
			return i + 1;
	return 0;
}

enum km_error km_postgres_bind(struct km_statement *statement, int parameter, const struct km_sql_value *value)
{
	struct compiled *compiled = statement->compiled;
	if (parameter < 1 || parameter > compiled->parameters_len)
		return KM_BUG;
	if (value->len > INT32_MAX)
		return KM_TOO_LARGE;
	int i = parameter - 1;
	compiled->lens[i] = (int)value->len;
	/* As text, a number fits a column of whatever width, and the text of a number one of numbers, as in SQLite. */
	compiled->formats[i] = value->type == KM_SQL_BLOB;
	compiled->values[i] = value->bytes;
	if (value->type == KM_SQL_NULL)
		compiled->values[i] = NULL;
	if (value->type == KM_SQL_INTEGER) {
		snprintf(compiled->numbers[i], NUMBER_TEXT, "%" PRId64, value->number);
		compiled->values[i] = compiled->numbers[i];
		compiled->types[i] = INT8;
	}
	return KM_OK;
}

/* ---------------------------------------------------------------------------------------------------------- running */

/* At the first step, when it is known which parameters are numbers. */
static enum km_error prepare_here(struct km_statement *statement, struct km_problem *problem)
{
	struct km_postgres *postgres = statement->store->connection;
	struct compiled *compiled = statement->compiled;
	snprintf(compiled->name, NAME_TEXT, "s%u", ++postgres->names);
	auto_result PGresult *result =
		PQprepare(postgres->connection, compiled->name, compiled->sql, compiled->parameters_len, compiled->types);
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		if (state && strncmp(state, "42", 2) == 0)
			return km_fail(problem, KM_BUG, "sql", "a statement does not fit the schema: %s: %s",
			               PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), compiled->sql);
		return km_postgres_fail(statement->store, result, problem);
	}
	compiled->generation = postgres->generation;
	return KM_OK;
}

enum km_error km_postgres_prepare(struct km_statement *statement, struct km_problem *problem)
{
	struct compiled *compiled = calloc(1, sizeof *compiled);
	if (!compiled)
		return km_fail_memory(problem);
	enum km_error error = translate(statement->literal, compiled, problem);
	if (error)
		free_compiled(compiled);
	else
		statement->compiled = compiled;
	return error;
}

static bool is_known(Oid type)
{
	static const Oid known[] = {BOOLEAN, BYTES, INT8, INT2, INT4, TEXT, UNKNOWN, VARCHAR};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i] == type)
			return true;
	return false;
}

static enum km_error check_columns(struct km_statement *statement, struct km_problem *problem)
{
	struct compiled *compiled = statement->compiled;
	int columns = PQnfields(compiled->result);
	for (int i = 0; i < columns; i++)
		if (!is_known(PQftype(compiled->result, i)))
			return km_fail(problem, KM_BUG, "sql", "column %d is of a type that is not read here: %s", i,
			               compiled->sql);
	if (!compiled->texts && columns) {
		compiled->columns = columns;
		compiled->texts = calloc((size_t)columns, sizeof *compiled->texts);
		if (!compiled->texts)
			return km_fail_memory(problem);
	}
	return KM_OK;
}

/* All rows at once: what is read here is bounded, but for what an audit walks through. */
static enum km_error execute(struct km_statement *statement, struct km_problem *problem)
{
	struct km_postgres *postgres = statement->store->connection;
	struct compiled *compiled = statement->compiled;
	enum km_error error = km_postgres_ready(statement->store, problem);
	if (!error && compiled->generation != postgres->generation)
		error = prepare_here(statement, problem);
	if (error)
		return error;
	PGresult *result = PQexecPrepared(postgres->connection, compiled->name, compiled->parameters_len, compiled->values,
	                                  compiled->lens, compiled->formats, 1);
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
		error = km_postgres_fail(statement->store, result, problem);
		PQclear(result);
		return error;
	}
	compiled->result = result;
	compiled->row = -1;
	return check_columns(statement, problem);
}

enum km_error km_postgres_step(struct km_statement *statement, bool *ret_row, struct km_problem *problem)
{
	struct compiled *compiled = statement->compiled;
	enum km_error error = compiled->result ? KM_OK : execute(statement, problem);
	if (error)
		return error;
	if (compiled->row < PQntuples(compiled->result))
		compiled->row++;
	*ret_row = compiled->row < PQntuples(compiled->result);
	return KM_OK;
}

void km_postgres_reset(struct km_statement *statement)
{
	struct compiled *compiled = statement->compiled;
	PQclear(compiled->result);
	compiled->result = NULL;
	memset(compiled->values, 0, sizeof compiled->values);
}

void km_postgres_finalize(struct km_statement *statement)
{
	free_compiled(statement->compiled);
}

/* ---------------------------------------------------------------------------------------------------------- columns */

static int64_t read_number(const struct compiled *compiled, int column)
{
	const uint8_t *bytes = (const uint8_t *)PQgetvalue(compiled->result, compiled->row, column);
	int len = PQgetlength(compiled->result, compiled->row, column);
	uint64_t number = len && bytes[0] & 0x80 ? UINT64_MAX : 0; /* two's complement, the highest byte first */
	for (int i = 0; i < len; i++)
		number = number << 8 | bytes[i];
	return (int64_t)number;
}

struct km_sql_value km_postgres_get(struct km_statement *statement, int column)
{
	const struct compiled *compiled = statement->compiled;
	struct km_sql_value value = {KM_SQL_NULL, 0, NULL, 0};
	if (!compiled->result || compiled->row < 0 || compiled->row >= PQntuples(compiled->result) ||
	    PQgetisnull(compiled->result, compiled->row, column))
		return value;
	switch (PQftype(compiled->result, column)) {
	case BOOLEAN:
	case INT2:
	case INT4:
	case INT8:
		value.type = KM_SQL_INTEGER;
		value.number = read_number(compiled, column);
		return value;
	default:
		value.type = PQftype(compiled->result, column) == BYTES ? KM_SQL_BLOB : KM_SQL_TEXT;
		value.bytes = PQgetvalue(compiled->result, compiled->row, column); /* closed by a NUL */
		value.len = (size_t)PQgetlength(compiled->result, compiled->row, column);
		return value;
	}
}

int64_t km_postgres_get_int(struct km_statement *statement, int column)
{
	struct km_sql_value value = km_postgres_get(statement, column);
	return value.type == KM_SQL_TEXT ? strtoll(value.bytes, NULL, 10) : value.number;
}

const char *km_postgres_get_text(struct km_statement *statement, int column)
{
	struct compiled *compiled = statement->compiled;
	struct km_sql_value value = km_postgres_get(statement, column);
	if (value.type != KM_SQL_INTEGER)
		return value.bytes;
	snprintf(compiled->texts[column], NUMBER_TEXT, "%" PRId64, value.number);
	return compiled->texts[column];
}

const void *km_postgres_get_blob(struct km_statement *statement, int column, size_t *ret_len)
{
	struct km_sql_value value = km_postgres_get(statement, column);
	*ret_len = value.len;
	return value.bytes;
}

int km_postgres_columns(struct km_statement *statement)
{
	const struct compiled *compiled = statement->compiled;
	return compiled->result ? PQnfields(compiled->result) : compiled->columns;
}

const char *km_postgres_column_name(struct km_statement *statement, int column)
{
	const struct compiled *compiled = statement->compiled;
	return PQfname(compiled->result, column);
}
