#include "badge/photo.h"

#include "badge/bake.h"
#include "badge/carrier.h"
#include "badge/qr.h"
#include "base/buf.h"
#include "tests/test.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <stdlib.h>

struct file {
	gchar *bytes;
	gsize len;
};

static struct file save(GdkPixbuf *pixbuf, const char *type)
{
	struct file file = {0};
	bool jpeg = strcmp(type, "jpeg") == 0;
	assert_true(gdk_pixbuf_save_to_buffer(pixbuf, &file.bytes, &file.len, type, NULL, jpeg ? "quality" : NULL,
	                                      jpeg ? "40" : NULL, NULL));
	return file;
}

static GdkPixbuf *white(int width, int height)
{
	GdkPixbuf *pixbuf = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height);
	gdk_pixbuf_fill(pixbuf, 0xffffffff);
	return pixbuf;
}

/* Puts the QR code of this text on it. */
static void draw(GdkPixbuf *ground, const char *text, int x, int y)
{
	struct km_problem problem;
	struct km_qr qr;
	auto_buf struct km_buf png = KM_BUF_EMPTY;
	assert_ok(km_qr_encode(text, &qr, &problem), &problem);
	assert_ok(km_qr_png(&qr, 5, &png, &problem), &problem);
	km_qr_done(&qr);
	GdkPixbufLoader *loader = gdk_pixbuf_loader_new();
	assert_true(gdk_pixbuf_loader_write(loader, (const guchar *)png.data, png.len, NULL));
	assert_true(gdk_pixbuf_loader_close(loader, NULL));
	GdkPixbuf *code = gdk_pixbuf_loader_get_pixbuf(loader);
	gdk_pixbuf_copy_area(code, 0, 0, gdk_pixbuf_get_width(code), gdk_pixbuf_get_height(code), ground, x, y);
	g_object_unref(loader);
}

static void refuse(const struct file *file, enum km_error code, const char *type)
{
	char *text = NULL;
	struct km_problem problem = {0};
	assert_problem(km_photo_text(file->bytes, file->len, &text, &problem), &problem, code, type);
	assert_null(text);
}

#define ADDRESS "HTTPS://KEURMERK.EXAMPLE/M/7K3Q9XM24HTT"

static void the_code_in_a_photo_is_read(void **state)
{
	(void)state;
	static const char *const types[] = {"png", "jpeg"};
	GdkPixbuf *ground = white(700, 500);
	draw(ground, ADDRESS, 300, 120);
	for (size_t i = 0; i < 2; i++) {
		struct file file = save(ground, types[i]);
		auto_free char *text = NULL;
		struct km_problem problem;
		assert_ok(km_photo_text(file.bytes, file.len, &text, &problem), &problem);
		assert_string_equal(text, ADDRESS);
		g_free(file.bytes);
	}
	g_object_unref(ground);
}

static void several_codes_are_refused_unless_they_say_the_same(void **state)
{
	(void)state;
	GdkPixbuf *ground = white(700, 300);
	draw(ground, ADDRESS, 20, 20);
	draw(ground, ADDRESS, 380, 20);
	struct file same = save(ground, "png");
	auto_free char *text = NULL;
	struct km_problem problem;
	assert_ok(km_photo_text(same.bytes, same.len, &text, &problem), &problem);
	draw(ground, "HTTPS://ELDERS.EXAMPLE/M/7K3Q9XM24HTT", 380, 20);
	struct file other = save(ground, "png");
	refuse(&other, KM_CONFLICT, "many-qr");
	g_free(same.bytes);
	g_free(other.bytes);
	g_object_unref(ground);
}

static void what_shows_no_code_says_so(void **state)
{
	(void)state;
	GdkPixbuf *ground = white(300, 300);
	struct file empty = save(ground, "jpeg");
	refuse(&empty, KM_ABSENT, "no-qr");
	struct file png = save(ground, "png"), start = {png.bytes, 20};
	refuse(&start, KM_ABSENT, "no-picture");
	g_free(png.bytes);
	refuse(&(struct file){(gchar *)(uintptr_t) "<svg/>", 6}, KM_ABSENT, "no-picture");
	refuse(&(struct file){(gchar *)(uintptr_t) "", 0}, KM_ABSENT, "no-picture");
	g_free(empty.bytes);
	g_object_unref(ground);
}

static void a_picture_is_bounded(void **state)
{
	(void)state;
	GdkPixbuf *widest = white(KM_PHOTO_SIDE_MAX, 1), *wider = white(KM_PHOTO_SIDE_MAX + 1, 1);
	struct file fits = save(widest, "png"), too_wide = save(wider, "png");
	refuse(&fits, KM_ABSENT, "no-qr");
	refuse(&too_wide, KM_TOO_LARGE, "picture");
	g_free(fits.bytes);
	g_free(too_wide.bytes);
	g_object_unref(widest);
	g_object_unref(wider);
}

static void no_cut_or_changed_photo_does_harm(void **state)
{
	(void)state;
	GdkPixbuf *ground = white(300, 300);
	draw(ground, ADDRESS, 20, 20);
	struct file file = save(ground, "png");
	for (gsize i = 0; i < file.len; i += 7) {
		char *text = NULL;
		file.bytes[i] = (char)(file.bytes[i] ^ 0x41);
		if (km_photo_text(file.bytes, file.len - i % 3, &text, NULL) == KM_OK)
			assert_string_equal(text, ADDRESS);
		free(text);
		file.bytes[i] = (char)(file.bytes[i] ^ 0x41);
	}
	g_free(file.bytes);
	g_object_unref(ground);
}

/* The credential in a PDF: badge/bake.h. */

static enum km_error from_pdf(const char *rest, char **ret_token, struct km_problem *problem)
{
	auto_buf struct km_buf pdf = KM_BUF_EMPTY;
	km_buf_add_format(&pdf, "%%PDF-1.5\n1 0 obj\n<< /Title (x)\n   %s>>\nendobj\n", rest);
	return km_carrier_token(pdf.data, pdf.len, ret_token, problem);
}

static void a_pdf_carries_its_credential_as_a_keyword(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char *token = NULL;
	assert_ok(from_pdf("/Keywords (openbadgecredential:eyJh.eyJi.c2ln)\n", &token, &problem), &problem);
	assert_string_equal(token, "eyJh.eyJi.c2ln");
	free(token);
	assert_problem(from_pdf("/Keywords (iets anders)\n", &token, &problem), &problem, KM_ABSENT, "no-credential");
	static const char *const broken[] = {"/Keywords (openbadgecredential:eyJh.eyJi)\n",
	                                     "/Keywords (openbadgecredential:eyJh.eyJi.c2 ln)\n",
	                                     "/Keywords (openbadgecredential:eyJh.eyJi.c2ln",
	                                     "/Keywords (openbadgecredential:eyJh.eyJi.c2ln)\n"
	                                     "/Keywords (openbadgecredential:eyJh.eyJi.c2ln)\n"};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_problem(from_pdf(broken[i], &token, &problem), &problem, KM_MALFORMED, "malformed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(the_code_in_a_photo_is_read),       KM_TEST(several_codes_are_refused_unless_they_say_the_same),
		KM_TEST(what_shows_no_code_says_so),        KM_TEST(a_picture_is_bounded),
		KM_TEST(no_cut_or_changed_photo_does_harm), KM_TEST(a_pdf_carries_its_credential_as_a_keyword),
	};
	return cmocka_run_group_tests_name("photo", tests, NULL, NULL);
}
