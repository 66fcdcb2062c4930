#include "base/json.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH_MAX = 32, TEXT_DEPTH_MAX = 64 };

struct position {
	size_t line, column; /* in characters, both from 1 */
};

/* Finds the bracket that goes too deep, before a parser that recurses sees it. Text that is no JSON at all may pass. */
static bool too_deep(const char *bytes, size_t len, struct position *ret_position)
{
	struct position position = {1, 0};
	size_t depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];
		if (((unsigned char)c & 0xc0) != 0x80)
			position.column++;
		if (c == '\n')
			position = (struct position){position.line + 1, 0};
		else if (c == '"')
			in_string = !in_string;
		else if (in_string && c == '\\' && i + 1 < len && (unsigned char)bytes[i + 1] >= 0x20) {
			i++;
			position.column++;
		} else if (!in_string && (c == '{' || c == '[')) {
			if (++depth > DEPTH_MAX) {
				*ret_position = position;
				return true;
			}
		} else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return false;
}

static bool add_value(struct km_buf *buf, const json_t *value, int depth);

/* Where memory runs out, jansson says so, or says nothing at all, or takes it for a mistake in the text, or loses a
 * character of a long word and goes on. What we would write in just these words, as a token mostly is, has lost
 * nothing; any other text it reads twice: only what it finds both times, with memory to spare in between, is in it. */
static enum km_error load(const char *bytes, size_t len, json_t **ret_root, json_error_t *ret_error,
                          struct km_problem *problem)
{
	json_error_t error;
	json_auto_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	bool whole = root && add_value(&text, root, 0) && text.len == len && memcmp(text.data, bytes, len) == 0;
	if (text.failed)
		return km_fail_memory(problem);
	if (!whole) {
		bool left = km_memory_left();
		json_auto_t *again = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, ret_error);
		bool same = root ? json_equal(root, again) : !again;
		if (!same || !left || (!root && (json_error_code(&error) == json_error_out_of_memory || !*error.text)))
			return km_fail_memory(problem);
	}
	*ret_root = json_incref(root);
	return KM_OK;
}

/* Any object or array. */
static enum km_error parse(const char *bytes, size_t len, const char *what, json_t **ret_root,
                           struct km_problem *problem)
{
	struct position position;
	if (too_deep(bytes, len, &position))
		return km_fail(problem, KM_MALFORMED, "json", "%s: line %zu, column %zu: nested deeper than %d levels", what,
		               position.line, position.column, DEPTH_MAX);
	json_error_t fault;
	enum km_error error = load(bytes, len, ret_root, &fault, problem);
	if (error || *ret_root)
		return error;
	return km_fail(problem, KM_MALFORMED, "json", "%s: line %d, column %d: %s", what, fault.line,
	               fault.column > 0 ? fault.column : 1, fault.text);
}

enum km_error km_json_parse(const char *bytes, size_t len, const char *what, json_t **ret_object,
                            struct km_problem *problem)
{
	json_auto_t *root = NULL;
	enum km_error error = parse(bytes, len, what, &root, problem);
	if (!error && !json_is_object(root))
		return km_fail(problem, KM_MALFORMED, "json", "%s: line 1, column 1: a JSON object is expected: { … }", what);
	if (!error)
		*ret_object = json_incref(root);
	return error;
}

enum km_error km_json_parse_array(const char *bytes, size_t len, const char *what, json_t **ret_array,
                                  struct km_problem *problem)
{
	json_auto_t *root = NULL;
	enum km_error error = parse(bytes, len, what, &root, problem);
	if (!error && !json_is_array(root))
		return km_fail(problem, KM_MALFORMED, "json", "%s: line 1, column 1: a JSON array is expected: [ … ]", what);
	if (!error)
		*ret_array = json_incref(root);
	return error;
}

static enum km_error refuse(struct km_problem *problem, const char *where, const char *member, const char *why)
{
	return km_fail(problem, KM_INVALID, "member", "%s%s%s: %s", where, *where ? "." : "", member, why);
}

