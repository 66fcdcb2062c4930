#include "registry/provider_erase.h"

#include "base/clock.h"
#include "base/json.h"
#include "keys/jws.h"
#include "registry/cycle.h"
#include "registry/provider.h"
#include "registry/provider_privacy.h"
#include "registry/purge.h"
#include "registry/record.h"
#include "registry/retention.h"
#include "registry/sql.h"
#include "registry/submission.h"

#include <stdio.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------- whether it may
 */

/* Of each scheme under which it had a mark: none is alive. *ret_until: when the last of its decisions may go. */
static enum km_error check_marks(struct km_store *store, int64_t id, int64_t now, int64_t *ret_until,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT m.scheme_id, max(d.recorded_at), max(m.number) FROM mark AS m"
	           " JOIN decision AS d ON d.mark_id = m.id WHERE m.provider_id = :id GROUP BY m.scheme_id ORDER BY 1",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		struct km_cycle cycle;
		error = km_cycle_of(store, id, km_sql_get_text(statement, 0), now, &cycle, problem);
		if (error)
			return error;
		if (cycle.alive)
			return km_fail(
				problem, KM_CONFLICT, "mark-alive",
				"its mark of scheme %s is active or suspended, and the public has to know whose it is. Let it "
				"end first; its records are then kept for as long again as a term",
				km_sql_get_text(statement, 0));
		int64_t may_go = km_cycle_may_go(&cycle, km_sql_get_int(statement, 1));
		*ret_until = may_go > *ret_until ? may_go : *ret_until;
	}
	return error;
}

/* What the public reported can go at any time. What is kept beside an older record of its (INT64_MAX) goes as soon as
 * that one does, which is in the list too. */
static enum km_error check_records(const struct km_retention *retention, int64_t now, int64_t until,
                                   struct km_problem *problem)
{
	for (size_t i = 0; i < retention->len; i++) {
		const struct km_kept_record *record = &retention->records[i];
		if (record->kind == KM_RECORD_REPORT)
			continue;
		if (strcmp(record->why, "open-case") == 0)
			return km_fail(problem, KM_CONFLICT, "open-case",
			               "the certification body deals with a case about it (%s %s), which has to be closed first",
			               km_record_kind_name(record->kind), record->id);
		if (record->may_go > until && strcmp(record->why, "beside-kept") != 0)
			until = record->may_go;
	}
	if (until <= now)
		return KM_OK;
	char day[KM_DATE_TEXT];
	km_date_format(until, day);
	return km_fail(
		problem, KM_CONFLICT, "must-be-kept",
		"its records have to be kept for as long again as a term after its mark ended and something was last "
		"added (ISO/IEC 17065, 7.12), and the law allows that (GDPR, article 17(3)): ask again on %s",
		day);
}

/* ------------------------------------------------------------------------------------------------------ what goes
 */

/* Decisions with a text or a name in them, of whichever mark of its. */
static enum km_error purge_decisions(struct km_store *store, int64_t id, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT d.submission_id, m.scheme_id, d.recorded_at FROM mark AS m JOIN decision AS d ON d.mark_id = m.id"
		" WHERE m.provider_id = :id AND (d.action = 'rename' OR d.text_nl IS NOT NULL OR d.text_en IS NOT NULL)"
		" ORDER BY d.recorded_at, d.submission_id",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		const struct km_purge purge = {.submission_id = km_sql_get_text(statement, 0),
		                               .record_id = km_sql_get_text(statement, 0),
		                               .why = "erasure",
		                               .provider_id = id,
		                               .scheme_id = km_sql_get_text(statement, 1),
		                               .last_at = km_sql_get_int(statement, 2)};
		error = km_purge(store, &purge, now, problem);
	}
	return error;
}

/* Whether a body signed, in this submission of type "link", what has to do with the provider of this KvK number. */
static bool is_link_of(const void *bytes, size_t len, const char *kvk)
{
	struct km_jws jws = {0};
	json_auto_t *claims = NULL;
	bool is = len && km_jws_parse(bytes, len, KM_SUBMISSION_MAX, &jws, NULL) == KM_OK &&
	          km_json_parse(jws.payload, jws.payload_len, "the submission", &claims, NULL) == KM_OK;
	const char *provider = json_string_value(json_object_get(json_object_get(claims, "link"), "provider"));
	is = is && provider && strcmp(provider, kvk) == 0;
	km_jws_done(&jws);
	return is;
}

