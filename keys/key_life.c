#include "keys/key_life.h"

#include "base/buf.h"
#include "base/file.h"
#include "keys/key_folder.h"
#include "keys/token_uri.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void unlock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define auto_unlock __attribute__((cleanup(unlock)))

/* Where keys come to be: keys/key_life.h says what these are, but that here a token of NULL means a file. */
struct place {
	const char *folder, *token, *secret;
};

/* ------------------------------------------------------------------------------------------------------- beginning */

/* Makes the key for an entry of the set that comes behind those that it has. */
static enum km_error add_key(const struct place *place, enum km_purpose purpose, struct km_keyset *set,
                             struct km_problem *problem)
{
	struct km_keyset_entry *entry = &set->entries[set->len];
	if (set->len == KM_KEYSET_MAX)
		return km_fail(problem, KM_CONFLICT, "keys-full",
		               "there are %d keys already, and no more fit: retire one that nothing rests on (`keurmerk key "
		               "retire`)",
		               KM_KEYSET_MAX);
	enum km_error error = km_key_folder_make(place->folder, purpose, place->token, place->secret, entry, problem);
	if (!error && km_keyset_find(set, entry->thumbprint)) {
		km_key_folder_forget(place->folder, entry, place->secret, NULL);
		return km_fail(problem, KM_CONFLICT, "key-known", "this key (%s) is in the key set already", entry->thumbprint);
	}
	set->len += !error;
	return error;
}

static enum km_error fill(const struct place *place, const char *url, int64_t now, struct km_keyset *set,
                          struct km_problem *problem)
{
	auto_buf struct km_buf published = KM_BUF_EMPTY;
	memcpy(set->url, url, strlen(url) + 1);
	km_buf_add_format(&published, "%s/published", place->folder);
	if (published.failed)
		return km_fail_memory(problem);
	if (mkdir(published.data, 0755) != 0)
		return km_fail(problem, KM_IO, "create", "%s: %s", published.data, strerror(errno));
	enum km_error error = KM_OK;
	for (enum km_purpose purpose = 0; !error && purpose < KM_PURPOSES; purpose++)
		error = add_key(place, purpose, set, problem);
	for (size_t i = 0; i < set->len; i++)
		set->entries[i].not_before = now;
	return error ? error : km_key_folder_publish(place->folder, set, problem);
}

/* Removes a folder that is not finished. */
static void remove_folder(const struct place *place, const struct km_keyset *set)
{
	for (size_t i = 0; i < set->len; i++)
		km_key_folder_forget(place->folder, &set->entries[i], place->secret, NULL);
	auto_free char *keyset = km_key_folder_keyset_path(place->folder);
	if (keyset) {
		unlink(keyset);
		*strrchr(keyset, '/') = '\0';
		rmdir(keyset);
	}
	rmdir(place->folder);
}

/* Gives the folder its name: rename replaces an empty folder and nothing else. */
static enum km_error settle(const char *beside, const char *folder, struct km_problem *problem)
{
	if (rename(beside, folder) == 0)
		return km_file_sync_folder(folder, problem);
	if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR)
		return km_fail(problem, KM_CONFLICT, "keys-exist", "%s: there is something here already; nothing was changed",
		               folder);
	return km_fail(problem, KM_IO, "create", "%s: cannot make this folder: %s", folder, strerror(errno));
}

/* What a person gave as the token for this many keys, which may be NULL. */
static enum km_error check_token(const char *token, int keys, struct km_problem *problem)
{
	auto_token_uri struct p11_kit_uri *uri = NULL;
	if (!token || strcmp(token, KM_KEY_IN_FILE) == 0)
		return KM_OK;
	enum km_error error = km_token_uri_parse(token, &uri, problem);
	if (!error && keys > 1 && km_token_uri_names_key(uri))
		return km_fail(
			problem, KM_INVALID, "token-uri",
			"this pkcs11: URI names one key, and each purpose has a key of its own: leave id= and object= out");
	return error;
}

