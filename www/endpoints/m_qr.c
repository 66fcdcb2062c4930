#include "badge/qr.h"
#include "badge/qr_token.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/site.h"

#include <stdio.h>

enum { SCALE_MAX = 32, SCALE_USUAL = 8, COMPACT_MAX_AGE_S = 86400 };

#define auto_qr __attribute__((cleanup(km_qr_done)))

/* What the code of a mark in the register holds, so that none is ever made for a number that is not: the address of its
 * page, or a token that says what is on that page and is signed. */
static enum km_error write_text(const struct km_request *request, const char *number, bool is_signed, char **ret_text,
                                struct km_problem *problem)
{
	const char *url = request->site->url;
	auto_free char *token = NULL;
	enum km_error error = is_signed ? km_mark_qr_token(request->store, number, &token, problem) : KM_OK;
	if (error)
		return error;
	char *text = is_signed ? km_qr_token_text(url, token) : km_qr_compact_text(url, number);
	if (!text)
		return km_fail_memory(problem);
	*ret_text = text;
	return KM_OK;
}

static enum km_error encode(const struct km_request *request, bool is_signed, char ret_number[static KM_NUMBER_TEXT],
                            struct km_qr *ret_qr, struct km_problem *problem)
{
	auto_asked struct km_asked asked = {0};
	auto_free char *text = NULL;
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (!error)
		error = write_text(request, asked.mark->number, is_signed, &text, problem);
	if (error)
		return error;
	snprintf(ret_number, KM_NUMBER_TEXT, "%s", asked.mark->number);
	return km_qr_encode(text, ret_qr, problem);
}

static void fill(struct km_reply *reply, const char *type, bool is_signed)
{
	reply->type = type;
	reply->embedded = true;
	/* A signed one is made anew with each decision. */
	reply->max_age_s = is_signed ? KM_CACHE_BADGE_MAX_S : COMPACT_MAX_AGE_S;
}

static enum km_error reply_svg(const struct km_request *request, bool is_signed, struct km_reply *reply,
                               struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT], shown[KM_NUMBER_SHOWN];
	auto_qr struct km_qr qr = {0};
	enum km_error error = encode(request, is_signed, number, &qr, problem);
	if (error)
		return error;
	km_number_show(number, shown);
	fill(reply, km_type_svg, is_signed);
	km_qr_svg(&qr, shown, &reply->body);
	return KM_OK;
}

static enum km_error reply_png(const struct km_request *request, bool is_signed, struct km_reply *reply,
                               struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	int scale = SCALE_USUAL;
	auto_qr struct km_qr qr = {0};
	enum km_error error = km_request_integer(request, "scale", 1, SCALE_MAX, SCALE_USUAL, &scale, problem);
	if (!error)
		error = encode(request, is_signed, number, &qr, problem);
	if (error)
		return error;
	fill(reply, km_type_png, is_signed);
	return km_qr_png(&qr, scale, &reply->body, problem);
}

/* /m/NUMBER.qr.svg */
KM_HANDLER(km_get_mark_qr_svg)
{
	return reply_svg(request, false, reply, problem);
}

/* /m/NUMBER.qr.png?scale= */
KM_HANDLER(km_get_mark_qr_png)
{
	return reply_png(request, false, reply, problem);
}

/* /m/NUMBER.signed-qr.svg */
KM_HANDLER(km_get_mark_signed_qr_svg)
{
	return reply_svg(request, true, reply, problem);
}

/* /m/NUMBER.signed-qr.png?scale= */
KM_HANDLER(km_get_mark_signed_qr_png)
{
	return reply_png(request, true, reply, problem);
}
