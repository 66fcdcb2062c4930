#include "base/clock.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/due.h"

#include <stdlib.h>
#include <string.h>

enum { DAYS = 60, DAYS_MAX = 3660 };

static const struct km_option options[] = {
	{"days", 0, "N", "what is due within so many days (default: 60)", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

struct list {
	int64_t now;
	json_t *json; /* NULL: print lines */
};

static enum km_error list_one(void *context, const struct km_due *due)
{
	const struct list *list = context;
	char day[KM_DAY_TEXT], limit[KM_DAY_TEXT];
	km_day(due->at, day);
	bool late = due->at < list->now;
	if (!list->json) {
		km_say(stdout, "%s  %-7s  %-12s  %s%s%s%s%s%s%s", day, late ? "overdue" : "", km_due_kind_name(due->kind),
		       due->number ? due->number : "", due->number ? "  " : "", due->kvk ? due->kvk : "", due->kvk ? " " : "",
		       due->name ? due->name : "", due->detail ? "  " : "", due->detail ? due->detail : "");
		return KM_OK;
	}
	json_t *entry =
		json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "kind",
	              km_due_kind_name(due->kind), "due", day, "overdue", late, "limit",
	              due->limit ? km_day(due->limit, limit) : NULL, "mark", due->number, "provider", due->kvk, "name",
	              due->name, "scheme", due->scheme_id, "detail", due->detail, "result", due->result, "id", due->id);
	return json_array_append_new(list->json, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error read_days(const struct km_call *call, int *ret_days, struct km_problem *problem)
{
	const char *text = km_given(call, "days");
	*ret_days = DAYS;
	if (!text)
		return KM_OK;
	size_t len = strspn(text, "0123456789");
	if (!len || len > 4 || text[len] || atoi(text) > DAYS_MAX)
		return km_wrong_usage(problem, "--days %.20s: expected a number from 0 to %d", text, DAYS_MAX);
	*ret_days = atoi(text);
	return KM_OK;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	int days = 0;
	enum km_error error = read_days(call, &days, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (error)
		return error;
	json_auto_t *json = km_given(call, "json") ? json_array() : NULL;
	struct list list = {.now = km_clock_now(&call->clock), .json = json};
	int64_t until = km_time_end_of_day(km_time_add_days(list.now, days));
	error = km_due_list(store, call->operands[0], list.now, until, list_one, &list, problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_due_command = {
	.noun = "due",
	.operands = "BODY",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "list what a body has to do, and by when",
	.details = "Surveillance audits, expiries, suspensions that end in withdrawal, corrective actions, cases.",
	.options = options,
	.run = run,
};
