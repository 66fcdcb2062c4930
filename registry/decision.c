#include "registry/decision.h"

#include "base/clock.h"
#include "base/json.h"
#include "keys/random.h"
#include "registry/lapse_record.h"
#include "registry/mail.h"
#include "registry/provider.h"
#include "registry/resolve.h"
#include "registry/sql.h"

#include <stdlib.h>
#include <string.h>

static enum km_error put_decision(struct km_store *store, const struct km_acting *acting,
                                  const struct km_decision *decision, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"INSERT INTO decision (submission_id, mark_id, audit_id, body_id, decider_id, action, reason, text_nl,"
		" text_en, to_body_id, transfer_id, holds_from, recorded_at) VALUES (:id, :mark, :audit, :body, :decider,"
		" :action, :reason, :nl, :en, :to_body, :transfer, :holds_from, :now)",
		&statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", acting->submission_id);
	km_sql_int_or_null(statement, ":mark", decision->mark.id);
	km_sql_text(statement, ":audit", *decision->audit.id ? decision->audit.id : NULL);
	km_sql_int(statement, ":body", acting->body_id);
	km_sql_int(statement, ":decider", acting->person_id);
	km_sql_text(statement, ":action", decision->rule->action);
	km_sql_text(statement, ":reason", decision->reason);
	km_sql_text(statement, ":nl", decision->text[KM_NL]);
	km_sql_text(statement, ":en", decision->text[KM_EN]);
	km_sql_int_or_null(statement, ":to_body", decision->to_body_id);
	km_sql_text(statement, ":transfer", *decision->transfer_id ? decision->transfer_id : NULL);
	km_sql_int(statement, ":holds_from", decision->holds_from);
	km_sql_int(statement, ":now", acting->now);
	return km_sql_run(statement, problem);
}

static enum km_error put_event(struct km_store *store, const struct km_acting *acting,
                               const struct km_decision *decision, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "INSERT INTO event (mark_id, decision_id, at, recorded_at, action, reason, text_nl, text_en, state)"
	           " VALUES (:mark, :decision, :at, :now, :action, :reason, :nl, :en, :state)",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", decision->mark.id);
	km_sql_text(statement, ":decision", acting->submission_id);
	km_sql_int(statement, ":at", decision->holds_from);
	km_sql_int(statement, ":now", acting->now);
	km_sql_text(statement, ":action", decision->rule->action);
	km_sql_text(statement, ":reason", decision->reason);
	km_sql_text(statement, ":nl", decision->text[KM_NL]);
	km_sql_text(statement, ":en", decision->text[KM_EN]);
	km_sql_text(statement, ":state", km_state_name(decision->to));
	error = km_sql_run(statement, problem);
	return error ? error : km_mail_queue_event(store, km_sql_last_id(store), acting->now, problem);
}

/* When the next surveillance is due: counted from the beginning of the term, so that the day of the month does not
 * drift; the first that is after both `passed` (the one that this audit was for) and the decision. None in the last
 * stretch before the end, which a recertification looks at. Sets what follows from it, too. */
static void set_surveillance(struct km_period *period, const struct km_scheme *scheme, int64_t passed)
{
	int64_t due = 0;
	period->surveillance_due = period->surveillance_limit = period->suspension_limit = 0;
	if (!scheme->surveillance_months)
		return;
	for (int months = scheme->surveillance_months; due <= passed || due <= period->holds_from;
	     months += scheme->surveillance_months)
		due = km_time_end_of_day(km_time_add_months(period->valid_from, months));
	if (due >= period->valid_until)
		return;
	period->surveillance_due = due;
	period->surveillance_limit = km_time_end_of_day(km_time_add_days(due, scheme->grace_days));
	period->suspension_limit = km_suspension_limit(period->surveillance_limit + 1, scheme->suspension_max_days);
}

static void begin_term(struct km_period *period, const struct km_scheme *scheme, int64_t from)
{
	period->valid_from = period->holds_from;
	period->valid_until = km_time_end_of_day(km_time_add_months(from, scheme->validity_months));
	set_surveillance(period, scheme, 0);
}

/* The new period begins as what holds until then, lapses included. */
static enum km_error continue_period(const struct km_decision *decision, const struct km_acting *acting,
                                     struct km_period_row *ret_row, struct km_problem *problem)
{
	*ret_row = decision->mark.before;
	ret_row->scope = strdup(decision->mark.before.scope);
	if (!ret_row->scope)
		return km_fail_memory(problem);
	ret_row->period.state = decision->to;
	ret_row->period.holds_from = decision->holds_from;
	ret_row->period.recorded_at = acting->now;
	return KM_OK;
}

