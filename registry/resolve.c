#include "registry/resolve.h"

#include "base/clock.h"
#include "base/json.h"
#include "registry/decision.h"
#include "registry/finding.h"
#include "registry/name.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "registry/purge.h"
#include "registry/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PUBLIC_TEXT_MAX = 1000, ID_MAX = 43 };

void km_decision_done(struct km_decision *decision)
{
	km_period_row_done(&decision->mark.before);
	free(decision->audit.scope);
	decision->audit.scope = NULL;
	km_scheme_free(decision->scheme);
	decision->scheme = NULL;
}

/* Which members this rule asks for and allows. */
static enum km_error check_members(const json_t *json, const struct km_rule *rule, struct km_problem *problem)
{
	const char *known[KM_MEMBERS + 4] = {"action", "holds_from"};
	size_t len = 2;
	if (!(rule->from & KM_FROM_NO_MARK))
		known[len++] = "mark";
	for (unsigned i = 0; i < KM_MEMBERS; i++) {
		unsigned bit = 1u << i;
		const char *name = km_decision_member_name(bit);
		if ((rule->needs | rule->takes) & bit)
			known[len++] = name;
		if (rule->needs & bit && !json_object_get(json, name))
			return km_fail(problem, KM_INVALID, "member", "decision.%s: expected with action %s", name, rule->action);
	}
	return km_json_only(json, "decision", known, problem);
}

static enum km_error read_text(const json_t *json, struct km_decision *decision, struct km_problem *problem)
{
	static const char *const known[] = {"nl", "en", NULL};
	if (!json_object_get(json, "text"))
		return KM_OK;
	const json_t *text;
	enum km_error error = km_json_object(json, "decision", "text", &text, problem);
	if (!error)
		error = km_json_only(text, "decision.text", known, problem);
	for (enum km_language language = KM_NL; !error && language < KM_LANGUAGES; language++) {
		error = km_json_string(text, "decision.text", km_language_code(language), PUBLIC_TEXT_MAX,
		                       &decision->text[language], problem);
		if (!error)
			error = km_name_check(decision->text[language], PUBLIC_TEXT_MAX, "member", "decision.text", problem);
	}
	return error;
}

static enum km_error read_state(const json_t *json, struct km_decision *decision, struct km_problem *problem)
{
	const char *name;
	enum km_error error = km_json_string_optional(json, "decision", "state", 12, &name, problem);
	if (error || !name)
		return error;
	for (enum km_state state = KM_ACTIVE; state <= KM_WITHDRAWN; state++) {
		if (strcmp(km_state_name(state), name) == 0) {
			decision->to = state;
			return KM_OK;
		}
	}
	return km_fail(problem, KM_INVALID, "member", "decision.state: expected active, suspended or withdrawn");
}

static bool is_correction(const struct km_rule *rule)
{
	return rule->needs & KM_MEMBER_STATE;
}

/* A correction holds from a moment in the past, every other decision from now or somewhat later. */
static enum km_error read_moment(const json_t *json, int64_t now, struct km_decision *decision,
                                 struct km_problem *problem)
{
	const char *text;
	enum km_error error = km_json_string_optional(json, "decision", "holds_from", 32, &text, problem);
	if (error)
		return error;
	decision->holds_from = now;
	if (text && !km_time_parse(text, &decision->holds_from))
		return km_fail(problem, KM_INVALID, "member",
		               "decision.holds_from: expected a moment such as 2026-11-24T17:02:37Z");
	if (is_correction(decision->rule)) {
		if (!text || decision->holds_from > now)
			return km_fail(problem, KM_INVALID, "member",
			               "decision.holds_from: a correction needs the moment in the past from which it holds");
		return KM_OK;
	}
	if (text && decision->rule->effect == KM_EFFECT_MARK)
		return km_fail(problem, KM_INVALID, "member", "decision.holds_from: a grant holds from when it is recorded");
	if (decision->holds_from < now)
		return km_fail(problem, KM_INVALID, "member",
		               "decision.holds_from: a decision does not hold before it is recorded: leave it out");
	if (decision->name && decision->holds_from > now)
		return km_fail(problem, KM_INVALID, "member",
		               "decision.holds_from: a new name is shown from when it is recorded: leave it out");
	if (decision->holds_from > km_time_add_days(now, KM_DECISION_AHEAD_DAYS))
		return km_fail(problem, KM_INVALID, "member", "decision.holds_from: at most %d days ahead",
		               KM_DECISION_AHEAD_DAYS);
	return KM_OK;
}

