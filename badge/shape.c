#include "badge/shape.h"

#include "badge/drawing.h"
#include "badge/svg.h"

#include <math.h>

enum { BOX = 48 }; /* units on a side of every shape */

/* Each with its sign cut out of it, so that one colour on any ground is enough (fill-rule evenodd). */
static const char *const outlines[KM_STATES] = {
	/* tick in a circle */
	[KM_ACTIVE] = "M2 24A22 22 0 1 1 46 24A22 22 0 1 1 2 24z"
				  "M15.13 23.37A2.3 2.3 0 0 0 11.87 26.63L19.07 33.83A2.3 2.3 0 0 0 22.4 33.75L36.2 18.55A2.3 2.3 0 0 "
				  "0 32.8 15.45L20.62 28.87z",
	/* two bars in a triangle */
	[KM_SUSPENDED] =
		"M20.05 6.7A4.5 4.5 0 0 1 27.95 6.7L45.85 39.34A4.5 4.5 0 0 1 41.9 46L6.1 46A4.5 4.5 0 0 1 2.15 39.34z"
		"M17.4 21.5A2.2 2.2 0 0 1 21.8 21.5L21.8 36.5A2.2 2.2 0 0 1 17.4 36.5z"
		"M26.2 21.5A2.2 2.2 0 0 1 30.6 21.5L30.6 36.5A2.2 2.2 0 0 1 26.2 36.5z",
	/* cross in an octagon */
	[KM_WITHDRAWN] =
		"M45.14 31.51A3 3 0 0 1 44.26 33.63L33.63 44.26A3 3 0 0 1 31.51 45.14L16.49 45.14A3 3 0 0 1 14.37 44.26L3.74 "
		"33.63A3 3 0 0 1 2.86 31.51L2.86 16.49A3 3 0 0 1 3.74 14.37L14.37 3.74A3 3 0 0 1 16.49 2.86L31.51 2.86A3 3 0 0 "
		"1 33.63 3.74L44.26 14.37A3 3 0 0 1 45.14 16.49z"
		"M24 20.61L30.79 13.82A2.4 2.4 0 0 1 34.18 17.21L27.39 24L34.18 30.79A2.4 2.4 0 0 1 30.79 34.18L24 27.39L17.21 "
		"34.18A2.4 2.4 0 0 1 13.82 30.79L20.61 24L13.82 17.21A2.4 2.4 0 0 1 17.21 13.82L24 20.61z",
	/* hands of a clock in a square */
	[KM_EXPIRED] = "M3.5 8.5A5 5 0 0 1 8.5 3.5L39.5 3.5A5 5 0 0 1 44.5 8.5L44.5 39.5A5 5 0 0 1 39.5 44.5L8.5 44.5A5 5 "
				   "0 0 1 3.5 39.5z"
				   "M25.3 12A2.3 2.3 0 0 0 20.7 12L20.7 25.5A2.3 2.3 0 0 0 21.74 27.42L31.04 33.52A2.3 2.3 0 0 0 33.56 "
				   "29.68L25.3 24.26z",
};

static void add_outline(enum km_state state, struct km_buf *buf)
{
	km_buf_add_text(buf, "fill-rule=\"evenodd\" d=\"");
	km_buf_add_text(buf, outlines[state]);
	km_buf_add_text(buf, "\"/>");
}

void km_state_shape(enum km_state state, int size, struct km_buf *buf)
{
	km_buf_add_format(buf,
	                  "<svg xmlns=\"http://www.w3.org/2000/svg\" aria-hidden=\"true\" focusable=\"false\" "
	                  "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"><path fill=\"currentColor\" ",
	                  size, size, BOX, BOX);
	add_outline(state, buf);
	km_buf_add_text(buf, "</svg>");
}

void km_shape_draw(enum km_state state, const struct km_place *place, struct km_buf *buf)
{
	km_svg_add(buf, "<path transform=\"translate(% %) scale(%)\" fill=\"", place->x, place->y, place->size / BOX);
	km_buf_add_text(buf, place->fill);
	km_buf_add_text(buf, "\" ");
	add_outline(state, buf);
}

/* The emblem: the active state's shape within two strands woven around it, like the line work on a banknote. */

enum { WAVES_MIN = 10, WAVES_MAX = 16 };
static const double emblem_box = 64, full_turn = 6.283185307179586;

/* A point of the strand r = radius + swing·cos(waves·t + phase), and a third of the way that it goes from there in one
 * step: what a cubic Bézier curve needs. */
struct strand {
	double radius, swing, phase;
	int waves;
};
enum { STEPS_PER_WAVE = 2 };

static void strand_point(const struct strand *strand, int step, double *x, double *y, double *dx, double *dy)
{
	double t = full_turn * step / (strand->waves * STEPS_PER_WAVE);
	double r = strand->radius + strand->swing * cos(strand->waves * t + strand->phase);
	double slope = -strand->swing * strand->waves * sin(strand->waves * t + strand->phase);
	double third = full_turn / (strand->waves * STEPS_PER_WAVE) / 3;
	*x = r * cos(t);
	*y = r * sin(t);
	*dx = (slope * cos(t) - r * sin(t)) * third;
	*dy = (slope * sin(t) + r * cos(t)) * third;
}

static void add_strand(const struct strand *strand, struct km_buf *buf)
{
	double x, y, dx, dy;
	strand_point(strand, 0, &x, &y, &dx, &dy);
	km_svg_add(buf, "M% %C% % ", x, y, x + dx, y + dy);
	for (int step = 1; step <= strand->waves * STEPS_PER_WAVE; step++) {
		strand_point(strand, step, &x, &y, &dx, &dy);
		km_svg_add(buf, step == 1 ? "% % % %" : "S% % % %", x - dx, y - dy, x, y);
	}
	km_buf_add_char(buf, 'z');
}

void km_braid_draw(const struct km_braid *braid, double x, double y, double radius, const char *colour,
                   struct km_buf *buf)
{
	struct strand strand = {
		.radius = radius - braid->swing - braid->line / 2, .swing = braid->swing, .waves = braid->waves};
	km_svg_add(buf, "<path transform=\"translate(% %)\" fill=\"none\" stroke-width=\"%\" stroke=\"", x, y, braid->line);
	km_buf_add_text(buf, colour);
	km_buf_add_text(buf, "\" d=\"");
	add_strand(&strand, buf);
	strand.phase = full_turn / 2;
	add_strand(&strand, buf);
	km_buf_add_text(buf, "\"/>");
}

void km_emblem_draw(const struct km_scheme *scheme, const struct km_place *place, struct km_buf *buf)
{
	km_svg_add(buf, "<g transform=\"translate(% %) scale(%)\">", place->x, place->y, place->size / emblem_box);
	size_t waves = 2 + 2 * scheme->principles_len;
	waves = waves < WAVES_MIN ? WAVES_MIN : waves > WAVES_MAX ? WAVES_MAX : waves;
	struct km_braid braid = {.waves = (int)waves, .swing = 10.4 / sqrt((double)waves), .line = 1.5};
	km_braid_draw(&braid, emblem_box / 2, emblem_box / 2, emblem_box / 2, place->fill, buf);
	struct km_place middle = {
		.x = (emblem_box - BOX) / 2, .y = (emblem_box - BOX) / 2, .size = BOX, .fill = place->fill};
	km_shape_draw(KM_ACTIVE, &middle, buf);
	km_buf_add_text(buf, "</g>");
}
