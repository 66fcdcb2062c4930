#include "cli/trust.h"

#include "base/buf.h"
#include "base/file.h"
#include "cli/home.h"
#include "cli/roots.h"
#include "cli/settings.h"
#include "keys/signer.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TRUST_FILE_MAX = 1024, /* bytes */
	KEYSET_FILE_MAX = 256 * 1024,
};

/* KM_ABSENT where the user has no such file. */
static enum km_error read_trust_file(char ret_url[static KM_REMOTE_URL_TEXT], struct km_problem *problem)
{
	auto_free char *path = km_settings_file("trust"), *text = NULL;
	size_t len = 0;
	if (!path)
		return km_fail(problem, KM_ABSENT, "no-trust", "no trust file");
	enum km_error error = km_file_read(path, TRUST_FILE_MAX, &text, &len, problem);
	if (error)
		return error;
	text[strcspn(text, " \t\r\n")] = '\0';
	error = km_remote_url(text, ret_url, problem);
	if (error)
		km_problem_prefix(problem, "%s", path);
	return error;
}

enum km_error km_trust_url(const struct km_call *call, char ret_url[static KM_REMOTE_URL_TEXT],
                           struct km_problem *problem)
{
	const char *given = km_given(call, "registry");
	if (given)
		return km_remote_url(given, ret_url, problem);
	enum km_error error = read_trust_file(ret_url, problem);
	if (error == KM_ABSENT)
		return km_wrong_usage(problem, "--registry URL is missing (or put the URL in ~/.config/keurmerk/trust)");
	return error;
}

static enum km_error take_manifest(const struct km_call *call, const struct km_manifest *manifest,
                                   struct km_trust *trust, struct km_problem *problem)
{
	enum km_error error = km_roots_check(manifest, km_given(call, "root"), km_clock_now(&call->clock), problem);
	if (error)
		return error;
	trust->set = manifest->set;
	trust->saved_at = manifest->issued_at;
	return KM_OK;
}

/* Where the user knows the registry's root, only what is under it is taken; else what the registry says. */
static enum km_error ask(const struct km_call *call, struct km_fetch *fetch, const char *url, struct km_trust *trust,
                         struct km_problem *problem)
{
	bool known = false;
	struct km_manifest manifest;
	if (!fetch)
		return km_fail(
			problem, KM_UNAVAILABLE, "keys-not-here",
			"the keys of %s are not on this machine, and --offline asks nobody: save them once, with curl -o FILE "
			"%s/.well-known/jwks.json, and name that FILE with --keyset",
			url, url);
	trust->named = true;
	enum km_error error = km_roots_know(url, &known, problem);
	if (error)
		return error;
	if (!known && !km_given(call, "root"))
		return km_remote_keyset(fetch, url, &trust->set, problem);
	error = km_remote_manifest(fetch, url, &manifest, problem);
	return error ? error : take_manifest(call, &manifest, trust, problem);
}

/* When the file was written, as far as that can be told. */
static int64_t saved_at(const char *path)
{
	struct stat file;
	return stat(path, &file) == 0 ? file.st_mtime : 0;
}

static bool is_json(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '{';
}

static enum km_error read_keyset(const struct km_call *call, const char *path, struct km_trust *trust,
                                 struct km_problem *problem)
{
	auto_free char *text = NULL;
	size_t len = 0;
	struct km_manifest manifest;
	enum km_error error = km_file_read(path, KEYSET_FILE_MAX, &text, &len, problem);
	if (error)
		return error;
	trust->named = true;
	if (!is_json(text)) {
		error = km_manifest_read(text, len, &manifest, problem);
		if (!error)
			error = take_manifest(call, &manifest, trust, problem);
	} else if (km_given(call, "root")) {
		error = km_fail(problem, KM_UNPROVEN, "no-root", "this key set is not under the signature of any root");
	} else {
		trust->saved_at = saved_at(path);
		error = km_keyset_parse(text, len, &trust->set, problem);
	}
	if (error)
		km_problem_prefix(problem, "%s", path);
	return error;
}

/* The registry of this machine; it may well not be there, or be another user's, and then it is nobody's word. */
static enum km_error look_home(const struct km_call *call, struct km_trust *trust, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	enum km_error error = km_home_find(call, &home, problem);
	if (error || (!home.chosen && access(home.keys, R_OK | X_OK) != 0))
		return error;
	error = km_signer_keyset(home.keys, &trust->set, problem);
	trust->named = !error;
	return error;
}

enum km_error km_trust_find(const struct km_call *call, struct km_fetch *fetch, struct km_trust *ret_trust,
                            struct km_problem *problem)
{
	const char *registry = km_given(call, "registry"), *keyset = km_given(call, "keyset");
	bool home = km_given(call, "home") != NULL;
	struct km_trust trust = {0};
	char url[KM_REMOTE_URL_TEXT];
	enum km_error error = KM_OK;
	if ((registry != NULL) + (keyset != NULL) + home > 1)
		return km_wrong_usage(problem, "give one of --registry, --keyset and --home: whose word do you take?");
	if (registry) {
		error = km_remote_url(registry, url, problem);
		if (!error)
			error = ask(call, fetch, url, &trust, problem);
	} else if (keyset)
		error = read_keyset(call, keyset, &trust, problem);
	else {
		error = home ? KM_ABSENT : read_trust_file(url, problem);
		error = error == KM_ABSENT ? look_home(call, &trust, problem)
		        : error            ? error
		                           : ask(call, fetch, url, &trust, problem);
	}
	if (!error)
		*ret_trust = trust;
	return error;
}
