#include "registry/audit.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "registry/person.h"
#include "registry/purge.h"
#include "registry/rule.h"
#include "registry/scheme.h"
#include "registry/scope.h"
#include "registry/sql.h"

#include <stdio.h>
#include <string.h>

enum { EVIDENCE_MAX = 200, NOTE_MAX = 2000, FILE_NAME_MAX = 255, ID_MAX = 43 };

struct audit {
	int64_t provider_id;
	struct km_scheme *scheme;
	unsigned kind;
	const char *follows; /* submission id; NULL unless a follow-up */
	int64_t started, finished;
	km_scope scope;
	const struct km_scheme_item *level;
	const char *recommendation;
	int majors, minors;
};

static enum km_error find_provider(struct km_store *store, const char *kvk, int64_t *ret_id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT id FROM provider WHERE kvk = :kvk", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kvk", kvk);
	error =
		km_sql_expect(statement, problem, KM_INVALID, "unknown-provider",
	                  "audit.provider: there is no provider with KvK number %s in this register: check the number, or "
	                  "ask the operator to add the provider",
	                  kvk);
	if (error)
		return error;
	*ret_id = km_sql_get_int(statement, 0);
	return KM_OK;
}

static enum km_error find_scheme(struct km_store *store, const char *id, int version, struct km_scheme **ret_scheme,
                                 struct km_problem *problem)
{
	enum km_error error = km_scheme_get(store, id, version, ret_scheme, problem);
	if (error == KM_ABSENT)
		return km_fail(problem, KM_INVALID, "unknown-scheme",
		               "audit.scheme: version %d of scheme \"%s\" is not published in this register", version, id);
	return error;
}

/* A follow-up looks again at what another audit of the same body left open, and takes scope and level from it. */
static enum km_error read_followed(struct km_store *store, const struct km_acting *acting, struct audit *audit,
                                   struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT provider_id, body_id, scheme_id, scheme_version, scope, level, kind FROM audit"
	                             " WHERE submission_id = :id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", audit->follows);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	if (!row || km_audit_kind_parse(km_sql_get_text(statement, 6)) == KM_AUDIT_FOLLOW_UP)
		return km_fail(problem, KM_INVALID, "unknown-audit",
		               "audit.follows: expected the id of the audit that left the findings open (not of another "
		               "follow-up)");
	if (km_sql_get_int(statement, 1) != acting->body_id)
		return km_fail(problem, KM_FORBIDDEN, "other-body", "audit.follows: that audit is another body's");
	if (km_sql_get_int(statement, 0) != audit->provider_id ||
	    strcmp(km_sql_get_text(statement, 2), audit->scheme->id) != 0 ||
	    km_sql_get_int(statement, 3) != audit->scheme->version)
		return km_fail(problem, KM_INVALID, "member",
		               "audit.follows: that audit is of another provider or another version of a scheme");
	error = km_purged_refuse(store, audit->follows, "audit.follows", problem);
	if (error)
		return error;
	const char *level = km_sql_get_text(statement, 5);
	audit->level = level ? km_scheme_level(audit->scheme, level) : NULL;
	return km_scope_parse(km_sql_get_text(statement, 4), audit->scheme, &audit->scope, problem);
}

static enum km_error read_dates(const json_t *json, const struct km_acting *acting, struct audit *audit,
                                struct km_problem *problem)
{
	static const char *const members[] = {"started", "finished"};
	int64_t days[2];
	for (size_t i = 0; i < 2; i++) {
		const char *text;
		enum km_error error = km_json_string(json, "audit", members[i], KM_DATE_TEXT, &text, problem);
		if (error)
			return error;
		if (!km_date_parse(text, &days[i]))
			return km_fail(problem, KM_INVALID, "member", "audit.%s: expected a date such as 2026-11-24", members[i]);
	}
	if (days[0] > days[1])
		return km_fail(problem, KM_INVALID, "member", "audit.finished: an audit does not end before it started");
	if (days[1] > acting->now)
		return km_fail(problem, KM_INVALID, "member", "audit.finished: this day has not come yet");
	audit->started = days[0];
	audit->finished = days[1];
	return KM_OK;
}

