/*
 * The sheet that a form of the badge is drawn on: what every form has at hand, and the pieces that they share. For
 * badge/drawing.c and the forms only.
 */
#ifndef KM_BADGE_SHEET_H
#define KM_BADGE_SHEET_H

#include "badge/drawing.h"
#include "badge/qr.h"
#include "badge/shape.h"

#include <stdbool.h>

struct km_palette {
	const char *ink, *quiet;       /* text: what matters most, and the rest */
	const char *edge;              /* of an active mark's badge */
	const char *tone[KM_STATES];   /* of the state: its sign, its words, its edge */
	const char *ground[KM_STATES]; /* differs in each state, so that no part of the badge looks valid */
};

struct km_sheet {
	const struct km_drawing *drawing;
	const struct km_mark *mark;
	const struct km_catalogue *words;
	const struct km_palette *palette;
	struct km_qr qr;
	struct km_buf *buf;
	/* Filled once; the forms choose from them. */
	struct km_buf name_line;  /* "Keurmerk MKB-ICT" */
	struct km_buf mark_line;  /* the same with the level */
	struct km_buf until_line; /* "geldig tot 30 november 2029", or "niet geldig sinds 3 maart 2027" */
	struct km_buf check_line; /* "controleer op keurmerk.example" */
	char number[KM_NUMBER_SHOWN];
	const char *host; /* of the registry, as printed */
};

/* The forms; each fills its own size from the upper left corner. */
enum { KM_LINE_HUNDREDTHS = 150, KM_CORNER = 12 }; /* width of every line; radius of every corner */
extern const struct km_badge_size km_card_size, km_strip_size, km_seal_size;
void km_card_draw(const struct km_sheet *sheet);
void km_strip_draw(const struct km_sheet *sheet);
void km_seal_draw(const struct km_sheet *sheet);

bool km_sheet_active(const struct km_sheet *sheet);
const char *km_sheet_tone(const struct km_sheet *sheet);

/* A word from the catalogue in the drawing's language; km_sheet_state_word(sheet, "word") is that of "word.suspended".
 */
const char *km_sheet_word(const struct km_sheet *sheet, const char *key);
const char *km_sheet_state_word(const struct km_sheet *sheet, const char *family);

/* Ground and edge with round corners. */
void km_sheet_ground(const struct km_sheet *sheet, struct km_badge_size size);

/* The emblem, or the state's shape in its place. */
void km_sheet_sign(const struct km_sheet *sheet, double x, double y, double size);

/* The QR code on a white ground with round corners. */
void km_sheet_qr(const struct km_sheet *sheet, double x, double y, double size);

struct km_lettering {
	double x, y;                      /* baseline of a single line of `size` */
	double size;                      /* the largest; text that does not fit gets smaller */
	double width;                     /* of its room */
	double smallest;                  /* on one line */
	double two_largest, two_smallest; /* on two lines, around the middle of that line; 0 for never */
	bool bold, middle;                /* x is the middle rather than the left */
	bool figures;                     /* of one width each */
	bool keep_end;
	const char *fill;
	const char *after; /* set behind it in regular weight; NULL for nothing */
};

void km_sheet_write(const struct km_sheet *sheet, const struct km_lettering *lettering, const char *text);

/* "Keurmerk MKB-ICT · voorbeeld"; "Geschorst: nu niet geldig · voorbeeld". */
void km_sheet_write_mark(const struct km_sheet *sheet, const struct km_lettering *lettering);
void km_sheet_write_state(const struct km_sheet *sheet, const struct km_lettering *lettering);

/* The first domain; nothing where there is none. */
void km_sheet_write_domain(const struct km_sheet *sheet, const struct km_lettering *lettering);

#endif
