#include "badge/sheet.h"

#include "badge/svg.h"
#include "badge/text_fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double line_width = KM_LINE_HUNDREDTHS / 100.0;

/* Of the size: half the height of a capital, and from one baseline to the next. */
static const double half_capital = 0.36, line_height = 1.18;

bool km_sheet_active(const struct km_sheet *sheet)
{
	return sheet->mark->state == KM_ACTIVE;
}

const char *km_sheet_tone(const struct km_sheet *sheet)
{
	return sheet->palette->tone[sheet->mark->state];
}

const char *km_sheet_word(const struct km_sheet *sheet, const char *key)
{
	return km_text(sheet->words, sheet->drawing->language, key);
}

const char *km_sheet_state_word(const struct km_sheet *sheet, const char *family)
{
	char key[32];
	snprintf(key, sizeof key, "%s.%s", family, km_state_name(sheet->mark->state));
	return km_sheet_word(sheet, key);
}

void km_sheet_ground(const struct km_sheet *sheet, struct km_badge_size size)
{
	const struct km_palette *palette = sheet->palette;
	bool active = km_sheet_active(sheet);
	km_svg_add(sheet->buf, "<rect x=\"%\" y=\"%\" width=\"%\" height=\"%\" rx=\"%\" stroke-width=\"%\" fill=\"",
	           line_width / 2, line_width / 2, size.width - line_width, size.height - line_width, (double)KM_CORNER,
	           line_width);
	km_buf_add_text(sheet->buf, palette->ground[sheet->mark->state]);
	km_buf_add_text(sheet->buf, "\" stroke=\"");
	km_buf_add_text(sheet->buf, active ? palette->edge : km_sheet_tone(sheet));
	km_buf_add_text(sheet->buf, "\"/>");
}

void km_sheet_sign(const struct km_sheet *sheet, double x, double y, double size)
{
	struct km_place place = {.x = x, .y = y, .size = size, .fill = km_sheet_tone(sheet)};
	if (km_sheet_active(sheet))
		km_emblem_draw(sheet->mark->scheme, &place, sheet->buf);
	else
		km_shape_draw(sheet->mark->state, &place, sheet->buf);
}

void km_sheet_qr(const struct km_sheet *sheet, double x, double y, double size)
{
	km_svg_add(sheet->buf, "<rect x=\"%\" y=\"%\" width=\"%\" height=\"%\" rx=\"%\" fill=\"#fff\"/>", x, y, size, size,
	           KM_CORNER / 2.0);
	km_qr_draw(&sheet->qr, x, y, size, "#000", sheet->buf);
}

static void write_line(const struct km_sheet *sheet, const struct km_lettering *lettering, const struct km_fit *fit,
                       int line, double baseline)
{
	struct km_buf *buf = sheet->buf;
	km_svg_add(buf, "<text x=\"%\" y=\"%\" font-size=\"%\" fill=\"", lettering->x, baseline, fit->size);
	km_buf_add_text(buf, lettering->fill);
	km_buf_add_char(buf, '"');
	if (lettering->bold)
		km_buf_add_text(buf, " font-weight=\"700\"");
	if (lettering->figures)
		km_buf_add_text(buf, " font-variant=\"tabular-nums\"");
	if (fit->right_to_left)
		km_buf_add_text(buf, " direction=\"rtl\" unicode-bidi=\"embed\"");
	/* In text from right to left, the left is where it ends. */
	if (lettering->middle)
		km_buf_add_text(buf, " text-anchor=\"middle\"");
	else if (fit->right_to_left)
		km_buf_add_text(buf, " text-anchor=\"end\"");
	km_buf_add_char(buf, '>');
	km_buf_add_escaped(buf, fit->line[line]);
	if (lettering->after && line == fit->lines - 1) {
		km_buf_add_text(buf, " <tspan font-weight=\"400\">");
		km_buf_add_escaped(buf, lettering->after);
		km_buf_add_text(buf, "</tspan>");
	}
	km_buf_add_text(buf, "</text>");
}

/* What is set behind a text takes its share of the room first, at the size at which both would fit. */
static void make_room_behind(const struct km_lettering *lettering, const char *text, struct km_fit_room *room)
{
	double behind = km_text_width(lettering->after, false) + km_text_width("x", false);
	double both = km_text_width(text, lettering->bold) + behind;
	room->largest = fmin(room->largest, fmax(room->smallest, floor(lettering->width / both * 10) / 10));
	room->width -= behind * room->largest;
}

void km_sheet_write(const struct km_sheet *sheet, const struct km_lettering *lettering, const char *text)
{
	struct km_fit_room room = {
		.width = lettering->width,
		.largest = lettering->size,
		.smallest = lettering->smallest,
		.two_largest = lettering->two_largest,
		.two_smallest = lettering->two_smallest,
		.bold = lettering->bold,
		.keep_end = lettering->keep_end,
	};
	if (lettering->after)
		make_room_behind(lettering, text, &room);
	struct km_fit fit;
	km_text_fit(text, &room, &fit);
	/* Text that got smaller keeps the middle of its line. */
	double middle = lettering->y - half_capital * lettering->size;
	double first = middle + half_capital * fit.size - (fit.lines - 1) * line_height * fit.size / 2;
	for (int line = 0; line < fit.lines; line++)
		write_line(sheet, lettering, &fit, line, first + line * line_height * fit.size);
}

static void write_with_sample(const struct km_sheet *sheet, const struct km_lettering *lettering, const char *text)
{
	struct km_lettering with_sample = *lettering;
	auto_buf struct km_buf sample = KM_BUF_EMPTY;
	if (sheet->mark->scheme->sample) {
		km_buf_add_text(&sample, "\xc2\xb7 ");
		km_buf_add_text(&sample, km_sheet_word(sheet, "sample"));
		sheet->buf->failed |= sample.failed;
		with_sample.after = sample.failed ? NULL : sample.data;
	}
	km_sheet_write(sheet, &with_sample, text);
}

void km_sheet_write_mark(const struct km_sheet *sheet, const struct km_lettering *lettering)
{
	write_with_sample(sheet, lettering, sheet->mark_line.data);
}

void km_sheet_write_state(const struct km_sheet *sheet, const struct km_lettering *lettering)
{
	write_with_sample(sheet, lettering, km_sheet_state_word(sheet, "state"));
}

void km_sheet_write_domain(const struct km_sheet *sheet, const struct km_lettering *lettering)
{
	const struct km_provider *provider = sheet->mark->provider;
	if (provider->domains_len)
		km_sheet_write(sheet, lettering, provider->domains[0].name);
}
