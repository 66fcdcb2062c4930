#include "cli/say.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool steers(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad ||             /* controls, soft hyphen */
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) || /* invisible, direction */
	       (point >= 0x2060 && point <= 0x206f) || point == 0x061c || point == 0xfeff;
}

static void add_safe(struct km_buf *buf, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t point = 0;
		size_t n = km_utf8_next(text + i, len - i, &point);
		if (n == 0)
			km_buf_add_text(buf, "\xef\xbf\xbd");
		else if (steers(point))
			km_buf_add_format(buf, "\\u%04x", (unsigned)point);
		else
			km_buf_add(buf, text + i, n);
		i += n ? n : 1;
	}
}

void km_say(FILE *file, const char *format, ...)
{
	auto_free char *line = NULL;
	va_list arguments;
	va_start(arguments, format);
	int len = vasprintf(&line, format, arguments);
	va_end(arguments);
	auto_buf struct km_buf safe = KM_BUF_EMPTY;
	if (len < 0)
		line = NULL;
	else
		add_safe(&safe, line, (size_t)len);
	km_buf_add_char(&safe, '\n');
	if (len < 0 || safe.failed)
		fputs("keurmerk: no memory left to say it\n", file);
	else
		fwrite(safe.data, 1, safe.len, file); /* at once: lines of several threads do not mix */
}

void km_say_json(const json_t *value)
{
	auto_free char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
	auto_buf struct km_buf safe = KM_BUF_EMPTY;
	for (const char *line = text; line && *line;) {
		size_t len = strcspn(line, "\n"); /* newlines in it are those of the indentation */
		add_safe(&safe, line, len);
		km_buf_add_char(&safe, '\n');
		line += len + (line[len] == '\n');
	}
	if (!text || safe.failed)
		fputs("keurmerk: no memory left to say it\n", stderr);
	else
		fwrite(safe.data, 1, safe.len, stdout);
}

const char *km_day(long long moment, char storage[static KM_DAY_TEXT])
{
	if (moment == 0)
		return "-";
	km_date_format(moment, storage);
	return storage;
}
