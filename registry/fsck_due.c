#include "registry/fsck_part.h"

#include "registry/period.h"
#include "registry/sql.h"

#include <stdio.h>

/* What is noted may be due already: then nobody has come to it yet. */
static enum km_error check_mark(const struct km_fsck *fsck, int64_t mark_id, bool noted, int64_t at,
                                struct km_problem *problem)
{
	struct km_period_row *rows;
	size_t len;
	enum km_error error = km_period_all(fsck->store, mark_id, &rows, &len, problem);
	if (error)
		return error;
	int64_t next = km_period_next_change(rows, len, noted && at <= fsck->now ? at - 1 : fsck->now);
	km_period_rows_free(rows, len);
	char row[24];
	snprintf(row, sizeof row, "%lld", (long long)mark_id);
	if (!noted && next != INT64_MAX)
		return km_fsck_differ(fsck, "lapse_due", row, "", "is missing: the mark changes at %lld", (long long)next);
	if (noted && next == INT64_MAX)
		return km_fsck_differ(fsck, "lapse_due", row, "", "is of a mark that will not change");
	if (noted && next != at)
		return km_fsck_differ(fsck, "lapse_due", row, "at", "is %lld and should be %lld", (long long)at,
		                      (long long)next);
	return KM_OK;
}

static enum km_error check_strays(const struct km_fsck *fsck, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(fsck->store, "SELECT mark_id FROM lapse_due WHERE mark_id NOT IN (SELECT id FROM mark) ORDER BY mark_id",
	           &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = km_fsck_differ(fsck, "lapse_due", km_sql_get_text(statement, 0), "", "is of no mark");
	return error;
}

enum km_error km_fsck_due(const struct km_fsck *fsck, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fsck->store,
	                             "SELECT mark.id, lapse_due.mark_id IS NOT NULL, lapse_due.at FROM mark"
	                             " LEFT JOIN lapse_due ON lapse_due.mark_id = mark.id ORDER BY mark.id",
	                             &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = check_mark(fsck, km_sql_get_int(statement, 0), km_sql_get_int(statement, 1),
		                   km_sql_get_int(statement, 2), problem);
	return error ? error : check_strays(fsck, problem);
}
