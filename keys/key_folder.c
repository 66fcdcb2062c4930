#include "keys/key_folder.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "keys/token.h"
#include "keys/token_uri.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYSET_FILE_MAX = 256 * 1024 };

static void free_key(struct km_key **key)
{
	km_key_free(*key);
}
#define auto_key __attribute__((cleanup(free_key)))

/* For `ending`: the private half itself, or where in a token it is. */
#define IN_FILE  ".pem"
#define IN_TOKEN ".uri"

/* The caller's (free); NULL without memory. */
static char *private_path(const char *folder, const struct km_keyset_entry *entry, const char *ending)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s-%s%s", folder, km_purpose_name(entry->purpose), entry->thumbprint, ending);
	return km_buf_take(&path, NULL);
}

char *km_key_folder_keyset_path(const char *folder)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/published/keys.json", folder);
	return km_buf_take(&path, NULL);
}

char *km_key_folder_manifest_path(const char *folder)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/published/manifest.jwt", folder);
	return km_buf_take(&path, NULL);
}

enum km_error km_key_folder_check(const char *folder, struct km_problem *problem)
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

enum km_error km_key_folder_lock(const char *folder, int *ret_fd, struct km_problem *problem)
{
	struct stat status;
	enum km_error error = km_key_folder_check(folder, problem);
	if (error)
		return error;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return km_fail(problem, KM_IO, "read", "%s: %s", folder, strerror(errno));
	if (fstat(fd, &status) != 0)
		error = km_fail(problem, KM_IO, "read", "%s: %s", folder, strerror(errno));
	else if (status.st_uid != geteuid())
		error = km_fail(problem, KM_FORBIDDEN, "other-owner",
		                "%s: these keys belong to user %lu: run this as that user, or the registry could not read "
		                "what is made here",
		                folder, (unsigned long)status.st_uid);
	else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		error = km_fail(problem, KM_UNAVAILABLE, "keys-busy",
		                "%s: another keurmerk is changing these keys: try again in a moment", folder);
	if (error)
		close(fd);
	else
		*ret_fd = fd;
	return error;
}

