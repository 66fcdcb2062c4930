#include "badge/drawing.h"
#include "badge/raster.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/site.h"

#include <stdio.h>
#include <stdlib.h>

enum { PNG_WIDTH_USUAL = 600, PNG_WIDTH_MAX = 1600, PDF_WIDTH_USUAL_MM = 90 };

/* /m/NUMBER.svg, .png and .pdf?form=&theme=&lang=: the badge as it looks now. A mark that no longer holds keeps its
 * address: the picture says so. */

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

/* What all three forms are drawn from. The token is owned, and borrowed by the drawing. */
struct badge {
	struct km_asked asked;
	char *token;
	struct km_drawing drawing;
};

static void badge_done(struct badge *badge)
{
	km_asked_done(&badge->asked);
	free(badge->token);
}
#define auto_badge __attribute__((cleanup(badge_done)))

static enum km_error read_badge(const struct km_request *request, struct km_reply *reply, struct badge *badge,
                                struct km_problem *problem)
{
	badge->drawing.url = request->site->url;
	enum km_error error = read_wishes(request, &badge->drawing, problem);
	if (!error)
		error = km_asked_read(request, false, &badge->asked, problem);
	if (error)
		return error;
	/* One that was withdrawn before it was ever issued has none, and is drawn without. */
	error = km_mark_credential(request->store, badge->asked.mark->number, &badge->token, problem);
	if (error && error != KM_ABSENT)
		return error;
	*problem = (struct km_problem){0};
	badge->drawing.credential = badge->token;
	reply->embedded = true;
	reply->max_age_s = km_asked_max_age_s(request, &badge->asked, KM_CACHE_BADGE_MAX_S);
	return KM_OK;
}

KM_HANDLER(km_get_mark_svg)
{
	auto_badge struct badge badge = {0};
	enum km_error error = read_badge(request, reply, &badge, problem);
	if (error)
		return error;
	reply->type = km_type_svg;
	return km_badge_svg(&badge.drawing, badge.asked.mark, request->site->badge_words, &reply->body, problem);
}

/* ?width= in pixels: for mail and documents. */
KM_HANDLER(km_get_mark_png)
{
	auto_badge struct badge badge = {0};
	int width = PNG_WIDTH_USUAL;
	enum km_error error =
		km_request_integer(request, "width", KM_RASTER_WIDTH_MIN, PNG_WIDTH_MAX, PNG_WIDTH_USUAL, &width, problem);
	if (!error)
		error = read_badge(request, reply, &badge, problem);
	if (error)
		return error;
	reply->type = km_type_png;
	return km_badge_png(&badge.drawing, badge.asked.mark, request->site->badge_words, width, &reply->body, problem);
}

/* ?width= in millimetres, ?bleed=yes: for the printer. */
KM_HANDLER(km_get_mark_pdf)
{
	static const char *const answers[] = {"no", "yes"};
	auto_badge struct badge badge = {0};
	int least = 0, width = 0;
	size_t bleed = 0;
	enum km_error error = read_badge(request, reply, &badge, problem);
	if (!error)
		error = km_badge_print_min(&badge.drawing, badge.asked.mark, &least, problem);
	if (!error)
		error = km_request_integer(request, "width", least, KM_PRINT_WIDTH_MAX_MM,
		                           least > PDF_WIDTH_USUAL_MM ? least : PDF_WIDTH_USUAL_MM, &width, problem);
	if (!error)
		error = km_request_choice(request, "bleed", answers, 2, 0, &bleed, problem);
	if (error)
		return error;
	const struct km_print print = {.width_mm = width, .bleed = bleed == 1};
	reply->type = "application/pdf";
	snprintf(reply->filename, sizeof reply->filename, "%s.pdf", badge.asked.mark->number);
	return km_badge_pdf(&badge.drawing, badge.asked.mark, request->site->badge_words, &print, &reply->body, problem);
}
