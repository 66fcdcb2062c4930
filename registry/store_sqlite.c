#include "registry/sqlite.h"

#include "base/buf.h"
#include "base/embed.h"
#include "base/file.h"
#include "registry/record.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

KM_EMBED(km_schema_sql, "registry/schema.sql");

enum {
	APPLICATION_ID = 0x4b4d524b, /* "KMRK": what file(1) and we know a register by */
	WRITER_WAIT_MS = 10000,
	READER_WAIT_MS = 2000, /* in WAL mode readers wait only while the log is recovered after a crash */
};

/* Settings of each connection; none of them is kept in the file. */
static const char settings[] = "PRAGMA foreign_keys = ON;"
							   "PRAGMA synchronous = FULL;"
							   "PRAGMA secure_delete = ON;" /* what is erased leaves no bytes behind */
							   "PRAGMA cell_size_check = ON;"
							   "PRAGMA temp_store = MEMORY;"
							   "PRAGMA cache_size = -16000;" /* KiB */
							   "PRAGMA mmap_size = 268435456;"
							   "PRAGMA journal_size_limit = 67108864;";

static enum km_error execute(struct km_store *store, const char *sql, struct km_problem *problem)
{
	sqlite3 *db = store->connection;
	int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? KM_OK : km_sqlite_fail(db, code, problem);
}

static enum km_error configure(struct km_store *store, struct km_problem *problem)
{
	sqlite3 *db = store->connection;
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, store->writes ? WRITER_WAIT_MS : READER_WAIT_MS);
	if (sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) != SQLITE_OK)
		return km_fail(problem, KM_IO, "database", "this SQLite (%s) is too old for a register", sqlite3_libversion());
	enum km_error error = execute(store, settings, problem);
	if (!error && !store->writes)
		error = execute(store, "PRAGMA query_only = ON", problem);
	return error;
}

/* Nobody asks SQLite how much memory it has in use, and to count it takes one lock of the whole process for each piece:
 * threads that read at the same time would wait for each other. It can only be said before the first connection. */
static void count_no_memory(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static const char rollback_sql[] = "ROLLBACK";

/* Prepared beforehand, for it may be for want of memory that it is needed. */
static enum km_error prepare_rollback(struct km_store *store, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	return km_sql(store, rollback_sql, &statement, problem);
}

static void close_store(struct km_store **store)
{
	km_store_close(*store);
}

/* A connection to a file that is there already. */
static enum km_error connect_to(const char *path, enum km_store_mode mode, struct km_store **ret_store,
                                struct km_problem *problem)
{
	__attribute__((cleanup(close_store))) struct km_store *store = calloc(1, sizeof *store);
	if (!store)
		return km_fail_memory(problem);
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, count_no_memory);
	store->driver = &km_sqlite_driver;
	store->writes = mode == KM_STORE_WRITE;
	int flags = (store->writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(path, &db, flags, NULL);
	if (!db)
		return km_fail_memory(problem);
	store->connection = db;
	enum km_error error = code == SQLITE_OK ? configure(store, problem) : km_sqlite_fail(db, code, problem);
	if (!error)
		error = prepare_rollback(store, problem);
	if (error) {
		km_problem_prefix(problem, "%s", path);
		return error;
	}
	*ret_store = store;
	store = NULL;
	return KM_OK;
}

static enum km_error check_version(struct km_store *store, struct km_problem *problem)
{
	int64_t application = 0, version = 0;
	enum km_error error = km_sql_number(store, "PRAGMA application_id", &application, problem);
	if (!error)
		error = km_sql_number(store, "PRAGMA user_version", &version, problem);
	if (error)
		return error;
	/* Steps from older versions come here, from the second version of the schema on. */
	if (application != APPLICATION_ID || version < 1)
		return km_sqlite_fail(store->connection, SQLITE_NOTADB, problem);
	return km_schema_check(version, problem);
}

enum km_error km_sqlite_open(const char *path, enum km_store_mode mode, struct km_store **ret_store,
                             struct km_problem *problem)
{
	struct stat file;
	if (stat(path, &file) != 0)
		return errno == ENOENT || errno == ENOTDIR
		           ? km_fail(problem, KM_ABSENT, "no-register",
		                     "%s: there is no register here: make one with `keurmerk init`", path)
		           : km_fail(problem, KM_IO, "open", "%s: %s", path, strerror(errno));
	if (!S_ISREG(file.st_mode))
		return km_fail(problem, KM_INVALID, "not-a-register", "%s: this is not a file", path);
	__attribute__((cleanup(close_store))) struct km_store *store = NULL;
	enum km_error error = connect_to(path, mode, &store, problem);
	if (error)
		return error;
	error = check_version(store, problem);
	if (error) {
		km_problem_prefix(problem, "%s", path);
		return error;
	}
	*ret_store = store;
	store = NULL;
	return KM_OK;
}

/* All in one transaction: a register is there as a whole or not at all. */
static enum km_error fill(struct km_store *store, const char *url, int64_t now, struct km_problem *problem)
{
	enum km_error error = execute(store, "PRAGMA journal_mode = WAL", problem);
	if (!error)
		error = execute(store, "BEGIN IMMEDIATE", problem);
	if (!error)
		error = execute(store, km_schema_sql, problem);
	if (error)
		return error;
	{
		auto_statement struct km_statement *statement = NULL;
		error =
			km_sql(store, "INSERT INTO register (one, url, created_at) VALUES (1, :url, :now)", &statement, problem);
		if (error)
			return error;
		km_sql_text(statement, ":url", url);
		km_sql_int(statement, ":now", now);
		error = km_sql_run(statement, problem);
	}
	if (!error)
		error = km_record_note(store, "register", km_record_key("1"), now, problem);
	if (error)
		return error;
	char stamp[96];
	sqlite3_snprintf((int)sizeof stamp, stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	                 APPLICATION_ID, KM_SCHEMA_VERSION);
	return execute(store, stamp, problem);
}

static void remove_files(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		auto_buf struct km_buf name = KM_BUF_EMPTY;
		km_buf_add_text(&name, path);
		km_buf_add_text(&name, endings[i]);
		if (!name.failed)
			unlink(name.data);
	}
}

