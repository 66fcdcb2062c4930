#include "cli/roots.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/say.h"
#include "cli/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* roots.json: {"https://keurmerk.example": {"root": THUMBPRINT, "sequence": 7, "keys": base64url(SHA-256(JWKS))}} */

enum { FILE_MAX = 1 << 20, DIGEST_TEXT = 44 };

struct known {
	const char *root; /* borrowed from the file's JSON */
	int64_t sequence;
	const char *keys;
};

/* An empty object where there is no file. */
static enum km_error read_file(json_t **ret_roots, struct km_problem *problem)
{
	auto_free char *path = km_settings_file("roots.json"), *text = NULL;
	size_t len = 0;
	enum km_error error =
		path ? km_file_read(path, FILE_MAX, &text, &len, problem) : km_fail(problem, KM_ABSENT, "no-home", "no home");
	if (error == KM_ABSENT) {
		*ret_roots = json_object();
		return *ret_roots ? KM_OK : km_fail_memory(problem);
	}
	if (!error)
		error = km_json_parse(text, len, "this list of roots", ret_roots, problem);
	if (error)
		km_problem_prefix(problem, "%s", path);
	return error;
}

static enum km_error find(const json_t *roots, const char *url, struct known *ret_known, struct km_problem *problem)
{
	const json_t *entry = NULL;
	struct known known = {.sequence = 0};
	if (!json_object_get(roots, url))
		return KM_ABSENT;
	enum km_error error = km_json_object(roots, "", url, &entry, problem);
	if (!error)
		error = km_json_string(entry, url, "root", KM_THUMBPRINT_TEXT - 1, &known.root, problem);
	if (!error)
		error = km_json_integer(entry, url, "sequence", 1, INT64_MAX, &known.sequence, problem);
	if (!error)
		error = km_json_string(entry, url, "keys", DIGEST_TEXT - 1, &known.keys, problem);
	if (!error)
		*ret_known = known;
	return error;
}

enum km_error km_roots_know(const char *url, bool *ret_known, struct km_problem *problem)
{
	json_auto_t *roots = NULL;
	struct known known;
	enum km_error error = read_file(&roots, problem);
	if (!error)
		error = find(roots, url, &known, problem);
	*ret_known = !error;
	return error == KM_ABSENT ? KM_OK : error;
}

/* Of what the manifest lists: one that was only signed again, with the same number, would be the same. */
static enum km_error digest_of(const struct km_manifest *manifest, struct km_buf *ret_digest,
                               struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	json_auto_t *jwks = km_keyset_jwks(&manifest->set);
	auto_free char *text = km_json_text(jwks);
	if (!text)
		return km_fail_memory(problem);
	km_sha256(text, strlen(text), digest);
	km_encode(KM_BASE64URL, digest, sizeof digest, ret_digest);
	return ret_digest->failed ? km_fail_memory(problem) : KM_OK;
}

static enum km_error compare(const struct known *known, const struct km_manifest *manifest, const char *digest,
                             struct km_problem *problem)
{
	const char *url = manifest->set.url;
	if (strcmp(known->root, manifest->root) != 0)
		return km_fail(problem, KM_UNPROVEN, "other-root",
		               "the keys of %s are under another root (%s) than you know (%s). Ask the registry, by a way that "
		               "you trust, which is right; to take the new one, give it with --root",
		               url, manifest->root, known->root);
	if (manifest->sequence < known->sequence)
		return km_fail(problem, KM_UNPROVEN, "roll-back",
		               "this key set of %s is older (sequence number %lld) than one that you have used (%lld): get the "
		               "present one",
		               url, (long long)manifest->sequence, (long long)known->sequence);
	if (manifest->sequence == known->sequence && strcmp(known->keys, digest) != 0)
		return km_fail(problem, KM_UNPROVEN, "two-key-sets",
		               "%s has signed two key sets with the sequence number %lld: ask the registry, and keep both", url,
		               (long long)manifest->sequence);
	return KM_OK;
}

static enum km_error write_file(json_t *roots, const struct km_manifest *manifest, const char *digest,
                                struct km_problem *problem)
{
	auto_free char *path = km_settings_file("roots.json");
	json_t *entry = json_pack("{s:s, s:I, s:s}", "root", manifest->root, "sequence", (json_int_t)manifest->sequence,
	                          "keys", digest);
	auto_free char *text = NULL;
	if (path && json_object_set_new(roots, manifest->set.url, entry) == 0)
		text = json_dumps(roots, JSON_INDENT(2));
	return text ? km_file_replace(path, text, strlen(text), S_IRUSR | S_IWUSR, problem) : km_fail_memory(problem);
}

/* The folder's descriptor: one at a time, or what another process learns in between would be forgotten. */
static enum km_error lock(int *ret_fd, struct km_problem *problem)
{
	auto_free char *folder = km_settings_file("");
	if (!folder)
		return km_fail(problem, KM_ABSENT, "no-home", "there is no $HOME");
	km_settings_make_folder(folder);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		km_fail(problem, KM_IO, "lock", "%s: %s", folder, strerror(errno));
		if (fd >= 0)
			close(fd);
		return KM_IO;
	}
	*ret_fd = fd;
	return KM_OK;
}

static void warn(const struct km_problem *problem)
{
	km_say(stderr, "keurmerk: which key set this was cannot be remembered, so an older one will not be noticed: %s",
	       problem->message);
}

static enum km_error check_time(const struct km_manifest *manifest, int64_t now, struct km_problem *problem)
{
	char until[KM_TIME_TEXT];
	km_time_format(manifest->expires_at, until);
	if (now > manifest->expires_at)
		return km_fail(problem, KM_UNAVAILABLE, "keyset-expired",
		               "this key set of %s was to be believed until %s: get the present one", manifest->set.url, until);
	return KM_OK;
}

enum km_error km_roots_check(const struct km_manifest *manifest, const char *root, int64_t now,
                             struct km_problem *problem)
{
	auto_buf struct km_buf digest = KM_BUF_EMPTY;
	json_auto_t *roots = NULL;
	struct known known = {.sequence = 0};
	struct km_problem own = {0};
	int fd = -1;
	enum km_error error = check_time(manifest, now, problem);
	if (!error)
		error = digest_of(manifest, &digest, problem);
	if (!error && root && strcmp(root, manifest->root) != 0)
		error = km_fail(problem, KM_UNPROVEN, "other-root", "the keys of %s are under the root %s, not under %s",
		                manifest->set.url, manifest->root, root);
	if (error)
		return error;
	bool locked = lock(&fd, &own) == KM_OK;
	error = read_file(&roots, problem);
	if (!error)
		error = find(roots, manifest->set.url, &known, problem);
	/* A root that the user names takes the place of one that they knew before. */
	if (!error && !(root && strcmp(known.root, root) != 0))
		error = compare(&known, manifest, digest.data, problem);
	else if (error == KM_ABSENT)
		error = KM_OK;
	if (!error && (!locked || write_file(roots, manifest, digest.data, &own)))
		warn(&own);
	if (fd >= 0)
		close(fd);
	return error;
}
