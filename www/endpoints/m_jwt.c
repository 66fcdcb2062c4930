#include "www/endpoints.h"
#include "www/mark_asked.h"

#include <stdio.h>

/* The credential as it was last issued. */
KM_HANDLER(km_get_mark_jwt)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	auto_free char *token = NULL;
	error = km_mark_credential(request->store, asked.mark->number, &token, problem);
	if (error)
		return error;
	reply->max_age_s = KM_CACHE_BADGE_MAX_S;
	snprintf(reply->filename, sizeof reply->filename, "%s.jwt", asked.mark->number);
	return km_reply_token(reply, token, km_type_jwt, problem);
}
