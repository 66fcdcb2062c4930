#include "base/file.h"

#include "base/buf.h"
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_READ_BYTES = 16384 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define auto_close __attribute__((cleanup(close_fd)))

static enum km_error io_problem(struct km_problem *problem, const char *path, const char *doing)
{
	int reason = errno;
	return km_fail(problem, reason == ENOMEM ? KM_NO_MEMORY : KM_IO, "file", "%s: cannot %s: %s", path, doing,
	               strerror(reason));
}

/* What is being read; it may be a key, so that what is given up is wiped. */
struct content {
	char *bytes;
	size_t len, capacity;
};

static void give_up(struct content *content)
{
	if (content->bytes)
		km_wipe(content->bytes, content->capacity);
	free(content->bytes);
}

static bool grow(struct content *content, size_t capacity)
{
	struct content larger = {.bytes = malloc(capacity), .len = content->len, .capacity = capacity};
	if (!larger.bytes)
		return false;
	if (content->len)
		memcpy(larger.bytes, content->bytes, content->len);
	give_up(content);
	*content = larger;
	return true;
}

/* Reads to the end; the capacity that content comes with is enough for most files. */
static enum km_error read_all(int fd, const char *path, size_t max_bytes, struct content *content,
                              struct km_problem *problem)
{
	for (;;) {
		/* One byte is kept for the NUL, and one to see that there is no more. */
		if (content->capacity - content->len < 2 && !grow(content, content->capacity * 2))
			return km_fail_memory(problem);
		ssize_t got = read(fd, content->bytes + content->len, content->capacity - content->len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_problem(problem, path, "read");
		if (got == 0)
			break;
		content->len += (size_t)got;
		if (content->len > max_bytes)
			return km_fail(problem, KM_TOO_LARGE, "file-too-large", "%s: this is larger than %zu bytes", path,
			               max_bytes);
	}
	content->bytes[content->len] = '\0';
	return KM_OK;
}

static enum km_error open_to_read(const char *path, int *ret_fd, size_t *ret_size, struct km_problem *problem)
{
	/* O_NONBLOCK: opening a pipe must not wait for somebody to write to it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return km_fail(problem, KM_ABSENT, "no-file", "%s: there is no such file", path);
	if (fd < 0)
		return io_problem(problem, path, "open");
	struct stat file;
	enum km_error error = KM_OK;
	if (fstat(fd, &file) != 0)
		error = io_problem(problem, path, "open");
	else if (!S_ISREG(file.st_mode))
		error = km_fail(problem, KM_IO, "not-a-file", "%s: this is not a regular file", path);
	if (error) {
		close(fd);
		return error;
	}
	*ret_fd = fd;
	*ret_size = file.st_size > 0 ? (size_t)file.st_size : 0;
	return KM_OK;
}

enum km_error km_file_read(const char *path, size_t max_bytes, char **ret_bytes, size_t *ret_len,
                           struct km_problem *problem)
{
	auto_close int opened = -1;
	bool standard_input = strcmp(path, "-") == 0;
	size_t size = FIRST_READ_BYTES;
	if (!standard_input) {
		enum km_error error = open_to_read(path, &opened, &size, problem);
		if (error)
			return error;
	}
	if (size > max_bytes && !standard_input)
		return km_fail(problem, KM_TOO_LARGE, "file-too-large", "%s: this is larger than %zu bytes", path, max_bytes);
	__attribute__((cleanup(give_up))) struct content content = {0};
	if (!grow(&content, size + 2))
		return km_fail_memory(problem);
	enum km_error error = read_all(standard_input ? STDIN_FILENO : opened, standard_input ? "standard input" : path,
	                               max_bytes, &content, problem);
	if (error)
		return error;
	*ret_bytes = content.bytes;
	*ret_len = content.len;
	content = (struct content){0};
	return KM_OK;
}

enum km_error km_file_sync_folder(const char *path, struct km_problem *problem)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	if (!folder)
		return km_fail_memory(problem);
	auto_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return io_problem(problem, folder, "sync");
	return KM_OK;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, bytes, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		len -= (size_t)written;
	}
	return true;
}

/* Writes and syncs a file of its own beside the path; its name goes in ret_name (free). */
static enum km_error write_beside(const char *path, const void *bytes, size_t len, mode_t mode, char **ret_name,
                                  struct km_problem *problem)
{
	auto_buf struct km_buf template = KM_BUF_EMPTY;
	km_buf_add_format(&template, "%s.XXXXXX", path);
	auto_free char *name = km_buf_take(&template, NULL);
	if (!name)
		return km_fail_memory(problem);
	auto_close int fd = mkostemp(name, O_CLOEXEC); /* 0600 until it is whole */
	if (fd < 0)
		return io_problem(problem, path, "make a file there");
	if (!write_all(fd, bytes, len) || fchmod(fd, mode) != 0 || fsync(fd) != 0) {
		enum km_error error = io_problem(problem, path, "write");
		unlink(name);
		return error;
	}
	*ret_name = name;
	name = NULL;
	return KM_OK;
}

enum km_error km_file_create(const char *path, const void *bytes, size_t len, mode_t mode, struct km_problem *problem)
{
	auto_free char *beside = NULL;
	enum km_error error = write_beside(path, bytes, len, mode, &beside, problem);
	if (error)
		return error;
	/* link refuses to replace, which rename does not. */
	if (link(beside, path) != 0)
		error = errno == EEXIST ? km_fail(problem, KM_CONFLICT, "file-exists",
		                                  "%s: there is a file here already; nothing was changed", path)
		                        : io_problem(problem, path, "make this file");
	unlink(beside);
	return error ? error : km_file_sync_folder(path, problem);
}

enum km_error km_file_replace(const char *path, const void *bytes, size_t len, mode_t mode, struct km_problem *problem)
{
	auto_free char *beside = NULL;
	enum km_error error = write_beside(path, bytes, len, mode, &beside, problem);
	if (error)
		return error;
	if (rename(beside, path) != 0) {
		error = io_problem(problem, path, "replace this file");
		unlink(beside);
		return error;
	}
	return km_file_sync_folder(path, problem);
}
