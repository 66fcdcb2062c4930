#include "registry/retention_find.h"

#include "registry/cycle.h"
#include "registry/finding.h"
#include "registry/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every statement below gives first, in the order in which read_record takes it, each ordered by provider and
 * scheme. */
enum { ID, DETAIL, PROVIDER, SCHEME, KVK, NAME, NUMBER, RECORDED, LAST, OPEN_CASE, REST };

static void copy_text(char *to, size_t size, struct km_statement *statement, int column)
{
	const char *text = km_sql_get_text(statement, column);
	snprintf(to, size, "%s", text ? text : "");
}

static enum km_error add_record(struct km_retention *retention, struct km_statement *statement,
                                enum km_record_kind kind, struct km_kept_record **ret_record,
                                struct km_problem *problem)
{
	/* Twice as many each time. */
	if ((retention->len & (retention->len - 1)) == 0) {
		size_t room = retention->len ? 2 * retention->len : 1;
		struct km_kept_record *grown = realloc(retention->records, room * sizeof *grown);
		if (!grown)
			return km_fail_memory(problem);
		retention->records = grown;
	}
	struct km_kept_record *record = &retention->records[retention->len];
	*record = (struct km_kept_record){.kind = kind};
	if (!km_sql_copy_text(statement, NAME, (const char **)&record->name))
		return km_fail_memory(problem);
	retention->len++;
	copy_text(record->id, sizeof record->id, statement, ID);
	copy_text(record->detail, sizeof record->detail, statement, DETAIL);
	copy_text(record->scheme_id, sizeof record->scheme_id, statement, SCHEME);
	copy_text(record->kvk, sizeof record->kvk, statement, KVK);
	copy_text(record->number, sizeof record->number, statement, NUMBER);
	record->provider_id = km_sql_get_int(statement, PROVIDER);
	record->recorded_at = km_sql_get_int(statement, RECORDED);
	record->last_at = km_sql_get_int(statement, LAST);
	*ret_record = record;
	return KM_OK;
}

/* What is collected, and the cycle that counts for the record, kept from the one before it where that is the same. */
struct counting {
	struct km_store *store;
	int64_t now;
	struct km_retention *retention;
	bool known;
	int64_t provider_id;
	char scheme_id[KM_SLUG_MAX + 1];
	struct km_cycle cycle;
};

static enum km_error set_may_go(struct counting *counting, bool open_case, struct km_kept_record *record,
                                struct km_problem *problem)
{
	int64_t now = counting->now;
	if (!counting->known || counting->provider_id != record->provider_id ||
	    strcmp(counting->scheme_id, record->scheme_id) != 0) {
		enum km_error error =
			km_cycle_of(counting->store, record->provider_id, record->scheme_id, now, &counting->cycle, problem);
		if (error)
			return error;
		counting->known = true;
		counting->provider_id = record->provider_id;
		memcpy(counting->scheme_id, record->scheme_id, sizeof counting->scheme_id);
	}
	const struct km_cycle *cycle = &counting->cycle;
	record->may_go = open_case ? INT64_MAX : km_cycle_may_go(cycle, record->last_at);
	if (open_case)
		record->why = "open-case";
	else if (cycle->alive)
		record->why = record->may_go <= now ? "before-previous-term" : "mark-alive";
	else
		record->why = cycle->ended_at ? "mark-ended" : "no-mark";
	return KM_OK;
}

/* Takes the rows of a statement, one by one, of one provider or, for 0, of all. */
static enum km_error collect(struct counting *counting, struct km_statement *statement, int64_t provider_id,
                             enum km_error (*add)(struct counting *counting, struct km_statement *statement,
                                                  struct km_problem *problem),
                             struct km_problem *problem)
{
	enum km_error error;
	bool row = false;
	km_sql_int(statement, ":provider", provider_id);
	while (!(error = km_sql_step(statement, &row, problem)) && row)
		if ((error = add(counting, statement, problem)))
			return error;
	return error;
}

/* -------------------------------------------------------------------------------------------------------------- audits
 */

