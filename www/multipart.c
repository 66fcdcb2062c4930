#include "www/multipart.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARY_MAX = 70, DELIMITER_MAX = BOUNDARY_MAX + 4 };

static enum km_error refuse(struct km_problem *problem, const char *what)
{
	return km_fail(problem, KM_MALFORMED, "multipart", "the form cannot be read: %s", what);
}

/* One parameter of a header: name="value" or name=value. */
struct parameter {
	const char *name, *value;
	size_t name_len, value_len;
};

/* The next parameter after the semicolon at *at; false where there is no other that is whole. */
static bool next_parameter(const char **at, const char *end, struct parameter *ret_parameter)
{
	const char *from = *at;
	while (from < end && (*from == ';' || *from == ' ' || *from == '\t'))
		from++;
	const char *equals = memchr(from, '=', (size_t)(end - from));
	if (!equals)
		return false;
	const char *value = equals + 1, *stop = NULL;
	bool quoted = value < end && *value == '"';
	value += quoted;
	if (quoted)
		stop = memchr(value, '"', (size_t)(end - value));
	else
		for (stop = value; stop < end && *stop != ';'; stop++)
			;
	if (!stop)
		return false;
	*ret_parameter = (struct parameter){
		.name = from, .name_len = (size_t)(equals - from), .value = value, .value_len = (size_t)(stop - value)};
	*at = stop + quoted;
	return true;
}

/* The value of this parameter of a header line; false where there is none, or it does not fit. */
static bool parameter(const char *line, size_t len, const char *name, char *ret_value, size_t size)
{
	const char *end = line + len, *at = memchr(line, ';', len);
	struct parameter found;
	while (at && next_parameter(&at, end, &found)) {
		if (found.name_len != strlen(name) || strncasecmp(found.name, name, found.name_len) != 0)
			continue;
		if (!found.value_len || found.value_len >= size)
			return false;
		memcpy(ret_value, found.value, found.value_len);
		ret_value[found.value_len] = '\0';
		return true;
	}
	return false;
}

/* The field's name from the head of a part: its lines up to the blank one. */
static bool part_name(const char *head, const char *end, char ret_name[static KM_PART_NAME_MAX + 1])
{
	static const char disposition[] = "Content-Disposition: form-data";
	for (const char *line = head; line < end;) {
		const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
		size_t len = (size_t)((stop ? stop : end) - line);
		if (len > sizeof disposition - 1 && strncasecmp(line, disposition, sizeof disposition - 1) == 0)
			return parameter(line, len, "name", ret_name, KM_PART_NAME_MAX + 1);
		line = stop ? stop + 2 : end;
	}
	return false;
}

/* One part, from its head to the delimiter that ends it, which *at then stands at. */
static enum km_error read_part(const char **at, const char *end, const char *delimiter, size_t delimiter_len,
                               struct km_parts *parts, struct km_problem *problem)
{
	if (parts->len == KM_PARTS_MAX)
		return refuse(problem, "it has too many parts");
	const char *blank = memmem(*at, (size_t)(end - *at), "\r\n\r\n", 4);
	const char *stop = blank ? memmem(blank + 4, (size_t)(end - blank - 4), delimiter, delimiter_len) : NULL;
	if (!stop)
		return refuse(problem, "it breaks off");
	struct km_part *part = &parts->list[parts->len];
	if (!part_name(*at, blank, part->name))
		return refuse(problem, "a part has no name");
	part->bytes = blank + 4;
	part->len = (size_t)(stop - part->bytes);
	parts->len++;
	*at = stop;
	return KM_OK;
}

enum km_error km_parts_parse(const char *content_type, const char *body, size_t len, struct km_parts *ret_parts,
                             struct km_problem *problem)
{
	char delimiter[DELIMITER_MAX + 1] = "\r\n--";
	if (!parameter(content_type, strlen(content_type), "boundary", delimiter + 4, BOUNDARY_MAX + 1))
		return refuse(problem, "its Content-Type names no boundary");
	size_t delimiter_len = strlen(delimiter);
	const char *end = body + len;
	/* The first delimiter lacks the line break before it. */
	if (len < delimiter_len - 2 || memcmp(body, delimiter + 2, delimiter_len - 2) != 0)
		return refuse(problem, "it does not begin with its boundary");
	struct km_parts parts = {.len = 0};
	for (const char *at = body + delimiter_len - 2;; at += delimiter_len) {
		if (end - at >= 2 && memcmp(at, "--", 2) == 0)
			break;
		if (end - at < 2 || memcmp(at, "\r\n", 2) != 0)
			return refuse(problem, "a boundary is not at the end of its line");
		at += 2;
		enum km_error error = read_part(&at, end, delimiter, delimiter_len, &parts, problem);
		if (error)
			return error;
	}
	*ret_parts = parts;
	return KM_OK;
}

const struct km_part *km_parts_find(const struct km_parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->len; i++)
		if (parts->list[i].len && strcmp(parts->list[i].name, name) == 0)
			return &parts->list[i];
	return NULL;
}
