#include "registry/postgres.h"

#include "base/buf.h"
#include "base/embed.h"
#include "registry/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

KM_EMBED(km_postgres_sql, "registry/postgres.sql");
KM_EMBED(km_schema_postgres_sql, "registry/schema_postgres.sql");

enum { SERVER_VERSION_MIN = 140000 };

#define LOCK "1263358539" /* "KMRK", as in files; what all who write to this database take */

/* Settings of each connection. What is committed is on disk, however the server is set; a larger promise (that it is on
 * a replica, too) is left as it is. */
static const char settings[] = "SET search_path = keurmerk, pg_temp; SET timezone = 'UTC'; SET lock_timeout = '10s';"
							   "SELECT set_config('synchronous_commit', 'on', false)"
							   " WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')";

/* What we ask of the connection, unless the address says otherwise: to notice a server that is gone. */
static const char *const keywords[] = {
	"connect_timeout",      "tcp_user_timeout", "keepalives_idle", "application_name",
	"target_session_attrs", "dbname",           "client_encoding", NULL};

/* ----------------------------------------------------------------------------------------------------------- errors */

static bool is_class(const char *state, const char *prefix)
{
	return strncmp(state, prefix, strlen(prefix)) == 0;
}

/* The first line of what libpq says, without which server it is about: that may be shown to anybody. */
static const char *words_of(struct km_store *store, const PGresult *result, char *line, size_t line_max)
{
	const struct km_postgres *postgres = store->connection;
	const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	if (!words)
		words = result && *PQresultErrorMessage(result) ? PQresultErrorMessage(result)
		                                                : PQerrorMessage(postgres->connection);
	const char *cause = strstr(words, "failed: ");
	snprintf(line, line_max, "%s", cause ? cause + strlen("failed: ") : words);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Whether it is a matter of waiting: locks, a server that starts, stops or is a replica, too many connections. */
static bool will_pass(const char *state)
{
	static const char *const passing[] = {"08", "57", "55P03", "40", "53300", "25006", "25P03"};
	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
		if (is_class(state, passing[i]))
			return true;
	return false;
}

enum km_error km_postgres_fail(struct km_store *store, const PGresult *result, struct km_problem *problem)
{
	struct km_postgres *postgres = store->connection;
	char line[256];
	const char *words = words_of(store, result, line, sizeof line);
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	/* What has no number comes from libpq itself; a server that stops says so, and closes. */
	if (!state || is_class(state, "57P") || PQstatus(postgres->connection) == CONNECTION_BAD)
		postgres->lost = true;
	if (postgres->lost)
		return km_fail(problem, KM_UNAVAILABLE, "database-gone",
		               "the connection with the register's database is gone: try again in a moment");
	if (is_class(state, "23"))
		return km_fail(problem, KM_CONFLICT, "constraint", "the register does not allow this: %s", words);
	if (is_class(state, "55P03"))
		return km_fail(problem, KM_UNAVAILABLE, "database-locked",
		               "the register is in use by another program: try again in a moment");
	if (will_pass(state))
		return km_fail(problem, KM_UNAVAILABLE, "database-busy",
		               "the register's database cannot do this just now (%s): try again in a moment", words);
	if (is_class(state, "53100"))
		return km_fail(problem, KM_IO, "disk-full", "the disk of the register is full: make room and try again");
	if (is_class(state, "XX001") || is_class(state, "XX002"))
		return km_fail(problem, KM_IO, "database-damaged", "the register's database is damaged (%s): put back a backup",
		               words);
	return km_fail(problem, KM_IO, "database", "the register's database failed: %s (%s)", words, state);
}

/* ------------------------------------------------------------------------------------------------------- connecting */

static enum km_error run(struct km_store *store, const char *sql, struct km_problem *problem)
{
	struct km_postgres *postgres = store->connection;
	auto_result PGresult *result = PQexec(postgres->connection, sql);
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? KM_OK : km_postgres_fail(store, result, problem);
}

/* The one value that a query gives; 0 and KM_OK where it gives none. */
static enum km_error ask(struct km_store *store, const char *sql, int64_t *ret_number, struct km_problem *problem)
{
	struct km_postgres *postgres = store->connection;
	auto_result PGresult *result = PQexec(postgres->connection, sql);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		return km_postgres_fail(store, result, problem);
	*ret_number = PQntuples(result) == 1 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
	return KM_OK;
}

static enum km_error set_up(struct km_store *store, struct km_problem *problem)
{
	struct km_postgres *postgres = store->connection;
	postgres->generation++;
	postgres->lost = false;
	if (PQserverVersion(postgres->connection) < SERVER_VERSION_MIN)
		return km_fail(problem, KM_INVALID, "database-version",
		               "this server is PostgreSQL %d; a register wants 14 or later",
		               PQserverVersion(postgres->connection) / 10000);
	const char *encoding = PQparameterStatus(postgres->connection, "server_encoding");
	if (!encoding || strcmp(encoding, "UTF8") != 0)
		return km_fail(problem, KM_INVALID, "database-encoding",
		               "this database is not in UTF-8: make one with `createdb --encoding=UTF8 --template=template0`");
	return run(store, settings, problem);
}

enum km_error km_postgres_ready(struct km_store *store, struct km_problem *problem)
{
	struct km_postgres *postgres = store->connection;
	if (!postgres->lost && PQstatus(postgres->connection) == CONNECTION_OK)
		return KM_OK;
	if (!postgres->in_transaction)
		PQreset(postgres->connection);
	if (postgres->in_transaction || PQstatus(postgres->connection) != CONNECTION_OK)
		return km_postgres_fail(store, NULL, problem);
	return set_up(store, problem);
}

static void quiet(void *context, const PGresult *notice)
{
	(void)context, (void)notice;
}

/* Of two addresses with a space between, readers go to the second. */
static char *address_for(const char *place, bool writes)
{
	const char *space = strchr(place, ' ');
	if (!space)
		return strdup(place);
	return writes ? strndup(place, (size_t)(space - place)) : strdup(space + 1);
}

/* An address may name several hosts, of which a writer wants the one that writes. */
static enum km_error connect_to(const char *place, enum km_store_mode mode, struct km_store **ret_store,
                                struct km_problem *problem)
{
	struct km_store *store = calloc(1, sizeof *store);
	struct km_postgres *postgres = calloc(1, sizeof *postgres);
	bool writes = mode == KM_STORE_WRITE;
	auto_free char *address = address_for(place, writes);
	if (!store || !postgres || !address) {
		free(store);
		free(postgres);
		return km_fail_memory(problem);
	}
	const char *values[] = {"5", "10000", "10", "keurmerk", writes ? "read-write" : "any", address, "UTF8", NULL};
	*store = (struct km_store){.driver = &km_postgres_driver, .connection = postgres, .writes = writes};
	postgres->connection = PQconnectdbParams(keywords, values, 1);
	enum km_error error = KM_OK;
	if (PQstatus(postgres->connection) != CONNECTION_OK) {
		char line[256];
		error = km_fail(problem, KM_UNAVAILABLE, "database-gone", "no connection with the register's database: %s",
		                words_of(store, NULL, line, sizeof line));
	} else {
		PQsetNoticeReceiver(postgres->connection, quiet, NULL);
		error = set_up(store, problem);
	}
	if (error) {
		km_store_close(store);
		return error;
	}
	*ret_store = store;
	return KM_OK;
}

const char *km_postgres_schema(void)
{
	return km_schema_postgres_sql;
}

static void close_connection(struct km_store *store)
{
	struct km_postgres *postgres = store->connection;
	PQfinish(postgres->connection);
	free(postgres);
}

/* ---------------------------------------------------------------------------------------------------- the whole store
 */

static enum km_error check_version(struct km_store *store, struct km_problem *problem)
{
	int64_t there = 0, version = 0;
	enum km_error error = ask(store, "SELECT count(*) FROM pg_namespace WHERE nspname = 'keurmerk'", &there, problem);
	if (!error && !there)
		return km_fail(problem, KM_ABSENT, "no-register",
		               "there is no register in this database: make one with `keurmerk init`");
	if (!error)
		error = ask(store, "SELECT version FROM schema_version", &version, problem);
	return error ? error : km_schema_check(version, problem);
}

enum km_error km_postgres_open(const char *address, enum km_store_mode mode, struct km_store **ret_store,
                               struct km_problem *problem)
{
	struct km_store *store = NULL;
	enum km_error error = connect_to(address, mode, &store, problem);
	if (!error)
		error = check_version(store, problem);
	if (error) {
		km_store_close(store);
		return error;
	}
	*ret_store = store;
	return KM_OK;
}

static enum km_error fill(struct km_store *store, const char *url, int64_t now, struct km_problem *problem)
{
	enum km_error error = run(store, "CREATE SCHEMA keurmerk", problem);
	if (!error)
		error = run(store, km_postgres_sql, problem);
	if (!error)
		error = run(store, km_schema_postgres_sql, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store, "INSERT INTO register (one, url, created_at) VALUES (1, :url, :now)", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":url", url);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	return error ? error : km_record_note(store, "register", km_record_key("1"), now, problem);
}

/* All in one transaction: a register is there as a whole or not at all. */
enum km_error km_postgres_create(const char *address, const char *url, int64_t now, struct km_problem *problem)
{
	struct km_store *store = NULL;
	int64_t there = 0;
	enum km_error error = connect_to(address, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = ask(store, "SELECT count(*) FROM pg_namespace WHERE nspname = 'keurmerk'", &there, problem);
	if (!error && there)
		error = km_fail(problem, KM_CONFLICT, "register-exists",
		                "there is a register in this database already; nothing was changed");
	if (!error)
		error = run(store, "BEGIN", problem);
	if (!error)
		error = fill(store, url, now, problem);
	if (!error)
		error = run(store, "COMMIT", problem);
	km_store_close(store);
	return error;
}

/* ----------------------------------------------------------------------------------------------------- transactions */

/* A connection may have gone since it was last used: then once more, on a new one. */
static enum km_error begin_with(struct km_store *store, const char *sql, struct km_problem *problem)
{
	struct km_postgres *postgres = store->connection;
	enum km_error error = km_postgres_ready(store, problem);
	if (!error)
		error = run(store, sql, problem);
	if (error && postgres->lost) {
		error = km_postgres_ready(store, problem);
		if (!error)
			error = run(store, sql, problem);
	}
	postgres->in_transaction = !error;
	if (error && PQtransactionStatus(postgres->connection) != PQTRANS_IDLE)
		run(store, "ROLLBACK", NULL);
	return error;
}

/* The lock makes writers come one after another, on however many machines; each sees what the one before has committed.
 * Who is silent for a minute with the lock in hand loses it. */
static enum km_error begin(struct km_store *store, struct km_problem *problem)
{
	return begin_with(store,
	                  "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '60s';"
	                  "SELECT pg_advisory_xact_lock(" LOCK ")",
	                  problem);
}

static enum km_error read_begin(struct km_store *store, struct km_problem *problem)
{
	return begin_with(store, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", problem);
}

/* Where the answer does not come, nobody knows whether it was done. What people signed can be sent again: it is
 * accepted once (registry/submission.h). */
static enum km_error commit(struct km_store *store, struct km_problem *problem)
{
	struct km_postgres *postgres = store->connection;
	auto_result PGresult *result = PQexec(
		postgres->connection,
		"UPDATE schema_version SET changes = changes + 1 WHERE pg_current_xact_id_if_assigned() IS NOT NULL; COMMIT");
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		enum km_error error = km_postgres_fail(store, result, problem);
		if (!postgres->lost)
			return error;
		return km_fail(problem, KM_UNAVAILABLE, "database-gone",
		               "the connection with the register's database was lost at the last moment, so that it may "
		               "be done or not: look, or send the same again");
	}
	postgres->in_transaction = false;
	return KM_OK;
}

static void rollback(struct km_store *store)
{
	struct km_postgres *postgres = store->connection;
	PGTransactionStatusType status = PQtransactionStatus(postgres->connection);
	if (status == PQTRANS_INTRANS || status == PQTRANS_INERROR)
		run(store, "ROLLBACK", NULL);
	postgres->in_transaction = false;
}

static enum km_error version(struct km_store *store, int64_t *ret_version, struct km_problem *problem)
{
	return km_sql_number(store, "SELECT changes FROM schema_version", ret_version, problem);
}

/* 0, which no row has, where the connection is gone. */
static int64_t last_id(struct km_store *store)
{
	int64_t id = 0;
	ask(store, "SELECT current_setting('keurmerk.last_id')", &id, NULL);
	return id;
}

const struct km_sql_driver km_postgres_driver = {
	.prepare = km_postgres_prepare,
	.finalize = km_postgres_finalize,
	.find_parameter = km_postgres_find_parameter,
	.bind = km_postgres_bind,
	.step = km_postgres_step,
	.get = km_postgres_get,
	.get_int = km_postgres_get_int,
	.get_text = km_postgres_get_text,
	.get_blob = km_postgres_get_blob,
	.columns = km_postgres_columns,
	.column_name = km_postgres_column_name,
	.reset = km_postgres_reset,
	.execute = run,
	.close = close_connection,
	.last_id = last_id,
	.version = version,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.read_begin = read_begin,
};
