#include "base/buf.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/scheme_file.h"
#include "registry/scheme.h"

#include <stdio.h>
#include <string.h>

/* Scheme files before they are published: one to start from, and what is still wrong with it. No register is needed. */

static const struct km_option no_options[] = {
	KM_OPTIONS_END,
};

/* ---------------------------------------------------------------------------------------------------------- sample */

/* "mkb-ict" is the file mkb-ict.json. */
static bool is_named(const char *file, const char *name)
{
	size_t len = strcspn(file, ".");
	return strcmp(file, name) == 0 || (strlen(name) == len && memcmp(file, name, len) == 0);
}

static enum km_error run_sample(struct km_call *call, struct km_problem *problem)
{
	const char *wanted = call->operands_len ? call->operands[0] : NULL, *json, *name;
	size_t len = 0;
	for (size_t i = 0; (json = km_scheme_shipped(i, &len, &name)); i++) {
		if (!wanted)
			km_say(stdout, "%.*s", (int)strcspn(name, "."), name);
		else if (is_named(name, wanted)) {
			fwrite(json, 1, len, stdout);
			return KM_OK;
		}
	}
	if (!wanted)
		return KM_OK;
	return km_fail(problem, KM_ABSENT, "no-such-sample",
	               "no sample “%s” comes with this program: `keurmerk scheme sample` "
	               "lists those that do",
	               wanted);
}

const struct km_command km_scheme_sample_command = {
	.noun = "scheme",
	.verb = "sample",
	.operands = "[NAME]",
	.operands_max = 1,
	.summary = "print a scheme file that comes with this program, to start from",
	.details = "Without NAME: lists them.",
	.options = no_options,
	.run = run_sample,
};

/* ----------------------------------------------------------------------------------------------------------- check */

static enum km_error run_check(struct km_call *call, struct km_problem *problem)
{
	auto_free char *json = NULL;
	size_t len = 0, faults = 0;
	enum km_error error = km_scheme_file_read(call->operands[0], &json, &len, &faults, problem);
	if (!error)
		km_say(stdout, "%s: nothing is wrong with it", call->operands[0]);
	else if (faults) {
		call->exit_status = KM_EXIT_NOT_VALID; /* all has been said */
		return KM_OK;
	}
	return error;
}

const struct km_command km_scheme_check_command = {
	.noun = "scheme",
	.verb = "check",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "say everything that is wrong with a scheme file",
	.options = no_options,
	.run = run_check,
};
