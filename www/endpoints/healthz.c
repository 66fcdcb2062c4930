#include "www/endpoints.h"

/* The process is alive and answers. */
KM_HANDLER(km_get_healthz)
{
	(void)request;
	(void)problem;
	reply->type = km_type_text;
	reply->max_age_s = KM_CACHE_NOT;
	km_buf_add_text(&reply->body, "ok\n");
	return KM_OK;
}

/* … and the register can be read: this route is given a store within a read transaction, or has failed by now. */
KM_HANDLER(km_get_readyz)
{
	return km_get_healthz(request, reply, problem);
}
