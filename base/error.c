#include "base/error.h"

#include "base/encode.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_control(uint32_t code_point)
{
	return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

/* Messages quote what came from outside, and end on terminals and in logs: no control character, no broken UTF-8 (a cut
 * one at the end is left out). */
static void clean(char *text, bool cut)
{
	size_t len = strlen(text), at = 0;
	while (at < len) {
		uint32_t code_point = '?';
		size_t size = km_utf8_next(text + at, len - at, &code_point);
		if (size == 0 && cut && len - at < 4) {
			text[at] = '\0';
			return;
		}
		if (size == 0 || is_control(code_point)) {
			size = size ? size : 1;
			memset(text + at, is_control(code_point) ? ' ' : '?', size);
		}
		at += size;
	}
}

static void set_message(struct km_problem *problem, const char *message, size_t wanted_len)
{
	memcpy(problem->message, message, strlen(message) + 1);
	clean(problem->message, wanted_len >= sizeof problem->message);
}

enum km_error km_fail(struct km_problem *problem, enum km_error code, const char *type, const char *format, ...)
{
	if (!problem)
		return code;
	char message[KM_PROBLEM_MESSAGE_MAX]; /* apart: the arguments may point into *problem */
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	problem->code = code;
	size_t type_len = strnlen(type, sizeof problem->type - 1);
	memmove(problem->type, type, type_len);
	problem->type[type_len] = '\0';
	set_message(problem, len < 0 ? "" : message, len < 0 ? 0 : (size_t)len);
	return code;
}

enum km_error km_fail_memory(struct km_problem *problem)
{
	return km_fail(problem, KM_NO_MEMORY, "no-memory", "there is not enough memory for this: try again later");
}

bool km_memory_left(void)
{
	void *volatile spare = malloc(4096); /* volatile: the compiler must not leave it out */
	bool left = spare;
	free(spare);
	return left;
}

void km_problem_prefix(struct km_problem *problem, const char *format, ...)
{
	if (!problem)
		return;
	char where[KM_PROBLEM_MESSAGE_MAX];
	va_list arguments;
	va_start(arguments, format);
	int where_len = vsnprintf(where, sizeof where, format, arguments);
	va_end(arguments);
	if (where_len < 0)
		return;
	clean(where, (size_t)where_len >= sizeof where);
	char message[2 * KM_PROBLEM_MESSAGE_MAX];
	int len = snprintf(message, sizeof message, "%s: %s", where, problem->message);
	message[sizeof problem->message - 1] = '\0';
	set_message(problem, message, (size_t)len);
}
