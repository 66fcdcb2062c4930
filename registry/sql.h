/*
 * Inside registry/ only: statements, in the SQL that SQLite and PostgreSQL have in common. A statement is prepared once
 * for each connection and found again by the address of its text, so the text must be a literal that stands beside the
 * function that runs it.
 */
#ifndef KM_REGISTRY_SQL_H
#define KM_REGISTRY_SQL_H

#include "base/buf.h"
#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct km_statement; /* borrowed from the store; reset by auto_statement at the end of its scope */

struct km_scheme;
struct km_sql_driver; /* registry/sql_driver.h */

enum { KM_STATEMENT_BUCKETS = 64, KM_STORE_SCHEMES = 8 };

/* What stands behind a store; registry/store.c makes it. */
struct km_store {
	const struct km_sql_driver *driver;
	void *connection; /* the driver's */
	char *url;
	bool writes;
	struct km_statement *statements[KM_STATEMENT_BUCKETS]; /* by address of their text */
	struct km_scheme *schemes[KM_STORE_SCHEMES];           /* read before, and read again only where the bytes differ */
	size_t schemes_next;                                   /* which of them gives way to another */
};

/* Parameters are named (":kvk"). A name that the text lacks is KM_BUG, kept until the next step. The same text may be
 * asked for again while it is in use (from within a callback): that gives another statement. Text and blobs that are
 * bound stay the caller's until the statement is reset. */
enum km_error km_sql(struct km_store *store, const char *literal, struct km_statement **ret_statement,
                     struct km_problem *problem);
void km_sql_int(struct km_statement *statement, const char *name, int64_t number);
void km_sql_int_or_null(struct km_statement *statement, const char *name, int64_t number); /* 0 becomes NULL */
void km_sql_text(struct km_statement *statement, const char *name, const char *text); /* NULL becomes NULL; borrowed */
void km_sql_blob(struct km_statement *statement, const char *name, const void *bytes, size_t len);

/* *ret_row tells whether there is a row to read. A broken constraint is KM_CONFLICT with the database's own words, a
 * lock that stays or a connection that is gone is KM_UNAVAILABLE, all else KM_IO. */
enum km_error km_sql_step(struct km_statement *statement, bool *ret_row, struct km_problem *problem);

/* Steps to a row that has to be there: where there is none, that is `none` with this type and message. */
enum km_error km_sql_expect(struct km_statement *statement, struct km_problem *problem, enum km_error none,
                            const char *type, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Runs a statement that gives no row. */
enum km_error km_sql_run(struct km_statement *statement, struct km_problem *problem);

/* The first value of the one row that a statement without parameters gives; 0 where it gives none. */
enum km_error km_sql_number(struct km_store *store, const char *literal, int64_t *ret_number,
                            struct km_problem *problem);

/* Columns of the present row, from 0; text is borrowed until the next step, NULL for NULL. */
int64_t km_sql_get_int(struct km_statement *statement, int column);
const char *km_sql_get_text(struct km_statement *statement, int column);
const void *km_sql_get_blob(struct km_statement *statement, int column, size_t *ret_len);

/* A copy of the text, the caller's (free); NULL for NULL. False where memory ran out. */
bool km_sql_copy_text(struct km_statement *statement, int column, const char **ret_text);

/* Adds the value as an SQL literal, by which values that differ differ: NULL, 12, 'text', X'00FF'. */
void km_sql_quote(struct km_statement *statement, int column, struct km_buf *buf);

/* How many columns the statement gives, and what they are called; borrowed. */
int km_sql_columns(struct km_statement *statement);
const char *km_sql_column_name(struct km_statement *statement, int column);

/* Less than, equal to or greater than 0: how the values of one column of two rows, of two stores even, are ordered:
 * NULL, numbers, texts by their bytes, blobs. */
int km_sql_order(struct km_statement *a, struct km_statement *b, int column);

/* A value as the database holds it; bytes are borrowed until the next step. */
enum km_sql_type { KM_SQL_NULL, KM_SQL_INTEGER, KM_SQL_TEXT, KM_SQL_BLOB }; /* in this order */
struct km_sql_value {
	enum km_sql_type type;
	int64_t number;
	const void *bytes;
	size_t len;
};
struct km_sql_value km_sql_get(struct km_statement *statement, int column);

/* Binds the value of a row, of another store even, to a numbered parameter (?1). */
void km_sql_copy_value(struct km_statement *statement, int parameter, struct km_statement *from, int column);

/* Ends the use of the statement; NULL is allowed. */
void km_sql_reset(struct km_statement *statement);
static inline void km_auto_statement(struct km_statement **statement)
{
	km_sql_reset(*statement);
}
#define auto_statement __attribute__((cleanup(km_auto_statement)))

/* Whether it is a file of SQLite; for the few statements that cannot be the same in PostgreSQL. */
bool km_sql_is_sqlite(const struct km_store *store);

/* Finalises every statement of the connection. */
void km_sql_forget(struct km_store *store);

int64_t km_sql_last_id(struct km_store *store);

#endif
