#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/passphrase.h"
#include "cli/say.h"
#include "keys/key.h"
#include "keys/signer.h"
#include "www/mirror.h"

#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 3600, PROGRAM_MAX_BYTES = 1 << 30 };

static const struct km_option options[] = {
	{"next-update", 0, "HOURS", "the next export comes within so long, 1 to 24 (default: 24)", KM_OPTIONAL},
	{"all", 0, NULL, "write every file anew, also those that are as they were", KM_OPTIONAL},
	KM_OPTION_PASSPHRASE("the registry's keys"),
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error read_hours(const struct km_call *call, int64_t *ret_seconds, struct km_problem *problem)
{
	const char *text = km_given(call, "next-update");
	char *end = NULL;
	long hours = text ? strtol(text, &end, 10) : KM_MIRROR_NEXT_UPDATE_MAX_S / HOUR_S;
	if (text && (end == text || *end || hours < 1 || hours > KM_MIRROR_NEXT_UPDATE_MAX_S / HOUR_S))
		return km_wrong_usage(problem, "--next-update %.20s: give a number of hours, 1 to %d", text,
		                      KM_MIRROR_NEXT_UPDATE_MAX_S / HOUR_S);
	*ret_seconds = hours * HOUR_S;
	return KM_OK;
}

/* Another program may make other files from the same register. */
static enum km_error read_program(uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem)
{
	auto_free char *bytes = NULL;
	size_t len = 0;
	enum km_error error = km_file_read("/proc/self/exe", PROGRAM_MAX_BYTES, &bytes, &len, problem);
	if (!error)
		km_sha256(bytes, len, ret_digest);
	return error;
}

static enum km_error open_signer(const struct km_call *call, const struct km_home *home, struct km_signer **ret_signer,
                                 struct km_problem *problem)
{
	char *passphrase = NULL;
	enum km_error error = km_passphrase_find(call, &passphrase, problem);
	if (!error)
		error = km_signer_open(home->keys, passphrase, &call->clock, ret_signer, problem);
	if (error && !passphrase && km_passphrase_ask(problem, "the registry's keys", &passphrase))
		error = km_signer_open(home->keys, passphrase, &call->clock, ret_signer, problem);
	km_passphrase_free(passphrase);
	return error;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	struct km_signer *signer = NULL;
	struct km_mirror_options mirror = {
		.clock = &call->clock, .folder = call->operands[0], .all = km_given(call, "all")};
	struct km_mirror_result result;
	enum km_error error = read_hours(call, &mirror.next_update_s, problem);
	if (!error)
		error = km_home_find(call, &home, problem);
	if (!error)
		error = read_program(mirror.program, problem);
	if (!error)
		error = open_signer(call, &home, &signer, problem);
	mirror.database = home.database;
	mirror.keys = home.keys;
	mirror.signer = signer;
	if (!error)
		error = km_mirror_run(&mirror, &result, problem);
	km_signer_close(signer);
	if (error)
		return error;
	char until[KM_TIME_TEXT];
	km_time_format(result.next_update, until);
	km_say(stdout, "%zu files written, %zu taken away. Snapshot %llu; export again before %s.", result.written,
	       result.removed, (unsigned long long)result.sequence, until);
	return KM_OK;
}

const struct km_command km_export_command = {
	.noun = "export",
	.operands = "FOLDER",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "write the whole public register as files, for a mirror",
	.details =
		"FOLDER/files is what a web server serves: FOLDER/nginx-http.conf and FOLDER/nginx-server.conf are for nginx,\n"
		"FOLDER/objects.json for object storage, FOLDER/changes.txt names what was put or removed. Only what has "
		"changed\n"
		"since the last export is written. `keurmerk verify --mirror` looks whether a mirror is whole, true and of "
        "now.",
	.options = options,
	.run = run,
};
