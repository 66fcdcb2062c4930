#include "badge/photo.h"

#include "base/buf.h"
#include "base/encode.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zbar.h>

struct grey {
	int width, height;
	uint8_t *bytes; /* width × height; owned */
};

static bool has_form(const char *bytes, size_t len, const char **ret_type)
{
	static const struct {
		const char *type, *start;
		size_t len;
	} forms[] = {{"png", "\x89PNG\r\n\x1a\n", 8}, {"jpeg", "\xff\xd8\xff", 3}};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (len >= forms[i].len && memcmp(bytes, forms[i].start, forms[i].len) == 0) {
			*ret_type = forms[i].type;
			return true;
		}
	}
	return false;
}

/* Called when the size is known, before anything of it is decoded. A size of 0 keeps it from being. */
static void check_size(GdkPixbufLoader *loader, int width, int height, gpointer context)
{
	bool *too_large = context;
	*too_large =
		width > KM_PHOTO_SIDE_MAX || height > KM_PHOTO_SIDE_MAX || (int64_t)width * height > KM_PHOTO_PIXELS_MAX;
	if (*too_large)
		gdk_pixbuf_loader_set_size(loader, 0, 0);
}

/* Light as the eye weighs it (Rec. 601), over white. */
static enum km_error make_grey(const GdkPixbuf *pixbuf, struct grey *ret_grey, struct km_problem *problem)
{
	int width = gdk_pixbuf_get_width(pixbuf), height = gdk_pixbuf_get_height(pixbuf);
	int channels = gdk_pixbuf_get_n_channels(pixbuf), stride = gdk_pixbuf_get_rowstride(pixbuf);
	bool alpha = gdk_pixbuf_get_has_alpha(pixbuf);
	const uint8_t *pixels = gdk_pixbuf_read_pixels(pixbuf);
	uint8_t *grey = malloc((size_t)width * (size_t)height + 1);
	if (!grey)
		return km_fail_memory(problem);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			const uint8_t *pixel = pixels + (size_t)y * (size_t)stride + (size_t)x * (size_t)channels;
			unsigned light = (299u * pixel[0] + 587u * pixel[1] + 114u * pixel[2]) / 1000u;
			unsigned cover = alpha ? pixel[3] : 255u;
			grey[(size_t)y * (size_t)width + (size_t)x] = (uint8_t)((light * cover + 255u * (255u - cover)) / 255u);
		}
	}
	*ret_grey = (struct grey){.width = width, .height = height, .bytes = grey};
	return KM_OK;
}

static enum km_error decode(const char *bytes, size_t len, const char *type, struct grey *ret_grey,
                            struct km_problem *problem)
{
	bool too_large = false;
	GdkPixbufLoader *loader = gdk_pixbuf_loader_new_with_type(type, NULL);
	if (!loader)
		return km_fail(problem, KM_UNAVAILABLE, "picture", "pictures of this kind (%s) cannot be read on this machine",
		               type);
	g_signal_connect(loader, "size-prepared", G_CALLBACK(check_size), &too_large);
	bool whole = gdk_pixbuf_loader_write(loader, (const guchar *)bytes, len, NULL);
	whole = gdk_pixbuf_loader_close(loader, NULL) && whole;
	GdkPixbuf *pixbuf = whole && !too_large ? gdk_pixbuf_loader_get_pixbuf(loader) : NULL;
	enum km_error error = KM_OK;
	if (too_large)
		error =
			km_fail(problem, KM_TOO_LARGE, "picture", "this picture is larger than %d million pixels: make it smaller",
		            KM_PHOTO_PIXELS_MAX / 1000000);
	else if (!pixbuf)
		error = km_fail(problem, KM_ABSENT, "no-picture", "this picture is damaged");
	else
		error = make_grey(pixbuf, ret_grey, problem);
	g_object_unref(loader);
	return error;
}

/* The text of a code, where it says the same as those before it. */
static enum km_error take(const zbar_symbol_t *symbol, char **text, struct km_problem *problem)
{
	const char *data = zbar_symbol_get_data(symbol);
	size_t len = zbar_symbol_get_data_length(symbol);
	if (!km_utf8_valid(data, len, NULL))
		return KM_OK; /* no code of ours is of other bytes */
	if (*text)
		return strlen(*text) == len && memcmp(*text, data, len) == 0
		           ? KM_OK
		           : km_fail(problem, KM_CONFLICT, "many-qr",
		                     "there are several QR codes in this picture: cut out the one of the mark");
	*text = strndup(data, len);
	return *text ? KM_OK : km_fail_memory(problem);
}

static enum km_error scan(struct grey *grey, char **ret_text, struct km_problem *problem)
{
	zbar_image_scanner_t *scanner = zbar_image_scanner_create();
	zbar_image_t *image = zbar_image_create();
	char *text = NULL;
	zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
	zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
	zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
	zbar_image_set_size(image, (unsigned)grey->width, (unsigned)grey->height);
	zbar_image_set_data(image, grey->bytes, (unsigned long)grey->width * (unsigned long)grey->height, NULL);
	enum km_error error = KM_OK;
	if (zbar_scan_image(scanner, image) > 0)
		for (const zbar_symbol_t *symbol = zbar_image_first_symbol(image); symbol && !error;
		     symbol = zbar_symbol_next(symbol))
			error = take(symbol, &text, problem);
	zbar_image_destroy(image);
	zbar_image_scanner_destroy(scanner);
	if (!error && !text)
		error =
			km_fail(problem, KM_ABSENT, "no-qr",
		            "no QR code can be read in this picture: take it straight from above, sharp, with the white edge");
	if (error) {
		free(text);
		return error;
	}
	*ret_text = text;
	return KM_OK;
}

enum km_error km_photo_text(const char *bytes, size_t len, char **ret_text, struct km_problem *problem)
{
	const char *type;
	struct grey grey = {0};
	if (!has_form(bytes, len, &type))
		return km_fail(problem, KM_ABSENT, "no-picture", "this is no picture (PNG or JPEG)");
	enum km_error error = decode(bytes, len, type, &grey, problem);
	if (!error)
		error = scan(&grey, ret_text, problem);
	free(grey.bytes);
	return error;
}
