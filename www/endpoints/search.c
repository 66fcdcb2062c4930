#include "registry/search.h"
#include "www/endpoints.h"
#include "www/link.h"
#include "www/pages.h"
#include "www/scanner.h"
#include "www/show.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

/* The first page: one box for a name, a KvK number, a domain or a mark number. */

enum { HITS_A_PAGE = 20, PAGES_MAX = 500, HIT_SHAPE_PX = 28 };

struct results {
	const struct km_request *request;
	json_t *hits; /* owned */
	size_t len;
	char number[KM_NUMBER_TEXT]; /* of the last hit */
};

static enum km_error add_hit(void *context, const struct km_hit *hit)
{
	struct results *results = context;
	/* One more than a page holds was asked for, to learn whether there is a next page. */
	if (results->len++ == HITS_A_PAGE)
		return KM_OK;
	const struct km_request *request = results->request;
	json_t *line = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:b}", "name", hit->provider_name, "kvk", hit->kvk, "city",
	                         hit->city, "domain", hit->domain, "scheme",
	                         hit->number ? hit->scheme_name[request->language] : NULL, "marked", hit->number != NULL);
	if (hit->number) {
		snprintf(results->number, sizeof results->number, "%s", hit->number);
		json_object_set_new(line, "number", json_string(hit->number));
		json_object_set_new(line, "state", km_show_state(request, hit->state, false, HIT_SHAPE_PX));
		json_object_set_new(line, "until", km_show_day(request, hit->valid_until));
	}
	return json_array_append_new(results->hits, line) == 0 ? KM_OK : km_fail_memory(NULL);
}

static json_t *page_link(const struct km_request *request, int page)
{
	char number[12];
	snprintf(number, sizeof number, "%d", page);
	auto_buf struct km_buf link = KM_BUF_EMPTY;
	km_link_self(&link, request, "page", number);
	return link.failed ? NULL : json_string(link.data);
}

/* Whoever types a whole mark number wants that mark. */
static void go_to_mark(const struct km_request *request, const char *number, struct km_reply *reply)
{
	reply->status = 303;
	snprintf(reply->location, sizeof reply->location, "/m/%s%s%s", number, request->language_chosen ? "?lang=" : "",
	         request->language_chosen ? km_language_code(request->language) : "");
}

static enum km_error reply_results(struct km_request *request, struct km_reply *reply, const struct results *results,
                                   int page, bool mistyped, struct km_problem *problem)
{
	const char *q = km_pairs_find(&request->query, "q");
	json_auto_t *data = json_pack("{s:s, s:b, s:O, s:b, s:b, s:o, s:o}", "q", q, "searched", 1, "hits", results->hits,
	                              "none", results->len == 0 && !mistyped, "mistyped", mistyped, "next",
	                              results->len > HITS_A_PAGE ? page_link(request, page + 1) : json_null(), "previous",
	                              page > 1 ? page_link(request, page - 1) : json_null());
	reply->max_age_s = KM_CACHE_STATE_MAX_S;
	return km_page(request, reply, "search", data, problem);
}

/* Before anything was asked: what this is, and how to use it. */
static enum km_error reply_welcome(struct km_request *request, struct km_reply *reply, struct km_problem *problem)
{
	json_auto_t *data = NULL;
	enum km_error error = km_scanner_data(request, &data, problem);
	if (error)
		return error;
	json_object_set_new(data, "q", json_string(""));
	json_object_set_new(data, "searched", json_false());
	json_object_set_new(data, "searching", json_true());
	reply->camera = true;
	reply->max_age_s = KM_CACHE_STATE_MAX_S;
	return km_page(request, reply, "search", data, problem);
}

KM_HANDLER(km_get_search)
{
	const char *q = km_pairs_find(&request->query, "q");
	if (!q)
		return reply_welcome(request, reply, problem);
	int page = 1;
	enum km_error error = km_request_integer(request, "page", 1, PAGES_MAX, 1, &page, problem);
	if (error)
		return error;
	json_auto_t *hits = json_array();
	struct results results = {.request = request, .hits = hits};
	const struct km_query query = {.text = q, .limit = HITS_A_PAGE + 1, .offset = (size_t)(page - 1) * HITS_A_PAGE};
	enum km_query_kind kind = KM_QUERY_ALL;
	error = km_search(request->store, &query, request->now, &kind, add_hit, &results, problem);
	bool mistyped = error == KM_ABSENT && strcmp(problem->type, "mark-number-check") == 0;
	if (error && !mistyped)
		return error;
	*problem = (struct km_problem){0};
	if (!mistyped && kind == KM_QUERY_NUMBER && results.len == 1 && *results.number) {
		go_to_mark(request, results.number, reply);
		return KM_OK;
	}
	return reply_results(request, reply, &results, page, mistyped, problem);
}
