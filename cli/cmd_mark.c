#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/mark.h"
#include "registry/search.h"
#include "www/mark_record.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------ list */

static const struct km_option list_options[] = {
	{"state", 0, "STATE", "only those that are active, suspended, withdrawn or expired", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

enum { PAGE = 100 };

struct listing {
	const char *state;         /* NULL for all */
	json_t *json;              /* NULL for lines */
	size_t len;                /* of this page */
	char last[KM_NUMBER_TEXT]; /* of it */
};

static enum km_error list_hit(void *context, const struct km_hit *hit)
{
	struct listing *listing = context;
	listing->len++;
	snprintf(listing->last, sizeof listing->last, "%s", hit->number);
	if (listing->state && strcmp(listing->state, km_state_name(hit->state)) != 0)
		return KM_OK;
	char shown[KM_NUMBER_SHOWN], until[KM_DAY_TEXT];
	if (!listing->json) {
		km_number_show(hit->number, shown);
		km_say(stdout, "%s  %-9s  until %s  %-12s  %s  %s", shown, km_state_name(hit->state),
		       km_day(hit->valid_until, until), hit->scheme_id, *hit->kvk ? hit->kvk : "-", hit->provider_name);
		return KM_OK;
	}
	json_t *entry =
		json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s*, s:s}", "number", hit->number, "state", km_state_name(hit->state),
	              "kvk", *hit->kvk ? hit->kvk : NULL, "provider", hit->provider_name, "scheme", hit->scheme_id, "level",
	              hit->level, "valid_until", km_day(hit->valid_until, until));
	return json_array_append_new(listing->json, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static bool is_state(const char *name)
{
	for (int state = 0; state < KM_STATES; state++)
		if (strcmp(km_state_name((enum km_state)state), name) == 0)
			return true;
	return false;
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	json_auto_t *json = km_given(call, "json") ? json_array() : NULL;
	struct listing listing = {.state = km_given(call, "state"), .json = json};
	if (listing.state && !is_state(listing.state))
		return km_wrong_usage(problem, "--state %s: write active, suspended, withdrawn or expired", listing.state);
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	struct km_query query = {.limit = PAGE};
	int64_t now = km_clock_now(&call->clock);
	for (listing.len = PAGE; !error && listing.len == PAGE; query.after = listing.last) {
		listing.len = 0;
		error = km_search(store, &query, now, NULL, list_hit, &listing, problem);
	}
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_mark_list_command = {
	.noun = "mark",
	.verb = "list",
	.operands = "",
	.summary = "list the marks",
	.options = list_options,
	.run = run_list,
};

/* --------------------------------------------------------------------------------------------------- show, history */

/* The moment that --at asks for: the end of that day, or now where that is today. */
static enum km_error read_moment(const struct km_call *call, int64_t *ret_moment, struct km_problem *problem)
{
	int64_t now = km_clock_now(&call->clock), day = 0;
	const char *at = km_given(call, "at");
	if (!at) {
		*ret_moment = now;
		return KM_OK;
	}
	if (!km_date_parse(at, &day))
		return km_wrong_usage(problem, "--at %s: write a day as 2026-11-24", at);
	if (day > now)
		return km_wrong_usage(problem, "--at %s: this day has yet to come, and nobody knows what will be decided", at);
	int64_t end = km_time_end_of_day(day);
	*ret_moment = end < now ? end : now;
	return KM_OK;
}

static enum km_error get_mark(const struct km_call *call, int64_t moment, struct km_store **ret_store,
                              struct km_mark **ret_mark, struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	enum km_error error = km_number_parse(call->operands[0], number, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_READ, ret_store, problem);
	return error ? error : km_mark_get(*ret_store, number, moment, ret_mark, problem);
}

static const char *english(const struct km_words *words)
{
	const char *text = words->in[KM_EN] ? words->in[KM_EN] : words->in[KM_NL];
	return text ? text : "";
}

static void print_items(const char *label, const struct km_scheme_item *const *items, size_t len)
{
	for (size_t i = 0; i < len; i++)
		km_say(stdout, "%-13s %s: %s", i ? "" : label, items[i]->id, english(&items[i]->name));
}

static void print_terms(const struct km_mark *mark, bool present)
{
	char first[KM_DAY_TEXT], second[KM_DAY_TEXT], time[KM_TIME_TEXT];
	km_say(stdout, "%-13s %s to %s", "valid", km_day(mark->period.valid_from, first),
	       km_day(mark->period.valid_until, second));
	if (mark->period.surveillance_due)
		km_say(stdout, "%-13s due %s, at the latest %s", "surveillance", km_day(mark->period.surveillance_due, first),
		       km_day(mark->period.surveillance_limit, second));
	if (present && mark->next_change != INT64_MAX) { /* of the past, that would be hindsight */
		km_time_format(mark->next_change, time);
		km_say(stdout, "%-13s %s, unless something is decided", "next change", time);
	}
}

static void print_mark(const struct km_mark *mark, const char *url, bool present)
{
	char shown[KM_NUMBER_SHOWN], since[KM_DAY_TEXT];
	km_number_show(mark->number, shown);
	km_say(stdout, "%s  %s since %s%s%s%s", shown, km_state_name(mark->state), km_day(mark->state_since, since),
	       mark->reason ? " (" : "", mark->reason ? mark->reason : "", mark->reason ? ")" : "");
	if (*english(&mark->text))
		km_say(stdout, "%-13s %s", "for the public", english(&mark->text));
	if (*english(&mark->notice))
		km_say(stdout, "%-13s %s", "notice", english(&mark->notice));
	km_say(stdout, "%-13s %s%s%s", "provider", mark->provider->name, *mark->provider->kvk ? ", KvK " : "",
	       mark->provider->kvk);
	for (size_t i = 0; i < mark->provider->domains_len; i++)
		km_say(stdout, "%-13s %s", i ? "" : "domains", mark->provider->domains[i].name);
	km_say(stdout, "%-13s %s (%s), version %d", "scheme", english(&mark->scheme->name), mark->scheme->id,
	       mark->scheme->version);
	if (mark->level)
		km_say(stdout, "%-13s %s: %s", "level", mark->level->id, english(&mark->level->name));
	print_items("scope", mark->scope, mark->scope_len);
	print_items("no longer", mark->scope_dropped, mark->scope_dropped_len);
	print_terms(mark, present);
	km_say(stdout, "%-13s %s (%s)", "certified by", mark->body->name, mark->body->accreditation);
	km_say(stdout, "%-13s %s/m/%s", "page", url, mark->number);
}

static const struct km_option show_options[] = {
	{"at", 0, "DATE", "as it was at the end of this day", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_show(struct km_call *call, struct km_problem *problem)
{
	int64_t moment = 0;
	auto_store struct km_store *store = NULL;
	auto_mark struct km_mark *mark = NULL;
	enum km_error error = read_moment(call, &moment, problem);
	if (!error)
		error = get_mark(call, moment, &store, &mark, problem);
	if (error)
		return error;
	if (!km_given(call, "json")) {
		print_mark(mark, km_store_url(store), !km_given(call, "at"));
		return KM_OK;
	}
	json_auto_t *record = km_mark_record(mark, km_store_url(store), moment, km_clock_now(&call->clock));
	if (!record)
		return km_fail_memory(problem);
	km_say_json(record);
	return KM_OK;
}

const struct km_command km_mark_show_command = {
	.noun = "mark",
	.verb = "show",
	.operands = "NUMBER",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "show a mark",
	.options = show_options,
	.run = run_show,
};

static const struct km_option history_options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_history(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	auto_mark struct km_mark *mark = NULL;
	enum km_error error = get_mark(call, km_clock_now(&call->clock), &store, &mark, problem);
	for (size_t i = 0; !error && i < mark->events_len; i++) {
		const struct km_event *event = &mark->events[i];
		char day[KM_DAY_TEXT];
		km_say(stdout, "%s  %-14s %-9s %s%s%s", km_day(event->at, day), event->action, km_state_name(event->state),
		       event->reason ? event->reason : "", event->reason && *english(&event->text) ? ": " : "",
		       english(&event->text));
	}
	return error;
}

const struct km_command km_mark_history_command = {
	.noun = "mark",
	.verb = "history",
	.operands = "NUMBER",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "show what has happened to a mark, newest first",
	.options = history_options,
	.run = run_history,
};
