/* The way in for libFuzzer: fuzz --target=NAME FOLDER… ; what else there is, fuzz -help=1 tells. */
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void print_name(void *context, const struct fuzz_target *each)
{
	(void)context;
	puts(each->name);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char option[] = "--target=";
	for (int i = 1; i < *argc; i++) {
		if (strcmp((*argv)[i], "--targets") == 0) {
			fuzz_each(print_name, NULL);
			exit(EXIT_SUCCESS);
		}
		if (strncmp((*argv)[i], option, sizeof option - 1) == 0)
			target = fuzz_find((*argv)[i] + sizeof option - 1);
	}
	if (!target) {
		fprintf(stderr, "which one? give --target=NAME; --targets lists them\n");
		exit(EXIT_FAILURE);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	target->run((const char *)bytes, len);
	return 0;
}
