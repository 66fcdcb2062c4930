#define _XOPEN_SOURCE 700

#include "cli/mirror_source.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 16 };

static bool is_folder(const char *path)
{
	struct stat file;
	return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

enum km_error km_mirror_source_open(const char *place, struct km_fetch *fetch, struct km_mirror_source *ret_source,
                                    struct km_problem *problem)
{
	struct km_mirror_source source = {.place = place, .fetch = fetch};
	size_t len = strlen(place);
	while (len > 1 && place[len - 1] == '/')
		len--;
	if (len >= sizeof source.url - 300)
		return km_fail(problem, KM_INVALID, "mirror", "this address or folder is too long");
	if (strncasecmp(place, "https://", 8) == 0 || strncasecmp(place, "http://", 7) == 0) {
		snprintf(source.url, sizeof source.url, "%.*s", (int)len, place);
		if (!fetch)
			return km_fail(problem, KM_UNAVAILABLE, "offline", "--offline asks nobody: give the folder of a mirror");
	} else {
		snprintf(source.folder, sizeof source.folder, "%.*s/files", (int)len, place);
		if (!is_folder(source.folder))
			snprintf(source.folder, sizeof source.folder, "%.*s", (int)len, place);
		if (!is_folder(source.folder))
			return km_fail(problem, KM_ABSENT, "mirror", "%s: there is no such folder", place);
	}
	*ret_source = source;
	return KM_OK;
}

/* The question mark in a name is no beginning of a query. */
static void add_escaped(struct km_buf *buf, const char *path)
{
	for (; *path; path++) {
		if (*path == '?')
			km_buf_add_text(buf, "%3F");
		else
			km_buf_add_char(buf, *path);
	}
}

static enum km_error ask(const struct km_mirror_source *source, const char *path, struct km_answer *ret_answer,
                         struct km_problem *problem)
{
	auto_buf struct km_buf address = KM_BUF_EMPTY;
	km_buf_add_format(&address, "%s/", source->url);
	add_escaped(&address, path);
	if (address.failed)
		return km_fail_memory(problem);
	enum km_error error = km_fetch_get(source->fetch, address.data, KM_MIRROR_FILE_MAX, ret_answer, problem);
	/* A mirror sends on what it does not have. */
	if (error && strcmp(problem->type, "redirect") == 0)
		return km_fail(problem, KM_ABSENT, "no-file", "%s: it is not there", path);
	if (!error && ret_answer->status == 404)
		error = km_fail(problem, KM_ABSENT, "no-file", "%s: it is not there", path);
	else if (!error && ret_answer->status != 200)
		error = km_fail(problem, KM_UNAVAILABLE, "mirror-silent", "%s does not tell (HTTP %ld)", address.data,
		                ret_answer->status);
	return error;
}

static enum km_error path_of(const struct km_mirror_source *source, const char *path, struct km_buf *ret_path,
                             struct km_problem *problem)
{
	/* What a mirror names is not believed to be in its folder. */
	if (*path == '/' || strstr(path, ".."))
		return km_fail(problem, KM_MALFORMED, "mirror-path", "\"%.200s\" cannot be the path of a file", path);
	km_buf_add_format(ret_path, "%s/%s", source->folder, path);
	return ret_path->failed ? km_fail_memory(problem) : KM_OK;
}

enum km_error km_mirror_source_read(const struct km_mirror_source *source, const char *path, char **ret_bytes,
                                    size_t *ret_len, struct km_problem *problem)
{
	auto_buf struct km_buf file = KM_BUF_EMPTY;
	if (*source->folder) {
		enum km_error error = path_of(source, path, &file, problem);
		return error ? error : km_file_read(file.data, KM_MIRROR_FILE_MAX, ret_bytes, ret_len, problem);
	}
	auto_answer struct km_answer answer = {0};
	enum km_error error = ask(source, path, &answer, problem);
	if (error)
		return error;
	*ret_bytes = answer.body;
	*ret_len = answer.len;
	answer.body = NULL;
	return KM_OK;
}

static enum km_error digest_file(const char *path, uint8_t ret_digest[static KM_SHA256_BYTES],
                                 struct km_problem *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return km_fail(problem, KM_ABSENT, "no-file", "%s: there is no such file", path);
	struct km_sha256_running running;
	char piece[PIECE_BYTES];
	ssize_t len = fd >= 0 ? 1 : -1;
	km_sha256_begin(&running);
	while (len > 0 || (len < 0 && fd >= 0 && errno == EINTR)) {
		len = read(fd, piece, sizeof piece);
		if (len > 0)
			km_sha256_add(&running, piece, (size_t)len);
	}
	int reason = errno;
	if (fd >= 0)
		close(fd);
	if (len < 0)
		return km_fail(problem, KM_IO, "file", "%s: cannot read: %s", path, strerror(reason));
	km_sha256_end(&running, ret_digest);
	return KM_OK;
}

enum km_error km_mirror_source_digest(const struct km_mirror_source *source, const char *path,
                                      uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem)
{
	auto_buf struct km_buf file = KM_BUF_EMPTY;
	if (*source->folder) {
		enum km_error error = path_of(source, path, &file, problem);
		return error ? error : digest_file(file.data, ret_digest, problem);
	}
	auto_answer struct km_answer answer = {0};
	enum km_error error = ask(source, path, &answer, problem);
	if (!error)
		km_sha256(answer.body ? answer.body : "", answer.len, ret_digest);
	return error;
}

enum km_error km_mirror_source_each(const struct km_mirror_source *source,
                                    enum km_error (*each)(void *context, const char *path), void *context,
                                    struct km_problem *problem)
{
	if (!*source->folder)
		return KM_OK;
	char *const folders[] = {(char *)(uintptr_t)source->folder, NULL};
	FTS *walk = fts_open(folders, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	enum km_error error = walk ? KM_OK : km_fail_memory(problem);
	for (FTSENT *entry; !error && (entry = fts_read(walk));)
		if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP)
			error = each(context, entry->fts_path + strlen(source->folder) + 1);
	if (walk)
		fts_close(walk);
	return error;
}