static enum km_error set_scope(struct km_period_row *row, km_scope scope, const struct km_scheme *scheme,
                               struct km_problem *problem)
{
	char *text = km_scope_text(scope, scheme);
	if (!text)
		return km_fail_memory(problem);
	free(row->scope);
	row->scope = text;
	return KM_OK;
}

/* Adds what any audit of the mark's provider and scheme covered. */
static enum km_error add_audited(struct km_store *store, const struct km_decision *decision, km_scope *audited,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT scope FROM audit WHERE provider_id = :provider AND scheme_id = :scheme",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", decision->mark.provider_id);
	km_sql_text(statement, ":scheme", decision->mark.scheme_id);
	for (;;) {
		km_scope scope = 0;
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = km_scope_parse(km_sql_get_text(statement, 0), decision->scheme, &scope, problem);
		if (error || !row)
			return error;
		*audited |= scope;
	}
}

/* Adds to or takes from the scope, as the action says; a correction sets it, to what was audited at some time. */
static enum km_error change_scope(struct km_store *store, const struct km_decision *decision, struct km_period_row *row,
                                  struct km_problem *problem)
{
	const char *action = decision->rule->action;
	km_scope had, audited = 0, asked = decision->scope;
	bool corrects = strcmp(action, "correct") == 0;
	enum km_error error = km_scope_parse(row->scope, decision->scheme, &had, problem);
	if (!error && *decision->audit.id)
		error = km_scope_parse(decision->audit.scope, decision->scheme, &audited, problem);
	if (!error && corrects)
		error = add_audited(store, decision, &audited, problem);
	if (error)
		return error;
	if (corrects && asked & ~(had | audited))
		return km_fail(problem, KM_INVALID, "scope", "decision.scope: no audit covered all of these services");
	if (strcmp(action, "extend") == 0) {
		if (asked == had || (asked & had) != had)
			return km_fail(problem, KM_INVALID, "scope",
			               "decision.scope: expected all services that the mark has, and at least one more");
		if (asked & ~(had | audited))
			return km_fail(problem, KM_INVALID, "scope",
			               "decision.scope: a service is added only where the audit covered it");
	}
	if (strcmp(action, "reduce") == 0 && (asked == had || (asked & had) != asked))
		return km_fail(problem, KM_INVALID, "scope",
		               "decision.scope: expected some of the services that the mark has, not "
		               "all of them and no other");
	return set_scope(row, asked, decision->scheme, problem);
}

/* A surveillance must have looked at all that the mark covers. */
static enum km_error check_coverage(const struct km_decision *decision, const struct km_period_row *row,
                                    struct km_problem *problem)
{
	km_scope has, audited;
	enum km_error error = km_scope_parse(row->scope, decision->scheme, &has, problem);
	if (!error)
		error = km_scope_parse(decision->audit.scope, decision->scheme, &audited, problem);
	if (!error && has & ~audited)
		return km_fail(problem, KM_INVALID, "scope",
		               "decision.audit: that audit did not cover all services of the mark: reduce the scope first, or "
		               "audit the rest");
	return error;
}

/* Whether this audit, or one that followed it, has been counted as a surveillance already. */
static enum km_error was_counted(struct km_store *store, const struct km_decision *decision, bool *ret_counted,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT 1 FROM decision WHERE audit_id = :root AND action IN ('maintain', 'renew', 'reinstate')"
	           " UNION ALL SELECT 1 FROM audit AS a JOIN decision AS d ON d.audit_id = a.submission_id"
	           " WHERE a.follows = :root AND d.action IN ('maintain', 'renew', 'reinstate')",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":root", decision->audit.root);
	return km_sql_step(statement, ret_counted, problem);
}

static enum km_error reinstate(struct km_store *store, const struct km_decision *decision, struct km_period *period,
                               struct km_problem *problem)
{
	/* The limit that counted towards withdrawal is over; that of a lapse to come takes its place. */
	int64_t due = period->surveillance_due, limit = period->surveillance_limit;
	bool overdue = limit && limit < decision->holds_from, counted = false;
	bool looked = decision->audit.root_kind & (KM_AUDIT_SURVEILLANCE | KM_AUDIT_RECERTIFICATION | KM_AUDIT_SPECIAL);
	enum km_error error = looked ? was_counted(store, decision, &counted, problem) : KM_OK;
	if (error)
		return error;
	looked = looked && !counted;
	if (overdue && !looked)
		return km_fail(
			problem, KM_CONFLICT, "surveillance-overdue",
			"surveillance of this mark is overdue: it is reinstated only on an audit that was not counted before");
	if (looked)
		set_surveillance(period, decision->scheme, overdue ? due : 0);
	else
		period->suspension_limit = limit ? km_suspension_limit(limit + 1, decision->scheme->suspension_max_days) : 0;
	return KM_OK;
}

