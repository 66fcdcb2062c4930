#include "badge/qr.h"

#include "badge/svg.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <qrencode.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SCALE_MAX = 64 };

enum km_error km_qr_encode(const char *text, struct km_qr *ret_qr, struct km_problem *problem)
{
	/* 8-bit mode as the base: the library finds the alphanumeric and numeric runs by itself. */
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	if (!code) {
		if (errno == ENOMEM)
			return km_fail_memory(problem);
		if (errno == ERANGE)
			return km_fail(problem, KM_TOO_LARGE, "qr-size", "a text of %zu bytes does not fit in a QR code",
			               strlen(text));
		return km_fail(problem, KM_INVALID, "qr-text", "there is nothing to put in the QR code");
	}
	size_t area = (size_t)code->width * (size_t)code->width;
	uint8_t *dark = malloc(area);
	if (dark) {
		for (size_t i = 0; i < area; i++)
			dark[i] = code->data[i] & 1; /* the other bits say what a module is for */
		*ret_qr = (struct km_qr){.modules = code->width, .dark = dark};
	}
	QRcode_free(code);
	return dark ? KM_OK : km_fail_memory(problem);
}

void km_qr_done(struct km_qr *qr)
{
	free(qr->dark);
	*qr = (struct km_qr){0};
}

static void add_upper(struct km_buf *buf, const char *text)
{
	for (; *text; text++)
		km_buf_add_char(buf, *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text);
}

char *km_qr_compact_text(const char *url, const char *number)
{
	struct km_buf buf = KM_BUF_EMPTY;
	add_upper(&buf, url);
	km_buf_add_text(&buf, "/M/");
	add_upper(&buf, number);
	return km_buf_take(&buf, NULL);
}

static char *put_number(char *at, int number)
{
	char digits[12];
	size_t len = 0;
	do
		digits[len++] = (char)('0' + number % 10);
	while (number /= 10);
	while (len)
		*at++ = digits[--len];
	return at;
}

/* "M4 5h7v1h-7z", written by hand: a code has a thousand of them. */
static void add_run(struct km_buf *buf, int x, int y, int len)
{
	char text[64], *at = text;
	*at++ = 'M';
	at = put_number(at, x);
	*at++ = ' ';
	at = put_number(at, y);
	*at++ = 'h';
	at = put_number(at, len);
	memcpy(at, "v1h-", 4);
	at = put_number(at + 4, len);
	*at++ = 'z';
	km_buf_add(buf, text, (size_t)(at - text));
}

/* Runs of dark modules, row by row. All numbers are whole, so no rounding can open a seam between two modules. */
static void add_runs(const struct km_qr *qr, struct km_buf *buf)
{
	for (int y = 0; y < qr->modules; y++) {
		const uint8_t *row = qr->dark + (size_t)y * (size_t)qr->modules;
		for (int x = 0, end; x < qr->modules; x = end + 1) {
			for (end = x; end < qr->modules && row[end]; end++)
				;
			if (end > x)
				add_run(buf, KM_QR_QUIET_ZONE + x, KM_QR_QUIET_ZONE + y, end - x);
		}
	}
}

void km_qr_draw(const struct km_qr *qr, double x, double y, double size, const char *fill, struct km_buf *buf)
{
	int side = qr->modules + 2 * KM_QR_QUIET_ZONE;
	km_buf_add_text(buf, "<path fill=\"");
	km_buf_add_escaped(buf, fill);
	km_buf_add_text(buf, "\" d=\"");
	add_runs(qr, buf);
	km_buf_add_text(buf, "\" transform=\"");
	km_svg_add(buf, "translate(% %)", x, y);
	long long millionths = llround(size / side * 1e6);
	km_buf_add_format(buf, " scale(%lld.%06lld)", millionths / 1000000, millionths % 1000000);
	km_buf_add_text(buf, "\"/>");
}

void km_qr_svg(const struct km_qr *qr, const char *title, struct km_buf *buf)
{
	int side = qr->modules + 2 * KM_QR_QUIET_ZONE;
	km_buf_add_format(buf,
	                  "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
	                  "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"><title>",
	                  side, side, side * 6, side * 6);
	km_buf_add_escaped(buf, title);
	km_buf_add_format(buf, "</title><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/><path d=\"", side, side, side);
	add_runs(qr, buf);
	km_buf_add_text(buf, "\"/></svg>\n");
}

struct png_sink {
	struct km_buf *buf;
	struct km_problem *problem;
};

static void write_png(png_structp png, png_bytep bytes, size_t len)
{
	struct png_sink *sink = png_get_io_ptr(png);
	km_buf_add(sink->buf, bytes, len);
}

static void flush_png(png_structp png)
{
	(void)png;
}

static void png_failed(png_structp png, png_const_charp message)
{
	struct png_sink *sink = png_get_error_ptr(png);
	km_fail(sink->problem, KM_BUG, "png", "libpng: %s", message);
	png_longjmp(png, 1);
}

static void png_warned(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

/* One row of modules as bits, 1 for white. */
static void fill_row(const struct km_qr *qr, int y, int scale, uint8_t *row, size_t row_len)
{
	memset(row, 0xff, row_len);
	if (y < 0 || y >= qr->modules)
		return;
	for (int x = 0; x < qr->modules; x++) {
		if (!qr->dark[(size_t)y * (size_t)qr->modules + (size_t)x])
			continue;
		for (int i = 0; i < scale; i++) {
			unsigned pixel = (unsigned)((x + KM_QR_QUIET_ZONE) * scale + i);
			row[pixel / 8] &= (uint8_t) ~(0x80u >> pixel % 8);
		}
	}
}

static bool write_image(png_structp png, png_infop info, const struct km_qr *qr, int scale, uint8_t *row,
                        size_t row_len)
{
	if (setjmp(png_jmpbuf(png)))
		return false;
	unsigned side = (unsigned)((qr->modules + 2 * KM_QR_QUIET_ZONE) * scale);
	png_set_IHDR(png, info, side, side, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	             PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (int y = -KM_QR_QUIET_ZONE; y < qr->modules + KM_QR_QUIET_ZONE; y++) {
		fill_row(qr, y, scale, row, row_len);
		for (int i = 0; i < scale; i++)
			png_write_row(png, row);
	}
	png_write_end(png, info);
	return true;
}

enum km_error km_qr_png(const struct km_qr *qr, int scale, struct km_buf *ret_png, struct km_problem *problem)
{
	if (scale < 1 || scale > SCALE_MAX)
		return km_fail(problem, KM_INVALID, "scale", "a module of %d pixels: choose 1 to %d", scale, SCALE_MAX);
	auto_buf struct km_buf bytes = KM_BUF_EMPTY;
	struct png_sink sink = {.buf = &bytes, .problem = problem};
	size_t row_len = ((size_t)(qr->modules + 2 * KM_QR_QUIET_ZONE) * (size_t)scale + 7) / 8;
	auto_free uint8_t *row = malloc(row_len);
	png_structp png = row ? png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, png_failed, png_warned) : NULL;
	png_infop info = png ? png_create_info_struct(png) : NULL;
	if (!info) {
		png_destroy_write_struct(&png, NULL);
		return km_fail_memory(problem);
	}
	png_set_write_fn(png, &sink, write_png, flush_png);
	bool written = write_image(png, info, qr, scale, row, row_len);
	png_destroy_write_struct(&png, &info);
	if (!written)
		return KM_BUG;
	if (bytes.failed)
		return km_fail_memory(problem);
	km_buf_add(ret_png, bytes.data, bytes.len);
	return ret_png->failed ? km_fail_memory(problem) : KM_OK;
}
