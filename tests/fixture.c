#include "tests/fixture.h"

#include "registry/sql.h"

#include <stdlib.h>
#include <unistd.h>

int fixture_set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/keurmerk-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof fixture->path, "%s/register.db", fixture->folder);
	struct km_problem problem = {0};
	assert_ok(km_store_create(fixture->path, FIXTURE_URL, FIXTURE_NOW, &problem), &problem);
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
		char path[128];
		snprintf(path, sizeof path, "%s%s", fixture->path, endings[i]);
		unlink(path);
	}
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

void fixture_sql(struct fixture *fixture, const char *sql)
{
	char *words = NULL;
	if (sqlite3_exec(fixture->store->db, sql, NULL, NULL, &words) != SQLITE_OK)
		fail_msg("%s: %s", words, sql);
}

bool fixture_allows(struct fixture *fixture, const char *sql)
{
	return sqlite3_exec(fixture->store->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

int64_t fixture_number(struct fixture *fixture, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(fixture->store->db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(fixture->store->db), sql);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
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
	sqlite3 *db = fixture->store->db;
	int statements = 0;
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
