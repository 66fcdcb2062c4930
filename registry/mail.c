#include "registry/mail.h"

#include "registry/sql.h"

#include <stdbool.h>
#include <string.h>

static const char *const state_names[KM_MAIL_STATES] = {
	[KM_MAIL_QUEUED] = "queued",     [KM_MAIL_SENT] = "sent",       [KM_MAIL_REFUSED] = "refused",
	[KM_MAIL_GIVEN_UP] = "given-up", [KM_MAIL_DROPPED] = "dropped",
};

const char *km_mail_state_name(enum km_mail_state state)
{
	return state_names[state];
}

/* ------------------------------------------------------------------------------------------------------- of a change
 */

/* The key is made of what happened, not of numbers that another register, or a copy put back, gives to something else.
 */
#define QUEUE_EVENT(recipient, contact)                                                                                \
	"INSERT INTO mail (key, kind, recipient, body_id, provider_id, mark_id, event_id, queued_at, state, at, attempts)" \
	" SELECT 'change/' || coalesce(e.decision_id, m.number || '/' || e.action || '/' || e.at) || '/" recipient "',"    \
	" 'change', '" recipient "', q.body_id, m.provider_id, m.id, e.id, :now, 'queued', :now, 0"                        \
	" FROM event AS e JOIN mark AS m ON m.id = e.mark_id JOIN mark_period AS q ON q.mark_id = m.id AND q.sequence ="   \
	" (SELECT max(sequence) FROM mark_period WHERE mark_id = m.id AND holds_from <= :now) JOIN " contact               \
	" WHERE e.id = :event"                                                                                             \
	" ON CONFLICT (key) DO NOTHING"

static enum km_error queue_event(struct km_store *store, const char *literal, int64_t event_id, int64_t now,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":event", event_id);
	km_sql_int(statement, ":now", now);
	return km_sql_run(statement, problem);
}

enum km_error km_mail_queue_event(struct km_store *store, int64_t event_id, int64_t now, struct km_problem *problem)
{
	enum km_error error =
		queue_event(store, QUEUE_EVENT("body", "body_contact AS c ON c.body_id = q.body_id"), event_id, now, problem);
	if (!error)
		error = queue_event(store,
		                    QUEUE_EVENT("provider", "provider_contact AS c ON c.provider_id = m.provider_id"
		                                            " AND c.email IS NOT NULL"),
		                    event_id, now, problem);
	return error;
}

/* ----------------------------------------------------------------------------------------------------------- sending
 */

/* By how much the next try is put off when the nth begins. */
static int64_t pause_after(int64_t attempts)
{
	static const int pauses[] = {KM_MAIL_FIRST_RETRY_S, 1800, 3600, 3 * 3600, KM_MAIL_LONGEST_RETRY_S};
	enum { LAST = sizeof pauses / sizeof *pauses - 1 };
	return pauses[attempts <= LAST ? attempts : LAST];
}

static enum km_error put_off(struct km_store *store, int64_t id, int64_t until, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "UPDATE mail SET attempts = attempts + 1, at = :until WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_int(statement, ":until", until);
	return km_sql_run(statement, problem);
}

enum km_error km_mail_claim(struct km_store *store, int64_t now, int64_t *ret_id, struct km_problem *problem)
{
	int64_t id = 0, attempts = 0;
	{
		auto_statement struct km_statement *statement = NULL;
		bool row = false;
		enum km_error error =
			km_sql(store, "SELECT id, attempts FROM mail WHERE state = 'queued' AND at <= :now ORDER BY at, id LIMIT 1",
		           &statement, problem);
		if (error)
			return error;
		km_sql_int(statement, ":now", now);
		error = km_sql_step(statement, &row, problem);
		if (error)
			return error;
		if (row) {
			id = km_sql_get_int(statement, 0);
			attempts = km_sql_get_int(statement, 1);
		}
	}
	enum km_error error = id ? put_off(store, id, now + pause_after(attempts), problem) : KM_OK;
	if (!error)
		*ret_id = id;
	return error;
}

