/*
 * The badge as a picture: one SVG drawing in several forms. What it says comes from the register's record alone.
 */
#ifndef KM_BADGE_DRAWING_H
#define KM_BADGE_DRAWING_H

#include "base/buf.h"
#include "base/catalogue.h"
#include "base/error.h"
#include "registry/mark.h"

enum km_badge_form { KM_BADGE_CARD, KM_BADGE_STRIP, KM_BADGE_SEAL, KM_BADGE_FORMS };
enum km_badge_theme { KM_BADGE_LIGHT, KM_BADGE_DARK, KM_BADGE_THEMES };

/* "card", "strip", "seal"; "light", "dark". */
const char *km_badge_form_name(enum km_badge_form form);
const char *km_badge_theme_name(enum km_badge_theme theme);

/* Its size on a page, in CSS pixels. `qr` is a side of the QR code with its quiet zone; 0 where the form has none. */
struct km_badge_size {
	int width, height, qr;
};
struct km_badge_size km_badge_size(enum km_badge_form form);

struct km_drawing {
	enum km_badge_form form;
	enum km_badge_theme theme;
	enum km_language language;
	const char *url;        /* of the registry, for the QR and the printed address */
	const char *credential; /* compact JWS to bake in (Open Badges 3.0, 5.3.2.1); NULL for none */
};

/* Adds the whole SVG document. A state other than active takes the emblem's place, in shape and word. */
enum km_error km_badge_svg(const struct km_drawing *drawing, const struct km_mark *mark,
                           const struct km_catalogue *words, struct km_buf *ret_svg, struct km_problem *problem);

/* The colour, "#rrggbb", on which this badge stands: what print lets run over its edge. */
const char *km_badge_ground(enum km_badge_theme theme, enum km_state state);

/* The shape of a state alone, as an <svg> element for use in a page: size in CSS pixels; decorative (aria-hidden). */
void km_state_shape(enum km_state state, int size, struct km_buf *buf);

/* The words that this room ships (badge/words.json), parsed. Free with km_catalogue_free. */
enum km_error km_badge_words(struct km_catalogue **ret_words, struct km_problem *problem);

#endif
