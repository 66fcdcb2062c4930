#include "badge/status_list.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/passphrase.h"
#include "cli/reissue.h"
#include "cli/say.h"
#include "keys/key.h"
#include "keys/key_folder.h"
#include "keys/key_life.h"
#include "keys/manifest.h"
#include "keys/signer.h"
#include "keys/token_uri.h"
#include "registry/credential_key.h"

#include <string.h>

static enum km_error find_keys(const struct km_call *call, struct km_home *ret_home, struct km_keyset *ret_set,
                               struct km_problem *problem)
{
	enum km_error error = km_home_find(call, ret_home, problem);
	return error ? error : km_signer_keyset(ret_home->keys, ret_set, problem);
}

/* The passphrase of the keys, or the PIN of their token, which the person at the terminal is asked for where it is
 * nowhere else. A registry whose keys cannot be opened for another reason may be in trouble, and just then needs these
 * commands. */
static enum km_error unlock(const struct km_call *call, const struct km_home *home, char **ret_secret,
                            struct km_problem *problem)
{
	struct km_keyset set;
	struct km_problem own = {0};
	enum km_error error = km_passphrase_find(call, ret_secret, problem);
	if (!error && !*ret_secret && km_signer_keyset(home->keys, &set, NULL) == KM_OK &&
	    km_key_folder_unlocked(home->keys, &set, &own))
		km_passphrase_ask(&own, "the registry's keys", ret_secret);
	return error;
}

/* The same, for keys that are to be made where --token says: for those in a token, its PIN is enough. */
static enum km_error unlock_for(const struct km_call *call, const struct km_home *home, char **ret_secret,
                                struct km_problem *problem)
{
	const char *token = km_given(call, "token");
	return token && strcmp(token, KM_KEY_IN_FILE) != 0 ? km_pin_find(call, token, ret_secret, problem)
	                                                   : unlock(call, home, ret_secret, problem);
}

/* ------------------------------------------------------------------------------------------------------------ list */