static enum km_error read_members(const json_t *json, const struct km_acting *acting, struct km_decision *decision,
                                  struct km_problem *problem)
{
	const char *action;
	enum km_error error = km_json_string(json, "decision", "action", 20, &action, problem);
	if (error)
		return error;
	const struct km_rule *rule = decision->rule = km_rule_find(action);
	if (!rule)
		return km_fail(problem, KM_INVALID, "member",
		               "decision.action: there is no decision \"%s\" (doc/rules.md lists them)", action);
	if (!(acting->roles & rule->roles))
		return km_fail(problem, KM_FORBIDDEN, "role", "only a decider decides, and this key's owner is none");
	decision->to = rule->to;
	error = check_members(json, rule, problem);
	if (!error)
		error = km_json_string_optional(json, "decision", "reason", KM_SLUG_MAX, &decision->reason, problem);
	if (!error && decision->reason && !km_slug_valid(decision->reason))
		return km_fail(problem, KM_INVALID, "member",
		               "decision.reason: expected a short code such as surveillance-overdue");
	if (!error)
		error = read_text(json, decision, problem);
	if (!error)
		error = km_json_string_optional(json, "decision", "name", KM_NAME_MAX, &decision->name, problem);
	if (!error && decision->name)
		error = km_name_check(decision->name, KM_NAME_MAX, "member", "decision.name", problem);
	if (!error)
		error = read_state(json, decision, problem);
	return error ? error : read_moment(json, acting->now, decision, problem);
}

static enum km_error find_mark_row(struct km_store *store, const struct km_acting *acting, const char *number,
                                   struct km_decision_mark *mark, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT m.id, m.provider_id, m.scheme_id, m.granted_at, p.erased_at FROM mark AS m "
	                             "JOIN provider AS p ON p.id = m.provider_id WHERE m.number = :number",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	error = km_sql_expect(statement, problem, KM_INVALID, "unknown-mark",
	                      "decision.mark: there is no mark %s in this register", number);
	if (error)
		return error;
	/* When it is replayed, the provider is as it became. */
	int64_t erased_at = km_sql_get_int(statement, 4);
	if (erased_at && erased_at <= acting->now - acting->replayed)
		return km_fail(
			problem, KM_CONFLICT, "provider-erased",
			"decision.mark: who had mark %s was erased at its own request: nothing is decided on it any more", number);
	mark->id = km_sql_get_int(statement, 0);
	mark->provider_id = km_sql_get_int(statement, 1);
	mark->granted_at = km_sql_get_int(statement, 3);
	snprintf(mark->scheme_id, sizeof mark->scheme_id, "%s", km_sql_get_text(statement, 2));
	return KM_OK;
}

/* While a decision is scheduled, only one that protects the public comes before it, and takes its place. */
static enum km_error check_schedule(struct km_store *store, const struct km_acting *acting,
                                    const struct km_decision *decision, struct km_problem *problem)
{
	struct km_period_row last = {0};
	enum km_error error = km_period_at(store, decision->mark.id, INT64_MAX, &last, problem);
	km_period_row_done(&last);
	if (error)
		return error;
	bool protects = decision->to == KM_SUSPENDED || decision->to == KM_WITHDRAWN;
	if (last.period.holds_from > acting->now && decision->rule->effect == KM_EFFECT_PERIOD && !protects) {
		char when[KM_TIME_TEXT];
		km_time_format(last.period.holds_from, when);
		return km_fail(problem, KM_CONFLICT, "scheduled",
		               "a decision on this mark is to hold from %s: wait for it, or suspend or withdraw", when);
	}
	return KM_OK;
}

