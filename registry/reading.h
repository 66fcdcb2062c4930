/*
 * Reads the members of a JSON text that a person wrote, and after a fault goes on, so that its author hears of all
 * faults at once, each with its line. Inside registry/ only.
 *
 * `where` is the path of the object that a member is in, as people see it ("criteria[3]"; "" at the top).
 */
#ifndef KM_REGISTRY_READING_H
#define KM_REGISTRY_READING_H

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_READING_FAULTS_MAX = 100, KM_PATH_TEXT = 200 };

struct km_reading {
	const char *json; /* the text, which has been parsed already; borrowed */
	size_t len;
	const char *type;                               /* that the problem of a fault gets: "scheme" */
	void (*each)(void *context, const char *fault); /* told of each fault; may be NULL */
	void *context;
	size_t faults;           /* at most KM_READING_FAULTS_MAX are told and counted */
	struct km_problem first; /* where there are faults */
	bool no_memory;          /* then nothing that was read counts */
};

/* "where.member" and "list[3]"; both return path. A name too long is cut, which only costs its line number. */
const char *km_path_to(char path[static KM_PATH_TEXT], const char *where, const char *member);
const char *km_path_at(char path[static KM_PATH_TEXT], const char *list, size_t index);

/* Takes note of a fault at this path. */
void km_reading_refuse(struct km_reading *reading, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Zeroed memory for so many; NULL, and no_memory set, where there is none left. */
void *km_reading_room(struct km_reading *reading, size_t count, size_t size);

/* True where the member is there and not null. */
bool km_reading_has(const json_t *object, const char *member);

/* Every member that is not in the NULL-terminated list is a fault. */
void km_reading_only(struct km_reading *reading, const json_t *object, const char *where, const char *const known[]);

/* These give NULL, 0 or false after a fault. */
const char *km_reading_string(struct km_reading *reading, const json_t *object, const char *where, const char *member,
                              size_t max_characters);
int km_reading_number(struct km_reading *reading, const json_t *object, const char *where, const char *member, int min,
                      int max);
bool km_reading_flag(struct km_reading *reading, const json_t *object, const char *where, const char *member);
const json_t *km_reading_object(struct km_reading *reading, const json_t *object, const char *where,
                                const char *member);
const json_t *km_reading_list(struct km_reading *reading, const json_t *object, const char *where, const char *member,
                              size_t min, size_t max);

/* "2026-11-24"; *ret_moment is the first second of that day, 0 after a fault. */
const char *km_reading_date(struct km_reading *reading, const json_t *object, const char *where, const char *member,
                            int64_t *ret_moment);

/* An element of a list: true where it is an object, else a fault. */
bool km_reading_is_object(struct km_reading *reading, const json_t *value, const char *path);

#endif
