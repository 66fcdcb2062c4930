#include "www/problem.h"

#include "www/pages.h"
#include "www/route.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_AFTER_S = 2 };

struct title {
	unsigned status;
	const char *words;
};

/* RFC 9110's own names, for programs. */
static const struct title titles[] = {
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
};

unsigned km_problem_status(const struct km_problem *problem)
{
	/* Four that HTTP tells apart, and the register does not. */
	if (strcmp(problem->type, "method-not-allowed") == 0)
		return 405;
	if (strcmp(problem->type, "target-too-long") == 0)
		return 414;
	if (strcmp(problem->type, "content-type") == 0)
		return 415;
	if (strcmp(problem->type, "too-many-requests") == 0)
		return 429;
	switch (problem->code) {
	case KM_ABSENT:
		return 404;
	case KM_MALFORMED:
		return 400;
	case KM_INVALID:
		return 422;
	case KM_UNPROVEN:
		return 401;
	case KM_FORBIDDEN:
		return 403;
	case KM_CONFLICT:
		return 409;
	case KM_TOO_LARGE:
		return 413;
	case KM_UNAVAILABLE:
		return 503;
	default:
		return 500;
	}
}

static const char *title_of(unsigned status)
{
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (titles[i].status == status)
			return titles[i].words;
	return "Error";
}

static bool ours(const struct km_problem *problem)
{
	return problem->code == KM_IO || problem->code == KM_NO_MEMORY || problem->code == KM_BUG;
}

static enum km_error document(const struct km_request *request, const struct km_problem *problem, unsigned status,
                              struct km_reply *reply)
{
	char type[320];
	snprintf(type, sizeof type, "%s/problems#%s", request->site->url, ours(problem) ? "internal" : problem->type);
	const char *detail =
		ours(problem) ? "Something went wrong on our side. It has been noted; try again in a while." : problem->message;
	json_auto_t *json = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", title_of(status), "status",
	                              (int)status, "detail", detail);
	return km_reply_json(reply, json, km_type_problem, NULL);
}

/* The words under problem.TYPE.ENDING, or else problem.STATUS.ENDING. */
static const char *words_of(const struct km_request *request, const char *type, unsigned status, const char *ending)
{
	char key[KM_PROBLEM_TYPE_MAX + 32];
	snprintf(key, sizeof key, "problem.%s.%s", type, ending);
	const char *words = km_page_words(request, key);
	if (words)
		return words;
	snprintf(key, sizeof key, "problem.%u.%s", status, ending);
	words = km_page_words(request, key);
	if (words)
		return words;
	snprintf(key, sizeof key, "problem.other.%s", ending);
	words = km_page_words(request, key);
	return words ? words : "";
}

static enum km_error page(const struct km_request *request, const struct km_problem *problem, unsigned status,
                          struct km_reply *reply)
{
	json_auto_t *data =
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "q", "", "title", words_of(request, problem->type, status, "title"),
	              "text", words_of(request, problem->type, status, "text"), "next",
	              words_of(request, problem->type, status, "next"), "typed", km_request_path_value(request, "number"));
	return km_page(request, reply, "problem", data, NULL);
}

void km_problem_reply(const struct km_request *request, const struct km_problem *problem, struct km_reply *reply)
{
	unsigned status = km_problem_status(problem);
	const char *allow = reply->allow;
	int retry_after_s = reply->retry_after_s;
	km_reply_done(reply);
	bool wants_page = request->page && (!request->route || !(request->route->kind & KM_ROUTE_API));
	if (!wants_page || page(request, problem, status, reply) != KM_OK) {
		km_reply_done(reply);
		if (document(request, problem, status, reply) != KM_OK)
			km_reply_done(reply); /* no memory: the status alone must do */
	}
	reply->status = status;
	reply->allow = allow;
	reply->max_age_s = KM_CACHE_NOT;
	reply->close = strcmp(problem->type, "framing") == 0;
	reply->retry_after_s = status == 429 ? retry_after_s : status == 503 ? RETRY_AFTER_S : 0;
}
