#include "badge/credential.h"
#include "www/endpoints.h"
#include "www/site.h"

/* /contexts/v1: what the terms in our credentials mean, as JSON-LD. */

enum { CONTEXT_MAX_AGE_S = 86400 };

KM_HANDLER(km_get_context)
{
	auto_free char *context = km_credential_context(request->site->url);
	if (!context)
		return km_fail_memory(problem);
	reply->type = "application/ld+json";
	reply->max_age_s = CONTEXT_MAX_AGE_S;
	km_buf_add_text(&reply->body, context);
	return KM_OK;
}
