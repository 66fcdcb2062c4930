#include "registry/usage.h"

#include "base/clock.h"
#include "registry/sql.h"

#include <stdio.h>
#include <string.h>

enum { MONTH_TEXT = 8 };

static const char *const names[KM_USES] = {"lookup", "scan", "check"};

const char *km_use_name(enum km_use use)
{
	return names[use];
}

static enum km_error add(struct km_store *store, const char *month, enum km_use use, int64_t count,
                         struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO usage (month, kind, count) VALUES (:month, :kind, :count) "
	                             "ON CONFLICT (month, kind) DO UPDATE SET count = usage.count + excluded.count",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":month", month);
	km_sql_text(statement, ":kind", names[use]);
	km_sql_int(statement, ":count", count);
	return km_sql_run(statement, problem);
}

enum km_error km_usage_add(struct km_store *store, int64_t now, const int64_t counts[static KM_USES],
                           struct km_problem *problem)
{
	char month[KM_DATE_TEXT];
	km_date_format(now, month);
	month[MONTH_TEXT - 1] = '\0';
	enum km_error error = KM_OK;
	for (enum km_use use = 0; use < KM_USES && !error; use++)
		if (counts[use] > 0)
			error = add(store, month, use, counts[use], problem);
	return error;
}

#define SUM_OF(kind) "CAST(coalesce(sum(count) FILTER (WHERE kind = '" kind "'), 0) AS BIGINT)"

enum km_error km_usage_list(struct km_store *store, const char *since,
                            enum km_error (*each)(void *context, const char *month,
                                                  const int64_t counts[static KM_USES]),
                            void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT month, " SUM_OF("lookup") ", " SUM_OF("scan") ", " SUM_OF(
									 "check") " "
	                                          "FROM usage WHERE month >= :since GROUP BY month ORDER BY month",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":since", since);
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		int64_t counts[KM_USES];
		for (int use = 0; use < KM_USES; use++)
			counts[use] = km_sql_get_int(statement, 1 + use);
		error = each(context, km_sql_get_text(statement, 0), counts);
		if (error)
			return error;
	}
}
