#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fuzz_target *const rooms[] = {fuzz_base, fuzz_keys, fuzz_registry, fuzz_badge, fuzz_www};
enum { ROOMS = sizeof rooms / sizeof *rooms };

const struct fuzz_target *fuzz_find(const char *name)
{
	for (size_t i = 0; i < ROOMS; i++)
		for (const struct fuzz_target *target = rooms[i]; target->name; target++)
			if (strcmp(target->name, name) == 0)
				return target;
	return NULL;
}

void fuzz_each(void (*each)(void *context, const struct fuzz_target *target), void *context)
{
	for (size_t i = 0; i < ROOMS; i++)
		for (const struct fuzz_target *target = rooms[i]; target->name; target++)
			each(context, target);
}

char *fuzz_text(const char *bytes, size_t len)
{
	char *text = len ? strndup(bytes, len) : strdup("");
	if (!text)
		abort();
	return text;
}

void fuzz_promise_kept(int holds, const char *promise, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, promise);
	abort();
}
