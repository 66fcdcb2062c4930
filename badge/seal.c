/*
 * The seal, round: for print, from 25 mm wide. Who above the QR code, till when and which below it.
 */
#include "badge/sheet.h"

#include "badge/svg.h"

#include <math.h>

const struct km_badge_size km_seal_size = {.width = 400, .height = 400, .qr = 240};

static const double line_width = KM_LINE_HUNDREDTHS / 100.0;
static const double middle = 200, radius = 196, inside = 184, qr_y = 105;
enum { WAVES = 60 };

static void draw_ground(const struct km_sheet *sheet)
{
	km_svg_add(sheet->buf, "<circle cx=\"%\" cy=\"%\" r=\"%\" fill=\"", middle, middle, middle);
	km_buf_add_text(sheet->buf, sheet->palette->ground[sheet->mark->state]);
	km_buf_add_text(sheet->buf, "\"/>");
	if (km_sheet_active(sheet)) {
		km_braid_draw(&(struct km_braid){.waves = WAVES, .swing = 4, .line = line_width}, middle, middle, radius,
		              km_sheet_tone(sheet), sheet->buf);
		return;
	}
	km_svg_add(sheet->buf, "<circle cx=\"%\" cy=\"%\" r=\"%\" fill=\"none\" stroke-width=\"5\" stroke=\"", middle,
	           middle, radius - 5.0);
	km_buf_add_text(sheet->buf, km_sheet_tone(sheet));
	km_buf_add_text(sheet->buf, "\"/>");
}

/* Room for text of this size on this baseline: the chord at whichever of its top and bottom is further out. */
static double chord(double y, double size)
{
	double top = y - 0.75 * size, bottom = y + 0.22 * size;
	double out = fmax(fabs(top - middle), fabs(bottom - middle));
	return 2 * sqrt(inside * inside - out * out);
}

static struct km_lettering centred(double y, double size, bool bold, const char *fill)
{
	return (struct km_lettering){.x = middle,
	                             .y = y,
	                             .size = size,
	                             .smallest = size / 2,
	                             .width = chord(y, size),
	                             .bold = bold,
	                             .middle = true,
	                             .fill = fill};
}

/* Beside the code, as on the edge of a coin: whose domain on the left; on the right where to check, or, where the state
 * has taken the place of the mark's name, that name. */
static void draw_sides(const struct km_sheet *sheet, const char *ink)
{
	struct km_lettering side = {
		.y = -136, .size = 15, .smallest = 7, .width = 190, .middle = true, .keep_end = true, .fill = ink};
	km_svg_add(sheet->buf, "<g transform=\"translate(% %) rotate(-90)\">", middle, qr_y + km_seal_size.qr / 2.0);
	km_sheet_write_domain(sheet, &side);
	km_buf_add_text(sheet->buf, "</g>");
	km_svg_add(sheet->buf, "<g transform=\"translate(% %) rotate(90)\">", middle, qr_y + km_seal_size.qr / 2.0);
	side.fill = sheet->palette->quiet;
	km_sheet_write(sheet, &side, km_sheet_active(sheet) ? sheet->host : sheet->mark_line.data);
	km_buf_add_text(sheet->buf, "</g>");
}

void km_seal_draw(const struct km_sheet *sheet)
{
	const struct km_palette *palette = sheet->palette;
	bool active = km_sheet_active(sheet);
	const char *ink = active ? palette->ink : palette->quiet, *tone = km_sheet_tone(sheet);
	draw_ground(sheet);
	struct km_place sign = {.x = middle - 18, .y = 16, .size = 36, .fill = tone};
	km_shape_draw(sheet->mark->state, &sign, sheet->buf);
	struct km_lettering first = centred(69, 14.5, true, tone), name = centred(93, 21, true, ink);
	first.smallest = first.two_largest = 10;
	first.two_smallest = 7;
	if (active)
		km_sheet_write_mark(sheet, &first);
	else
		km_sheet_write_state(sheet, &first);
	name.smallest = name.two_largest = 12;
	name.two_smallest = 9;
	km_sheet_write(sheet, &name, sheet->mark->provider->name);
	km_sheet_qr(sheet, middle - km_seal_size.qr / 2.0, qr_y, km_seal_size.qr);
	draw_sides(sheet, ink);
	struct km_lettering until = centred(355, 12, !active, active ? palette->quiet : tone);
	struct km_lettering number = centred(371, 13, true, ink);
	number.figures = true;
	km_sheet_write(sheet, &until, sheet->until_line.data);
	km_sheet_write(sheet, &number, sheet->number);
}