static enum km_error find_mark(struct km_store *store, const struct km_acting *acting, const json_t *json,
                               struct km_decision *decision, struct km_problem *problem)
{
	const char *text;
	struct km_decision_mark *mark = &decision->mark;
	struct km_problem form = {0};
	enum km_error error = km_json_string(json, "decision", "mark", 32, &text, problem);
	if (error)
		return error;
	if (km_number_parse(text, mark->number, &form))
		return km_fail(problem, KM_INVALID, "member", "decision.mark: %s", form.message);
	error = find_mark_row(store, acting, mark->number, mark, problem);
	if (!error)
		error = check_schedule(store, acting, decision, problem);
	if (error)
		return error;
	if (decision->holds_from < mark->granted_at)
		return km_fail(problem, KM_INVALID, "member", "decision.holds_from: the mark had not been granted then");
	/* A correction puts the past right, and keeps the terms that hold today. */
	int64_t since, next, base = is_correction(decision->rule) ? acting->now : decision->holds_from;
	error = km_period_at(store, mark->id, base, &mark->before, problem);
	if (error)
		return error;
	km_mark_lapse(&mark->before.period, base, &mark->state, &since, &next);
	if (!(decision->rule->from & 1u << mark->state))
		return km_fail(problem, KM_CONFLICT, "state", "a mark that is %s cannot be changed by %s (doc/rules.md)",
		               km_state_name(mark->state), decision->rule->action);
	if (decision->to == KM_STATES)
		decision->to = mark->state;
	return KM_OK;
}

/* The body that holds the mark decides on it; only a transfer is accepted by another. */
static enum km_error check_body(const struct km_acting *acting, const struct km_decision *decision,
                                struct km_problem *problem)
{
	if (decision->mark.id && decision->mark.before.body_id != acting->body_id &&
	    !(decision->rule->needs & KM_MEMBER_TRANSFER))
		return km_fail(problem, KM_FORBIDDEN, "other-body", "this mark is another body's");
	return KM_OK;
}

static enum km_error find_audit_row(struct km_store *store, const struct km_acting *acting, const char *id,
                                    struct km_decision_audit *audit, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT a.provider_id, a.body_id, a.kind, a.scheme_id, a.scheme_version, a.scope, a.level,"
	           " coalesce(a.follows, a.submission_id), coalesce(root.kind, a.kind)"
	           " FROM audit AS a LEFT JOIN audit AS root ON root.submission_id = a.follows WHERE a.submission_id = :id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	error = km_sql_expect(statement, problem, KM_INVALID, "unknown-audit",
	                      "decision.audit: expected the id that the register answered when the audit was submitted");
	if (error)
		return error;
	if (km_sql_get_int(statement, 1) != acting->body_id)
		return km_fail(problem, KM_FORBIDDEN, "other-body", "decision.audit: that audit is another body's");
	const char *level = km_sql_get_text(statement, 6);
	snprintf(audit->id, sizeof audit->id, "%s", id);
	snprintf(audit->root, sizeof audit->root, "%s", km_sql_get_text(statement, 7));
	snprintf(audit->scheme_id, sizeof audit->scheme_id, "%s", km_sql_get_text(statement, 3));
	snprintf(audit->level, sizeof audit->level, "%s", level ? level : "");
	audit->provider_id = km_sql_get_int(statement, 0);
	audit->kind = km_audit_kind_parse(km_sql_get_text(statement, 2));
	audit->root_kind = km_audit_kind_parse(km_sql_get_text(statement, 8));
	audit->scheme_version = (int)km_sql_get_int(statement, 4);
	audit->scope = strdup(km_sql_get_text(statement, 5));
	return audit->scope ? KM_OK : km_fail_memory(problem);
}

/* ISO/IEC 17065, 7.6: who decides had no part in the audit, nor in a follow-up to it. */
static enum km_error check_four_eyes(struct km_store *store, const struct km_acting *acting,
                                     const struct km_decision_audit *audit, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT 1 FROM audit WHERE submission_id = :root AND auditor_id = :person"
	                             " UNION ALL SELECT 1 FROM audit WHERE follows = :root AND auditor_id = :person",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":root", audit->root);
	km_sql_int(statement, ":person", acting->person_id);
	bool took_part = false;
	error = km_sql_step(statement, &took_part, problem);
	if (!error && took_part)
		return km_fail(problem, KM_FORBIDDEN, "four-eyes",
		               "who audited does not decide: this decision needs another decider of the body");
	return error;
}

