/*
 * Fuzzing: each parser of bytes from outside is a target, which is given any bytes at all. It must not crash, leak,
 * hang or go on for ever, and must keep the promises that its target checks, such as: what was read is written as it
 * was.
 *
 * One program has all targets. tests/fuzz/replay.c runs those over the inputs in tests/fuzz/corpus/NAME/, with any
 * compiler; tests/fuzz/libfuzzer.c looks for more inputs (make fuzz).
 */
#ifndef KM_TESTS_FUZZ_H
#define KM_TESTS_FUZZ_H

#include <stddef.h>

struct fuzz_target {
	const char *name;
	void (*run)(const char *bytes, size_t len);
};

/* Closed by one without a name. */
extern const struct fuzz_target fuzz_base[], fuzz_keys[], fuzz_registry[], fuzz_badge[], fuzz_www[];

/* NULL where there is none of that name. */
const struct fuzz_target *fuzz_find(const char *name);

/* Calls back with each, in the order of the rooms. */
void fuzz_each(void (*each)(void *context, const struct fuzz_target *target), void *context);

/* The bytes up to the first NUL, as a text in memory of just that size; the caller's (free). */
char *fuzz_text(const char *bytes, size_t len);

/* Ends the program where it does not hold. */
void fuzz_promise_kept(int holds, const char *promise, const char *file, int line);
#define FUZZ_PROMISE(holds) fuzz_promise_kept((holds) != 0, #holds, __FILE__, __LINE__)

#endif
