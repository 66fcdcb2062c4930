#include "badge/drawing.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/site.h"

/* /m/NUMBER.svg?form=&theme=&lang=: the badge as it looks now. A mark that no longer holds keeps its address: the
 * picture says so. */

static enum km_error read_wishes(const struct km_request *request, struct km_drawing *drawing,
                                 struct km_problem *problem)
{
	const char *forms[KM_BADGE_FORMS], *themes[KM_BADGE_THEMES], *languages[KM_LANGUAGES];
	for (size_t i = 0; i < KM_BADGE_FORMS; i++)
		forms[i] = km_badge_form_name((enum km_badge_form)i);
	for (size_t i = 0; i < KM_BADGE_THEMES; i++)
		themes[i] = km_badge_theme_name((enum km_badge_theme)i);
	for (size_t i = 0; i < KM_LANGUAGES; i++)
		languages[i] = km_language_code((enum km_language)i);
	size_t form = 0, theme = 0, language = 0;
	enum km_error error = km_request_choice(request, "form", forms, KM_BADGE_FORMS, KM_BADGE_CARD, &form, problem);
	if (!error)
		error = km_request_choice(request, "theme", themes, KM_BADGE_THEMES, KM_BADGE_LIGHT, &theme, problem);
	/* Not by Accept-Language: the page that shows a badge decides, and all its readers see the same. */
	if (!error)
		error = km_request_choice(request, "lang", languages, KM_LANGUAGES, KM_NL, &language, problem);
	if (error)
		return error;
	drawing->form = (enum km_badge_form)form;
	drawing->theme = (enum km_badge_theme)theme;
	drawing->language = (enum km_language)language;
	return KM_OK;
}

KM_HANDLER(km_get_mark_svg)
{
	struct km_drawing drawing = {.url = request->site->url};
	auto_asked struct km_asked asked = {0};
	enum km_error error = read_wishes(request, &drawing, problem);
	if (!error)
		error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	auto_free char *token = NULL;
	error = km_mark_credential(request->store, asked.mark->number, &token, problem);
	if (error && error != KM_ABSENT)
		return error;
	drawing.credential = token;
	reply->type = km_type_svg;
	reply->embedded = true;
	reply->max_age_s = km_asked_max_age_s(request, &asked, KM_CACHE_BADGE_MAX_S);
	return km_badge_svg(&drawing, asked.mark, request->site->badge_words, &reply->body, problem);
}