static enum km_error read_level(const json_t *json, struct audit *audit, struct km_problem *problem)
{
	const char *id;
	enum km_error error = km_json_string_optional(json, "audit", "level", KM_SLUG_MAX, &id, problem);
	if (error)
		return error;
	audit->level = id ? km_scheme_level(audit->scheme, id) : NULL;
	if (id && !audit->level)
		return km_fail(problem, KM_INVALID, "member", "audit.level: scheme %s has no level \"%s\"", audit->scheme->id,
		               id);
	if (!id && audit->scheme->levels_len)
		return km_fail(problem, KM_INVALID, "member", "audit.level: scheme %s asks for one of its levels",
		               audit->scheme->id);
	return KM_OK;
}

static enum km_error read_evidence(const json_t *json, struct km_problem *problem)
{
	static const char *const known[] = {"name", "sha256", NULL};
	const json_t *array;
	enum km_error error = km_json_array(json, "audit", "evidence", 0, EVIDENCE_MAX, &array, problem);
	if (error)
		return error;
	size_t i;
	json_t *element;
	json_array_foreach(array, i, element)
	{
		char where[40];
		snprintf(where, sizeof where, "audit.evidence[%zu]", i);
		const char *name, *digest;
		uint8_t bytes[32];
		error = km_json_only(element, where, known, problem);
		if (!error)
			error = km_json_string(element, where, "name", FILE_NAME_MAX, &name, problem);
		if (!error)
			error = km_json_string(element, where, "sha256", 64, &digest, problem);
		if (error)
			return error;
		if (!km_decode_exact(KM_HEX, digest, strlen(digest), bytes, sizeof bytes))
			return km_fail(problem, KM_INVALID, "member", "%s.sha256: expected 64 hex digits in lower case", where);
	}
	return KM_OK;
}

/* Everything but the findings. */
static enum km_error read_frame(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                struct audit *audit, struct km_problem *problem)
{
	static const char *const known[] = {"provider", "scheme",         "version", "kind",  "follows",
	                                    "started",  "finished",       "scope",   "level", "findings",
	                                    "evidence", "recommendation", NULL};
	const char *kvk, *scheme, *kind;
	int64_t version;
	enum km_error error = km_json_only(json, "audit", known, problem);
	if (!error)
		error = km_json_string(json, "audit", "provider", 8, &kvk, problem);
	if (!error)
		error = km_json_string(json, "audit", "scheme", KM_SLUG_MAX, &scheme, problem);
	if (!error)
		error = km_json_integer(json, "audit", "version", 1, 1000000, &version, problem);
	if (!error)
		error = km_json_string(json, "audit", "kind", 20, &kind, problem);
	if (!error)
		error = km_json_string_optional(json, "audit", "follows", ID_MAX, &audit->follows, problem);
	if (!error)
		error = km_json_string(json, "audit", "recommendation", 20, &audit->recommendation, problem);
	if (!error)
		error = find_provider(store, kvk, &audit->provider_id, problem);
	if (!error)
		error = find_scheme(store, scheme, (int)version, &audit->scheme, problem);
	if (!error)
		error = km_acting_may_certify(store, acting, scheme, problem);
	if (error)
		return error;
	audit->kind = km_audit_kind_parse(kind);
	if (!audit->kind)
		return km_fail(problem, KM_INVALID, "member",
		               "audit.kind: expected initial, surveillance, recertification, special or follow-up");
	if (!km_rule_find(audit->recommendation))
		return km_fail(problem, KM_INVALID, "member",
		               "audit.recommendation: expected a decision, such as grant or refuse (doc/rules.md lists them)");
	bool follow_up = audit->kind == KM_AUDIT_FOLLOW_UP;
	if (follow_up != (audit->follows != NULL))
		return km_fail(problem, KM_INVALID, "member", "audit.follows: goes with kind follow-up, and with no other");
	if (follow_up && (json_object_get(json, "scope") || json_object_get(json, "level")))
		return km_fail(problem, KM_INVALID, "member",
		               "audit.scope, audit.level: a follow-up has those of the audit that it follows");
	error = read_dates(json, acting, audit, problem);
	if (!error)
		error = read_evidence(json, problem);
	if (!error && follow_up)
		return read_followed(store, acting, audit, problem);
	if (!error)
		error = km_scope_member(json, "audit", audit->scheme, &audit->scope, problem);
	return error ? error : read_level(json, audit, problem);
}

struct finding {
	const struct km_criterion *criterion;
	const char *result, *note;
	int64_t due;
};