enum km_error km_mail_note(struct km_store *store, int64_t id, enum km_mail_state state, const char *detail,
                           int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		state == KM_MAIL_QUEUED
			? km_sql(store, "UPDATE mail SET detail = :detail WHERE id = :id AND state = 'queued'", &statement, problem)
			: km_sql(store, "UPDATE mail SET state = :state, at = :now, detail = :detail WHERE id = :id", &statement,
	                 problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_text(statement, ":detail", detail);
	if (state != KM_MAIL_QUEUED) {
		km_sql_text(statement, ":state", state_names[state]);
		km_sql_int(statement, ":now", now);
	}
	return km_sql_run(statement, problem);
}

/* ------------------------------------------------------------------------------------------------ without being sent
 */

enum km_error km_mail_drop_all(struct km_store *store, int64_t now, int64_t *ret_dropped, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "UPDATE mail SET state = 'dropped', at = :now, detail = 'the operator dropped it'"
	                             " WHERE state = 'queued' RETURNING id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":now", now);
	int64_t dropped = 0;
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row)
		dropped++;
	if (!error)
		*ret_dropped = dropped;
	return error;
}

/* It was refused or given up. */
static enum km_error check_failed(struct km_store *store, int64_t id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT state FROM mail WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-mail",
	                      "there is no mail %lld: `keurmerk mail list` shows them", (long long)id);
	if (error)
		return error;
	const char *state = km_sql_get_text(statement, 0);
	if (strcmp(state, state_names[KM_MAIL_REFUSED]) != 0 && strcmp(state, state_names[KM_MAIL_GIVEN_UP]) != 0)
		return km_fail(problem, KM_CONFLICT, "mail-state",
		               "mail %lld is %s: only what was refused or given up is sent again", (long long)id, state);
	return KM_OK;
}

enum km_error km_mail_again(struct km_store *store, int64_t id, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = check_failed(store, id, problem);
	if (!error)
		error = km_sql(store,
		               "UPDATE mail SET state = 'queued', queued_at = :now, at = :now, attempts = 0, detail = NULL"
		               " WHERE id = :id",
		               &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_int(statement, ":now", now);
	return km_sql_run(statement, problem);
}

enum km_error km_mail_forget_provider(struct km_store *store, int64_t provider_id, int64_t now,
                                      struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "UPDATE mail SET detail = NULL, at = CASE state WHEN 'queued' THEN :now ELSE at END,"
	                             " state = CASE state WHEN 'queued' THEN 'dropped' ELSE state END"
	                             " WHERE provider_id = :provider AND recipient = 'provider'",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", provider_id);
	km_sql_int(statement, ":now", now);
	return km_sql_run(statement, problem);
}

/* ----------------------------------------------------------------------------------------------------------- looking
 */

enum km_error km_mail_list(struct km_store *store, enum km_mail_state state,
                           enum km_error (*each)(void *context, const struct km_mail_row *row), void *context,
                           struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT l.id, l.kind, l.recipient, b.slug, p.kvk, m.number, e.action, l.due_at, l.queued_at, l.at,"
	           " l.attempts, l.state, l.detail FROM mail AS l JOIN body AS b ON b.id = l.body_id"
	           " JOIN provider AS p ON p.id = l.provider_id LEFT JOIN mark AS m ON m.id = l.mark_id"
	           " LEFT JOIN event AS e ON e.id = l.event_id WHERE l.state = :state ORDER BY l.at, l.id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":state", state_names[state]);
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		error = each(context, &(struct km_mail_row){.id = km_sql_get_int(statement, 0),
		                                            .kind = km_sql_get_text(statement, 1),
		                                            .recipient = km_sql_get_text(statement, 2),
		                                            .body = km_sql_get_text(statement, 3),
		                                            .kvk = km_sql_get_text(statement, 4),
		                                            .number = km_sql_get_text(statement, 5),
		                                            .action = km_sql_get_text(statement, 6),
		                                            .due_at = km_sql_get_int(statement, 7),
		                                            .queued_at = km_sql_get_int(statement, 8),
		                                            .at = km_sql_get_int(statement, 9),
		                                            .attempts = (int)km_sql_get_int(statement, 10),
		                                            .state = km_sql_get_text(statement, 11),
		                                            .detail = km_sql_get_text(statement, 12)});
		if (error)
			return error;
	}
}

enum km_error km_mail_health(struct km_store *store, int64_t since, struct km_mail_health *ret_health,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store,
	           "SELECT count(*), coalesce(min(queued_at), 0), (SELECT count(*) FROM mail WHERE state = 'refused' AND"
	           " at >= :since) + (SELECT count(*) FROM mail WHERE state = 'given-up' AND at >= :since)"
	           " FROM mail WHERE state = 'queued'",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":since", since);
	error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_health = (struct km_mail_health){km_sql_get_int(statement, 0), km_sql_get_int(statement, 1),
		                                      km_sql_get_int(statement, 2)};
	return error;
}