/* The audits of one record: the audit `a` and those that followed it. */
#define GROUP "(g.submission_id = a.submission_id OR g.follows = a.submission_id)"

/* A finding of these that no later audit has looked at again. */
#define OPEN_FINDING                                                                                                   \
	"EXISTS (SELECT 1 FROM audit AS g JOIN submission AS s ON s.id = g.submission_id"                                  \
	" JOIN finding AS f ON f.audit_id = g.submission_id AND f.result IN ('minor', 'major') WHERE " GROUP               \
	" AND" KM_FINDING_STILL_STANDS("g") ")"

/* Appeals against what was decided on these. */
#define APPEALS                                                                                                        \
	"FROM audit AS g JOIN decision AS d ON d.audit_id = g.submission_id"                                               \
	" JOIN case_file AS c ON c.decision_id = d.submission_id"                                                          \
	" LEFT JOIN case_closure AS x ON x.case_id = c.submission_id WHERE " GROUP

/* What is kept of the audits of one provider under one scheme keeps those that came after its first: they may have
 * closed what it left open. */
static void keep_after(struct km_kept_record *records, size_t len, int64_t now)
{
	int64_t first_kept = INT64_MAX;
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < len; i++) {
			struct km_kept_record *record = &records[i];
			if (record->may_go <= now && record->last_sequence > first_kept) {
				record->may_go = INT64_MAX;
				record->why = "beside-kept";
			}
			if (record->may_go > now && record->first_sequence < first_kept) {
				first_kept = record->first_sequence;
				more = true;
			}
		}
	}
}

static void keep_after_all(struct km_retention *retention, size_t from, int64_t now)
{
	struct km_kept_record *records = retention->records;
	while (from < retention->len) {
		size_t len = 1;
		while (from + len < retention->len && records[from + len].provider_id == records[from].provider_id &&
		       strcmp(records[from + len].scheme_id, records[from].scheme_id) == 0)
			len++;
		keep_after(records + from, len, now);
		from += len;
	}
}

static enum km_error add_audit(struct counting *counting, struct km_statement *statement, struct km_problem *problem)
{
	struct km_kept_record *record = NULL;
	enum km_error error = add_record(counting->retention, statement, KM_RECORD_AUDIT, &record, problem);
	if (error)
		return error;
	for (int column = REST; column < REST + 2; column++) { /* decisions, closures */
		int64_t at = km_sql_get_int(statement, column);
		record->last_at = at > record->last_at ? at : record->last_at;
	}
	record->first_sequence = km_sql_get_int(statement, REST + 2);
	record->last_sequence = km_sql_get_int(statement, REST + 3);
	error = set_may_go(counting, km_sql_get_int(statement, OPEN_CASE), record, problem);
	if (!error && counting->cycle.alive && record->may_go <= counting->now && km_sql_get_int(statement, REST + 4)) {
		record->may_go = INT64_MAX;
		record->why = "open-finding";
	}
	return error;
}

static enum km_error collect_audits(struct km_store *store, int64_t provider_id, int64_t now,
                                    struct km_retention *retention, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT a.submission_id, a.kind, a.provider_id, a.scheme_id, p.kvk, p.name, (SELECT m.number FROM audit AS g"
		"  JOIN decision AS d ON d.audit_id = g.submission_id JOIN mark AS m ON m.id = d.mark_id WHERE " GROUP
		"  LIMIT 1), a.recorded_at, (SELECT max(g.recorded_at) FROM audit AS g WHERE " GROUP "),"
		" EXISTS (SELECT 1 " APPEALS " AND x.case_id IS NULL),"
		" (SELECT max(d.recorded_at) FROM audit AS g JOIN decision AS d ON d.audit_id = g.submission_id WHERE " GROUP
		"), (SELECT max(x.recorded_at) " APPEALS "), r.sequence,"
		" (SELECT max(s.sequence) FROM audit AS g JOIN submission AS s ON s.id = g.submission_id WHERE " GROUP
		"), " OPEN_FINDING " FROM audit AS a JOIN provider AS p ON p.id = a.provider_id"
		" JOIN submission AS r ON r.id = a.submission_id WHERE a.follows IS NULL AND a.recommendation IS NOT NULL"
		" AND (:provider = 0 OR a.provider_id = :provider) ORDER BY a.provider_id, a.scheme_id, r.sequence",
		&statement, problem);
	if (error)
		return error;
	struct counting counting = {.store = store, .now = now, .retention = retention};
	size_t first = retention->len;
	error = collect(&counting, statement, provider_id, add_audit, problem);
	if (!error)
		keep_after_all(retention, first, now);
	return error;
}

