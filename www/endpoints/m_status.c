#include "badge/status.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/site.h"

#include <string.h>

/* /m/NUMBER/status.jwt: the state right now, signed for about an hour. */
KM_HANDLER(km_get_mark_status)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	auto_free char *payload = NULL, *token = NULL;
	error = km_status_payload(asked.mark, request->site->url, request->now, &payload, problem);
	if (!error)
		error =
			km_signer_sign(request->site->options.signer, KM_FORM_STATUS, payload, strlen(payload), &token, problem);
	if (error)
		return error;
	reply->max_age_s = km_asked_max_age_s(request, &asked, KM_CACHE_STATE_MAX_S);
	return km_reply_token(reply, token, km_type_jwt, problem);
}
