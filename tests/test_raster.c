#include "badge/raster.h"

#include "badge/bake.h"
#include "tests/eye.h"
#include "tests/sample_mark.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN   "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_0"
#define ADDRESS "HTTPS://KEURMERK.EXAMPLE/M/" SAMPLE_NUMBER

struct studio {
	struct sample_mark sample;
	struct km_drawing drawing;
	struct km_catalogue *words;
};

static int set_up(void **state)
{
	static struct studio studio;
	studio = (struct studio){.drawing = {.url = SAMPLE_URL}};
	sample_mark_make(&studio.sample);
	studio.sample.mark.changed_at = SAMPLE_NOW;
	*state = &studio;
	return km_badge_words(&studio.words, NULL);
}

static int tear_down(void **state)
{
	km_catalogue_free(((struct studio *)*state)->words);
	return 0;
}

/* Runs through every badge that there is. */
static bool next_badge(struct studio *studio)
{
	struct km_drawing *drawing = &studio->drawing;
	if (++studio->sample.mark.state < KM_STATES)
		return true;
	studio->sample.mark.state = 0;
	if (++drawing->language < KM_LANGUAGES)
		return true;
	drawing->language = 0;
	if (++drawing->theme < KM_BADGE_THEMES)
		return true;
	drawing->theme = 0;
	return ++drawing->form < KM_BADGE_FORMS;
}

static struct picture picture_of(const struct studio *studio, int width)
{
	auto_buf struct km_buf png = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	assert_ok(km_badge_png(&studio->drawing, &studio->sample.mark, studio->words, width, &png, &problem), &problem);
	return picture_of_png(png.data, png.len);
}

static bool can_be_read(const struct picture *picture)
{
	auto_free char *text = read_qr(picture);
	if (text)
		assert_string_equal(text, ADDRESS);
	return text != NULL;
}

static void expect_read(const struct studio *studio, const struct picture *picture, const char *after)
{
	if (!can_be_read(picture))
		fail_msg("%s: a %s %s badge, %s, in state %s, cannot be read", after,
		         km_badge_theme_name(studio->drawing.theme), km_badge_form_name(studio->drawing.form),
		         km_language_code(studio->drawing.language), km_state_name(studio->sample.mark.state));
}

static void every_badge_can_be_read_from_a_screen(void **state)
{
	struct studio *studio = *state;
	do {
		struct km_badge_size size = km_badge_size(studio->drawing.form);
		for (int scale = 1; scale <= 3; scale++) {
			auto_picture struct picture picture = picture_of(studio, scale * size.width);
			assert_int_equal(picture.width, scale * size.width);
			assert_int_equal(picture.height, scale * size.height);
			if (size.qr)
				expect_read(studio, &picture, "on a screen");
			else
				assert_false(can_be_read(&picture));
		}
	} while (next_badge(studio));
}

static int width_at_dpi(const struct studio *studio, int dpi)
{
	int width_mm = 0;
	struct km_problem problem = {0};
	assert_ok(km_badge_print_min(&studio->drawing, &studio->sample.mark, &width_mm, &problem), &problem);
	return (int)lround(width_mm * dpi / 25.4);
}

/* As wide as the badge may be printed at the least, scanned at 150 dots an inch. */
static void every_badge_can_be_read_from_the_smallest_print(void **state)
{
	struct studio *studio = *state;
	do {
		struct km_badge_size size = km_badge_size(studio->drawing.form);
		if (!size.qr)
			continue;
		auto_picture struct picture plain = picture_of(studio, width_at_dpi(studio, 150));
		double module = (double)plain.width * size.qr / size.width / 37; /* pixels */
		auto_picture struct picture turned = picture_turned(&plain, 15);
		auto_picture struct picture blurred = picture_blurred(&plain, 0.3 * module);
		auto_picture struct picture jpeg = picture_as_jpeg(&plain, 30);
		expect_read(studio, &plain, "plain");
		expect_read(studio, &turned, "turned by 15 degrees");
		expect_read(studio, &blurred, "out of focus");
		expect_read(studio, &jpeg, "as JPEG");
	} while (next_badge(studio));
}

