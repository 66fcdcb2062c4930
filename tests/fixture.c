#include "tests/fixture.h"

#include "base/buf.h"
#include "registry/sqlite.h"
#ifdef HAVE_LIBPQ
#include "registry/postgres.h"
#endif

#include <stdlib.h>
#include <unistd.h>

/* A register on the server of tests/postgres.sh, where that runs the test; a file otherwise. */
static const char *server(void)
{
	return getenv("KEURMERK_TEST_POSTGRES");
}

static void set_up_file(struct fixture *fixture)
{
	struct km_problem problem = {0};
	snprintf(fixture->path, sizeof fixture->path, "%s/register.db", fixture->folder);
	assert_ok(km_store_create(fixture->path, FIXTURE_URL, FIXTURE_NOW, &problem), &problem);
}

#ifdef HAVE_LIBPQ
#define ADDRESS                                                                                                        \
	"postgresql://postgres@/%s?host=%s" /* the name of a database, and the folder of the server's socket               \
	                                     */

static void in_database(const char *address, const char *sql)
{
	PGconn *connection = PQconnectdb(address);
	PGresult *result = PQexec(connection, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s%s", PQerrorMessage(connection), sql);
	PQclear(result);
	PQfinish(connection);
}

static void on_server(const char *sql)
{
	char address[128];
	snprintf(address, sizeof address, ADDRESS, "postgres", server());
	in_database(address, sql);
}

/* Copies of one register that is made once for each program. */
static void set_up_database(struct fixture *fixture)
{
	static int made;
	char name[64], sql[160];
	struct km_problem problem = {0};
	if (!made) {
		snprintf(sql, sizeof sql, "CREATE DATABASE t%d TEMPLATE template0 ENCODING 'UTF8'", (int)getpid());
		on_server(sql);
		snprintf(name, sizeof name, "t%d", (int)getpid());
		snprintf(fixture->path, sizeof fixture->path, ADDRESS, name, server());
		assert_ok(km_store_create(fixture->path, FIXTURE_URL, FIXTURE_NOW, &problem), &problem);
		in_database(fixture->path,
		            "CREATE FUNCTION keurmerk.zeroblob(len int) RETURNS bytea LANGUAGE sql IMMUTABLE AS "
		            "$$ SELECT decode(repeat('00', len), 'hex') $$;"
		            "CREATE FUNCTION keurmerk.printf(format text, n int) RETURNS text LANGUAGE sql IMMUTABLE "
		            "AS $$ SELECT lpad(n::text, 8, '0') $$");
	}
	made++;
	snprintf(name, sizeof name, "t%d_%d", (int)getpid(), made);
	snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE t%d", name, (int)getpid());
	on_server(sql);
	snprintf(fixture->path, sizeof fixture->path, ADDRESS, name, server());
}
#else
static void set_up_database(struct fixture *fixture)
{
	(void)fixture;
	fail_msg("built without libpq");
}
#endif

int fixture_set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/keurmerk-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	if (server())
		set_up_database(fixture);
	else
		set_up_file(fixture);
	struct km_problem problem = {0};
	assert_ok(km_store_open(fixture->path, KM_STORE_WRITE, &fixture->store, &problem), &problem);
	assert_ok(km_store_begin(fixture->store, &problem), &problem);
	*state = fixture;
	return 0;
}

int fixture_tear_down(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	struct fixture *fixture = *state;
	km_store_close(fixture->store);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		char path[160];
		snprintf(path, sizeof path, "%s%s", fixture->path, endings[i]);
		unlink(path);
	}
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

/* What tests write as SQLite has it, blobs in particular, as the register's database has it; the caller's. */
static char *translated(struct fixture *fixture, const char *sql)
{
	struct km_buf text = KM_BUF_EMPTY;
	static const char put_off[] = "PRAGMA defer_foreign_keys = ON;";
	bool file = km_sqlite_of(fixture->store);
	if (!file && strncmp(sql, put_off, strlen(put_off)) == 0) {
		km_buf_add_text(&text, "SET CONSTRAINTS ALL DEFERRED;");
		sql += strlen(put_off);
	}
	for (const char *at = sql; *at; at++) {
		size_t hex = strspn(at + 1, "'") ? strspn(at + 2, "0123456789abcdefABCDEF") : 0;
		if (!file && (*at == 'x' || *at == 'X') && at[1] == '\'' && at[2 + hex] == '\'') {
			km_buf_add_format(&text, "'\\x%.*s'::bytea", (int)hex, at + 2);
			at += 2 + hex;
		} else {
			km_buf_add_char(&text, *at);
		}
	}
	assert_false(text.failed);
	return km_buf_take(&text, NULL);
}

static enum km_error execute(struct fixture *fixture, const char *sql, struct km_problem *problem)
{
	auto_free char *text = translated(fixture, sql);
	return fixture->store->driver->execute(fixture->store, text, problem);
}

void fixture_sql(struct fixture *fixture, const char *sql)
{
	struct km_problem problem = {0};
	if (execute(fixture, sql, &problem))
		fail_msg("%s: %s", problem.message, sql);
}

bool fixture_allows(struct fixture *fixture, const char *sql)
{
	const struct km_sql_driver *driver = fixture->store->driver;
	struct km_problem problem;
	assert_int_equal(driver->execute(fixture->store, "SAVEPOINT may", &problem), KM_OK);
	bool allowed = execute(fixture, sql, &problem) == KM_OK;
	assert_int_equal(driver->execute(fixture->store, allowed ? "RELEASE may" : "ROLLBACK TO may", &problem), KM_OK);
	return allowed;
}

