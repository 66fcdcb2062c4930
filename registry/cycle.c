#include "registry/cycle.h"

#include "base/clock.h"
#include "registry/period.h"
#include "registry/scheme.h"
#include "registry/sql.h"

/* The beginnings of the last two terms so far. */
struct terms {
	int64_t last, before;
};

static void add_term(struct terms *terms, int64_t from)
{
	if (from > terms->last) {
		terms->before = terms->last;
		terms->last = from;
	} else if (from < terms->last && from > terms->before) {
		terms->before = from;
	}
}

/* A period that was replaced before it held began no term. */
static void add_terms(struct terms *terms, const struct km_period_row *rows, size_t len, int64_t at)
{
	for (size_t i = 0; i < len; i++)
		if (rows[i].period.holds_from <= at && km_period_find(rows, len, rows[i].period.holds_from) == &rows[i])
			add_term(terms, rows[i].period.valid_from);
}

static enum km_error add_mark(struct km_store *store, int64_t mark_id, int64_t at, struct terms *terms,
                              struct km_cycle *cycle, struct km_problem *problem)
{
	struct km_period_row *rows;
	size_t len;
	enum km_error error = km_period_all(store, mark_id, &rows, &len, problem);
	if (error)
		return error;
	const struct km_period_row *row = km_period_find(rows, len, at);
	if (row) {
		enum km_state state;
		int64_t since, next;
		km_mark_lapse(&row->period, at, &state, &since, &next);
		add_terms(terms, rows, len, at);
		if (state == KM_ACTIVE || state == KM_SUSPENDED)
			cycle->alive = true;
		else if (since > cycle->ended_at)
			cycle->ended_at = since;
	}
	km_period_rows_free(rows, len);
	return KM_OK;
}

static enum km_error add_marks(struct km_store *store, int64_t provider_id, const char *scheme_id, int64_t at,
                               struct km_cycle *cycle, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT id FROM mark WHERE provider_id = :provider AND scheme_id = :scheme ORDER BY id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", provider_id);
	km_sql_text(statement, ":scheme", scheme_id);
	struct terms terms = {INT64_MIN, INT64_MIN};
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = add_mark(store, km_sql_get_int(statement, 0), at, &terms, cycle, problem);
	cycle->keep_from = terms.before;
	return error;
}

/* A version that came later does not shorten what an earlier one promised. scheme_id NULL: of all schemes. */
static enum km_error find_validity(struct km_store *store, const char *scheme_id, int *ret_months,
                                   struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT id, version FROM scheme WHERE id = coalesce(:scheme, id) ORDER BY id, version",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":scheme", scheme_id);
	int months = 0;
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		auto_scheme struct km_scheme *scheme = NULL;
		error =
			km_scheme_get(store, km_sql_get_text(statement, 0), (int)km_sql_get_int(statement, 1), &scheme, problem);
		if (error)
			return error;
		if (scheme->validity_months > months)
			months = scheme->validity_months;
	}
	*ret_months = months;
	return error;
}

enum km_error km_cycle_of(struct km_store *store, int64_t provider_id, const char *scheme_id, int64_t at,
                          struct km_cycle *ret_cycle, struct km_problem *problem)
{
	struct km_cycle cycle = {.keep_from = INT64_MIN};
	enum km_error error = find_validity(store, provider_id ? scheme_id : NULL, &cycle.validity_months, problem);
	if (!error && provider_id)
		error = add_marks(store, provider_id, scheme_id, at, &cycle, problem);
	if (!error)
		*ret_cycle = cycle;
	return error;
}

int64_t km_cycle_may_go(const struct km_cycle *cycle, int64_t last_at)
{
	if (cycle->alive)
		return last_at < cycle->keep_from ? INT64_MIN : INT64_MAX;
	int64_t from = last_at > cycle->ended_at ? last_at : cycle->ended_at;
	return km_time_end_of_day(km_time_add_months(from, cycle->validity_months)) + 1;
}
