#include "registry/identifier.h"
#include "registry/search.h"
#include "www/endpoints.h"
#include "www/mark_record.h"
#include "www/site.h"

/* GET /v1/providers/KVK: a company and its marks. */

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
