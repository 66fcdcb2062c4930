#include "www/endpoints.h"
#include "www/pages.h"
#include "www/site.h"

#include <stdio.h>

/* /manifest.webmanifest: lets the page be installed as an app (W3C Web Application Manifest). */

enum { MANIFEST_MAX_AGE_S = 86400 };

static json_t *icon(const struct km_request *request, const char *name, const char *sizes, const char *purpose)
{
	const struct km_static *file = km_statics_named(&request->site->statics, name);
	return json_pack("{s:s, s:s, s:s, s:s}", "src", file->path, "type", file->type, "sizes", sizes, "purpose", purpose);
}

KM_HANDLER(km_get_manifest)
{
	char start[32];
	snprintf(start, sizeof start, "/scan?lang=%s", km_language_code(request->language));
	const char *name = km_page_words(request, "frame.name");
	json_auto_t *manifest = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[o, o, o]}", "id", "/scan", "name", name, "short_name", name,
		"lang", km_language_code(request->language), "start_url", start, "scope", "/", "display", "standalone",
		"background_color", "#ffffff", "theme_color", "#1b3a5c", "icons", icon(request, "icon.svg", "any", "any"),
		icon(request, "icon-192.png", "192x192", "any"), icon(request, "icon-512.png", "512x512", "any maskable"));
	reply->max_age_s = MANIFEST_MAX_AGE_S;
	return km_reply_json(reply, manifest, "application/manifest+json", problem);
}
