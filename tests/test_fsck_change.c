#include "base/buf.h"
#include "base/encode.h"
#include "registry/sqlite.h"
#include "tests/audited.h"

#include <stdlib.h>

/* ---------------------------------------------------------------------------------------------------- changes to the
 * register */

enum { COLUMNS_MAX = 20, KEY_MAX = 3 };

/* A table, as SQLite describes it. */
struct table {
	char name[40];
	int columns, key_len;
	char column[COLUMNS_MAX][40], type[COLUMNS_MAX][12];
	bool not_null[COLUMNS_MAX];
	int key[KEY_MAX]; /* columns of the primary key; where there is none, the rowid is */
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
static sqlite3_stmt *prepare(sqlite3 *db, const char *format, ...)
{
	char sql[2048];
	sqlite3_stmt *statement = NULL;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sql, sizeof sql, format, arguments);
	va_end(arguments);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
	return statement;
}

static struct table describe(sqlite3 *db, const char *name)
{
	struct table table = {0};
	snprintf(table.name, sizeof table.name, "%s", name);
	sqlite3_stmt *info = prepare(db, "SELECT name, type, \"notnull\", pk FROM pragma_table_info('%s')", name);
	while (sqlite3_step(info) == SQLITE_ROW) {
		int i = table.columns++;
		assert_true(i < COLUMNS_MAX);
		snprintf(table.column[i], 40, "%s", (const char *)sqlite3_column_text(info, 0));
		snprintf(table.type[i], 12, "%s", (const char *)sqlite3_column_text(info, 1));
		table.not_null[i] = sqlite3_column_int(info, 2);
		if (sqlite3_column_int(info, 3))
			table.key[table.key_len++] = i;
	}
	sqlite3_finalize(info);
	assert_true(table.key_len <= KEY_MAX);
	return table;
}

/* "a = 'x' AND b = 2": the present row of SELECT *, as a condition. */
static void add_condition(const struct table *table, sqlite3_stmt *row, struct km_buf *buf)
{
	for (int i = 0; i < table->key_len; i++) {
		int column = table->key[i];
		char *quoted;
		switch (sqlite3_column_type(row, column)) {
		case SQLITE_INTEGER:
			quoted = sqlite3_mprintf("%lld", sqlite3_column_int64(row, column));
			break;
		case SQLITE_TEXT:
			quoted = sqlite3_mprintf("%Q", (const char *)sqlite3_column_text(row, column));
			break;
		default: {
			auto_buf struct km_buf hex = KM_BUF_EMPTY;
			km_encode(KM_HEX, sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column), &hex);
			quoted = sqlite3_mprintf("x'%s'", hex.data ? hex.data : "");
		}
		}
		km_buf_add_format(buf, "%s%s = %s", i ? " AND " : "", table->column[column], quoted);
		sqlite3_free(quoted);
	}
	assert_false(buf->failed);
}

/* As registry/record.h writes keys. */
static void add_key(const struct table *table, sqlite3_stmt *row, struct km_buf *buf)
{
	for (int i = 0; i < table->key_len; i++) {
		if (i)
			km_buf_add_char(buf, '/');
		if (sqlite3_column_type(row, table->key[i]) == SQLITE_BLOB)
			km_encode(KM_HEX, sqlite3_column_blob(row, table->key[i]), (size_t)sqlite3_column_bytes(row, table->key[i]),
			          buf);
		else
			km_buf_add_text(buf, (const char *)sqlite3_column_text(row, table->key[i]));
	}
}

