#include "registry/desk.h"

#include "base/clock.h"
#include "registry/decision.h"
#include "registry/period.h"
#include "registry/sql.h"

const char *km_transfer_state_name(enum km_transfer_state state)
{
	static const char *const names[] = {[KM_TRANSFER_OPEN] = "open",
	                                    [KM_TRANSFER_EARLY] = "early",
	                                    [KM_TRANSFER_ANSWERED] = "answered",
	                                    [KM_TRANSFER_CLOSED] = "closed",
	                                    [KM_TRANSFER_VOID] = "void"};
	return names[state];
}

/* Of one that has not been answered: as registry/resolve.c will see it. */
static enum km_error find_state(struct km_store *store, int64_t mark_id, int64_t offered_by, int64_t now,
                                struct km_desk_transfer *transfer, struct km_problem *problem)
{
	auto_period struct km_period_row row = {0};
	enum km_state state;
	int64_t since, next;
	enum km_error error = km_period_at(store, mark_id, now, &row, problem);
	if (error)
		return error;
	km_mark_lapse(&row.period, now, &state, &since, &next);
	if (row.body_id != offered_by || (state != KM_ACTIVE && state != KM_SUSPENDED))
		transfer->state = KM_TRANSFER_VOID;
	else if (now > transfer->closes_at)
		transfer->state = KM_TRANSFER_CLOSED;
	else
		transfer->state = now < transfer->opens_at ? KM_TRANSFER_EARLY : KM_TRANSFER_OPEN;
	return KM_OK;
}

static enum km_error read_transfer(struct km_store *store, struct km_statement *statement, int64_t now,
                                   struct km_desk_transfer *ret_transfer, struct km_problem *problem)
{
	int64_t opens_at = km_sql_get_int(statement, 9);
	*ret_transfer = (struct km_desk_transfer){.id = km_sql_get_text(statement, 0),
	                                          .number = km_sql_get_text(statement, 1),
	                                          .kvk = km_sql_get_text(statement, 2),
	                                          .name = km_sql_get_text(statement, 3),
	                                          .scheme_id = km_sql_get_text(statement, 4),
	                                          .from_body = km_sql_get_text(statement, 5),
	                                          .state = KM_TRANSFER_ANSWERED,
	                                          .recorded_at = km_sql_get_int(statement, 8),
	                                          .opens_at = opens_at,
	                                          .closes_at = km_time_add_days(opens_at, KM_TRANSFER_OPEN_DAYS),
	                                          .answer = km_sql_get_text(statement, 10),
	                                          .answer_holds_from = km_sql_get_int(statement, 11)};
	return ret_transfer->answer ? KM_OK
	                            : find_state(store, km_sql_get_int(statement, 6), km_sql_get_int(statement, 7), now,
	                                         ret_transfer, problem);
}

#define TRANSFERS                                                                                                      \
	"SELECT d.submission_id, m.number, coalesce(v.kvk, ''), v.name, m.scheme_id, b.name, m.id, d.body_id,"             \
	" d.recorded_at, d.holds_from, a.action, a.holds_from FROM decision AS d"                                          \
	" JOIN submission AS s ON s.id = d.submission_id"                                                                  \
	" JOIN mark AS m ON m.id = d.mark_id JOIN provider AS v ON v.id = m.provider_id"                                   \
	" JOIN body AS b ON b.id = d.body_id LEFT JOIN decision AS a ON a.transfer_id = d.submission_id"                   \
	" WHERE d.to_body_id = :body"
#define NEWEST " ORDER BY s.sequence DESC LIMIT :limit"

enum km_error km_desk_transfers(struct km_store *store, const struct km_desk *desk, const char *id, int64_t now,
                                enum km_error (*each)(void *context, const struct km_desk_transfer *transfer),
                                void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = id ? km_sql(store, TRANSFERS " AND d.submission_id = :id" NEWEST, &statement, problem)
	                         : km_sql(store, TRANSFERS NEWEST, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", desk->body_id);
	km_sql_int(statement, ":limit", KM_DESK_PAGE);
	if (id)
		km_sql_text(statement, ":id", id);
	for (;;) {
		bool row = false;
		struct km_desk_transfer transfer;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = read_transfer(store, statement, now, &transfer, problem);
		if (!error && row)
			error = each(context, &transfer);
		if (error || !row)
			return error;
	}
}
