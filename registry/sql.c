#include "registry/sql.h"

#include "base/encode.h"
#include "registry/sqlite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	made->store = store;
	made->driver = store->driver;
	made->literal = literal;
	enum km_error error = store->driver->prepare(made, problem);
	if (error) {
		free(made);
		return error;
	}
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
	found->bind_error = KM_OK;
	*ret_statement = found;
	return KM_OK;
}

static void bind(struct km_statement *statement, const char *name, const struct km_sql_value *value)
{
	int parameter = statement->driver->find_parameter(statement, name);
	enum km_error error = parameter ? statement->driver->bind(statement, parameter, value) : KM_BUG;
	if (!error || statement->bind_error)
		return;
	statement->bind_error = error;
	statement->bind_name = name;
}

void km_sql_int(struct km_statement *statement, const char *name, int64_t number)
{
	bind(statement, name, &(struct km_sql_value){.type = KM_SQL_INTEGER, .number = number});
}

void km_sql_int_or_null(struct km_statement *statement, const char *name, int64_t number)
{
	bind(statement, name, &(struct km_sql_value){.type = number ? KM_SQL_INTEGER : KM_SQL_NULL, .number = number});
}

void km_sql_text(struct km_statement *statement, const char *name, const char *text)
{
	bind(statement, name,
	     &(struct km_sql_value){
			 .type = text ? KM_SQL_TEXT : KM_SQL_NULL, .bytes = text, .len = text ? strlen(text) : 0});
}

void km_sql_blob(struct km_statement *statement, const char *name, const void *bytes, size_t len)
{
	/* An empty blob is a blob, not NULL. */
	bind(statement, name, &(struct km_sql_value){.type = KM_SQL_BLOB, .bytes = len ? bytes : "", .len = len});
}

static enum km_error bind_problem(struct km_statement *statement, struct km_problem *problem)
{
	switch (statement->bind_error) {
	case KM_OK:
		return KM_OK;
	case KM_NO_MEMORY:
		return km_fail_memory(problem);
	case KM_TOO_LARGE:
		return km_fail(problem, KM_TOO_LARGE, "too-large", "the value of %s is too long for the register",
		               statement->bind_name);
	default:
		return km_fail(problem, KM_BUG, "sql", "no parameter %s in: %s", statement->bind_name, statement->literal);
	}
}

enum km_error km_sql_step(struct km_statement *statement, bool *ret_row, struct km_problem *problem)
{
	enum km_error error = bind_problem(statement, problem);
	return error ? error : statement->driver->step(statement, ret_row, problem);
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

enum km_error km_sql_number(struct km_store *store, const char *literal, int64_t *ret_number,
                            struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_number = row ? km_sql_get_int(statement, 0) : 0;
	return error;
}

int64_t km_sql_get_int(struct km_statement *statement, int column)
{
	return statement->driver->get_int(statement, column);
}

const char *km_sql_get_text(struct km_statement *statement, int column)
{
	return statement->driver->get_text(statement, column);
}

const void *km_sql_get_blob(struct km_statement *statement, int column, size_t *ret_len)
{
	return statement->driver->get_blob(statement, column, ret_len);
}

struct km_sql_value km_sql_get(struct km_statement *statement, int column)
{
	return statement->driver->get(statement, column);
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
	struct km_sql_value value = km_sql_get(statement, column);
	switch (value.type) {
	case KM_SQL_NULL:
		km_buf_add_text(buf, "NULL");
		return;
	case KM_SQL_INTEGER:
		km_buf_add_format(buf, "%lld", (long long)value.number);
		return;
	case KM_SQL_TEXT:
		quote_text(value.bytes, value.len, buf);
		return;
	default:
		km_buf_add_text(buf, "X'");
		km_encode(KM_HEX, value.bytes, value.len, buf);
		km_buf_add_char(buf, '\'');
		return;
	}
}

int km_sql_columns(struct km_statement *statement)
{
	return statement->driver->columns(statement);
}

const char *km_sql_column_name(struct km_statement *statement, int column)
{
	return statement->driver->column_name(statement, column);
}

static int order_of_bytes(const struct km_sql_value *a, const struct km_sql_value *b)
{
	size_t shorter = a->len < b->len ? a->len : b->len;
	int order = shorter ? memcmp(a->bytes, b->bytes, shorter) : 0;
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

int km_sql_order(struct km_statement *a, struct km_statement *b, int column)
{
	struct km_sql_value a_value = km_sql_get(a, column), b_value = km_sql_get(b, column);
	if (a_value.type != b_value.type || a_value.type == KM_SQL_NULL)
		return (int)a_value.type - (int)b_value.type;
	if (a_value.type == KM_SQL_INTEGER)
		return (a_value.number > b_value.number) - (a_value.number < b_value.number);
	return order_of_bytes(&a_value, &b_value);
}

void km_sql_copy_value(struct km_statement *statement, int parameter, struct km_statement *from, int column)
{
	struct km_sql_value value = km_sql_get(from, column);
	enum km_error error = statement->driver->bind(statement, parameter, &value);
	if (!error || statement->bind_error)
		return;
	statement->bind_error = error;
	statement->bind_name = "?";
}

void km_sql_reset(struct km_statement *statement)
{
	if (!statement)
		return;
	statement->driver->reset(statement);
	statement->in_use = false;
}

void km_sql_forget(struct km_store *store)
{
	for (size_t i = 0; i < KM_STATEMENT_BUCKETS; i++) {
		while (store->statements[i]) {
			struct km_statement *first = store->statements[i];
			store->statements[i] = first->next;
			first->driver->finalize(first);
			free(first);
		}
	}
}

int64_t km_sql_last_id(struct km_store *store)
{
	return store->driver->last_id(store);
}

bool km_sql_is_sqlite(const struct km_store *store)
{
	return store->driver == &km_sqlite_driver;
}