enum km_error km_key_folder_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem)
{
	auto_free char *path = km_key_folder_keyset_path(folder);
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

enum km_error km_key_folder_publish(const char *folder, const struct km_keyset *set, struct km_problem *problem)
{
	json_auto_t *jwks = km_keyset_jwks(set);
	auto_free char *text = jwks ? json_dumps(jwks, JSON_INDENT(2)) : NULL;
	auto_free char *path = km_key_folder_keyset_path(folder);
	if (!text || !path)
		return km_fail_memory(problem);
	return km_file_replace(path, text, strlen(text), 0644, problem);
}

static void describe(const struct km_key *key, enum km_purpose purpose, struct km_keyset_entry *ret_entry)
{
	*ret_entry = (struct km_keyset_entry){.purpose = purpose};
	km_key_public(key, ret_entry->public_key);
	km_jwk_thumbprint(ret_entry->public_key, ret_entry->thumbprint);
}

static enum km_error make_in_file(const char *folder, struct km_keyset_entry *entry, const char *passphrase,
                                  struct km_problem *problem)
{
	auto_key struct km_key *key = NULL;
	enum km_error error = km_key_generate(&key, problem);
	if (error)
		return error;
	describe(key, entry->purpose, entry);
	auto_free char *path = private_path(folder, entry, IN_FILE);
	return path ? km_key_save(key, path, passphrase, problem) : km_fail_memory(problem);
}

static enum km_error make_in_token(const char *folder, struct km_keyset_entry *entry, const char *token,
                                   const char *pin, struct km_problem *problem)
{
	auto_key struct km_key *key = NULL;
	auto_free char *uri = NULL;
	char label[64];
	snprintf(label, sizeof label, "keurmerk %s", km_purpose_name(entry->purpose));
	enum km_error error = km_token_make(token, pin, label, &key, &uri, problem);
	if (error)
		return error;
	describe(key, entry->purpose, entry);
	auto_free char *path = private_path(folder, entry, IN_TOKEN);
	auto_buf struct km_buf line = KM_BUF_EMPTY;
	km_buf_add_format(&line, "%s\n", uri);
	error = path && !line.failed ? km_file_create(path, line.data, line.len, S_IRUSR | S_IWUSR, problem)
	                             : km_fail_memory(problem);
	if (error && km_token_uri_made_here(uri))
		km_token_remove(uri, pin, NULL);
	return error;
}

enum km_error km_key_folder_make(const char *folder, enum km_purpose purpose, const char *token, const char *secret,
                                 struct km_keyset_entry *ret_entry, struct km_problem *problem)
{
	struct km_keyset_entry entry = {.purpose = purpose};
	enum km_error error =
		token ? make_in_token(folder, &entry, token, secret, problem) : make_in_file(folder, &entry, secret, problem);
	if (!error)
		*ret_entry = entry;
	return error;
}

/* ----------------------------------------------------------------------------------------------------- private halves
 */

enum km_error km_key_folder_token(const char *folder, const struct km_keyset_entry *entry, char **ret_uri,
                                  struct km_problem *problem)
{
	size_t len = 0;
	auto_free char *path = private_path(folder, entry, IN_TOKEN), *text = NULL;
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_file_read(path, KM_TOKEN_URI_MAX + 1, &text, &len, problem);
	if (error)
		return error;
	if (len > 0 && text[len - 1] == '\n') /* somebody's editor was here */
		text[--len] = '\0';
	if (strlen(text) != len || !km_token_uri_is(text))
		return km_fail(problem, KM_INVALID, "token-uri", "%s: there is no pkcs11: URI in it, on one line", path);
	*ret_uri = text;
	text = NULL;
	return KM_OK;
}

/* A key that does not do what its public half says must not be found out by whoever reads what it signed. */
static enum km_error try_key(const struct km_key *key, const struct km_keyset_entry *entry, struct km_problem *problem)
{
	static const char message[] = "keurmerk: does this key work?";
	uint8_t signature[KM_SIGNATURE_BYTES];
	enum km_error error = km_key_sign(key, message, sizeof message, signature, problem);
	bool fits = !error && km_signature_valid(entry->public_key, message, sizeof message, signature);
	if (!error && !fits && !km_memory_left())
		error = km_fail_memory(problem);
	if (!error && !fits)
		error = km_fail(problem, KM_INVALID, "broken-key", "what this key signs does not fit its public half");
	return error;
}

static enum km_error check_public(const uint8_t public_key[static KM_PUBLIC_BYTES], const struct km_keyset_entry *entry,
                                  struct km_problem *problem)
{
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_jwk_thumbprint(public_key, thumbprint);
	return strcmp(thumbprint, entry->thumbprint) == 0
	           ? KM_OK
	           : km_fail(problem, KM_INVALID, "other-key",
	                     "this is another key (%s) than its name says: nobody would believe what it signs", thumbprint);
}

/* Where it is in no token, it is in a file. */
static enum km_error open_private(const char *folder, const struct km_keyset_entry *entry, const char *secret,
                                  struct km_key **ret_key, struct km_problem *problem)
{
	auto_free char *path = private_path(folder, entry, IN_FILE), *uri = NULL;
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_key_folder_token(folder, entry, &uri, problem);
	if (error == KM_ABSENT)
		return km_key_load(path, secret, ret_key, problem);
	if (!error)
		error = km_token_open(uri, secret, ret_key, problem);
	if (error && uri)
		km_problem_prefix(problem, "%s/%s-%s" IN_TOKEN, folder, km_purpose_name(entry->purpose), entry->thumbprint);
	return error;
}

enum km_error km_key_folder_open(const char *folder, const struct km_keyset_entry *entry, const char *secret,
                                 struct km_key **ret_key, struct km_problem *problem)
{
	auto_key struct km_key *key = NULL;
	uint8_t public_key[KM_PUBLIC_BYTES];
	enum km_error error = open_private(folder, entry, secret, &key, problem);
	if (error)
		return error;
	km_key_public(key, public_key);
	error = check_public(public_key, entry, problem);
	if (!error)
		error = try_key(key, entry, problem);
	if (error) {
		km_problem_prefix(problem, "%s/%s-%s", folder, km_purpose_name(entry->purpose), entry->thumbprint);
		return error;
	}
	*ret_key = key;
	key = NULL;
	return KM_OK;
}

enum km_error km_key_folder_look(const char *folder, const struct km_keyset_entry *entry, struct km_problem *problem)
{
	auto_free char *uri = NULL;
	auto_key struct km_key *key = NULL;
	uint8_t public_key[KM_PUBLIC_BYTES];
	enum km_error error = km_key_folder_token(folder, entry, &uri, problem);
	if (error == KM_ABSENT)
		return km_key_folder_open(folder, entry, NULL, &key, problem);
	if (!error)
		error = km_token_look(uri, public_key, problem);
	return error ? error : check_public(public_key, entry, problem);
}

enum km_error km_key_folder_unlocked(const char *folder, const struct km_keyset *set, struct km_problem *problem)
{
	for (size_t i = 0; i < set->len; i++) {
		auto_free char *uri = NULL;
		enum km_error error = km_key_folder_token(folder, &set->entries[i], &uri, problem);
		if (!error && km_token_wants_pin(uri))
			return km_fail(problem, KM_UNPROVEN, "pin-missing",
			               "the token with the registry's keys asks for its PIN: put it into a file with mode 0600 and "
			               "name that with --passphrase-file, or with pin-source=file:/… in the URI");
		if (error != KM_ABSENT)
			continue;
		auto_key struct km_key *key = NULL;
		if (open_private(folder, &set->entries[i], NULL, &key, problem) == KM_UNPROVEN)
			return KM_UNPROVEN;
	}
	return KM_OK;
}

/* The private half in the token first: while its URI is here, it can be found. */
static bool forget_in_token(const char *folder, const struct km_keyset_entry *entry, const char *pin)
{
	auto_free char *uri = NULL;
	enum km_error error = km_key_folder_token(folder, entry, &uri, NULL);
	if (error || !km_token_uri_made_here(uri))
		return true; /* in no token; nobody can tell where; or not ours */
	if (!pin && km_token_wants_pin(uri))
		return false;
	struct km_problem problem = {0};
	error = km_token_remove(uri, pin, &problem);
	return !error || strcmp(problem.type, "no-token-key") == 0;
}

enum km_error km_key_folder_forget(const char *folder, const struct km_keyset_entry *entry, const char *secret,
                                   struct km_problem *problem)
{
	static const char *const endings[] = {IN_FILE, IN_TOKEN};
	bool gone = forget_in_token(folder, entry, secret);
	for (size_t i = 0; i < sizeof endings / sizeof *endings - (gone ? 0 : 1); i++) {
		auto_free char *path = private_path(folder, entry, endings[i]);
		if (!path)
			return km_fail_memory(problem);
		if (unlink(path) != 0 && errno != ENOENT)
			return km_fail(problem, KM_IO, "remove", "%s: the private half of this key cannot be removed: %s", path,
			               strerror(errno));
	}
	return KM_OK;
}
