#include "base/embed.h"
#include "www/endpoints.h"
#include "www/site.h"

/* GET /v1/openapi.json: what this API is, for programs and for the test that holds it to it. Written by hand, once, in
 * www/openapi.json; the address of this registry is put in. */

KM_EMBED(km_openapi_json, "www/openapi.json");

enum { OPENAPI_MAX_AGE_S = 3600 };

KM_HANDLER(km_get_openapi)
{
	json_auto_t *document = json_loadb(km_openapi_json, KM_EMBEDDED_LEN(km_openapi_json), 0, NULL);
	if (!document || json_object_set_new(document, "servers", json_pack("[{s:s}]", "url", request->site->url)) != 0)
		return km_fail_memory(problem);
	reply->max_age_s = OPENAPI_MAX_AGE_S;
	return km_reply_json(reply, document, km_type_json, problem);
}
