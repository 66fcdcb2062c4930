#include "keys/key_folder.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
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

/* The caller's (free); NULL without memory. */
static char *private_path(const char *folder, const struct km_keyset_entry *entry)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s-%s.pem", folder, km_purpose_name(entry->purpose), entry->thumbprint);
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

enum km_error km_key_folder_make(const char *folder, enum km_purpose purpose, const char *passphrase,
                                 struct km_keyset_entry *ret_entry, struct km_problem *problem)
{
	auto_key struct km_key *key = NULL;
	struct km_keyset_entry entry;
	enum km_error error = km_key_generate(&key, problem);
	if (error)
		return error;
	describe(key, purpose, &entry);
	auto_free char *path = private_path(folder, &entry);
	if (!path)
		return km_fail_memory(problem);
	error = km_key_save(key, path, passphrase, problem);
	if (!error)
		*ret_entry = entry;
	return error;
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

enum km_error km_key_folder_open(const char *folder, const struct km_keyset_entry *entry, const char *passphrase,
                                 struct km_key **ret_key, struct km_problem *problem)
{
	auto_key struct km_key *key = NULL;
	struct km_keyset_entry found;
	auto_free char *path = private_path(folder, entry);
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_key_load(path, passphrase, &key, problem);
	if (error)
		return error;
	describe(key, entry->purpose, &found);
	if (strcmp(found.thumbprint, entry->thumbprint) != 0)
		return km_fail(problem, KM_INVALID, "other-key",
		               "%s: this is another key (%s) than its name says: nobody would believe what it signs", path,
		               found.thumbprint);
	error = try_key(key, entry->public_key, path, problem);
	if (error)
		return error;
	*ret_key = key;
	key = NULL;
	return KM_OK;
}

enum km_error km_key_folder_forget(const char *folder, const struct km_keyset_entry *entry, struct km_problem *problem)
{
	auto_free char *path = private_path(folder, entry);
	if (!path)
		return km_fail_memory(problem);
	if (unlink(path) != 0 && errno != ENOENT)
		return km_fail(problem, KM_IO, "remove", "%s: the private half of this key cannot be removed: %s", path,
		               strerror(errno));
	return KM_OK;
}
