#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/scheme.h"

#include <unistd.h>

enum { SCOPE_MAX = 64 };

static const struct km_option options[] = {
	{"service", 0, "ID", "service that is audited", KM_REPEATED},
	{"level", 0, "ID", "level, where the scheme has levels", KM_OPTIONAL},
	{"provider", 0, "KVK", "KvK number of the provider", KM_OPTIONAL},
	{"kind", 0, "KIND", "initial, surveillance, recertification or special (default: initial)", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

struct form {
	const struct km_scheme *scheme;
	const struct km_scheme_item *scope[SCOPE_MAX];
	size_t scope_len;
	const struct km_scheme_item *level;
};

/* A file, on an auditor's machine; an id, on the registry's. */
static enum km_error get_scheme(const struct km_call *call, struct km_scheme **ret_scheme, struct km_problem *problem)
{
	const char *named = call->operands[0];
	if (access(named, F_OK) != 0) {
		auto_store struct km_store *store = NULL;
		enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
		return error ? error : km_scheme_get(store, named, 0, ret_scheme, problem);
	}
	auto_free char *json = NULL;
	size_t len = 0;
	enum km_error error = km_file_read(named, KM_SCHEME_FILE_MAX, &json, &len, problem);
	if (error)
		return error;
	error = km_scheme_parse(json, len, ret_scheme, problem);
	if (error)
		km_problem_prefix(problem, "%s", named);
	return error;
}

static enum km_error read_scope(const struct km_call *call, struct form *form, struct km_problem *problem)
{
	const char *id = km_given(call, "level");
	for (const char *service; (service = km_given_nth(call, "service", form->scope_len));) {
		if (form->scope_len == SCOPE_MAX)
			return km_wrong_usage(problem, "--service can be given %d times at most", SCOPE_MAX);
		form->scope[form->scope_len] = km_scheme_service(form->scheme, service);
		if (!form->scope[form->scope_len++])
			return km_wrong_usage(problem, "--service %s: the scheme %s has no such service (`keurmerk scheme show`)",
			                      service, form->scheme->id);
	}
	if (!form->scope_len)
		return km_wrong_usage(problem, "--service ID is missing: which services are audited?");
	if ((id != NULL) != (form->scheme->levels_len > 0))
		return km_wrong_usage(
			problem, id ? "--level: the scheme %s has no levels" : "--level ID is missing: the scheme %s has levels",
			form->scheme->id);
	form->level = id ? km_scheme_level(form->scheme, id) : NULL;
	if (id && !form->level)
		return km_wrong_usage(problem, "--level %s: the scheme %s has no such level", id, form->scheme->id);
	return KM_OK;
}

static json_t *fill(const struct km_call *call, const struct form *form)
{
	json_t *scope = json_array(), *findings = json_array();
	for (size_t i = 0; i < form->scope_len; i++)
		json_array_append_new(scope, json_string(form->scope[i]->id));
	for (size_t i = 0; i < form->scheme->criteria_len; i++) {
		const struct km_criterion *criterion = &form->scheme->criteria[i];
		if (km_scheme_asks(form->scheme, criterion, form->scope, form->scope_len, form->level))
			json_array_append_new(findings, json_pack("{s:s, s:s}", "criterion", criterion->id, "result", ""));
	}
	const char *provider = km_given(call, "provider"), *kind = km_given(call, "kind");
	return json_pack("{s:s, s:{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:s*, s:o, s:[], s:s}}", "type", "audit", "audit",
	                 "provider", provider ? provider : "", "scheme", form->scheme->id, "version", form->scheme->version,
	                 "kind", kind ? kind : "initial", "started", "", "finished", "", "scope", scope, "level",
	                 form->level ? form->level->id : NULL, "findings", findings, "evidence", "recommendation", "");
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_scheme struct km_scheme *scheme = NULL;
	struct form form = {0};
	enum km_error error = get_scheme(call, &scheme, problem);
	form.scheme = scheme;
	if (!error)
		error = read_scope(call, &form, problem);
	if (error)
		return error;
	json_auto_t *json = fill(call, &form);
	if (!json)
		return km_fail_memory(problem);
	km_say_json(json);
	return KM_OK;
}

const struct km_command km_scheme_form_command = {
	.noun = "scheme",
	.verb = "form",
	.operands = "ID|FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "print an audit to fill in, for `keurmerk submit`",
	.details = "It asks for a finding on each criterion that this scope must meet, and is accepted once all is filled "
			   "in. The\n"
			   "scheme is one of the register on this machine, or a file.",
	.options = options,
	.run = run,
};
