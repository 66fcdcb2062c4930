/*
 * Fitting text into a room on a drawing. A drawing does not know which font of the stack its reader has, so widths are
 * those of the widest of them: text may come out narrower than it was measured, hardly ever wider.
 */
#ifndef KM_BADGE_TEXT_FIT_H
#define KM_BADGE_TEXT_FIT_H

#include <stdbool.h>
#include <stddef.h>

enum { KM_FIT_LINES = 2, KM_FIT_BYTES = 1024 }; /* bytes of a line with its NUL */

struct km_fit_room {
	double width;
	double largest, smallest;         /* sizes for text on one line */
	double two_largest, two_smallest; /* for text on two lines; 0 where there is room for one only */
	bool bold;
	bool keep_end; /* what does not fit is left out at the front, as in a domain, whose end tells whose it is */
};

struct km_fit {
	double size;
	int lines; /* 1 or 2 */
	bool cut;  /* an ellipsis stands for a part */
	bool right_to_left;
	char line[KM_FIT_LINES][KM_FIT_BYTES]; /* UTF-8, not escaped */
};

/* One line as large as fits; below `smallest`, two; below `two_smallest`, cut with an ellipsis, never inside what a
 * reader sees as one character. Of the text, characters that turn the direction of what follows are left out, and white
 * space is one space. Bytes that are not UTF-8 become U+FFFD. */
void km_text_fit(const char *text, const struct km_fit_room *room, struct km_fit *ret_fit);

/* Width of a text on one line at size 1. */
double km_text_width(const char *text, bool bold);

#endif
