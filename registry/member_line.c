#include "registry/member_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A place in the text; every step stops at the end, whatever the text is. */
struct place {
	const char *at, *end;
};

static bool sees(const struct place *place, const char *symbols)
{
	return place->at < place->end && *place->at && strchr(symbols, *place->at);
}

static void skip_space(struct place *place)
{
	while (sees(place, " \t\r\n"))
		place->at++;
}

static void skip_string(struct place *place)
{
	place->at++;
	while (place->at < place->end && *place->at != '"')
		place->at += *place->at == '\\' && place->end - place->at > 1 ? 2 : 1;
	if (place->at < place->end)
		place->at++;
}

static void skip_value(struct place *place)
{
	size_t depth = 0;
	do {
		skip_space(place);
		if (sees(place, "\"")) {
			skip_string(place);
		} else if (sees(place, "{[")) {
			depth++;
			place->at++;
		} else if (sees(place, "}]")) {
			if (depth)
				depth--;
			place->at++;
		} else {
			while (place->at < place->end && !sees(place, " \t\r\n\"{}[],"))
				place->at++;
			if (depth && sees(place, ","))
				place->at++;
		}
	} while (depth && place->at < place->end);
}

/* From the start of an object to the named member's value; *ret_name is where the member begins. */
static bool enter_member(struct place *place, const char *name, size_t len, const char **ret_name)
{
	if (!sees(place, "{"))
		return false;
	do {
		place->at++;
		skip_space(place);
		if (!sees(place, "\""))
			return false;
		const char *start = place->at;
		skip_string(place);
		bool found = (size_t)(place->at - start) == len + 2 && memcmp(start + 1, name, len) == 0;
		skip_space(place);
		if (!sees(place, ":"))
			return false;
		place->at++;
		skip_space(place);
		if (found) {
			*ret_name = start;
			return true;
		}
		skip_value(place);
		skip_space(place);
	} while (sees(place, ","));
	return false;
}

/* From the start of an array to its element of this index. */
static bool enter_element(struct place *place, unsigned long index)
{
	if (!sees(place, "["))
		return false;
	for (;;) {
		place->at++;
		skip_space(place);
		if (place->at == place->end || sees(place, "]"))
			return false;
		if (!index--)
			return true;
		skip_value(place);
		skip_space(place);
		if (!sees(place, ","))
			return false;
	}
}

int km_member_line(const char *json, size_t len, const char *path)
{
	struct place place = {json, json + len};
	skip_space(&place);
	const char *best = place.at;
	while (*path) {
		if (*path == '[') {
			char *after;
			unsigned long index = strtoul(path + 1, &after, 10);
			if (*after != ']' || !enter_element(&place, index))
				break;
			best = place.at;
			path = after + 1;
		} else {
			path += *path == '.';
			size_t name_len = strcspn(path, ".[");
			if (!enter_member(&place, path, name_len, &best))
				break;
			path += name_len;
		}
	}
	int line = 1;
	for (const char *c = json; c < best; c++)
		line += *c == '\n';
	return line;
}
