/*
 * A clock for tests: a file that holds one whole number of seconds, read anew at each call, so that a test can move the
 * time of a running program.
 */
#ifndef KM_CLI_TEST_CLOCK_H
#define KM_CLI_TEST_CLOCK_H

#include "base/clock.h"
#include "base/error.h"

#include <stdatomic.h>

struct km_test_clock {
	const char *path;     /* borrowed */
	_Atomic int64_t last; /* what is told while the file cannot be read */
};

/* Reads the file once, so that a wrong one is noticed at the start. The clock borrows `storage` and `path`. */
enum km_error km_test_clock_open(const char *path, struct km_test_clock *storage, struct km_clock *ret_clock,
                                 struct km_problem *problem);

#endif