/* The register keeps no other trace of whose link it was once that is gone. */
static enum km_error purge_links(struct km_store *store, int64_t id, const char *kvk, int64_t now,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT id, received_at, bytes FROM submission WHERE type = 'link' ORDER BY sequence", &statement,
	           problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		size_t len;
		const void *bytes = km_sql_get_blob(statement, 2, &len);
		char submission[44];
		snprintf(submission, sizeof submission, "%s", km_sql_get_text(statement, 0));
		const struct km_purge purge = {.submission_id = submission,
		                               .record_id = submission,
		                               .why = "erasure",
		                               .provider_id = id,
		                               .last_at = km_sql_get_int(statement, 1)};
		if (is_link_of(bytes, len, kvk))
			error = km_purge(store, &purge, now, problem);
	}
	return error;
}

static enum km_error run_with_id(struct km_store *store, const char *literal, int64_t id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	return km_sql_run(statement, problem);
}

/* Rows that are noted one by one, and so are told of one by one. */
static enum km_error erase_rows(struct km_store *store, const char *table, const char *keys, const char *deletion,
                                int64_t id, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, keys, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		struct km_record_key key;
		error = km_record_key_of(km_record_find_table(table), statement, &key, problem);
		if (!error)
			error = km_record_erase(store, table, key, now, problem);
	}
	return error ? error : run_with_id(store, deletion, id, problem);
}

/* What is made from the names, and holds them. The index of words keeps what was deleted until it is made anew. */
static const char *const derived[] = {
	"DELETE FROM credential WHERE mark_id IN (SELECT id FROM mark WHERE provider_id = :id)",
	"DELETE FROM mark_facet WHERE mark_id IN (SELECT id FROM mark WHERE provider_id = :id)"
	" AND (facet LIKE 'city:%' OR facet LIKE 'region:%')",
	"DELETE FROM provider_search WHERE rowid = :id",
	"INSERT INTO provider_search (provider_search) SELECT 'rebuild' WHERE :id > 0",
};

static enum km_error erase_provider(struct km_store *store, int64_t id, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "UPDATE provider SET kvk = NULL, establishment = NULL, rsin = NULL, lei = NULL, euid = '', name = :name,"
	           " city = NULL, region = NULL, erased_at = :now WHERE id = :id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":name", KM_PROVIDER_ERASED_NAME);
	km_sql_int(statement, ":now", now);
	km_sql_int(statement, ":id", id);
	error = km_sql_run(statement, problem);
	return error ? error : km_record_note(store, "provider", km_record_key("%lld", (long long)id), now, problem);
}

static enum km_error erase_all(struct km_store *store, int64_t id, int64_t now, struct km_problem *problem)
{
	enum km_error error =
		erase_rows(store, "provider_link", "SELECT token_sha256 FROM provider_link WHERE provider_id = :id ORDER BY 1",
	               "DELETE FROM provider_link WHERE provider_id = :id", id, now, problem);
	if (!error)
		error = erase_rows(store, "provider_trade_name",
		                   "SELECT provider_id, position FROM provider_trade_name WHERE provider_id = :id ORDER BY 2",
		                   "DELETE FROM provider_trade_name WHERE provider_id = :id", id, now, problem);
	if (!error)
		error = erase_rows(store, "provider_domain",
		                   "SELECT provider_id, position FROM provider_domain WHERE provider_id = :id ORDER BY 2",
		                   "DELETE FROM provider_domain WHERE provider_id = :id", id, now, problem);
	for (size_t i = 0; !error && i < sizeof derived / sizeof *derived; i++)
		error = run_with_id(store, derived[i], id, problem);
	return error ? error : erase_provider(store, id, now, problem);
}

enum km_error km_provider_erase(struct km_store *store, const char *kvk, int64_t now, struct km_problem *problem)
{
	int64_t id = 0, until = INT64_MIN;
	auto_retention struct km_retention retention = {0};
	enum km_error error = km_provider_find_id(store, kvk, &id, problem);
	if (!error)
		error = check_marks(store, id, now, &until, problem);
	if (!error)
		error = km_retention_of(store, id, now, &retention, problem);
	if (!error)
		error = check_records(&retention, now, until, problem);
	if (!error)
		error = km_retention_purge(store, &retention, now, problem);
	if (!error)
		error = purge_decisions(store, id, now, problem);
	if (!error)
		error = purge_links(store, id, kvk, now, problem);
	if (!error)
		error = km_provider_erase_contact(store, kvk, now, problem);
	return error ? error : erase_all(store, id, now, problem);
}
