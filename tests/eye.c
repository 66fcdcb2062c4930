#include "tests/eye.h"

#include "tests/test.h"

#include <png.h>
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
