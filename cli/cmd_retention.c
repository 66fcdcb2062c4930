#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/retention.h"

#include <string.h>

static const struct km_option options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static const char *say_why(const char *why)
{
	if (strcmp(why, "before-previous-term") == 0)
		return "from before the previous term of its mark";
	if (strcmp(why, "mark-ended") == 0)
		return "its mark ended, and as long again as a term has passed since";
	return "no mark came of it, and as long as a term has passed since";
}

static void say_record(const struct km_kept_record *record)
{
	char from[KM_DAY_TEXT], last[KM_DAY_TEXT];
	km_say(stdout, "%-6s  %-15s  %s to %s  %s", km_record_kind_name(record->kind), record->detail,
	       km_day(record->recorded_at, from), km_day(record->last_at, last), record->id);
	if (record->provider_id)
		km_say(stdout, "        of %s, KvK number %s, scheme %s%s%s", record->name, record->kvk, record->scheme_id,
		       *record->number ? ", mark " : "", record->number);
	km_say(stdout, "        may go: %s", say_why(record->why));
}

static const char *text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static json_t *write_record(const struct km_kept_record *record)
{
	char from[KM_TIME_TEXT], last[KM_TIME_TEXT];
	km_time_format(record->recorded_at, from);
	km_time_format(record->last_at, last);
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s, s:s}", "what",
	                 km_record_kind_name(record->kind), "id", record->id, "kind", record->detail, "kvk",
	                 text_or_null(record->kvk), "name", text_or_null(record->name), "scheme",
	                 text_or_null(record->scheme_id), "mark", text_or_null(record->number), "recorded_at", from,
	                 "last_at", last, "why", record->why);
}

/* In the operator's words or, with --json, as one object; `done`: it has gone. */
static enum km_error tell(const struct km_call *call, const struct km_retention *retention, const char *code, bool done,
                          struct km_problem *problem)
{
	if (km_given(call, "json")) {
		json_auto_t *records = json_array();
		for (size_t i = 0; records && i < retention->len; i++)
			if (json_array_append_new(records, write_record(&retention->records[i])) != 0)
				return km_fail_memory(problem);
		json_auto_t *all = json_pack("{s:b, s:s, s:O?}", "purged", done, "code", code, "records", records);
		if (!all)
			return km_fail_memory(problem);
		km_say_json(all);
		return KM_OK;
	}
	for (size_t i = 0; !done && i < retention->len; i++)
		say_record(&retention->records[i]);
	if (done)
		km_say(stdout, "Purged %zu record%s.", retention->len, retention->len == 1 ? "" : "s");
	else if (!retention->len)
		km_say(stdout, "Nothing may go yet.");
	else
		km_say(stdout, "%zu record%s may go. To take exactly these away for good: keurmerk retention purge %s",
		       retention->len, retention->len == 1 ? "" : "s", code);
	return KM_OK;
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	auto_retention struct km_retention retention = {0};
	char code[KM_RETENTION_CODE_TEXT];
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	if (!error)
		error = km_retention_find(store, km_clock_now(&call->clock), &retention, problem);
	if (!error)
		error = km_retention_code(&retention, code, problem);
	return error ? error : tell(call, &retention, code, false, problem);
}

const struct km_command km_retention_list_command = {
	.noun = "retention",
	.verb = "list",
	.operands = "",
	.summary = "list the records that nobody has to keep any longer",
	.details = "Audits, closed cases and reports from before the previous term of a mark, or of marks that ended long "
			   "ago. The last line says how to purge exactly these.",
	.options = options,
	.run = run_list,
};

static enum km_error purge(struct km_call *call, struct km_store *store, struct km_retention *retention, int64_t now,
                           struct km_problem *problem)
{
	char code[KM_RETENTION_CODE_TEXT];
	enum km_error error = km_retention_find(store, now, retention, problem);
	if (!error)
		error = km_retention_code(retention, code, problem);
	if (!error && strcmp(code, call->operands[0]) != 0)
		return km_fail(problem, KM_CONFLICT, "list-changed",
		               "that is not the code of what may go now: look at `keurmerk retention list`, and purge with the "
		               "code that it gives");
	if (!error)
		error = km_retention_purge(store, retention, now, problem);
	return error ? error : km_store_commit(store, problem);
}

static enum km_error run_purge(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	auto_retention struct km_retention retention = {0};
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = purge(call, store, &retention, km_clock_now(&call->clock), problem);
	if (error)
		return error;
	km_store_settle(store);
	return tell(call, &retention, call->operands[0], true, problem);
}

const struct km_command km_retention_purge_command = {
	.noun = "retention",
	.verb = "purge",
	.operands = "CODE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "take away for good what `retention list` listed",
	.details = "CODE is in its last line. Where the list has changed since, nothing is taken away. What is public of a "
			   "mark stays, and so does that something was purged, and when.",
	.options = options,
	.run = run_purge,
};
