/*
 * What went wrong, whose fault it was, and what to do: the one way in which every room reports a failure.
 *
 * Functions that can fail return `enum km_error` (KM_OK is 0) and, on failure, fill the caller's `struct km_problem`.
 * Output parameters, named `ret_…`, are untouched on failure. Library rooms neither print nor exit.
 */
#ifndef KM_BASE_ERROR_H
#define KM_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

enum km_error {
	KM_OK = 0,
	KM_ABSENT,      /* what was asked for does not exist (HTTP 404) */
	KM_MALFORMED,   /* bytes that are not of the form they claim to be (400) */
	KM_INVALID,     /* of the right form, but a rule about the content is broken (422) */
	KM_UNPROVEN,    /* who is asking is not established: signature, key, audience, freshness (401) */
	KM_FORBIDDEN,   /* established who asks, and that one may not do this: role, four eyes, other body (403) */
	KM_CONFLICT,    /* not in the present state of things, or already there (409) */
	KM_TOO_LARGE,   /* over a stated bound (413) */
	KM_UNAVAILABLE, /* cannot be done just now, can be tried again: locked database, no signer (503) */
	KM_IO,          /* the file system or the database failed (500) */
	KM_NO_MEMORY,   /* (500) */
	KM_BUG,         /* ours: cannot happen (500) */
};

enum { KM_PROBLEM_TYPE_MAX = 48, KM_PROBLEM_MESSAGE_MAX = 768 };

/* `type` is a short stable word with hyphens ("audience-mismatch") that programs and tests may rely on; `message` is
 * for people: what, where, what to do; plain UTF-8, no newline at the end, never a secret. */
struct km_problem {
	enum km_error code;
	char type[KM_PROBLEM_TYPE_MAX];
	char message[KM_PROBLEM_MESSAGE_MAX];
};

/* Fills `problem` (may be NULL) and returns `code`, so that a failing function ends in `return km_fail(…)`.
 * Text over the size is cut at a character's boundary. What is quoted from outside does no harm to a terminal or a log:
 * control characters become spaces, broken UTF-8 becomes question marks. */
enum km_error km_fail(struct km_problem *problem, enum km_error code, const char *type, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same for an allocation that failed. */
enum km_error km_fail_memory(struct km_problem *problem);

/* Whether there is memory to be had: to ask where a library may take the want of it for something else. */
bool km_memory_left(void);

/* Puts "WHERE: " before the message that is there already: a line number, a file's name. */
void km_problem_prefix(struct km_problem *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
