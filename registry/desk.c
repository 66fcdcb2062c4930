#include "registry/desk.h"

#include "registry/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------- who sits there
 */

enum km_error km_desk_open(struct km_store *store, const char *thumbprint, int64_t now, struct km_desk *ret_desk,
                           struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT p.id, p.body_id, p.roles, p.name, b.slug, b.name, k.public_key, k.revoked_at"
	           " FROM person_key AS k JOIN person AS p ON p.id = k.person_id JOIN body AS b ON b.id = p.body_id"
	           " WHERE k.thumbprint = :kid",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kid", thumbprint);
	error = km_sql_expect(statement, problem, KM_UNPROVEN, "unknown-key",
	                      "the key %.43s is not enrolled in this register: enrol it with a one-time code", thumbprint);
	if (error)
		return error;
	int64_t revoked_at = km_sql_get_int(statement, 7);
	if (revoked_at && revoked_at <= now)
		return km_fail(problem, KM_UNPROVEN, "revoked-key", "the key %.43s was revoked: enrol a new one", thumbprint);
	size_t len;
	const void *key = km_sql_get_blob(statement, 6, &len);
	if (len != KM_PUBLIC_BYTES)
		return km_fail(problem, KM_IO, "database-damaged", "the key %.43s in the register is damaged", thumbprint);
	auto_desk struct km_desk desk = {.person_id = km_sql_get_int(statement, 0),
	                                 .body_id = km_sql_get_int(statement, 1),
	                                 .roles = (unsigned)km_sql_get_int(statement, 2)};
	memcpy(desk.public_key, key, KM_PUBLIC_BYTES);
	snprintf(desk.thumbprint, sizeof desk.thumbprint, "%s", thumbprint);
	if (!km_sql_copy_text(statement, 3, &desk.name) || !km_sql_copy_text(statement, 4, &desk.body_slug) ||
	    !km_sql_copy_text(statement, 5, &desk.body_name))
		return km_fail_memory(problem);
	*ret_desk = desk;
	desk = (struct km_desk){0};
	return KM_OK;
}

void km_desk_done(struct km_desk *desk)
{
	free((void *)desk->name);
	free((void *)desk->body_slug);
	free((void *)desk->body_name);
	*desk = (struct km_desk){0};
}

/* -------------------------------------------------------------------------------------------------------------- audits
 */

/* What each list of audits begins with; those that were purged are in none. Who took part in an audit took part in its
 * follow-ups too, and the other way round (registry/resolve.c refuses their decisions). */
#define AUDITS                                                                                                         \
	"SELECT a.submission_id, a.kind, a.follows, v.kvk, v.name, a.scheme_id, a.scheme_version, a.level,"                \
	" a.recommendation, p.name, a.majors, a.minors, a.finished_on, a.recorded_at,"                                     \
	" (SELECT d.action FROM decision AS d WHERE d.audit_id = a.submission_id ORDER BY d.recorded_at DESC LIMIT 1),"    \
	" EXISTS (SELECT 1 FROM audit AS o WHERE o.submission_id = coalesce(a.follows, a.submission_id)"                   \
	"  AND o.auditor_id = :person)"                                                                                    \
	" OR EXISTS (SELECT 1 FROM audit AS o WHERE o.follows = coalesce(a.follows, a.submission_id)"                      \
	"  AND o.auditor_id = :person)"                                                                                    \
	" FROM audit AS a JOIN provider AS v ON v.id = a.provider_id JOIN person AS p ON p.id = a.auditor_id"              \
	" JOIN submission AS s ON s.id = a.submission_id WHERE a.body_id = :body AND a.recommendation IS NOT NULL"

static struct km_desk_audit read_audit(struct km_statement *statement)
{
	return (struct km_desk_audit){.id = km_sql_get_text(statement, 0),
	                              .kind = km_sql_get_text(statement, 1),
	                              .follows = km_sql_get_text(statement, 2),
	                              .kvk = km_sql_get_text(statement, 3),
	                              .name = km_sql_get_text(statement, 4),
	                              .scheme_id = km_sql_get_text(statement, 5),
	                              .scheme_version = km_sql_get_int(statement, 6),
	                              .level = km_sql_get_text(statement, 7),
	                              .recommendation = km_sql_get_text(statement, 8),
	                              .auditor = km_sql_get_text(statement, 9),
	                              .majors = km_sql_get_int(statement, 10),
	                              .minors = km_sql_get_int(statement, 11),
	                              .finished_on = km_sql_get_int(statement, 12),
	                              .recorded_at = km_sql_get_int(statement, 13),
	                              .decision = km_sql_get_text(statement, 14),
	                              .took_part = km_sql_get_int(statement, 15) != 0};
}

