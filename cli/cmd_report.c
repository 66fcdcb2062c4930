#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/report.h"

/* ------------------------------------------------------------------------------------------------------------ list */

static const struct km_option list_options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

enum { PAGE = 200 };

struct listing {
	json_t *json; /* NULL for lines */
	size_t len;   /* of this page */
	int64_t last;
};

static enum km_error list_one(void *context, const struct km_report *report)
{
	struct listing *listing = context;
	char time[KM_TIME_TEXT];
	listing->len++;
	listing->last = report->id;
	km_time_format(report->received_at, time);
	if (listing->json) {
		json_t *entry =
			json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s?, s:s?}", "reference", report->reference, "received_at", time,
		              "kind", km_report_kind_name(report->kind), "mark", report->number, "text", report->text, "place",
		              report->place, "contact", report->contact);
		return json_array_append_new(listing->json, entry) == 0 ? KM_OK : KM_NO_MEMORY;
	}
	km_say(stdout, "%s  %s  %-9s  %-12s  %s", report->reference, time, km_report_kind_name(report->kind),
	       report->number ? report->number : "-", report->text);
	if (report->place)
		km_say(stdout, "          seen at: %s", report->place);
	if (report->contact)
		km_say(stdout, "          sent by: %s", report->contact);
	return KM_OK;
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	if (error)
		return error;
	json_auto_t *json = km_given(call, "json") ? json_array() : NULL;
	struct listing listing = {.json = json};
	do {
		listing.len = 0;
		error = km_report_list(store, listing.last, PAGE, list_one, &listing, problem);
	} while (!error && listing.len == PAGE);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_report_list_command = {
	.noun = "report",
	.verb = "list",
	.operands = "",
	.summary = "list what the public has reported, oldest first",
	.details = "Misuse of a mark, complaints, holes in this registry. None of it is public.",
	.options = list_options,
	.run = run_list,
};

/* ----------------------------------------------------------------------------------------------------------- erase */

static const struct km_option erase_options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_erase(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_report_erase(store, call->operands[0], km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Erased report %s.", call->operands[0]);
	return error;
}

const struct km_command km_report_erase_command = {
	.noun = "report",
	.verb = "erase",
	.operands = "REFERENCE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "take a report away for good",
	.options = erase_options,
	.run = run_erase,
};
