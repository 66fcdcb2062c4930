#include "base/buf.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/home.h"
#include "cli/monitor.h"
#include "cli/remote.h"
#include "cli/say.h"
#include "cli/settings.h"
#include "cli/trust.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "registry/log_checkpoint.h"

#include <string.h>

static const struct km_option options[] = {
	KM_OPTION_HOME,
	{"state", 0, "FILE", "with a URL: where to remember the log (default: in ~/.config/keurmerk/)", KM_OPTIONAL},
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

static enum km_error check_own(struct km_call *call, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_store_read_begin(store, problem);
	if (!error)
		error = km_log_check(store, problem);
	return error ? error : report(store, problem);
}

/* Where the log of the registry at this url is remembered: "log-keurmerk.example.json"; the caller's (free). */
static char *state_file(const struct km_call *call, const char *url)
{
	const char *given = km_given(call, "state");
	if (given)
		return strdup(given);
	char name[KM_REMOTE_URL_TEXT + 16];
	snprintf(name, sizeof name, "log-%s.json", strstr(url, "://") + 3);
	return km_settings_file(name);
}

static void tell(void *context, const char *difference)
{
	(void)context;
	km_say(stdout, "Difference: %s", difference);
}

static enum km_error check_other(struct km_call *call, struct km_problem *problem)
{
	char url[KM_REMOTE_URL_TEXT];
	auto_fetch struct km_fetch *fetch = NULL;
	struct km_monitor_result result;
	enum km_error error = km_remote_url(call->operands[0], url, problem);
	if (error)
		return error;
	auto_free char *path = state_file(call, url);
	if (!path)
		return km_wrong_usage(problem, "--state FILE is missing: there is no home to remember the log in");
	error = km_fetch_open(&fetch, problem);
	if (!error)
		error = km_monitor_visit(fetch, url, path, km_clock_now(&call->clock), tell, NULL, &result, problem);
	if (error == KM_UNAVAILABLE) {
		km_say(stderr, "keurmerk: Cannot tell: %s", problem->message);
		call->exit_status = KM_EXIT_CANNOT_TELL;
		return KM_OK;
	}
	if (error)
		return error;
	km_say(stdout, "The log has %llu entries, %llu more than at the last visit; %s.", (unsigned long long)result.size,
	       (unsigned long long)(result.size - result.size_before),
	       result.size_before ? "nothing that was in it has changed" : "this was the first visit");
	km_say(stdout, "%zu marks were held against the register: %zu differences.", result.marks, result.differences);
	call->exit_status = result.differences ? KM_EXIT_NOT_VALID : KM_EXIT_DONE;
	return KM_OK;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	return call->operands_len ? check_other(call, problem) : check_own(call, problem);
}

const struct km_command km_log_check_command = {
	.noun = "log",
	.verb = "check",
	.operands = "[URL]",
	.operands_max = 1,
	.summary = "watch over a transparency log",
	.details =
		"With the URL of a registry this is a monitor: it reads what the log has gained since the last visit, sees\n"
		"that nothing in it has changed, and holds the public register against it. Run it now and then, from a\n"
		"machine that is not the registry's. Without a URL it reads the whole log of the registry on this machine.",
	.options = options,
	.run = run,
};