enum km_error km_key_life_begin(const char *folder, const char *url, const char *token, const char *secret, int64_t now,
                                struct km_problem *problem)
{
	char did[256];
	enum km_error error = km_did_web(url, did, problem); /* for what it refuses */
	if (!error)
		error = check_token(token, KM_PURPOSES, problem);
	if (error)
		return error;
	size_t len = strlen(folder);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	auto_free char *target = strndup(folder, len);
	auto_buf struct km_buf beside = KM_BUF_EMPTY;
	km_buf_add_format(&beside, "%.*s.XXXXXX", (int)len, folder);
	if (!target || beside.failed)
		return km_fail_memory(problem);
	if (!mkdtemp(beside.data)) /* mode 0700 */
		return km_fail(problem, KM_IO, "create", "%s: cannot make a folder there: %s", target, strerror(errno));
	struct km_keyset set = {.len = 0};
	const struct place place = {
		.folder = beside.data,
		.token = token && strcmp(token, KM_KEY_IN_FILE) != 0 ? token : NULL,
		.secret = secret,
	};
	error = fill(&place, url, now, &set, problem);
	if (!error)
		error = settle(beside.data, target, problem);
	if (error)
		remove_folder(&place, &set);
	return error;
}

/* -------------------------------------------------------------------------------------------------------- changing */

static enum km_error open_folder(const char *folder, int *ret_lock, struct km_keyset *ret_set,
                                 struct km_problem *problem)
{
	enum km_error error = km_key_folder_lock(folder, ret_lock, problem);
	return error ? error : km_key_folder_keyset(folder, ret_set, problem);
}

static struct km_keyset_entry *find(struct km_keyset *set, const char *thumbprint, struct km_problem *problem)
{
	for (size_t i = 0; i < set->len; i++)
		if (strcmp(set->entries[i].thumbprint, thumbprint) == 0)
			return &set->entries[i];
	km_fail(problem, KM_ABSENT, "no-such-key", "there is no key %s: `keurmerk key list` names them", thumbprint);
	return NULL;
}

/* Private halves of keys that sign no more are of use to nobody but a thief. */
static enum km_error forget_done(const char *folder, const char *secret, const struct km_keyset *set, int64_t now,
                                 struct km_problem *problem)
{
	enum km_error error = KM_OK;
	for (size_t i = 0; !error && i < set->len; i++) {
		const struct km_keyset_entry *entry = &set->entries[i];
		if (entry->revoked_at || (entry->not_after && now > entry->not_after + KM_KEY_LINGER_S))
			error = km_key_folder_forget(folder, entry, secret, problem);
	}
	return error;
}

/* Publishes the set. `added`: its last key is new, and goes again where this fails. */
static enum km_error publish(const char *folder, const char *secret, const struct km_keyset *set, bool added,
                             int64_t now, struct km_problem *problem)
{
	enum km_error error = km_key_folder_publish(folder, set, problem);
	if (error && added)
		km_key_folder_forget(folder, &set->entries[set->len - 1], secret, NULL);
	return error ? error : forget_done(folder, secret, set, now, problem);
}

/* One of the keys that are in files opens with this passphrase, and with no other. */
static enum km_error check_passphrase(const char *folder, const struct km_keyset *set, const char *passphrase,
                                      struct km_problem *problem)
{
	for (size_t i = 0; i < set->len; i++) {
		struct km_key *key = NULL;
		auto_free char *uri = NULL;
		if (km_key_folder_token(folder, &set->entries[i], &uri, NULL) != KM_ABSENT)
			continue;
		enum km_error error = km_key_folder_open(folder, &set->entries[i], passphrase, &key, problem);
		km_key_free(key);
		if (error && error != KM_UNPROVEN)
			continue; /* not here, or of no use: another one tells */
		if (error || !passphrase)
			return error;
		key = NULL;
		if (km_key_folder_open(folder, &set->entries[i], NULL, &key, NULL) != KM_OK)
			return KM_OK;
		km_key_free(key);
		return km_fail(problem, KM_CONFLICT, "keys-not-encrypted",
		               "the keys that are there are not encrypted: leave the passphrase out");
	}
	return KM_OK;
}

