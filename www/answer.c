#include "www/answer.h"

#include "www/endpoints.h"
#include "www/shared.h"
#include "www/site.h"

#define auto_request __attribute__((cleanup(km_request_done)))

static enum km_error handle(struct km_request *request, struct km_reply *reply, struct km_problem *problem)
{
	char allow[KM_ALLOW_TEXT];
	enum km_error error = km_route_find(km_routes, km_routes_len, request, allow, problem);
	if (!error)
		error = request->route->handle(request, reply, problem);
	return !error && reply->body.failed ? km_fail_memory(problem) : error;
}

enum km_error km_answer(struct km_site *site, struct km_store *store, const char *target, int64_t now,
                        struct km_reply *ret_reply, struct km_problem *problem)
{
	auto_request struct km_request request = {.site = site, .store = store, .now = now, .method = KM_GET, .page = true};
	struct km_reply reply = {0};
	enum km_error error = km_target_parse(target, &request.path, &request.query, problem);
	if (error)
		return error;
	km_request_choose_language(&request);
	error = handle(&request, &reply, problem);
	if (error) {
		km_reply_done(&reply);
		return error;
	}
	*problem = (struct km_problem){0}; /* what a handler met on its way, and knew what to do about, is no failure */
	*ret_reply = reply;
	return KM_OK;
}

const char *km_answer_bytes(const struct km_reply *reply, size_t *ret_len)
{
	if (reply->shared) {
		*ret_len = reply->shared->len;
		return reply->shared->bytes;
	}
	if (reply->fixed) {
		*ret_len = reply->fixed_len;
		return reply->fixed;
	}
	*ret_len = reply->body.len;
	return reply->body.data ? reply->body.data : "";
}
