#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/provider_privacy.h"

/* What the law lets a provider ask: what is held on it, and that its contact is forgotten. */

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

static enum km_error run_erase(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_provider_erase_contact(store, call->operands[0], km_clock_now(&call->clock), problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (!error)
		km_say(stdout, "Forgot the contact of provider %s. What is public of it stays.", call->operands[0]);
	return error;
}

const struct km_command km_provider_erase_command = {
	.noun = "provider",
	.verb = "erase",
	.operands = "KVK",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "forget the contact of a provider",
	.details = "The name, the numbers and the marks are public and stay.",
	.options = options,
	.run = run_erase,
};
