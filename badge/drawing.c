#include "badge/drawing.h"

#include "badge/sheet.h"
#include "badge/svg.h"
#include "base/embed.h"

#include <string.h>

KM_EMBED(km_badge_words_json, "badge/words.json");

static const char font_stack[] =
	"-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans','Liberation Sans',Arial,sans-serif";

/* Each tone has at least 4.5:1 on its ground. */
static const struct km_palette palettes[KM_BADGE_THEMES] = {
	[KM_BADGE_LIGHT] =
		{
			.ink = "#0e1a2b",
			.quiet = "#4a5568",
			.edge = "#cbd3df",
			.tone = {"#00695c", "#8a5300", "#b3261e", "#4a5568"},
			.ground = {"#ffffff", "#fff6e3", "#fdeeed", "#eef1f5"},
		},
	[KM_BADGE_DARK] =
		{
			.ink = "#f4f7fb",
			.quiet = "#b0bccb",
			.edge = "#33435a",
			.tone = {"#5cc8b5", "#f2b866", "#ff9b91", "#b4c0cf"},
			.ground = {"#0e1a2b", "#2a2013", "#2d171a", "#1c2738"},
		},
};

static const struct {
	const char *name;
	const struct km_badge_size *size;
	void (*draw)(const struct km_sheet *sheet);
} forms[KM_BADGE_FORMS] = {
	[KM_BADGE_CARD] = {"card", &km_card_size, km_card_draw},
	[KM_BADGE_STRIP] = {"strip", &km_strip_size, km_strip_draw},
	[KM_BADGE_SEAL] = {"seal", &km_seal_size, km_seal_draw},
};

const char *km_badge_form_name(enum km_badge_form form)
{
	return forms[form].name;
}

const char *km_badge_theme_name(enum km_badge_theme theme)
{
	return theme == KM_BADGE_DARK ? "dark" : "light";
}

struct km_badge_size km_badge_size(enum km_badge_form form)
{
	return *forms[form].size;
}

const char *km_badge_ground(enum km_badge_theme theme, enum km_state state)
{
	return palettes[theme].ground[state];
}

enum km_error km_badge_words(struct km_catalogue **ret_words, struct km_problem *problem)
{
	return km_catalogue_parse(km_badge_words_json, KM_EMBEDDED_LEN(km_badge_words_json), ret_words, problem);
}

/* What stands after "https://" in an address. */
static const char *host_of(const char *url)
{
	const char *slashes = strstr(url, "://");
	return slashes ? slashes + 3 : url;
}

static void fill_lines(struct km_sheet *sheet)
{
	const struct km_mark *mark = sheet->mark;
	enum km_language language = sheet->drawing->language;
	const char *name = mark->scheme->short_name.in[language];
	sheet->host = host_of(sheet->drawing->url);
	char date[32];
	km_date_words(language, km_sheet_active(sheet) ? mark->period.valid_until : mark->state_since, date);
	const struct km_blank blanks[] = {{"name", name}, {"date", date}, {"host", sheet->host}};
	size_t blanks_len = sizeof blanks / sizeof *blanks;
	/* A short name such as "mkb-keurmerk ICT" says by itself what it is. */
	bool says_it = strcasestr(name, "keurmerk") != NULL;
	km_text_fill(&sheet->name_line, says_it ? "{name}" : km_sheet_word(sheet, "mark"), blanks, blanks_len);
	km_buf_add(&sheet->mark_line, sheet->name_line.data, sheet->name_line.len);
	if (mark->level) {
		km_buf_add_text(&sheet->mark_line, ", ");
		km_buf_add_text(&sheet->mark_line, mark->level->name.in[language]);
	}
	km_text_fill(&sheet->until_line, km_sheet_word(sheet, km_sheet_active(sheet) ? "valid-until" : "not-valid-since"),
	             blanks, blanks_len);
	km_text_fill(&sheet->check_line, km_sheet_word(sheet, "check-at"), blanks, blanks_len);
	km_number_show(mark->number, sheet->number);
	sheet->buf->failed |=
		sheet->name_line.failed || sheet->mark_line.failed || sheet->until_line.failed || sheet->check_line.failed;
}

