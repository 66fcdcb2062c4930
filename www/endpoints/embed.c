#include "base/embed.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/pages.h"
#include "www/show.h"
#include "www/site.h"

/* /embed/NUMBER: how a company puts its mark on its own website, in mail and in print. /embed.js: the script for that.
 */

KM_EMBED(km_embed_js, "www/static/embed.js");

enum { EMBED_JS_MAX_AGE_S = 3600 };

KM_HANDLER(km_get_embed)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	const struct km_mark *mark = asked.mark;
	reply->max_age_s = km_asked_max_age_s(request, &asked, KM_CACHE_STATE_MAX_S);
	bool living = mark->state == KM_ACTIVE || mark->state == KM_SUSPENDED;
	json_auto_t *data =
		json_pack("{s:s, s:s, s:o, s:b, s:b, s:b, s:i}", "number", mark->number, "name", mark->provider->name, "shown",
	              km_show_number(mark->number), "active", mark->state == KM_ACTIVE, "living", living, "domains",
	              mark->provider->domains_len != 0, "level", 2);
	return km_page(request, reply, "embed", data, problem);
}

/* At one address for ever, since it stands on the sites of others; so it is asked about each hour. */
KM_HANDLER(km_get_embed_js)
{
	(void)request;
	(void)problem;
	reply->type = "text/javascript; charset=utf-8";
	reply->fixed = km_embed_js;
	reply->fixed_len = KM_EMBEDDED_LEN(km_embed_js);
	reply->embedded = true;
	reply->max_age_s = EMBED_JS_MAX_AGE_S;
	return KM_OK;
}
