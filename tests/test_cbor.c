#include "base/cbor.h"
#include "base/encode.h"
#include "tests/test.h"

static void expect_hex(struct km_buf *buf, const char *hex)
{
	auto_buf struct km_buf found = KM_BUF_EMPTY;
	km_encode(KM_HEX, buf->data, buf->len, &found);
	assert_string_equal(found.data, hex);
	km_buf_free(buf);
}

static struct km_cbor read_hex(const char *hex, struct km_buf *bytes)
{
	km_buf_free(bytes);
	assert_true(km_decode(KM_HEX, hex, strlen(hex), bytes));
	return km_cbor_read(bytes->data, bytes->len);
}

/* RFC 8949, appendix A. */
static const struct {
	int64_t number;
	const char *hex;
} integers[] = {
	{0, "00"},
	{1, "01"},
	{10, "0a"},
	{23, "17"},
	{24, "1818"},
	{25, "1819"},
	{100, "1864"},
	{1000, "1903e8"},
	{1000000, "1a000f4240"},
	{1000000000000, "1b000000e8d4a51000"},
	{-1, "20"},
	{-10, "29"},
	{-100, "3863"},
	{-1000, "3903e7"},
	/* And the edges of each size. */
	{255, "18ff"},
	{256, "190100"},
	{65535, "19ffff"},
	{65536, "1a00010000"},
	{4294967295, "1affffffff"},
	{4294967296, "1b0000000100000000"},
	{-65537, "3a00010000"},
	{INT64_MAX, "1b7fffffffffffffff"},
	{INT64_MIN, "3b7fffffffffffffff"},
};

static void integers_are_those_of_the_standard(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
		km_cbor_add_integer(&buf, integers[i].number);
		expect_hex(&buf, integers[i].hex);
		struct km_cbor cbor = read_hex(integers[i].hex, &buf);
		struct km_cbor same = cbor;
		int64_t number = 77;
		assert_true(km_cbor_integer(&cbor, &number));
		assert_true(number == integers[i].number);
		assert_true(km_cbor_is_end(&cbor));
		assert_false(km_cbor_is_integer(&same, number ^ 1));
		assert_true(km_cbor_is_integer(&same, number) && km_cbor_is_end(&same));
		km_buf_free(&buf);
	}
}

static void strings_are_those_of_the_standard(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	static const struct {
		const char *text, *hex;
	} texts[] = {{"", "60"},         {"a", "6161"},   {"IETF", "6449455446"},
	             {"\"\\", "62225c"}, {"ü", "62c3bc"}, {"水", "63e6b0b4"}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		km_cbor_add_text(&buf, texts[i].text);
		expect_hex(&buf, texts[i].hex);
		struct km_cbor cbor = read_hex(texts[i].hex, &buf);
		const char *text;
		size_t len;
		assert_true(km_cbor_text(&cbor, &text, &len) && km_cbor_is_end(&cbor));
		assert_int_equal(len, strlen(texts[i].text));
		assert_memory_equal(text, texts[i].text, len);
		km_buf_free(&buf);
	}
	km_cbor_add_bytes(&buf, "", 0);
	km_cbor_add_bytes(&buf, "\1\2\3\4", 4);
	expect_hex(&buf, "404401020304");
	struct km_cbor cbor = read_hex("404401020304", &buf);
	const uint8_t *bytes;
	size_t len;
	assert_true(km_cbor_bytes(&cbor, &bytes, &len) && len == 0);
	assert_true(km_cbor_bytes(&cbor, &bytes, &len) && len == 4 && memcmp(bytes, "\1\2\3\4", 4) == 0);
	assert_true(km_cbor_is_end(&cbor));
}

static void heads_are_those_of_the_standard(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_cbor_add_array(&buf, 0);
	km_cbor_add_array(&buf, 25);
	km_cbor_add_map(&buf, 2);
	km_cbor_add_tag(&buf, 1);
	km_cbor_add_tag(&buf, 32);
	expect_hex(&buf, "809819a2c1d820");
	struct km_cbor cbor = read_hex("809819a2c1d820", &buf);
	assert_true(km_cbor_is_array(&cbor, 0) && km_cbor_is_array(&cbor, 25) && km_cbor_is_map(&cbor, 2));
	assert_false(km_cbor_is_tag(&cbor, 2));
	assert_true(km_cbor_is_tag(&cbor, 1) && km_cbor_is_tag(&cbor, 32) && km_cbor_is_end(&cbor));
}

/* Whatever it is taken for, it is not taken, and nothing has moved. */
static void what_is_not_in_its_one_form_is_not_read(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"1817",
		"1800",
		"190018",
		"1900ff",
		"1a0000ffff",
		"1b00000000ffffffff", /* longer */
		"18",
		"1903",
		"1a000f42",
		"1b0000",
		"38",
		"5818",
		"6261", /* cut */
		"4401",
		"7818",
		"1c",
		"1d",
		"1e",
		"1f",
		"5f", /* none */
		"7f",
		"9f",
		"bf",
		"ff",
		"f4",
		"f6",
		"f97e00", /* other */
		"61ff",
		"6100",
		"62c0af",
		"3817",
		"3917",
		"581a00",
		"5b7fffffffffffffff", /* text */
		"5bffffffffffffffff",
		"7bffffffffffffffff",
		"1b8000000000000000",
		"3b8000000000000000",
		"1bffffffffffffffff",
		"790001ff",
		"590001aa",
	};
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct km_cbor cbor = read_hex(wrong[i], &buf);
		const uint8_t *before = cbor.at, *bytes = NULL;
		const char *text = NULL;
		int64_t number = 77;
		size_t len = 77;
		assert_false(km_cbor_integer(&cbor, &number));
		assert_false(km_cbor_bytes(&cbor, &bytes, &len));
		assert_false(km_cbor_text(&cbor, &text, &len));
		assert_false(km_cbor_is_array(&cbor, 0) || km_cbor_is_map(&cbor, 0) || km_cbor_is_tag(&cbor, 18));
		assert_ptr_equal(cbor.at, before);
		assert_int_equal(number, 77);
		assert_int_equal(len, 77);
	}
}

static void every_prefix_of_an_item_is_refused(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	char text[300];
	memset(text, 'a', sizeof text);
	text[299] = '\0';
	km_cbor_add_text(&buf, text);
	for (size_t len = 0; len < buf.len; len++) {
		struct km_cbor cbor = km_cbor_read(buf.data, len);
		const char *found;
		size_t found_len;
		assert_false(km_cbor_text(&cbor, &found, &found_len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(integers_are_those_of_the_standard), KM_TEST(strings_are_those_of_the_standard),
		KM_TEST(heads_are_those_of_the_standard),    KM_TEST(what_is_not_in_its_one_form_is_not_read),
		KM_TEST(every_prefix_of_an_item_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
