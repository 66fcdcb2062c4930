#include "www/endpoints.h"
#include "www/mark_asked.h"

#include <stdio.h>

/* /m/NUMBER.json-ld: the credential as it was last issued, as a document with its proof in it. */
KM_HANDLER(km_get_mark_json_ld)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	auto_free char *document = NULL;
	error = km_mark_document(request->store, asked.mark->number, &document, problem);
	if (error)
		return error;
	reply->max_age_s = KM_CACHE_BADGE_MAX_S;
	snprintf(reply->filename, sizeof reply->filename, "%s.json", asked.mark->number);
	return km_reply_token(reply, document, km_type_vc, problem);
}
