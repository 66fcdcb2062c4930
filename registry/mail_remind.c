#include "registry/mail.h"

#include "base/buf.h"
#include "base/clock.h"
#include "registry/body.h"
#include "registry/due.h"
#include "registry/period.h"
#include "registry/sql.h"

#include <string.h>

/* Counted in days of the calendar in Amsterdam, however long those are. */
int km_mail_reminder_days(int64_t due_at, int64_t now)
{
	static const int points[] = {7, 30, 60};
	char today[KM_DATE_TEXT], point[KM_DATE_TEXT];
	if (due_at < now)
		return 0;
	km_date_format(now, today);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		km_date_format(km_time_add_days(due_at, -points[i]), point);
		if (strcmp(point, today) <= 0)
			return points[i];
	}
	return 0;
}

struct reminding {
	struct km_store *store;
	const char *body; /* slug */
	int64_t now;
	struct km_problem *problem;
};

/* The mark that it is about; of a finding, the last that its provider got under its scheme. 0 where there is none. */
static enum km_error find_mark(const struct reminding *reminding, const struct km_due *due, int64_t *ret_id)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		due->number
			? km_sql(reminding->store, "SELECT id FROM mark WHERE number = :number", &statement, reminding->problem)
			: km_sql(reminding->store,
	                 "SELECT max(m.id) FROM mark AS m JOIN provider AS p ON p.id = m.provider_id"
	                 " WHERE p.kvk = :kvk AND m.scheme_id = :scheme",
	                 &statement, reminding->problem);
	if (error)
		return error;
	if (due->number)
		km_sql_text(statement, ":number", due->number);
	else {
		km_sql_text(statement, ":kvk", due->kvk);
		km_sql_text(statement, ":scheme", due->scheme_id);
	}
	error = km_sql_step(statement, &row, reminding->problem);
	if (!error)
		*ret_id = row ? km_sql_get_int(statement, 0) : 0;
	return error;
}

/* Nobody has to mend what a mark was lacking that is gone for good. */
static enum km_error has_ended(const struct reminding *reminding, int64_t mark_id, bool *ret_ended)
{
	auto_period struct km_period_row row = {0};
	enum km_state state;
	int64_t since, next;
	enum km_error error = km_period_at(reminding->store, mark_id, INT64_MAX, &row, reminding->problem);
	if (error)
		return error;
	int64_t from = row.period.holds_from;
	km_mark_lapse(&row.period, from > reminding->now ? from : reminding->now, &state, &since, &next);
	*ret_ended = state == KM_WITHDRAWN || state == KM_EXPIRED;
	return KM_OK;
}

#define QUEUE(recipient, contact)                                                                                      \
	"INSERT INTO mail (key, kind, recipient, body_id, provider_id, mark_id, audit_id, due_at, queued_at, state, at,"   \
	" attempts) SELECT :key || '/" recipient "', :kind, '" recipient "', b.id, p.id, :mark, :audit, :due, :now,"       \
	" 'queued', :now, 0 FROM body AS b JOIN provider AS p ON p.kvk = :kvk JOIN " contact " WHERE b.slug = :body"       \
	" ON CONFLICT (key) DO NOTHING"

static enum km_error queue(const struct reminding *reminding, const char *literal, const struct km_due *due,
                           const char *key, int64_t mark_id)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(reminding->store, literal, &statement, reminding->problem);
	if (error)
		return error;
	km_sql_text(statement, ":key", key);
	km_sql_text(statement, ":kind", km_due_kind_name(due->kind));
	km_sql_int_or_null(statement, ":mark", mark_id);
	km_sql_text(statement, ":audit", due->kind == KM_DUE_FINDING ? due->id : NULL);
	km_sql_int(statement, ":due", due->at);
	km_sql_int(statement, ":now", reminding->now);
	km_sql_text(statement, ":kvk", due->kvk);
	km_sql_text(statement, ":body", reminding->body);
	return km_sql_run(statement, reminding->problem);
}

/* All findings of an audit that are due on one day have one key, and so one message. */
static enum km_error remind(void *context, const struct km_due *due)
{
	const struct reminding *reminding = context;
	int days = due->kind == KM_DUE_CASE ? 0 : km_mail_reminder_days(due->at, reminding->now);
	int64_t mark_id = 0;
	bool ended = false;
	if (!days)
		return KM_OK;
	enum km_error error = find_mark(reminding, due, &mark_id);
	if (!error && mark_id)
		error = has_ended(reminding, mark_id, &ended);
	if (error || ended)
		return error;
	char day[KM_DATE_TEXT];
	km_date_format(due->at, day);
	auto_buf struct km_buf key = KM_BUF_EMPTY;
	km_buf_add_format(&key, "%s/%s/%s/%d", km_due_kind_name(due->kind), due->number ? due->number : due->id, day, days);
	if (key.failed)
		return km_fail_memory(reminding->problem);
	error = queue(reminding, QUEUE("body", "body_contact AS c ON c.body_id = b.id"), due, key.data, mark_id);
	if (!error)
		error =
			queue(reminding, QUEUE("provider", "provider_contact AS c ON c.provider_id = p.id AND c.email IS NOT NULL"),
		          due, key.data, mark_id);
	return error;
}

static enum km_error remind_body(void *context, const struct km_body *body)
{
	struct reminding *reminding = context;
	reminding->body = body->slug;
	int64_t until = km_time_end_of_day(km_time_add_days(reminding->now, 60));
	return km_due_list(reminding->store, body->slug, reminding->now, until, remind, reminding, reminding->problem);
}

static enum km_error give_up(struct km_store *store, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "UPDATE mail SET state = 'given-up', at = :now WHERE state = 'queued' AND queued_at <= :before",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":now", now);
	km_sql_int(statement, ":before", km_time_add_days(now, -KM_MAIL_GIVE_UP_DAYS));
	return km_sql_run(statement, problem);
}

enum km_error km_mail_queue_reminders(struct km_store *store, int64_t now, struct km_problem *problem)
{
	struct km_problem own = {0};
	struct reminding reminding = {.store = store, .now = now, .problem = problem ? problem : &own};
	enum km_error error = give_up(store, now, problem);
	return error ? error : km_body_list(store, remind_body, &reminding, problem);
}
