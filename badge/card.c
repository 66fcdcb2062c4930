/*
 * The card, three to one: for a page. Sign on the left, who in the middle, QR code on the right.
 */
#include "badge/sheet.h"

const struct km_badge_size km_card_size = {.width = 480, .height = 160, .qr = 132};

static const double text_x = 116, text_width = 216;

static void draw_who(const struct km_sheet *sheet, const char *ink)
{
	km_sheet_write(sheet,
	               &(struct km_lettering){.x = text_x,
	                                      .y = 61,
	                                      .size = 24,
	                                      .width = text_width,
	                                      .smallest = 15,
	                                      .two_largest = 14,
	                                      .two_smallest = 11,
	                                      .bold = true,
	                                      .fill = ink},
	               sheet->mark->provider->name);
	km_sheet_write_domain(
		sheet,
		&(struct km_lettering){
			.x = text_x, .y = 85, .size = 17, .width = text_width, .smallest = 9, .keep_end = true, .fill = ink});
}

static void draw_active(const struct km_sheet *sheet)
{
	const struct km_palette *palette = sheet->palette;
	struct km_lettering line = {.x = text_x, .width = text_width, .size = 12.5, .smallest = 8};
	km_sheet_sign(sheet, 13, 35, 90);
	km_sheet_write_mark(sheet, &(struct km_lettering){.x = text_x,
	                                                  .y = 32,
	                                                  .size = 14,
	                                                  .width = text_width,
	                                                  .smallest = 10,
	                                                  .two_largest = 10,
	                                                  .two_smallest = 7.5,
	                                                  .bold = true,
	                                                  .fill = km_sheet_tone(sheet)});
	draw_who(sheet, palette->ink);
	line.y = 109, line.fill = palette->quiet;
	km_sheet_write(sheet, &line, sheet->until_line.data);
	line.y = 126, line.figures = true;
	km_sheet_write(sheet, &line, sheet->number);
	line.y = 143;
	km_sheet_write(sheet, &line, sheet->check_line.data);
}

static void draw_other(const struct km_sheet *sheet)
{
	const struct km_palette *palette = sheet->palette;
	struct km_lettering line = {.x = text_x, .width = text_width, .size = 14, .smallest = 8};
	km_sheet_sign(sheet, 20, 28, 76);
	km_sheet_write(sheet,
	               &(struct km_lettering){.x = 58,
	                                      .y = 130,
	                                      .size = 15,
	                                      .width = 96,
	                                      .smallest = 8,
	                                      .bold = true,
	                                      .middle = true,
	                                      .fill = km_sheet_tone(sheet)},
	               km_sheet_state_word(sheet, "word"));
	line.y = 32, line.bold = true, line.fill = km_sheet_tone(sheet);
	km_sheet_write(sheet, &line, km_sheet_state_word(sheet, "state"));
	draw_who(sheet, palette->quiet);
	line.y = 109, line.size = 12.5;
	km_sheet_write(sheet, &line, sheet->until_line.data);
	line.y = 126, line.bold = false, line.fill = palette->quiet;
	km_sheet_write_mark(sheet, &line);
	line.y = 143, line.figures = true;
	km_sheet_write(sheet, &line, sheet->number);
}

void km_card_draw(const struct km_sheet *sheet)
{
	km_sheet_ground(sheet, km_card_size);
	if (km_sheet_active(sheet))
		draw_active(sheet);
	else
		draw_other(sheet);
	km_sheet_qr(sheet, 334, 14, km_card_size.qr);
}
