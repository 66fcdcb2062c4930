#include "badge/text_fit.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"
enum { CHARACTERS_MAX = 512, LAST_ASCII = 0x7e };

/* Hundredths of the size, from the space to the tilde: the widest of DejaVu Sans, Noto Sans and Liberation Sans (which
 * has the widths of Arial and Helvetica). */
static const uint8_t ascii_widths[2][LAST_ASCII - ' ' + 1] = {
	{32, 41, 46, 84, 64, 96, 78, 28, 40,  40, 56, 84, 32, 37, 32, 38, 64, 64, 64, 64, 64, 64, 64, 64,
     64, 64, 34, 34, 84, 84, 84, 56, 102, 69, 69, 73, 78, 67, 62, 78, 76, 34, 50, 67, 56, 91, 76, 79,
     67, 79, 73, 67, 62, 74, 69, 99, 69,  67, 69, 40, 38, 40, 84, 56, 50, 62, 64, 55, 64, 62, 36, 64,
     64, 28, 28, 58, 28, 98, 64, 62, 64,  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 56, 64, 84},
	{35, 46, 53, 84, 70, 101, 88, 31,  46,  46, 55, 84, 38, 42, 38, 42, 70, 70, 70, 70, 70, 70,  70, 70,
     70, 70, 40, 40, 84, 84,  84, 62,  100, 78, 77, 74, 84, 69, 69, 83, 84, 39, 56, 78, 64, 100, 84, 86,
     74, 86, 78, 73, 69, 82,  78, 111, 78,  73, 73, 46, 42, 46, 84, 56, 50, 68, 72, 60, 72, 68,  44, 72,
     72, 35, 35, 67, 35, 105, 72, 69,  72,  72, 50, 60, 48, 72, 66, 93, 65, 66, 59, 72, 56, 72,  84},
};

/* For the rest: a generous middle of each script, in hundredths; bold is a tenth wider. In order. */
static const struct {
	uint32_t first, last;
	uint8_t width;
} ranges[] = {
	{0x00a0, 0x00bf, 64},    {0x00c0, 0x00de, 80},  {0x00df, 0x00ff, 66},    {0x0100, 0x024f, 74},
	{0x0250, 0x02ff, 64},    {0x0300, 0x036f, 0},   {0x0370, 0x03ff, 72},    {0x0400, 0x0482, 76},
	{0x0483, 0x0489, 0},     {0x048a, 0x052f, 84},  {0x0530, 0x058f, 72},    {0x0590, 0x05cf, 0},
	{0x05d0, 0x05ff, 62},    {0x0600, 0x064a, 76},  {0x064b, 0x065f, 0},     {0x0660, 0x06d5, 76},
	{0x06d6, 0x06ed, 0},     {0x06ee, 0x08ff, 76},  {0x0900, 0x0b7f, 72},    {0x0b80, 0x0dff, 116},
	{0x0e00, 0x109f, 74},    {0x10a0, 0x10ff, 72},  {0x1100, 0x11ff, 100},   {0x1200, 0x139f, 80},
	{0x1e00, 0x1fff, 78},    {0x200b, 0x200f, 0},   {0x2010, 0x2013, 56},    {0x2014, 0x2015, 100},
	{0x2016, 0x2025, 50},    {0x2026, 0x2026, 100}, {0x2028, 0x202f, 32},    {0x2030, 0x205f, 84},
	{0x2060, 0x206f, 0},     {0x20d0, 0x20ff, 0},   {0xfe00, 0xfe0f, 0},     {0xfe20, 0xfe2f, 0},
	{0xfb1d, 0xfb4f, 62},    {0xfb50, 0xfdff, 90},  {0xfe70, 0xfefe, 80},    {0xfeff, 0xfeff, 0},
	{0x1f000, 0x1f3fa, 136}, {0x1f3fb, 0x1f3ff, 0}, {0x1f400, 0x1faff, 136}, {0xe0000, 0xe01ef, 0},
};
enum { WIDTH_OTHER = 104 };

struct character {
	uint32_t code;
	uint16_t offset, len; /* in the cleaned text */
	float width;          /* at size 1 */
};

struct passage {
	char text[KM_FIT_BYTES];
	struct character characters[CHARACTERS_MAX];
	int len;  /* characters */
	bool cut; /* the text was longer than can ever be shown */
};

static float width_of(uint32_t code, bool bold)
{
	if (code >= ' ' && code <= LAST_ASCII)
		return (float)ascii_widths[bold][code - ' '] / 100;
	float width = WIDTH_OTHER;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			width = ranges[i].width;
	return width / 100 * (bold ? 1.1f : 1.0f);
}

