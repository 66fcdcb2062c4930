#include "registry/fsck_copy.h"

#include "base/buf.h"
#include "base/encode.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <string.h>

/* What a constraint refuses is left out. */
static enum km_error run_tolerant(struct km_statement *statement, struct km_problem *problem)
{
	struct km_problem refusal = {0};
	enum km_error error = km_sql_run(statement, &refusal);
	if (error && error != KM_CONFLICT && problem)
		*problem = refusal;
	return error == KM_CONFLICT ? KM_OK : error;
}

/* Puts the present row of the one into the other. */
static enum km_error put_row(struct km_store *fresh, const char *insert, struct km_statement *from, bool without_last,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fresh, insert, &statement, problem);
	if (error)
		return error;
	for (int column = 0; column < km_sql_columns(from) - without_last; column++)
		km_sql_copy_value(statement, column + 1, from, column);
	return run_tolerant(statement, problem);
}

/* Of the tables whose rows are noted, those that submissions refer to. */
static const struct {
	const char *table, *insert;
} references[] = {
	{"scheme", "INSERT OR IGNORE INTO scheme VALUES (?1, ?2, ?3, ?4, ?5)"},
	{"body", "INSERT OR IGNORE INTO body VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
	{"body_scheme", "INSERT OR IGNORE INTO body_scheme VALUES (?1, ?2)"},
	{"person", "INSERT OR IGNORE INTO person VALUES (?1, ?2, ?3, ?4, ?5)"},
	{"person_key", "INSERT INTO person_key VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                   " ON CONFLICT (thumbprint) DO UPDATE SET revoked_at = excluded.revoked_at"},
	{"provider", "INSERT OR IGNORE INTO provider VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
	{"purge", "INSERT OR IGNORE INTO purge VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
};

/* Roles that no submission gave; those that one gave follow from it. */
static enum km_error copy_roles(struct km_store *fresh, struct km_statement *from, struct km_problem *problem)
{
	if (km_sql_get_text(from, 4))
		return KM_OK;
	enum km_error error =
		put_row(fresh, "INSERT OR IGNORE INTO person_roles VALUES (?1, ?2, ?3, ?4, ?5)", from, false, problem);
	auto_statement struct km_statement *statement = NULL;
	if (!error)
		error = km_sql(fresh, "UPDATE person SET roles = :roles WHERE id = :person", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":person", km_sql_get_int(from, 0));
	km_sql_int(statement, ":roles", km_sql_get_int(from, 2));
	return run_tolerant(statement, problem);
}

/* The row that was noted here; `last`: and was not changed after that. */
static enum km_error copy_row(struct km_store *store, struct km_store *fresh, const char *table, const char *key,
                              bool last, struct km_problem *problem)
{
	bool roles = strcmp(table, "person_roles") == 0;
	size_t i = 0;
	while (i < sizeof references / sizeof *references && strcmp(references[i].table, table) != 0)
		i++;
	if (i == sizeof references / sizeof *references && !roles)
		return KM_OK;
	auto_record_row struct km_record_row row = {0};
	enum km_error error = km_record_find_row(store, km_record_find_table(table), key, &row, problem);
	if (error || !row.found)
		return error;
	if (roles)
		return copy_roles(fresh, row.statement, problem);
	return put_row(fresh, references[i].insert, row.statement, !last && strcmp(table, "person_key") == 0, problem);
}

static bool is_chain(const void *bytes, size_t len, const char *chain)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, bytes, len, &text);
	return !text.failed && text.len && strcmp(text.data, chain) == 0;
}

enum km_error km_fsck_copy_records(struct km_store *store, struct km_store *fresh, int64_t from, int64_t to,
                                   const char *chain, bool *ret_fits, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT sequence, table_name, row_key, salt IS NOT NULL, chain FROM record"
	                             " WHERE sequence > :from AND sequence <= :to ORDER BY sequence",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":from", from);
	km_sql_int(statement, ":to", to);
	bool row = false, fits = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		size_t len;
		const void *kept = km_sql_get_blob(statement, 4, &len);
		fits = km_sql_get_int(statement, 0) == to && is_chain(kept, len, chain);
		error = copy_row(store, fresh, km_sql_get_text(statement, 1), km_sql_get_text(statement, 2),
		                 km_sql_get_int(statement, 3), problem);
	}
	if (!error)
		*ret_fits = fits;
	return error;
}

/* The row that the statement, whose one parameter is bound already, gives. */
static enum km_error copy_found(struct km_store *fresh, struct km_statement *statement, const char *insert,
                                struct km_problem *problem)
{
	bool row = false;
	enum km_error error = km_sql_step(statement, &row, problem);
	return error || !row ? error : put_row(fresh, insert, statement, false, problem);
}

enum km_error km_fsck_copy_submission(struct km_store *store, struct km_store *fresh, int64_t sequence,
                                      struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT * FROM submission WHERE sequence = :sequence", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":sequence", sequence);
	return copy_found(fresh, statement, "INSERT INTO submission VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", problem);
}

enum km_error km_fsck_copy_mark(struct km_store *store, struct km_store *fresh, const char *number,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT * FROM mark WHERE number = :number", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	return copy_found(fresh, statement, "INSERT OR IGNORE INTO mark VALUES (?1, ?2, ?3, ?4, ?5)", problem);
}

enum km_error km_fsck_copy_event(struct km_store *store, struct km_store *fresh, int64_t id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT * FROM event WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	return copy_found(fresh, statement, "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", problem);
}

/* What is left of a submission that was purged, beside itself and its event. */
static const struct {
	const char *select, *insert;
} leavings[] = {
	{"SELECT * FROM audit WHERE submission_id = :id",
     "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"},
	{"SELECT * FROM decision WHERE submission_id = :id",
     "INSERT INTO decision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"},
	{"SELECT p.* FROM decision AS d JOIN mark_period AS p ON p.mark_id = d.mark_id AND p.decision_id = d.submission_id"
     " WHERE d.submission_id = :id",
     "INSERT INTO mark_period SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15"
     " WHERE json_valid(?9)"},
};

enum km_error km_fsck_copy_purged(struct km_store *store, struct km_store *fresh, const char *id, int64_t sequence,
                                  struct km_problem *problem)
{
	enum km_error error = km_fsck_copy_submission(store, fresh, sequence, problem);
	for (size_t i = 0; !error && i < sizeof leavings / sizeof *leavings; i++) {
		auto_statement struct km_statement *statement = NULL;
		error = km_sql(store, leavings[i].select, &statement, problem);
		if (error)
			return error;
		km_sql_text(statement, ":id", id);
		error = copy_found(fresh, statement, leavings[i].insert, problem);
	}
	return error;
}
