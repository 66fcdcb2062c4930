#include "www/mirror_files.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITING_MAX = 4000 }; /* files that are synced and renamed together: one sync costs more than one file */

struct waiting {
	unsigned name;                 /* in incoming/; 0: the path is to be taken away */
	char path[KM_MIRROR_PATH_MAX]; /* in files/ */
};

struct km_mirror_files {
	char *folder;
	int files, incoming; /* folders */
	int open;            /* what is being written piece by piece; -1 for nothing */
	unsigned last_name;
	struct km_sha256_running running;
	struct waiting *waiting;
	size_t waiting_len;
	size_t written, removed;
	int journal; /* FOLDER/changes.txt */
};

static enum km_error fail(const struct km_mirror_files *files, const char *path, const char *doing,
                          struct km_problem *problem)
{
	int reason = errno;
	return km_fail(problem, KM_IO, "mirror-file", "%s/files/%s: cannot %s: %s", files->folder, path, doing,
	               strerror(reason));
}

/* Open to those who serve it, whatever the umask. */
static enum km_error open_folder(const struct km_mirror_files *files, int at, const char *name, int *ret_fd,
                                 struct km_problem *problem)
{
	bool made = mkdirat(at, name, 0755) == 0;
	*ret_fd = made || errno == EEXIST ? openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (*ret_fd < 0 || (made && fchmod(*ret_fd, 0755) != 0)) {
		int reason = errno;
		return km_fail(problem, KM_IO, "mirror-folder", "%s: cannot make the folder %s: %s", files->folder, name,
		               strerror(reason));
	}
	return KM_OK;
}

static void name_incoming(unsigned name, char ret_text[static 16])
{
	snprintf(ret_text, 16, "%u", name);
}

/* What an earlier run did not get to a place. */
static enum km_error empty_incoming(struct km_mirror_files *files, struct km_problem *problem)
{
	int fd = dup(files->incoming);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	if (!folder)
		return fail(files, "../incoming", "read it", problem);
	for (struct dirent *entry; (entry = readdir(folder));)
		if (*entry->d_name != '.')
			unlinkat(files->incoming, entry->d_name, 0);
	closedir(folder);
	return KM_OK;
}

static enum km_error open_all(struct km_mirror_files *files, const char *folder, struct km_problem *problem)
{
	int top = -1;
	files->folder = strdup(folder);
	files->waiting = calloc(WAITING_MAX, sizeof *files->waiting);
	if (!files->folder || !files->waiting)
		return km_fail_memory(problem);
	enum km_error error = open_folder(files, AT_FDCWD, folder, &top, problem);
	if (!error)
		error = open_folder(files, top, "files", &files->files, problem);
	if (!error)
		error = open_folder(files, top, "incoming", &files->incoming, problem);
	if (!error) {
		files->journal = openat(top, "changes.txt", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		if (files->journal < 0)
			error = fail(files, "../changes.txt", "open it", problem);
	}
	if (top >= 0)
		close(top);
	return error ? error : empty_incoming(files, problem);
}

enum km_error km_mirror_files_open(const char *folder, struct km_mirror_files **ret_files, struct km_problem *problem)
{
	struct km_mirror_files *files = calloc(1, sizeof *files);
	if (!files)
		return km_fail_memory(problem);
	files->files = files->incoming = files->open = files->journal = -1;
	enum km_error error = open_all(files, folder, problem);
	if (error)
		km_mirror_files_close(files);
	else
		*ret_files = files;
	return error;
}

void km_mirror_files_close(struct km_mirror_files *files)
{
	if (!files)
		return;
	const int all[] = {files->files, files->incoming, files->open, files->journal};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i] >= 0)
			close(all[i]);
	free(files->waiting);
	free(files->folder);
	free(files);
}

/* ------------------------------------------------------------------------------------------------------- in place */

/* Makes the folders above it. */
static bool make_above(int at, const char *path)
{
	char above[KM_MIRROR_PATH_MAX];
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(above, sizeof above, "%.*s", (int)(slash - path), path);
		bool made = mkdirat(at, above, 0755) == 0;
		if (made ? fchmodat(at, above, 0755, 0) != 0 : errno != EEXIST)
			return false;
	}
	return true;
}

static enum km_error place(struct km_mirror_files *files, const struct waiting *waiting, struct km_problem *problem)
{
	char name[16];
	name_incoming(waiting->name, name);
	if (!waiting->name) {
		if (unlinkat(files->files, waiting->path, 0) == 0)
			files->removed++;
		else if (errno != ENOENT && errno != ENOTDIR)
			return fail(files, waiting->path, "take it away", problem);
		return KM_OK;
	}
	bool done = renameat(files->incoming, name, files->files, waiting->path) == 0;
	if (!done && errno == ENOENT && make_above(files->files, waiting->path))
		done = renameat(files->incoming, name, files->files, waiting->path) == 0;
	if (!done)
		return fail(files, waiting->path, "put it in its place", problem);
	files->written++;
	return KM_OK;
}

