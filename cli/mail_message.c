#include "cli/mail_message.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"

#include <stdbool.h>
#include <string.h>

enum {
	WORD_BYTES = 39, /* of an encoded word: "Subject: =?UTF-8?B?" and 52 characters and "?=" are 73; 76 are allowed */
	LINE_MAX = 78,   /* RFC 5322, 2.1.1 */
	QUOTED_MAX = 76, /* RFC 2045, 6.7 (5), with the "=" at its end */
	ID_BYTES = 16,
	DAY_S = 24 * 3600,
};

/* ----------------------------------------------------------------------------------------------------------- headers
 */

/* The character at the start of the text, as it goes out: a control character as a space, broken UTF-8 as U+FFFD. */
static size_t next_character(const char *text, char ret_character[static 5])
{
	uint32_t code_point;
	size_t len = km_utf8_next(text, strlen(text), &code_point);
	if (!len)
		strcpy(ret_character, "\xef\xbf\xbd");
	else if (code_point < ' ' || (code_point >= 0x7f && code_point < 0xa0))
		strcpy(ret_character, " ");
	else {
		memcpy(ret_character, text, len);
		ret_character[len] = '\0';
	}
	return len ? len : 1;
}

/* Words that hold whole characters, a line each (RFC 2047, 5 and 6.2). */
static void add_encoded(const char *text, struct km_buf *buf)
{
	const char *before = "";
	while (*text) {
		char word[WORD_BYTES], character[5];
		size_t len = 0;
		while (*text) {
			size_t taken = next_character(text, character), more = strlen(character);
			if (len + more > sizeof word)
				break;
			memcpy(word + len, character, more);
			len += more;
			text += taken;
		}
		km_buf_add_format(buf, "%s=?UTF-8?B?", before);
		km_encode(KM_BASE64, word, len, buf);
		km_buf_add_text(buf, "?=");
		before = "\r\n ";
	}
}

/* Letters, digits and single spaces between, and these symbols, mean themselves wherever they stand; but only so many
 * that the line need not be folded. */
static bool means_itself(const char *text, const char *symbols, size_t max)
{
	size_t len = strlen(text);
	if (len == 0 || len > max || text[0] == ' ' || text[len - 1] == ' ' || strstr(text, "  "))
		return false;
	for (const char *c = text; *c; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') && *c != ' ' &&
		    !strchr(symbols, *c))
			return false;
	return true;
}

static void add_subject(const char *subject, struct km_buf *buf)
{
	km_buf_add_text(buf, "Subject: ");
	if (means_itself(subject, ".,:;-()'&/", LINE_MAX - strlen("Subject: ")))
		km_buf_add_text(buf, subject);
	else
		add_encoded(subject, buf);
	km_buf_add_text(buf, "\r\n");
}

/* A phrase of atoms, or of encoded words: never a quoted string, so that no quote can end it. */
static void add_from(const char *name, const char *address, struct km_buf *buf)
{
	km_buf_add_text(buf, "From: ");
	if (means_itself(name, "", LINE_MAX - strlen("From: ")))
		km_buf_add_text(buf, name);
	else
		add_encoded(name, buf);
	km_buf_add_format(buf, "\r\n <%s>\r\n", address);
}

static void add_date(int64_t moment, struct km_buf *buf)
{
	static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* from 1 January 1970 on */
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	char text[KM_TIME_TEXT]; /* 2026-11-24T17:02:37Z */
	km_time_format(moment, text);
	int64_t day = moment / DAY_S - (moment % DAY_S < 0);
	int month = (text[5] - '0') * 10 + text[6] - '0';
	km_buf_add_format(buf, "Date: %s, %.2s %s %.4s %.8s +0000\r\n", days[((day % 7) + 7) % 7], text + 8,
	                  months[(month - 1) % 12], text, text + 11);
}

void km_mail_add_host(const char *url, struct km_buf *buf)
{
	const char *slashes = strstr(url, "://"), *host = slashes ? slashes + 3 : url;
	size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	km_buf_add(buf, host, strnlen(host, len));
}

static void add_id(const char *key, const char *url, struct km_buf *buf)
{
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(key, strlen(key), digest);
	km_buf_add_text(buf, "Message-ID: <");
	km_encode(KM_HEX, digest, ID_BYTES, buf);
	km_buf_add_char(buf, '@');
	km_mail_add_host(url, buf);
	km_buf_add_text(buf, ">\r\n");
}

/* -------------------------------------------------------------------------------------------------------------- text
 */

/* One line in quoted-printable, cut where it gets too long. White space at its end, and the F of a "From " that some
 * programs would put a > before, are encoded too. */
static void add_line(const char *line, size_t len, struct km_buf *buf)
{
	size_t column = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];
		bool literal = (c > ' ' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && i + 1 < len);
		if (i == 0 && len >= 5 && strncmp(line, "From ", 5) == 0)
			literal = false;
		size_t width = literal ? 1 : 3;
		if (column + width > QUOTED_MAX - (i + 1 < len)) {
			km_buf_add_text(buf, "=\r\n");
			column = 0;
		}
		if (literal)
			km_buf_add_char(buf, (char)c);
		else
			km_buf_add_format(buf, "=%02X", c);
		column += width;
	}
	km_buf_add_text(buf, "\r\n");
}

static void add_text(const char *text, struct km_buf *buf)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		add_line(text, len, buf);
		text += len + (text[len] == '\n');
	}
}

void km_mail_message(const struct km_mail_message *message, struct km_buf *buf)
{
	add_date(message->date, buf);
	add_from(message->from_name, message->from, buf);
	km_buf_add_format(buf, "To: <%s>\r\n", message->to);
	add_subject(message->subject, buf);
	add_id(message->key, message->url, buf);
	km_buf_add_text(buf, "Auto-Submitted: auto-generated\r\n"
	                     "MIME-Version: 1.0\r\n"
	                     "Content-Type: text/plain; charset=utf-8\r\n"
	                     "Content-Transfer-Encoding: quoted-printable\r\n");
	km_buf_add_format(buf, "Content-Language: %s\r\n\r\n", km_language_code(message->language));
	add_text(message->text, buf);
}
