#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/log.h"
#include "registry/log_checkpoint.h"

#include <string.h>

static const struct km_option options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error report(struct km_store *store, struct km_problem *problem)
{
	uint64_t size = 0;
	struct km_checkpoint checkpoint;
	enum km_error error = km_log_size(store, &size, problem);
	if (error)
		return error;
	error = km_log_checkpoint_last(store, &checkpoint, NULL, problem);
	if (error && error != KM_ABSENT)
		return error;
	km_say(stdout, "The log is whole: %llu entries, of which a checkpoint covers %llu.", (unsigned long long)size,
	       error ? 0ULL : (unsigned long long)checkpoint.size);
	return KM_OK;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	if (!error)
		error = km_log_check(store, problem);
	return error ? error : report(store, problem);
}

const struct km_command km_log_check_command = {
	.noun = "log",
	.verb = "check",
	.operands = "",
	.summary = "read the whole transparency log again",
	.details = "Every entry, every hash, every checkpoint that was kept; takes a time that grows with the log.",
	.options = options,
	.run = run,
};