static const struct km_option list_options[] = {
	KM_OPTION_JSON,
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static void print_key(const struct km_keyset_entry *entry, int64_t now)
{
	char from[KM_TIME_TEXT], until[KM_TIME_TEXT];
	int64_t end = entry->revoked_at ? entry->revoked_at : entry->not_after;
	km_time_format(entry->not_before, from);
	km_time_format(end, until);
	km_say(stdout, "%s  %-10s  %-7s  from %s%s%s", entry->thumbprint, km_purpose_name(entry->purpose),
	       km_key_state_name(km_keyset_state(entry, now)), from,
	       entry->revoked_at ? ", revoked from "
	       : end             ? " to "
	                         : "",
	       end ? until : "");
}

/* Where there is a root: what it last signed, and whether that is what is so now. */
static enum km_error print_root(const char *folder, const struct km_keyset *set, int64_t now,
                                struct km_problem *problem)
{
	struct km_manifest manifest;
	auto_free char *token = NULL;
	char until[KM_TIME_TEXT];
	enum km_error error = km_signer_manifest(folder, &token, problem);
	if (error)
		return error == KM_ABSENT ? KM_OK : error;
	error = km_manifest_read(token, strlen(token), &manifest, problem);
	if (error)
		return error;
	km_time_format(manifest.expires_at, until);
	km_say(stdout, "%s  %-10s  signed key set %lld, to be believed until %s%s", manifest.root, "root",
	       (long long)manifest.sequence, until,
	       !km_manifest_lists(&manifest, set) ? ": not the keys as they are now; sign again with `keurmerk key root`"
	       : now > manifest.expires_at        ? ": sign again with `keurmerk key root`"
	                                          : "");
	return KM_OK;
}

/* After a change. */
static enum km_error remind(const char *folder, struct km_problem *problem)
{
	struct km_keyset set;
	struct km_manifest manifest;
	auto_free char *token = NULL;
	enum km_error error = km_signer_manifest(folder, &token, problem);
	if (error)
		return error == KM_ABSENT ? KM_OK : error;
	error = km_manifest_read(token, strlen(token), &manifest, problem);
	if (!error)
		error = km_signer_keyset(folder, &set, problem);
	if (!error && !km_manifest_lists(&manifest, &set))
		km_say(stdout,
		       "The root has signed the key set as it was before: sign it again with `keurmerk key root`, or who "
		       "trusts the root will not know of this.");
	return error;
}

static enum km_error run_list(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	struct km_keyset set;
	enum km_error error = find_keys(call, &home, &set, problem);
	if (error)
		return error;
	if (km_given(call, "json")) {
		json_auto_t *jwks = km_keyset_jwks(&set);
		km_say_json(jwks);
		return KM_OK;
	}
	for (size_t i = 0; i < set.len; i++)
		print_key(&set.entries[i], km_clock_now(&call->clock));
	return print_root(home.keys, &set, km_clock_now(&call->clock), problem);
}

const struct km_command km_key_list_command = {
	.noun = "key",
	.verb = "list",
	.operands = "",
	.summary = "list the registry's public keys",
	.details = "With --json this is the key set (JWKS) that `keurmerk verify --keyset` takes.",
	.options = list_options,
	.run = run_list,
};

/* ---------------------------------------------------------------------------------------------------------- rotate */

static const struct km_option rotate_options[] = {
	{"purpose", 0, "PURPOSE", "only the key for this: credential, status, receipt or log", KM_OPTIONAL},
	{"at", 0, "TIME", "from when the new keys sign: now, or a moment (default: 7 days from now)", KM_OPTIONAL},
	KM_OPTION_TOKEN("the next keys, or “none” for files (default: where the present ones are)"),
	KM_OPTION_PASSPHRASE("the keys, or the PIN of their token"),
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

/* Those who watch over the log have its key in their settings: it changes only where it is named. */
static bool is_asked(const char *purpose, enum km_purpose which)
{
	return purpose ? strcmp(purpose, km_purpose_name(which)) == 0 : which != KM_PURPOSE_LOG;
}

static enum km_error rotate(const struct km_call *call, const char *folder, enum km_purpose purpose,
                            const char *passphrase, int64_t from, struct km_problem *problem)
{
	struct km_keyset_entry next;
	char moment[KM_TIME_TEXT];
	enum km_error error =
		km_key_rotate(folder, purpose, km_given(call, "token"), passphrase, from, &call->clock, &next, problem);
	if (error)
		return error;
	km_time_format(next.not_before, moment);
	km_say(stdout, "%s  %-10s  next     signs from %s", next.thumbprint, km_purpose_name(purpose), moment);
	return KM_OK;
}

/* All of them or none. */
static enum km_error check_none_waits(const struct km_call *call, const char *folder, const char *purpose,
                                      struct km_problem *problem)
{
	struct km_keyset set;
	enum km_error error = km_signer_keyset(folder, &set, problem);
	for (enum km_purpose which = 0; !error && which < KM_PURPOSES; which++)
		if (is_asked(purpose, which) && km_keyset_next(&set, which, km_clock_now(&call->clock)))
			error =
				km_fail(problem, KM_CONFLICT, "next-waiting",
			            "a next key for %s is published already: one at a time (nothing was done; --purpose rotates "
			            "the key for one purpose)",
			            km_purpose_name(which));
	return error;
}

static enum km_error run_rotate(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	char *passphrase = NULL;
	int64_t from = 0;
	enum km_purpose which;
	const char *purpose = km_given(call, "purpose");
	if (purpose && !km_purpose_parse(purpose, &which))
		return km_wrong_usage(problem, "--purpose %.40s: write credential, status, receipt or log", purpose);
	if (!purpose && km_given(call, "token") && km_token_names_key(km_given(call, "token")))
		return km_wrong_usage(problem, "this pkcs11: URI names one key: say for what, with --purpose");
	enum km_error error = km_given_moment(call, "at", km_clock_now(&call->clock) + KM_KEY_LEAD_S, &from, problem);
	if (!error)
		error = km_home_find(call, &home, problem);
	if (!error)
		error = check_none_waits(call, home.keys, purpose, problem);
	if (!error)
		error = unlock_for(call, &home, &passphrase, problem);
	for (which = 0; !error && which < KM_PURPOSES; which++)
		if (is_asked(purpose, which))
			error = rotate(call, home.keys, which, passphrase, from, problem);
	km_passphrase_free(passphrase);
	if (!error && is_asked(purpose, KM_PURPOSE_CREDENTIAL))
		km_say(stdout,
		       "From then on a running server signs all credentials anew; `keurmerk key reissue` does it at once.");
	return error ? error : remind(home.keys, problem);
}

const struct km_command km_key_rotate_command = {
	.noun = "key",
	.verb = "rotate",
	.operands = "",
	.summary = "publish the next keys, which sign from a moment on",
	.details = "The present keys sign until then, and stay published after. The key of the log changes only with "
			   "--purpose log.",
	.options = rotate_options,
	.run = run_rotate,
};

/* ---------------------------------------------------------------------------------------------------------- revoke */

static const struct km_option revoke_options[] = {
	{"at", 0, "TIME", "from when somebody else may have had it (default: now)", KM_OPTIONAL},
	KM_OPTION_TOKEN("its successor, or “none” for a file (default: where it is itself)"),
	KM_OPTION_PASSPHRASE("the keys, or the PIN of their token"),
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error revoke(const struct km_call *call, const struct km_home *home, const char *passphrase, int64_t at,
                            struct km_problem *problem)
{
	struct km_keyset set;
	struct km_keyset_entry successor;
	const char *thumbprint = call->operands[0];
	enum km_error error = km_key_revoke(home->keys, thumbprint, km_given(call, "token"), passphrase, at, &call->clock,
	                                    &successor, problem);
	if (!error)
		error = km_signer_keyset(home->keys, &set, problem);
	const struct km_keyset_entry *entry = error ? NULL : km_keyset_find(&set, thumbprint);
	if (!entry)
		return error;
	char moment[KM_TIME_TEXT];
	km_time_format(entry->revoked_at, moment);
	km_say(stdout, "Revoked: who verifies believes nothing that %s signed from %s on.", thumbprint, moment);
	if (*successor.thumbprint)
		km_say(stdout, "%s  %-10s  current  signs from now", successor.thumbprint, km_purpose_name(successor.purpose));
	return entry->purpose == KM_PURPOSE_CREDENTIAL ? km_reissue(call, home, passphrase, problem) : KM_OK;
}

static enum km_error run_revoke(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	char *passphrase = NULL;
	int64_t at = 0;
	enum km_error error = km_given_moment(call, "at", km_clock_now(&call->clock), &at, problem);
	if (!error)
		error = km_home_find(call, &home, problem);
	if (!error)
		error = unlock_for(call, &home, &passphrase, problem);
	if (!error)
		error = revoke(call, &home, passphrase, at, problem);
	km_passphrase_free(passphrase);
	return error ? error : remind(home.keys, problem);
}

const struct km_command km_key_revoke_command = {
	.noun = "key",
	.verb = "revoke",
	.operands = "THUMBPRINT",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "say that a key is in other hands, and go on with another",
	.details =
		"What it signed before that moment still stands where the log shows that it was there by then. A key for\n"
		"credentials: all of them are signed anew at once.",
	.options = revoke_options,
	.run = run_revoke,
};

/* --------------------------------------------------------------------------------------------------------- reissue */

static const struct km_option reissue_options[] = {
	KM_OPTION_PASSPHRASE("the keys, or the PIN of their token"),
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error run_reissue(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	char *passphrase = NULL;
	enum km_error error = km_home_find(call, &home, problem);
	if (!error)
		error = unlock(call, &home, &passphrase, problem);
	if (!error)
		error = km_reissue(call, &home, passphrase, problem);
	km_passphrase_free(passphrase);
	return error;
}

const struct km_command km_key_reissue_command = {
	.noun = "key",
	.verb = "reissue",
	.operands = "",
	.summary = "sign anew the credentials that an earlier key signed",
	.details =
		"A running server does the same by itself, in its own time. This may be stopped, and goes on where it stopped.",
	.options = reissue_options,
	.run = run_reissue,
};

/* ---------------------------------------------------------------------------------------------------------- retire */

static const struct km_option retire_options[] = {
	KM_OPTION_PASSPHRASE("the keys, or the PIN of their token"),
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

/* The last second in which something that this key signed is valid. */
static enum km_error needed_until(const struct km_call *call, const struct km_keyset_entry *entry, int64_t *ret_until,
                                  struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	int64_t last = entry->not_after ? entry->not_after : km_clock_now(&call->clock);
	*ret_until = INT64_MAX;
	if (entry->purpose == KM_PURPOSE_STATUS)
		*ret_until = last + KM_STATUS_LIST_TTL_S;
	if (entry->purpose != KM_PURPOSE_CREDENTIAL)
		return KM_OK;
	enum km_error error = km_home_store(call, KM_STORE_READ, &store, problem);
	return error ? error : km_credentials_valid_until(store, last, ret_until, problem);
}

static enum km_error run_retire(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	struct km_keyset set;
	const char *thumbprint = call->operands[0];
	char *secret = NULL;
	int64_t until = 0;
	enum km_error error = find_keys(call, &home, &set, problem);
	const struct km_keyset_entry *entry = error ? NULL : km_keyset_find(&set, thumbprint);
	if (entry)
		error = needed_until(call, entry, &until, problem);
	if (!error)
		error = km_passphrase_find(call, &secret, problem);
	if (!error)
		error = km_key_retire(home.keys, thumbprint, secret, until, &call->clock, problem);
	km_passphrase_free(secret);
	if (!error)
		km_say(stdout, "Retired: it is no longer published, and nothing that it signed is valid any more.");
	return error ? error : remind(home.keys, problem);
}

const struct km_command km_key_retire_command = {
	.noun = "key",
	.verb = "retire",
	.operands = "THUMBPRINT",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "end the publication of a key on which nothing rests any more",
	.details =
		"Refused while something that it signed may be valid. The keys of receipts and of the log stay for ever.",
	.options = retire_options,
	.run = run_retire,
};