/* The token for the key that comes after `present` (which may be NULL), where somebody said this of it; *ret_uri is
 * NULL for a file. */
static enum km_error find_token(const char *folder, const struct km_keyset_entry *present, const char *token,
                                char **ret_uri, struct km_problem *problem)
{
	auto_free char *uri = NULL;
	enum km_error error = check_token(token, 1, problem);
	*ret_uri = NULL;
	if (error)
		return error;
	if (!token && present) {
		error = km_key_folder_token(folder, present, &uri, problem);
		if (error)
			return error == KM_ABSENT ? KM_OK : error;
		*ret_uri = km_token_uri_of_token(uri);
	} else if (token && strcmp(token, KM_KEY_IN_FILE) != 0) {
		*ret_uri = strdup(token);
	} else {
		return KM_OK;
	}
	return *ret_uri ? KM_OK : km_fail_memory(problem);
}

/* Makes the key that comes after `present`, which may be NULL. */
static enum km_error add_next(const struct place *given, const struct km_keyset_entry *present, enum km_purpose purpose,
                              struct km_keyset *set, struct km_problem *problem)
{
	auto_free char *token = NULL;
	enum km_error error = find_token(given->folder, present, given->token, &token, problem);
	const struct place place = {.folder = given->folder, .token = token, .secret = given->secret};
	if (!error && !token)
		error = check_passphrase(place.folder, set, place.secret, problem);
	return error ? error : add_key(&place, purpose, set, problem);
}

enum km_error km_key_rotate(const char *folder, enum km_purpose purpose, const char *token, const char *secret,
                            int64_t from, const struct km_clock *clock, struct km_keyset_entry *ret_next,
                            struct km_problem *problem)
{
	auto_unlock int lock = -1;
	struct km_keyset set;
	const struct place place = {.folder = folder, .token = token, .secret = secret};
	enum km_error error = open_folder(folder, &lock, &set, problem);
	if (error)
		return error;
	const struct km_keyset_entry *waiting = km_keyset_next(&set, purpose, km_clock_now(clock));
	if (waiting)
		return km_fail(problem, KM_CONFLICT, "next-waiting",
		               "a next key for %s is published already (%s): one at a time", km_purpose_name(purpose),
		               waiting->thumbprint);
	error = add_next(&place, km_keyset_current(&set, purpose, km_clock_now(clock)), purpose, &set, problem);
	if (error)
		return error;
	/* Making a key takes a while: the present moment is now, not when this began. */
	int64_t now = km_clock_now(clock);
	struct km_keyset_entry *next = &set.entries[set.len - 1];
	next->not_before = from < now + KM_KEY_SETTLE_S ? now + KM_KEY_SETTLE_S : from;
	for (size_t i = 0; i < set.len; i++) {
		struct km_keyset_entry *entry = &set.entries[i];
		if (entry->purpose == purpose && km_keyset_state(entry, now) == KM_KEY_CURRENT)
			entry->not_after = next->not_before - 1;
	}
	error = publish(folder, secret, &set, true, now, problem);
	if (!error)
		*ret_next = *next;
	return error;
}

/* Somebody signs for this purpose after one of its keys has been revoked: the next key sooner, or the present one for
 * longer. False where there is nobody. */
static bool someone_takes_over(struct km_keyset *set, const struct km_keyset_entry *revoked, int64_t now)
{
	for (size_t i = 0; i < set->len; i++) {
		struct km_keyset_entry *entry = &set->entries[i];
		if (entry->purpose != revoked->purpose || entry->revoked_at)
			continue;
		if (entry->not_after && entry->not_after == revoked->not_before - 1 && entry->not_after >= now)
			entry->not_after = 0;
		if (revoked->not_after && entry->not_before == revoked->not_after + 1)
			entry->not_before = now - KM_KEY_SETTLE_S; /* what is being signed this second began a moment ago */
	}
	return km_keyset_current(set, revoked->purpose, now);
}

