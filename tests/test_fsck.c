#include "keys/jwk.h"
#include "registry/fsck.h"

#include "badge/fsck_credential.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "registry/provider.h"
#include "registry/report.h"
#include "registry/rule.h"
#include "registry/sql.h"
#include "tests/office.h"

#include <stdlib.h>
#include <unistd.h>

/* ---------------------------------------------------------------------------------------------------- a register to
 * audit */

static struct scene_number grant_to(struct office *office, const char *kvk)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	json_t *audit = scene_audit(office->scene, "initial", "[\"beheer\",\"cloud\"]");
	json_object_set_new(audit, "provider", json_string(kvk));
	scene_find(audit, "R1", "minor", "2027-02-01");
	auto_free char *token = scene_sign(office->scene, AUDITOR, "audit", audit);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	km_outcome_done(&outcome);
	office_decide(office, "grant", NULL, json_string_value(json_object_get(reply, "id")), 0, &outcome);
	struct scene_number number;
	memcpy(number.text, outcome.number, sizeof number.text);
	return number;
}

static void add_providers(struct office *office)
{
	static const char *const names[] = {"Donald's Hosting", "Donald en Co"};
	static const struct km_domain domains[] = {{"donald.example", FIXTURE_NOW}, {"katrien.example", 0}};
	struct km_store *store = km_issuer_store(office->issuer);
	struct km_provider provider = {.kvk = "68727720",
	                               .name = "Test NV Katrien",
	                               .trade_names = names,
	                               .trade_names_len = 2,
	                               .domains = domains,
	                               .domains_len = 2};
	struct km_provider_contact contact = {.name = "Voorbeeldpersoon", .email = "k@katrien.example"};
	struct km_report report = {.kind = KM_REPORT_COMPLAINT, .text = "Voorbeeld."};
	struct km_problem problem;
	char reference[KM_REPORT_REFERENCE_TEXT];
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_provider_add(store, &provider, &contact, FIXTURE_NOW, &problem), &problem);
	provider = (struct km_provider){.kvk = "69599084", .name = "Test EMZ Dagobert", .city = "Utrecht"};
	assert_ok(km_provider_add(store, &provider, NULL, FIXTURE_NOW, &problem), &problem);
	assert_ok(km_report_add(store, &report, FIXTURE_NOW, reference, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
}

static struct scene_id submit(struct office *office, enum scene_person who, const char *type, json_t *content)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	struct scene_id id;
	auto_free char *token = scene_sign(office->scene, who, type, content);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	snprintf(id.text, sizeof id.text, "%s", json_string_value(json_object_get(reply, "id")));
	km_outcome_done(&outcome);
	return id;
}

static void open_and_close_a_case(struct office *office, const char *number)
{
	struct scene_id file = submit(office, DECIDER, "case",
	                              json_pack("{s:s, s:s, s:s, s:s}", "action", "open", "kind", "complaint", "mark",
	                                        number, "received", "2026-11-24"));
	submit(office, BOTH, "case",
	       json_pack("{s:s, s:s, s:s, s:s}", "action", "close", "case", file.text, "outcome", "settled", "reason",
	                 "voorbeeld"));
}

