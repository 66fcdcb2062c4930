#include "registry/fsck.h"

#include "base/buf.h"
#include "registry/fsck_part.h"
#include "registry/sqlite.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WHAT_MAX = 600 };

enum km_error km_fsck_differ(const struct km_fsck *fsck, const char *table, const char *row, const char *column,
                             const char *format, ...)
{
	char what[WHAT_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	return fsck->each(fsck->context, &(struct km_difference){table, row, column, what});
}

/* ------------------------------------------------------------------------------------------------------------ the file
 */

/* SQLite's own check, whose every line but "ok" is a fault. After one that says that values are not what the schema
 * promises, nothing else can be read with confidence; a broken CHECK is no such thing. */
static enum km_error check_pages(const struct km_fsck *fsck, bool *ret_readable, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fsck->store, "PRAGMA integrity_check(1000)", &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		const char *line = km_sql_get_text(statement, 0);
		if (strcmp(line, "ok") == 0)
			continue;
		*ret_readable = *ret_readable && strncmp(line, "CHECK", 5) == 0;
		error = km_fsck_differ(fsck, "", "", "", "%s", line);
	}
	return error;
}

static enum km_error check_references(const struct km_fsck *fsck, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fsck->store, "PRAGMA foreign_key_check", &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		const char *rowid = km_sql_get_text(statement, 1);
		error = km_fsck_differ(fsck, km_sql_get_text(statement, 0), rowid ? rowid : "", "",
		                       "refers to a row of %s that is not there", km_sql_get_text(statement, 2));
	}
	return error;
}

#ifdef HAVE_LIBPQ
static enum km_error check_rules(const struct km_fsck *fsck, struct km_problem *problem)
{
	return km_fsck_postgres(fsck, problem);
}
#else
static enum km_error check_rules(const struct km_fsck *fsck, struct km_problem *problem)
{
	(void)fsck;
	return km_fail(problem, KM_BUG, "no-postgresql", "a store of no kind that is known here");
}
#endif

/* ----------------------------------------------------------------------------------------------------- a register anew
 */

/* A folder of its own, and a register in it. */
struct scratch {
	struct km_buf folder, path;
	struct km_store *fresh;
};

static void clear_scratch(struct scratch *scratch)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	km_store_close(scratch->fresh);
	for (size_t i = 0; scratch->path.data && i < sizeof endings / sizeof *endings; i++) {
		auto_buf struct km_buf name = KM_BUF_EMPTY;
		km_buf_add_format(&name, "%s%s", scratch->path.data, endings[i]);
		if (!name.failed)
			unlink(name.data);
	}
	if (scratch->folder.data)
		rmdir(scratch->folder.data);
	km_buf_free(&scratch->folder);
	km_buf_free(&scratch->path);
}

static enum km_error make_folder(const struct km_fsck *fsck, struct scratch *scratch, struct km_problem *problem)
{
	km_buf_add_format(&scratch->folder, "%s/keurmerk-fsck-XXXXXX", fsck->scratch);
	if (scratch->folder.failed)
		return km_fail_memory(problem);
	if (!mkdtemp(scratch->folder.data)) {
		enum km_error error =
			km_fail(problem, KM_IO, "scratch", "%s: no folder can be made there: %s", fsck->scratch, strerror(errno));
		km_buf_free(&scratch->folder);
		return error;
	}
	km_buf_add_format(&scratch->path, "%s/register.db", scratch->folder.data);
	return scratch->path.failed ? km_fail_memory(problem) : KM_OK;
}

/* Rows that cannot be made anew are taken over without what they refer to; and nothing here has to last. */
static const char settings[] = "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF";

static enum km_error make_register(const struct km_fsck *fsck, struct scratch *scratch, struct km_problem *problem)
{
	const char *path = scratch->path.data;
	enum km_error error = km_store_create(path, km_store_url(fsck->store), fsck->now, problem);
	if (!error)
		error = km_store_open(path, KM_STORE_WRITE, &scratch->fresh, problem);
	sqlite3 *db = error ? NULL : km_sqlite_of(scratch->fresh);
	if (!error && sqlite3_exec(db, settings, NULL, NULL, NULL) != SQLITE_OK)
		error = km_fail(problem, KM_IO, "scratch", "%s: %s", path, sqlite3_errmsg(db));
	return error ? error : km_store_begin(scratch->fresh, problem);
}

static enum km_error check_anew(const struct km_fsck *fsck, struct km_problem *problem)
{
	__attribute__((cleanup(clear_scratch))) struct scratch scratch = {KM_BUF_EMPTY, KM_BUF_EMPTY, NULL};
	enum km_error error = make_folder(fsck, &scratch, problem);
	if (!error)
		error = km_fsck_search(fsck, scratch.folder.data, problem);
	if (!error)
		error = make_register(fsck, &scratch, problem);
	if (!error)
		error = km_fsck_replay(fsck, scratch.fresh, problem);
	if (scratch.fresh)
		km_store_rollback(scratch.fresh);
	return error;
}

/* What a damaged page keeps from being read is a difference, too, and no reason not to look at the rest. */
static enum km_error part(const struct km_fsck *fsck,
                          enum km_error (*check)(const struct km_fsck *fsck, struct km_problem *problem),
                          struct km_problem *problem)
{
	struct km_problem own = {0};
	enum km_error error = check(fsck, &own);
	if (error == KM_IO && strcmp(own.type, "database-damaged") == 0)
		return km_fsck_differ(fsck, "", "", "", "%s", own.message);
	if (error && problem)
		*problem = own;
	return error;
}

static enum km_error check_database(const struct km_fsck *fsck, bool *ret_readable, struct km_problem *problem)
{
	if (!km_sql_is_sqlite(fsck->store))
		return check_rules(fsck, problem);
	enum km_error error = check_pages(fsck, ret_readable, problem);
	return error || !*ret_readable ? error : part(fsck, check_references, problem);
}

enum km_error km_fsck(const struct km_fsck *fsck, struct km_problem *problem)
{
	static enum km_error (*const parts[])(const struct km_fsck *fsck, struct km_problem *problem) = {
		km_fsck_records,
		km_fsck_log,
		check_anew,
		km_fsck_due,
	};
	bool readable = true;
	enum km_error error = check_database(fsck, &readable, problem);
	if (error || !readable)
		return error;
	for (size_t i = 0; !error && i < sizeof parts / sizeof *parts; i++)
		error = part(fsck, parts[i], problem);
	return error;
}