/* The character at *text, which moves on; U+FFFD for a byte that begins none. RFC 3629. */
static uint32_t next_code(const uint8_t **text)
{
	const uint8_t *b = *text;
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	int len = b[0] < 0x80                   ? 1
	          : b[0] >= 0xc2 && b[0] < 0xe0 ? 2
	          : b[0] >= 0xe0 && b[0] < 0xf0 ? 3
	          : b[0] >= 0xf0 && b[0] < 0xf5 ? 4
	                                        : 0;
	uint32_t code = len == 1 ? b[0] : b[0] & (0x7fu >> len);
	for (int i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80)
			len = 0;
		else
			code = code << 6 | (b[i] & 0x3f);
	}
	bool surrogate = code >= 0xd800 && code < 0xe000;
	if (len == 0 || code < smallest[len] || surrogate || code > 0x10ffff) {
		*text += 1;
		return 0xfffd;
	}
	*text += len;
	return code;
}

/* Marks, embeddings, overrides and isolates would reach beyond the text that holds them. */
static bool turns_direction(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static bool is_space(uint32_t code)
{
	return code <= ' ' || code == 0xa0 || code == 0x2028 || code == 0x2029 || (code >= 0x7f && code < 0xa0);
}

static void add_character(struct passage *passage, size_t *used, uint32_t code, const uint8_t *bytes, size_t len,
                          bool bold)
{
	static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
	if (code == 0xfffd) {
		bytes = replacement;
		len = sizeof replacement;
	}
	/* Room for an ellipsis at either end of a line. */
	if (passage->len == CHARACTERS_MAX || *used + len + sizeof ELLIPSIS > KM_FIT_BYTES) {
		passage->cut = true;
		return;
	}
	memcpy(passage->text + *used, bytes, len);
	passage->characters[passage->len++] = (struct character){
		.code = code, .offset = (uint16_t)*used, .len = (uint16_t)len, .width = width_of(code, bold)};
	*used += len;
}

static void read_passage(const char *text, bool bold, struct passage *passage)
{
	passage->len = 0;
	passage->cut = false;
	size_t used = 0;
	bool space = false;
	for (const uint8_t *next = (const uint8_t *)text; *next && !passage->cut;) {
		const uint8_t *here = next;
		uint32_t code = next_code(&next);
		if (turns_direction(code))
			continue;
		if (is_space(code)) {
			space = passage->len > 0;
			continue;
		}
		if (space)
			add_character(passage, &used, ' ', (const uint8_t *)" ", 1, bold);
		space = false;
		if (!passage->cut)
			add_character(passage, &used, code, here, (size_t)(next - here), bold);
	}
}

static double width_between(const struct passage *passage, int from, int to)
{
	double width = 0;
	for (int i = from; i < to; i++)
		width += passage->characters[i].width;
	return width;
}

double km_text_width(const char *text, bool bold)
{
	struct passage passage;
	read_passage(text, bold, &passage);
	return width_between(&passage, 0, passage.len);
}

static bool is_ideograph(uint32_t code)
{
	return (code >= 0x2e80 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7ff) ||
	       (code >= 0xf900 && code <= 0xfaff) || (code >= 0xff01 && code <= 0xff60) ||
	       (code >= 0x20000 && code <= 0x3ffff);
}

static bool is_flag_letter(uint32_t code)
{
	return code >= 0x1f1e6 && code <= 0x1f1ff;
}

/* What stands before this place and after it is not one character to a reader. */
static bool may_cut(const struct passage *passage, int at)
{
	if (at <= 0 || at >= passage->len)
		return true;
	const struct character *before = &passage->characters[at - 1], *after = &passage->characters[at];
	if (after->width == 0 || before->code == 0x200d)
		return false;
	int flags = 0;
	while (flags < at && is_flag_letter(passage->characters[at - 1 - flags].code))
		flags++;
	return !(is_flag_letter(after->code) && flags % 2);
}

/* A line may end before this place. */
static bool may_break(const struct passage *passage, int at)
{
	if (at <= 0 || at >= passage->len || !may_cut(passage, at))
		return false;
	uint32_t before = passage->characters[at - 1].code, after = passage->characters[at].code;
	return before == ' ' || before == '-' || before == '/' || (after == '.' && before != '.') || is_ideograph(before) ||
	       is_ideograph(after);
}

static bool is_within_word(const struct passage *passage, int at)
{
	uint32_t before = passage->characters[at - 1].code;
	return before == '-' || before == '/' || passage->characters[at].code == '.';
}

/* Where the first of two lines ends so that both are at most this wide (at size 1) and as alike as can be, between
 * words rather than within one; -1 where there is no such place. */
static int place_to_break(const struct passage *passage, double width)
{
	double whole = width_between(passage, 0, passage->len), before = 0, least_harm = INFINITY;
	int best = -1;
	for (int at = 1; at < passage->len; at++) {
		before += passage->characters[at - 1].width;
		if (!may_break(passage, at))
			continue;
		double space = passage->characters[at - 1].code == ' ' ? passage->characters[at - 1].width : 0;
		double harm = fabs(whole - before - (before - space)) + (is_within_word(passage, at) ? whole : 0);
		if (before - space > width || whole - before > width || harm >= least_harm)
			continue;
		best = at;
		least_harm = harm;
	}
	return best;
}

/* How many characters fit in this width from the front; at a place where the text may be cut. */
static int fitting_from_front(const struct passage *passage, int from, double width)
{
	int to = from;
	double used = 0;
	while (to < passage->len && used + passage->characters[to].width <= width)
		used += passage->characters[to++].width;
	while (to > from && !may_cut(passage, to))
		to--;
	return to;
}

static int fitting_from_end(const struct passage *passage, double width)
{
	int from = passage->len;
	double used = 0;
	while (from > 0 && used + passage->characters[from - 1].width <= width)
		used += passage->characters[--from].width;
	while (from < passage->len && !may_cut(passage, from))
		from++;
	return from;
}

/* Characters without the spaces at their ends, with an ellipsis before or after them. */
static void write_line(const struct passage *passage, int from, int to, bool dots_before, bool dots_after, char *line)
{
	while (from < to && passage->characters[from].code == ' ')
		from++;
	while (to > from && passage->characters[to - 1].code == ' ')
		to--;
	size_t len = 0;
	if (dots_before) {
		memcpy(line, ELLIPSIS, strlen(ELLIPSIS));
		len = strlen(ELLIPSIS);
	}
	for (int i = from; i < to; i++) {
		memcpy(line + len, passage->text + passage->characters[i].offset, passage->characters[i].len);
		len += passage->characters[i].len;
	}
	memcpy(line + len, dots_after ? ELLIPSIS : "", dots_after ? sizeof ELLIPSIS : 1);
}

/* The first character that has a direction decides (UAX #9, P2 and P3, near enough for names). */
static bool runs_right_to_left(const struct passage *passage)
{
	for (int i = 0; i < passage->len; i++) {
		uint32_t code = passage->characters[i].code;
		if ((code >= 0x590 && code <= 0x8ff) || (code >= 0xfb1d && code <= 0xfdff) ||
		    (code >= 0xfe70 && code <= 0xfefc) || (code >= 0x10800 && code <= 0x10fff) ||
		    (code >= 0x1e800 && code <= 0x1efff))
			return true;
		bool letter = (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') || (code >= 0xc0 && code < 0x2000) ||
		              (code >= 0x2c00 && code < 0x1f000);
		if (letter)
			return false;
	}
	return false;
}

static bool fit_two(const struct passage *passage, const struct km_fit_room *room, struct km_fit *fit)
{
	if (room->two_largest <= 0)
		return false;
	for (double size = room->two_largest; size >= room->two_smallest; size -= 0.5) {
		int at = place_to_break(passage, room->width / size);
		if (at < 0)
			continue;
		fit->size = size;
		fit->lines = 2;
		write_line(passage, 0, at, false, false, fit->line[0]);
		write_line(passage, at, passage->len, false, false, fit->line[1]);
		return true;
	}
	return false;
}

/* The last resort: the smallest size, as many lines as there may be, and an ellipsis. */
static void cut(const struct passage *passage, const struct km_fit_room *room, struct km_fit *fit)
{
	fit->lines = room->two_largest > 0 && !room->keep_end ? 2 : 1;
	fit->size = fit->lines == 2 ? room->two_smallest : room->smallest;
	double width = room->width / fit->size, dots = width_of(0x2026, room->bold);
	if (room->keep_end) {
		fit->cut = true;
		write_line(passage, fitting_from_end(passage, width - dots), passage->len, true, false, fit->line[0]);
		return;
	}
	int at = 0;
	if (fit->lines == 2) {
		int end = fitting_from_front(passage, 0, width);
		at = end;
		while (at > 0 && !may_break(passage, at))
			at--;
		/* A word longer than the line is broken where the line ends. */
		at = at ? at : end;
		write_line(passage, 0, at, false, false, fit->line[0]);
	}
	/* Such a word may end within the second line. */
	fit->cut = passage->cut || width_between(passage, at, passage->len) > width;
	int end = fit->cut ? fitting_from_front(passage, at, width - dots) : passage->len;
	write_line(passage, at, end, false, fit->cut, fit->line[fit->lines - 1]);
}

void km_text_fit(const char *text, const struct km_fit_room *room, struct km_fit *ret_fit)
{
	struct passage passage;
	read_passage(text, room->bold, &passage);
	*ret_fit = (struct km_fit){.lines = 1, .right_to_left = runs_right_to_left(&passage)};
	double width = width_between(&passage, 0, passage.len);
	double size = width * room->largest > room->width ? floor(room->width / width * 10) / 10 : room->largest;
	if (!passage.cut && size >= room->smallest) {
		ret_fit->size = size;
		write_line(&passage, 0, passage.len, false, false, ret_fit->line[0]);
	} else if (passage.cut || !fit_two(&passage, room, ret_fit)) {
		cut(&passage, room, ret_fit);
	}
}
