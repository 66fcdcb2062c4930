#include "www/link.h"

#include <string.h>

static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
}

void km_link_add(struct km_buf *buf, const char *text)
{
	for (; *text; text++) {
		if (unreserved(*text))
			km_buf_add_char(buf, *text);
		else
			km_buf_add_format(buf, "%%%02X", (unsigned char)*text);
	}
}

static void add_parameter(struct km_buf *buf, bool first, const char *name, const char *value)
{
	km_buf_add_char(buf, first ? '?' : '&');
	km_link_add(buf, name);
	km_buf_add_char(buf, '=');
	km_link_add(buf, value);
}

void km_link_self(struct km_buf *buf, const struct km_request *request, const char *name, const char *value)
{
	for (const char *part = request->path ? request->path : "/"; *part;) {
		/* Each segment apart, so that its slashes stay slashes. */
		size_t len = strcspn(part, "/");
		auto_free char *segment = strndup(part, len);
		buf->failed |= !segment;
		km_link_add(buf, segment ? segment : "");
		part += len;
		if (*part == '/')
			km_buf_add_char(buf, *part++);
	}
	bool first = true;
	for (size_t i = 0; i < request->query.len; i++) {
		if (strcmp(request->query.list[i].name, name) == 0)
			continue;
		add_parameter(buf, first, request->query.list[i].name, request->query.list[i].value);
		first = false;
	}
	if (value)
		add_parameter(buf, first, name, value);
}

void km_link_file(struct km_buf *buf, const char *path, const char *language)
{
	km_buf_add_format(buf, "%s%slang=%s", path, KM_LINK_ASK_FILE, language);
}