static enum km_error add_successor(const struct place *place, const struct km_keyset_entry *revoked,
                                   const struct km_clock *clock, struct km_keyset *set,
                                   struct km_keyset_entry *ret_successor, struct km_problem *problem)
{
	enum km_error error = add_next(place, revoked, revoked->purpose, set, problem);
	if (error)
		return error;
	set->entries[set->len - 1].not_before = km_clock_now(clock) - KM_KEY_SETTLE_S;
	*ret_successor = set->entries[set->len - 1];
	return KM_OK;
}

enum km_error km_key_revoke(const char *folder, const char *thumbprint, const char *token, const char *secret,
                            int64_t at, const struct km_clock *clock, struct km_keyset_entry *ret_successor,
                            struct km_problem *problem)
{
	const struct place place = {.folder = folder, .token = token, .secret = secret};
	auto_unlock int lock = -1;
	struct km_keyset set;
	struct km_keyset_entry successor = {.not_before = 0};
	enum km_error error = open_folder(folder, &lock, &set, problem);
	struct km_keyset_entry *entry = error ? NULL : find(&set, thumbprint, problem);
	if (!entry)
		return error ? error : KM_ABSENT;
	int64_t now = km_clock_now(clock);
	if (at > now || at <= 0)
		return km_fail(problem, KM_INVALID, "revoked-at", "a key is revoked from a moment on that has come already");
	enum km_key_state was = km_keyset_state(entry, now);
	if (was != KM_KEY_REVOKED || at < entry->revoked_at)
		entry->revoked_at = at;
	bool alone = (was == KM_KEY_CURRENT || was == KM_KEY_NEXT) && !someone_takes_over(&set, entry, now);
	if (alone)
		error = add_successor(&place, entry, clock, &set, &successor, problem);
	if (!error)
		error = publish(folder, secret, &set, alone, now, problem);
	if (!error)
		*ret_successor = successor;
	return error;
}

enum km_error km_key_retire(const char *folder, const char *thumbprint, const char *secret, int64_t needed_until,
                            const struct km_clock *clock, struct km_problem *problem)
{
	auto_unlock int lock = -1;
	struct km_keyset set;
	enum km_error error = open_folder(folder, &lock, &set, problem);
	struct km_keyset_entry *entry = error ? NULL : find(&set, thumbprint, problem);
	if (!entry)
		return error ? error : KM_ABSENT;
	int64_t now = km_clock_now(clock);
	enum km_key_state state = km_keyset_state(entry, now);
	if (state == KM_KEY_NEXT || state == KM_KEY_CURRENT)
		return km_fail(problem, KM_CONFLICT, "key-in-use",
		               "this is the %s key for %s: `keurmerk key rotate` gives it a successor first",
		               km_key_state_name(state), km_purpose_name(entry->purpose));
	if (needed_until == INT64_MAX)
		return km_fail(problem, KM_CONFLICT, "key-needed",
		               "what a %s key signed is evidence and does not expire: its public half stays published",
		               km_purpose_name(entry->purpose));
	if (now <= needed_until) {
		char until[KM_TIME_TEXT];
		km_time_format(needed_until, until);
		return km_fail(problem, KM_CONFLICT, "key-needed",
		               "what this key signed is valid until %s: until then its public half stays published", until);
	}
	error = km_key_folder_forget(folder, entry, secret, problem);
	if (error)
		return error;
	size_t behind = set.len - 1 - (size_t)(entry - set.entries);
	memmove(entry, entry + 1, behind * sizeof *entry);
	set.len--;
	return publish(folder, secret, &set, false, now, problem);
}