static enum km_error find(const json_t *object, const char *where, const char *member, const json_t **ret_value,
                          struct km_problem *problem)
{
	const json_t *value = json_object_get(object, member);
	if (!value || json_is_null(value))
		return refuse(problem, where, member, "this member is missing");
	*ret_value = value;
	return KM_OK;
}

/* Controls, and those that turn the direction of writing around. The marks 061C, 200E and 200F, which writing from
 * right to left needs, only touch their neighbours. */
static bool shows_nothing_or_lies(uint32_t code_point)
{
	return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) ||
	       (code_point >= 0x202a && code_point <= 0x202e) || (code_point >= 0x2066 && code_point <= 0x2069);
}

static bool is_plain_text(const char *text, size_t len, size_t *ret_characters)
{
	size_t characters = 0;
	for (size_t at = 0; at < len; characters++) {
		uint32_t code_point;
		size_t size = km_utf8_next(text + at, len - at, &code_point);
		if (size == 0 || shows_nothing_or_lies(code_point))
			return false;
		at += size;
	}
	*ret_characters = characters;
	return true;
}

enum km_error km_json_string(const json_t *object, const char *where, const char *member, size_t max_characters,
                             const char **ret_text, struct km_problem *problem)
{
	const json_t *value = NULL;
	enum km_error error = find(object, where, member, &value, problem);
	if (error)
		return error;
	if (!json_is_string(value))
		return refuse(problem, where, member, "a text between quotes is expected");
	size_t characters;
	if (!is_plain_text(json_string_value(value), json_string_length(value), &characters))
		return refuse(problem, where, member, "the text has a control character in it, such as a tab or a new line");
	if (characters == 0)
		return refuse(problem, where, member, "the text is empty");
	if (characters > max_characters)
		return km_fail(problem, KM_INVALID, "member", "%s%s%s: the text has %zu characters; at most %zu are allowed",
		               where, *where ? "." : "", member, characters, max_characters);
	*ret_text = json_string_value(value);
	return KM_OK;
}

enum km_error km_json_string_optional(const json_t *object, const char *where, const char *member,
                                      size_t max_characters, const char **ret_text, struct km_problem *problem)
{
	const json_t *value = json_object_get(object, member);
	if (value && !json_is_null(value))
		return km_json_string(object, where, member, max_characters, ret_text, problem);
	*ret_text = NULL;
	return KM_OK;
}

enum km_error km_json_integer(const json_t *object, const char *where, const char *member, int64_t min, int64_t max,
                              int64_t *ret_number, struct km_problem *problem)
{
	const json_t *value = NULL;
	enum km_error error = find(object, where, member, &value, problem);
	if (error)
		return error;
	int64_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < min || number > max)
		return km_fail(problem, KM_INVALID, "member",
		               "%s%s%s: a whole number from %" PRId64 " to %" PRId64 " is expected", where, *where ? "." : "",
		               member, min, max);
	*ret_number = number;
	return KM_OK;
}

enum km_error km_json_moment(const json_t *object, const char *where, const char *member, int64_t *ret_moment,
                             struct km_problem *problem)
{
	const char *text = NULL;
	enum km_error error = km_json_string(object, where, member, KM_TIME_TEXT, &text, problem);
	if (!error && !km_time_parse(text, ret_moment))
		error = refuse(problem, where, member, "a moment such as 2026-11-24T17:02:37Z is expected");
	return error;
}

enum km_error km_json_array(const json_t *object, const char *where, const char *member, size_t min, size_t max,
                            const json_t **ret_array, struct km_problem *problem)
{
	const json_t *value = NULL;
	enum km_error error = find(object, where, member, &value, problem);
	if (error)
		return error;
	if (!json_is_array(value))
		return refuse(problem, where, member, "a list is expected: [ … ]");
	size_t size = json_array_size(value);
	if (size < min || size > max)
		return km_fail(problem, KM_INVALID, "member", "%s%s%s: the list has %zu elements; %zu to %zu are expected",
		               where, *where ? "." : "", member, size, min, max);
	*ret_array = value;
	return KM_OK;
}

