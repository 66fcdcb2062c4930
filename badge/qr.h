/*
 * QR codes (ISO/IEC 18004) by libqrencode: error correction level M, quiet zone included.
 */
#ifndef KM_BADGE_QR_H
#define KM_BADGE_QR_H

#include "base/buf.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_QR_QUIET_ZONE = 4 }; /* modules on each side */

struct km_qr {
	int modules;    /* on a side, without the quiet zone */
	uint8_t *dark;  /* modules × modules, 1 for dark, row by row; owned */
};

/* Encodes the text (upper-case URLs take the compact alphanumeric mode). KM_TOO_LARGE. Free with km_qr_done. */
enum km_error km_qr_encode(const char *text, struct km_qr *ret_qr, struct km_problem *problem);
void km_qr_done(struct km_qr *qr);

/* "HTTPS://HOST/M/NUMBER": what the compact QR holds; the caller's (free). NULL where memory ran out. Where the url has
 * a port or is http, the same with those. */
char *km_qr_compact_text(const char *url, const char *number);

/* One SVG path ("M4 4h7v1h-7z…") of the dark modules with its upper left corner at x, y and `size` units wide with quiet
 * zone: adds <path d="…"/> with this fill. */
void km_qr_draw(const struct km_qr *qr, double x, double y, double size, const char *fill, struct km_buf *buf);

/* A whole SVG document, white ground, with a <title>. */
void km_qr_svg(const struct km_qr *qr, const char *title, struct km_buf *buf);

/* A PNG with `scale` (1 to 64) pixels a module. */
enum km_error km_qr_png(const struct km_qr *qr, int scale, struct km_buf *ret_png, struct km_problem *problem);

#endif