/* Where the code is: the first and last dark pixel of its finder patterns, from the drawing's own geometry. */
static struct patch place_of_code(const struct studio *studio, const struct picture *picture)
{
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	assert_int_equal(km_badge_svg(&studio->drawing, &studio->sample.mark, studio->words, &svg, NULL), KM_OK);
	const char *code = strstr(svg.data, "<path fill=\"#000\"");
	assert_non_null(code);
	double x, y;
	assert_int_equal(sscanf(strstr(code, "translate("), "translate(%lf %lf)", &x, &y), 2);
	struct km_badge_size size = km_badge_size(studio->drawing.form);
	double scale = (double)picture->width / size.width, quiet = size.qr * 4 / 37.0;
	int side = (int)((size.qr - 2 * quiet) * scale);
	return (struct patch){(int)((x + quiet) * scale), (int)((y + quiet) * scale), side, side};
}

static void a_code_of_which_a_twentieth_is_covered_can_be_read(void **state)
{
	struct studio *studio = *state;
	for (studio->drawing.form = 0; studio->drawing.form < KM_BADGE_FORMS; studio->drawing.form++) {
		if (!km_badge_size(studio->drawing.form).qr)
			continue;
		auto_picture struct picture plain = picture_of(studio, width_at_dpi(studio, 300));
		struct patch code = place_of_code(studio, &plain);
		/* In the middle, and at the edges between the three patterns by which a reader finds the code. */
		static const double places[][2] = {{0.4, 0.4}, {0.39, 0.02}, {0.02, 0.39}, {0.76, 0.39}, {0.39, 0.76}};
		for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
			struct patch patch = {code.x + (int)(code.width * places[i][0]), code.y + (int)(code.height * places[i][1]),
			                      (int)(code.width * 0.2236), (int)(code.height * 0.2236)};
			auto_picture struct picture covered = picture_covered(&plain, patch);
			expect_read(studio, &covered, "covered");
		}
		/* A picture that is covered altogether is not read, so this test can fail. */
		auto_picture struct picture gone = picture_covered(&plain, code);
		assert_false(can_be_read(&gone));
	}
}

static void a_png_carries_its_credential(void **state)
{
	struct studio *studio = *state;
	auto_buf struct km_buf plain = KM_BUF_EMPTY, baked = KM_BUF_EMPTY, again = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	const struct km_mark *mark = &studio->sample.mark;
	assert_ok(km_badge_png(&studio->drawing, mark, studio->words, 480, &plain, &problem), &problem);
	studio->drawing.credential = TOKEN;
	assert_ok(km_badge_png(&studio->drawing, mark, studio->words, 480, &baked, &problem), &problem);
	assert_ok(km_badge_png(&studio->drawing, mark, studio->words, 480, &again, &problem), &problem);
	auto_free char *token = NULL, *none = NULL;
	assert_ok(km_unbake_png(baked.data, baked.len, &token, &problem), &problem);
	assert_string_equal(token, TOKEN);
	assert_problem(km_unbake_png(plain.data, plain.len, &none, &problem), &problem, KM_ABSENT, "no-credential");
	assert_int_equal(baked.len, again.len);
	assert_memory_equal(baked.data, again.data, baked.len);
}

static void the_width_of_a_png_is_bounded(void **state)
{
	struct studio *studio = *state;
	static const int widths[] = {-1, 0, 15, 4097, 1 << 30};
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		auto_buf struct km_buf png = KM_BUF_EMPTY;
		struct km_problem problem = {0};
		assert_problem(km_badge_png(&studio->drawing, &studio->sample.mark, studio->words, widths[i], &png, &problem),
		               &problem, KM_INVALID, "picture-size");
		assert_int_equal(png.len, 0);
	}
	auto_picture struct picture least = picture_of(studio, 16), most = picture_of(studio, 4096);
	assert_int_equal(least.height, 5);
	assert_int_equal(most.height, 1365);
}

