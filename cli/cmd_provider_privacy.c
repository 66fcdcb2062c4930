#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/provider.h"
#include "registry/provider_erase.h"
#include "registry/provider_privacy.h"

/* What the law lets a provider ask: what is held on it, and that its contact is put right, or all of it forgotten. */

static const struct km_option options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_export(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	json_auto_t *held = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	if (!error)
		error = km_provider_export(store, call->operands[0], &held, problem);
	if (!error)
		km_say_json(held);
	return error;
}

const struct km_command km_provider_export_command = {
	.noun = "provider",
	.verb = "export",
	.operands = "KVK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "give all that is held on a provider",
	.details =
		"As JSON, the contact that is not public included: for the provider itself, who may ask for it under the law.",
	.options = options,
	.run = run_export,
};

static const struct km_option contact_options[] = {
	{"name", 0, "NAME", "whom to write to", KM_OPTIONAL},
	{"email", 0, "ADDRESS", "where it gets its mail", KM_OPTIONAL},
	{"phone", 0, "NUMBER", "how to call it", KM_OPTIONAL},
	{"language", 0, "nl|en", "in which language to write (default: nl)", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_contact(struct km_call *call, struct km_problem *problem)
{
	const struct km_provider_contact contact = {
		.name = km_given(call, "name"),
		.email = km_given(call, "email"),
		.phone = km_given(call, "phone"),
		.language = km_given(call, "language"),
	};
	if (!contact.name && !contact.email && !contact.phone)
		return km_wrong_usage(problem, "say who it is, with --name, --email or --phone; `keurmerk provider erase` "
		                               "forgets the contact");
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_provider_set_contact(store, call->operands[0], &contact, km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Noted the contact of provider %s.", call->operands[0]);
	return error;
}

const struct km_command km_provider_contact_command = {
	.noun = "provider",
	.verb = "contact",
	.operands = "KVK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "say who the contact of a provider is",
	.details =
		"In place of the one that was there: what is not given is not there any more. Not public. Mail about what\n"
		"is due and what has changed goes to its address.",
	.options = contact_options,
	.run = run_contact,
};

static const struct km_option erase_options[] = {
	{"all", 0, NULL, "forget all that names it, where none of its records has to be kept any longer", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_erase(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	const char *kvk = call->operands[0];
	bool all = km_given(call, "all");
	int64_t now = km_clock_now(&call->clock);
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = all ? km_provider_erase(store, kvk, now, problem) : km_provider_erase_contact(store, kvk, now, problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (error)
		return error;
	if (all) {
		km_store_settle(store);
		km_say(stdout,
		       "Forgot provider %s: its names, numbers, domains and contact, and what was signed with them in it. "
		       "Its marks stay, with no name. Copies of the register that are older still have it.",
		       kvk);
	} else {
		km_say(stdout, "Forgot the contact of provider %s. What is public of it stays.", kvk);
	}
	return KM_OK;
}

const struct km_command km_provider_erase_command = {
	.noun = "provider",
	.verb = "erase",
	.operands = "KVK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "forget the contact of a provider, or all that names it",
	.details =
		"The name, the numbers and the marks are public and stay, unless --all is given: that is for a sole trader who "
		"asks to be forgotten. It is refused, with the day from which it can be done, while a mark is alive or records "
		"have to be kept; there is no way back.",
	.options = erase_options,
	.run = run_erase,
};
