#include "registry/provider.h"
#include "registry/provider_link.h"
#include "registry/scheme.h"
#include "registry/search.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HITS_MAX = 20 };

static enum km_error add_hit(void *array, const struct km_hit *hit)
{
	return km_console_add(array, json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?}", "kvk", hit->kvk, "name",
	                                       hit->provider_name, "city", hit->city, "number", hit->number, "scheme",
	                                       hit->number ? hit->scheme_id : NULL, "state",
	                                       hit->number ? km_state_name(hit->state) : NULL));
}

/* GET /console/api/providers?q=: as the public search finds them. */
KM_HANDLER(km_get_console_providers)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	const char *q = km_pairs_find(&request->query, "q");
	enum km_error error = km_console_desk(request, &desk, problem);
	const struct km_query query = {.text = q ? q : "", .limit = HITS_MAX, .bare = true};
	if (!error && q && *q)
		error = km_search(request->store, &query, request->now, NULL, add_hit, list, problem);
	if (error == KM_ABSENT) /* looks like a number with a mistake in it: nothing is found, and that is all */
		error = KM_OK;
	return error ? error : km_console_reply(reply, json_incref(list), problem);
}

/* GET /console/api/providers/KVK: with what this body has of it. */
KM_HANDLER(km_get_console_provider)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *marks = json_array(), *audits = json_array(), *all = json_array();
	struct km_provider *provider = NULL;
	const char *kvk = km_request_path_value(request, "kvk");
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_provider_get(request->store, kvk, &provider, problem);
	if (!error)
		error = km_desk_marks(request->store, &desk, kvk, request->now, 0, km_console_add_mark, marks, problem);
	if (!error)
		error = km_desk_audits_of(request->store, &desk, kvk, km_console_add_audit, audits, problem);
	const struct km_query query = {.text = kvk, .limit = HITS_MAX, .bare = true};
	if (!error)
		error = km_search(request->store, &query, request->now, NULL, add_hit, all, problem);
	if (!error)
		error =
			km_console_reply(reply,
		                     json_pack("{s:s, s:s, s:s?, s:O, s:O, s:O}", "kvk", provider->kvk, "name", provider->name,
		                               "city", provider->city, "marks", marks, "audits", audits, "public", all),
		                     problem);
	km_provider_free(provider);
	return error;
}

/* GET /console/api/links/KVK: the link to its own page that the body has handed out to it. */
KM_HANDLER(km_get_console_link)
{
	auto_desk struct km_desk desk = {0};
	struct km_provider *provider = NULL;
	struct km_provider_link link = {0};
	auto_free char *by = NULL;
	bool found = false;
	const char *kvk = km_request_path_value(request, "kvk");
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_provider_get(request->store, kvk, &provider, problem);
	if (!error)
		error = km_provider_link_of(request->store, desk.body_id, kvk, request->now, &link, &by, &found, problem);
	json_t *present = found ? json_pack("{s:o, s:o, s:s?}", "made", km_console_day(link.made_at), "until",
	                                    km_console_day(link.expires_at), "by", by)
	                        : json_null();
	if (error)
		json_decref(present);
	else
		error = km_console_reply(reply, json_pack("{s:s, s:o}", "name", provider->name, "present", present), problem);
	km_provider_free(provider);
	return error;
}

/* GET /console/api/schemes/ID/VERSION: the scheme as it was published; version 0 is the newest. */
KM_HANDLER(km_get_console_scheme)
{
	auto_desk struct km_desk desk = {0};
	auto_scheme struct km_scheme *scheme = NULL;
	const char *text = km_request_path_value(request, "version");
	size_t digits = strspn(text, "0123456789");
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error && (!digits || digits > 6 || text[digits]))
		error = km_fail(problem, KM_ABSENT, "no-such-page", "there is nothing at this address");
	if (!error)
		error = km_scheme_get(request->store, km_request_path_value(request, "id"), atoi(text), &scheme, problem);
	if (error)
		return error;
	reply->type = km_type_json;
	reply->max_age_s = KM_CACHE_NOT;
	km_buf_add(&reply->body, scheme->json, scheme->json_len);
	return KM_OK;
}
