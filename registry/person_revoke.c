#include "registry/person.h"

#include "base/clock.h"
#include "registry/provider_link.h"
#include "registry/record.h"
#include "registry/sql.h"

static enum km_error find_key(struct km_store *store, const char *thumbprint, int64_t *ret_person_id,
                              int64_t *ret_enrolled_at, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT person_id, enrolled_at FROM person_key WHERE thumbprint = :thumbprint",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":thumbprint", thumbprint);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-key", "there is no key with thumbprint %.60s",
	                      thumbprint);
	if (error)
		return error;
	*ret_person_id = km_sql_get_int(statement, 0);
	*ret_enrolled_at = km_sql_get_int(statement, 1);
	return KM_OK;
}

static enum km_error check_moment(int64_t at, int64_t enrolled_at, int64_t now, struct km_problem *problem)
{
	char moment[KM_TIME_TEXT];
	km_time_format(enrolled_at, moment);
	if (at > now)
		return km_fail(problem, KM_INVALID, "revoked-at", "a key is revoked from a moment on that has come already");
	if (at < enrolled_at)
		return km_fail(problem, KM_INVALID, "revoked-at",
		               "this key was enrolled at %s, and can be revoked from then on, not sooner", moment);
	return KM_OK;
}

enum km_error km_person_revoke_key(struct km_store *store, const char *thumbprint, int64_t at, int64_t now,
                                   struct km_problem *problem)
{
	int64_t person_id = 0, enrolled_at = 0;
	enum km_error error = find_key(store, thumbprint, &person_id, &enrolled_at, problem);
	if (!error)
		error = check_moment(at, enrolled_at, now, problem);
	auto_statement struct km_statement *statement = NULL;
	if (!error)
		error = km_sql(store,
		               "UPDATE person_key SET revoked_at = CASE WHEN revoked_at < :at THEN revoked_at ELSE :at END"
		               " WHERE thumbprint = :thumbprint",
		               &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":at", at);
	km_sql_text(statement, ":thumbprint", thumbprint);
	error = km_sql_run(statement, problem);
	/* Whoever stole the key may have had codes made with it for keys of their own, under whatever name. */
	if (!error)
		error = km_person_end_codes(store, person_id, thumbprint, now, problem);
	if (!error)
		error = km_provider_link_end_of_key(store, thumbprint, now, problem);
	return error ? error : km_record_note(store, "person_key", km_record_key("%s", thumbprint), now, problem);
}

enum km_error km_person_signed_since(struct km_store *store, const char *thumbprint, int64_t at,
                                     enum km_error (*each)(void *context, const struct km_signed_row *row),
                                     void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT s.received_at, s.type, s.id, coalesce(d.action, a.kind), m.number, s.sequence"
	           " FROM submission AS s LEFT JOIN decision AS d ON d.submission_id = s.id"
	           " LEFT JOIN audit AS a ON a.submission_id = s.id LEFT JOIN mark AS m ON m.id = d.mark_id"
	           " WHERE s.thumbprint = :thumbprint AND s.received_at >= :at "
	           "UNION ALL SELECT k.enrolled_at, 'key', k.thumbprint, p.name, NULL, 0"
	           " FROM invitation AS i JOIN person_key AS k ON k.thumbprint = i.used_for"
	           " JOIN person AS p ON p.id = k.person_id WHERE i.made_by = :thumbprint AND i.made_at >= :at "
	           "ORDER BY 1, 6",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":thumbprint", thumbprint);
	km_sql_int(statement, ":at", at);
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_signed_row found = {
			.at = km_sql_get_int(statement, 0),
			.type = km_sql_get_text(statement, 1),
			.id = km_sql_get_text(statement, 2),
			.what = km_sql_get_text(statement, 3),
			.mark = km_sql_get_text(statement, 4),
		};
		error = each(context, &found);
		if (error)
			return error;
	}
}