void fixture_disarm(struct fixture *fixture)
{
	sqlite3 *db = km_sqlite_of(fixture->store);
	if (!db) {
		fixture_sql(fixture, "DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgname, tgrelid::regclass AS name FROM "
		                     "pg_trigger WHERE NOT tgisinternal AND tgname <> 'a_number' LOOP EXECUTE format('DROP "
		                     "TRIGGER %I ON %s', t.tgname, t.name); END LOOP; END $$");
		return;
	}
	for (;;) {
		sqlite3_stmt *trigger = NULL;
		char sql[120] = "";
		sqlite3_prepare_v2(db, "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'", -1, &trigger,
		                   NULL);
		if (sqlite3_step(trigger) == SQLITE_ROW)
			snprintf(sql, sizeof sql, "%s", (const char *)sqlite3_column_text(trigger, 0));
		sqlite3_finalize(trigger);
		if (!*sql)
			return;
		fixture_sql(fixture, sql);
	}
}

/* The first row of what this SQL gives; finalised by the caller. */
static void run_to_row(struct fixture *fixture, const char *sql, struct km_statement *statement)
{
	const struct km_sql_driver *driver = fixture->store->driver;
	*statement = (struct km_statement){.store = fixture->store, .driver = driver, .literal = sql};
	struct km_problem problem = {0};
	bool row = false;
	if (driver->prepare(statement, &problem) || driver->step(statement, &row, &problem))
		fail_msg("%s: %s", problem.message, sql);
	assert_true(row);
}

int64_t fixture_number(struct fixture *fixture, const char *sql)
{
	auto_free char *text = translated(fixture, sql);
	struct km_statement statement;
	run_to_row(fixture, text, &statement);
	int64_t number = statement.driver->get_int(&statement, 0);
	statement.driver->finalize(&statement);
	return number;
}

void fixture_text(struct fixture *fixture, const char *sql, char *ret_text, size_t max)
{
	struct km_statement statement;
	run_to_row(fixture, sql, &statement);
	snprintf(ret_text, max, "%s", statement.driver->get_text(&statement, 0));
	statement.driver->finalize(&statement);
}

bool fixture_is_file(const struct fixture *fixture)
{
	return km_sqlite_of(fixture->store);
}

int64_t fixture_matches(struct fixture *fixture, const char *word)
{
	char sql[160];
	snprintf(sql, sizeof sql,
	         fixture_is_file(fixture) ? "SELECT count(*) FROM provider_search WHERE provider_search MATCH '\"%s\"'"
	                                  : "SELECT count(*) FROM provider_search WHERE words @@ search_query('%s')",
	         word);
	return fixture_number(fixture, sql);
}

/* The lines of a plan that matter: "SCAN provider", "SCAN mark USING INDEX …", "SCAN provider_search VIRTUAL TABLE …",
 * and "MATERIALIZE found" or "CO-ROUTINE found" for what the statement itself builds and may then read as a whole. */
enum { BUILT_MAX = 8 };

struct plan {
	char built[BUILT_MAX][64];
	size_t built_len;
	bool may_walk;
};

static bool reads_all(const struct plan *plan, const char *line)
{
	static const char sorts[] = "USE TEMP B-TREE FOR ORDER BY";
	if (strncmp(line, "SCAN ", 5) != 0)
		return plan->may_walk && strncmp(line, sorts, sizeof sorts - 1) == 0;
	if (strstr(line, "VIRTUAL TABLE") || strstr(line, "CONSTANT ROW") || line[5] == '(')
		return false;
	for (size_t i = 0; i < plan->built_len; i++)
		if (strcmp(line + 5, plan->built[i]) == 0)
			return false;
	return !plan->may_walk;
}

static void expect_plan(sqlite3 *db, const char *sql, bool may_walk)
{
	struct plan plan = {.may_walk = may_walk};
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(statement, 3);
		if (plan.built_len < BUILT_MAX && sscanf(line, "MATERIALIZE %63s", plan.built[plan.built_len]) == 1)
			plan.built_len++;
		else if (plan.built_len < BUILT_MAX && sscanf(line, "CO-ROUTINE %63s", plan.built[plan.built_len]) == 1)
			plan.built_len++;
		else if (reads_all(&plan, line))
			fail_msg("%s: %s", line, sql);
	}
	sqlite3_finalize(statement);
	sqlite3_free(explain);
}

/* What SQLite runs for its own full-text index, and what is run once when a register is opened. */
static bool is_not_of_a_room(sqlite3_stmt *statement, const char *sql)
{
	return !sql || sqlite3_stmt_isexplain(statement) || strstr(sql, "'main'.") || strncmp(sql, "PRAGMA", 6) == 0 ||
	       strstr(sql, "FROM register");
}

void fixture_expect_indexes(struct fixture *fixture, const char *walks)
{
	sqlite3 *db = km_sqlite_of(fixture->store);
	int statements = 0;
	if (!db)
		return;
	for (sqlite3_stmt *statement = sqlite3_next_stmt(db, NULL); statement;
	     statement = sqlite3_next_stmt(db, statement)) {
		const char *sql = sqlite3_sql(statement);
		if (is_not_of_a_room(statement, sql))
			continue;
		expect_plan(db, sql, walks && strstr(sql, walks));
		statements++;
	}
	assert_true(statements > 0);
}
