#include "registry/scheme.h"
#include "www/endpoints.h"
#include "www/site.h"

/* GET /v1/schemes: what is there. GET /v1/schemes/ID?version=: the scheme's own file, as it was published. */

enum { SCHEMES_MAX_AGE_S = 300 };

struct listing {
	const struct km_request *request;
	json_t *list;
};

static json_t *words(const struct km_words *words)
{
	return json_pack("{s:s, s:s}", "nl", words->in[KM_NL], "en", words->in[KM_EN]);
}

static enum km_error add_scheme(void *context, const struct km_scheme *scheme)
{
	struct listing *listing = context;
	json_t *entry = json_pack("{s:s, s:i, s:b, s:s, s:o, s:o}", "id", scheme->id, "version", scheme->version, "sample",
	                          scheme->sample, "published", scheme->published, "name", words(&scheme->name), "url",
	                          json_sprintf("%s/v1/schemes/%s", listing->request->site->url, scheme->id));
	return entry && json_array_append_new(listing->list, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

KM_HANDLER(km_get_schemes)
{
	json_auto_t *list = json_array();
	struct listing listing = {.request = request, .list = list};
	enum km_error error = km_scheme_list(request->store, add_scheme, &listing, problem);
	if (error)
		return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	reply->max_age_s = SCHEMES_MAX_AGE_S;
	json_auto_t *document = json_pack("{s:O}", "schemes", list);
	return km_reply_json(reply, document, km_type_json, problem);
}

KM_HANDLER(km_get_scheme_json)
{
	request->json = true;
	return km_get_scheme(request, reply, problem);
}