static enum km_error read_finding(const json_t *json, const char *where, const struct audit *audit,
                                  struct finding *ret_finding, struct km_problem *problem)
{
	static const char *const known[] = {"criterion", "result", "note", "due", NULL};
	const char *id, *due;
	struct finding finding = {0};
	enum km_error error = km_json_only(json, where, known, problem);
	if (!error)
		error = km_json_string(json, where, "criterion", KM_SLUG_MAX, &id, problem);
	if (!error)
		error = km_json_string(json, where, "result", 20, &finding.result, problem);
	if (!error)
		error = km_json_string_optional(json, where, "note", NOTE_MAX, &finding.note, problem);
	if (!error)
		error = km_json_string_optional(json, where, "due", KM_DATE_TEXT, &due, problem);
	if (error)
		return error;
	for (size_t i = 0; i < audit->scheme->criteria_len; i++)
		if (strcmp(audit->scheme->criteria[i].id, id) == 0)
			finding.criterion = &audit->scheme->criteria[i];
	if (!finding.criterion)
		return km_fail(problem, KM_INVALID, "member", "%s.criterion: scheme %s version %d has no criterion \"%s\"",
		               where, audit->scheme->id, audit->scheme->version, id);
	bool open = strcmp(finding.result, "minor") == 0 || strcmp(finding.result, "major") == 0;
	bool passed_over = strcmp(finding.result, "not-applicable") == 0;
	if (!open && !passed_over && strcmp(finding.result, "conform") != 0)
		return km_fail(problem, KM_INVALID, "member", "%s.result: expected conform, minor, major or not-applicable",
		               where);
	if (passed_over && finding.criterion->mandatory)
		return km_fail(problem, KM_INVALID, "member",
		               "%s.result: criterion %s is mandatory: not-applicable is no answer to it", where, id);
	if ((open || passed_over) && !finding.note)
		return km_fail(problem, KM_INVALID, "member", "%s.note: %s", where,
		               open ? "say what was found" : "say why it does not apply");
	if (open != (due != NULL))
		return km_fail(problem, KM_INVALID, "member", "%s.due: %s", where,
		               open ? "say by which day it must be corrected" : "only a minor or a major finding has one");
	if (due && (!km_date_parse(due, &finding.due) || finding.due < audit->finished))
		return km_fail(problem, KM_INVALID, "member",
		               "%s.due: expected a date such as 2027-02-01, not before the end of the audit", where);
	*ret_finding = finding;
	return KM_OK;
}

static enum km_error put_finding(struct km_store *store, const struct km_acting *acting, const struct finding *finding,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO finding (audit_id, criterion, result, note, due_on)"
	                             " VALUES (:audit, :criterion, :result, :note, :due)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":audit", acting->submission_id);
	km_sql_text(statement, ":criterion", finding->criterion->id);
	km_sql_text(statement, ":result", finding->result);
	km_sql_text(statement, ":note", finding->note);
	km_sql_int_or_null(statement, ":due", finding->due);
	return km_sql_run(statement, problem);
}

/* Whether the followed audit, or a later one, left this criterion open. */
static enum km_error was_open(struct km_store *store, const struct audit *audit, const char *criterion, bool *ret_open,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT 1 FROM finding WHERE audit_id = :audit AND criterion = :criterion"
	                             " AND result IN ('minor', 'major')",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":audit", audit->follows);
	km_sql_text(statement, ":criterion", criterion);
	return km_sql_step(statement, ret_open, problem);
}

/* One finding for each criterion that is asked for, no other, none twice. */
static enum km_error check_complete(struct km_store *store, const struct audit *audit, const bool *found,
                                    size_t findings_len, struct km_problem *problem)
{
	const struct km_scheme *scheme = audit->scheme;
	const struct km_scheme_item *items[KM_SCOPE_SERVICES_MAX];
	size_t items_len = km_scope_items(audit->scope, scheme, items);
	for (size_t i = 0; i < scheme->criteria_len; i++) {
		const struct km_criterion *criterion = &scheme->criteria[i];
		bool asked = km_scheme_asks(scheme, criterion, items, items_len, audit->level);
		if (audit->follows && found[i]) {
			enum km_error error = was_open(store, audit, criterion->id, &asked, problem);
			if (error)
				return error;
		}
		if (found[i] && !asked)
			return km_fail(problem, KM_INVALID, "member", "audit.findings: criterion %s is not asked for %s",
			               criterion->id,
			               audit->follows ? "here: the audit that this one follows did not leave it open"
			                              : "by this scope and level");
		if (!found[i] && asked && !audit->follows)
			return km_fail(problem, KM_INVALID, "member",
			               "audit.findings: criterion %s is asked for by this scope and level, and has no finding",
			               criterion->id);
	}
	if (!findings_len)
		return km_fail(problem, KM_INVALID, "member", "audit.findings: expected at least one finding");
	return KM_OK;
}

