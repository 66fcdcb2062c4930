/*
 * Inside registry/ only: stores that are a database of PostgreSQL.
 */
#ifndef KM_REGISTRY_POSTGRES_H
#define KM_REGISTRY_POSTGRES_H

#include "registry/sql_driver.h"

#include <libpq-fe.h>

extern const struct km_sql_driver km_postgres_driver;

/* As km_store_create and km_store_open. */
enum km_error km_postgres_create(const char *address, const char *url, int64_t now, struct km_problem *problem);
enum km_error km_postgres_open(const char *address, enum km_store_mode mode, struct km_store **ret_store,
                               struct km_problem *problem);

/* What stands behind a store. */
struct km_postgres {
	PGconn *connection;
	unsigned generation; /* how often it was connected: what was prepared is gone with a connection */
	unsigned names;      /* how many names of prepared statements were given out */
	bool lost;           /* the connection is gone, whatever libpq knows of it */
	bool in_transaction; /* one was begun, and neither committed nor rolled back */
};

/* What a register's tables and triggers are made with. */
const char *km_postgres_schema(void);

/* Connects anew where the connection is gone and no transaction was begun on it. KM_UNAVAILABLE. */
enum km_error km_postgres_ready(struct km_store *store, struct km_problem *problem);

/* What PostgreSQL has just answered, as an error of ours. The result may be NULL. */
enum km_error km_postgres_fail(struct km_store *store, const PGresult *result, struct km_problem *problem);

/* What km_postgres_driver does for statements (registry/sql_postgres.c) and for stores (registry/store_postgres.c). */
enum km_error km_postgres_prepare(struct km_statement *statement, struct km_problem *problem);
void km_postgres_finalize(struct km_statement *statement);
int km_postgres_find_parameter(struct km_statement *statement, const char *name);
enum km_error km_postgres_bind(struct km_statement *statement, int parameter, const struct km_sql_value *value);
enum km_error km_postgres_step(struct km_statement *statement, bool *ret_row, struct km_problem *problem);
struct km_sql_value km_postgres_get(struct km_statement *statement, int column);
int64_t km_postgres_get_int(struct km_statement *statement, int column);
const char *km_postgres_get_text(struct km_statement *statement, int column);
const void *km_postgres_get_blob(struct km_statement *statement, int column, size_t *ret_len);
int km_postgres_columns(struct km_statement *statement);
const char *km_postgres_column_name(struct km_statement *statement, int column);
void km_postgres_reset(struct km_statement *statement);

static inline void km_auto_result(PGresult **result)
{
	PQclear(*result);
}
#define auto_result __attribute__((cleanup(km_auto_result)))

#endif
