#include "badge/qr.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/site.h"

#include <stdio.h>

enum { SCALE_MAX = 32, SCALE_USUAL = 8, QR_MAX_AGE_S = 86400 };

#define auto_qr __attribute__((cleanup(km_qr_done)))

/* The QR of a mark in the register, so that none is ever made for a number that is not. */
static enum km_error encode(const struct km_request *request, char ret_number[static KM_NUMBER_TEXT],
                            struct km_qr *ret_qr, struct km_problem *problem)
{
	auto_asked struct km_asked asked = {0};
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (error)
		return error;
	auto_free char *text = km_qr_compact_text(request->site->url, asked.mark->number);
	if (!text)
		return km_fail_memory(problem);
	snprintf(ret_number, KM_NUMBER_TEXT, "%s", asked.mark->number);
	return km_qr_encode(text, ret_qr, problem);
}

/* /m/NUMBER.qr.svg */
KM_HANDLER(km_get_mark_qr_svg)
{
	char number[KM_NUMBER_TEXT], shown[KM_NUMBER_SHOWN];
	auto_qr struct km_qr qr = {0};
	enum km_error error = encode(request, number, &qr, problem);
	if (error)
		return error;
	km_number_show(number, shown);
	reply->type = km_type_svg;
	reply->embedded = true;
	reply->max_age_s = QR_MAX_AGE_S;
	km_qr_svg(&qr, shown, &reply->body);
	return KM_OK;
}

/* /m/NUMBER.qr.png?scale= */
KM_HANDLER(km_get_mark_qr_png)
{
	char number[KM_NUMBER_TEXT];
	int scale = SCALE_USUAL;
	auto_qr struct km_qr qr = {0};
	enum km_error error = km_request_integer(request, "scale", 1, SCALE_MAX, SCALE_USUAL, &scale, problem);
	if (!error)
		error = encode(request, number, &qr, problem);
	if (error)
		return error;
	reply->type = km_type_png;
	reply->embedded = true;
	reply->max_age_s = QR_MAX_AGE_S;
	return km_qr_png(&qr, scale, &reply->body, problem);
}
