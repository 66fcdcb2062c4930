#include "keys/keyring.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "keys/checkpoint.h"
#include "keys/cwt.h"
#include "keys/jws.h"
#include "keys/key.h"
#include "keys/note.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYSET_FILE_MAX = 256 * 1024 };

struct km_keyring {
	struct km_keyset set;
	struct km_key *keys[KM_PURPOSES];
	const struct km_keyset_entry *entries[KM_PURPOSES]; /* of those keys; in `set` */
};

static void close_keyring(struct km_keyring **keyring)
{
	km_keyring_close(*keyring);
}
#define auto_keyring __attribute__((cleanup(close_keyring)))

/* "FOLDER/NAME.ending"; the caller's (free); NULL without memory. */
static char *path_of(const char *folder, const char *name, const char *ending)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s%s", folder, name, ending);
	return km_buf_take(&path, NULL);
}

static enum km_error write_key(const char *folder, enum km_purpose purpose, const char *passphrase, int64_t now,
                               struct km_keyset *set, struct km_problem *problem)
{
	struct km_keyset_entry *entry = &set->entries[set->len];
	auto_free char *path = path_of(folder, km_purpose_name(purpose), ".pem");
	struct km_key *key = NULL;
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_key_generate(&key, problem);
	if (!error)
		error = km_key_save(key, path, passphrase, problem);
	if (!error) {
		*entry = (struct km_keyset_entry){.purpose = purpose, .not_before = now};
		km_key_public(key, entry->public_key);
		km_jwk_thumbprint(entry->public_key, entry->thumbprint);
		set->len++;
	}
	km_key_free(key);
	return error;
}

static enum km_error write_keyset(const char *folder, const struct km_keyset *set, struct km_problem *problem)
{
	json_auto_t *jwks = km_keyset_jwks(set);
	auto_free char *text = jwks ? json_dumps(jwks, JSON_INDENT(2)) : NULL;
	auto_free char *path = path_of(folder, "keys", ".json");
	if (!text || !path)
		return km_fail_memory(problem);
	return km_file_create(path, text, strlen(text), 0644, problem);
}

static enum km_error fill(const char *folder, const char *url, const char *passphrase, int64_t now,
                          struct km_problem *problem)
{
	struct km_keyset set = {.len = 0};
	memcpy(set.url, url, strlen(url) + 1);
	enum km_error error = KM_OK;
	for (enum km_purpose purpose = 0; !error && purpose < KM_PURPOSES; purpose++)
		error = write_key(folder, purpose, passphrase, now, &set, problem);
	return error ? error : write_keyset(folder, &set, problem);
}

static void remove_folder(const char *folder)
{
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++) {
		auto_free char *path = path_of(folder, km_purpose_name(purpose), ".pem");
		if (path)
			unlink(path);
	}
	auto_free char *keyset = path_of(folder, "keys", ".json");
	if (keyset)
		unlink(keyset);
	rmdir(folder);
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

enum km_error km_keyring_create(const char *folder, const char *url, const char *passphrase, int64_t now,
                                struct km_problem *problem)
{
	char did[256];
	enum km_error error = km_did_web(url, did, problem); /* for what it refuses */
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
	error = fill(beside.data, url, passphrase, now, problem);
	if (!error)
		error = settle(beside.data, target, problem);
	if (error)
		remove_folder(beside.data);
	return error;
}

enum km_error km_keyring_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem)
{
	auto_free char *path = path_of(folder, "keys", ".json");
	auto_free char *text = NULL;
	size_t len = 0;
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_file_read(path, KEYSET_FILE_MAX, &text, &len, problem);
	if (error)
		return error;
	error = km_keyset_parse(text, len, ret_set, problem);
	if (error)
		km_problem_prefix(problem, "%s", path);
	return error;
}

