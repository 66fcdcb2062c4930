#include "base/csv.h"

#include "base/buf.h"
#include "tests/test.h"

#include <stdlib.h>

/* The whole table as one text: fields in [], rows with their line in front, faults as their type. */
static char *read_all(const char *bytes, size_t len)
{
	struct km_csv *csv = NULL;
	struct km_problem problem = {0};
	struct km_buf out = KM_BUF_EMPTY;
	assert_ok(km_csv_open(bytes, len, &csv, &problem), &problem);
	for (;;) {
		struct km_csv_row row = {0};
		if (km_csv_next(csv, &row, &problem) != KM_OK) {
			km_buf_add_format(&out, "%lld!%s ", (long long)km_csv_line(csv), problem.type);
			continue;
		}
		if (!row.len)
			break;
		km_buf_add_format(&out, "%lld", (long long)km_csv_line(csv));
		for (size_t i = 0; i < row.len; i++)
			km_buf_add_format(&out, "[%s]", row.fields[i]);
		km_buf_add_char(&out, ' ');
	}
	assert_int_equal(km_csv_percent(csv), 100);
	km_csv_free(csv);
	return km_buf_take(&out, NULL);
}

static void expect_bytes(const char *bytes, size_t len, const char *expected)
{
	char *found = read_all(bytes, len);
	assert_string_equal(found, expected);
	free(found);
}

static void expect(const char *text, const char *expected)
{
	expect_bytes(text, strlen(text), expected);
}

static void the_examples_of_rfc_4180_are_read(void **state)
{
	(void)state;
	expect("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", "1[aaa][bbb][ccc] 2[zzz][yyy][xxx] ");
	expect("aaa,bbb,ccc\r\nzzz,yyy,xxx", "1[aaa][bbb][ccc] 2[zzz][yyy][xxx] ");
	expect("\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx", "1[aaa][bbb][ccc] 2[zzz][yyy][xxx] ");
	expect("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx", "1[aaa][b\nbb][ccc] 3[zzz][yyy][xxx] ");
	expect("\"aaa\",\"b\"\"bb\",\"ccc\"", "1[aaa][b\"bb][ccc] ");
	expect("a, b ,\"\"\n", "1[a][ b ][] ");
	expect("\"\"\"\",\",\"\n", "1[\"][,] ");
}

static void every_line_ending_is_taken_and_empty_rows_are_passed_over(void **state)
{
	(void)state;
	expect("a,b\nc,d\n", "1[a][b] 2[c][d] ");
	expect("a,b\rc,d\r", "1[a][b] 2[c][d] ");
	expect("a,b\r\n\r\n\n,\n\"\",\nc,d\n\n", "1[a][b] 6[c][d] ");
	expect("", "");
	expect("\n\n", "");
	expect("a,\n,b", "1[a][] 2[][b] ");
	expect("a,", "1[a][] ");
}

static void the_separator_is_the_one_the_first_row_has_most_of(void **state)
{
	(void)state;
	expect("a,b;c,d\n1,2\n", "1[a][b;c][d] 2[1][2] ");
	expect("a;b;c,d\n1;2,5\n", "1[a][b][c,d] 2[1][2,5] ");
	expect("a\tb\n1,2\t3\n", "1[a][b] 2[1,2][3] ");
	expect("\"a,b,c,d\";e;f\n1;2\n", "1[a,b,c,d][e][f] 2[1][2] ");
	expect("naam\n1,2\n", "1[naam] 2[1][2] ");
}

static void excel_may_say_which_separator_it_is(void **state)
{
	(void)state;
	expect("sep=;\r\na,b;c,d,e\r\n", "2[a,b][c,d,e] ");
	expect("sep=,\na,b\n", "2[a][b] ");
	expect("sep=;x;y\n", "1[sep=][x][y] ");
	expect("sep=|\n", "1[sep=|] ");
}

