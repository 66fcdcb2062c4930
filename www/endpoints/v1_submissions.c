#include "www/endpoints.h"
#include "www/site.h"

/* POST /v1/submissions: what an auditor or a decider has signed. Parse, authorise and act are registry/'s and badge/'s;
 * here it gets its turn and its answer. */
KM_HANDLER(km_post_submission)
{
	struct km_issuer *issuer = NULL;
	enum km_error error = km_site_issuer(request->site, &issuer, problem);
	if (error)
		return error;
	struct km_outcome outcome = {0};
	error =
		km_issuer_submit(issuer, request->body.data ? request->body.data : "", request->body.len, &outcome, problem);
	km_site_issuer_done(request->site);
	if (error)
		return error;
	reply->status = outcome.repeated ? 200 : 201;
	reply->type = km_type_json;
	reply->max_age_s = KM_CACHE_NOT;
	km_buf_add_text(&reply->body, outcome.reply);
	km_site_log(request->site, false, "%s: accepted%s%s%s", request->route->path, outcome.repeated ? " before" : "",
	            *outcome.number ? ", mark " : "", outcome.number);
	km_outcome_done(&outcome);
	return KM_OK;
}