/* An audit carries one decision; a refusal does not use it up. */
static enum km_error check_unused(struct km_store *store, const struct km_decision_audit *audit,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT 1 FROM decision WHERE audit_id = :audit AND action <> 'refuse'", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":audit", audit->id);
	bool used = false;
	error = km_sql_step(statement, &used, problem);
	if (!error && used)
		return km_fail(problem, KM_CONFLICT, "audit-used",
		               "decision.audit: another decision rests on that audit already");
	return error;
}

static enum km_error check_findings(struct km_store *store, const struct km_acting *acting,
                                    const struct km_decision *decision, struct km_problem *problem)
{
	struct km_open_findings open = {0};
	enum km_error error = KM_OK;
	if (decision->rule->clear_majors && *decision->audit.id) {
		error = km_findings_of_audit(store, decision->audit.root, acting->now, &open, problem);
		if (!error && open.majors)
			return km_fail(problem, KM_CONFLICT, "open-major",
			               "%d major finding%s of that audit %s still open: record a follow-up audit first",
			               open.majors, open.majors == 1 ? "" : "s", open.majors == 1 ? "is" : "are");
	}
	if (!error && decision->rule->clear_overdue) {
		error = km_findings_of_provider(store, decision->mark.provider_id, decision->mark.scheme_id, acting->now, &open,
		                                problem);
		if (!error && open.overdue)
			return km_fail(problem, KM_CONFLICT, "overdue-minor",
			               "%d minor finding%s past the due date: record a follow-up audit first", open.overdue,
			               open.overdue == 1 ? " is" : "s are");
	}
	return error;
}

static enum km_error find_audit(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                struct km_decision *decision, struct km_problem *problem)
{
	const char *id;
	struct km_decision_audit *audit = &decision->audit;
	enum km_error error = km_json_string_optional(json, "decision", "audit", ID_MAX, &id, problem);
	if (error)
		return error;
	if (id) {
		error = find_audit_row(store, acting, id, audit, problem);
		if (!error)
			error = km_purged_refuse(store, id, "decision.audit", problem);
		if (!error)
			error = check_four_eyes(store, acting, audit, problem);
		if (error)
			return error;
		if (!(decision->rule->audit_kinds & audit->kind))
			return km_fail(problem, KM_INVALID, "audit-kind",
			               "decision.audit: action %s does not rest on an audit of kind %s", decision->rule->action,
			               km_audit_kind_name(audit->kind));
		if (decision->mark.id && (audit->provider_id != decision->mark.provider_id ||
		                          strcmp(audit->scheme_id, decision->mark.scheme_id) != 0))
			return km_fail(problem, KM_INVALID, "member",
			               "decision.audit: that audit is of another provider or scheme than the mark");
		if (strcmp(decision->rule->action, "refuse") != 0)
			error = check_unused(store, audit, problem);
	}
	return error ? error : check_findings(store, acting, decision, problem);
}

/* A grant or a renewal is under the newest version, or, until the end of a transition, under an older one; every other
 * decision stays with the version that the mark has. */
static enum km_error find_scheme(struct km_store *store, const struct km_acting *acting, struct km_decision *decision,
                                 struct km_problem *problem)
{
	const struct km_decision_audit *audit = &decision->audit;
	bool new_term =
		decision->rule->audit_kinds == KM_AUDIT_INITIAL || decision->rule->audit_kinds == KM_AUDIT_RECERTIFICATION;
	bool by_audit = new_term || !decision->mark.id;
	const char *scheme_id = decision->mark.id ? decision->mark.scheme_id : audit->scheme_id;
	int version = by_audit ? audit->scheme_version : decision->mark.before.scheme_version;
	enum km_error error = km_acting_may_certify(store, acting, scheme_id, problem);
	if (!error)
		error = km_scheme_get(store, scheme_id, version, &decision->scheme, problem);
	if (error)
		return error;
	if (!by_audit && *audit->id && audit->scheme_version != version)
		return km_fail(problem, KM_INVALID, "scheme-version",
		               "decision.audit: the mark stands under version %d of the scheme, the audit under version %d",
		               version, audit->scheme_version);
	if (!new_term)
		return KM_OK;
	auto_scheme struct km_scheme *newest = NULL;
	error = km_scheme_get(store, scheme_id, 0, &newest, problem);
	if (error || newest->version == version)
		return error;
	bool transition = newest->transition_from && version >= newest->transition_from;
	if (!transition || newest->transition_until < acting->now)
		return km_fail(
			problem, KM_CONFLICT, "scheme-version",
			"decision.audit: that audit was under version %d of the scheme; since then version %d holds, and the "
			"transition is over: audit under that one",
			version, newest->version);
	return KM_OK;
}

