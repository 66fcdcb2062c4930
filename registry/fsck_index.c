#include "registry/fsck_index.h"

#include "base/buf.h"
#include "registry/sqlite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As registry/provider.c puts them into the index: each name on a line. */
const char km_fsck_names[] =
	"SELECT id, name || coalesce((SELECT group_concat('\n' || t.name, '') FROM (SELECT name FROM"
	" provider_trade_name WHERE provider_id = provider.id ORDER BY position) AS t), '') FROM provider"
	" WHERE erased_at IS NULL ORDER BY id";

/* ---------------------------------------------------------------------------------------------------------- the index
 */

/* The index is SQLite's own affair, and how it lies on disk depends on its past. So it is copied to where it can be
 * worked on, looked at by FTS5, brought into the one form that does not depend on the past, and held against an index
 * that was made anew. */

struct index {
	sqlite3 *db;
	char *path; /* owned */
};

static void close_index(struct index *index)
{
	sqlite3_close(index->db);
	if (index->path)
		unlink(index->path);
	free(index->path);
}
#define auto_index __attribute__((cleanup(close_index)))

static enum km_error open_index(struct index *index, struct km_problem *problem)
{
	sqlite3_close(index->db);
	index->db = NULL;
	if (sqlite3_open(index->path, &index->db) == SQLITE_OK &&
	    sqlite3_exec(index->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK)
		return KM_OK;
	return km_fail(problem, KM_IO, "scratch", "%s: %s", index->path,
	               index->db ? sqlite3_errmsg(index->db) : "memory ran out");
}

/* An empty index, declared as the register's own is. */
static enum km_error make_index(struct km_store *store, const char *folder, const char *name, struct index *index,
                                struct km_problem *problem)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s", folder, name);
	index->path = km_buf_take(&path, NULL);
	if (!index->path)
		return km_fail_memory(problem);
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = open_index(index, problem);
	if (!error)
		error = km_sql(store, "SELECT sql FROM sqlite_schema WHERE name = 'provider_search'", &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (!error && (!row || sqlite3_exec(index->db, km_sql_get_text(statement, 0), NULL, NULL, NULL) != SQLITE_OK))
		error = km_fail(problem, KM_INVALID, "index", "%s", row ? sqlite3_errmsg(index->db) : "there is none");
	return error;
}

/* Puts what the statement gives into the index's database, by a statement with as many parameters. */
static enum km_error put_rows(struct index *index, struct km_statement *rows, const char *insert,
                              struct km_problem *problem)
{
	sqlite3_stmt *put = NULL;
	bool row = false;
	int code = sqlite3_prepare_v2(index->db, insert, -1, &put, NULL);
	enum km_error error = KM_OK;
	while (code == SQLITE_OK && !(error = km_sql_step(rows, &row, problem)) && row) {
		for (int i = 0; i < km_sql_columns(rows); i++) {
			struct km_sql_value value = km_sql_get(rows, i);
			km_sqlite_bind_value(put, i + 1, &value);
		}
		sqlite3_step(put);
		code = sqlite3_reset(put);
	}
	sqlite3_finalize(put);
	if (!error && code != SQLITE_OK)
		error = km_fail(problem, KM_INVALID, "index", "%s", sqlite3_errmsg(index->db));
	return error;
}

static enum km_error run(struct index *index, const char *sql, struct km_problem *problem)
{
	return sqlite3_exec(index->db, sql, NULL, NULL, NULL) == SQLITE_OK
	           ? KM_OK
	           : km_fail(problem, KM_INVALID, "index", "%s", sqlite3_errmsg(index->db));
}

/* SQLite's own tables behind an index. `form`: what of them does not depend on the past, once it was optimized. */
static const struct {
	const char *all, *insert, *form;
} shadows[] = {
	{"SELECT * FROM provider_search_config", "INSERT INTO provider_search_config VALUES (?, ?)",
     "SELECT k, v FROM provider_search_config ORDER BY k"},
	{"SELECT * FROM provider_search_content", "INSERT INTO provider_search_content VALUES (?, ?)",
     "SELECT * FROM provider_search_content ORDER BY id"},
	{"SELECT * FROM provider_search_docsize", "INSERT INTO provider_search_docsize VALUES (?, ?)",
     "SELECT * FROM provider_search_docsize ORDER BY id"},
	/* Row 10 is where the segments are, and how often something was written. */
	{"SELECT * FROM provider_search_data", "INSERT INTO provider_search_data VALUES (?, ?)",
     "SELECT block FROM provider_search_data WHERE id <> 10 ORDER BY id"},
	{"SELECT * FROM provider_search_idx", "INSERT INTO provider_search_idx VALUES (?, ?, ?)",
     "SELECT term, pgno FROM provider_search_idx ORDER BY segid, term"},
};
enum { SHADOWS = sizeof shadows / sizeof *shadows };

static enum km_error copy_index(struct km_store *store, struct index *copy, struct km_problem *problem)
{
	enum km_error error =
		run(copy, "BEGIN; DELETE FROM provider_search_config; DELETE FROM provider_search_data", problem);
	for (size_t i = 0; !error && i < SHADOWS; i++) {
		auto_statement struct km_statement *statement = NULL;
		error = km_sql(store, shadows[i].all, &statement, problem);
		if (!error)
			error = put_rows(copy, statement, shadows[i].insert, problem);
	}
	return error ? error : run(copy, "COMMIT", problem);
}

static enum km_error index_names(struct km_store *store, struct index *anew, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = run(anew, "BEGIN", problem);
	if (!error)
		error = km_sql(store, km_fsck_names, &statement, problem);
	if (!error)
		error = put_rows(anew, statement, "INSERT INTO provider_search (rowid, names) VALUES (?, ?)", problem);
	return error ? error : run(anew, "COMMIT", problem);
}

static bool same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
	for (int i = 0; i < sqlite3_column_count(a); i++) {
		const void *a_bytes = sqlite3_column_blob(a, i), *b_bytes = sqlite3_column_blob(b, i);
		int len = sqlite3_column_bytes(a, i);
		if (sqlite3_column_type(a, i) != sqlite3_column_type(b, i) || len != sqlite3_column_bytes(b, i) ||
		    (len && memcmp(a_bytes, b_bytes, (size_t)len) != 0))
			return false;
	}
	return true;
}