static enum km_error renew(const struct km_decision *decision, struct km_period_row *row, struct km_problem *problem)
{
	/* A provider who renews in time loses none of the old term. */
	int64_t end = row->period.valid_until, now = decision->holds_from;
	begin_term(&row->period, decision->scheme, km_time_add_months(now, KM_RENEW_EARLY_MONTHS) >= end ? end : now);
	row->scheme_version = decision->scheme->version;
	memcpy(row->level, decision->audit.level, sizeof row->level);
	km_scope scope;
	enum km_error error = km_scope_parse(decision->audit.scope, decision->scheme, &scope, problem);
	return error ? error : set_scope(row, scope, decision->scheme, problem);
}

/* KM_CONFLICT where this mark is alive at `at`, or was granted after that. */
static enum km_error check_not_alive(struct km_store *store, int64_t mark_id, const char *number, int64_t at,
                                     struct km_problem *problem)
{
	auto_period struct km_period_row period = {0};
	enum km_state state = KM_ACTIVE;
	int64_t since, next;
	enum km_error error = km_period_at(store, mark_id, at, &period, problem);
	if (!error)
		km_mark_lapse(&period.period, at, &state, &since, &next);
	if (error == KM_ABSENT)
		return km_fail(problem, KM_CONFLICT, "mark-exists",
		               "this provider was given mark %s of this scheme after that: correct that one", number);
	if (!error && (state == KM_ACTIVE || state == KM_SUSPENDED))
		return km_fail(problem, KM_CONFLICT, "mark-exists",
		               "this provider has mark %s of this scheme already, which is %s", number, km_state_name(state));
	return error;
}

/* A provider has at most one mark of a scheme that is alive: from when this decision holds, no other is. */
static enum km_error check_no_mark(struct km_store *store, const struct km_decision *decision,
                                   struct km_problem *problem)
{
	bool grants = !decision->mark.id;
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT id, number FROM mark WHERE provider_id = :provider AND scheme_id = :scheme"
	                             " AND id <> :mark ORDER BY id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", grants ? decision->audit.provider_id : decision->mark.provider_id);
	km_sql_text(statement, ":scheme", grants ? decision->audit.scheme_id : decision->mark.scheme_id);
	km_sql_int(statement, ":mark", decision->mark.id);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = check_not_alive(store, km_sql_get_int(statement, 0), km_sql_get_text(statement, 1),
		                        decision->holds_from, problem);
	return error;
}

static enum km_error correct(struct km_store *store, const struct km_decision *decision, struct km_period_row *row,
                             struct km_problem *problem)
{
	struct km_period *period = &row->period;
	if (decision->to == KM_ACTIVE)
		period->suspension_limit =
			period->surveillance_limit
				? km_suspension_limit(period->surveillance_limit + 1, decision->scheme->suspension_max_days)
				: 0;
	if (decision->to == KM_SUSPENDED)
		period->suspension_limit = km_suspension_limit(decision->holds_from, decision->scheme->suspension_max_days);
	enum km_error error = decision->to == KM_WITHDRAWN ? KM_OK : check_no_mark(store, decision, problem);
	return !error && decision->scope ? change_scope(store, decision, row, problem) : error;
}

/* Surveillance is done in the months before it is due: what comes earlier keeps the mark, and its day. */
static void maintain(struct km_period *period, const struct km_scheme *scheme)
{
	int64_t due = period->surveillance_due;
	if (period->holds_from > km_time_add_months(due, -scheme->surveillance_months))
		set_surveillance(period, scheme, due);
}

/* What each action does to the period that goes on. */
static enum km_error shape_period(struct km_store *store, const struct km_acting *acting,
                                  const struct km_decision *decision, struct km_period_row *row,
                                  struct km_problem *problem)
{
	const char *action = decision->rule->action;
	if (strcmp(action, "maintain") == 0) {
		maintain(&row->period, decision->scheme);
		return check_coverage(decision, row, problem);
	}
	if (strcmp(action, "renew") == 0)
		return renew(decision, row, problem);
	if (strcmp(action, "extend") == 0 || strcmp(action, "reduce") == 0)
		return change_scope(store, decision, row, problem);
	if (strcmp(action, "suspend") == 0)
		row->period.suspension_limit = km_suspension_limit(decision->holds_from, decision->scheme->suspension_max_days);
	if (strcmp(action, "reinstate") == 0)
		return reinstate(store, decision, &row->period, problem);
	if (strcmp(action, "accept-transfer") == 0)
		row->body_id = acting->body_id;
	if (strcmp(action, "correct") == 0)
		return correct(store, decision, row, problem);
	return KM_OK;
}