/* Runs one of the lists; `id` is bound where `name` (may be NULL) says so. ret_any tells whether there was a row. */
static enum km_error list_audits(struct km_store *store, const char *literal, const struct km_desk *desk,
                                 const char *name, const char *id, km_each_audit *each, void *context, bool *ret_any,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":person", desk->person_id);
	km_sql_int(statement, ":body", desk->body_id);
	if (name)
		km_sql_text(statement, name, id);
	for (*ret_any = false;; *ret_any = true) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_desk_audit audit = read_audit(statement);
		error = each(context, &audit);
		if (error)
			return error;
	}
}

enum km_error km_desk_queue(struct km_store *store, const struct km_desk *desk, km_each_audit *each, void *context,
                            struct km_problem *problem)
{
	bool any;
	/* What can rest on a follow-up: registry/rule.c; tests/test_desk.c holds the two together. */
	return list_audits(store,
	                   AUDITS
	                   " AND NOT EXISTS (SELECT 1 FROM decision WHERE audit_id = a.submission_id)"
	                   " AND NOT EXISTS (SELECT 1 FROM audit AS f JOIN decision AS d ON d.audit_id = f.submission_id"
	                   "  WHERE f.follows = a.submission_id)"
	                   " AND (a.follows IS NULL"
	                   "  OR a.recommendation IN ('refuse', 'reduce', 'suspend', 'reinstate', 'withdraw'))"
	                   " ORDER BY a.recorded_at, s.sequence",
	                   desk, NULL, NULL, each, context, &any, problem);
}

enum km_error km_desk_audits_of(struct km_store *store, const struct km_desk *desk, const char *kvk,
                                km_each_audit *each, void *context, struct km_problem *problem)
{
	bool any;
	return list_audits(store, AUDITS " AND v.kvk = :kvk ORDER BY s.sequence DESC", desk, ":kvk", kvk, each, context,
	                   &any, problem);
}

enum km_error km_desk_audit(struct km_store *store, const struct km_desk *desk, const char *id, km_each_audit *each,
                            void *context, struct km_problem *problem)
{
	bool any = false;
	enum km_error error =
		list_audits(store, AUDITS " AND a.submission_id = :id", desk, ":id", id, each, context, &any, problem);
	if (!error && !any)
		return km_fail(problem, KM_ABSENT, "unknown-audit", "there is no audit %.43s of your body", id);
	return error;
}

enum km_error km_desk_follow_ups(struct km_store *store, const struct km_desk *desk, const char *id,
                                 km_each_audit *each, void *context, struct km_problem *problem)
{
	bool any;
	return list_audits(store, AUDITS " AND a.follows = :id ORDER BY s.sequence", desk, ":id", id, each, context, &any,
	                   problem);
}

enum km_error km_desk_findings(struct km_store *store, const struct km_desk *desk, const char *audit_id,
                               enum km_error (*each)(void *context, const struct km_desk_finding *finding),
                               void *context, struct km_problem *problem)
{
/* The audit of that provider, scheme and body that looked at the same criterion, before or after this one. */
#define NEIGHBOUR(compare, order)                                                                                      \
	"(SELECT b.submission_id FROM audit AS b JOIN submission AS t ON t.id = b.submission_id"                           \
	"  JOIN finding AS g ON g.audit_id = b.submission_id AND g.criterion = f.criterion"                                \
	" WHERE b.provider_id = a.provider_id AND b.scheme_id = a.scheme_id AND b.body_id = a.body_id"                     \
	"  AND t.sequence " compare " s.sequence ORDER BY t.sequence " order " LIMIT 1)"
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT f.criterion, f.result, f.note, f.due_on, before.result, before.note, was.finished_on, after.result"
		" FROM audit AS a JOIN submission AS s ON s.id = a.submission_id"
		" JOIN finding AS f ON f.audit_id = a.submission_id"
		" LEFT JOIN finding AS before ON before.criterion = f.criterion"
		"  AND before.audit_id = " NEIGHBOUR(
			"<", "DESC") " LEFT JOIN audit AS was ON was.submission_id = before.audit_id"
						 " LEFT JOIN finding AS after ON after.criterion = f.criterion"
						 "  AND after.audit_id = " NEIGHBOUR(
							 ">", "DESC") " WHERE a.submission_id = :id AND a.body_id = :body ORDER BY f.criterion",
		&statement, problem);
#undef NEIGHBOUR
	if (error)
		return error;
	km_sql_text(statement, ":id", audit_id);
	km_sql_int(statement, ":body", desk->body_id);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_desk_finding finding = {.criterion = km_sql_get_text(statement, 0),
		                                        .result = km_sql_get_text(statement, 1),
		                                        .note = km_sql_get_text(statement, 2),
		                                        .due_on = km_sql_get_int(statement, 3),
		                                        .before = km_sql_get_text(statement, 4),
		                                        .before_note = km_sql_get_text(statement, 5),
		                                        .before_on = km_sql_get_int(statement, 6),
		                                        .after = km_sql_get_text(statement, 7)};
		error = each(context, &finding);
		if (error)
			return error;
	}
}
