/*
 * The badge for where SVG does not go: PNG for mail and office documents, PDF for the printer. From the one drawing, by
 * librsvg and cairo, in the fonts that this machine has.
 */
#ifndef KM_BADGE_RASTER_H
#define KM_BADGE_RASTER_H

#include "badge/drawing.h"

#include <stdbool.h>

enum { KM_RASTER_WIDTH_MIN = 16, KM_RASTER_WIDTH_MAX = 4096 }; /* pixels */

/* Adds a PNG this many pixels wide, transparent outside the badge's edge, with the drawing's credential baked in.
 * KM_INVALID, type "picture-size", outside the bounds. */
enum km_error km_badge_png(const struct km_drawing *drawing, const struct km_mark *mark,
                           const struct km_catalogue *words, int width, struct km_buf *ret_png,
                           struct km_problem *problem);

/* A module of a QR code is never printed smaller than this. */
enum { KM_PRINT_MODULE_UM = 400, KM_PRINT_WIDTH_MAX_MM = 500, KM_PRINT_BLEED_MM = 3 };

struct km_print {
	double width_mm;
	bool bleed; /* KM_PRINT_BLEED_MM more of the ground on every side, and marks that show where to cut */
};

/* The least width in whole millimetres at which this badge can be printed so that it can be read. KM_TOO_LARGE where
 * its address fits in no QR code. */
enum km_error km_badge_print_min(const struct km_drawing *drawing, const struct km_mark *mark, int *ret_width_mm,
                                 struct km_problem *problem);

/* Adds a PDF of one page. KM_INVALID, type "print-size", where the width is out of bounds. */
enum km_error km_badge_pdf(const struct km_drawing *drawing, const struct km_mark *mark,
                           const struct km_catalogue *words, const struct km_print *print, struct km_buf *ret_pdf,
                           struct km_problem *problem);

#endif