/* SQL for a value of this column that is another: which of several, until the schema takes one. NULL for no more. */
static const char *other_value(const struct table *table, int column, int type, int attempt)
{
	static char sql[400];
	const char *name = table->column[column];
	static const int steps[] = {1, -1, 1000003, 7};
	if (type == SQLITE_NULL && attempt == 1 && strcmp(table->type[column], "INTEGER") == 0)
		return "1000003";
	if (type == SQLITE_NULL && attempt == 0)
		return strcmp(table->type[column], "INTEGER") == 0 ? "1"
		       : strcmp(table->type[column], "TEXT") == 0  ? "'x'"
		                                                   : "x'01'";
	if (type == SQLITE_INTEGER && attempt < 4)
		snprintf(sql, sizeof sql, "%s + %d", name, steps[attempt]);
	else if (type == SQLITE_TEXT && attempt == 0) /* the last character, or the first */
		snprintf(sql, sizeof sql, "substr(%s, 1, length(%s) - 1) || char(unicode(substr(%s, -1)) + 1)", name, name,
		         name);
	else if (type == SQLITE_TEXT && attempt == 1)
		snprintf(sql, sizeof sql, "char(unicode(%s) + 1) || substr(%s, 2)", name, name);
	else if (type == SQLITE_TEXT && attempt == 2) /* what another row has */
		snprintf(sql, sizeof sql, "(SELECT t.%s FROM %s AS t WHERE t.%s <> %s.%s LIMIT 1)", name, table->name, name,
		         table->name, name);
	else if (type == SQLITE_BLOB && attempt == 0)
		snprintf(sql, sizeof sql,
		         "iif(length(%s) = 0, x'01',"
		         " CAST(substr(%s, 1, length(%s) - 1) || iif(substr(%s, -1) = x'00', x'01', x'00') AS BLOB))",
		         name, name, name, name);
	else
		return NULL;
	return sql;
}

