/*
 * The strip, eight to one: for the foot of a page. It has no room for a QR code that can be read.
 */
#include "badge/sheet.h"

#include "badge/svg.h"

const struct km_badge_size km_strip_size = {.width = 640, .height = 80};

static const double name_x = 88, name_width = 286, rest_x = 400, rest_width = 228;

static void draw_divider(const struct km_sheet *sheet)
{
	km_svg_add(sheet->buf, "<path d=\"M% 18v%\" stroke-width=\"%\" stroke=\"", 387.0, 44.0, KM_LINE_HUNDREDTHS / 100.0);
	km_buf_add_text(sheet->buf, km_sheet_active(sheet) ? sheet->palette->edge : km_sheet_tone(sheet));
	km_buf_add_text(sheet->buf, "\"/>");
}

/* Where the state has taken the place of the mark's name. */
static void write_which(const struct km_sheet *sheet, struct km_lettering *lettering)
{
	auto_buf struct km_buf which = KM_BUF_EMPTY;
	km_buf_add_format(&which, "%s \xc2\xb7 %s", sheet->number, sheet->name_line.data);
	sheet->buf->failed |= which.failed;
	if (!which.failed)
		km_sheet_write(sheet, lettering, which.data);
}

void km_strip_draw(const struct km_sheet *sheet)
{
	const struct km_palette *palette = sheet->palette;
	bool active = km_sheet_active(sheet);
	const char *ink = active ? palette->ink : palette->quiet;
	km_sheet_ground(sheet, km_strip_size);
	km_sheet_sign(sheet, active ? 12 : 18, active ? 10 : 14, active ? 60 : 50);
	struct km_lettering first = {.x = name_x,
	                             .y = 27,
	                             .size = 14,
	                             .width = name_width,
	                             .smallest = 10,
	                             .two_largest = 10,
	                             .two_smallest = 7.5,
	                             .bold = true,
	                             .fill = km_sheet_tone(sheet)};
	if (active)
		km_sheet_write_mark(sheet, &first);
	else
		km_sheet_write_state(sheet, &first);
	km_sheet_write(sheet,
	               &(struct km_lettering){.x = name_x,
	                                      .y = 58,
	                                      .size = 26,
	                                      .width = name_width,
	                                      .smallest = 15,
	                                      .two_largest = 15,
	                                      .two_smallest = 11,
	                                      .bold = true,
	                                      .fill = ink},
	               sheet->mark->provider->name);
	draw_divider(sheet);
	km_sheet_write_domain(
		sheet,
		&(struct km_lettering){
			.x = rest_x, .y = 27, .size = 17, .width = rest_width, .smallest = 9, .keep_end = true, .fill = ink});
	struct km_lettering rest = {.x = rest_x,
	                            .y = 47,
	                            .size = 12.5,
	                            .width = rest_width,
	                            .smallest = 8,
	                            .bold = !active,
	                            .fill = active ? palette->quiet : km_sheet_tone(sheet)};
	km_sheet_write(sheet, &rest, sheet->until_line.data);
	rest.y = 64, rest.bold = false, rest.fill = palette->quiet, rest.figures = true;
	if (active)
		km_sheet_write(sheet, &rest, sheet->number);
	else
		write_which(sheet, &rest);
}
