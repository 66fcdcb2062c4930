/*
 * The signs on a badge: a shape for each state, and the emblem of a mark that is active. Each is of one colour, and is
 * told from the others without it.
 */
#ifndef KM_BADGE_SHAPE_H
#define KM_BADGE_SHAPE_H

#include "base/buf.h"
#include "registry/mark.h"

/* A square on a drawing. */
struct km_place {
	double x, y, size;
	const char *fill;
};

void km_shape_draw(enum km_state state, const struct km_place *place, struct km_buf *buf);

/* The tick in its circle with a braid around it, which has two waves for each principle of the scheme and two more. */
void km_emblem_draw(const struct km_scheme *scheme, const struct km_place *place, struct km_buf *buf);

/* The braid alone: two strands that together touch the circle from within. */
struct km_braid {
	int waves;
	double swing; /* of each strand to either side */
	double line;  /* width */
};
void km_braid_draw(const struct km_braid *braid, double x, double y, double radius, const char *colour,
                   struct km_buf *buf);

#endif