enum km_error km_json_object(const json_t *object, const char *where, const char *member, const json_t **ret_object,
                             struct km_problem *problem)
{
	const json_t *value = NULL;
	enum km_error error = find(object, where, member, &value, problem);
	if (error)
		return error;
	if (!json_is_object(value))
		return refuse(problem, where, member, "an object is expected: { … }");
	*ret_object = value;
	return KM_OK;
}

static bool is_listed(const char *name, const char *const known[])
{
	for (size_t i = 0; known[i]; i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

enum km_error km_json_only(const json_t *object, const char *where, const char *const known[],
                           struct km_problem *problem)
{
	const char *name;
	json_t *value;
	/* jansson's iterators take a pointer to what they only read. */
	json_object_foreach((json_t *)object, name, value)
	{
		(void)value;
		if (!is_listed(name, known))
			return km_fail(problem, KM_INVALID, "member",
			               "%s%s%.64s: there is no member of this name: check how it is written", where,
			               *where ? "." : "", name);
	}
	return KM_OK;
}

json_t *km_json_moment_new(int64_t moment)
{
	char text[KM_TIME_TEXT];
	km_time_format(moment, text);
	return json_string(text);
}

/* As RFC 8259 asks, and no more: what jansson writes, character for character. */
static void add_string(struct km_buf *buf, const char *text, size_t len)
{
	static const char short_forms[] = "btn\0fr"; /* of 0x08 to 0x0d */
	size_t plain = 0;
	km_buf_add_char(buf, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		km_buf_add(buf, text + plain, i - plain);
		plain = i + 1;
		if (c == '"' || c == '\\')
			km_buf_add(buf, (char[]){'\\', (char)c}, 2);
		else if (c >= 0x08 && c <= 0x0d && c != 0x0b)
			km_buf_add(buf, (char[]){'\\', short_forms[c - 0x08]}, 2);
		else
			km_buf_add_format(buf, "\\u%04X", (unsigned)c);
	}
	km_buf_add(buf, text + plain, len - plain);
	km_buf_add_char(buf, '"');
}

void km_json_add_string(struct km_buf *buf, const char *text)
{
	if (text)
		add_string(buf, text, strlen(text));
	else
		km_buf_add_text(buf, "null");
}

static bool add_object(struct km_buf *buf, const json_t *object, int depth)
{
	const char *name;
	json_t *value;
	char before = '{';
	/* jansson's iterators take a pointer to what they only read. */
	json_object_foreach((json_t *)object, name, value)
	{
		km_buf_add_char(buf, before);
		add_string(buf, name, strlen(name));
		km_buf_add_char(buf, ':');
		if (!add_value(buf, value, depth))
			return false;
		before = ',';
	}
	km_buf_add_text(buf, before == '{' ? "{}" : "}");
	return true;
}

static bool add_array(struct km_buf *buf, const json_t *array, int depth)
{
	size_t len = json_array_size(array);
	km_buf_add_char(buf, '[');
	for (size_t i = 0; i < len; i++) {
		if (i)
			km_buf_add_char(buf, ',');
		if (!add_value(buf, json_array_get(array, i), depth))
			return false;
	}
	km_buf_add_char(buf, ']');
	return true;
}

/* False for what is left to jansson. */
static bool add_value(struct km_buf *buf, const json_t *value, int depth)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return depth < TEXT_DEPTH_MAX && add_object(buf, value, depth + 1);
	case JSON_ARRAY:
		return depth < TEXT_DEPTH_MAX && add_array(buf, value, depth + 1);
	case JSON_STRING:
		add_string(buf, json_string_value(value), json_string_length(value));
		return true;
	case JSON_INTEGER:
		km_buf_add_format(buf, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return true;
	case JSON_REAL:
		return false;
	default:
		km_buf_add_text(buf, json_is_null(value) ? "null" : json_is_true(value) ? "true" : "false");
		return true;
	}
}

/* jansson looks at each step whether a value holds itself, by a table of printed addresses, which takes most of its
 * time; here the depth is the bound for that. */
char *km_json_text(const json_t *value)
{
	struct km_buf buf = KM_BUF_EMPTY;
	if (!value)
		return NULL;
	if (add_value(&buf, value, 0))
		return km_buf_take(&buf, NULL);
	km_buf_free(&buf);
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}
