#include "www/pages.h"

#include "base/embed.h"
#include "www/link.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

KM_EMBED(km_words_json, "www/words.json");

/* All templates: www/templates/NAME.ENDING, in the order of the alphabet. */
/* clang-format off */
#define TEMPLATES \
	TEMPLATE(bar, html) \
	TEMPLATE(body, html) \
	TEMPLATE(check, html) \
	TEMPLATE(console, html) \
	TEMPLATE(embed, html) \
	TEMPLATE(embed_snippets, html) \
	TEMPLATE(end, html) \
	TEMPLATE(feed, atom) \
	TEMPLATE(figures, html) \
	TEMPLATE(mark, html) \
	TEMPLATE(problem, html) \
	TEMPLATE(problems, html) \
	TEMPLATE(provider, html) \
	TEMPLATE(qr_answer, html) \
	TEMPLATE(qr_notice, html) \
	TEMPLATE(report, html) \
	TEMPLATE(report_thanks, html) \
	TEMPLATE(scan, html) \
	TEMPLATE(scanned_unknown, html) \
	TEMPLATE(scanned_who, html) \
	TEMPLATE(scanner, html) \
	TEMPLATE(scheme, html) \
	TEMPLATE(search, html) \
	TEMPLATE(search_filters, html) \
	TEMPLATE(search_form, html) \
	TEMPLATE(shape_forged, html) \
	TEMPLATE(shape_unknown, html) \
	TEMPLATE(start, html)
/* clang-format on */

#define TEMPLATE(name, ending) KM_EMBED(km_template_##name, "www/templates/" #name "." #ending);
TEMPLATES
#undef TEMPLATE

enum km_error km_pages_open(struct km_catalogue **ret_words, struct km_templates **ret_templates,
                            struct km_problem *problem)
{
#define TEMPLATE(name, ending) {#name, km_template_##name, KM_EMBEDDED_LEN(km_template_##name)},
	const struct km_template_source sources[] = {TEMPLATES};
#undef TEMPLATE
	struct km_catalogue *words = NULL;
	enum km_error error = km_catalogue_parse(km_words_json, KM_EMBEDDED_LEN(km_words_json), &words, problem);
	if (!error)
		error = km_templates_compile(sources, sizeof sources / sizeof *sources, words, ret_templates, problem);
	if (error) {
		km_catalogue_free(words);
		return error;
	}
	*ret_words = words;
	return KM_OK;
}

/* A link to this very page in the other language. */
static json_t *other_language(const struct km_request *request)
{
	enum km_language other = request->language == KM_NL ? KM_EN : KM_NL;
	auto_buf struct km_buf link = KM_BUF_EMPTY;
	if (request->site->mirror)
		km_link_file(&link, request->path, km_language_code(other));
	else
		km_link_self(&link, request, "lang", km_language_code(other));
	return link.failed ? NULL : json_pack("{s:s, s:s}", "code", km_language_code(other), "url", link.data);
}

/* {"style": "/static/style.….css", …}: the addresses of all files, by their names without the ending. */
static json_t *static_paths(const struct km_request *request)
{
	const struct km_statics *statics = &request->site->statics;
	json_t *paths = json_object();
	for (size_t i = 0; i < statics->len; i++) {
		const struct km_static *file = &statics->files[i];
		json_object_setn_new(paths, file->name, strcspn(file->name, "."), json_string(file->path));
	}
	return paths;
}

/* Host and port of the registry, for "look whether this is what stands in the address bar". */
static const char *host_of(const char *url)
{
	const char *host = strstr(url, "://");
	return host ? host + 3 : url;
}

enum km_error km_page(const struct km_request *request, struct km_reply *reply, const char *name, json_t *data,
                      struct km_problem *problem)
{
	const struct km_site *site = request->site;
	const char *code = km_language_code(request->language), *ask = site->mirror ? KM_LINK_ASK_FILE : "?";
	char keep[24] = "", asked[24] = "", also_keep[24] = "";
	if (request->language_chosen) {
		snprintf(keep, sizeof keep, "%slang=%s", ask, code);
		snprintf(asked, sizeof asked, "?lang=%s", code);
		snprintf(also_keep, sizeof also_keep, "&lang=%s", code);
	}
	const char *home = site->url;
	json_t *mirror =
		site->mirror ? json_pack("{s:o}", "url", json_sprintf("%s%s%s", home, request->path, asked)) : json_null();
	json_auto_t *frame =
		json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s}", "lang", code, "lang_chosen",
	              request->language_chosen, "keep", keep, "asked", asked, "also_keep", also_keep, "ask", ask, "origin",
	              site->mirror ? home : "", "mirror", mirror, "other", other_language(request), "static",
	              static_paths(request), "home", home, "host", host_of(home));
	if (!frame || !data || json_object_update_missing(data, frame) != 0)
		return km_fail_memory(problem);
	reply->type = km_type_html;
	return km_template_render(request->site->templates, name, request->language, data, &reply->body, problem);
}

const char *km_page_words(const struct km_request *request, const char *key)
{
	const char *text = km_text(request->site->words, request->language, key);
	return text == key ? NULL : text;
}

const char *km_page_words_for(const struct km_request *request, const char *prefix, const char *name)
{
	char key[120];
	snprintf(key, sizeof key, "%s.%s", prefix, name);
	const char *text = km_page_words(request, key);
	if (text)
		return text;
	snprintf(key, sizeof key, "%s.other", prefix);
	text = km_page_words(request, key);
	return text ? text : name;
}
