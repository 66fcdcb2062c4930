#include "www/endpoints.h"
#include "www/pages.h"
#include "www/site.h"

static const char *static_path(const struct km_request *request, const char *name)
{
	return km_statics_named(&request->site->statics, name)->path;
}

/* GET /console, /console/enrol: one page, whose scripts do the rest. It holds nothing of anybody. */
KM_HANDLER(km_get_console)
{
	bool dutch = request->language == KM_NL;
	json_auto_t *data = json_pack("{s:s, s:s, s:s, s:s}", "console_style", static_path(request, "console.css"),
	                              "script", static_path(request, "main.js"), "console_words",
	                              static_path(request, dutch ? "words.nl.json" : "words.en.json"), "site_words",
	                              static_path(request, dutch ? "site.nl.json" : "site.en.json"));
	reply->max_age_s = KM_CACHE_ASK;
	return km_page(request, reply, "console", data, problem);
}
