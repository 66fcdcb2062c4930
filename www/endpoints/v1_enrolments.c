#include "www/endpoints.h"
#include "www/site.h"

/* POST /v1/enrolments: somebody who was invited shows a key of their own. */
KM_HANDLER(km_post_enrolment)
{
	struct km_issuer *issuer = NULL;
	enum km_error error = km_site_issuer(request->site, &issuer, problem);
	if (error)
		return error;
	json_auto_t *enrolled = NULL;
	error =
		km_issuer_enrol(issuer, request->body.data ? request->body.data : "", request->body.len, &enrolled, problem);
	km_site_issuer_done(request->site);
	if (error)
		return error;
	reply->status = 201;
	reply->max_age_s = KM_CACHE_NOT;
	km_site_log(request->site, false, "%s: a key was enrolled", request->route->path);
	return km_reply_json(reply, enrolled, km_type_json, problem);
}
