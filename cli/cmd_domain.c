#include "base/buf.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/domain_options.h"
#include "cli/domain_watch.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/identifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- list */

static const struct km_option list_options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

enum { PAGE = 100 };

/* A page of domains, copied so that nothing is open while one of them is looked at. */
struct page {
	struct {
		char domain[KM_DOMAIN_TEXT], kvk[9];
	} entries[PAGE];
	size_t len;
	json_t *json; /* of list: NULL for lines */
};

static json_t *moment_or_null(int64_t moment)
{
	char text[KM_TIME_TEXT];
	km_time_format(moment, text);
	return moment ? json_string(text) : json_null();
}

static enum km_error list_one(void *context, const struct km_domain_state *state)
{
	struct page *page = context;
	snprintf(page->entries[page->len++].domain, KM_DOMAIN_TEXT, "%s", state->domain);
	char day[KM_DAY_TEXT];
	if (!page->json) {
		km_say(stdout, "%s  %-10s  %s %s  %s%s", state->kvk, km_day(state->proven_at, day), state->domain, state->name,
		       state->checked_at ? "last look: " : "not looked at yet", state->detail ? state->detail : "");
		return KM_OK;
	}
	json_t *entry = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s?}", "domain", state->domain, "provider", state->kvk,
	                          "name", state->name, "proven_at", moment_or_null(state->proven_at), "checked_at",
	                          moment_or_null(state->checked_at), "failing_since", moment_or_null(state->failing_since),
	                          "detail", state->detail);
	return json_array_append_new(page->json, entry) == 0 ? KM_OK : KM_NO_MEMORY;
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
	auto_free struct page *page = calloc(1, sizeof *page);
	if (!page)
		return km_fail_memory(problem);
	page->json = json;
	const char *kvk = call->operands_len ? call->operands[0] : NULL;
	char after[KM_DOMAIN_TEXT] = "";
	do {
		page->len = 0;
		error = km_domain_list(store, kvk, after, PAGE, list_one, page, problem);
		if (page->len)
			memcpy(after, page->entries[page->len - 1].domain, sizeof after);
	} while (!error && page->len == PAGE);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_domain_list_command = {
	.noun = "domain",
	.verb = "list",
	.operands = "[KVK]",
	.operands_max = 1,
	.summary = "list the domains of providers, and since when they are proven",
	.options = list_options,
	.run = run_list,
};

/* ------------------------------------------------------------------------------------------------------------ token */

static const struct km_option token_options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error take(void *context, const struct km_domain_state *state)
{
	struct page *page = context;
	snprintf(page->entries[page->len].domain, sizeof page->entries[0].domain, "%s", state->domain);
	snprintf(page->entries[page->len].kvk, sizeof page->entries[0].kvk, "%s", state->kvk);
	page->len++;
	return KM_OK;
}

/* The domain that is named, in any script. */
static enum km_error find_named(struct km_store *store, const char *named, struct page *page,
                                struct km_problem *problem)
{
	char domain[KM_DOMAIN_TEXT];
	enum km_error error = km_domain_normalise(named, domain, problem);
	page->len = 0;
	return error ? error : km_domain_find(store, domain, take, page, problem);
}

static enum km_error run_token(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	auto_free struct page *page = calloc(1, sizeof *page);
	if (!page)
		return km_fail_memory(problem);
	char token[KM_DOMAIN_TOKEN_TEXT];
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = find_named(store, call->operands[0], page, problem);
	if (error)
		return error;
	const char *domain = page->entries[0].domain;
	error = km_domain_token(km_store_url(store), page->entries[0].kvk, domain, token, problem);
	if (error)
		return error;
	km_say(stdout, "%s", token);
	km_say(stdout, "%s", "");
	km_say(stdout, "The provider with KvK number %s publishes this, in one of two ways, and leaves it there:",
	       page->entries[0].kvk);
	km_say(stdout, "  as a line of https://%s/.well-known/keurmerk.txt", domain);
	km_say(stdout, "  as a record in the DNS: _keurmerk.%s. TXT \"%s\"", domain, token);
	return KM_OK;
}