static void a_faulty_quote_costs_one_row(void **state)
{
	(void)state;
	expect("a,b\nc\"c,d\ne,f\n", "1[a][b] 2!csv-quote 3[e][f] ");
	expect("a,b\n\"c\"c,d\ne,f\n", "1[a][b] 2!csv-quote 3[e][f] ");
	expect("a,b\n\"c\" ,d\ne,f\n", "1[a][b] 2!csv-quote 3[e][f] ");
	expect("a,b\n\"c,d\ne,f\ng,h", "1[a][b] 2!csv-quote 3[e][f] 4[g][h] ");
	expect("a,b\n\"", "1[a][b] 2!csv-quote ");
	expect("\"\n\"\n\"", "1[\n] 3!csv-quote ");
}

static void each_bound_holds_at_its_last_value(void **state)
{
	(void)state;
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	for (int extra = 0; extra < 2; extra++) {
		text.len = 0;
		for (int i = 0; i < KM_CSV_FIELD_MAX + extra; i++)
			km_buf_add_char(&text, 'x');
		km_buf_add_text(&text, "\nb\n");
		char *found = read_all(text.data, text.len);
		assert_int_equal(strncmp(found, "1[xx", 4) == 0, extra == 0);
		assert_int_equal(strstr(found, "1!csv-field ") != NULL, extra == 1);
		assert_contains(found, "2[b] ");
		free(found);

		text.len = 0;
		for (int i = 1; i < KM_CSV_FIELDS_MAX + extra; i++)
			km_buf_add_text(&text, "x,");
		km_buf_add_text(&text, "y\nb\n");
		found = read_all(text.data, text.len);
		assert_int_equal(strstr(found, "[x][y] 2[b] ") != NULL, extra == 0);
		assert_int_equal(strcmp(found, "1!csv-fields 2[b] ") == 0, extra == 1);
		free(found);

		/* Nine fields: eight as long as can be, and the rest of the row, with a NUL behind each. */
		text.len = 0;
		for (int i = 0; i < 7; i++) {
			for (int x = 0; x < KM_CSV_FIELD_MAX; x++)
				km_buf_add_char(&text, 'x');
			km_buf_add_char(&text, ',');
		}
		for (int x = 0; x < KM_CSV_ROW_MAX - 7 * (KM_CSV_FIELD_MAX + 1) - 1 - 1 + extra; x++)
			km_buf_add_char(&text, 'x');
		km_buf_add_text(&text, "\nb\n");
		found = read_all(text.data, text.len);
		assert_int_equal(strncmp(found, "1[xx", 4) == 0, extra == 0);
		assert_int_equal(strcmp(found, "1!csv-row 2[b] ") == 0, extra == 1);
		free(found);
	}
}

static void an_open_quote_in_a_large_file_costs_one_row(void **state)
{
	(void)state;
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add_text(&text, "a,b\n\"c,d\n");
	for (int i = 0; i < 5000; i++)
		km_buf_add_text(&text, "e,f\n");
	char *found = read_all(text.data, text.len);
	assert_contains(found, "1[a][b] 2!csv-field 3[e][f] 4[e][f] ");
	assert_contains(found, "5002[e][f] ");
	free(found);
}

static void expect_encoding(const char *bytes, size_t len, enum km_csv_encoding encoding)
{
	struct km_csv *csv = NULL;
	assert_int_equal(km_csv_open(bytes, len, &csv, NULL), KM_OK);
	assert_int_equal(km_csv_encoding(csv), encoding);
	km_csv_free(csv);
}

#define BYTES(text) text, sizeof(text) - 1