static enum km_error find_transfer_target(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                          struct km_decision *decision, struct km_problem *problem)
{
	const char *slug;
	enum km_error error = km_json_string(json, "decision", "to", KM_SLUG_MAX, &slug, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store,
	               "SELECT b.id FROM body AS b JOIN body_scheme AS s ON s.body_id = b.id"
	               " WHERE b.slug = :slug AND s.scheme_id = :scheme",
	               &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":slug", slug);
	km_sql_text(statement, ":scheme", decision->mark.scheme_id);
	bool found = false;
	error = km_sql_step(statement, &found, problem);
	if (error)
		return error;
	decision->to_body_id = found ? km_sql_get_int(statement, 0) : 0;
	if (!found || decision->to_body_id == acting->body_id)
		return km_fail(problem, KM_INVALID, "member",
		               "decision.to: expected the short name of another body that may certify for scheme %s",
		               decision->mark.scheme_id);
	return KM_OK;
}

static enum km_error find_transfer(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                   struct km_decision *decision, struct km_problem *problem)
{
	const char *id;
	enum km_error error = km_json_string(json, "decision", "transfer", ID_MAX, &id, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store,
	               "SELECT d.mark_id, d.to_body_id, d.body_id, d.holds_from, answer.submission_id FROM decision AS d"
	               " LEFT JOIN decision AS answer ON answer.transfer_id = d.submission_id"
	               " WHERE d.submission_id = :id AND d.action = 'transfer'",
	               &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	bool found = false;
	error = km_sql_step(statement, &found, problem);
	if (error)
		return error;
	if (!found || km_sql_get_int(statement, 0) != decision->mark.id)
		return km_fail(problem, KM_INVALID, "member", "decision.transfer: expected the id of a transfer of this mark");
	if (km_sql_get_int(statement, 1) != acting->body_id)
		return km_fail(problem, KM_FORBIDDEN, "other-body", "decision.transfer: the mark was offered to another body");
	int64_t from = km_sql_get_int(statement, 3);
	if (km_sql_get_text(statement, 4) || km_sql_get_int(statement, 2) != decision->mark.before.body_id)
		return km_fail(problem, KM_CONFLICT, "transfer-used", "decision.transfer: that transfer is answered already");
	if (acting->now < from || acting->now > km_time_add_days(from, KM_TRANSFER_OPEN_DAYS))
		return km_fail(problem, KM_CONFLICT, "transfer-closed",
		               "decision.transfer: that transfer is open for %d days from when it holds",
		               KM_TRANSFER_OPEN_DAYS);
	snprintf(decision->transfer_id, sizeof decision->transfer_id, "%s", id);
	return KM_OK;
}

enum km_error km_decision_resolve(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                  struct km_decision *ret_decision, struct km_problem *problem)
{
	enum km_error error = read_members(json, acting, ret_decision, problem);
	if (error)
		return error;
	const struct km_rule *rule = ret_decision->rule;
	if (!(rule->from & KM_FROM_NO_MARK))
		error = find_mark(store, acting, json, ret_decision, problem);
	if (!error)
		error = check_body(acting, ret_decision, problem);
	if (!error)
		error = find_audit(store, acting, json, ret_decision, problem);
	if (!error)
		error = find_scheme(store, acting, ret_decision, problem);
	if (!error && json_object_get(json, "scope"))
		error = km_scope_member(json, "decision", ret_decision->scheme, &ret_decision->scope, problem);
	if (!error && rule->needs & KM_MEMBER_TO)
		error = find_transfer_target(store, acting, json, ret_decision, problem);
	if (!error && rule->needs & KM_MEMBER_TRANSFER)
		error = find_transfer(store, acting, json, ret_decision, problem);
	return error;
}
