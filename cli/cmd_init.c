#include "cli/command.h"
#include "cli/home.h"
#include "cli/passphrase.h"
#include "cli/say.h"
#include "keys/key.h"

#include <stdlib.h>
#include <string.h>

static const struct km_option options[] = {
	{"url", 0, "URL", "public address of the registry, part of all that it signs: it cannot be changed", KM_REQUIRED},
	{"database", 0, "ADDRESS", "postgresql://…, where the register is to be (default: register.db in the folder)", 0},
	KM_OPTION_HOME,
	KM_OPTION_TOKEN("the keys (default: files)"),
	KM_OPTION_PASSPHRASE("the new keys, or the PIN of the token"),
	KM_OPTIONS_END,
};

static enum km_error choose_database(const struct km_call *call, struct km_home *home, struct km_problem *problem)
{
	const char *address = km_given(call, "database");
	if (!address)
		return KM_OK;
	if (!km_store_is_address(address))
		return km_wrong_usage(problem, "--database wants the address of PostgreSQL: postgresql://HOST/NAME");
	char *copy = strdup(address);
	if (!copy)
		return km_fail_memory(problem);
	free(home->database);
	home->database = copy;
	return KM_OK;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	char *passphrase = NULL;
	enum km_error error = km_home_find(call, &home, problem);
	const char *token = km_given(call, "token");
	if (!error)
		error = choose_database(call, &home, problem);
	if (!error)
		error = token ? km_pin_find(call, token, &passphrase, problem)
		              : km_passphrase_choose(call, "the registry's keys", &passphrase, problem);
	if (!error)
		error = km_home_make(&home, km_given(call, "url"), token, passphrase, km_clock_now(&call->clock), problem);
	if (!error) {
		km_say(stdout, "Made a registry in %s for %s.", home.folder, km_given(call, "url"));
		if (!passphrase && !token)
			km_say(stdout, "Its keys are not encrypted: anyone who can read %s can sign in its name.", home.keys);
		km_say(stdout, "Next: keurmerk scheme add FILE, keurmerk body add, keurmerk person invite, keurmerk serve.");
	}
	km_passphrase_free(passphrase);
	return error;
}

const struct km_command km_init_command = {
	.noun = "init",
	.operands = "",
	.summary = "make a registry",
	.details = "Makes the folder with mode 0700, in it register.db and keys/. Either all is made, or nothing.",
	.options = options,
	.run = run,
};
