/*
 * What every unit test includes. A test is named after what it promises: a_wrong_check_symbol_is_noticed.
 */
#ifndef KM_TESTS_TEST_H
#define KM_TESTS_TEST_H

/* cmocka wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* The call succeeds; where it does not, the test says why. */
#define assert_ok(call, problem) km_test_ok((call), (problem), __FILE__, __LINE__)

/* The call fails with this code, and the problem that it filled says so too, with this type and some message. */
#define assert_problem(call, problem, code, type) km_test_problem((call), (problem), (code), (type), __FILE__, __LINE__)

/* The needle is in the text. */
#define assert_contains(text, needle) km_test_contains((text), (needle), __FILE__, __LINE__)

#define KM_TEST(name) cmocka_unit_test(name)

static inline void km_test_ok(enum km_error error, const struct km_problem *problem, const char *file, int line)
{
	if (!error)
		return;
	print_error("error %d where none was expected: %s: %s\n", (int)error, problem->type, problem->message);
	_fail(file, line);
}

static inline void km_test_problem(enum km_error error, const struct km_problem *problem, enum km_error code,
                                   const char *type, const char *file, int line)
{
	if (error == code && error == problem->code && strcmp(problem->type, type) == 0 && *problem->message)
		return;
	print_error("expected error %d %s; got %d, and in the problem %d %s: %s\n", (int)code, type, (int)error,
	            (int)problem->code, problem->type, problem->message);
	_fail(file, line);
}

static inline void km_test_contains(const char *text, const char *needle, const char *file, int line)
{
	if (text && strstr(text, needle))
		return;
	print_error("\"%s\" is not in: %s\n", needle, text ? text : "(null)");
	_fail(file, line);
}

#endif