/* The auditor makes a code for a second key, and gives up the one in use. */
static void expect_another_key(struct office *office)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT];
	km_key_public(office->scene->keys[SECOND_AUDITOR], public_key);
	km_jwk_thumbprint(public_key, kid);
	submit(office, SECOND_AUDITOR, "person",
	       json_pack("{s:s, s:i, s:s}", "action", "invite-again", "person", 2, "code_sha256",
	                 "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
	submit(office, SECOND_AUDITOR, "person", json_pack("{s:s, s:s}", "action", "revoke", "key", kid));
}

/* Marks in all states, and a row in every table. */
static void fill(struct office *office)
{
	struct km_outcome outcome;
	add_providers(office);
	struct scene_number first = office_grant(office);
	struct scene_number second = grant_to(office, "68727720"), third = grant_to(office, "69599084");
	office->scene->now += 60;
	office_decide(office, "rename", first.text, NULL, 0, &outcome);
	office_decide(office, "notice", second.text, NULL, 0, &outcome);
	office_decide(office, "suspend", third.text, NULL, office->scene->now + 86400, &outcome);
	open_and_close_a_case(office, second.text);
	expect_another_key(office);
	struct scene_id offer = submit(office, DECIDER, "decision", scene_decision("transfer", second.text, NULL));
	json_t *accept = scene_decision("accept-transfer", second.text, NULL);
	json_object_set_new(accept, "transfer", json_string(offer.text));
	submit(office, OTHER_DECIDER, "decision", accept);
	office->scene->now += 2 * 86400;
	office_tick(office);
	office_decide(office, "withdraw", third.text, NULL, 0, &outcome);
	auto_mark struct km_mark *mark = scene_mark(office->scene, first.text, office->scene->now);
	office->scene->now = mark->period.surveillance_limit + 1;
	office_tick(office);
}

/* --------------------------------------------------------------------------------------------------------- what was
 * found */

struct found {
	size_t len;
	struct {
		char table[40], row[120], column[40], what[200];
	} differences[400];
};

static enum km_error note(void *context, const struct km_difference *difference)
{
	struct found *found = context;
	size_t i = found->len < 400 ? found->len++ : 399;
	snprintf(found->differences[i].table, 40, "%s", difference->table);
	snprintf(found->differences[i].row, 120, "%s", difference->row);
	snprintf(found->differences[i].column, 40, "%s", difference->column);
	snprintf(found->differences[i].what, 200, "%s", difference->what);
	return KM_OK;
}

/* In memory where there is such a place: this is done some thousand times. */
static const char *scratch(void)
{
	const char *folder = getenv("TMPDIR");
	if (access("/dev/shm", W_OK) == 0)
		return "/dev/shm";
	return folder && *folder ? folder : "/tmp";
}

/* Looks at the register through this store. */
static void look(struct office *office, struct km_store *store, struct found *found)
{
	struct km_problem problem = {0};
	struct km_fsck fsck = {store, scratch(), &office->trust, office->scene->now, note, found};
	found->len = 0;
	assert_ok(km_fsck(&fsck, &problem), &problem);
	assert_ok(km_fsck_credentials(&fsck, &problem), &problem);
}

static void show(const struct found *found)
{
	for (size_t i = 0; i < found->len && i < 20; i++)
		print_message("    %s %s %s: %s\n", found->differences[i].table, found->differences[i].row,
		              found->differences[i].column, found->differences[i].what);
}

static void expect_clean(struct office *office)
{
	struct found *found = calloc(1, sizeof *found);
	struct km_problem problem = {0};
	struct km_store *store = NULL;
	assert_ok(km_store_open(office->scene->fixture->path, KM_STORE_READ, &store, &problem), &problem);
	assert_ok(km_store_read_begin(store, &problem), &problem);
	look(office, store, found);
	km_store_read_end(store);
	km_store_close(store);
	if (found->len)
		show(found);
	assert_int_equal(found->len, 0);
	free(found);
}

static void a_register_that_nobody_touched_is_clean(void **state)
{
	struct office *office = *state;
	expect_clean(office);
	fill(office);
	expect_clean(office);
}

/* -------------------------------------------------------------------------------------------------------- whatever
 * happens */

/* The same walk each time: a linear congruential generator. */
struct walk {
	struct office *office;
	uint64_t random;
	struct scene_number marks[4];
	struct scene_id audits[8];
	size_t audits_len;
	int taken, refused;
};

static unsigned draw(struct walk *walk, unsigned below)
{
	walk->random = walk->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(walk->random >> 33) % below;
}

static void hand_in(struct walk *walk, enum scene_person who, const char *type, json_t *content,
                    struct scene_id *ret_id)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	auto_free char *token = scene_sign(walk->office->scene, who, type, content);
	if (km_issuer_submit(walk->office->issuer, token, strlen(token), &outcome, &problem)) {
		walk->refused++;
		return;
	}
	walk->taken++;
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	snprintf(ret_id->text, sizeof ret_id->text, "%s", json_string_value(json_object_get(reply, "id")));
	km_outcome_done(&outcome);
}