enum km_error km_sqlite_create(const char *path, const char *url, int64_t now, struct km_problem *problem)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return errno == EEXIST ? km_fail(problem, KM_CONFLICT, "register-exists",
		                                 "%s: there is a file here already; nothing was changed", path)
		                       : km_fail(problem, KM_IO, "create", "%s: %s", path, strerror(errno));
	close(fd);
	struct km_store *store = NULL;
	enum km_error error = connect_to(path, KM_STORE_WRITE, &store, problem);
	if (!error) {
		error = fill(store, url, now, problem);
		km_store_close(store);
	}
	if (!error)
		error = km_file_sync_folder(path, problem);
	if (error)
		remove_files(path);
	return error;
}

static void rollback(struct km_store *store)
{
	auto_statement struct km_statement *statement = NULL;
	struct km_problem unheard;
	/* After a full disk, SQLite may have rolled back by itself. */
	if (!sqlite3_get_autocommit(store->connection) && km_sql(store, rollback_sql, &statement, &unheard) == KM_OK)
		km_sql_run(statement, &unheard);
}

static enum km_error begin(struct km_store *store, struct km_problem *problem)
{
	rollback(store); /* what could not be, when it was to */
	return execute(store, "BEGIN IMMEDIATE", problem);
}

static enum km_error commit(struct km_store *store, struct km_problem *problem)
{
	return execute(store, "COMMIT", problem);
}

static enum km_error read_begin(struct km_store *store, struct km_problem *problem)
{
	rollback(store);
	return execute(store, "BEGIN", problem);
}

static enum km_error version(struct km_store *store, int64_t *ret_version, struct km_problem *problem)
{
	return km_sql_number(store, "PRAGMA data_version", ret_version, problem);
}

static int64_t last_id(struct km_store *store)
{
	return sqlite3_last_insert_rowid(store->connection);
}

static void close_connection(struct km_store *store)
{
	sqlite3_close(store->connection);
}

sqlite3 *km_sqlite_of(const struct km_store *store)
{
	return store->driver == &km_sqlite_driver ? store->connection : NULL;
}

const struct km_sql_driver km_sqlite_driver = {
	.prepare = km_sqlite_prepare,
	.finalize = km_sqlite_finalize,
	.find_parameter = km_sqlite_find_parameter,
	.bind = km_sqlite_bind,
	.step = km_sqlite_step,
	.get = km_sqlite_get,
	.get_int = km_sqlite_get_int,
	.get_text = km_sqlite_get_text,
	.get_blob = km_sqlite_get_blob,
	.columns = km_sqlite_columns,
	.column_name = km_sqlite_column_name,
	.reset = km_sqlite_reset,
	.execute = execute,
	.close = close_connection,
	.last_id = last_id,
	.version = version,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.read_begin = read_begin,
};
