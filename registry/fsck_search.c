#include "registry/fsck_part.h"

#include "registry/fsck_index.h"
#include "registry/sql.h"

#include <string.h>

static enum km_error tell_names(const struct km_fsck *fsck, struct km_statement *statement, const char *what)
{
	return km_fsck_differ(fsck, "provider_search", km_sql_get_text(statement, 0), "", "%s", what);
}

/* Side by side: what providers can be found by, and what they are called. */
static enum km_error check_names(const struct km_fsck *fsck, struct km_problem *problem)
{
	auto_statement struct km_statement *there = NULL, *expected = NULL;
	bool is = false, should_be = false;
	enum km_error error =
		km_sql(fsck->store, "SELECT rowid, names FROM provider_search ORDER BY rowid", &there, problem);
	if (!error)
		error = km_sql(fsck->store, km_fsck_names, &expected, problem);
	if (!error)
		error = km_sql_step(there, &is, problem);
	if (!error)
		error = km_sql_step(expected, &should_be, problem);
	while (!error && (is || should_be)) {
		int order = !is ? 1 : !should_be ? -1 : km_sql_order(there, expected, 0);
		if (order < 0)
			error = tell_names(fsck, there, "is of no provider");
		else if (order > 0)
			error = tell_names(fsck, expected, "is missing: the provider cannot be found by name");
		else if (km_sql_order(there, expected, 1) != 0)
			error = tell_names(fsck, there, "has other names than the provider");
		if (!error && order <= 0)
			error = km_sql_step(there, &is, problem);
		if (!error && order >= 0)
			error = km_sql_step(expected, &should_be, problem);
	}
	return error;
}

enum km_error km_fsck_search(const struct km_fsck *fsck, const char *folder, struct km_problem *problem)
{
	struct km_problem cause = {0};
	enum km_error error = km_sql_is_sqlite(fsck->store) ? km_fsck_index(fsck->store, folder, &cause) : KM_OK;
	if (error == KM_INVALID)
		error = km_fsck_differ(fsck, "provider_search", "", "", "cannot be relied upon: %s", cause.message);
	if (!error)
		error = check_names(fsck, &cause);
	if (error == KM_IO && strcmp(cause.type, "scratch") != 0) /* FTS5 does not read what is not of its form */
		error = km_fsck_differ(fsck, "provider_search", "", "", "cannot be read: %s", cause.message);
	if (error && problem)
		*problem = cause;
	return error;
}