static void a_badge_is_not_printed_too_small_to_be_read(void **state)
{
	struct studio *studio = *state;
	static const int least[KM_BADGE_FORMS] = {[KM_BADGE_CARD] = 54, [KM_BADGE_STRIP] = 60, [KM_BADGE_SEAL] = 25};
	for (studio->drawing.form = 0; studio->drawing.form < KM_BADGE_FORMS; studio->drawing.form++) {
		int width_mm = 0;
		struct km_problem problem = {0};
		const struct km_mark *mark = &studio->sample.mark;
		assert_ok(km_badge_print_min(&studio->drawing, mark, &width_mm, &problem), &problem);
		assert_int_equal(width_mm, least[studio->drawing.form]);
		const double refused[] = {0, -1, width_mm - 0.01, 500.01, NAN, INFINITY};
		for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
			auto_buf struct km_buf pdf = KM_BUF_EMPTY;
			struct km_print print = {.width_mm = refused[i]};
			assert_problem(km_badge_pdf(&studio->drawing, mark, studio->words, &print, &pdf, &problem), &problem,
			               KM_INVALID, "print-size");
			assert_int_equal(pdf.len, 0);
		}
		auto_buf struct km_buf small = KM_BUF_EMPTY, large = KM_BUF_EMPTY;
		struct km_print print = {.width_mm = width_mm};
		assert_ok(km_badge_pdf(&studio->drawing, mark, studio->words, &print, &small, &problem), &problem);
		print.width_mm = 500;
		assert_ok(km_badge_pdf(&studio->drawing, mark, studio->words, &print, &large, &problem), &problem);
	}
	/* A longer address makes a finer code, which needs a larger print. */
	studio->drawing =
		(struct km_drawing){.form = KM_BADGE_SEAL, .url = "https://het-landelijke-register-van-het-keurmerk.example"};
	int width_mm = 0;
	assert_int_equal(km_badge_print_min(&studio->drawing, &studio->sample.mark, &width_mm, NULL), KM_OK);
	assert_int_equal(width_mm, 28);
}

static void expect_page(const struct km_buf *pdf, double width_mm, double height_mm)
{
	double width, height;
	const char *box = memmem(pdf->data, pdf->len, "/MediaBox [ 0 0 ", 16);
	assert_non_null(box);
	assert_int_equal(sscanf(box, "/MediaBox [ 0 0 %lf %lf ]", &width, &height), 2);
	assert_true(fabs(width / 72 * 25.4 - width_mm) < 0.01);
	assert_true(fabs(height / 72 * 25.4 - height_mm) < 0.01);
}

static void a_print_has_its_size_and_where_asked_its_bleed(void **state)
{
	struct studio *studio = *state;
	auto_buf struct km_buf plain = KM_BUF_EMPTY, again = KM_BUF_EMPTY, bleed = KM_BUF_EMPTY;
	struct km_print print = {.width_mm = 60};
	const struct km_mark *mark = &studio->sample.mark;
	struct km_problem problem = {0};
	assert_ok(km_badge_pdf(&studio->drawing, mark, studio->words, &print, &plain, &problem), &problem);
	assert_ok(km_badge_pdf(&studio->drawing, mark, studio->words, &print, &again, &problem), &problem);
	assert_memory_equal(plain.data, "%PDF-1.", 7);
	assert_int_equal(plain.len, again.len);
	assert_memory_equal(plain.data, again.data, plain.len);
	expect_page(&plain, 60, 20);
	print.bleed = true;
	assert_ok(km_badge_pdf(&studio->drawing, mark, studio->words, &print, &bleed, &problem), &problem);
	/* 3 mm of bleed, 1 mm of nothing and 4 mm of crop mark on each side. */
	expect_page(&bleed, 60 + 16, 20 + 16);
}

#define STUDIO_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STUDIO_TEST(every_badge_can_be_read_from_a_screen),
		STUDIO_TEST(every_badge_can_be_read_from_the_smallest_print),
		STUDIO_TEST(a_code_of_which_a_twentieth_is_covered_can_be_read),
		STUDIO_TEST(a_png_carries_its_credential),
		STUDIO_TEST(the_width_of_a_png_is_bounded),
		STUDIO_TEST(a_badge_is_not_printed_too_small_to_be_read),
		STUDIO_TEST(a_print_has_its_size_and_where_asked_its_bleed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
