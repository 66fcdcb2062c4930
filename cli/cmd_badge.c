#include "badge/drawing.h"
#include "badge/raster.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/output.h"
#include "registry/mark.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH_USUAL = 800 }; /* pixels */

static const struct km_option options[] = {
	KM_OPTION_OUTPUT("FILE.svg, .png or .pdf"),
	{"form", 0, "FORM", "card, strip or seal (default: card)", KM_OPTIONAL},
	{"theme", 0, "THEME", "light or dark (default: light)", KM_OPTIONAL},
	{"lang", 0, "LANGUAGE", "nl or en (default: nl)", KM_OPTIONAL},
	{"width", 0, "PIXELS", "of a PNG (default: 800)", KM_OPTIONAL},
	{"print-width", 0, "MM", "of a PDF, in millimetres (default: the least that can be read)", KM_OPTIONAL},
	{"bleed", 0, NULL, "a PDF with bleed and cutting marks", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

/* Which of the names is given; `usual` where none is. False where it is not one of them. */
static bool choose(const struct km_call *call, const char *option, const char *(*name)(int), int len, int usual,
                   int *ret)
{
	const char *given = km_given(call, option);
	*ret = usual;
	for (int i = 0; given && i < len; i++)
		if (strcmp(given, name(i)) == 0) {
			*ret = i;
			return true;
		}
	return !given;
}

static const char *form_name(int form)
{
	return km_badge_form_name((enum km_badge_form)form);
}

static const char *theme_name(int theme)
{
	return km_badge_theme_name((enum km_badge_theme)theme);
}

static const char *language_name(int language)
{
	return km_language_code((enum km_language)language);
}

enum picture { PICTURE_SVG, PICTURE_PNG, PICTURE_PDF };

struct order {
	struct km_drawing drawing;
	enum picture picture;
	int width;             /* pixels */
	struct km_print print; /* width_mm 0: the least that can be read */
};

static bool read_number(const char *text, long max, long *ret_number)
{
	char *end = NULL;
	long number = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || number < 1 || number > max)
		return false;
	*ret_number = number;
	return true;
}

static enum km_error read_sizes(const struct km_call *call, struct order *order, struct km_problem *problem)
{
	const char *width = km_given(call, "width"), *print = km_given(call, "print-width");
	long number = WIDTH_USUAL;
	if (width && order->picture != PICTURE_PNG)
		return km_wrong_usage(problem, "--width goes with -o FILE.png");
	if ((print || km_given(call, "bleed")) && order->picture != PICTURE_PDF)
		return km_wrong_usage(problem, "--print-width and --bleed go with -o FILE.pdf");
	if (width && !read_number(width, KM_RASTER_WIDTH_MAX, &number))
		return km_wrong_usage(problem, "--width %s: a number from %d to %d is expected", width, KM_RASTER_WIDTH_MIN,
		                      KM_RASTER_WIDTH_MAX);
	order->width = (int)number;
	number = 0;
	if (print && !read_number(print, KM_PRINT_WIDTH_MAX_MM, &number))
		return km_wrong_usage(problem, "--print-width %s: a number up to %d is expected", print, KM_PRINT_WIDTH_MAX_MM);
	order->print = (struct km_print){.width_mm = (double)number, .bleed = km_given(call, "bleed") != NULL};
	return KM_OK;
}

static enum km_error read_options(const struct km_call *call, struct order *order, struct km_problem *problem)
{
	struct km_drawing *drawing = &order->drawing;
	int form, theme, language;
	if (!choose(call, "form", form_name, KM_BADGE_FORMS, KM_BADGE_CARD, &form))
		return km_wrong_usage(problem, "--form %s: write card, strip or seal", km_given(call, "form"));
	if (!choose(call, "theme", theme_name, KM_BADGE_THEMES, KM_BADGE_LIGHT, &theme))
		return km_wrong_usage(problem, "--theme %s: write light or dark", km_given(call, "theme"));
	if (!choose(call, "lang", language_name, KM_LANGUAGES, KM_NL, &language))
		return km_wrong_usage(problem, "--lang %s: write nl or en", km_given(call, "lang"));
	drawing->form = (enum km_badge_form)form;
	drawing->theme = (enum km_badge_theme)theme;
	drawing->language = (enum km_language)language;
	order->picture = km_output_ends_in(call, ".png")   ? PICTURE_PNG
	                 : km_output_ends_in(call, ".pdf") ? PICTURE_PDF
	                                                   : PICTURE_SVG;
	if (km_given(call, "output") && order->picture == PICTURE_SVG && !km_output_ends_in(call, ".svg"))
		return km_wrong_usage(problem, "-o %s: the name must end in .svg, .png or .pdf", km_given(call, "output"));
	return read_sizes(call, order, problem);
}

static enum km_error draw(struct order *order, const struct km_mark *mark, const struct km_catalogue *words,
                          struct km_buf *picture, struct km_problem *problem)
{
	if (order->picture == PICTURE_SVG)
		return km_badge_svg(&order->drawing, mark, words, picture, problem);
	if (order->picture == PICTURE_PNG)
		return km_badge_png(&order->drawing, mark, words, order->width, picture, problem);
	int least_mm = 0;
	enum km_error error = km_badge_print_min(&order->drawing, mark, &least_mm, problem);
	if (error)
		return error;
	if (order->print.width_mm == 0)
		order->print.width_mm = least_mm;
	return km_badge_pdf(&order->drawing, mark, words, &order->print, picture, problem);
}

static enum km_error fetch_and_draw(const struct km_call *call, struct order *order, struct km_buf *picture,
                                    struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	auto_store struct km_store *store = NULL;
	auto_mark struct km_mark *mark = NULL;
	auto_free char *credential = NULL;
	struct km_catalogue *words = NULL;
	enum km_error error = km_number_parse(call->operands[0], number, problem);
	if (!error)
		error = km_home_store(call, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_mark_get(store, number, km_clock_now(&call->clock), &mark, problem);
	if (!error)
		error = km_mark_credential(store, number, &credential, problem);
	if (!error)
		error = km_badge_words(&words, problem);
	if (error)
		return error;
	order->drawing.url = km_store_url(store);
	order->drawing.credential = credential;
	error = draw(order, mark, words, picture, problem);
	km_catalogue_free(words);
	return error;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	struct order order = {0};
	auto_buf struct km_buf picture = KM_BUF_EMPTY;
	enum km_error error = read_options(call, &order, problem);
	if (!error)
		error = fetch_and_draw(call, &order, &picture, problem);
	return error ? error : km_output_write(call, &picture, problem);
}

const struct km_command km_badge_command = {
	.noun = "badge",
	.operands = "NUMBER",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "draw the badge of a mark, with its credential in it",
	.details = "An SVG or a PNG carries the credential, so that `keurmerk verify` can check it; a PDF is for print.",
	.options = options,
	.run = run,
};
