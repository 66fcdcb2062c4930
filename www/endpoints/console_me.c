#include "base/clock.h"
#include "registry/due.h"
#include "registry/person.h"
#include "registry/rule.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/site.h"

enum { DUE_DAYS = 90, DUE_DAYS_MAX = 400 };

static enum km_error add_scheme(void *array, const char *scheme_id)
{
	return km_console_add(array, json_string(scheme_id));
}

/* GET /console/api/me: who is signed in, and what for. */
KM_HANDLER(km_get_console_me)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *schemes = json_array();
	char roles[32];
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_schemes(request->store, &desk, add_scheme, schemes, problem);
	if (error)
		return error;
	km_roles_format(desk.roles, roles);
	return km_console_reply(reply,
	                        json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:O, s:o}", "name", desk.name, "kid",
	                                  desk.thumbprint, "body", "slug", desk.body_slug, "name", desk.body_name, "roles",
	                                  roles, "schemes", schemes, "today", km_console_day(request->now)),
	                        problem);
}

static enum km_error add_due(void *array, const struct km_due *due)
{
	return km_console_add(array, json_pack("{s:s, s:o, s:o, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "kind",
	                                       km_due_kind_name(due->kind), "at", km_console_day(due->at), "limit",
	                                       km_console_day(due->limit), "number", due->number, "kvk", due->kvk, "name",
	                                       due->name, "scheme", due->scheme_id, "detail", due->detail, "result",
	                                       due->result, "id", due->id));
}

/* GET /console/api/due?days=: what the body has to do. */
KM_HANDLER(km_get_console_due)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	int days = 0;
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_request_integer(request, "days", 0, DUE_DAYS_MAX, DUE_DAYS, &days, problem);
	if (!error)
		error = km_due_list(request->store, desk.body_slug, request->now,
		                    km_time_end_of_day(km_time_add_days(request->now, days)), add_due, list, problem);
	return error ? error : km_console_reply(reply, json_incref(list), problem);
}

/* The names of the bits that are set. */
static json_t *names_of(unsigned set, unsigned len, const char *(*name)(unsigned bit))
{
	json_t *array = json_array();
	for (unsigned i = 0; i < len; i++)
		if (set & 1u << i)
			json_array_append_new(array, json_string(name(1u << i)));
	return array;
}

static json_t *states_of(unsigned set)
{
	json_t *array = json_array();
	for (unsigned i = 0; i < KM_STATES; i++)
		if (set & 1u << i)
			json_array_append_new(array, json_string(km_state_name((enum km_state)i)));
	return array;
}

static json_t *rule_json(const struct km_rule *rule)
{
	char roles[32];
	km_roles_format(rule->roles, roles);
	return json_pack("{s:s, s:o, s:b, s:s, s:o, s:o, s:o, s:b, s:b, s:b, s:s?}", "action", rule->action, "from",
	                 states_of(rule->from), "without_mark", (rule->from & KM_FROM_NO_MARK) != 0, "roles", roles,
	                 "needs", names_of(rule->needs, KM_MEMBERS, km_decision_member_name), "takes",
	                 names_of(rule->takes, KM_MEMBERS, km_decision_member_name), "audit_kinds",
	                 names_of(rule->audit_kinds, KM_AUDIT_KINDS, km_audit_kind_name), "clear_majors",
	                 rule->clear_majors, "clear_overdue", rule->clear_overdue, "public",
	                 rule->effect != KM_EFFECT_RECORD, "to", rule->to == KM_STATES ? NULL : km_state_name(rule->to));
}

/* GET /console/api/rules: the table of registry/rule.h. */
KM_HANDLER(km_get_console_rules)
{
	auto_desk struct km_desk desk = {0};
	enum km_error error = km_console_desk(request, &desk, problem);
	if (error)
		return error;
	json_auto_t *list = json_array();
	size_t len;
	const struct km_rule *rules = km_rules(&len);
	for (size_t i = 0; i < len; i++)
		if (km_console_add(list, rule_json(&rules[i])))
			return km_fail_memory(problem);
	return km_console_reply(reply, json_incref(list), problem);
}
