#include "keys/nquads.h"

#include "base/buf.h"
#include "base/encode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In an address of ours: ASCII, without what the grammar lets no IRI have. */
static bool in_iri(unsigned char c)
{
	return c > ' ' && c < 0x7f && !strchr("<>\"{}|^`\\", c);
}

/* Controls, and what XML 1.1 has no place for. */
static bool is_odd(uint32_t code_point)
{
	return code_point < 0x20 || code_point == 0x7f || code_point == 0xfffe || code_point == 0xffff;
}

static void fail(struct km_nquads *set, enum km_error error)
{
	if (!set->error)
		set->error = error;
}

static void add_iri(struct km_nquads *set, const char *iri, struct km_buf *line)
{
	for (const char *c = iri; *c; c++)
		if (!in_iri((unsigned char)*c))
			fail(set, KM_INVALID);
	km_buf_add_char(line, '<');
	km_buf_add_text(line, iri);
	km_buf_add_char(line, '>');
}

/* Exactly what RDFC-1.0 asks for: these escapes, \u for what else is odd, and the rest as it is. */
static void add_escaped(const char *text, struct km_buf *line)
{
	static const char named[] = "\b\t\n\f\r\"\\", names[] = "btnfr\"\\";
	size_t len = strlen(text), size;
	for (size_t at = 0; at < len; at += size) {
		uint32_t code_point = 0;
		size = km_utf8_next(text + at, len - at, &code_point);
		if (!size) {
			line->failed = true;
			return;
		}
		const char *name = code_point < 0x80 ? strchr(named, (char)code_point) : NULL;
		if (name)
			km_buf_add_format(line, "\\%c", names[name - named]);
		else if (is_odd(code_point))
			km_buf_add_format(line, "\\u%04X", (unsigned)code_point);
		else
			km_buf_add(line, text + at, size);
	}
}

static void begin(struct km_nquads *set, const char *subject, const char *predicate, struct km_buf *line)
{
	add_iri(set, subject, line);
	km_buf_add_char(line, ' ');
	add_iri(set, predicate, line);
	km_buf_add_char(line, ' ');
}

static void end(struct km_nquads *set, struct km_buf *line)
{
	km_buf_add_text(line, " .\n");
	if (set->len == set->capacity) {
		size_t capacity = set->capacity ? 2 * set->capacity : 64;
		char **lines = reallocarray(set->lines, capacity, sizeof *lines);
		if (!lines) {
			fail(set, KM_NO_MEMORY);
			return;
		}
		set->lines = lines;
		set->capacity = capacity;
	}
	char *text = km_buf_take(line, NULL);
	if (text)
		set->lines[set->len++] = text;
	else
		fail(set, KM_NO_MEMORY);
}

void km_nquads_add_link(struct km_nquads *set, const char *subject, const char *predicate, const char *object)
{
	auto_buf struct km_buf line = KM_BUF_EMPTY;
	begin(set, subject, predicate, &line);
	add_iri(set, object, &line);
	end(set, &line);
}

void km_nquads_add_text(struct km_nquads *set, const char *subject, const char *predicate, const char *text,
                        const char *datatype)
{
	auto_buf struct km_buf line = KM_BUF_EMPTY;
	begin(set, subject, predicate, &line);
	km_buf_add_char(&line, '"');
	add_escaped(text, &line);
	km_buf_add_char(&line, '"');
	if (datatype) {
		km_buf_add_text(&line, "^^");
		add_iri(set, datatype, &line);
	}
	end(set, &line);
}

/* The bytes of UTF-8 have the order of its code points. */
static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum km_error km_nquads_take(struct km_nquads *set, char **ret_text, size_t *ret_len, struct km_problem *problem)
{
	if (set->error == KM_INVALID)
		return km_fail(problem, KM_INVALID, "iri", "there is an address with a character that none may have");
	if (set->error)
		return km_fail_memory(problem);
	if (set->len)
		qsort(set->lines, set->len, sizeof *set->lines, compare);
	auto_buf struct km_buf all = KM_BUF_EMPTY;
	for (size_t i = 0; i < set->len; i++)
		if (i == 0 || strcmp(set->lines[i], set->lines[i - 1]) != 0)
			km_buf_add_text(&all, set->lines[i]);
	char *text = km_buf_take(&all, ret_len);
	if (!text)
		return km_fail_memory(problem);
	*ret_text = text;
	return KM_OK;
}