static enum km_error make_mark(struct km_store *store, const char *number, struct km_decision *decision,
                               struct km_problem *problem)
{
	uint8_t random[7];
	enum km_error error = KM_OK;
	if (number)
		memcpy(decision->mark.number, number, sizeof decision->mark.number);
	else
		error = km_random(random, sizeof random, problem);
	if (error)
		return error;
	if (!number)
		km_number_make(random, decision->mark.number);
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store,
	               "INSERT INTO mark (number, provider_id, scheme_id, granted_at)"
	               " VALUES (:number, :provider, :scheme, :granted_at)",
	               &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", decision->mark.number);
	km_sql_int(statement, ":provider", decision->audit.provider_id);
	km_sql_text(statement, ":scheme", decision->audit.scheme_id);
	km_sql_int(statement, ":granted_at", decision->holds_from);
	error = km_sql_run(statement, problem);
	if (!error)
		decision->mark.id = km_sql_last_id(store);
	return error;
}

static enum km_error grant(struct km_store *store, const struct km_acting *acting, const char *number,
                           struct km_decision *decision, struct km_period_row *ret_row, struct km_problem *problem)
{
	enum km_error error = check_no_mark(store, decision, problem);
	if (!error)
		error = make_mark(store, number, decision, problem);
	if (error)
		return error;
	*ret_row = (struct km_period_row){
		.period = {.state = decision->to, .holds_from = decision->holds_from, .recorded_at = acting->now},
		.body_id = acting->body_id,
		.scheme_version = decision->scheme->version,
		.scope = strdup(decision->audit.scope),
	};
	memcpy(ret_row->level, decision->audit.level, sizeof ret_row->level);
	begin_term(&ret_row->period, decision->scheme, decision->holds_from);
	return ret_row->scope ? KM_OK : km_fail_memory(problem);
}

static enum km_error apply(struct km_store *store, const struct km_acting *acting, const char *number,
                           struct km_decision *decision, struct km_problem *problem)
{
	auto_period struct km_period_row row = {0};
	enum km_effect effect = decision->rule->effect;
	enum km_error error = KM_OK;
	/* What time has done by now comes before what is decided now. */
	if (decision->mark.id && effect != KM_EFFECT_RECORD)
		error = km_lapses_record_mark(store, decision->mark.id, acting->now, problem);
	if (error)
		return error;
	if (effect == KM_EFFECT_MARK)
		error = grant(store, acting, number, decision, &row, problem);
	if (effect == KM_EFFECT_PERIOD)
		error = continue_period(decision, acting, &row, problem);
	if (!error && effect == KM_EFFECT_PERIOD)
		error = shape_period(store, acting, decision, &row, problem);
	if (!error && decision->name)
		error = km_provider_rename(store, decision->mark.provider_id, decision->name, acting->now, problem);
	if (!error)
		error = put_decision(store, acting, decision, problem);
	if (!error && (effect == KM_EFFECT_PERIOD || effect == KM_EFFECT_MARK))
		error = km_period_add(store, decision->mark.id, acting->submission_id, &row, acting->now, problem);
	if (!error && effect != KM_EFFECT_RECORD)
		error = put_event(store, acting, decision, problem);
	/* A correction may have it that more has happened. */
	if (!error && effect != KM_EFFECT_RECORD)
		error = km_lapses_record_mark(store, decision->mark.id, acting->now, problem);
	return error;
}

static enum km_error fill_reply(struct km_store *store, const struct km_decision *decision, json_t *reply,
                                struct km_problem *problem)
{
	int failed = json_object_set_new(reply, "action", json_string(decision->rule->action));
	if (decision->mark.id) {
		failed |= json_object_set_new(reply, "mark", json_string(decision->mark.number));
		failed |= json_object_set_new(reply, "state", json_string(km_state_name(decision->to)));
		failed |=
			json_object_set_new(reply, "url", json_sprintf("%s/m/%s", km_store_url(store), decision->mark.number));
	}
	return failed ? km_fail_memory(problem) : KM_OK;
}

enum km_error km_decision_apply(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                const char *number, json_t *reply, struct km_decided *ret_decided,
                                struct km_problem *problem)
{
	struct km_decision decision = {0};
	enum km_error error = km_decision_resolve(store, acting, json, &decision, problem);
	if (!error)
		error = apply(store, acting, number, &decision, problem);
	if (!error)
		error = fill_reply(store, &decision, reply, problem);
	if (!error && decision.rule->effect != KM_EFFECT_RECORD) {
		ret_decided->mark_id = decision.mark.id;
		memcpy(ret_decided->number, decision.mark.number, sizeof ret_decided->number);
		ret_decided->whole_provider = decision.name != NULL;
	}
	km_decision_done(&decision);
	return error;
}
