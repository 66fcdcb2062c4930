#include "cli/test_clock.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum { CLOCK_FILE_MAX = 32 }; /* bytes */

static bool read_seconds(const char *text, int64_t *ret_seconds)
{
	char *end = NULL;
	errno = 0;
	long long seconds = strtoll(text, &end, 10);
	if (errno || end == text || (*end && !(*end == '\n' && !end[1])))
		return false;
	*ret_seconds = seconds;
	return true;
}

static int64_t now(const void *context)
{
	/* A clock's context is const because most clocks only look; this one remembers what it saw last. */
	struct km_test_clock *clock = (struct km_test_clock *)(uintptr_t)context;
	auto_free char *text = NULL;
	size_t len = 0;
	int64_t seconds = 0;
	if (km_file_read(clock->path, CLOCK_FILE_MAX, &text, &len, NULL) == KM_OK && read_seconds(text, &seconds))
		atomic_store(&clock->last, seconds);
	return atomic_load(&clock->last);
}

enum km_error km_test_clock_open(const char *path, struct km_test_clock *storage, struct km_clock *ret_clock,
                                 struct km_problem *problem)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int64_t seconds = 0;
	enum km_error error = km_file_read(path, CLOCK_FILE_MAX, &text, &len, problem);
	if (error)
		return error;
	if (!read_seconds(text, &seconds))
		return km_fail(problem, KM_MALFORMED, "clock", "%s: one whole number of seconds is expected here", path);
	storage->path = path;
	atomic_init(&storage->last, seconds);
	*ret_clock = (struct km_clock){.now = now, .context = storage};
	return KM_OK;
}
