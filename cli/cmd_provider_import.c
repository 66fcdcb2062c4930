#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "registry/provider_import.h"

#include <unistd.h>

enum { FAULTS_SHOWN = 50 };

static const struct km_option options[] = {
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

struct watch {
	const char *path;
	size_t faults;
	bool terminal; /* somebody is looking: show how far it is */
};

static void show_fault(void *context, int64_t line, const char *column, const struct km_problem *problem)
{
	struct watch *watch = context;
	if (++watch->faults <= FAULTS_SHOWN)
		km_say(stderr, "%s:%lld: %s%s%s", watch->path, (long long)line, column ? column : "", column ? ": " : "",
		       problem->message);
}

static void show_progress(void *context, size_t rows, unsigned percent)
{
	const struct watch *watch = context;
	if (watch->terminal)
		fprintf(stderr, "\r%zu rows, %u%%%s", rows, percent, percent == 100 ? "\n" : "");
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	struct watch watch = {.path = call->operands[0], .terminal = isatty(STDERR_FILENO)};
	const struct km_import_watch callbacks = {show_fault, show_progress, &watch};
	auto_free char *table = NULL;
	size_t len = 0, added = 0;
	auto_store struct km_store *store = NULL;
	enum km_error error = km_file_read(watch.path, KM_IMPORT_MAX, &table, &len, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	if (!error)
		error = km_provider_import(store, table, len, km_clock_now(&call->clock), &callbacks, &added, problem);
	if (!error)
		error = km_store_commit(store, problem);
	if (watch.faults > FAULTS_SHOWN)
		km_say(stderr, "… and %zu more", watch.faults - FAULTS_SHOWN);
	if (!error)
		km_say(stdout, "Added %zu providers.", added);
	return error;
}

const struct km_command km_provider_import_command = {
	.noun = "provider",
	.verb = "import",
	.operands = "CSV",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "add many providers from a table",
	.details =
		"The first row names the columns: kvk and name, and, where there are such, trade_names, domains "
		"(several with |\n"
		"between), city, region, country, establishment, rsin, lei, euid, contact_name, contact_email, contact_phone,\n"
		"contact_language. Every fault is reported; with any, nothing is added.",
	.options = options,
	.run = run,
};