static void the_encodings_of_spreadsheets_are_recognised(void **state)
{
	(void)state;
	expect_bytes(BYTES("caf\xc3\xa9;\xf0\x9f\x94\x90"), "1[caf\u00e9][\U0001f510] ");
	expect_encoding(BYTES("caf\xc3\xa9"), KM_CSV_UTF_8);
	expect_bytes(BYTES("\xef\xbb\xbf"
	                   "a;b"),
	             "1[a][b] ");
	expect_encoding(BYTES("\xef\xbb\xbf"
	                      "a;b"),
	                KM_CSV_UTF_8);
	expect_bytes(BYTES("caf\xe9;\x80;\x93x\x94;\x81"), "1[caf\u00e9][\u20ac][\u201cx\u201d][\ufffd] ");
	expect_encoding(BYTES("caf\xe9"), KM_CSV_WINDOWS_1252);
	expect_bytes(BYTES("\xff\xfe"
	                   "a\0\t\0\xe9\0\n\0\xac\x20\t\0\x3d\xd8\x10\xdd"),
	             "1[a][\u00e9] 2[\u20ac][\U0001f510] ");
	expect_bytes(BYTES("\xfe\xff"
	                   "\0a\0\t\0\xe9\0\n\x20\xac\0\t\xd8\x3d\xdd\x10"),
	             "1[a][\u00e9] 2[\u20ac][\U0001f510] ");
	expect_encoding(BYTES("\xff\xfe"
	                      "a\0"),
	                KM_CSV_UTF_16);
}

static void what_is_no_table_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
	} wrong[] = {
		{BYTES("PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0")}, /* an .xlsx */
		{BYTES("a,b\0c")},
		{BYTES("a\0,\0b\0")}, /* UTF-16 without its mark */
		{BYTES("\xff\xfe"
	           "a")},                /* cut through */
		{BYTES("\xff\xfe\x3d\xd8")}, /* half of a pair at the end */
		{BYTES("\xff\xfe\x3d\xd8"
	           "a\0")}, /* … and within */
		{BYTES("\xff\xfe\x10\xdd"
	           "a\0")}, /* the second half first */
		{BYTES("\xff\xfe\x3d\xd8\x3d\xd8\x10\xdd")},
		{BYTES("\xff\xfe"
	           "a\0\0\0")},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct km_csv *csv = NULL;
		struct km_problem problem = {0};
		assert_problem(km_csv_open(wrong[i].bytes, wrong[i].len, &csv, &problem), &problem, KM_MALFORMED, "csv");
		assert_null(csv);
	}
	km_csv_free(NULL);
}

/* Whatever the bytes, reading comes to an end, and each row begins on a later line than the one before. */
static void any_bytes_come_to_an_end(void **state)
{
	(void)state;
	static const char some[] = "\"\",;\n\r\tab \"\n,;x\"";
	uint32_t seed = 1;
	for (int round = 0; round < 3000; round++) {
		char bytes[64];
		size_t len = (size_t)round % sizeof bytes;
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525u + 1013904223u;
			bytes[i] = some[(seed >> 16) % (sizeof some - 1)];
		}
		char *copy = malloc(len + !len); /* of exactly this size, so that reading beyond it shows */
		memcpy(copy, bytes, len);
		struct km_csv *csv = NULL;
		assert_int_equal(km_csv_open(copy, len, &csv, NULL), KM_OK);
		int64_t line = 0;
		for (;;) {
			struct km_csv_row row = {0};
			if (km_csv_next(csv, &row, NULL) == KM_OK && !row.len)
				break;
			assert_true(km_csv_line(csv) > line);
			line = km_csv_line(csv);
		}
		km_csv_free(csv);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(the_examples_of_rfc_4180_are_read),
		KM_TEST(every_line_ending_is_taken_and_empty_rows_are_passed_over),
		KM_TEST(the_separator_is_the_one_the_first_row_has_most_of),
		KM_TEST(excel_may_say_which_separator_it_is),
		KM_TEST(a_faulty_quote_costs_one_row),
		KM_TEST(each_bound_holds_at_its_last_value),
		KM_TEST(an_open_quote_in_a_large_file_costs_one_row),
		KM_TEST(the_encodings_of_spreadsheets_are_recognised),
		KM_TEST(what_is_no_table_is_refused),
		KM_TEST(any_bytes_come_to_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
