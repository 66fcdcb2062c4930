#include "badge/drawing.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/output.h"
#include "registry/mark.h"

#include <string.h>

static const struct km_option options[] = {
	KM_OPTION_OUTPUT("FILE.svg"),
	{"form", 0, "FORM", "card, strip or seal (default: card)", KM_OPTIONAL},
	{"theme", 0, "THEME", "light or dark (default: light)", KM_OPTIONAL},
	{"lang", 0, "LANGUAGE", "nl or en (default: nl)", KM_OPTIONAL},
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

static enum km_error read_options(const struct km_call *call, struct km_drawing *drawing, struct km_problem *problem)
{
	int form, theme, language;
	if (!choose(call, "form", form_name, KM_BADGE_FORMS, KM_BADGE_CARD, &form))
		return km_wrong_usage(problem, "--form %s: write card, strip or seal", km_given(call, "form"));
	if (!choose(call, "theme", theme_name, KM_BADGE_THEMES, KM_BADGE_LIGHT, &theme))
		return km_wrong_usage(problem, "--theme %s: write light or dark", km_given(call, "theme"));
	if (!choose(call, "lang", language_name, KM_LANGUAGES, KM_NL, &language))
		return km_wrong_usage(problem, "--lang %s: write nl or en", km_given(call, "lang"));
	if (km_given(call, "output") && !km_output_ends_in(call, ".svg"))
		return km_wrong_usage(problem, "-o %s: the name must end in .svg", km_given(call, "output"));
	drawing->form = (enum km_badge_form)form;
	drawing->theme = (enum km_badge_theme)theme;
	drawing->language = (enum km_language)language;
	return KM_OK;
}

static enum km_error draw(const struct km_call *call, struct km_drawing *drawing, struct km_buf *svg,
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
	drawing->url = km_store_url(store);
	drawing->credential = credential;
	error = km_badge_svg(drawing, mark, words, svg, problem);
	km_catalogue_free(words);
	return error;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	struct km_drawing drawing = {0};
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	enum km_error error = read_options(call, &drawing, problem);
	if (!error)
		error = draw(call, &drawing, &svg, problem);
	return error ? error : km_output_write(call, &svg, problem);
}

const struct km_command km_badge_command = {
	.noun = "badge",
	.operands = "NUMBER",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "draw the badge of a mark, with its credential in it",
	.options = options,
	.run = run,
};
