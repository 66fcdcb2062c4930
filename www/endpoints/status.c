#include "badge/status_list.h"
#include "registry/lapse_record.h"
#include "www/endpoints.h"
#include "www/site.h"

#include <stdlib.h>
#include <string.h>

/* /status/revocation/N and /status/suspension/N: a W3C Bitstring Status List, signed as it is now. */

enum { STATUS_LIST_MAX_AGE_S = 300, LIST_DIGITS_MAX = 9 };

/* A list's number: digits, no leading zero, so that each list has one address. */
static int64_t list_number(const char *text)
{
	size_t len = strspn(text, "0123456789");
	return *text == '0' || text[len] || len > LIST_DIGITS_MAX ? 0 : strtol(text, NULL, 10);
}

static enum km_error reply_list(struct km_request *request, enum km_status_purpose purpose, struct km_reply *reply,
                                struct km_problem *problem)
{
	int64_t list = list_number(km_request_path_value(request, "list"));
	if (list < 1)
		return km_fail(problem, KM_ABSENT, "no-such-list", "the lists are numbered from 1");
	auto_free char *payload = NULL, *token = NULL;
	enum km_error error =
		km_status_list_payload(request->store, request->site->url, purpose, list, request->now, &payload, problem);
	if (!error)
		error = km_signer_sign(request->site->options.signer, KM_FORM_STATUS_LIST, payload, strlen(payload), &token,
		                       problem);
	int64_t next_change = INT64_MAX;
	if (!error)
		error = km_lapses_next(request->store, &next_change, problem);
	if (error)
		return error;
	/* A list stands for many marks: it is good until the first of them changes by itself. */
	reply->max_age_s = km_reply_age_until(next_change, request->now, STATUS_LIST_MAX_AGE_S);
	return km_reply_token(reply, token, "application/vc+jwt", problem);
}

KM_HANDLER(km_get_revocation_list)
{
	return reply_list(request, KM_STATUS_REVOCATION, reply, problem);
}

KM_HANDLER(km_get_suspension_list)
{
	return reply_list(request, KM_STATUS_SUSPENSION, reply, problem);
}