static bool try_sql(sqlite3 *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool try_sql(sqlite3 *db, const char *format, ...)
{
	char sql[4096];
	va_list arguments;
	va_start(arguments, format);
	assert_true(vsnprintf(sql, sizeof sql, format, arguments) < (int)sizeof sql);
	va_end(arguments);
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK && sqlite3_changes(db) == 1;
}

/* What changes are tried on, and how many were. */
struct attack {
	struct office *office;
	struct km_store *store; /* a transaction has begun; no trigger, no foreign key stands in the way */
	struct found *found;
	int made, refused;
};

static void begin(struct attack *attack)
{
	assert_int_equal(sqlite3_exec(km_sqlite_of(attack->store), "SAVEPOINT attack", NULL, NULL, NULL), SQLITE_OK);
}

static void undo(struct attack *attack)
{
	assert_int_equal(sqlite3_exec(km_sqlite_of(attack->store), "ROLLBACK TO attack; RELEASE attack", NULL, NULL, NULL),
	                 SQLITE_OK);
}

static bool is_named(const struct found *found, const char *table, const char *key)
{
	for (size_t i = 0; i < found->len; i++) {
		const char *in = found->differences[i].table, *row = found->differences[i].row;
		/* SQLite's own tables behind the index are told of by its name. */
		if (strncmp(table, "provider_search_", 16) == 0 && strcmp(in, "provider_search") == 0)
			return true;
		if (strcmp(in, table) == 0 && strcmp(row, key) == 0)
			return true;
		/* What breaks a CHECK is named by SQLite, by its table alone. */
		if (!*in && strncmp(found->differences[i].what, "CHECK", 5) == 0 && strstr(found->differences[i].what, table))
			return true;
	}
	return false;
}

static void expect_named(struct attack *attack, const char *what, const char *table, const char *key)
{
	audited_look(attack->office, attack->store, attack->found);
	attack->made++;
	if (is_named(attack->found, table, key))
		return;
	audited_show(attack->found);
	fail_msg("not found: %s of %s %s", what, table, key);
}

static void refuse(struct attack *attack, const char *what, const char *table, const char *key)
{
	attack->refused++;
	print_message("    the schema refuses another %s of %s %s: %s\n", what, table, key,
	              sqlite3_errmsg(km_sqlite_of(attack->store)));
}

/* One column of one row: a value that is another; where it may be NULL, that too. */
static void change_column(struct attack *attack, const struct table *table, const char *condition, const char *key,
                          int column, int type)
{
	sqlite3 *db = km_sqlite_of(attack->store);
	const char *value = NULL, *name = table->column[column];
	bool changed = false;
	begin(attack);
	for (int attempt = 0; !changed && (value = other_value(table, column, type, attempt)); attempt++)
		changed = try_sql(db, "UPDATE %s SET %s = %s WHERE %s", table->name, name, value, condition);
	if (changed)
		expect_named(attack, name, table->name, key);
	else
		refuse(attack, name, table->name, key);
	undo(attack);
	if (type == SQLITE_NULL || table->not_null[column])
		return;
	begin(attack);
	if (try_sql(db, "UPDATE %s SET %s = NULL WHERE %s", table->name, name, condition))
		expect_named(attack, name, table->name, key);
	undo(attack);
}

static void delete_row(struct attack *attack, const struct table *table, const char *condition, const char *key)
{
	begin(attack);
	if (!try_sql(km_sqlite_of(attack->store), "DELETE FROM %s WHERE %s", table->name, condition))
		fail_msg("%s %s: %s", table->name, key, sqlite3_errmsg(km_sqlite_of(attack->store)));
	expect_named(attack, "deletion", table->name, key);
	undo(attack);
}

static bool is_unique(sqlite3 *db, const struct table *table, int column)
{
	sqlite3_stmt *index = prepare(db,
	                              "SELECT 1 FROM pragma_index_list('%s') AS l JOIN pragma_index_info(l.name) AS i"
	                              " WHERE l.\"unique\" AND i.name = '%s'",
	                              table->name, table->column[column]);
	bool unique = sqlite3_step(index) == SQLITE_ROW;
	sqlite3_finalize(index);
	for (int i = 0; i < table->key_len; i++)
		unique = unique || table->key[i] == column;
	return unique;
}

/* The same row once more, other only where two rows cannot be the same. */
static void copy_row(struct attack *attack, const struct table *table, const char *condition, const char *key,
                     sqlite3_stmt *row)
{
	sqlite3 *db = km_sqlite_of(attack->store);
	auto_buf struct km_buf values = KM_BUF_EMPTY, copy_key = KM_BUF_EMPTY;
	for (int column = 0; column < table->columns; column++) {
		int type = sqlite3_column_type(row, column);
		const char *other = type != SQLITE_NULL && is_unique(db, table, column)
		                        ? other_value(table, column, type, type == SQLITE_INTEGER ? 2 : 0)
		                        : table->column[column];
		km_buf_add_format(&values, "%s%s", column ? ", " : "", other);
	}
	sqlite3_stmt *copy = prepare(db, "SELECT %s FROM %s WHERE %s", values.data, table->name, condition);
	assert_int_equal(sqlite3_step(copy), SQLITE_ROW);
	add_key(table, copy, &copy_key);
	sqlite3_finalize(copy);
	begin(attack);
	if (try_sql(db, "INSERT INTO %s SELECT %s FROM %s WHERE %s", table->name, values.data, table->name, condition))
		expect_named(attack, "a copy", table->name, copy_key.data);
	else
		refuse(attack, "copy", table->name, key);
	undo(attack);
}

static void attack_row(struct attack *attack, const struct table *table, sqlite3_stmt *row)
{
	auto_buf struct km_buf condition = KM_BUF_EMPTY, key = KM_BUF_EMPTY;
	add_condition(table, row, &condition);
	add_key(table, row, &key);
	for (int column = 0; column < table->columns; column++)
		change_column(attack, table, condition.data, key.data, column, sqlite3_column_type(row, column));
	copy_row(attack, table, condition.data, key.data, row);
	delete_row(attack, table, condition.data, key.data);
}

/* Under a sanitizer, which takes ten times as long, the first row of each table and some of the rest. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { ROWS_APART = 10 };
#else
enum { ROWS_APART = 1 };
#endif

/* Each row as it is before anything is changed: SELECT would see the changes that it is in the middle of. */
static void attack_table(struct attack *attack, const char *name)
{
	const struct table table = describe(km_sqlite_of(attack->store), name);
	sqlite3_stmt *count = prepare(km_sqlite_of(attack->store), "SELECT count(*) FROM %s", name);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	int rows = sqlite3_column_int(count, 0);
	sqlite3_finalize(count);
	if (!rows)
		fail_msg("the test has no row of %s", name);
	for (int i = 0; i < rows; i += ROWS_APART) {
		sqlite3_stmt *row = prepare(km_sqlite_of(attack->store), "SELECT * FROM %s LIMIT 1 OFFSET %d", name, i);
		assert_int_equal(sqlite3_step(row), SQLITE_ROW);
		attack_row(attack, &table, row);
		sqlite3_finalize(row);
	}
}

/* What stands in the way of somebody who has the file, and is no hindrance to that one. */
static void disarm(sqlite3 *db)
{
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; BEGIN", NULL, NULL, NULL),
		SQLITE_OK);
	for (;;) {
		sqlite3_stmt *trigger = prepare(db, "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'");
		if (sqlite3_step(trigger) != SQLITE_ROW) {
			sqlite3_finalize(trigger);
			return;
		}
		char sql[120];
		snprintf(sql, sizeof sql, "%s", (const char *)sqlite3_column_text(trigger, 0));
		sqlite3_finalize(trigger);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
}

/* Nothing was purged here; the next test has that. And nothing rests on how often the register was used, when domains
 * were looked at and what was mailed, and it changes all the time. */
static bool is_no_exception(const char *table)
{
	return strcmp(table, "purge") != 0 && strcmp(table, "usage") != 0 && strcmp(table, "domain_check") != 0 &&
	       strcmp(table, "mail") != 0;
}

/* What a purge leaves, and says of itself. */
static bool is_left(const char *table)
{
	return strcmp(table, "purge") == 0 || strcmp(table, "submission") == 0 || strcmp(table, "audit") == 0 ||
	       strcmp(table, "decision") == 0 || strcmp(table, "mark_period") == 0 || strcmp(table, "event") == 0;
}

/* Changes each row of the tables that `is_meant`. */
static void attack_all(struct office *office, bool (*is_meant)(const char *table))
{
	struct attack attack = {.office = office, .found = calloc(1, sizeof *attack.found)};
	struct km_problem problem = {0};
	assert_ok(km_store_open(office->scene->fixture->path, KM_STORE_WRITE, &attack.store, &problem), &problem);
	disarm(km_sqlite_of(attack.store));
	audited_look(office, attack.store, attack.found);
	for (size_t i = 0; i < attack.found->len; i++) /* that there are no triggers is noticed */
		assert_string_equal(attack.found->differences[i].table, "sqlite_schema");
	assert_int_not_equal(attack.found->len, 0);
	sqlite3_stmt *tables = prepare(km_sqlite_of(attack.store), "SELECT name FROM sqlite_schema WHERE type = 'table'"
	                                                 " AND sql NOT LIKE 'CREATE VIRTUAL%%' ORDER BY name");
	while (sqlite3_step(tables) == SQLITE_ROW)
		if (is_meant((const char *)sqlite3_column_text(tables, 0)))
			attack_table(&attack, (const char *)sqlite3_column_text(tables, 0));
	sqlite3_finalize(tables);
	print_message("    %d changes, all named; %d refused by the schema\n", attack.made, attack.refused);
	assert_true(attack.made > 300 / ROWS_APART);
	km_store_rollback(attack.store);
	km_store_close(attack.store);
	free(attack.found);
}

static void any_change_to_any_row_of_any_table_is_named(void **state)
{
	struct office *office = *state;
	audited_fill(office);
	attack_all(office, is_no_exception);
}

static void any_change_to_a_register_in_which_things_were_purged_is_named(void **state)
{
	struct office *office = *state;
	audited_fill(office);
	audited_purge(office);
	attack_all(office, is_left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(any_change_to_any_row_of_any_table_is_named),
		KM_OFFICE_TEST(any_change_to_a_register_in_which_things_were_purged_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
