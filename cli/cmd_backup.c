#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/backup.h"

static const struct km_option options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_backup(store, call->operands[0], problem);
	if (!error)
		km_say(stdout, "Copied the register of %s to %s.", km_store_url(store), call->operands[0]);
	return error;
}

const struct km_command km_backup_command = {
	.noun = "backup",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "copy the register, also while it is in use",
	.details =
		"The copy is whole, as of one moment, and private (mode 0600); an older one is replaced once the new one is\n"
		"there. The keys are not in it: copy the folder of keys apart, and only when they have changed.",
	.options = options,
	.run = run,
};
