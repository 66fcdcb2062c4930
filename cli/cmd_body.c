#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/body.h"

#include <string.h>

enum { SCHEMES_MAX = 50 };

static const struct km_option add_options[] = {
	{"name", 0, "NAME", "name of the body", KM_REQUIRED},
	{"accreditation", 0, "NUMBER", "number of its accreditation certificate", KM_REQUIRED},
	{"scheme", 0, "ID", "scheme that it may certify for", KM_REPEATED},
	{"city", 0, "CITY", "where it is", KM_OPTIONAL},
	{"country", 0, "CODE", "two letters (default: NL)", KM_OPTIONAL},
	{"web", 0, "URL", "its https address", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_add(struct km_call *call, struct km_problem *problem)
{
	const char *schemes[SCHEMES_MAX];
	struct km_body body = {
		.slug = call->operands[0],
		.name = km_given(call, "name"),
		.accreditation = km_given(call, "accreditation"),
		.city = km_given(call, "city"),
		.country = km_given(call, "country"),
		.url = km_given(call, "web"),
		.schemes = schemes,
	};
	for (const char *scheme; (scheme = km_given_nth(call, "scheme", body.schemes_len));) {
		if (body.schemes_len == SCHEMES_MAX)
			return km_wrong_usage(problem, "--scheme can be given %d times at most", SCHEMES_MAX);
		schemes[body.schemes_len++] = scheme;
	}
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_body_add(store, &body, km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Added the certification body %s (%s).", body.slug, body.name);
	return error;
}

const struct km_command km_body_add_command = {
	.noun = "body",
	.verb = "add",
	.operands = "SLUG",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "add a certification body",
	.details = "SLUG is a short name of a-z, 0-9 and hyphens, by which the other commands know it.",
	.options = add_options,
	.run = run_add,
};

static const struct km_option contact_options[] = {
	{"email", 0, "ADDRESS", "where it gets its mail", KM_OPTIONAL},
	{"language", 0, "nl|en", "in which language (default: nl)", KM_OPTIONAL},
	{"erase", 0, NULL, "forget the address: no mail any more", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error read_language(const struct km_call *call, enum km_language *ret_language,
                                   struct km_problem *problem)
{
	const char *text = km_given(call, "language");
	*ret_language = KM_NL;
	if (!text || strcmp(text, "nl") == 0)
		return KM_OK;
	*ret_language = KM_EN;
	return strcmp(text, "en") == 0 ? KM_OK : km_wrong_usage(problem, "--language %.20s: expected nl or en", text);
}

static enum km_error run_contact(struct km_call *call, struct km_problem *problem)
{
	const char *email = km_given(call, "email"), *slug = call->operands[0];
	if (!email == !km_given(call, "erase"))
		return km_wrong_usage(problem, "give --email ADDRESS, or --erase");
	enum km_language language;
	auto_store struct km_store *store = NULL;
	enum km_error error = read_language(call, &language, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_body_set_contact(store, slug, email, language, km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "%s %s%s%s.", email ? "Mail for" : "Forgot the address of", slug,
		       email ? " goes from now on to " : "", email ? email : "");
	return error;
}

const struct km_command km_body_contact_command = {
	.noun = "body",
	.verb = "contact",
	.operands = "SLUG",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "say where a body gets its mail",
	.details = "What is due in 60, 30 and 7 days, and what has changed on the marks of its providers. Not public.",
	.options = contact_options,
	.run = run_contact,
};

static const struct km_option list_options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error print_line(void *context, const struct km_body *body)
{
	(void)context;
	km_say(stdout, "%-20s %-12s %s", body->slug, body->accreditation, body->name);
	return KM_OK;
}

static enum km_error add_json(void *context, const struct km_body *body)
{
	json_t *schemes = json_array();
	for (size_t i = 0; i < body->schemes_len; i++)
		json_array_append_new(schemes, json_string(body->schemes[i]));
	return json_array_append_new(context,
	                             json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s*, s:o}", "slug", body->slug, "name",
	                                       body->name, "accreditation", body->accreditation, "city", body->city,
	                                       "country", body->country, "web", body->url, "schemes", schemes)) == 0
	           ? KM_OK
	           : KM_NO_MEMORY;
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (error)
		return error;
	if (!km_given(call, "json"))
		return km_body_list(store, print_line, NULL, problem);
	json_auto_t *list = json_array();
	error = km_body_list(store, add_json, list, problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (!error)
		km_say_json(list);
	return error;
}

const struct km_command km_body_list_command = {
	.noun = "body",
	.verb = "list",
	.operands = "",
	.summary = "list the certification bodies",
	.options = list_options,
	.run = run_list,
};