const struct km_command km_domain_token_command = {
	.noun = "domain",
	.verb = "token",
	.operands = "DOMAIN",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "say what a provider is to publish to prove a domain",
	.details = "The token is no secret: whoever can publish it at the domain speaks for the domain.",
	.options = token_options,
	.run = run_token,
};

/* ------------------------------------------------------------------------------------------------------------ check */

static const struct km_option check_options[] = {
	{"all", 0, NULL, "all domains, not only those that it is time for", KM_OPTIONAL},
	KM_OPTIONS_DOMAIN,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

struct checking {
	struct km_call *call;
	struct km_store *store;
	struct km_probe_options options;
	struct page *page;
	size_t looked, missing;
};

static enum km_error look_at_page(struct checking *checking, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	for (size_t i = 0; i < checking->page->len && !error; i++) {
		const char *domain = checking->page->entries[i].domain;
		enum km_probe_found found = KM_PROBE_NOTHING;
		char detail[KM_PROBE_DETAIL_TEXT];
		error = km_domain_look(checking->store, &checking->options, domain, checking->page->entries[i].kvk,
		                       &checking->call->clock, &found, detail, problem);
		if (error)
			break;
		km_say(stdout, "%s %s: %s", found ? "proven    " : "not proven", domain, detail);
		checking->looked++;
		checking->missing += !found;
	}
	return error;
}

static enum km_error check_named(struct checking *checking, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	for (int i = 0; i < checking->call->operands_len && !error; i++) {
		error = find_named(checking->store, checking->call->operands[i], checking->page, problem);
		if (!error)
			error = look_at_page(checking, problem);
	}
	return error;
}

static enum km_error check_all(struct checking *checking, struct km_problem *problem)
{
	char after[KM_DOMAIN_TEXT] = "";
	enum km_error error = KM_OK;
	do {
		checking->page->len = 0;
		error = km_domain_list(checking->store, NULL, after, PAGE, take, checking->page, problem);
		if (checking->page->len)
			memcpy(after, checking->page->entries[checking->page->len - 1].domain, sizeof after);
		if (!error)
			error = look_at_page(checking, problem);
	} while (!error && checking->page->len == PAGE);
	return error;
}

/* What was looked at is due no longer, so this ends. */
static enum km_error check_due(struct checking *checking, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	do {
		checking->page->len = 0;
		error =
			km_domain_due(checking->store, km_clock_now(&checking->call->clock), PAGE, take, checking->page, problem);
		if (!error)
			error = look_at_page(checking, problem);
	} while (!error && checking->page->len == PAGE);
	return error;
}

static enum km_error run_check(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	auto_free struct page *page = calloc(1, sizeof *page);
	if (!page)
		return km_fail_memory(problem);
	bool all = km_given(call, "all");
	if (all && call->operands_len)
		return km_wrong_usage(problem, "name domains, or give --all: not both");
	struct checking checking = {.call = call, .page = page};
	enum km_error error = km_domain_options(call, &checking.options, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	checking.store = store;
	if (!error)
		error = call->operands_len ? check_named(&checking, problem)
		        : all              ? check_all(&checking, problem)
		                           : check_due(&checking, problem);
	if (error)
		return error;
	if (!checking.looked)
		km_say(stdout, "It is not yet time to look at any domain; --all does so now.");
	call->exit_status = call->operands_len && checking.missing ? KM_EXIT_NOT_VALID : KM_EXIT_DONE;
	return KM_OK;
}

const struct km_command km_domain_check_command = {
	.noun = "domain",
	.verb = "check",
	.operands = "[DOMAIN...]",
	.operands_max = 1000,
	.summary = "look whether providers have proven their domains",
	.details =
		"Of the domains that are named, of all, or of those that it is time for; `keurmerk serve` does the last by\n"
		"itself. Exits with 1 where domains were named and one is not proven.",
	.options = check_options,
	.run = run_check,
};
