#include "registry/changes.h"

#include "registry/sql.h"

#include <string.h>

#define CHANGE                                                                                                         \
	"SELECT event.id, mark.number, provider.name, coalesce(provider.kvk, ''), mark.scheme_id, event.at, "              \
	"event.recorded_at, "                                                                                              \
	"event.action, event.reason, event.text_nl, event.text_en, event.state "                                           \
	"FROM event JOIN mark ON mark.id = event.mark_id JOIN provider ON provider.id = mark.provider_id "

static struct km_change read_change(struct km_statement *statement)
{
	return (struct km_change){
		.id = km_sql_get_int(statement, 0),
		.number = km_sql_get_text(statement, 1),
		.name = km_sql_get_text(statement, 2),
		.kvk = km_sql_get_text(statement, 3),
		.scheme_id = km_sql_get_text(statement, 4),
		.at = km_sql_get_int(statement, 5),
		.recorded_at = km_sql_get_int(statement, 6),
		.action = km_sql_get_text(statement, 7),
		.reason = km_sql_get_text(statement, 8),
		.text = {km_sql_get_text(statement, 9), km_sql_get_text(statement, 10)},
		.state = km_state_named(km_sql_get_text(statement, 11)),
	};
}

static enum km_error call_back(struct km_statement *statement, int64_t now, size_t limit,
                               enum km_error (*each)(void *context, const struct km_change *change), void *context,
                               struct km_problem *problem)
{
	km_sql_int(statement, ":now", now);
	km_sql_int(statement, ":limit", (int64_t)limit);
	for (bool row = true;;) {
		enum km_error error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		struct km_change change = read_change(statement);
		error = each(context, &change);
		if (error)
			return error;
	}
}

enum km_error km_changes(struct km_store *store, const char *number, int64_t now, size_t limit,
                         enum km_error (*each)(void *context, const struct km_change *change), void *context,
                         struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = number ? km_sql(store,
	                                      CHANGE "WHERE event.mark_id = (SELECT id FROM mark WHERE number = :number) "
	                                             "AND event.at <= :now ORDER BY event.id DESC LIMIT :limit",
	                                      &statement, problem)
	                             : km_sql(store, CHANGE "WHERE event.at <= :now ORDER BY event.id DESC LIMIT :limit",
	                                      &statement, problem);
	if (error)
		return error;
	if (number)
		km_sql_text(statement, ":number", number);
	return call_back(statement, now, limit, each, context, problem);
}

enum km_error km_changes_of_company(struct km_store *store, const char *kvk, int64_t now, size_t limit,
                                    enum km_error (*each)(void *context, const struct km_change *change), void *context,
                                    struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             CHANGE "WHERE event.mark_id IN (SELECT mark.id FROM mark JOIN provider "
	                                    "ON provider.id = mark.provider_id WHERE provider.kvk = :kvk) "
	                                    "AND event.at <= :now ORDER BY event.id DESC LIMIT :limit",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kvk", kvk);
	return call_back(statement, now, limit, each, context, problem);
}
