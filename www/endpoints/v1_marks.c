#include "base/json.h"
#include "registry/search.h"
#include "www/endpoints.h"
#include "www/link.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

/* GET /v1/marks?q=&at=&page=&limit=: the marks that a search finds, or all of them. */

enum { LIMIT_USUAL = 20, LIMIT_MAX = KM_QUERY_LIMIT_MAX - 1, PAGES_MAX = 10000 };

struct found {
	const struct km_request *request;
	json_t *marks; /* owned */
	size_t len, limit;
};

static enum km_error add_hit(void *context, const struct km_hit *hit)
{
	struct found *found = context;
	/* One more than was asked for, to learn whether there is a next page; and companies without a mark are no marks. */
	if (found->len++ >= found->limit || !hit->number)
		return KM_OK;
	json_t *mark = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s, s:s?, s:o, s:o}", "number", hit->number, "state",
	                         km_state_name(hit->state), "name", hit->provider_name, "kvk", hit->kvk, "city", hit->city,
	                         "domain", hit->domain, "scheme", hit->scheme_id, "level", hit->level, "valid_until",
	                         km_json_moment_new(hit->valid_until), "url",
	                         json_sprintf("%s/v1/marks/%s", found->request->site->url, hit->number));
	return mark && json_array_append_new(found->marks, mark) == 0 ? KM_OK : KM_NO_MEMORY;
}

/* RFC 8288, for the pages before and after this one. */
static void add_links(const struct km_request *request, int page, bool more, struct km_reply *reply)
{
	auto_buf struct km_buf links = KM_BUF_EMPTY;
	const struct {
		const char *rel;
		int page;
	} pages[] = {{"first", 1}, {"prev", page - 1}, {"next", more ? page + 1 : 0}};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		char number[12];
		if (pages[i].page < 1)
			continue;
		snprintf(number, sizeof number, "%d", pages[i].page);
		km_buf_add_format(&links, "%s<%s", links.len ? ", " : "", request->site->url);
		km_link_self(&links, request, "page", number);
		km_buf_add_format(&links, ">; rel=\"%s\"", pages[i].rel);
	}
	/* One that does not fit is left out: a link cut short would lead elsewhere. */
	if (links.len < sizeof reply->link)
		snprintf(reply->link, sizeof reply->link, "%s", links.data ? links.data : "");
}

KM_HANDLER(km_get_marks)
{
	int page = 1, limit = LIMIT_USUAL;
	int64_t at = 0;
	bool dated = false;
	enum km_error error = km_request_integer(request, "page", 1, PAGES_MAX, 1, &page, problem);
	if (!error)
		error = km_request_integer(request, "limit", 1, LIMIT_MAX, LIMIT_USUAL, &limit, problem);
	if (!error)
		error = km_request_day(request, "at", &at, &dated, problem);
	if (error)
		return error;
	json_auto_t *marks = json_array();
	struct found found = {.request = request, .marks = marks, .limit = (size_t)limit};
	const struct km_query query = {.text = km_pairs_find(&request->query, "q"),
	                               .limit = found.limit + 1,
	                               .offset = (size_t)(page - 1) * found.limit,
	                               .bare = true};
	error = km_search(request->store, &query, at, NULL, add_hit, &found, problem);
	if (error)
		return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	add_links(request, page, found.len > found.limit, reply);
	reply->max_age_s = KM_CACHE_STATE_MAX_S;
	json_auto_t *document = json_pack("{s:O, s:i, s:i, s:o}", "marks", marks, "page", page, "limit", limit, "as_of",
	                                  km_json_moment_new(at));
	return km_reply_json(reply, document, km_type_json, problem);
}
