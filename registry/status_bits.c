#include "registry/status_bits.h"

#include "registry/sql.h"

#include <string.h>

enum km_error km_status_bits_count(struct km_store *store, int64_t *ret_count, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store, "SELECT coalesce(max(id), 0) FROM mark", &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_count = row ? km_sql_get_int(statement, 0) : 0;
	return error;
}

static enum km_state state_of(const char *name)
{
	for (enum km_state state = 0; state < KM_STATES; state++)
		if (strcmp(name, km_state_name(state)) == 0)
			return state;
	return KM_STATES;
}

/* Columns 1 to 5: a period as far as it decides on the state. */
static enum km_error read_period(struct km_statement *statement, struct km_period *ret_period,
                                 struct km_problem *problem)
{
	*ret_period = (struct km_period){
		.state = state_of(km_sql_get_text(statement, 1)),
		.holds_from = km_sql_get_int(statement, 2),
		.valid_until = km_sql_get_int(statement, 3),
		.surveillance_limit = km_sql_get_int(statement, 4),
		.suspension_limit = km_sql_get_int(statement, 5),
	};
	if (ret_period->state == KM_STATES)
		return km_fail(problem, KM_IO, "database-damaged", "the register has a state that is none: %s",
		               km_sql_get_text(statement, 1));
	return KM_OK;
}

enum km_error km_status_bits(struct km_store *store, int64_t from, int64_t end, int64_t at,
                             enum km_error (*each)(void *context, int64_t status_index, enum km_state state),
                             void *context, int64_t *ret_next_change, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	/* The last column: when a decision that is recorded already takes over from this one. */
	enum km_error error = km_sql(
		store,
		"SELECT mark.id - 1, now.state, now.holds_from, now.valid_until, now.surveillance_limit, now.suspension_limit,"
		"  (SELECT min(holds_from) FROM mark_period WHERE mark_id = mark.id AND holds_from > :at"
		"    AND sequence > coalesce(now.sequence, 0))"
		" FROM mark LEFT JOIN mark_period now ON now.mark_id = mark.id AND now.sequence ="
		"  (SELECT max(sequence) FROM mark_period WHERE mark_id = mark.id AND holds_from <= :at)"
		" WHERE mark.id > :from AND mark.id <= :end ORDER BY mark.id",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":at", at);
	km_sql_int(statement, ":from", from);
	km_sql_int(statement, ":end", end);
	int64_t next_change = INT64_MAX;
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		int64_t decided = km_sql_get_int(statement, 6);
		if (decided && decided < next_change)
			next_change = decided;
		if (!km_sql_get_text(statement, 1))
			continue; /* granted from a later moment on */
		struct km_period period;
		error = read_period(statement, &period, problem);
		if (error)
			return error;
		enum km_state state;
		int64_t since, lapses;
		km_mark_lapse(&period, at, &state, &since, &lapses);
		if (lapses < next_change)
			next_change = lapses;
		if (state != KM_ACTIVE)
			error = each(context, km_sql_get_int(statement, 0), state);
		if (error)
			return error;
	}
	if (!error)
		*ret_next_change = next_change;
	return error;
}
