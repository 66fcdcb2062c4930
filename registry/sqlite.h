/*
 * Inside registry/ only: stores that are a file of SQLite.
 */
#ifndef KM_REGISTRY_SQLITE_H
#define KM_REGISTRY_SQLITE_H

#include "registry/sql_driver.h"

#include <sqlite3.h>

extern const struct km_sql_driver km_sqlite_driver;

/* The connection; NULL where the store is none of SQLite. */
sqlite3 *km_sqlite_of(const struct km_store *store);

/* What SQLite has just reported, as an error of ours; for calls that do not go through a statement. */
enum km_error km_sqlite_fail(sqlite3 *db, int code, struct km_problem *problem);

/* Binds a value, which must last; a code of SQLite. */
int km_sqlite_bind_value(sqlite3_stmt *compiled, int parameter, const struct km_sql_value *value);

/* As km_store_create and km_store_open, of a file. */
enum km_error km_sqlite_create(const char *path, const char *url, int64_t now, struct km_problem *problem);
enum km_error km_sqlite_open(const char *path, enum km_store_mode mode, struct km_store **ret_store,
                             struct km_problem *problem);

/* What km_sqlite_driver does for statements (registry/sql_sqlite.c) and for stores (registry/store_sqlite.c). */
enum km_error km_sqlite_prepare(struct km_statement *statement, struct km_problem *problem);
void km_sqlite_finalize(struct km_statement *statement);
int km_sqlite_find_parameter(struct km_statement *statement, const char *name);
enum km_error km_sqlite_bind(struct km_statement *statement, int parameter, const struct km_sql_value *value);
enum km_error km_sqlite_step(struct km_statement *statement, bool *ret_row, struct km_problem *problem);
struct km_sql_value km_sqlite_get(struct km_statement *statement, int column);
int64_t km_sqlite_get_int(struct km_statement *statement, int column);
const char *km_sqlite_get_text(struct km_statement *statement, int column);
const void *km_sqlite_get_blob(struct km_statement *statement, int column, size_t *ret_len);
int km_sqlite_columns(struct km_statement *statement);
const char *km_sqlite_column_name(struct km_statement *statement, int column);
void km_sqlite_reset(struct km_statement *statement);

#endif
