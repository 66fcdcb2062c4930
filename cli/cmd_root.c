#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/own_key.h"
#include "cli/passphrase.h"
#include "cli/say.h"
#include "keys/key.h"
#include "keys/manifest.h"
#include "keys/token_uri.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAYS = 400, DAYS_MAX = 3660, KEYSET_FILE_MAX = 256 * 1024 };

static const struct km_option options[] = {
	{"published", 0, "DIR", "folder with keys.json, or a copy of it (default: keys/published of the registry)",
     KM_OPTIONAL},
	{"days", 0, "N", "how long the key set is to be believed (default: 400)", KM_OPTIONAL},
	KM_OPTION_PASSPHRASE("the root key"),
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

/* ------------------------------------------------------------------------------------------------------ the root key
 */

/* A root key lies somewhere for years: it is always encrypted. */
static enum km_error make_root(const struct km_call *call, const char *path, struct km_key **ret_key,
                               struct km_problem *problem)
{
	struct km_key *key = NULL;
	char *passphrase = NULL;
	enum km_error error = km_passphrase_choose(call, path, &passphrase, problem);
	if (!error && !passphrase)
		error = km_wrong_usage(problem, "a root key is always encrypted: give it a passphrase with --passphrase-file");
	if (!error)
		error = km_key_generate(&key, problem);
	if (!error)
		error = km_key_save(key, path, passphrase, problem);
	km_passphrase_free(passphrase);
	if (error) {
		km_key_free(key);
		return error;
	}
	km_say(stderr, "keurmerk: made a root key in %s: keep it, and a copy, where no network is", path);
	*ret_key = key;
	return KM_OK;
}

static enum km_error open_root(const struct km_call *call, struct km_key **ret_key, struct km_problem *problem)
{
	const char *path = call->operands[0];
	if (km_own_key_wants_new(path))
		return km_own_key_make(call, path, "keurmerk root", ret_key, problem);
	if (!km_token_uri_is(path) && access(path, F_OK) != 0)
		return make_root(call, path, ret_key, problem);
	return km_own_key_open(call, path, ret_key, problem);
}

/* ------------------------------------------------------------------------------------------------------- the key set
 */

static enum km_error find_folder(const struct km_call *call, char **ret_folder, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	const char *given = km_given(call, "published");
	enum km_error error = given ? KM_OK : km_home_find(call, &home, problem);
	if (error)
		return error;
	km_buf_add_format(&path, "%s%s", given ? given : home.keys, given ? "" : "/published");
	*ret_folder = km_buf_take(&path, NULL);
	return *ret_folder ? KM_OK : km_fail_memory(problem);
}

static char *inside(const char *folder, const char *name)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s", folder, name);
	return km_buf_take(&path, NULL);
}

static enum km_error read_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem)
{
	auto_free char *path = inside(folder, "keys.json"), *text = NULL;
	size_t len = 0;
	enum km_error error = path ? km_file_read(path, KEYSET_FILE_MAX, &text, &len, problem) : km_fail_memory(problem);
	if (!error) {
		error = km_keyset_parse(text, len, ret_set, problem);
		if (error)
			km_problem_prefix(problem, "%s", path);
	}
	return error;
}

/* The one that is there; sequence 0 where there is none. */
static enum km_error read_last(const char *path, struct km_manifest *ret_last, struct km_problem *problem)
{
	auto_free char *text = NULL;
	size_t len = 0;
	enum km_error error = km_file_read(path, KM_MANIFEST_MAX, &text, &len, problem);
	ret_last->sequence = 0;
	if (error == KM_ABSENT)
		return KM_OK;
	if (!error)
		error = km_manifest_read(text, len, ret_last, problem);
	if (error)
		km_problem_prefix(problem, "%s", path);
	return error;
}

static enum km_error read_days(const struct km_call *call, int64_t *ret_days, struct km_problem *problem)
{
	const char *text = km_given(call, "days");
	size_t len = text ? strspn(text, "0123456789") : 0;
	*ret_days = text ? strtol(text, NULL, 10) : DAYS;
	if (text && (!len || len > 4 || text[len] || *ret_days < 1 || *ret_days > DAYS_MAX))
		return km_wrong_usage(problem, "--days %.20s: expected a number from 1 to %d", text, DAYS_MAX);
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------------------ signing
 */

static enum km_error sign(const struct km_call *call, const char *path, const struct km_keyset *set,
                          const struct km_manifest *last, int64_t days, struct km_problem *problem)
{
	struct km_key *root = NULL;
	struct km_manifest next;
	auto_free char *token = NULL;
	char until[KM_DAY_TEXT];
	int64_t now = km_clock_now(&call->clock);
	enum km_error error = open_root(call, &root, problem);
	if (!error)
		error = km_manifest_sign(root, set, last->sequence + 1, now, now + days * 24 * 3600, &token, problem);
	if (!error)
		error = km_manifest_read(token, strlen(token), &next, problem);
	if (!error && last->sequence)
		error = km_manifest_follows(last, &next, problem);
	if (!error)
		error = km_file_replace(path, token, strlen(token), 0644, problem);
	km_key_free(root);
	if (error)
		return error;
	km_say(stdout, "Signed the key set of %s, sequence number %lld, to be believed until %s, in %s.", set->url,
	       (long long)next.sequence, km_day(next.expires_at, until), path);
	km_say(stdout, "The root is %s: tell it to those who verify, by a way that they trust.", next.root);
	return KM_OK;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	struct km_keyset set;
	struct km_manifest last;
	int64_t days = 0;
	auto_free char *folder = NULL, *path = NULL;
	enum km_error error = read_days(call, &days, problem);
	if (!error)
		error = find_folder(call, &folder, problem);
	if (!error)
		error = read_keyset(folder, &set, problem);
	if (!error && !(path = inside(folder, "manifest.jwt")))
		error = km_fail_memory(problem);
	if (!error)
		error = read_last(path, &last, problem);
	return error ? error : sign(call, path, &set, &last, days, problem);
}

const struct km_command km_key_root_command = {
	.noun = "key",
	.verb = "root",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "sign the key set with an offline root key",
	.details = "FILE is the root's private key, which is made where it is not there; or a pkcs11: URI. To keep it off "
               "the registry's machine,\n"
			   "copy keys/published from there to its own, sign with --published, and copy manifest.jwt back.",
	.options = options,
	.run = run,
};
