#include "registry/reading.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "registry/member_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *km_path_to(char path[static KM_PATH_TEXT], const char *where, const char *member)
{
	snprintf(path, KM_PATH_TEXT, "%.120s%s%.64s", where, *where ? "." : "", member);
	return path;
}

const char *km_path_at(char path[static KM_PATH_TEXT], const char *list, size_t index)
{
	snprintf(path, KM_PATH_TEXT, "%.120s[%zu]", list, index);
	return path;
}

/* The fault's message says which member it is in. */
static void note(struct km_reading *reading, const char *path, const struct km_problem *fault)
{
	if (fault->code == KM_NO_MEMORY)
		reading->no_memory = true;
	if (reading->no_memory || reading->faults == KM_READING_FAULTS_MAX)
		return;
	struct km_problem told;
	km_fail(&told, KM_INVALID, reading->type, "line %d: %s", km_member_line(reading->json, reading->len, path),
	        fault->message);
	if (!reading->faults++)
		reading->first = told;
	if (reading->each)
		reading->each(reading->context, told.message);
}

static void note_member(struct km_reading *reading, const char *where, const char *member,
                        const struct km_problem *fault)
{
	char path[KM_PATH_TEXT];
	note(reading, km_path_to(path, where, member), fault);
}

void km_reading_refuse(struct km_reading *reading, const char *path, const char *format, ...)
{
	char words[KM_PROBLEM_MESSAGE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	struct km_problem fault;
	km_fail(&fault, KM_INVALID, reading->type, "%s: %s", path, words);
	note(reading, path, &fault);
}

void *km_reading_room(struct km_reading *reading, size_t count, size_t size)
{
	void *room = calloc(count ? count : 1, size);
	if (!room)
		reading->no_memory = true;
	return room;
}

bool km_reading_has(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);
	return value && !json_is_null(value);
}

static void refuse_unknown(struct km_reading *reading, const char *where, const char *name, const char *const known[])
{
	auto_buf struct km_buf names = KM_BUF_EMPTY;
	for (size_t i = 0; known[i]; i++)
		km_buf_add_format(&names, "%s%s", i ? ", " : "", known[i]);
	if (names.failed) {
		reading->no_memory = true;
		return;
	}
	/* A name comes from outside and may hold anything; what goes to a terminal may not. */
	char path[KM_PATH_TEXT];
	km_path_to(path, where, name);
	for (char *c = path; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	km_reading_refuse(reading, path, "there is no such member; expected one of: %s", names.data);
}

void km_reading_only(struct km_reading *reading, const json_t *object, const char *where, const char *const known[])
{
	const char *name;
	json_t *value;
	/* jansson's iterators take a pointer to what they only read. */
	json_object_foreach((json_t *)object, name, value)
	{
		(void)value;
		size_t i = 0;
		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (!known[i])
			refuse_unknown(reading, where, name, known);
	}
}

const char *km_reading_string(struct km_reading *reading, const json_t *object, const char *where, const char *member,
                              size_t max_characters)
{
	const char *text = NULL;
	struct km_problem fault;
	if (km_json_string(object, where, member, max_characters, &text, &fault))
		note_member(reading, where, member, &fault);
	return text;
}

int km_reading_number(struct km_reading *reading, const json_t *object, const char *where, const char *member, int min,
                      int max)
{
	int64_t number = 0;
	struct km_problem fault;
	if (km_json_integer(object, where, member, min, max, &number, &fault))
		note_member(reading, where, member, &fault);
	return (int)number;
}

bool km_reading_flag(struct km_reading *reading, const json_t *object, const char *where, const char *member)
{
	char path[KM_PATH_TEXT];
	if (km_reading_has(object, member) && !json_is_boolean(json_object_get(object, member)))
		km_reading_refuse(reading, km_path_to(path, where, member), "true or false is expected, without quotes");
	return json_is_true(json_object_get(object, member));
}

const json_t *km_reading_object(struct km_reading *reading, const json_t *object, const char *where, const char *member)
{
	const json_t *found = NULL;
	struct km_problem fault;
	if (km_json_object(object, where, member, &found, &fault))
		note_member(reading, where, member, &fault);
	return found;
}

const json_t *km_reading_list(struct km_reading *reading, const json_t *object, const char *where, const char *member,
                              size_t min, size_t max)
{
	const json_t *list = NULL;
	struct km_problem fault;
	if (km_json_array(object, where, member, min, max, &list, &fault))
		note_member(reading, where, member, &fault);
	return list;
}

const char *km_reading_date(struct km_reading *reading, const json_t *object, const char *where, const char *member,
                            int64_t *ret_moment)
{
	*ret_moment = 0;
	const char *text = km_reading_string(reading, object, where, member, 2 * KM_DATE_TEXT);
	if (!text || km_date_parse(text, ret_moment))
		return text;
	char path[KM_PATH_TEXT];
	km_reading_refuse(reading, km_path_to(path, where, member), "\"%s\" is no date; expected one like 2026-11-24",
	                  text);
	return NULL;
}

bool km_reading_is_object(struct km_reading *reading, const json_t *value, const char *path)
{
	if (json_is_object(value))
		return true;
	km_reading_refuse(reading, path, "an object is expected: { … }");
	return false;
}