static bool same_rows(struct index *copy, struct index *anew, const char *sql)
{
	sqlite3_stmt *a = NULL, *b = NULL;
	bool same = sqlite3_prepare_v2(copy->db, sql, -1, &a, NULL) == SQLITE_OK &&
	            sqlite3_prepare_v2(anew->db, sql, -1, &b, NULL) == SQLITE_OK;
	int a_code = SQLITE_ROW, b_code = SQLITE_ROW;
	while (same && a_code == SQLITE_ROW) {
		a_code = sqlite3_step(a);
		b_code = sqlite3_step(b);
		same = a_code == b_code && (a_code != SQLITE_ROW || same_row(a, b));
	}
	sqlite3_finalize(a);
	sqlite3_finalize(b);
	return same && a_code == SQLITE_DONE;
}

/* One of the variable-length numbers of SQLite; false where the bytes end before it does. */
static bool next_number(const uint8_t **at, const uint8_t *end, int64_t *ret_number)
{
	int64_t number = 0;
	for (int i = 0; i < 9 && *at < end; i++) {
		uint8_t byte = *(*at)++;
		number = (int64_t)((uint64_t)number << 7 | (byte & 0x7f));
		if (!(byte & 0x80)) {
			*ret_number = number;
			return true;
		}
	}
	return false;
}

/* How many pages the segments have that the index consists of, by the record that lists them (the head of fts5_index.c
 * in SQLite's source); -1 where it is of another form than is known here. */
static int64_t count_pages(const uint8_t *record, size_t len)
{
	static const uint8_t later_form[] = {0xff, 0x00, 0x00, 0x01};
	const uint8_t *at = record + 4, *end = record + len; /* after the cookie */
	int64_t levels = 0, segments = 0, skipped, in_level = 0, first = 0, last = 0, pages = 0;
	if (len < 7 || memcmp(at, later_form, sizeof later_form) == 0)
		return -1;
	if (!next_number(&at, end, &levels) || !next_number(&at, end, &segments) || !next_number(&at, end, &skipped))
		return -1;
	for (; levels > 0; levels--) {
		if (!next_number(&at, end, &skipped) || !next_number(&at, end, &in_level))
			return -1;
		for (; in_level > 0; in_level--) {
			if (!next_number(&at, end, &skipped) || !next_number(&at, end, &first) || !next_number(&at, end, &last))
				return -1;
			pages += last - first + 1;
		}
	}
	return pages;
}

