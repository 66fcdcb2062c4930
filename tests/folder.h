/*
 * For tests that write files: a folder of its own for each test, and other programs to hold ours against.
 */
#ifndef KM_TESTS_FOLDER_H
#define KM_TESTS_FOLDER_H

#include "tests/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Setup: an empty folder, which becomes the working folder. */
static inline int km_test_enter_folder(void **state)
{
	const char *where = getenv("TMPDIR");
	char folder[4096];
	if (snprintf(folder, sizeof folder, "%s/km-test.XXXXXX", where && *where ? where : "/tmp") >= (int)sizeof folder)
		return -1;
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	*state = strdup(folder);
	return *state ? 0 : -1;
}

static inline int km_test_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(path);
}

/* Teardown: removes it with all that is in it. */
static inline int km_test_leave_folder(void **state)
{
	int gone = chdir("/") == 0 ? nftw(*state, km_test_remove, 8, FTW_DEPTH | FTW_PHYS) : -1;
	free(*state);
	return gone;
}

#define KM_TEST_IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, km_test_enter_folder, km_test_leave_folder)

/* Runs a program, what it says going to the file "said"; its exit status, or -1 where there is no such program. */
static inline int km_test_run(const char *const arguments[])
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "said", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	/* The arguments are only read, whatever the type says. */
	int failed = posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return -1;
	return WEXITSTATUS(status);
}
#define RUN(...) km_test_run((const char *const[]){__VA_ARGS__, NULL})

static inline bool km_test_have_openssl(void)
{
	return RUN("openssl", "version") == 0;
}

static inline void km_test_write(const char *path, const void *bytes, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* Up to `room` - 1 bytes of it, with a NUL after them; how many. */
static inline size_t km_test_read(const char *path, void *bytes, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t got = read(fd, bytes, room - 1);
	assert_true(got >= 0);
	((char *)bytes)[got] = '\0';
	close(fd);
	return (size_t)got;
}

#endif
