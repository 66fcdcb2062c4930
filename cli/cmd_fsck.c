#include "badge/fsck_credential.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/say.h"
#include "keys/signer.h"
#include "registry/fsck.h"

#include <stdlib.h>

enum { LISTED_MAX = 1000 }; /* differences in JSON; all are counted */

static const struct km_option options[] = {
	{"scratch", 0, "DIR", "folder for a register made anew, as large as this one (default: $TMPDIR, then /var/tmp)",
     KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

struct tally {
	size_t count;
	json_t *list; /* NULL where lines are printed */
};

static enum km_error tell(void *context, const struct km_difference *difference)
{
	struct tally *tally = context;
	const char *table = *difference->table ? difference->table : "register.db";
	tally->count++;
	if (!tally->list)
		km_say(stdout, "%s%s%s%s%s: %s", table, *difference->row ? " " : "", difference->row,
		       *difference->column ? " " : "", difference->column, difference->what);
	else if (tally->count <= LISTED_MAX)
		json_array_append_new(tally->list, json_pack("{s:s, s:s, s:s, s:s}", "table", table, "row", difference->row,
		                                             "column", difference->column, "what", difference->what));
	return KM_OK;
}

static const char *scratch_of(const struct km_call *call)
{
	const char *given = km_given(call, "scratch"), *temporary = getenv("TMPDIR");
	return given ? given : temporary && *temporary ? temporary : "/var/tmp";
}

/* All of it as it is at one moment, also while the registry is served. */
static enum km_error look(struct km_call *call, struct km_store *store, const struct km_keyset *keys,
                          struct tally *tally, struct km_problem *problem)
{
	struct km_fsck fsck = {store, scratch_of(call), keys, km_clock_now(&call->clock), tell, tally};
	enum km_error error = km_store_read_begin(store, problem);
	if (!error)
		error = km_fsck(&fsck, problem);
	if (!error)
		error = km_fsck_credentials(&fsck, problem);
	km_store_read_end(store);
	return error;
}

static void conclude(const struct tally *tally)
{
	if (tally->list) {
		json_auto_t *report = json_pack("{s:b, s:I, s:O}", "clean", tally->count == 0, "count",
		                                (json_int_t)tally->count, "differences", tally->list);
		km_say_json(report);
	} else if (tally->count)
		km_say(stdout, "%zu differences: put back a backup, and find out who was here.", tally->count);
	else
		km_say(stdout, "The register is what people signed and what its log says: nothing differs.");
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	auto_store struct km_store *store = NULL;
	struct km_keyset keys;
	json_auto_t *list = km_given(call, "json") ? json_array() : NULL;
	struct tally tally = {.list = list};
	enum km_error error = km_home_find(call, &home, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_signer_keyset(home.keys, &keys, problem);
	if (!error)
		error = look(call, store, &keys, &tally, problem);
	if (error)
		return KM_UNAVAILABLE; /* whatever it was that kept us from looking: nothing is known */
	conclude(&tally);
	call->exit_status = tally.count ? KM_EXIT_NOT_VALID : KM_EXIT_DONE;
	return KM_OK;
}

const struct km_command km_fsck_command = {
	.noun = "fsck",
	.operands = "",
	.summary = "hold the register against its own evidence",
	.details =
		"Makes everything anew from what people signed, and names each row that differs; looks at each signature,\n"
		"each hash and checkpoint of the log, and each credential. Changes nothing, and can run beside the server.\n"
		"Exit status: 0 nothing differs, 1 something does, 3 it could not be looked at.",
	.options = options,
	.run = run,
};
