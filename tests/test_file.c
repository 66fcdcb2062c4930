#include "tests/test.h"

#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each test has an empty folder of its own as its working folder. */
static int enter_folder(void **state)
{
	const char *where = getenv("TMPDIR");
	char folder[4096];
	if (snprintf(folder, sizeof folder, "%s/km-file.XXXXXX", where && *where ? where : "/tmp") >= (int)sizeof folder)
		return -1;
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	*state = strdup(folder);
	return *state ? 0 : -1;
}

static int leave_folder(void **state)
{
	DIR *folder = opendir(".");
	if (!folder)
		return -1;
	for (struct dirent *entry; (entry = readdir(folder));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(entry->d_name) != 0)
			rmdir(entry->d_name);
	closedir(folder);
	int gone = chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
	free(*state);
	return gone;
}

static size_t names_in_folder(void)
{
	size_t names = 0;
	DIR *folder = opendir(".");
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));)
		names += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(folder);
	return names;
}

static void holds(const char *path, const char *expected, mode_t mode)
{
	struct km_problem problem = {0};
	auto_free char *bytes = NULL;
	size_t len = 0;
	assert_ok(km_file_read(path, 1000, &bytes, &len, &problem), &problem);
	assert_string_equal(bytes, expected);
	assert_int_equal(len, strlen(expected));
	struct stat file;
	assert_int_equal(lstat(path, &file), 0);
	assert_true(S_ISREG(file.st_mode));
	assert_int_equal(file.st_mode & 07777, mode);
	assert_int_equal(file.st_nlink, 1);
}

static void a_file_is_made_with_just_its_permissions(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	static const mode_t modes[] = {0600, 0640, 0644, 0400};
	static const mode_t masks[] = {0, 077, 0777};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		for (size_t j = 0; j < sizeof masks / sizeof *masks; j++) {
			mode_t before = umask(masks[j]);
			assert_ok(km_file_create("new", "secret", 6, modes[i], &problem), &problem);
			assert_ok(km_file_replace("other", "secret", 6, modes[i], &problem), &problem);
			umask(before);
			holds("new", "secret", modes[i]);
			holds("other", "secret", modes[i]);
			assert_int_equal(names_in_folder(), 2);
			unlink("new");
			unlink("other");
		}
}

static void a_file_that_is_there_is_not_made_again(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	assert_ok(km_file_create("key", "first", 5, 0600, &problem), &problem);
	assert_problem(km_file_create("key", "second", 6, 0644, &problem), &problem, KM_CONFLICT, "file-exists");
	assert_contains(problem.message, "key: ");
	holds("key", "first", 0600);
	assert_int_equal(names_in_folder(), 1);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_problem(km_file_create("folder", "x", 1, 0600, &problem), &problem, KM_CONFLICT, "file-exists");
}

static void a_symbolic_link_is_never_written_through(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	assert_ok(km_file_create("target", "target", 6, 0600, &problem), &problem);
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_problem(km_file_create("link", "x", 1, 0600, &problem), &problem, KM_CONFLICT, "file-exists");
	assert_problem(km_file_create("dangling", "x", 1, 0600, &problem), &problem, KM_CONFLICT, "file-exists");
	assert_int_equal(access("nowhere", F_OK), -1);
	assert_ok(km_file_replace("link", "replaced", 8, 0640, &problem), &problem);
	holds("link", "replaced", 0640);
	holds("target", "target", 0600);
	assert_ok(km_file_replace("dangling", "replaced", 8, 0640, &problem), &problem);
	holds("dangling", "replaced", 0640);
	assert_int_equal(access("nowhere", F_OK), -1);
	assert_int_equal(names_in_folder(), 3);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	assert_ok(km_file_replace("list", "old and long", 12, 0644, &problem), &problem);
	int held = open("list", O_RDONLY | O_CLOEXEC);
	assert_true(held >= 0);
	assert_ok(km_file_replace("list", "new", 3, 0600, &problem), &problem);
	holds("list", "new", 0600);
	char old[32] = "";
	assert_int_equal(read(held, old, sizeof old), 12); /* who had it open keeps the old one */
	assert_string_equal(old, "old and long");
	close(held);
	assert_ok(km_file_replace("list", NULL, 0, 0600, &problem), &problem);
	holds("list", "", 0600);
}

static void where_it_cannot_be_written_nothing_is_left(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	assert_problem(km_file_create("no/such/folder", "x", 1, 0600, &problem), &problem, KM_IO, "file");
	assert_contains(problem.message, "no/such/folder: ");
	assert_problem(km_file_replace("no/such/folder", "x", 1, 0600, &problem), &problem, KM_IO, "file");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_problem(km_file_replace("folder", "x", 1, 0600, &problem), &problem, KM_IO, "file");
	assert_int_equal(names_in_folder(), 1);
}

