#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/mark_page.h"
#include "www/mark_record.h"
#include "www/pages.h"
#include "www/site.h"

/* /m/NUMBER: the page about a mark, or its record or its credential where that is what the client would rather have. */

static enum km_error reply_record(struct km_request *request, struct km_reply *reply, struct km_problem *problem)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, true, &asked, problem);
	if (error)
		return error;
	reply->max_age_s = km_asked_max_age_s(request, &asked, KM_CACHE_STATE_MAX_S);
	reply->type = km_type_json;
	km_mark_record_add(&reply->body, asked.mark, request->site->url, asked.moment, request->now);
	km_buf_add_char(&reply->body, '\n');
	return KM_OK;
}

static enum km_error reply_credential(struct km_request *request, struct km_reply *reply, struct km_problem *problem)
{
	enum km_error error = km_get_mark_json_ld(request, reply, problem);
	if (!error)
		reply->type = request->credential;
	return error;
}

KM_HANDLER(km_get_mark)
{
	if (request->credential)
		return reply_credential(request, reply, problem);
	if (request->json)
		return reply_record(request, reply, problem);
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, true, &asked, problem);
	if (error)
		return error;
	reply->max_age_s = km_asked_max_age_s(request, &asked, KM_CACHE_STATE_MAX_S);
	json_auto_t *data = km_mark_page(request, &asked);
	return km_page(request, reply, "mark", data, problem);
}

/* /m/NUMBER.json and /v1/marks/NUMBER */
KM_HANDLER(km_get_mark_json)
{
	return reply_record(request, reply, problem);
}
