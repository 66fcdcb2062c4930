/*
 * replay [FILE…]: without arguments, runs each target over its inputs in $srcdir/tests/fuzz/corpus and says so in TAP;
 * else runs over these files, each in a folder with its target's name. An input that breaks a promise ends the program,
 * and the last line before that names it.
 */
#include "base/buf.h"
#include "base/file.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 8 << 20 };

static void run_file(const struct fuzz_target *target, const char *path)
{
	struct km_problem problem;
	auto_free char *bytes = NULL;
	size_t len = 0;
	printf("# %s\n", path);
	fflush(stdout);
	if (km_file_read(path, INPUT_MAX, &bytes, &len, &problem) != KM_OK) {
		fprintf(stderr, "%s\n", problem.message);
		exit(EXIT_FAILURE);
	}
	/* Without the NUL behind it, so that reading too far shows under a sanitizer. */
	auto_free char *exact = malloc(len ? len : 1);
	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	target->run(exact, len);
}

static size_t run_folder(const struct fuzz_target *target, const char *folder)
{
	struct dirent **entries = NULL;
	int len = scandir(folder, &entries, NULL, alphasort);
	size_t ran = 0;
	for (int i = 0; i < len; i++) {
		auto_free struct dirent *entry = entries[i];
		auto_buf struct km_buf path = KM_BUF_EMPTY;
		if (entry->d_name[0] == '.')
			continue;
		km_buf_add_format(&path, "%s/%s", folder, entry->d_name);
		run_file(target, path.data);
		ran++;
	}
	free(entries);
	return ran;
}

struct plan {
	const char *corpus;
	int targets;
};

static void run_target(void *context, const struct fuzz_target *target)
{
	struct plan *plan = context;
	char folder[4096];
	snprintf(folder, sizeof folder, "%s/%s", plan->corpus, target->name);
	/* A folder that is not there, or that has nothing in it, is a mistake of ours. */
	size_t ran = run_folder(target, folder);
	printf("%sok %d - the parser \"%s\" takes each of its %zu inputs as it should\n", ran ? "" : "not ",
	       ++plan->targets, target->name, ran);
}

static const struct fuzz_target *target_of(const char *path)
{
	const char *end = strrchr(path, '/');
	auto_free char *folder = end ? strndup(path, (size_t)(end - path)) : NULL;
	const char *name = folder ? strrchr(folder, '/') : NULL;
	return name ? fuzz_find(name + 1) : folder ? fuzz_find(folder) : NULL;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct fuzz_target *target = target_of(argv[i]);
		if (!target) {
			fprintf(stderr, "%s: put it in a folder with the name of a target\n", argv[i]);
			return EXIT_FAILURE;
		}
		run_file(target, argv[i]);
	}
	if (argc > 1)
		return EXIT_SUCCESS;
	const char *srcdir = getenv("srcdir");
	char corpus[4000];
	snprintf(corpus, sizeof corpus, "%s/tests/fuzz/corpus", srcdir ? srcdir : ".");
	struct plan plan = {.corpus = corpus};
	fuzz_each(run_target, &plan);
	printf("1..%d\n", plan.targets);
	return EXIT_SUCCESS;
}
