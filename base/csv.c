#include "base/csv.h"

#include "base/buf.h"
#include "base/encode.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct km_csv {
	char *owned;      /* the text, where it had to be put into UTF-8 */
	const char *text; /* UTF-8 without NUL */
	size_t len, at;
	int64_t line;     /* of text[at] */
	int64_t row_line; /* on which the row begins */
	enum km_csv_encoding encoding;
	char separator;
	size_t fields_len, used;
	const char *fields[KM_CSV_FIELDS_MAX];
	char row[KM_CSV_ROW_MAX]; /* the fields, each with a NUL behind it */
};

/* ------------------------------------------------------------------------------------------------- into UTF-8 */

static void add_character(struct km_buf *buf, uint32_t c)
{
	if (c < 0x80) {
		km_buf_add_char(buf, (char)c);
		return;
	}
	if (c < 0x800) {
		km_buf_add_char(buf, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			km_buf_add_char(buf, (char)(0xe0 | c >> 12));
		} else {
			km_buf_add_char(buf, (char)(0xf0 | c >> 18));
			km_buf_add_char(buf, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		km_buf_add_char(buf, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	km_buf_add_char(buf, (char)(0x80 | (c & 0x3f)));
}

/* False where a surrogate has no other half, or a character is cut through. */
static bool from_utf_16(const char *bytes, size_t len, bool big_endian, struct km_buf *buf)
{
	const unsigned char *b = (const unsigned char *)bytes;
	uint32_t high = 0;
	if (len % 2)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		uint32_t unit = big_endian ? (uint32_t)b[i] << 8 | b[i + 1] : (uint32_t)b[i + 1] << 8 | b[i];
		bool is_high = unit >= 0xd800 && unit < 0xdc00, is_low = unit >= 0xdc00 && unit < 0xe000;
		if (is_low != (high != 0))
			return false;
		if (is_low)
			add_character(buf, 0x10000 + ((high & 0x3ff) << 10 | (unit & 0x3ff)));
		else if (!is_high)
			add_character(buf, unit);
		high = is_high ? unit : 0;
	}
	return high == 0;
}

static void from_windows_1252(const char *bytes, size_t len, struct km_buf *buf)
{
	/* 0x80 to 0x9f; the five that stand for nothing become U+FFFD. */
	static const uint16_t upper[32] = {
		0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
		0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
		0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
	};
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		add_character(buf, c >= 0x80 && c < 0xa0 ? upper[c - 0x80] : c);
	}
}

static bool starts_with(const char *bytes, size_t len, const char *start)
{
	size_t start_len = strlen(start);
	return len >= start_len && memcmp(bytes, start, start_len) == 0;
}

static enum km_error malformed(struct km_problem *problem, const char *why)
{
	return km_fail(problem, KM_MALFORMED, "csv", "this cannot be read as a table: %s; save it as \"CSV UTF-8\"", why);
}

static enum km_error decode(struct km_csv *csv, const char *bytes, size_t len, struct km_problem *problem)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	bool big_endian = starts_with(bytes, len, "\xfe\xff");
	if (starts_with(bytes, len, "\xef\xbb\xbf")) {
		bytes += 3;
		len -= 3;
	}
	if (big_endian || starts_with(bytes, len, "\xff\xfe")) {
		csv->encoding = KM_CSV_UTF_16;
		if (!from_utf_16(bytes + 2, len - 2, big_endian, &text))
			return malformed(problem, "it begins as UTF-16 and is not");
	} else if (!km_utf8_valid(bytes, len, NULL)) {
		csv->encoding = KM_CSV_WINDOWS_1252;
		from_windows_1252(bytes, len, &text);
	} else {
		csv->text = bytes;
		csv->len = len;
		return KM_OK;
	}
	csv->owned = km_buf_take(&text, &csv->len);
	csv->text = csv->owned;
	if (!csv->owned)
		return km_fail_memory(problem);
	return memchr(csv->text, '\0', csv->len) ? malformed(problem, "there are zero bytes in it") : KM_OK;
}

/* -------------------------------------------------------------------------------------------------------- reading */

/* Bytes of the line break here; 0 where there is none. */
static size_t break_len(const struct km_csv *csv)
{
	if (csv->text[csv->at] == '\n')
		return 1;
	if (csv->text[csv->at] != '\r')
		return 0;
	return csv->at + 1 < csv->len && csv->text[csv->at + 1] == '\n' ? 2 : 1;
}

static void skip_line(struct km_csv *csv)
{
	while (csv->at < csv->len) {
		size_t end = break_len(csv);
		csv->at += end ? end : 1;
		if (end) {
			csv->line++;
			return;
		}
	}
}

static void find_separator(struct km_csv *csv)
{
	static const char separators[] = {',', ';', '\t'};
	size_t counts[sizeof separators] = {0}, most = 0;
	if (csv->len >= 5 && memcmp(csv->text, "sep=", 4) == 0 && memchr(separators, csv->text[4], sizeof separators)) {
		csv->at = 5;
		if (csv->at == csv->len || break_len(csv)) {
			csv->separator = csv->text[4];
			skip_line(csv);
			return;
		}
		csv->at = 0;
	}
	bool quoted = false;
	for (; csv->at < csv->len && (quoted || !break_len(csv)); csv->at++) {
		quoted = quoted != (csv->text[csv->at] == '"');
		for (size_t i = 0; !quoted && i < sizeof separators; i++)
			counts[i] += csv->text[csv->at] == separators[i];
	}
	csv->at = 0;
	for (size_t i = 1; i < sizeof separators; i++)
		if (counts[i] > counts[most])
			most = i;
	csv->separator = separators[most];
}

enum km_error km_csv_open(const char *bytes, size_t len, struct km_csv **ret_csv, struct km_problem *problem)
{
	struct km_csv *csv = calloc(1, sizeof *csv);
	if (!csv)
		return km_fail_memory(problem);
	csv->line = 1;
	enum km_error error = decode(csv, bytes, len, problem);
	if (error) {
		km_csv_free(csv);
		return error;
	}
	find_separator(csv);
	*ret_csv = csv;
	return KM_OK;
}

void km_csv_free(struct km_csv *csv)
{
	if (!csv)
		return;
	free(csv->owned);
	free(csv);
}

/* Adds to the field that begins at row[start]. */
static enum km_error add_byte(struct km_csv *csv, size_t start, char c, struct km_problem *problem)
{
	if (csv->used - start >= KM_CSV_FIELD_MAX)
		return km_fail(problem, KM_TOO_LARGE, "csv-field", "field %zu has more than %d bytes", csv->fields_len + 1,
		               KM_CSV_FIELD_MAX);
	if (csv->used >= KM_CSV_ROW_MAX - 1)
		return km_fail(problem, KM_TOO_LARGE, "csv-row", "the row has more than %d bytes", KM_CSV_ROW_MAX);
	csv->row[csv->used++] = c;
	return KM_OK;
}

/* After the opening quote, up to and over the closing one. */
static enum km_error read_quoted(struct km_csv *csv, size_t start, struct km_problem *problem)
{
	for (; csv->at < csv->len; csv->at++) {
		char c = csv->text[csv->at];
		if (c == '"') {
			if (csv->at + 1 == csv->len || csv->text[csv->at + 1] != '"') {
				csv->at++;
				return KM_OK;
			}
			csv->at++;
		} else if (break_len(csv)) {
			csv->at += break_len(csv) - 1;
			csv->line++;
			c = '\n';
		}
		enum km_error error = add_byte(csv, start, c, problem);
		if (error)
			return error;
	}
	return km_fail(problem, KM_MALFORMED, "csv-quote", "the quotation mark that opens field %zu is never closed",
	               csv->fields_len + 1);
}

static bool at_end_of_field(const struct km_csv *csv)
{
	return csv->at == csv->len || csv->text[csv->at] == csv->separator || break_len(csv);
}

static enum km_error read_field(struct km_csv *csv, struct km_problem *problem)
{
	size_t start = csv->used;
	enum km_error error = KM_OK;
	if (csv->at < csv->len && csv->text[csv->at] == '"') {
		csv->at++;
		error = read_quoted(csv, start, problem);
		if (!error && !at_end_of_field(csv))
			error = km_fail(problem, KM_MALFORMED, "csv-quote",
			                "text follows the closing quotation mark of field %zu; write a quotation mark in a field "
			                "as two",
			                csv->fields_len + 1);
	}
	for (; !error && !at_end_of_field(csv); csv->at++) {
		error = csv->text[csv->at] == '"'
		            ? km_fail(problem, KM_MALFORMED, "csv-quote",
		                      "there is a quotation mark within field %zu: put the field in quotation marks, and write "
		                      "those inside it as two",
		                      csv->fields_len + 1)
		            : add_byte(csv, start, csv->text[csv->at], problem);
	}
	return error ? error : add_byte(csv, csv->used, '\0', problem);
}

static enum km_error read_row(struct km_csv *csv, struct km_problem *problem)
{
	csv->fields_len = csv->used = 0;
	for (;;) {
		size_t start = csv->used;
		if (csv->fields_len == KM_CSV_FIELDS_MAX)
			return km_fail(problem, KM_TOO_LARGE, "csv-fields", "the row has more than %d fields", KM_CSV_FIELDS_MAX);
		enum km_error error = read_field(csv, problem);
		if (error)
			return error;
		csv->fields[csv->fields_len++] = csv->row + start;
		if (csv->at == csv->len)
			return KM_OK;
		size_t end = break_len(csv);
		csv->at += end ? end : 1;
		if (end) {
			csv->line++;
			return KM_OK;
		}
	}
}

static bool has_content(const struct km_csv *csv)
{
	return csv->used > csv->fields_len; /* more than the NULs */
}

enum km_error km_csv_next(struct km_csv *csv, struct km_csv_row *ret_row, struct km_problem *problem)
{
	while (csv->at < csv->len) {
		size_t start = csv->at;
		csv->row_line = csv->line;
		enum km_error error = read_row(csv, problem);
		if (error) {
			/* Where a quotation mark was left open, the rows that it swallowed come back. */
			if (csv->line != csv->row_line) {
				csv->at = start;
				csv->line = csv->row_line;
			}
			skip_line(csv);
			return error;
		}
		if (has_content(csv)) {
			*ret_row = (struct km_csv_row){.fields = csv->fields, .len = csv->fields_len};
			return KM_OK;
		}
	}
	*ret_row = (struct km_csv_row){0};
	return KM_OK;
}

int64_t km_csv_line(const struct km_csv *csv)
{
	return csv->row_line;
}

unsigned km_csv_percent(const struct km_csv *csv)
{
	return csv->len ? (unsigned)(csv->at * 100 / csv->len) : 100;
}

enum km_csv_encoding km_csv_encoding(const struct km_csv *csv)
{
	return csv->encoding;
}

char km_csv_separator(const struct km_csv *csv)
{
	return csv->separator;
}
