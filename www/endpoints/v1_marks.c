#include "base/json.h"
#include "registry/supplier.h"
#include "www/endpoints.h"
#include "www/search_asked.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

/* GET /v1/marks?q=&at=&…: the marks that a search finds, or all of them; see www/search_asked.h. */

enum { LIMIT_USUAL = 20, LIMIT_MAX = KM_QUERY_LIMIT_MAX - 1 };

struct found {
	const struct km_request *request;
	json_t *marks; /* owned */
	size_t len, limit;
	enum km_query_kind kind;
	char last[KM_NUMBER_TEXT]; /* of the last hit; "" where that has none */
};

static enum km_error add_hit(void *context, const struct km_hit *hit)
{
	struct found *found = context;
	if (found->len++ >= found->limit)
		return KM_OK;
	snprintf(found->last, sizeof found->last, "%s", hit->number ? hit->number : "");
	if (!hit->number) /* companies without a mark are no marks */
		return KM_OK;
	json_t *mark =
		json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s, s:s?, s:o, s:o, s:o}", "number", hit->number, "state",
	              km_state_name(hit->state), "name", hit->provider_name, "kvk", *hit->kvk ? hit->kvk : NULL, "city",
	              hit->city, "domain", hit->domain, "scheme", hit->scheme_id, "level", hit->level, "scope",
	              json_loads(hit->scope, 0, NULL), "valid_until", km_json_moment_new(hit->valid_until), "url",
	              json_sprintf("%s/v1/marks/%s", found->request->site->url, hit->number));
	return mark && json_array_append_new(found->marks, mark) == 0 ? KM_OK : KM_NO_MEMORY;
}

/* What the name may have been meant for, where it finds nothing. */
static enum km_error add_near(const struct found *found, const struct km_query *query, json_t *document,
                              struct km_problem *problem)
{
	if (found->len || found->kind != KM_QUERY_NAME || query->offset || km_filter_is_set(&query->filter))
		return KM_OK;
	auto_supplier struct km_supplier_result result = {0};
	enum km_error error = km_supplier_near(found->request->store, query->text, found->request->now, &result, problem);
	json_t *near = json_array();
	for (size_t i = 0; i < result.near_len; i++)
		json_array_append_new(near, json_pack("{s:s, s:s}", "name", result.near[i].name, "kvk", result.near[i].kvk));
	json_object_set_new(document, "near", near);
	return error;
}

KM_HANDLER(km_get_marks)
{
	int limit = LIMIT_USUAL;
	int64_t at = 0;
	bool dated = false;
	struct km_search_asked asked;
	enum km_error error = km_request_integer(request, "limit", 1, LIMIT_MAX, LIMIT_USUAL, &limit, problem);
	if (!error)
		error = km_search_asked_read(request, (size_t)limit, &asked, problem);
	if (!error)
		error = km_request_day(request, "at", &at, &dated, problem);
	if (error)
		return error;
	json_auto_t *marks = json_array();
	struct found found = {.request = request, .marks = marks, .limit = (size_t)limit};
	asked.query.bare = true;
	error = km_search(request->store, &asked.query, at, &found.kind, add_hit, &found, problem);
	json_auto_t *document = json_pack("{s:O, s:i, s:i, s:o}", "marks", marks, "page", asked.page, "limit", limit,
	                                  "as_of", km_json_moment_new(at));
	if (!error)
		error = add_near(&found, &asked.query, document, problem);
	if (error)
		return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	auto_search_links struct km_search_links links;
	km_search_asked_link(request, &asked, *found.last ? found.last : NULL, found.len > found.limit, reply, &links);
	reply->max_age_s = KM_CACHE_STATE_MAX_S;
	return km_reply_json(reply, document, km_type_json, problem);
}