static void a_file_is_read_to_its_limit(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char *bytes = NULL;
	size_t len = 99;
	assert_ok(km_file_create("ten", "0123456789", 10, 0600, &problem), &problem);
	assert_problem(km_file_read("ten", 9, &bytes, &len, &problem), &problem, KM_TOO_LARGE, "file-too-large");
	assert_contains(problem.message, "ten: ");
	assert_contains(problem.message, "9 bytes");
	assert_null(bytes);
	assert_int_equal(len, 99);
	assert_ok(km_file_read("ten", 10, &bytes, &len, &problem), &problem);
	assert_int_equal(len, 10);
	assert_memory_equal(bytes, "0123456789", 11);
	free(bytes);
	assert_ok(km_file_create("empty", "", 0, 0600, &problem), &problem);
	assert_ok(km_file_read("empty", 0, &bytes, &len, &problem), &problem);
	assert_int_equal(len, 0);
	assert_string_equal(bytes, "");
	free(bytes);
}

/* Its size is said to be 0. */
static void a_file_that_does_not_know_its_size_is_read_whole(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char *bytes;
	size_t len;
	assert_ok(km_file_read("/proc/self/status", 100000, &bytes, &len, &problem), &problem);
	assert_contains(bytes, "Pid:");
	assert_int_equal(strlen(bytes), len);
	free(bytes);
	assert_problem(km_file_read("/proc/self/status", 100, &bytes, &len, &problem), &problem, KM_TOO_LARGE,
	               "file-too-large");
}

static void only_a_regular_file_is_read(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char *bytes = NULL;
	size_t len;
	assert_problem(km_file_read("absent", 10, &bytes, &len, &problem), &problem, KM_ABSENT, "no-file");
	assert_contains(problem.message, "absent: ");
	assert_ok(km_file_create("plain", "x", 1, 0600, &problem), &problem);
	assert_problem(km_file_read("plain/below", 10, &bytes, &len, &problem), &problem, KM_ABSENT, "no-file");
	assert_problem(km_file_read(".", 10, &bytes, &len, &problem), &problem, KM_IO, "not-a-file");
	assert_problem(km_file_read("/dev/zero", 10, &bytes, &len, &problem), &problem, KM_IO, "not-a-file");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_problem(km_file_read("pipe", 10, &bytes, &len, &problem), &problem, KM_IO, "not-a-file"); /* at once */
	assert_null(bytes);
	assert_int_equal(symlink("plain", "link"), 0);
	assert_ok(km_file_read("link", 10, &bytes, &len, &problem), &problem);
	assert_string_equal(bytes, "x");
	free(bytes);
}

/* Puts a pipe with this many bytes in the place of standard input, and reads that to its limit. */
static enum km_error read_input(size_t count, size_t max_bytes, char **ret_bytes, size_t *ret_len,
                                struct km_problem *problem)
{
	int ends[2], kept = dup(STDIN_FILENO);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 17) >= (int)count);
	auto_free char *bytes = malloc(count + 1);
	assert_non_null(bytes);
	memset(bytes, 'i', count);
	assert_int_equal(write(ends[1], bytes, count), count);
	close(ends[1]);
	assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
	close(ends[0]);
	enum km_error error = km_file_read("-", max_bytes, ret_bytes, ret_len, problem);
	if (kept >= 0) {
		dup2(kept, STDIN_FILENO);
		close(kept);
	}
	return error;
}

static void standard_input_is_read_to_its_limit(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char *bytes = NULL;
	size_t len = 0;
	assert_ok(read_input(100000, 100000, &bytes, &len, &problem), &problem);
	assert_int_equal(len, 100000);
	assert_int_equal(strlen(bytes), 100000);
	free(bytes);
	bytes = NULL;
	assert_problem(read_input(100001, 100000, &bytes, &len, &problem), &problem, KM_TOO_LARGE, "file-too-large");
	assert_contains(problem.message, "standard input");
	assert_null(bytes);
	assert_ok(read_input(0, 10, &bytes, &len, &problem), &problem);
	assert_string_equal(bytes, "");
	free(bytes);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_file_is_made_with_just_its_permissions),
		IN_FOLDER(a_file_that_is_there_is_not_made_again),
		IN_FOLDER(a_symbolic_link_is_never_written_through),
		IN_FOLDER(a_file_is_replaced_as_a_whole),
		IN_FOLDER(where_it_cannot_be_written_nothing_is_left),
		IN_FOLDER(a_file_is_read_to_its_limit),
		IN_FOLDER(a_file_that_does_not_know_its_size_is_read_whole),
		IN_FOLDER(only_a_regular_file_is_read),
		IN_FOLDER(standard_input_is_read_to_its_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
