#include "base/clock.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/mail.h"
#include "registry/number.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- list */

static const struct km_option list_options[] = {
	{"state", 0, "STATE", "queued, sent, refused, given-up or dropped (default: all but sent and dropped)",
     KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static json_t *moment_or_null(int64_t moment)
{
	char text[KM_TIME_TEXT];
	km_time_format(moment, text);
	return moment ? json_string(text) : json_null();
}

static enum km_error list_json(json_t *list, const struct km_mail_row *row)
{
	json_t *entry = json_pack(
		"{s:I, s:s, s:o, s:i, s:s, s:s?, s:o, s:s, s:s, s:s?, s:s?, s:o, s:s?}", "id", (json_int_t)row->id, "state",
		row->state, "at", moment_or_null(row->at), "attempts", row->attempts, "kind", row->kind, "action", row->action,
		"due", moment_or_null(row->due_at), "recipient", row->recipient, "body", row->body, "provider", row->kvk,
		"mark", row->number, "queued", moment_or_null(row->queued_at), "detail", row->detail);
	return json_array_append_new(list, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error list_one(void *context, const struct km_mail_row *row)
{
	if (context)
		return list_json(context, row);
	char at[KM_TIME_TEXT], day[KM_DATE_TEXT] = "";
	km_time_format(row->at, at);
	if (row->due_at)
		km_date_format(row->due_at, day);
	const char *provider = row->kvk ? row->kvk : "(erased)";
	bool body = strcmp(row->recipient, "body") == 0;
	km_say(stdout, "%-6lld %-8s  %s  %s %s, to the %s %s%s%s%s%s", (long long)row->id, row->state, at, row->kind,
	       row->action ? row->action : day, row->recipient, body ? row->body : provider, row->number ? ", mark " : "",
	       row->number ? row->number : "", row->detail ? ": " : "", row->detail ? row->detail : "");
	return KM_OK;
}

/* Which states are asked for, as bits. */
static enum km_error read_states(const struct km_call *call, unsigned *ret_states, struct km_problem *problem)
{
	const char *asked = km_given(call, "state");
	*ret_states = 1u << KM_MAIL_QUEUED | 1u << KM_MAIL_REFUSED | 1u << KM_MAIL_GIVEN_UP;
	if (!asked)
		return KM_OK;
	for (enum km_mail_state state = 0; state < KM_MAIL_STATES; state++)
		if (strcmp(asked, km_mail_state_name(state)) == 0) {
			*ret_states = 1u << state;
			return KM_OK;
		}
	return km_wrong_usage(problem, "--state %.20s: expected queued, sent, refused, given-up or dropped", asked);
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	unsigned states = 0;
	enum km_error error = read_states(call, &states, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	if (error)
		return error;
	json_auto_t *json = km_given(call, "json") ? json_array() : NULL;
	for (enum km_mail_state state = 0; !error && state < KM_MAIL_STATES; state++)
		if (states & 1u << state)
			error = km_mail_list(store, state, list_one, json, problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_mail_list_command = {
	.noun = "mail",
	.verb = "list",
	.operands = "",
	.summary = "list the mail that waits, and what could not be sent",
	.details = "The moment is that of the next try, or when it ended.",
	.options = list_options,
	.run = run_list,
};

/* ------------------------------------------------------------------------------------------------------ again, drop */

static const struct km_option change_options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error queue_again(struct km_store *store, const char *text, int64_t now, struct km_problem *problem)
{
	size_t len = strlen(text);
	if (len == 0 || len > 15 || strspn(text, "0123456789") != len)
		return km_wrong_usage(problem, "%.20s: expected the number of a mail, as `keurmerk mail list` shows it", text);
	return km_mail_again(store, atoll(text), now, problem);
}

static enum km_error run_again(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	for (int i = 0; !error && i < call->operands_len; i++)
		error = queue_again(store, call->operands[i], km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "They are in the queue: `keurmerk mail send` sends them.");
	return error;
}

const struct km_command km_mail_again_command = {
	.noun = "mail",
	.verb = "again",
	.operands = "ID...",
	.operands_min = 1,
	.operands_max = 100,
	.summary = "queue mail once more that was refused or given up",
	.details = "After what was wrong has been mended: the address, or the settings. They keep their Message-ID.",
	.options = change_options,
	.run = run_again,
};

static enum km_error run_drop(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	int64_t now = km_clock_now(&call->clock), dropped = 0;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_mail_queue_reminders(store, now, problem);
	if (!error)
		error = km_mail_drop_all(store, now, &dropped, problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Dropped %lld: what was due to be told by now is not sent any more.", (long long)dropped);
	return error;
}

const struct km_command km_mail_drop_command = {
	.noun = "mail",
	.verb = "drop",
	.operands = "",
	.summary = "drop all mail that waits, and every reminder whose day has come",
	.details =
		"For after an old copy of the register was put back, from which what was sent since would be sent again.",
	.options = change_options,
	.run = run_drop,
};