static enum km_error read_findings(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                   struct audit *audit, struct km_problem *problem)
{
	const json_t *array;
	enum km_error error = km_json_array(json, "audit", "findings", 0, audit->scheme->criteria_len, &array, problem);
	if (error)
		return error;
	auto_free bool *found = calloc(audit->scheme->criteria_len + 1, sizeof *found);
	if (!found)
		return km_fail_memory(problem);
	size_t i;
	json_t *element;
	json_array_foreach(array, i, element)
	{
		char where[40];
		struct finding finding = {0};
		snprintf(where, sizeof where, "audit.findings[%zu]", i);
		error = read_finding(element, where, audit, &finding, problem);
		if (error)
			return error;
		bool *seen = &found[finding.criterion - audit->scheme->criteria];
		if (*seen)
			return km_fail(problem, KM_INVALID, "member", "%s: criterion %s is there twice", where,
			               finding.criterion->id);
		*seen = true;
		audit->majors += strcmp(finding.result, "major") == 0;
		audit->minors += strcmp(finding.result, "minor") == 0;
		error = put_finding(store, acting, &finding, problem);
		if (error)
			return error;
	}
	return check_complete(store, audit, found, json_array_size(array), problem);
}

static enum km_error put_audit(struct km_store *store, const struct km_acting *acting, const struct audit *audit,
                               struct km_problem *problem)
{
	auto_free char *scope = km_scope_text(audit->scope, audit->scheme);
	if (!scope)
		return km_fail_memory(problem);
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"INSERT INTO audit (submission_id, provider_id, body_id, auditor_id, scheme_id, scheme_version, kind, follows,"
		" started_on, finished_on, scope, level, recommendation, majors, minors, recorded_at)"
		" VALUES (:id, :provider, :body, :auditor, :scheme, :version, :kind, :follows,"
		" :started, :finished, :scope, :level, :recommendation, :majors, :minors, :now)",
		&statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", acting->submission_id);
	km_sql_int(statement, ":provider", audit->provider_id);
	km_sql_int(statement, ":body", acting->body_id);
	km_sql_int(statement, ":auditor", acting->person_id);
	km_sql_text(statement, ":scheme", audit->scheme->id);
	km_sql_int(statement, ":version", audit->scheme->version);
	km_sql_text(statement, ":kind", km_audit_kind_name(audit->kind));
	km_sql_text(statement, ":follows", audit->follows);
	km_sql_int(statement, ":started", audit->started);
	km_sql_int(statement, ":finished", audit->finished);
	km_sql_text(statement, ":scope", scope);
	km_sql_text(statement, ":level", audit->level ? audit->level->id : NULL);
	km_sql_text(statement, ":recommendation", audit->recommendation);
	km_sql_int(statement, ":majors", audit->majors);
	km_sql_int(statement, ":minors", audit->minors);
	km_sql_int(statement, ":now", acting->now);
	return km_sql_run(statement, problem);
}

enum km_error km_audit_apply(struct km_store *store, const struct km_acting *acting, const json_t *audit, json_t *reply,
                             struct km_problem *problem)
{
	if (!(acting->roles & KM_ROLE_AUDITOR))
		return km_fail(problem, KM_FORBIDDEN, "role", "only an auditor records an audit, and this key's owner is none");
	struct audit read = {0};
	enum km_error error = read_frame(store, acting, audit, &read, problem);
	if (!error)
		error = read_findings(store, acting, audit, &read, problem);
	if (!error)
		error = put_audit(store, acting, &read, problem);
	km_scheme_free(read.scheme);
	if (error)
		return error;
	if (json_object_set(reply, "provider", json_object_get(audit, "provider")) != 0 ||
	    json_object_set_new(reply, "majors", json_integer(read.majors)) != 0 ||
	    json_object_set_new(reply, "minors", json_integer(read.minors)) != 0)
		return km_fail_memory(problem);
	return KM_OK;
}
