#include "base/buf.h"

#include "base/encode.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* Room for `more` bytes and a NUL after what is there. */
static bool reserve(struct km_buf *buf, size_t more)
{
	if (buf->failed)
		return false;
	if (more >= SIZE_MAX / 2 - buf->len) {
		buf->failed = true;
		return false;
	}
	size_t needed = buf->len + more + 1;
	if (needed <= buf->capacity)
		return true;
	size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
	while (capacity < needed)
		capacity *= 2;
	char *data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void km_buf_add(struct km_buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

char *km_buf_room(struct km_buf *buf, size_t len)
{
	if (!reserve(buf, len))
		return NULL;
	char *room = buf->data + buf->len;
	buf->len += len;
	buf->data[buf->len] = '\0';
	return room;
}

void km_buf_add_char(struct km_buf *buf, char c)
{
	km_buf_add(buf, &c, 1);
}

void km_buf_add_text(struct km_buf *buf, const char *text)
{
	km_buf_add(buf, text, strlen(text));
}

void km_buf_add_format(struct km_buf *buf, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (len < 0)
		buf->failed = true;
	else if (reserve(buf, (size_t)len)) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

/* XML 1.0, production 2 (Char). */
static bool xml_allows(uint32_t code_point)
{
	if (code_point < 0x20)
		return code_point == '\t' || code_point == '\n' || code_point == '\r';
	return code_point != 0xfffe && code_point != 0xffff;
}

static const char *reference_of(uint32_t code_point)
{
	switch (code_point) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void km_buf_add_escaped(struct km_buf *buf, const char *text)
{
	size_t len = strlen(text), at = 0, plain = 0; /* from `plain` to `at` nothing needs a change */
	while (at < len) {
		uint32_t code_point;
		size_t size = km_utf8_next(text + at, len - at, &code_point);
		const char *instead =
			size == 0 || !xml_allows(code_point) ? "\xef\xbf\xbd" /* U+FFFD */ : reference_of(code_point);
		if (size == 0)
			size = 1;
		if (instead) {
			km_buf_add(buf, text + plain, at - plain);
			km_buf_add_text(buf, instead);
			plain = at + size;
		}
		at += size;
	}
	km_buf_add(buf, text + plain, at - plain);
}

char *km_buf_take(struct km_buf *buf, size_t *ret_len)
{
	char *taken = NULL;
	if (reserve(buf, 0)) {
		taken = buf->data;
		taken[buf->len] = '\0';
		if (ret_len)
			*ret_len = buf->len;
		buf->data = NULL;
	}
	km_buf_free(buf);
	return taken;
}

void km_buf_free(struct km_buf *buf)
{
	free(buf->data);
	*buf = KM_BUF_EMPTY;
}
