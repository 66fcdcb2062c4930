#include "registry/identifier.h"
#include "registry/search.h"
#include "www/endpoints.h"
#include "www/link.h"
#include "www/mark_record.h"
#include "www/search_asked.h"
#include "www/site.h"

#include <stdio.h>

/* GET /v1/providers: who is in the register, with a mark or without, by KvK number. GET /v1/providers/KVK: a company
 * and its marks. */

enum { LIMIT_USUAL = 20, LIMIT_MAX = 99, PROVIDERS_MAX_AGE_S = 300 };

struct listing {
	json_t *providers; /* owned */
	size_t len, limit;
	char last[9];
};

static enum km_error add_provider(void *context, const struct km_provider *provider)
{
	struct listing *listing = context;
	/* One more than was asked for, to learn whether there is a next page. */
	if (listing->len++ == listing->limit)
		return KM_OK;
	snprintf(listing->last, sizeof listing->last, "%s", provider->kvk);
	json_t *entry = km_provider_json(provider);
	return entry && json_array_append_new(listing->providers, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error read_after(const struct km_request *request, const char **ret_after, struct km_problem *problem)
{
	const char *after = km_pairs_find(&request->query, "after");
	*ret_after = after && *after ? after : NULL;
	return !*ret_after || km_kvk_valid(after)
	           ? KM_OK
	           : km_fail(problem, KM_MALFORMED, "parameter", "after: give the KvK number of the last company you have");
}

KM_HANDLER(km_get_providers)
{
	int limit = LIMIT_USUAL;
	const char *after = NULL;
	enum km_error error = km_request_integer(request, "limit", 1, LIMIT_MAX, LIMIT_USUAL, &limit, problem);
	if (!error)
		error = read_after(request, &after, problem);
	if (error)
		return error;
	json_auto_t *providers = json_array();
	struct listing listing = {.providers = providers, .limit = (size_t)limit};
	error = km_provider_list(request->store, after, listing.limit + 1, add_provider, &listing, problem);
	if (error)
		return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	auto_buf struct km_buf next = KM_BUF_EMPTY;
	km_link_self(&next, request, "after", listing.last);
	if (listing.len > listing.limit && !next.failed)
		km_reply_add_link(request, reply, next.data, "next");
	reply->max_age_s = PROVIDERS_MAX_AGE_S;
	json_auto_t *document = json_pack("{s:O, s:i}", "providers", providers, "limit", limit);
	return km_reply_json(reply, document, km_type_json, problem);
}

struct marks {
	const struct km_request *request;
	json_t *list;
};

static enum km_error add_mark(void *context, const struct km_hit *hit)
{
	struct marks *marks = context;
	if (!hit->number)
		return KM_OK;
	json_t *mark = json_pack("{s:s, s:s, s:s, s:s?, s:o}", "number", hit->number, "state", km_state_name(hit->state),
	                         "scheme", hit->scheme_id, "level", hit->level, "url",
	                         json_sprintf("%s/v1/marks/%s", marks->request->site->url, hit->number));
	return mark && json_array_append_new(marks->list, mark) == 0 ? KM_OK : KM_NO_MEMORY;
}

KM_HANDLER(km_get_provider)
{
	const char *kvk = km_request_path_value(request, "kvk");
	if (!km_kvk_valid(kvk))
		return km_fail(problem, KM_ABSENT, "provider-unknown", "a KvK number has eight digits");
	struct km_provider *provider = NULL;
	enum km_error error = km_provider_get(request->store, kvk, &provider, problem);
	if (error == KM_ABSENT)
		return km_fail(problem, KM_ABSENT, "provider-unknown", "no company with this KvK number is in this register");
	json_auto_t *list = json_array();
	struct marks marks = {.request = request, .list = list};
	const struct km_query query = {.text = kvk, .limit = KM_QUERY_LIMIT_MAX, .bare = true};
	if (!error)
		error = km_search(request->store, &query, request->now, NULL, add_mark, &marks, problem);
	json_auto_t *document = error ? NULL : km_provider_json(provider);
	km_provider_free(provider);
	if (error)
		return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	if (!document || json_object_set(document, "marks", list) != 0)
		return km_fail_memory(problem);
	reply->max_age_s = KM_CACHE_STATE_MAX_S;
	return km_reply_json(reply, document, km_type_json, problem);
}
