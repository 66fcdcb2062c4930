#include "registry/changes.h"
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

static enum km_error look(void *context, const struct km_change *change)
{
	(void)context;
	(void)change;
	return KM_OK;
}

/* … and the register can be read, which is tried. */
KM_HANDLER(km_get_readyz)
{
	enum km_error error = km_changes(request->store, NULL, request->now, 1, look, NULL, problem);
	return error ? error : km_get_healthz(request, reply, problem);
}
