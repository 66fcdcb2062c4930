#include "base/buf.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "cli/scheme_file.h"
#include "registry/scheme.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------------------- add */

static const struct km_option add_options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_add(struct km_call *call, struct km_problem *problem)
{
	const char *path = call->operands[0];
	auto_free char *json = NULL;
	size_t len = 0, faults = 0;
	auto_scheme struct km_scheme *scheme = NULL;
	auto_store struct km_store *store = NULL;
	enum km_error error = km_scheme_file_read(path, &json, &len, &faults, problem);
	if (error && faults)
		return km_fail(problem, error, "scheme", "%s: nothing was added: mend %s, and add it again", path,
		               faults == 1 ? "that" : "these");
	if (!error)
		error = km_scheme_parse(json, len, &scheme, problem);
	if (error)
		return error;
	error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_scheme_add(store, scheme, km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Published version %d of the scheme %s (%s): it can no longer be changed.", scheme->version,
		       scheme->id, scheme->name.in[KM_EN]);
	return error;
}

const struct km_command km_scheme_add_command = {
	.noun = "scheme",
	.verb = "add",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "publish a scheme, or a next version of one",
	.options = add_options,
	.run = run_add,
};

/* ------------------------------------------------------------------------------------------------------------ list */

static const struct km_option list_options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error list_one(void *context, const struct km_scheme *scheme)
{
	json_t *json = context;
	if (!json) {
		km_say(stdout, "%-20s version %-3d %s%s", scheme->id, scheme->version, scheme->name.in[KM_EN],
		       scheme->sample ? " (sample)" : "");
		return KM_OK;
	}
	json_t *entry = json_pack("{s:s, s:i, s:b, s:{s:s, s:s}}", "id", scheme->id, "version", scheme->version, "sample",
	                          (int)scheme->sample, "name", "nl", scheme->name.in[KM_NL], "en", scheme->name.in[KM_EN]);
	return json_array_append_new(json, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (error)
		return error;
	json_auto_t *json = km_given(call, "json") ? json_array() : NULL;
	error = km_scheme_list(store, list_one, json, problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_scheme_list_command = {
	.noun = "scheme",
	.verb = "list",
	.operands = "",
	.summary = "list the schemes",
	.options = list_options,
	.run = run_list,
};

/* ------------------------------------------------------------------------------------------------------------ show */

static const struct km_option show_options[] = {
	{"version", 0, "N", "which version (default: the newest)", KM_OPTIONAL},
	{"json", 0, NULL, "print the scheme file as it was published", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static void print_items(const char *title, const struct km_scheme_item *items, size_t len)
{
	if (len)
		km_say(stdout, "%s:", title);
	for (size_t i = 0; i < len; i++)
		km_say(stdout, "  %-16s %s", items[i].id, items[i].name.in[KM_EN]);
}

static void print_scheme(const struct km_scheme *scheme)
{
	km_say(stdout, "%s, version %d of %s%s", scheme->name.in[KM_EN], scheme->version, scheme->published,
	       scheme->sample ? " (a sample)" : "");
	km_say(stdout, "%s", scheme->description.in[KM_EN]);
	km_say(stdout, "Owner: %s, %s", scheme->owner_name, scheme->owner_url);
	km_say(stdout, "Valid for %d months; surveillance each %d months, %d days of grace; suspended for %d days at most.",
	       scheme->validity_months, scheme->surveillance_months, scheme->grace_days, scheme->suspension_max_days);
	print_items("Assurances", scheme->assurances, scheme->assurances_len);
	print_items("Principles", scheme->principles, scheme->principles_len);
	print_items("Services", scheme->services, scheme->services_len);
	print_items("Levels", scheme->levels, scheme->levels_len);
	km_say(stdout, "Criteria (! = “not applicable” is no answer):");
	for (size_t i = 0; i < scheme->criteria_len; i++)
		km_say(stdout, "  %-8s %s %s", scheme->criteria[i].id, scheme->criteria[i].mandatory ? "!" : " ",
		       scheme->criteria[i].text.in[KM_EN]);
}

static enum km_error run_show(struct km_call *call, struct km_problem *problem)
{
	const char *text = km_given(call, "version");
	char *end = NULL;
	long version = text ? strtol(text, &end, 10) : 0;
	if (text && (!*text || *end || version < 1 || version > 1000000))
		return km_wrong_usage(problem, "--version %s: a number from 1 is expected", text);
	auto_store struct km_store *store = NULL;
	auto_scheme struct km_scheme *scheme = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_scheme_get(store, call->operands[0], (int)version, &scheme, problem);
	if (error)
		return error;
	if (km_given(call, "json"))
		fwrite(scheme->json, 1, scheme->json_len, stdout); /* the bytes themselves: for a file, not for the eye */
	else
		print_scheme(scheme);
	return KM_OK;
}

const struct km_command km_scheme_show_command = {
	.noun = "scheme",
	.verb = "show",
	.operands = "ID",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "show what a scheme demands",
	.options = show_options,
	.run = run_show,
};
