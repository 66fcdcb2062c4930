#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/person.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------------- invite */

static const struct km_option invite_options[] = {
	{"body", 0, "SLUG", "certification body of a new person", KM_OPTIONAL},
	{"name", 0, "NAME", "name of a new person", KM_OPTIONAL},
	{"role", 0, "ROLES", "auditor, decider or admin; several with commas", KM_OPTIONAL},
	{"again", 0, "ID", "instead: a new code for this person, for another key or a lost code", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

struct invitation {
	int64_t person_id;
	char code[KM_CODE_TEXT];
};

static enum km_error invite_new(const struct km_call *call, struct km_store *store, struct invitation *invitation,
                                struct km_problem *problem)
{
	const char *body = km_given(call, "body"), *name = km_given(call, "name"), *role = km_given(call, "role");
	unsigned roles = 0;
	if (!body || !name || !role)
		return km_wrong_usage(problem, "--body, --name and --role are needed together (or --again ID)");
	if (!km_roles_parse(role, &roles))
		return km_wrong_usage(problem, "--role %s: write auditor, decider or admin; several with commas", role);
	return km_person_invite(store, body, name, roles, km_clock_now(&call->clock), &invitation->person_id,
	                        invitation->code, problem);
}

static enum km_error read_id(const char *what, const char *text, int64_t *ret_id, struct km_problem *problem)
{
	char *end = NULL;
	errno = 0;
	long long id = strtoll(text, &end, 10);
	if (errno || !*text || *end || id < 1)
		return km_wrong_usage(problem, "%s %s: a person's number is expected, as `keurmerk person list` shows it", what,
		                      text);
	*ret_id = id;
	return KM_OK;
}

static enum km_error invite_again(const struct km_call *call, struct km_store *store, struct invitation *invitation,
                                  struct km_problem *problem)
{
	enum km_error error = read_id("--again", km_given(call, "again"), &invitation->person_id, problem);
	if (error)
		return error;
	if (km_given(call, "body") || km_given(call, "name") || km_given(call, "role"))
		return km_wrong_usage(problem, "--again goes without --body, --name and --role: the person is known already");
	return km_person_invite_again(store, invitation->person_id, km_clock_now(&call->clock), invitation->code, problem);
}

static enum km_error run_invite(struct km_call *call, struct km_problem *problem)
{
	struct invitation invitation = {0};
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_given(call, "again") ? invite_again(call, store, &invitation, problem)
		                                : invite_new(call, store, &invitation, problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (error)
		return error;
	if (km_given(call, "json")) {
		json_auto_t *reply =
			json_pack("{s:I, s:s, s:s, s:s++}", "person", (json_int_t)invitation.person_id, "code", invitation.code,
		              "url", km_store_url(store), "link", km_store_url(store), "/console/enrol#", invitation.code);
		km_say_json(reply);
		return KM_OK;
	}
	km_say(stdout, "Invited person %lld. The code works once, within %d days:", (long long)invitation.person_id,
	       KM_INVITE_TTL_S / (24 * 3600));
	km_say(stdout, "    %s/console/enrol#%s", km_store_url(store), invitation.code);
	km_say(stdout,
	       "is for the person to open in their own browser; or, where they work with the command line, to run:");
	km_say(stdout, "    keurmerk enrol %s --code %s --key FILE", km_store_url(store), invitation.code);
	km_say(stdout, "Give the code to nobody else.");
	return KM_OK;
}

const struct km_command km_person_invite_command = {
	.noun = "person",
	.verb = "invite",
	.operands = "",
	.summary = "invite an auditor or decider to enrol a key",
	.options = invite_options,
	.run = run_invite,
};

/* ------------------------------------------------------------------------------------------------------------ list */

static const struct km_option list_options[] = {
	{"body", 0, "SLUG", "only people of this certification body", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

struct listing {
	const char *body; /* NULL for all */
	json_t *json;     /* NULL for lines */
};

static const char *key_state(const struct km_person_row *row)
{
	return row->revoked_at ? "revoked" : row->thumbprint ? "enrolled" : "invited";
}

static enum km_error list_row(void *context, const struct km_person_row *row)
{
	const struct listing *listing = context;
	if (listing->body && strcmp(listing->body, row->body_slug) != 0)
		return KM_OK;
	char roles[32], day[KM_DAY_TEXT];
	km_roles_format(row->roles, roles);
	if (!listing->json) {
		km_say(stdout, "%4lld  %-16s %-16s %-8s %-10s %-43s  %s", (long long)row->id, row->body_slug, roles,
		       key_state(row), km_day(row->revoked_at ? row->revoked_at : row->enrolled_at, day),
		       row->thumbprint ? row->thumbprint : "-", row->name);
		return KM_OK;
	}
	json_t *entry =
		json_pack("{s:I, s:s, s:s, s:s, s:s, s:s?, s:I, s:I}", "person", (json_int_t)row->id, "body", row->body_slug,
	              "name", row->name, "roles", roles, "state", key_state(row), "kid", row->thumbprint, "enrolled_at",
	              (json_int_t)row->enrolled_at, "revoked_at", (json_int_t)row->revoked_at);
	return json_array_append_new(listing->json, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (error)
		return error;
	json_auto_t *json = km_given(call, "json") ? json_array() : NULL;
	struct listing listing = {km_given(call, "body"), json};
	error = km_person_list(store, list_row, &listing, problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_person_list_command = {
	.noun = "person",
	.verb = "list",
	.operands = "",
	.summary = "list people and their keys",
	.options = list_options,
	.run = run_list,
};

/* ----------------------------------------------------------------------------------------------------------- roles */

static const struct km_option roles_options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_roles(struct km_call *call, struct km_problem *problem)
{
	unsigned roles = 0;
	int64_t id = 0;
	auto_store struct km_store *store = NULL;
	enum km_error error = read_id("ID", call->operands[0], &id, problem);
	if (error)
		return error;
	if (!km_roles_parse(call->operands[1], &roles))
		return km_wrong_usage(problem, "%s: write auditor, decider or admin; several with commas", call->operands[1]);
	error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_person_set_roles(store, id, roles, NULL, km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Person %lld is %s from now on; what was done under the roles before stays valid.",
		       (long long)id, call->operands[1]);
	return error;
}

const struct km_command km_person_roles_command = {
	.noun = "person",
	.verb = "roles",
	.operands = "ID ROLES",
	.operands_min = 2,
	.operands_max = 2,
	.summary = "give a person other roles",
	.details = "ID is the person's number, as `keurmerk person list` shows it; ROLES are auditor, decider or admin, "
			   "several with commas. Admins of a body do the same in the console.",
	.options = roles_options,
	.run = run_roles,
};

/* ---------------------------------------------------------------------------------------------------------- revoke */

static const struct km_option revoke_options[] = {
	{"at", 0, "TIME", "from when somebody else may have had it: a day or a moment that has been (default: now)",
     KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error count_row(void *context, const struct km_signed_row *row)
{
	(void)row;
	++*(size_t *)context;
	return KM_OK;
}

static enum km_error show_row(void *context, const struct km_signed_row *row)
{
	(void)context;
	char moment[KM_TIME_TEXT];
	km_time_format(row->at, moment);
	km_say(stdout, "    %s  %-8s  %s%s%s%s%s", moment, row->type, row->id, row->what ? "  " : "",
	       row->what ? row->what : "", row->mark ? "  " : "", row->mark ? row->mark : "");
	return KM_OK;
}

/* What stands though somebody else may have signed it. */
static enum km_error show_since(struct km_store *store, const char *thumbprint, int64_t at, struct km_problem *problem)
{
	size_t count = 0;
	char moment[KM_TIME_TEXT];
	km_time_format(at, moment);
	enum km_error error = km_person_signed_since(store, thumbprint, at, count_row, &count, problem);
	if (error || count == 0)
		return error;
	km_say(stdout, "From %s on these were accepted, and they stand. Ask its owner about each; a decision is undone by",
	       moment);
	km_say(stdout, "another decision, an audit by another audit, a key by revoking it:");
	return km_person_signed_since(store, thumbprint, at, show_row, NULL, problem);
}

static enum km_error run_revoke(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	const char *thumbprint = call->operands[0];
	int64_t at = 0, now = km_clock_now(&call->clock);
	enum km_error error = km_given_moment(call, "at", now, &at, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_person_revoke_key(store, thumbprint, at, now, problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (error)
		return error;
	km_say(stdout, "Revoked. Nothing that this key signs is accepted from now on; what it signed before stays valid.");
	return show_since(store, thumbprint, at, problem);
}

const struct km_command km_person_revoke_command = {
	.noun = "person",
	.verb = "revoke",
	.operands = "THUMBPRINT",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "accept nothing more from a person's key",
	.details =
		"THUMBPRINT is the key's name, as `keurmerk person list` shows it. Codes that its owner was given, or that\n"
		"were made with it, work no longer. With --at, all that was accepted from it since is listed: it is\n"
		"evidence, and stays until somebody undoes it.",
	.options = revoke_options,
	.run = run_revoke,
};