static void audit_something(struct walk *walk)
{
	static const char *const kinds[] = {"initial", "surveillance", "recertification", "special"};
	static const char *const kvks[] = {"68750110", "68727720", "69599084"};
	json_t *audit = scene_audit(walk->office->scene, kinds[draw(walk, 4)], "[\"beheer\",\"cloud\"]");
	json_object_set_new(audit, "provider", json_string(kvks[draw(walk, 3)]));
	hand_in(walk, AUDITOR, "audit", audit, &walk->audits[walk->audits_len++ % 8]);
}

/* Any decision on any mark, resting on any audit; most are refused. */
static void decide_something(struct walk *walk)
{
	size_t rules_len;
	const struct km_rule *rule = &km_rules(&rules_len)[0];
	rule += draw(walk, (unsigned)rules_len);
	const char *audit = walk->audits[draw(walk, 8)].text, *mark = walk->marks[draw(walk, 3)].text;
	bool rests = rule->needs & KM_MEMBER_AUDIT || (rule->takes & KM_MEMBER_AUDIT && draw(walk, 2));
	json_t *decision = scene_decision(rule->action, rule->from & KM_FROM_NO_MARK ? NULL : mark, rests ? audit : NULL);
	int64_t from = walk->office->scene->now;
	from += rule->needs & KM_MEMBER_STATE ? -(int64_t)draw(walk, 100 * 86400) : draw(walk, 30 * 86400);
	char text[KM_TIME_TEXT];
	km_time_format(from, text);
	if (rule->needs & KM_MEMBER_STATE || draw(walk, 3) == 0)
		json_object_set_new(decision, "holds_from", json_string(text));
	struct scene_id id;
	hand_in(walk, draw(walk, 8) ? DECIDER : OTHER_DECIDER, "decision", decision, &id);
}

static void let_time_pass(struct walk *walk)
{
	static const unsigned spans[] = {1, 3600, 86400, 40 * 86400};
	walk->office->scene->now += 1 + draw(walk, spans[draw(walk, 4)]);
	if (draw(walk, 2))
		office_tick(walk->office);
}

static void wander(struct office *office, uint64_t seed)
{
	struct walk walk = {.office = office, .random = seed};
	add_providers(office);
	walk.marks[0] = office_grant(office);
	walk.marks[1] = grant_to(office, "68727720");
	walk.marks[2] = grant_to(office, "69599084");
	for (int step = 1; step <= 240; step++) {
		switch (draw(&walk, 4)) {
		case 0:
			audit_something(&walk);
			break;
		case 1:
			let_time_pass(&walk);
			break;
		default:
			decide_something(&walk);
		}
		if (step % 30 == 0)
			expect_clean(office);
	}
	assert_true(walk.taken > 40 && walk.refused > 10);
}

/* So many that the index of names has long lists, with indexes of their own, in more than one segment. */
static void a_register_with_many_names_is_clean(void **state)
{
	struct office *office = *state;
	struct km_problem problem;
	struct km_store *store = km_issuer_store(office->issuer);
	for (int i = 0; i < 12000; i++) {
		char kvk[16], name[64];
		snprintf(kvk, sizeof kvk, "%08d", 10000000 + i);
		snprintf(name, sizeof name, "Test %d BV", i);
		const struct km_provider provider = {.kvk = kvk, .name = name};
		if (i % 9000 == 0)
			assert_ok(km_store_begin(store, &problem), &problem);
		assert_ok(km_provider_add(store, &provider, NULL, FIXTURE_NOW, &problem), &problem);
		if (i % 9000 == 8999 || i == 11999)
			assert_ok(km_store_commit(store, &problem), &problem);
	}
	assert_true(
		fixture_number(office->scene->fixture, "SELECT count(*) FROM provider_search_data WHERE (id >> 36) & 1") > 0);
	expect_clean(office);
}

static void whatever_happens_to_marks_leaves_it_clean(void **state)
{
	wander(*state, 1);
}

