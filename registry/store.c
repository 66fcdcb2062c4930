#include "registry/store.h"

#include "registry/address.h"
#include "registry/scheme.h"
#include "registry/sqlite.h"
#ifdef HAVE_LIBPQ
#include "registry/postgres.h"
#endif

#include <stdlib.h>
#include <string.h>

static enum km_error read_url(struct km_store *store, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, "SELECT url FROM register", &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	if (!row)
		return km_fail(problem, KM_IO, "database-damaged", "the register does not say at which address it is");
	store->url = strdup(km_sql_get_text(statement, 0));
	return store->url ? KM_OK : km_fail_memory(problem);
}

enum km_error km_schema_check(int64_t version, struct km_problem *problem)
{
	if (version <= KM_SCHEMA_VERSION)
		return KM_OK;
	return km_fail(problem, KM_INVALID, "newer-register",
	               "this register was written by a newer keurmerk (schema %lld; this program knows %d): upgrade this "
	               "program",
	               (long long)version, KM_SCHEMA_VERSION);
}

bool km_store_is_address(const char *place)
{
	return strncmp(place, "postgresql://", 13) == 0 || strncmp(place, "postgres://", 11) == 0;
}

/* A place as it may be shown: an address may hold a password. */
static void prefix_place(struct km_problem *problem, const char *place)
{
	km_problem_prefix(problem, "%s", km_store_is_address(place) ? "the database" : place);
}

#ifndef HAVE_LIBPQ
static enum km_error km_postgres_create(const char *address, const char *url, int64_t now, struct km_problem *problem)
{
	(void)address, (void)url, (void)now;
	return km_fail(problem, KM_INVALID, "no-postgresql", "this program was built without PostgreSQL (libpq)");
}

static enum km_error km_postgres_open(const char *address, enum km_store_mode mode, struct km_store **ret_store,
                                      struct km_problem *problem)
{
	(void)mode, (void)ret_store;
	return km_postgres_create(address, NULL, 0, problem);
}
#endif

enum km_error km_store_open(const char *place, enum km_store_mode mode, struct km_store **ret_store,
                            struct km_problem *problem)
{
	struct km_store *store = NULL;
	enum km_error error = km_store_is_address(place) ? km_postgres_open(place, mode, &store, problem)
	                                                 : km_sqlite_open(place, mode, &store, problem);
	if (error)
		return error;
	error = read_url(store, problem);
	if (error) {
		prefix_place(problem, place);
		km_store_close(store);
		return error;
	}
	*ret_store = store;
	return KM_OK;
}

enum km_error km_store_create(const char *place, const char *url, int64_t now, struct km_problem *problem)
{
	enum km_error error = km_registry_url_check(url, problem);
	if (error)
		return error;
	return km_store_is_address(place) ? km_postgres_create(place, url, now, problem)
	                                  : km_sqlite_create(place, url, now, problem);
}

void km_store_close(struct km_store *store)
{
	if (!store)
		return;
	km_sql_forget(store);
	for (size_t i = 0; i < KM_STORE_SCHEMES; i++)
		km_scheme_free(store->schemes[i]);
	store->driver->close(store);
	free(store->url);
	free(store);
}

const char *km_store_url(const struct km_store *store)
{
	return store->url;
}

enum km_error km_store_version(struct km_store *store, int64_t *ret_version, struct km_problem *problem)
{
	return store->driver->version(store, ret_version, problem);
}

enum km_error km_store_begin(struct km_store *store, struct km_problem *problem)
{
	if (!store->writes)
		return km_fail(problem, KM_BUG, "read-only-store", "a store that was opened to read was asked to write");
	return store->driver->begin(store, problem);
}

enum km_error km_store_commit(struct km_store *store, struct km_problem *problem)
{
	return store->driver->commit(store, problem);
}

void km_store_rollback(struct km_store *store)
{
	store->driver->rollback(store);
}

enum km_error km_store_read_begin(struct km_store *store, struct km_problem *problem)
{
	return store->driver->read_begin(store, problem);
}

void km_store_read_end(struct km_store *store)
{
	store->driver->rollback(store);
}

void km_store_settle(struct km_store *store)
{
	sqlite3 *db = km_sqlite_of(store);
	if (db)
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}
