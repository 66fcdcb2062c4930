#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/case_file.h"

static const struct km_option options[] = {
	{"closed", 0, NULL, "those that are closed too", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error list_one(void *context, const struct km_case *row)
{
	json_t *json = context;
	char received[KM_DAY_TEXT], due[KM_DAY_TEXT], closed[KM_DAY_TEXT];
	km_day(row->received_on, received);
	km_day(row->due_at, due);
	if (!json) {
		km_say(stdout, "%s  %-9s  received %s  due %s  %s%s%s", row->id, row->kind, received, due,
		       row->outcome ? row->outcome : "open", row->closed_at ? " " : "",
		       row->closed_at ? km_day(row->closed_at, closed) : "");
		return KM_OK;
	}
	json_t *entry = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s, s:s, s:s?, s:s?, s:s?}", "id", row->id, "kind",
	                          row->kind, "mark", row->number, "decision", row->decision_id, "report", row->report,
	                          "received", received, "due", due, "outcome", row->outcome, "reason", row->reason,
	                          "closed", row->closed_at ? km_day(row->closed_at, closed) : NULL);
	return json_array_append_new(json, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (error)
		return error;
	json_auto_t *json = km_given(call, "json") ? json_array() : NULL;
	error = km_case_list(store, call->operands[0], km_given(call, "closed") != NULL, list_one, json, problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_case_list_command = {
	.noun = "case",
	.verb = "list",
	.operands = "BODY",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "list the appeals and complaints of a body, the most urgent first",
	.details = "They are opened and closed with `keurmerk submit` (doc/submissions.md), and never public.",
	.options = options,
	.run = run,
};
