#include "registry/credential_due.h"

#include "registry/sql.h"

#include <string.h>

static enum km_error collect(struct km_statement *statement, struct km_buf *ret_numbers, struct km_problem *problem)
{
	bool row = false;
	enum km_error error;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		const char *number = km_sql_get_text(statement, 0);
		km_buf_add(ret_numbers, number, strlen(number) + 1);
	}
	if (!error && ret_numbers->failed)
		error = km_fail_memory(problem);
	return error;
}

enum km_error km_credential_due(struct km_store *store, int64_t at, size_t limit, struct km_buf *ret_numbers,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	/* In the second in which it was signed, a decision of that second was in it already. */
	enum km_error error = km_sql(
		store,
		"SELECT mark.number FROM mark_period now JOIN mark ON mark.id = now.mark_id"
		" LEFT JOIN credential ON credential.mark_id = mark.id"
		" WHERE now.sequence = (SELECT max(sequence) FROM mark_period WHERE mark_id = mark.id AND holds_from <= :at)"
		"  AND now.state <> 'withdrawn' AND now.valid_until >= :at"
		"  AND (now.suspension_limit IS NULL OR now.suspension_limit >= :at)"
		"  AND (credential.issued_at IS NULL OR credential.issued_at < now.holds_from)"
		" ORDER BY now.mark_id LIMIT :limit",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":at", at);
	km_sql_int(statement, ":limit", (int64_t)limit);
	return collect(statement, ret_numbers, problem);
}

enum km_error km_credential_siblings(struct km_store *store, int64_t mark_id, struct km_buf *ret_numbers,
                                     struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT number FROM mark WHERE provider_id ="
	                             " (SELECT provider_id FROM mark WHERE id = :mark) ORDER BY id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	return collect(statement, ret_numbers, problem);
}
