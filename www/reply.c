#include "www/reply.h"

#include "base/json.h"
#include "www/ready.h"
#include "www/shared.h"

#include <stdlib.h>
#include <string.h>

const char km_type_html[] = "text/html; charset=utf-8";
const char km_type_json[] = "application/json";
const char km_type_problem[] = "application/problem+json";
const char km_type_jwt[] = "application/jwt";
const char km_type_vc[] = "application/vc";
const char km_type_svg[] = "image/svg+xml";
const char km_type_png[] = "image/png";
const char km_type_text[] = "text/plain; charset=utf-8";

enum km_error km_reply_json(struct km_reply *reply, const json_t *value, const char *type, struct km_problem *problem)
{
	auto_free char *text = value ? km_json_text(value) : NULL;
	if (!text)
		return km_fail_memory(problem);
	reply->type = type;
	km_buf_add_text(&reply->body, text);
	km_buf_add_char(&reply->body, '\n');
	return KM_OK;
}

enum km_error km_reply_token(struct km_reply *reply, const char *token, const char *type, struct km_problem *problem)
{
	reply->type = type;
	km_buf_add_text(&reply->body, token);
	return reply->body.failed ? km_fail_memory(problem) : KM_OK;
}

int km_reply_age_until(int64_t next_change, int64_t now, int max_s)
{
	int64_t left = next_change - now - KM_READY_S;
	if (left <= 0)
		return KM_CACHE_ASK;
	return left < max_s ? (int)left : max_s;
}

void km_reply_done(struct km_reply *reply)
{
	km_buf_free(&reply->body);
	km_shared_done(reply->shared);
	*reply = (struct km_reply){0};
}
