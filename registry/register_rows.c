#include "registry/register_rows.h"

#include "registry/sql.h"

#include <string.h>

static struct km_register_row read_row(struct km_statement *statement, int64_t at)
{
	struct km_register_row row = {
		.number = km_sql_get_text(statement, 0),
		.scheme_id = km_sql_get_text(statement, 1),
		.granted_at = km_sql_get_int(statement, 2),
		.name = km_sql_get_text(statement, 3),
		.kvk = km_sql_get_text(statement, 4),
		.city = km_sql_get_text(statement, 5),
		.domains = km_sql_get_text(statement, 6),
		.body = km_sql_get_text(statement, 7),
		.scheme_version = (int)km_sql_get_int(statement, 8),
		.scope = km_sql_get_text(statement, 9),
		.level = km_sql_get_text(statement, 10),
		.valid_from = km_sql_get_int(statement, 11),
		.valid_until = km_sql_get_int(statement, 12),
		.region = km_sql_get_text(statement, 19),
	};
	struct km_period period = {
		.state = km_state_named(km_sql_get_text(statement, 13)),
		.holds_from = km_sql_get_int(statement, 14),
		.recorded_at = km_sql_get_int(statement, 15),
		.valid_from = row.valid_from,
		.valid_until = row.valid_until,
		.surveillance_due = km_sql_get_int(statement, 16),
		.surveillance_limit = km_sql_get_int(statement, 17),
		.suspension_limit = km_sql_get_int(statement, 18),
	};
	int64_t next_change;
	km_mark_lapse(&period, at, &row.state, &row.state_since, &next_change);
	return row;
}

enum km_error km_register_rows(struct km_store *store, int64_t at,
                               enum km_error (*each)(void *context, const struct km_register_row *row), void *context,
                               struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT mark.number, mark.scheme_id, mark.granted_at, provider.name, coalesce(provider.kvk, ''), "
		"provider.city, "
		"coalesce((SELECT group_concat(domain, ' ') FROM (SELECT domain FROM provider_domain "
		"WHERE provider_id = provider.id ORDER BY position) AS d), ''), body.name, p.scheme_version, p.scope, p.level, "
		"p.valid_from, p.valid_until, p.state, p.holds_from, p.recorded_at, p.surveillance_due, "
		"p.surveillance_limit, p.suspension_limit, provider.region "
		"FROM mark JOIN mark_period AS p ON p.mark_id = mark.id AND p.sequence = ("
		"SELECT q.sequence FROM mark_period AS q WHERE q.mark_id = mark.id AND q.holds_from <= :at "
		"ORDER BY q.sequence DESC LIMIT 1) "
		"JOIN provider ON provider.id = mark.provider_id JOIN body ON body.id = p.body_id ORDER BY mark.id",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":at", at);
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		struct km_register_row shown = read_row(statement, at);
		error = each(context, &shown);
		if (error)
			return error;
	}
}