static void free_lines(struct km_sheet *sheet)
{
	km_buf_free(&sheet->name_line);
	km_buf_free(&sheet->mark_line);
	km_buf_free(&sheet->until_line);
	km_buf_free(&sheet->check_line);
	km_qr_done(&sheet->qr);
}

static void add_element(struct km_sheet *sheet, const char *element, const struct km_buf *text)
{
	struct km_buf *buf = sheet->buf;
	buf->failed |= text->failed;
	km_buf_add_format(buf, "<%s>", element);
	km_buf_add_escaped(buf, text->failed ? "" : text->data);
	km_buf_add_format(buf, "</%s>", element);
}

/* For those who hear the picture, and those who point at it: all that it says, the name in full. */
static void add_title(struct km_sheet *sheet)
{
	const struct km_mark *mark = sheet->mark;
	bool active = km_sheet_active(sheet);
	auto_buf struct km_buf title = KM_BUF_EMPTY, about = KM_BUF_EMPTY, url = KM_BUF_EMPTY;
	km_buf_add_format(&url, "%s/m/%s", sheet->drawing->url, mark->number);
	if (url.failed) {
		sheet->buf->failed = true;
		return;
	}
	const struct km_blank blanks[] = {
		{"mark", sheet->mark_line.data},
		{"provider", mark->provider->name},
		{"state", active ? "" : km_sheet_state_word(sheet, "state")},
		{"until", sheet->until_line.data},
		{"since", sheet->until_line.data},
		{"number", sheet->number},
		{"url", url.data},
	};
	size_t blanks_len = sizeof blanks / sizeof *blanks;
	km_text_fill(&title, km_sheet_word(sheet, active ? "title" : "title.other"), blanks, blanks_len);
	km_text_fill(&about, km_sheet_word(sheet, active ? "about" : "about.other"), blanks, blanks_len);
	if (mark->scheme->sample) {
		km_buf_add_format(&title, " (%s)", km_sheet_word(sheet, "sample"));
		km_buf_add_format(&about, " %s", km_sheet_word(sheet, "about.sample"));
	}
	add_element(sheet, "title", &title);
	add_element(sheet, "desc", &about);
}

/* Open Badges 3.0, 5.3.2.1: the namespace on <svg>, and the credential directly after it. */
static void add_head(const struct km_sheet *sheet, struct km_badge_size size)
{
	const struct km_drawing *drawing = sheet->drawing;
	const char *language = km_language_code(drawing->language);
	struct km_buf *buf = sheet->buf;
	km_buf_add_text(buf, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	if (drawing->credential)
		km_buf_add_text(buf, " xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\"");
	km_buf_add_format(buf,
	                  " role=\"img\" lang=\"%s\" xml:lang=\"%s\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
	                  "font-family=\"%s\">",
	                  language, language, size.width, size.height, size.width, size.height, font_stack);
	if (drawing->credential) {
		km_buf_add_text(buf, "<openbadges:credential verify=\"");
		km_buf_add_escaped(buf, drawing->credential);
		km_buf_add_text(buf, "\"></openbadges:credential>");
	}
}

static enum km_error encode_address(struct km_sheet *sheet, struct km_problem *problem)
{
	auto_free char *text = km_qr_compact_text(sheet->drawing->url, sheet->mark->number);
	return text ? km_qr_encode(text, &sheet->qr, problem) : km_fail_memory(problem);
}

enum km_error km_badge_svg(const struct km_drawing *drawing, const struct km_mark *mark,
                           const struct km_catalogue *words, struct km_buf *ret_svg, struct km_problem *problem)
{
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	__attribute__((cleanup(free_lines))) struct km_sheet sheet = {
		.drawing = drawing, .mark = mark, .words = words, .palette = &palettes[drawing->theme], .buf = &svg};
	enum km_error error = encode_address(&sheet, problem);
	if (error)
		return error;
	fill_lines(&sheet);
	if (svg.failed)
		return km_fail_memory(problem);
	add_head(&sheet, *forms[drawing->form].size);
	add_title(&sheet);
	forms[drawing->form].draw(&sheet);
	km_buf_add_text(&svg, "</svg>\n");
	if (!svg.failed)
		km_buf_add(ret_svg, svg.data, svg.len);
	return svg.failed || ret_svg->failed ? km_fail_memory(problem) : KM_OK;
}
