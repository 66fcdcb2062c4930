#include "registry/retention.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "registry/purge.h"
#include "registry/report.h"
#include "registry/retention_find.h"
#include "registry/sql.h"

#include <stdlib.h>
#include <string.h>

const char *km_record_kind_name(enum km_record_kind kind)
{
	static const char *const names[] = {
		[KM_RECORD_AUDIT] = "audit", [KM_RECORD_CASE] = "case", [KM_RECORD_REPORT] = "report"};
	return names[kind];
}

void km_retention_done(struct km_retention *retention)
{
	for (size_t i = 0; i < retention->len; i++)
		free(retention->records[i].name);
	free(retention->records);
	*retention = (struct km_retention){0};
}

enum km_error km_retention_of(struct km_store *store, int64_t provider_id, int64_t now,
                              struct km_retention *ret_retention, struct km_problem *problem)
{
	struct km_retention retention = {0};
	enum km_error error = km_retention_collect(store, provider_id, now, &retention, problem);
	if (error) {
		km_retention_done(&retention);
		return error;
	}
	*ret_retention = retention;
	return KM_OK;
}

enum km_error km_retention_find(struct km_store *store, int64_t now, struct km_retention *ret_retention,
                                struct km_problem *problem)
{
	struct km_retention retention = {0};
	enum km_error error = km_retention_of(store, 0, now, &retention, problem);
	if (error)
		return error;
	size_t len = 0;
	for (size_t i = 0; i < retention.len; i++) {
		struct km_kept_record *record = &retention.records[i];
		if (record->may_go <= now)
			retention.records[len++] = *record;
		else
			free(record->name);
	}
	retention.len = len;
	*ret_retention = retention;
	return KM_OK;
}

enum km_error km_retention_code(const struct km_retention *retention, char ret_code[static KM_RETENTION_CODE_TEXT],
                                struct km_problem *problem)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY, code = KM_BUF_EMPTY;
	uint8_t digest[KM_SHA256_BYTES];
	for (size_t i = 0; i < retention->len; i++)
		km_buf_add_format(&text, "%s %s %s\n", km_record_kind_name(retention->records[i].kind),
		                  retention->records[i].id, retention->records[i].closure);
	if (text.failed)
		return km_fail_memory(problem);
	km_sha256(text.data ? text.data : "", text.len, digest);
	km_encode(KM_HEX, digest, (KM_RETENTION_CODE_TEXT - 1) / 2, &code);
	if (code.failed)
		return km_fail_memory(problem);
	memcpy(ret_code, code.data, KM_RETENTION_CODE_TEXT);
	return KM_OK;
}

static enum km_error purge_one(struct km_store *store, const struct km_kept_record *record, const char *id, int64_t now,
                               struct km_problem *problem)
{
	const struct km_purge purge = {.submission_id = id,
	                               .record_id = record->id,
	                               .why = "retention",
	                               .provider_id = record->provider_id,
	                               .scheme_id = record->provider_id ? record->scheme_id : NULL,
	                               .last_at = record->last_at};
	return km_purge(store, &purge, now, problem);
}

/* With its follow-ups, and the refusals that rest on them: their texts are not public. */
static enum km_error purge_audit(struct km_store *store, const struct km_kept_record *record, int64_t now,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT d.submission_id FROM audit AS a JOIN decision AS d ON d.audit_id = a.submission_id"
	           " WHERE (a.submission_id = :id OR a.follows = :id) AND d.action = 'refuse'"
	           " UNION SELECT submission_id FROM audit WHERE submission_id = :id OR follows = :id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", record->id);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = purge_one(store, record, km_sql_get_text(statement, 0), now, problem);
	return error;
}

/* Where another case began with the same report, it stays. */
static enum km_error erase_report(struct km_store *store, const char *reference, int64_t now,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT 1 FROM report WHERE reference = :reference AND NOT EXISTS"
	                             " (SELECT 1 FROM case_file WHERE report = :reference)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":reference", reference);
	bool alone = false;
	error = km_sql_step(statement, &alone, problem);
	return error || !alone ? error : km_report_erase(store, reference, now, problem);
}

static enum km_error purge_case(struct km_store *store, const struct km_kept_record *record, int64_t now,
                                struct km_problem *problem)
{
	enum km_error error = purge_one(store, record, record->closure, now, problem);
	if (!error)
		error = purge_one(store, record, record->id, now, problem);
	return error || !*record->report ? error : erase_report(store, record->report, now, problem);
}

enum km_error km_retention_purge(struct km_store *store, const struct km_retention *retention, int64_t now,
                                 struct km_problem *problem)
{
	enum km_error error = KM_OK;
	for (size_t i = 0; !error && i < retention->len; i++) {
		const struct km_kept_record *record = &retention->records[i];
		if (record->kind == KM_RECORD_AUDIT)
			error = purge_audit(store, record, now, problem);
		else if (record->kind == KM_RECORD_CASE)
			error = purge_case(store, record, now, problem);
		else
			error = erase_report(store, record->id, now, problem);
	}
	return error;
}