/* --------------------------------------------------------------------------------------------------- cases and reports
 */

static enum km_error add_case(struct counting *counting, struct km_statement *statement, struct km_problem *problem)
{
	struct km_kept_record *record = NULL;
	enum km_error error = add_record(counting->retention, statement, KM_RECORD_CASE, &record, problem);
	if (error)
		return error;
	copy_text(record->closure, sizeof record->closure, statement, REST);
	copy_text(record->report, sizeof record->report, statement, REST + 1);
	return set_may_go(counting, km_sql_get_int(statement, OPEN_CASE), record, problem);
}

static enum km_error collect_cases(struct km_store *store, int64_t provider_id, int64_t now,
                                   struct km_retention *retention, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT c.submission_id, c.kind, p.id, coalesce(m.scheme_id, a.scheme_id), p.kvk, p.name, m.number,"
	           " c.recorded_at, x.recorded_at, x.submission_id IS NULL, x.submission_id, c.report FROM case_file AS c"
	           " LEFT JOIN case_closure AS x ON x.case_id = c.submission_id"
	           " LEFT JOIN decision AS d ON d.submission_id = c.decision_id"
	           " LEFT JOIN mark AS m ON m.id = coalesce(c.mark_id, d.mark_id)"
	           " LEFT JOIN audit AS a ON a.submission_id = d.audit_id"
	           " LEFT JOIN provider AS p ON p.id = coalesce(m.provider_id, a.provider_id)"
	           " WHERE :provider = 0 OR p.id = :provider ORDER BY p.id, 4, c.recorded_at, c.submission_id",
	           &statement, problem);
	if (error)
		return error;
	struct counting counting = {.store = store, .now = now, .retention = retention};
	return collect(&counting, statement, provider_id, add_case, problem);
}

static enum km_error add_report(struct counting *counting, struct km_statement *statement, struct km_problem *problem)
{
	struct km_kept_record *record = NULL;
	enum km_error error = add_record(counting->retention, statement, KM_RECORD_REPORT, &record, problem);
	return error ? error : set_may_go(counting, false, record, problem);
}

static enum km_error collect_reports(struct km_store *store, int64_t provider_id, int64_t now,
                                     struct km_retention *retention, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT r.reference, r.kind, m.provider_id, m.scheme_id, p.kvk, p.name, m.number, r.received_at,"
	           " r.received_at FROM report AS r LEFT JOIN mark AS m ON m.id = r.mark_id"
	           " LEFT JOIN provider AS p ON p.id = m.provider_id"
	           " WHERE NOT EXISTS (SELECT 1 FROM case_file WHERE report = r.reference)"
	           " AND (:provider = 0 OR m.provider_id = :provider) ORDER BY m.provider_id, m.scheme_id, r.id",
	           &statement, problem);
	if (error)
		return error;
	struct counting counting = {.store = store, .now = now, .retention = retention};
	return collect(&counting, statement, provider_id, add_report, problem);
}

enum km_error km_retention_collect(struct km_store *store, int64_t provider_id, int64_t now,
                                   struct km_retention *ret_retention, struct km_problem *problem)
{
	enum km_error error = collect_audits(store, provider_id, now, ret_retention, problem);
	if (!error)
		error = collect_cases(store, provider_id, now, ret_retention, problem);
	return error ? error : collect_reports(store, provider_id, now, ret_retention, problem);
}
