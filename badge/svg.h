/*
 * The small words of SVG that every drawing writes: numbers that no locale changes, and what a document begins with.
 */
#ifndef KM_BADGE_SVG_H
#define KM_BADGE_SVG_H

#include "base/buf.h"

/* Adds a number with at most two decimals and no superfluous zero: "4", "-0.5", "12.25". Between -1e9 and 1e9. */
void km_svg_number(struct km_buf *buf, double number);

/* Adds text in which each "%" stands for the next number, in order: (buf, "<g transform=\"translate(%
 * %)\">", 4.0, 2.5). All numbers are doubles: write 4.0, not 4. */
void km_svg_add(struct km_buf *buf, const char *text, ...);

#endif
