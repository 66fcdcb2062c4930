#include "registry/purge.h"

#include "registry/record.h"
#include "registry/sql.h"

#include <string.h>

static enum km_error put_purge(struct km_store *store, const struct km_purge *purge, int64_t now,
                               struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "INSERT INTO purge (submission_id, record_id, why, provider_id, scheme_id, last_at, purged_at)"
	           " VALUES (:id, :record, :why, :provider, :scheme, :last, :now)",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", purge->submission_id);
	km_sql_text(statement, ":record", purge->record_id);
	km_sql_text(statement, ":why", purge->why);
	km_sql_int_or_null(statement, ":provider", purge->provider_id);
	km_sql_text(statement, ":scheme", purge->scheme_id);
	km_sql_int(statement, ":last", purge->last_at);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	return error ? error : km_record_note(store, "purge", km_record_key("%s", purge->submission_id), now, problem);
}

/* What goes, by the id of the submission. */
static const char *const takings[] = {
	/* The first answer told what was in it. */
	"UPDATE submission SET bytes = substr(bytes, 1, 0), reply = '{\"id\":\"' || id || '\",\"type\":\"' || type || '\"}' WHERE id = :id",
	"DELETE FROM finding WHERE audit_id = :id",
	"UPDATE audit SET recommendation = NULL, majors = NULL, minors = NULL WHERE submission_id = :id",
	"UPDATE decision SET text_nl = NULL, text_en = NULL WHERE submission_id = :id",
	"UPDATE event SET text_nl = NULL, text_en = NULL WHERE decision_id = :id"
	" AND mark_id = (SELECT mark_id FROM decision WHERE submission_id = :id)",
	"DELETE FROM case_closure WHERE submission_id = :id",
	"DELETE FROM case_file WHERE submission_id = :id",
};

static enum km_error take_away(struct km_store *store, const char *literal, const char *id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	return km_sql_run(statement, problem);
}

/* What is left, by the same: the keys of its rows. */
static const struct {
	const char *table, *keys;
} leavings[] = {
	{"submission", "SELECT sequence FROM submission WHERE id = :id"},
	{"audit", "SELECT submission_id FROM audit WHERE submission_id = :id"},
	{"decision", "SELECT submission_id FROM decision WHERE submission_id = :id"},
	{"mark_period", "SELECT p.mark_id, p.sequence FROM decision AS d JOIN mark_period AS p ON p.mark_id = d.mark_id"
                    " AND p.decision_id = d.submission_id WHERE d.submission_id = :id ORDER BY p.sequence"},
	{"event", "SELECT e.id FROM decision AS d JOIN event AS e ON e.mark_id = d.mark_id"
              " AND e.decision_id = d.submission_id WHERE d.submission_id = :id ORDER BY e.id"},
};

static enum km_error note_left(struct km_store *store, const char *table, const char *literal, const char *id,
                               int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		struct km_record_key key;
		error = km_record_key_of(km_record_find_table(table), statement, &key, problem);
		if (!error)
			error = km_record_note(store, table, key, now, problem);
	}
	return error;
}

enum km_error km_purge(struct km_store *store, const struct km_purge *purge, int64_t now, struct km_problem *problem)
{
	enum km_error error = put_purge(store, purge, now, problem);
	for (size_t i = 0; !error && i < sizeof takings / sizeof *takings; i++)
		error = take_away(store, takings[i], purge->submission_id, problem);
	for (size_t i = 0; !error && i < sizeof leavings / sizeof *leavings; i++)
		error = note_left(store, leavings[i].table, leavings[i].keys, purge->submission_id, now, problem);
	return error;
}

enum km_error km_purged(struct km_store *store, const char *submission_id, bool *ret_purged, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT 1 FROM purge WHERE submission_id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", submission_id);
	return km_sql_step(statement, ret_purged, problem);
}

enum km_error km_purged_refuse(struct km_store *store, const char *audit_id, const char *member,
                               struct km_problem *problem)
{
	bool purged = false;
	enum km_error error = km_purged(store, audit_id, &purged, problem);
	if (!error && purged)
		return km_fail(problem, KM_CONFLICT, "audit-purged",
		               "%s: that audit was kept for as long as it had to be, and then purged: audit anew", member);
	return error;
}