static void whatever_else_happens_to_marks_leaves_it_clean(void **state)
{
	wander(*state, 77);
}

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
	assert_int_equal(sqlite3_exec(attack->store->db, "SAVEPOINT attack", NULL, NULL, NULL), SQLITE_OK);
}

static void undo(struct attack *attack)
{
	assert_int_equal(sqlite3_exec(attack->store->db, "ROLLBACK TO attack; RELEASE attack", NULL, NULL, NULL),
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
	look(attack->office, attack->store, attack->found);
	attack->made++;
	if (is_named(attack->found, table, key))
		return;
	show(attack->found);
	fail_msg("not found: %s of %s %s", what, table, key);
}

static void refuse(struct attack *attack, const char *what, const char *table, const char *key)
{
	attack->refused++;
	print_message("    the schema refuses another %s of %s %s: %s\n", what, table, key,
	              sqlite3_errmsg(attack->store->db));
}

/* One column of one row: a value that is another; where it may be NULL, that too. */
static void change_column(struct attack *attack, const struct table *table, const char *condition, const char *key,
                          int column, int type)
{
	sqlite3 *db = attack->store->db;
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
	if (!try_sql(attack->store->db, "DELETE FROM %s WHERE %s", table->name, condition))
		fail_msg("%s %s: %s", table->name, key, sqlite3_errmsg(attack->store->db));
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
	sqlite3 *db = attack->store->db;
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

/* Each row as it is before anything is changed: SELECT would see the changes that it is in the middle of. */
static void attack_table(struct attack *attack, const char *name)
{
	const struct table table = describe(attack->store->db, name);
	sqlite3_stmt *count = prepare(attack->store->db, "SELECT count(*) FROM %s", name);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	int rows = sqlite3_column_int(count, 0);
	sqlite3_finalize(count);
	if (!rows)
		fail_msg("the test has no row of %s", name);
	for (int i = 0; i < rows; i++) {
		sqlite3_stmt *row = prepare(attack->store->db, "SELECT * FROM %s LIMIT 1 OFFSET %d", name, i);
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

/* Nothing rests on how often the register was used and when domains were looked at, and it changes all the time. */
static bool is_exempt(const char *table)
{
	return strcmp(table, "usage") == 0 || strcmp(table, "domain_check") == 0;
}

static void any_change_to_any_row_of_any_table_is_named(void **state)
{
	struct office *office = *state;
	struct attack attack = {.office = office, .found = calloc(1, sizeof *attack.found)};
	struct km_problem problem = {0};
	fill(office);
	assert_ok(km_store_open(office->scene->fixture->path, KM_STORE_WRITE, &attack.store, &problem), &problem);
	disarm(attack.store->db);
	look(office, attack.store, attack.found);
	for (size_t i = 0; i < attack.found->len; i++) /* that there are no triggers is noticed */
		assert_string_equal(attack.found->differences[i].table, "sqlite_schema");
	assert_int_not_equal(attack.found->len, 0);
	sqlite3_stmt *tables = prepare(attack.store->db, "SELECT name FROM sqlite_schema WHERE type = 'table'"
	                                                 " AND sql NOT LIKE 'CREATE VIRTUAL%%' ORDER BY name");
	while (sqlite3_step(tables) == SQLITE_ROW)
		if (!is_exempt((const char *)sqlite3_column_text(tables, 0)))
			attack_table(&attack, (const char *)sqlite3_column_text(tables, 0));
	sqlite3_finalize(tables);
	print_message("    %d changes, all named; %d refused by the schema\n", attack.made, attack.refused);
	assert_true(attack.made > 1000);
	km_store_rollback(attack.store);
	km_store_close(attack.store);
	free(attack.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_OFFICE_TEST(a_register_that_nobody_touched_is_clean),
		KM_OFFICE_TEST(a_register_with_many_names_is_clean),
		KM_OFFICE_TEST(whatever_happens_to_marks_leaves_it_clean),
		KM_OFFICE_TEST(whatever_else_happens_to_marks_leaves_it_clean),
		KM_OFFICE_TEST(any_change_to_any_row_of_any_table_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
