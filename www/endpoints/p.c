#include "www/endpoints.h"
#include "www/pages.h"
#include "www/provider_page.h"

/* /p/TOKEN: the provider's own page. Nobody keeps it, and no other site learns its address. */
KM_HANDLER(km_get_provider_page)
{
	struct km_provider_link link;
	json_auto_t *data = NULL;
	enum km_error error =
		km_provider_link_find(request->store, km_request_path_value(request, "token"), request->now, &link, problem);
	if (!error)
		error = km_provider_page(request, &link, &data, problem);
	if (error)
		return error;
	reply->max_age_s = KM_CACHE_NOT;
	reply->hidden = true;
	return km_page(request, reply, "provider", data, problem);
}
