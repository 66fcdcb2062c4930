#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/provider.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- add */

static const struct km_option add_options[] = {
	{"trade-name", 0, "NAME", "another name that it uses", KM_REPEATED},
	{"domain", 0, "DOMAIN", "a web domain of its own", KM_REPEATED},
	{"city", 0, "CITY", "where it is", KM_OPTIONAL},
	{"region", 0, "REGION", "province by name, or as in ISO 3166-2: NL-UT", KM_OPTIONAL},
	{"country", 0, "CODE", "two letters (default: NL)", KM_OPTIONAL},
	{"establishment", 0, "NUMBER", "establishment number (vestigingsnummer), 12 digits", KM_OPTIONAL},
	{"rsin", 0, "NUMBER", "RSIN of a legal person; a sole trader has none", KM_OPTIONAL},
	{"lei", 0, "LEI", "legal entity identifier", KM_OPTIONAL},
	{"euid", 0, "EUID", "European identifier (default: NLNHR.KVK)", KM_OPTIONAL},
	{"contact-name", 0, "NAME", "not public: whom to write to", KM_OPTIONAL},
	{"contact-email", 0, "ADDRESS", "not public", KM_OPTIONAL},
	{"contact-phone", 0, "NUMBER", "not public", KM_OPTIONAL},
	{"contact-language", 0, "nl|en", "not public: in which language to write", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error collect(const struct km_call *call, const char **ret_trade_names, struct km_domain *ret_domains,
                             struct km_provider *provider, struct km_problem *problem)
{
	for (const char *name; (name = km_given_nth(call, "trade-name", provider->trade_names_len));) {
		if (provider->trade_names_len == KM_TRADE_NAMES_MAX)
			return km_wrong_usage(problem, "--trade-name can be given %d times at most", KM_TRADE_NAMES_MAX);
		ret_trade_names[provider->trade_names_len++] = name;
	}
	for (const char *name; (name = km_given_nth(call, "domain", provider->domains_len));) {
		if (provider->domains_len == KM_DOMAINS_MAX)
			return km_wrong_usage(problem, "--domain can be given %d times at most", KM_DOMAINS_MAX);
		ret_domains[provider->domains_len++] = (struct km_domain){.name = name};
	}
	provider->trade_names = ret_trade_names;
	provider->domains = ret_domains;
	return KM_OK;
}

static enum km_error run_add(struct km_call *call, struct km_problem *problem)
{
	const char *trade_names[KM_TRADE_NAMES_MAX];
	struct km_domain domains[KM_DOMAINS_MAX];
	struct km_provider provider = {
		.kvk = call->operands[0],
		.name = call->operands[1],
		.establishment = km_given(call, "establishment"),
		.rsin = km_given(call, "rsin"),
		.lei = km_given(call, "lei"),
		.euid = km_given(call, "euid"),
		.city = km_given(call, "city"),
		.region = km_given(call, "region"),
		.country = km_given(call, "country"),
	};
	struct km_provider_contact contact = {
		.name = km_given(call, "contact-name"),
		.email = km_given(call, "contact-email"),
		.phone = km_given(call, "contact-phone"),
		.language = km_given(call, "contact-language"),
	};
	auto_store struct km_store *store = NULL;
	enum km_error error = collect(call, trade_names, domains, &provider, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_provider_add(store, &provider, &contact, km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Added the provider %s (%s).", provider.kvk, provider.name);
	return error;
}

const struct km_command km_provider_add_command = {
	.noun = "provider",
	.verb = "add",
	.operands = "KVK NAME",
	.operands_min = 2,
	.operands_max = 2,
	.summary = "add a provider",
	.details = "KVK is the Chamber of Commerce number, 8 digits; NAME the legal name.",
	.options = add_options,
	.run = run_add,
};

/* ----------------------------------------------------------------------------------------------------- list, show */

static const struct km_option read_options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static json_t *provider_json(const struct km_provider *provider)
{
	json_t *names = json_array(), *domains = json_array();
	for (size_t i = 0; i < provider->trade_names_len; i++)
		json_array_append_new(names, json_string(provider->trade_names[i]));
	for (size_t i = 0; i < provider->domains_len; i++)
		json_array_append_new(domains, json_string(provider->domains[i].name));
	return json_pack("{s:s, s:s, s:o, s:o, s:s*, s:s*, s:s, s:s*, s:s*, s:s*, s:s*}", "kvk", provider->kvk, "name",
	                 provider->name, "trade_names", names, "domains", domains, "city", provider->city, "region",
	                 provider->region, "country", provider->country, "establishment", provider->establishment, "rsin",
	                 provider->rsin, "lei", provider->lei, "euid", provider->euid);
}

enum { PAGE = 500 };

struct listing {
	json_t *json; /* NULL for lines */
	size_t len;   /* of this page */
	char last[9];
};

static enum km_error list_one(void *context, const struct km_provider *provider)
{
	struct listing *listing = context;
	listing->len++;
	snprintf(listing->last, sizeof listing->last, "%s", provider->kvk);
	if (!listing->json)
		km_say(stdout, "%s  %s%s%s", provider->kvk, provider->name, provider->city ? ", " : "",
		       provider->city ? provider->city : "");
	else if (json_array_append_new(listing->json, provider_json(provider)) != 0)
		return KM_NO_MEMORY;
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
		char after[sizeof listing.last];
		memcpy(after, listing.last, sizeof after);
		error = km_provider_list(store, *after ? after : NULL, PAGE, list_one, &listing, problem);
	} while (!error && listing.len == PAGE);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error && json)
		km_say_json(json);
	return error;
}

const struct km_command km_provider_list_command = {
	.noun = "provider",
	.verb = "list",
	.operands = "",
	.summary = "list the providers",
	.options = read_options,
	.run = run_list,
};

static void say_if(const char *label, const char *text)
{
	if (text)
		km_say(stdout, "%-14s %s", label, text);
}

static void print_provider(const struct km_provider *provider)
{
	km_say(stdout, "%s", provider->name);
	for (size_t i = 0; i < provider->trade_names_len; i++)
		say_if("also named", provider->trade_names[i]);
	say_if("KvK", provider->kvk);
	say_if("establishment", provider->establishment);
	say_if("RSIN", provider->rsin);
	say_if("LEI", provider->lei);
	say_if("EUID", provider->euid);
	say_if("city", provider->city);
	say_if("region", provider->region);
	say_if("country", provider->country);
	for (size_t i = 0; i < provider->domains_len; i++)
		km_say(stdout, "%-14s %s%s", "domain", provider->domains[i].name,
		       provider->domains[i].proven_at ? " (proven)" : "");
}

static enum km_error run_show(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	struct km_provider *provider = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_provider_get(store, call->operands[0], &provider, problem);
	if (error)
		return error;
	if (km_given(call, "json")) {
		json_auto_t *json = provider_json(provider);
		km_say_json(json);
	} else
		print_provider(provider);
	km_provider_free(provider);
	return KM_OK;
}

const struct km_command km_provider_show_command = {
	.noun = "provider",
	.verb = "show",
	.operands = "KVK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "show what is public of a provider",
	.options = read_options,
	.run = run_show,
};
