#include "registry/name.h"

#include "base/encode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { ACCENTS_MAX = 4, BYTES_OF_CHARACTER_MAX = 4 };

struct range {
	uint32_t first, last;
	const char *why;
};

static const char control[] = "has a control character or a line break in it";
static const char direction[] = "has a character that turns the direction of writing around";
static const char invisible[] = "has an invisible character in it";
static const char unassigned[] = "has a code in it that is no character";

/* The zero-width joiner and non-joiner (200C, 200D) and the marks 200E and 200F are not here: writing needs them. */
static const struct range refused[] = {
	{0x0000, 0x001f, control},     {0x007f, 0x009f, control},
	{0x00ad, 0x00ad, invisible},   {0x180e, 0x180e, invisible},
	{0x200b, 0x200b, invisible},   {0x2028, 0x2029, control},
	{0x202a, 0x202e, direction},   {0x2060, 0x2065, invisible},
	{0x2066, 0x2069, direction},   {0x206a, 0x206f, invisible},
	{0xfdd0, 0xfdef, unassigned},  {0xfeff, 0xfeff, invisible},
	{0xfff9, 0xfffb, invisible},   {0xfffd, 0xfffd, "has a \ufffd in it: it was read in the wrong encoding once"},
	{0xe0001, 0xe0001, invisible},
};

static const struct range space[] = {
	{0x0020, 0x0020, NULL}, {0x00a0, 0x00a0, NULL}, {0x1680, 0x1680, NULL}, {0x2000, 0x200a, NULL},
	{0x202f, 0x202f, NULL}, {0x205f, 0x205f, NULL}, {0x3000, 0x3000, NULL},
};

/* Harmless beside a letter, nothing to see alone. */
static const struct range without_ink[] = {
	{0x034f, 0x034f, NULL}, {0x115f, 0x1160, NULL}, {0x200c, 0x200f, NULL},   {0x2800, 0x2800, NULL},
	{0x3164, 0x3164, NULL}, {0xfe00, 0xfe0f, NULL}, {0xe0020, 0xe007f, NULL}, {0xe0100, 0xe01ef, NULL},
	{0xffa0, 0xffa0, NULL}, {0x061c, 0x061c, NULL},
};

static const struct range accents[] = {
	{0x0300, 0x036f, NULL}, {0x0483, 0x0489, NULL}, {0x1ab0, 0x1aff, NULL},
	{0x1dc0, 0x1dff, NULL}, {0x20d0, 0x20ff, NULL}, {0xfe20, 0xfe2f, NULL},
};

static const struct range *find(const struct range *ranges, size_t len, uint32_t c)
{
	for (size_t i = 0; i < len; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return &ranges[i];
	return NULL;
}
#define FIND(ranges, c) find(ranges, sizeof(ranges) / sizeof *(ranges), c)

static const char *fault_of_character(uint32_t c)
{
	if ((c & 0xfffe) == 0xfffe)
		return unassigned;
	const struct range *found = FIND(refused, c);
	return found ? found->why : NULL;
}

/* What is wrong; NULL where nothing is. Too long is the caller's to find. */
static const char *fault_in(const char *text, size_t len, size_t *ret_characters)
{
	size_t characters = 0, pile = 0;
	bool first_space = false, last_space = false, ink = false;
	for (size_t at = 0, size; at < len; at += size, characters++) {
		uint32_t c;
		size = km_utf8_next(text + at, len - at, &c);
		if (!size)
			return "is not in UTF-8";
		const char *why = fault_of_character(c);
		if (why)
			return why;
		pile = FIND(accents, c) ? pile + 1 : 0;
		if (pile > ACCENTS_MAX)
			return "has too many accents on one letter";
		last_space = FIND(space, c) != NULL;
		if (at == 0)
			first_space = last_space;
		ink = ink || !(last_space || FIND(without_ink, c));
	}
	*ret_characters = characters;
	if (!ink)
		return "is empty";
	return first_space || last_space ? "begins or ends with white space" : NULL;
}

enum km_error km_name_check(const char *text, size_t max_characters, const char *type, const char *what,
                            struct km_problem *problem)
{
	size_t max_bytes = max_characters * BYTES_OF_CHARACTER_MAX;
	size_t len = strnlen(text, max_bytes + 1), characters = max_characters + 1;
	const char *why = len <= max_bytes ? fault_in(text, len, &characters) : NULL;
	if (why)
		return km_fail(problem, KM_INVALID, type, "%s %s", what, why);
	if (characters > max_characters)
		return km_fail(problem, KM_INVALID, type, "%s is longer than %zu characters", what, max_characters);
	return KM_OK;
}
