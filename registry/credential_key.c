#include "registry/credential_key.h"

#include "registry/sql.h"

#include <string.h>

/* Both sides of the key's name, for there SQLite has an index, and "other than" has none. Withdrawn and past: what
 * km_mark_lapse says, in SQL. */
#define BY_OTHERS                                                                                                      \
	" FROM credential JOIN mark ON mark.id = credential.mark_id JOIN mark_period AS now ON now.mark_id = mark.id"      \
	" WHERE (credential.kid < :key OR credential.kid > :key)"                                                          \
	" AND now.sequence = (SELECT max(sequence) FROM mark_period WHERE mark_id = mark.id AND holds_from <= :at)"        \
	" AND now.state <> 'withdrawn' AND now.valid_until >= :at"                                                         \
	" AND (now.suspension_limit IS NULL OR now.suspension_limit >= :at)"

static enum km_error ask(struct km_store *store, const char *literal, const char *thumbprint, int64_t at,
                         struct km_statement **ret_statement, struct km_problem *problem)
{
	enum km_error error = km_sql(store, literal, ret_statement, problem);
	if (error)
		return error;
	km_sql_text(*ret_statement, ":key", thumbprint);
	km_sql_int(*ret_statement, ":at", at);
	return KM_OK;
}

enum km_error km_credentials_by_others(struct km_store *store, const char *thumbprint, int64_t at, size_t limit,
                                       struct km_buf *ret_numbers, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		ask(store, "SELECT mark.number" BY_OTHERS " LIMIT :limit", thumbprint, at, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":limit", (int64_t)limit);
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		const char *number = km_sql_get_text(statement, 0);
		km_buf_add(ret_numbers, number, strlen(number) + 1);
	}
	return error ? error : ret_numbers->failed ? km_fail_memory(problem) : KM_OK;
}

enum km_error km_credentials_by_others_count(struct km_store *store, const char *thumbprint, int64_t at,
                                             int64_t *ret_count, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = ask(store, "SELECT count(*)" BY_OTHERS, thumbprint, at, &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_count = km_sql_get_int(statement, 0);
	return error;
}

enum km_error km_credentials_valid_until(struct km_store *store, int64_t signed_until, int64_t *ret_until,
                                         struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store, "SELECT coalesce(max(valid_until), 0) FROM mark_period WHERE recorded_at <= :until", &statement,
	           problem);
	if (error)
		return error;
	km_sql_int(statement, ":until", signed_until);
	error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_until = km_sql_get_int(statement, 0);
	return error;
}
