#include "registry/finding.h"

#include "base/clock.h"
#include "registry/sql.h"

#include <string.h>

/* Adds up rows of (result, due_on), each the newest finding on one criterion. */
static enum km_error count(struct km_statement *statement, int64_t now, struct km_open_findings *ret_open,
                           struct km_problem *problem)
{
	struct km_open_findings open = {0};
	for (;;) {
		bool row = false;
		enum km_error error = km_sql_step(statement, &row, problem);
		if (error)
			return error;
		if (!row)
			break;
		bool major = strcmp(km_sql_get_text(statement, 0), "major") == 0;
		int64_t due = km_time_end_of_day(km_sql_get_int(statement, 1));
		open.majors += major;
		open.minors += !major;
		open.overdue += !major && due < now;
		if (!open.first_due || due < open.first_due)
			open.first_due = due;
	}
	*ret_open = open;
	return KM_OK;
}

enum km_error km_findings_of_audit(struct km_store *store, const char *audit_id, int64_t now,
                                   struct km_open_findings *ret_open, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT newest.result, newest.due_on"
	           " FROM audit AS base JOIN finding AS asked ON asked.audit_id = base.submission_id"
	           " JOIN finding AS newest ON newest.criterion = asked.criterion"
	           "  AND newest.audit_id = ("
	           "   SELECT a.submission_id FROM audit AS a"
	           "    JOIN submission AS s ON s.id = a.submission_id"
	           "    JOIN finding AS f ON f.audit_id = a.submission_id AND f.criterion = asked.criterion"
	           "   WHERE a.provider_id = base.provider_id AND a.scheme_id = base.scheme_id"
	           "   ORDER BY s.sequence DESC LIMIT 1)"
	           " WHERE base.submission_id = :audit AND newest.result IN ('minor', 'major')",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":audit", audit_id);
	return count(statement, now, ret_open, problem);
}

enum km_error km_findings_of_provider(struct km_store *store, int64_t provider_id, const char *scheme_id, int64_t now,
                                      struct km_open_findings *ret_open, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT result, due_on FROM ("
	                             "  SELECT f.result, f.due_on,"
	                             "   row_number() OVER (PARTITION BY f.criterion ORDER BY s.sequence DESC) AS age"
	                             "  FROM audit AS a JOIN submission AS s ON s.id = a.submission_id"
	                             "   JOIN finding AS f ON f.audit_id = a.submission_id"
	                             "  WHERE a.provider_id = :provider AND a.scheme_id = :scheme) AS f"
	                             " WHERE age = 1 AND result IN ('minor', 'major')",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", provider_id);
	km_sql_text(statement, ":scheme", scheme_id);
	return count(statement, now, ret_open, problem);
}