void km_nquads_done(struct km_nquads *set)
{
	for (size_t i = 0; i < set->len; i++)
		free(set->lines[i]);
	free(set->lines);
	*set = KM_NQUADS_EMPTY;
}

bool km_span_is(struct km_span span, const char *text)
{
	return strlen(text) == span.len && memcmp(span.at, text, span.len) == 0;
}

/* ---------------------------------------------------------------------------------------------------- reading */

/* Each of these moves the span on, past what it took; false where something else is there. */

static bool skip(struct km_span *rest, const char *text)
{
	size_t len = strlen(text);
	if (rest->len < len || memcmp(rest->at, text, len) != 0)
		return false;
	rest->at += len;
	rest->len -= len;
	return true;
}

static bool read_iri(struct km_span *rest, struct km_span *ret_iri)
{
	if (!skip(rest, "<"))
		return false;
	struct km_span iri = {.at = rest->at};
	while (iri.len < rest->len && in_iri((unsigned char)iri.at[iri.len]))
		iri.len++;
	rest->at += iri.len;
	rest->len -= iri.len;
	*ret_iri = iri;
	return iri.len > 0 && skip(rest, ">");
}

/* The length of the escape at the start, which must be one of those that are written; 0 where it is not. */
static size_t escape_len(struct km_span text)
{
	static const char *const odd[] = {"\\u007F", "\\uFFFE", "\\uFFFF"};
	if (text.len < 2 || *text.at != '\\')
		return 0;
	if (strchr("btnfr\"\\", text.at[1]))
		return text.at[1] ? 2 : 0;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (text.len >= 6 && memcmp(text.at, odd[i], 6) == 0)
			return 6;
	if (text.len < 6 || memcmp(text.at, "\\u00", 4) != 0 || (text.at[4] != '0' && text.at[4] != '1'))
		return 0;
	return text.at[5] && strchr("0123456789ABCDEF", text.at[5]) ? 6 : 0;
}

static bool read_text(struct km_span *rest, struct km_span *ret_text)
{
	if (!skip(rest, "\""))
		return false;
	struct km_span text = {.at = rest->at};
	while (rest->len > 0 && *rest->at != '"') {
		uint32_t code_point = 0;
		size_t size = *rest->at == '\\' ? escape_len(*rest) : km_utf8_next(rest->at, rest->len, &code_point);
		if (!size || (*rest->at != '\\' && is_odd(code_point)))
			return false;
		rest->at += size;
		rest->len -= size;
	}
	text.len = (size_t)(rest->at - text.at);
	*ret_text = text;
	return skip(rest, "\"");
}

static bool read_object(struct km_span *rest, struct km_nquad *quad)
{
	struct km_span datatype;
	quad->is_text = rest->len > 0 && *rest->at == '"';
	if (!quad->is_text)
		return read_iri(rest, &quad->object);
	return read_text(rest, &quad->object) && (!skip(rest, "^^") || read_iri(rest, &datatype));
}

static bool read_line(struct km_span line, struct km_nquad *ret_quad)
{
	struct km_nquad quad = {.is_text = false};
	bool whole = read_iri(&line, &quad.subject) && skip(&line, " ") && read_iri(&line, &quad.predicate) &&
	             skip(&line, " ") && read_object(&line, &quad) && skip(&line, " .") && line.len == 0;
	if (whole)
		*ret_quad = quad;
	return whole;
}

/* Lines in the order of their bytes, and none twice. */
static bool in_order(struct km_span before, struct km_span line)
{
	size_t len = before.len < line.len ? before.len : line.len;
	int order = memcmp(before.at, line.at, len);
	return order < 0 || (order == 0 && before.len < line.len);
}

enum km_error km_nquads_read(const char *text, size_t len,
                             enum km_error (*take)(void *context, const struct km_nquad *quad,
                                                   struct km_problem *problem),
                             void *context, struct km_problem *problem)
{
	struct km_span before = {.at = text};
	size_t number = 1;
	for (size_t at = 0; at < len; number++) {
		const char *newline = memchr(text + at, '\n', len - at);
		struct km_span line = {text + at, newline ? (size_t)(newline - text) - at : 0};
		struct km_nquad quad;
		if (!newline || (at && !in_order(before, line)) || !read_line(line, &quad))
			return km_fail(problem, KM_MALFORMED, "n-quads", "line %zu is not a statement in canonical N-Quads",
			               number);
		enum km_error error = take(context, &quad, problem);
		if (error)
			return error;
		before = line;
		at += line.len + 1;
	}
	return KM_OK;
}
