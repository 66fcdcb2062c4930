#include "www/endpoints.h"
#include "www/site.h"

KM_HANDLER(km_get_static)
{
	const struct km_static *file = km_statics_at(&request->site->statics, km_request_path_value(request, "file"));
	if (!file)
		return km_fail(problem, KM_ABSENT, "no-such-page", "there is nothing at this address");
	reply->type = file->type;
	reply->fixed = file->bytes;
	reply->fixed_len = file->len;
	reply->max_age_s = KM_CACHE_FOREVER;
	return KM_OK;
}
