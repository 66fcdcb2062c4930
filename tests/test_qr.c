#include "badge/qr.h"

#include "tests/eye.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define COMPACT "HTTPS://KEURMERK.EXAMPLE/M/7K3Q9XM24HTT"

static void encode(const char *text, struct km_qr *qr)
{
	struct km_problem problem = {0};
	if (km_qr_encode(text, qr, &problem))
		fail_msg("%s: %s", text, problem.message);
}

static char *repeated(char c, size_t len)
{
	char *text = malloc(len + 1);
	assert_non_null(text);
	memset(text, c, len);
	text[len] = '\0';
	return text;
}

static int modules_of(char c, size_t len)
{
	auto_free char *text = repeated(c, len);
	struct km_qr qr;
	encode(text, &qr);
	int modules = qr.modules;
	km_qr_done(&qr);
	return modules;
}

static void upper_case_addresses_take_the_compact_mode(void **state)
{
	(void)state;
	/* ISO/IEC 18004 table 7, level M: version 3 holds 61 alphanumerics or 42 bytes, version 5 122 or 84. */
	assert_int_equal(modules_of('A', 61), 29);
	assert_int_equal(modules_of('A', 62), 33);
	assert_int_equal(modules_of('A', 120), 37);
	assert_int_equal(modules_of('A', 122), 37);
	assert_int_equal(modules_of('A', 123), 41);
	assert_int_equal(modules_of('a', 42), 29);
	assert_int_equal(modules_of('a', 43), 33);
	struct km_qr qr;
	encode(COMPACT, &qr);
	assert_int_equal(qr.modules, 29);
	km_qr_done(&qr);
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	/* Version 40, level M, holds 2331 bytes. */
	assert_int_equal(modules_of('a', 2331), 177);
	auto_free char *text = repeated('a', 2332);
	struct km_qr qr = {.modules = -1};
	struct km_problem problem = {0};
	assert_int_equal(km_qr_encode(text, &qr, &problem), KM_TOO_LARGE);
	assert_string_equal(problem.type, "qr-size");
	assert_int_equal(km_qr_encode("", &qr, &problem), KM_INVALID);
	assert_string_equal(problem.type, "qr-text");
	assert_int_equal(qr.modules, -1);
}

static void expect_compact(const char *url, const char *text)
{
	auto_free char *compact = km_qr_compact_text(url, "7K3Q9XM24HTT");
	assert_string_equal(compact, text);
}

static void the_compact_text_is_the_address_in_capitals(void **state)
{
	(void)state;
	expect_compact("https://keurmerk.example", COMPACT);
	expect_compact("https://keurmerk.example:8443", "HTTPS://KEURMERK.EXAMPLE:8443/M/7K3Q9XM24HTT");
	expect_compact("http://127.0.0.1:8080", "HTTP://127.0.0.1:8080/M/7K3Q9XM24HTT");
	expect_compact("https://xn--bcher-kva.example", "HTTPS://XN--BCHER-KVA.EXAMPLE/M/7K3Q9XM24HTT");
}

static void a_reader_reads_back_what_was_written(void **state)
{
	(void)state;
	static const char *const texts[] = {COMPACT, "https://keurmerk.example/m/7K3Q9XM24HTT?lang=nl", "0",
	                                    "Twee woorden."};
	static const int scales[] = {2, 3, 8, 64};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct km_qr qr;
		encode(texts[i], &qr);
		for (size_t j = 0; j < sizeof scales / sizeof *scales; j++) {
			auto_buf struct km_buf png = KM_BUF_EMPTY;
			struct km_problem problem = {0};
			assert_int_equal(km_qr_png(&qr, scales[j], &png, &problem), KM_OK);
			auto_picture struct picture picture = picture_of_png(png.data, png.len);
			assert_int_equal(picture.width, (qr.modules + 8) * scales[j]);
			assert_int_equal(picture.height, picture.width);
			auto_free char *text = read_qr(&picture);
			assert_non_null(text);
			assert_string_equal(text, texts[i]);
		}
		km_qr_done(&qr);
	}
}

static void the_quiet_zone_is_white_and_four_modules_wide(void **state)
{
	(void)state;
	struct km_qr qr;
	encode(COMPACT, &qr);
	auto_buf struct km_buf png = KM_BUF_EMPTY;
	assert_int_equal(km_qr_png(&qr, 3, &png, NULL), KM_OK);
	auto_picture struct picture picture = picture_of_png(png.data, png.len);
	int first = 4 * 3, last = (4 + qr.modules) * 3;
	for (int y = 0; y < picture.height; y++)
		for (int x = 0; x < picture.width; x++)
			if (x < first || y < first || x >= last || y >= last)
				assert_int_equal(picture.grey[y * picture.width + x], 255);
	/* The finder pattern's corner is what stands right inside it. */
	assert_int_equal(picture.grey[first * picture.width + first], 0);
	assert_int_equal(picture.grey[(last - 1) * picture.width + first], 0);
	km_qr_done(&qr);
}

static void a_scale_out_of_bounds_is_refused(void **state)
{
	(void)state;
	struct km_qr qr;
	encode(COMPACT, &qr);
	static const int scales[] = {-1, 0, 65, 1 << 30};
	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
		auto_buf struct km_buf png = KM_BUF_EMPTY;
		struct km_problem problem = {0};
		assert_int_equal(km_qr_png(&qr, scales[i], &png, &problem), KM_INVALID);
		assert_string_equal(problem.type, "scale");
		assert_int_equal(png.len, 0);
	}
	auto_buf struct km_buf small = KM_BUF_EMPTY, large = KM_BUF_EMPTY;
	assert_int_equal(km_qr_png(&qr, 1, &small, NULL), KM_OK);
	assert_int_equal(km_qr_png(&qr, 64, &large, NULL), KM_OK);
	km_qr_done(&qr);
}

static void the_drawing_covers_exactly_the_dark_modules(void **state)
{
	(void)state;
	/* A made-up 3 × 3 pattern shows the runs: whole numbers, each row for itself, quiet zone counted in. */
	uint8_t dark[9] = {1, 1, 0, 0, 0, 0, 1, 0, 1};
	struct km_qr qr = {.modules = 3, .dark = dark};
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_qr_draw(&qr, 10.5, 20, 33, "#000", &path);
	assert_string_equal(path.data, "<path fill=\"#000\" d=\"M4 4h2v1h-2zM4 6h1v1h-1zM6 6h1v1h-1z\" "
	                               "transform=\"translate(10.5 20) scale(3.000000)\"/>");
}

static void the_svg_has_a_safe_title(void **state)
{
	(void)state;
	struct km_qr qr;
	encode(COMPACT, &qr);
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	km_qr_svg(&qr, "R&D <\"Zonen\">", &svg);
	assert_false(svg.failed);
	assert_non_null(strstr(svg.data, "<title>R&amp;D &lt;"));
	assert_null(strstr(svg.data, "<\"Zonen"));
	assert_non_null(strstr(svg.data, "viewBox=\"0 0 37 37\""));
	km_qr_done(&qr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(upper_case_addresses_take_the_compact_mode),    KM_TEST(what_does_not_fit_is_refused),
		KM_TEST(the_compact_text_is_the_address_in_capitals),   KM_TEST(a_reader_reads_back_what_was_written),
		KM_TEST(the_quiet_zone_is_white_and_four_modules_wide), KM_TEST(a_scale_out_of_bounds_is_refused),
		KM_TEST(the_drawing_covers_exactly_the_dark_modules),   KM_TEST(the_svg_has_a_safe_title),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
