#include "tests/eye.h"

#include "tests/test.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>
#include <png.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zbar.h>

struct picture picture_of_png(const char *bytes, size_t len)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	if (!png_image_begin_read_from_memory(&image, bytes, len))
		fail_msg("not a PNG: %s", image.message);
	image.format = PNG_FORMAT_GRAY;
	struct picture picture = {.width = (int)image.width, .height = (int)image.height};
	picture.grey = malloc(PNG_IMAGE_SIZE(image));
	assert_non_null(picture.grey);
	const png_color white = {255, 255, 255};
	if (!png_image_finish_read(&image, &white, picture.grey, 0, NULL))
		fail_msg("a broken PNG: %s", image.message);
	return picture;
}

void picture_done(struct picture *picture)
{
	free(picture->grey);
	picture->grey = NULL;
}

static struct picture blank(int width, int height)
{
	struct picture picture = {.width = width, .height = height};
	picture.grey = malloc((size_t)width * (size_t)height);
	assert_non_null(picture.grey);
	memset(picture.grey, 255, (size_t)width * (size_t)height);
	return picture;
}

/* White outside. */
static double grey_at(const struct picture *picture, int x, int y)
{
	bool outside = x < 0 || y < 0 || x >= picture->width || y >= picture->height;
	return outside ? 255 : picture->grey[(size_t)y * (size_t)picture->width + (size_t)x];
}

struct picture picture_turned(const struct picture *picture, double degrees)
{
	double angle = degrees * 3.141592653589793 / 180, c = cos(angle), s = sin(angle);
	int width = (int)ceil(picture->width * fabs(c) + picture->height * fabs(s));
	int height = (int)ceil(picture->width * fabs(s) + picture->height * fabs(c));
	struct picture turned = blank(width, height);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			double dx = x + 0.5 - width / 2.0, dy = y + 0.5 - height / 2.0;
			double from_x = dx * c + dy * s + picture->width / 2.0 - 0.5;
			double from_y = dy * c - dx * s + picture->height / 2.0 - 0.5;
			int left = (int)floor(from_x), top = (int)floor(from_y);
			double right = from_x - left, bottom = from_y - top;
			double upper = grey_at(picture, left, top) * (1 - right) + grey_at(picture, left + 1, top) * right;
			double lower = grey_at(picture, left, top + 1) * (1 - right) + grey_at(picture, left + 1, top + 1) * right;
			turned.grey[(size_t)y * (size_t)width + (size_t)x] = (uint8_t)lround(upper * (1 - bottom) + lower * bottom);
		}
	}
	return turned;
}

enum { REACH = 8 };

static struct picture blurred_along(const struct picture *picture, double sigma, int step_x, int step_y)
{
	struct picture blurred = blank(picture->width, picture->height);
	for (int y = 0; y < picture->height; y++) {
		for (int x = 0; x < picture->width; x++) {
			double sum = 0, weights = 0;
			for (int i = -REACH; i <= REACH; i++) {
				double weight = exp(-i * i / (2 * sigma * sigma));
				sum += weight * grey_at(picture, x + i * step_x, y + i * step_y);
				weights += weight;
			}
			blurred.grey[(size_t)y * (size_t)picture->width + (size_t)x] = (uint8_t)lround(sum / weights);
		}
	}
	return blurred;
}

struct picture picture_blurred(const struct picture *picture, double sigma)
{
	auto_picture struct picture across = blurred_along(picture, sigma, 1, 0);
	return blurred_along(&across, sigma, 0, 1);
}

struct picture picture_as_jpeg(const struct picture *picture, int quality)
{
	GdkPixbuf *colours = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, picture->width, picture->height);
	assert_non_null(colours);
	for (int y = 0; y < picture->height; y++)
		for (int x = 0; x < picture->width; x++)
			memset(gdk_pixbuf_get_pixels(colours) + y * gdk_pixbuf_get_rowstride(colours) + x * 3,
			       picture->grey[y * picture->width + x], 3);
	char *bytes = NULL, number[16];
	gsize len = 0;
	snprintf(number, sizeof number, "%d", quality);
	assert_true(gdk_pixbuf_save_to_buffer(colours, &bytes, &len, "jpeg", NULL, "quality", number, NULL));
	g_object_unref(colours);
	GdkPixbufLoader *loader = gdk_pixbuf_loader_new();
	assert_true(gdk_pixbuf_loader_write(loader, (const guchar *)bytes, len, NULL));
	assert_true(gdk_pixbuf_loader_close(loader, NULL));
	g_free(bytes);
	const GdkPixbuf *back = gdk_pixbuf_loader_get_pixbuf(loader);
	struct picture saved = blank(gdk_pixbuf_get_width(back), gdk_pixbuf_get_height(back));
	for (int y = 0; y < saved.height; y++)
		for (int x = 0; x < saved.width; x++)
			saved.grey[y * saved.width + x] =
				gdk_pixbuf_read_pixels(back)[y * gdk_pixbuf_get_rowstride(back) + x * gdk_pixbuf_get_n_channels(back)];
	g_object_unref(loader);
	return saved;
}

struct picture picture_covered(const struct picture *picture, struct patch patch)
{
	struct picture covered = blank(picture->width, picture->height);
	memcpy(covered.grey, picture->grey, (size_t)picture->width * (size_t)picture->height);
	for (int y = patch.y; y < patch.y + patch.height; y++)
		memset(covered.grey + (size_t)y * (size_t)picture->width + patch.x, 96, (size_t)patch.width);
	return covered;
}

char *read_qr(const struct picture *picture)
{
	zbar_image_scanner_t *scanner = zbar_image_scanner_create();
	zbar_image_t *image = zbar_image_create();
	assert_non_null(scanner);
	assert_non_null(image);
	zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
	zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
	zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
	zbar_image_set_size(image, (unsigned)picture->width, (unsigned)picture->height);
	zbar_image_set_data(image, picture->grey, (unsigned long)picture->width * (unsigned long)picture->height, NULL);
	char *text = NULL;
	if (zbar_scan_image(scanner, image) > 0) {
		const zbar_symbol_t *symbol = zbar_image_first_symbol(image);
		text = strndup(zbar_symbol_get_data(symbol), zbar_symbol_get_data_length(symbol));
		assert_non_null(text);
	}
	zbar_image_destroy(image);
	zbar_image_scanner_destroy(scanner);
	return text;
}