static enum km_error check_folder(const char *folder, struct km_problem *problem)
{
	struct stat status;
	if (stat(folder, &status) != 0)
		return errno == ENOENT || errno == ENOTDIR
		           ? km_fail(problem, KM_ABSENT, "no-keys", "%s: there are no keys here: `keurmerk init` makes them",
		                     folder)
		           : km_fail(problem, KM_IO, "read", "%s: %s", folder, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return km_fail(problem, KM_INVALID, "no-keys", "%s: this is not a folder", folder);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return km_fail(problem, KM_FORBIDDEN, "permissions",
		               "%s: others than its owner can look into this folder of keys (mode %03o): run `chmod 700 %s`",
		               folder, (unsigned)status.st_mode & 0777, folder);
	return KM_OK;
}

/* A key that does not do what its public half says must not be found out by whoever reads what it signed. */
static enum km_error try_key(const struct km_key *key, const uint8_t public_key[static KM_PUBLIC_BYTES],
                             const char *path, struct km_problem *problem)
{
	static const char message[] = "keurmerk: does this key work?";
	uint8_t signature[KM_SIGNATURE_BYTES];
	enum km_error error = km_key_sign(key, message, sizeof message, signature, problem);
	if (!error && !km_signature_valid(public_key, message, sizeof message, signature))
		error =
			km_fail(problem, KM_INVALID, "broken-key", "%s: what this key signs does not fit its public half", path);
	return error;
}

static enum km_error load_key(const char *folder, enum km_purpose purpose, const char *passphrase,
                              struct km_keyring *keyring, struct km_problem *problem)
{
	auto_free char *path = path_of(folder, km_purpose_name(purpose), ".pem");
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_key_load(path, passphrase, &keyring->keys[purpose], problem);
	if (error)
		return error;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_key_public(keyring->keys[purpose], public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	const struct km_keyset_entry *entry = km_keyset_find(&keyring->set, thumbprint);
	if (!entry || entry->purpose != purpose)
		return km_fail(problem, KM_INVALID, "unlisted-key",
		               "%s: keys.json does not list this key (%s) for this purpose: nobody would believe what it signs",
		               path, thumbprint);
	if (entry->not_after || entry->revoked_at)
		return km_fail(problem, KM_INVALID, "retired-key", "%s: keys.json lists this key (%s) as %s", path, thumbprint,
		               entry->revoked_at ? "revoked" : "retired");
	keyring->entries[purpose] = entry;
	return try_key(keyring->keys[purpose], entry->public_key, path, problem);
}

enum km_error km_keyring_open(const char *folder, const char *passphrase, struct km_keyring **ret_keyring,
                              struct km_problem *problem)
{
	auto_keyring struct km_keyring *keyring = calloc(1, sizeof *keyring);
	if (!keyring)
		return km_fail_memory(problem);
	enum km_error error = check_folder(folder, problem);
	if (!error)
		error = km_keyring_keyset(folder, &keyring->set, problem);
	for (enum km_purpose purpose = 0; !error && purpose < KM_PURPOSES; purpose++)
		error = load_key(folder, purpose, passphrase, keyring, problem);
	if (error)
		return error;
	*ret_keyring = keyring;
	keyring = NULL;
	return KM_OK;
}

void km_keyring_close(struct km_keyring *keyring)
{
	if (!keyring)
		return;
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++)
		km_key_free(keyring->keys[purpose]);
	free(keyring);
}

/* What is signed outside the key's published time would be believed by nobody. */
static enum km_error check_in_use(const struct km_keyset_entry *entry, int64_t now, struct km_problem *problem)
{
	if (now >= entry->not_before)
		return KM_OK;
	return km_fail(problem, KM_UNAVAILABLE, "key-not-yet",
	               "the %s key signs only from a later moment on: is this machine's clock right?",
	               km_purpose_name(entry->purpose));
}

static enum km_error sign_cwt(const struct km_key *key, const char *payload, size_t len, char **ret_token,
                              struct km_problem *problem)
{
	json_auto_t *claims = NULL;
	enum km_error error = km_json_parse(payload, len, "what is to be signed", &claims, problem);
	return error ? error : km_cwt_sign(key, claims, ret_token, problem);
}

enum km_error km_keyring_sign(struct km_keyring *keyring, enum km_form form, const char *payload, size_t len,
                              int64_t now, char **ret_token, struct km_problem *problem)
{
	enum km_purpose purpose = km_form_purpose(form);
	const struct km_keyset_entry *entry = keyring->entries[purpose];
	enum km_error error = check_in_use(entry, now, problem);
	if (!error)
		error = km_form_check(form, payload, len, keyring->set.url, now, problem);
	if (error)
		return error;
	if (form == KM_FORM_QR)
		return sign_cwt(keyring->keys[purpose], payload, len, ret_token, problem);
	json_auto_t *kid = km_form_kid_is_url(form) ? json_sprintf("%s/keys/%s.jwk", keyring->set.url, entry->thumbprint)
	                                            : json_string(entry->thumbprint);
	json_auto_t *header = kid ? json_pack("{s:s, s:O}", "typ", km_form_typ(form), "kid", kid) : NULL;
	if (!header)
		return km_fail_memory(problem);
	return km_jws_sign(keyring->keys[purpose], header, payload, len, ret_token, problem);
}

enum km_error km_keyring_checkpoint(struct km_keyring *keyring, const char *body, size_t len, int64_t now,
                                    char **ret_note, struct km_problem *problem)
{
	char origin[KM_ORIGIN_MAX + 1];
	struct km_checkpoint checkpoint;
	enum km_error error = check_in_use(keyring->entries[KM_PURPOSE_LOG], now, problem);
	if (!error)
		error = km_checkpoint_origin(keyring->set.url, origin, problem);
	if (!error)
		error = km_checkpoint_parse(body, len, &checkpoint, problem);
	if (error)
		return error;
	if (strcmp(checkpoint.origin, origin) != 0)
		return km_fail(problem, KM_INVALID, "checkpoint", "this checkpoint is of another log than %s", origin);
	return km_note_sign(keyring->keys[KM_PURPOSE_LOG], origin, body, len, ret_note, problem);
}
