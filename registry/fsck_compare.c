#include "registry/fsck_part.h"

#include "base/buf.h"
#include "registry/sql.h"

#include <string.h>

enum { SHOWN_MAX = 100 }; /* bytes of a value */

/* The primary key of the present row, as registry/record.h writes one. */
static void add_key(struct km_statement *statement, int key_columns, struct km_buf *buf)
{
	for (int column = 0; column < key_columns; column++) {
		const char *text = km_sql_get_text(statement, column);
		if (column)
			km_buf_add_char(buf, '/');
		km_buf_add_text(buf, text ? text : "");
	}
}

/* How the keys of two rows are ordered. */
static int order_of(struct km_statement *a, struct km_statement *b, int key_columns)
{
	int order = 0;
	for (int column = 0; !order && column < key_columns; column++)
		order = km_sql_order(a, b, column);
	return order;
}

static enum km_error tell_row(const struct km_fsck *fsck, const struct km_fsck_table *table,
                              struct km_statement *statement, const char *what, struct km_problem *problem)
{
	auto_buf struct km_buf key = KM_BUF_EMPTY;
	add_key(statement, table->key_columns, &key);
	if (key.failed)
		return km_fail_memory(problem);
	return km_fsck_differ(fsck, table->name, key.data, "", "%s", what);
}

/* From where two values differ on, with a little before that. */
static const char *tail_of(const char *text, size_t same)
{
	return same > SHOWN_MAX / 2 ? text + same - SHOWN_MAX / 4 : text;
}

static enum km_error tell_column(const struct km_fsck *fsck, const struct km_fsck_table *table,
                                 struct km_statement *there, struct km_statement *expected, int column,
                                 struct km_problem *problem)
{
	auto_buf struct km_buf key = KM_BUF_EMPTY, is = KM_BUF_EMPTY, should_be = KM_BUF_EMPTY;
	add_key(there, table->key_columns, &key);
	km_sql_quote(there, column, &is);
	km_sql_quote(expected, column, &should_be);
	if (key.failed || is.failed || should_be.failed)
		return km_fail_memory(problem);
	size_t same = 0;
	while (is.data[same] && is.data[same] == should_be.data[same])
		same++;
	return km_fsck_differ(fsck, table->name, key.data, km_sql_column_name(there, column), "is %.*s and should be %.*s",
	                      SHOWN_MAX, tail_of(is.data, same), SHOWN_MAX, tail_of(should_be.data, same));
}

static enum km_error compare_row(const struct km_fsck *fsck, const struct km_fsck_table *table,
                                 struct km_statement *there, struct km_statement *expected, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	for (int column = 0; !error && column < km_sql_columns(there); column++)
		if (km_sql_order(there, expected, column) != 0)
			error = tell_column(fsck, table, there, expected, column, problem);
	return error;
}

enum km_error km_fsck_compare(const struct km_fsck *fsck, struct km_store *fresh, const struct km_fsck_table *table,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *there = NULL, *expected = NULL;
	bool is = false, should_be = false;
	enum km_error error = km_sql(fsck->store, table->all, &there, problem);
	if (!error)
		error = km_sql(fresh, table->all, &expected, problem);
	if (!error)
		error = km_sql_step(there, &is, problem);
	if (!error)
		error = km_sql_step(expected, &should_be, problem);
	while (!error && (is || should_be)) {
		int order = !is ? 1 : !should_be ? -1 : order_of(there, expected, table->key_columns);
		if (order < 0)
			error = tell_row(fsck, table, there, "follows from nothing that was signed", problem);
		else if (order > 0)
			error = tell_row(fsck, table, expected, "is missing", problem);
		else
			error = compare_row(fsck, table, there, expected, problem);
		if (!error && order <= 0)
			error = km_sql_step(there, &is, problem);
		if (!error && order >= 0)
			error = km_sql_step(expected, &should_be, problem);
	}
	return error;
}
