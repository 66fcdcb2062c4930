/*
 * JSON from outside, read strictly: over jansson, which does the parsing.
 */
#ifndef KM_BASE_JSON_H
#define KM_BASE_JSON_H

#include "base/buf.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* json_auto_t (jansson's own) releases a json_t when it goes out of scope. */

/* Parses one JSON object: UTF-8, no duplicate member, no NUL, nothing after it, nesting of at most 32. `what` names the
 * input in the message ("the submission"). KM_MALFORMED with line and column. The object is the caller's (json_decref).
 */
enum km_error km_json_parse(const char *bytes, size_t len, const char *what, json_t **ret_object,
                            struct km_problem *problem);

/* The same of one array. */
enum km_error km_json_parse_array(const char *bytes, size_t len, const char *what, json_t **ret_array,
                                  struct km_problem *problem);

/* Members of an object. `where` is the path shown to people ("audit.findings[3]"; "" at the top). All give KM_INVALID
 * with type "member" and a message that names the member and what is expected there. */

/* A string of 1 to max_characters code points without control characters (nor those that turn the direction of writing
 * around, with which a text shows as another); borrowed from the object. */
enum km_error km_json_string(const json_t *object, const char *where, const char *member, size_t max_characters,
                             const char **ret_text, struct km_problem *problem);

/* The same where the member may be missing: then *ret_text becomes NULL. A null counts as missing. */
enum km_error km_json_string_optional(const json_t *object, const char *where, const char *member,
                                      size_t max_characters, const char **ret_text, struct km_problem *problem);

enum km_error km_json_integer(const json_t *object, const char *where, const char *member, int64_t min, int64_t max,
                              int64_t *ret_number, struct km_problem *problem);

/* A moment as km_time_format writes it: "2026-11-24T17:02:37Z". */
enum km_error km_json_moment(const json_t *object, const char *where, const char *member, int64_t *ret_moment,
                             struct km_problem *problem);

/* An array of min to max elements, borrowed. */
enum km_error km_json_array(const json_t *object, const char *where, const char *member, size_t min, size_t max,
                            const json_t **ret_array, struct km_problem *problem);

/* An object, borrowed. */
enum km_error km_json_object(const json_t *object, const char *where, const char *member, const json_t **ret_object,
                             struct km_problem *problem);

/* Refuses every member that is not in the NULL-terminated list: a mistyped name must not be passed over in silence. */
enum km_error km_json_only(const json_t *object, const char *where, const char *const known[],
                           struct km_problem *problem);

/* A new string of that form; NULL where memory ran out. */
json_t *km_json_moment_new(int64_t moment);

/* Adds a text as a JSON string, or null where it is NULL. It must be UTF-8. */
void km_json_add_string(struct km_buf *buf, const char *text);

/* Compact text in the order in which members were set; the caller's (free). NULL where memory ran out. */
char *km_json_text(const json_t *value);

#endif