/* One line for each: "put PATH" or "remove PATH". Before it is so, for it does no harm to upload a file twice. */
static enum km_error note(struct km_mirror_files *files, struct km_problem *problem)
{
	auto_buf struct km_buf lines = KM_BUF_EMPTY;
	for (size_t i = 0; i < files->waiting_len; i++)
		km_buf_add_format(&lines, "%s %s\n", files->waiting[i].name ? "put" : "remove", files->waiting[i].path);
	if (lines.failed)
		return km_fail_memory(problem);
	for (size_t done = 0; done < lines.len;) {
		ssize_t written = write(files->journal, lines.data + done, lines.len - done);
		if (written < 0 && errno != EINTR)
			return fail(files, "../changes.txt", "write it", problem);
		done += written > 0 ? (size_t)written : 0;
	}
	return KM_OK;
}

enum km_error km_mirror_files_settle(struct km_mirror_files *files, struct km_problem *problem)
{
	enum km_error error = note(files, problem);
	/* The bytes first, and only then the names. */
	if (!error && syncfs(files->incoming) != 0)
		error = fail(files, "", "sync it", problem);
	for (size_t i = 0; i < files->waiting_len && !error; i++)
		error = place(files, &files->waiting[i], problem);
	files->waiting_len = 0;
	if (!error && syncfs(files->files) != 0)
		error = fail(files, "", "sync it", problem);
	return error;
}

static enum km_error wait_for_place(struct km_mirror_files *files, unsigned name, const char *path,
                                    struct km_problem *problem)
{
	if (strlen(path) >= KM_MIRROR_PATH_MAX || *path == '/' || strstr(path, ".."))
		return km_fail(problem, KM_BUG, "mirror-path", "\"%.200s\" cannot be the path of a file", path);
	enum km_error error = files->waiting_len == WAITING_MAX ? km_mirror_files_settle(files, problem) : KM_OK;
	if (error)
		return error;
	struct waiting *waiting = &files->waiting[files->waiting_len++];
	waiting->name = name;
	strcpy(waiting->path, path);
	return KM_OK;
}

enum km_error km_mirror_files_remove(struct km_mirror_files *files, const char *path, struct km_problem *problem)
{
	return wait_for_place(files, 0, path, problem);
}

/* ------------------------------------------------------------------------------------------------------ the bytes */

enum km_error km_mirror_files_begin(struct km_mirror_files *files, struct km_problem *problem)
{
	char name[16];
	name_incoming(++files->last_name, name);
	files->open = openat(files->incoming, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (files->open < 0 || fchmod(files->open, 0644) != 0)
		return fail(files, "../incoming", "write there", problem);
	km_sha256_begin(&files->running);
	return KM_OK;
}

enum km_error km_mirror_files_add(struct km_mirror_files *files, const void *bytes, size_t len,
                                  struct km_problem *problem)
{
	km_sha256_add(&files->running, bytes, len);
	for (const char *next = bytes; len;) {
		ssize_t written = write(files->open, next, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail(files, "../incoming", "write there", problem);
		next += written;
		len -= (size_t)written;
	}
	return KM_OK;
}

enum km_error km_mirror_files_end(struct km_mirror_files *files, const char *path,
                                  uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem)
{
	km_sha256_end(&files->running, ret_digest);
	int closed = close(files->open);
	files->open = -1;
	if (closed != 0)
		return fail(files, "../incoming", "write there", problem);
	return wait_for_place(files, files->last_name, path, problem);
}

enum km_error km_mirror_files_put(struct km_mirror_files *files, const char *path, const void *bytes, size_t len,
                                  struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	enum km_error error = km_mirror_files_begin(files, problem);
	if (!error)
		error = km_mirror_files_add(files, bytes, len, problem);
	return error ? error : km_mirror_files_end(files, path, digest, problem);
}

enum km_error km_mirror_files_also(struct km_mirror_files *files, const char *path, struct km_problem *problem)
{
	char last[16], name[16];
	name_incoming(files->last_name, last);
	name_incoming(++files->last_name, name);
	/* What was put last has no place yet: others get theirs only when one more is put. */
	if (linkat(files->incoming, last, files->incoming, name, 0) != 0)
		return fail(files, path, "link it", problem);
	return wait_for_place(files, files->last_name, path, problem);
}

size_t km_mirror_files_written(const struct km_mirror_files *files)
{
	return files->written;
}

size_t km_mirror_files_removed(const struct km_mirror_files *files)
{
	return files->removed;
}
