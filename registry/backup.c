#include "registry/backup.h"

#include "base/buf.h"
#include "base/file.h"
#include "registry/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The copy as it is made: a file of another name in the same folder. */
struct copy {
	char *path; /* owned; the file is taken away unless it was renamed */
	sqlite3 *db;
};

static void drop_copy(struct copy *copy)
{
	sqlite3_close(copy->db);
	if (copy->path)
		unlink(copy->path);
	free(copy->path);
}

static enum km_error fail_copy(const struct copy *copy, int code, struct km_problem *problem)
{
	const char *words = copy->db ? sqlite3_errmsg(copy->db) : "memory ran out";
	if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		return km_fail(problem, KM_UNAVAILABLE, "database-locked",
		               "the register is in use by another program: try again");
	return km_fail(problem, KM_IO, "backup", "%s: the copy could not be written: %s", copy->path, words);
}

static enum km_error open_copy(const char *path, struct copy *copy, struct km_problem *problem)
{
	auto_buf struct km_buf name = KM_BUF_EMPTY;
	km_buf_add_format(&name, "%s.XXXXXX", path);
	copy->path = km_buf_take(&name, NULL);
	if (!copy->path)
		return km_fail_memory(problem);
	int fd = mkstemp(copy->path); /* mode 0600 */
	if (fd < 0) {
		enum km_error error = km_fail(problem, KM_IO, "backup", "%s: %s", path, strerror(errno));
		free(copy->path);
		copy->path = NULL;
		return error;
	}
	close(fd);
	int code = sqlite3_open_v2(copy->path, &copy->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	return code == SQLITE_OK ? KM_OK : fail_copy(copy, code, problem);
}

/* In one step: whoever writes meanwhile does so in the register's write-ahead log, behind what this reads. */
static enum km_error copy_pages(struct km_store *store, struct copy *copy, struct km_problem *problem)
{
	sqlite3_backup *backup = sqlite3_backup_init(copy->db, "main", km_sqlite_of(store), "main");
	if (!backup)
		return fail_copy(copy, sqlite3_errcode(copy->db), problem);
	int step = sqlite3_backup_step(backup, -1), finish = sqlite3_backup_finish(backup);
	if (step == SQLITE_DONE && finish == SQLITE_OK)
		return KM_OK;
	return fail_copy(copy, step == SQLITE_DONE ? finish : step, problem);
}

static enum km_error look_through(const struct copy *copy, struct km_problem *problem)
{
	sqlite3_stmt *statement = NULL;
	bool whole = sqlite3_prepare_v2(copy->db, "PRAGMA quick_check(1)", -1, &statement, NULL) == SQLITE_OK &&
	             sqlite3_step(statement) == SQLITE_ROW &&
	             strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
	sqlite3_finalize(statement);
	return whole ? KM_OK
	             : km_fail(problem, KM_IO, "backup",
	                       "the copy is not whole, nor, it seems, is the register: look with `keurmerk fsck`");
}

/* Closed first: SQLite takes its own files beside it away. */
static enum km_error put_in_place(struct copy *copy, const char *path, struct km_problem *problem)
{
	sqlite3_close(copy->db);
	copy->db = NULL;
	if (rename(copy->path, path) != 0)
		return km_fail(problem, KM_IO, "backup", "%s: %s", path, strerror(errno));
	free(copy->path);
	copy->path = NULL;
	return km_file_sync_folder(path, problem);
}

enum km_error km_backup(struct km_store *store, const char *path, struct km_problem *problem)
{
	if (!km_sql_is_sqlite(store))
		return km_fail(problem, KM_INVALID, "backup-postgresql",
		               "this register is in PostgreSQL: make a copy with `pg_dump --format=custom --file=%s ADDRESS`",
		               path);
	__attribute__((cleanup(drop_copy))) struct copy copy = {NULL, NULL};
	enum km_error error = open_copy(path, &copy, problem);
	if (!error)
		error = copy_pages(store, &copy, problem);
	if (!error)
		error = look_through(&copy, problem);
	return error ? error : put_in_place(&copy, path, problem);
}