/* No page is there that belongs to no segment: nothing else would notice it. Bit 36 of a row's id is set in indexes of
 * long lists, which are no pages of their own. */
static enum km_error check_pages(struct index *copy, struct km_problem *problem)
{
	sqlite3_stmt *statement = NULL;
	static const char sql[] =
		"SELECT block, (SELECT count(*) FROM provider_search_data WHERE id > 10 AND ((id >> 36) & 1) = 0)"
		" FROM provider_search_data WHERE id = 10";
	int64_t expected = -1, there = -1;
	if (sqlite3_prepare_v2(copy->db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		expected = count_pages(sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0));
		there = sqlite3_column_int64(statement, 1);
	}
	sqlite3_finalize(statement);
	return expected == -1 || expected == there
	           ? KM_OK
	           : km_fail(problem, KM_INVALID, "index", "it has %lld pages and should have %lld", (long long)there,
	                     (long long)expected);
}

/* What leads to the pages. A term whose list is long has an index of that list, which belongs to the page where the
 * term is: the last bit of pgno says so. And the first page of a segment is led to by nothing at all. (Which word leads
 * to a later page may differ, as long as FTS5 gets there.) */
static enum km_error check_ways(struct index *copy, struct km_problem *problem)
{
	sqlite3_stmt *statement = NULL;
	static const char sql[] =
		"SELECT 1 FROM provider_search_idx WHERE pgno IS NULL OR (pgno & 1) <> EXISTS (SELECT 1 FROM"
		" provider_search_data WHERE id = ((segid << 37) | (1 << 36) | (pgno >> 1))) UNION ALL"
		" SELECT 1 FROM provider_search_data WHERE (id >> 36) & 1 AND ((id >> 31) & 31) = 0 AND NOT EXISTS"
		" (SELECT 1 FROM provider_search_idx WHERE segid = id >> 37 AND pgno = (((id & 0x7fffffff) << 1) | 1)) UNION "
		"ALL"
		" SELECT 1 FROM provider_search_data WHERE id > 10 AND NOT EXISTS"
		" (SELECT 1 FROM provider_search_idx WHERE segid = id >> 37 AND term = x'') LIMIT 1";
	bool strays =
		sqlite3_prepare_v2(copy->db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_DONE;
	sqlite3_finalize(statement);
	return strays ? km_fail(problem, KM_INVALID, "index", "what leads to its pages does not fit them") : KM_OK;
}

static const char check[] = "INSERT INTO provider_search (provider_search) VALUES ('integrity-check')";
/* A segment that was written at once lies otherwise than one that others were merged into; so there is always one more
 * to be merged. */
static const char optimize[] = "INSERT INTO provider_search (rowid, names) VALUES (-1, 'x');"
							   "DELETE FROM provider_search WHERE rowid = -1;"
							   "INSERT INTO provider_search (provider_search) VALUES ('optimize')";

/* KM_INVALID where the index is not what it should be. */
static enum km_error compare_index(struct km_store *store, struct index *copy, struct index *anew,
                                   struct km_problem *problem)
{
	enum km_error error = copy_index(store, copy, problem);
	if (!error)
		error = index_names(store, anew, problem);
	if (!error)
		error = open_index(copy, problem); /* FTS5 remembers what it has seen of an index */
	if (!error)
		error = run(copy, check, problem);
	if (!error)
		error = check_pages(copy, problem);
	if (!error)
		error = check_ways(copy, problem);
	if (!error)
		error = run(copy, optimize, problem);
	if (!error)
		error = run(anew, optimize, problem);
	for (size_t i = 0; !error && i < SHADOWS; i++)
		if (!same_rows(copy, anew, shadows[i].form))
			error = km_fail(problem, KM_INVALID, "index", "it is not the index of these names");
	return error;
}

enum km_error km_fsck_index(struct km_store *store, const char *folder, struct km_problem *problem)
{
	auto_index struct index copy = {NULL, NULL}, anew = {NULL, NULL};
	enum km_error error = make_index(store, folder, "copy.db", &copy, problem);
	if (!error)
		error = make_index(store, folder, "anew.db", &anew, problem);
	return error ? error : compare_index(store, &copy, &anew, problem);
}
