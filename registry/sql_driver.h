/*
 * Inside registry/ only: what a kind of database does for a store. registry/sql.c keeps the statements and
 * registry/store.c the stores; each calls down through this table, and nothing else knows which database it is.
 */
#ifndef KM_REGISTRY_SQL_DRIVER_H
#define KM_REGISTRY_SQL_DRIVER_H

#include "registry/sql.h"

enum { KM_SCHEMA_VERSION = 1 }; /* of registry/schema.sql; registry/postgres.sql says it too */

/* Refuses a register with the schema of a newer program: KM_INVALID "newer-register". */
enum km_error km_schema_check(int64_t version, struct km_problem *problem);

struct km_statement {
	struct km_store *store;
	const struct km_sql_driver *driver; /* the store's */
	const char *literal;
	void *compiled;            /* the driver's */
	struct km_statement *next; /* in the same bucket */
	bool in_use;
	enum km_error bind_error; /* of the first bind that failed: KM_NO_MEMORY, KM_TOO_LARGE, KM_BUG for no such name */
	const char *bind_name;    /* … and its parameter */
};

/* As the functions of registry/sql.h and registry/store.h that are named like them, but for what is said here. */
struct km_sql_driver {
	enum km_error (*prepare)(struct km_statement *statement, struct km_problem *problem); /* sets `compiled` */
	void (*finalize)(struct km_statement *statement);
	int (*find_parameter)(struct km_statement *statement, const char *name); /* from 1; 0 where there is none */
	enum km_error (*bind)(struct km_statement *statement, int parameter, const struct km_sql_value *value);
	enum km_error (*step)(struct km_statement *statement, bool *ret_row, struct km_problem *problem);
	struct km_sql_value (*get)(struct km_statement *statement, int column);
	int64_t (*get_int)(struct km_statement *statement, int column);
	const char *(*get_text)(struct km_statement *statement, int column);
	const void *(*get_blob)(struct km_statement *statement, int column, size_t *ret_len);
	int (*columns)(struct km_statement *statement);
	const char *(*column_name)(struct km_statement *statement, int column);
	void (*reset)(struct km_statement *statement);

	enum km_error (*execute)(struct km_store *store, const char *sql,
	                         struct km_problem *problem); /* several statements */
	void (*close)(struct km_store *store);                /* statements are finalised before */
	int64_t (*last_id)(struct km_store *store);
	enum km_error (*version)(struct km_store *store, int64_t *ret_version, struct km_problem *problem);
	enum km_error (*begin)(struct km_store *store, struct km_problem *problem);
	enum km_error (*commit)(struct km_store *store, struct km_problem *problem);
	void (*rollback)(struct km_store *store);
	enum km_error (*read_begin)(struct km_store *store, struct km_problem *problem);
};

#endif
