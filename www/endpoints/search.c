#include "registry/search.h"
#include "registry/region.h"
#include "registry/supplier.h"
#include "www/endpoints.h"
#include "www/link.h"
#include "www/pages.h"
#include "www/scanner.h"
#include "www/search_asked.h"
#include "www/show.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

/* The first page: one box for a name, a KvK number, a domain or a mark number. */

enum { HITS_A_PAGE = 20, HIT_SHAPE_PX = 28 };

struct results {
	const struct km_request *request;
	const struct km_search_asked *asked;
	enum km_query_kind kind;
	bool mistyped; /* a mark number with a wrong check symbol */
	json_t *hits;  /* owned */
	size_t len;
	char last[KM_NUMBER_TEXT]; /* of the last hit shown; "" where that has none */
};

static enum km_error add_hit(void *context, const struct km_hit *hit)
{
	struct results *results = context;
	if (results->len++ == HITS_A_PAGE)
		return KM_OK;
	const struct km_request *request = results->request;
	json_t *line = json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:b}", "name", hit->provider_name, "kvk",
	                         *hit->kvk ? hit->kvk : NULL, "city", hit->city, "domain", hit->domain, "scheme",
	                         hit->number ? hit->scheme_name[request->language] : NULL, "marked", hit->number != NULL);
	snprintf(results->last, sizeof results->last, "%s", hit->number ? hit->number : "");
	if (hit->number) {
		json_object_set_new(line, "number", json_string(hit->number));
		json_object_set_new(line, "state", km_show_state(request, hit->state, false, HIT_SHAPE_PX));
		json_object_set_new(line, "until", km_show_day(request, hit->valid_until));
	}
	return json_array_append_new(results->hits, line) == 0 ? KM_OK : km_fail_memory(NULL);
}

/* Whoever types a whole mark number wants that mark. */
static void go_to_mark(const struct km_request *request, const char *number, struct km_reply *reply)
{
	reply->status = 303;
	snprintf(reply->location, sizeof reply->location, "/m/%s%s%s", number, request->language_chosen ? "?lang=" : "",
	         request->language_chosen ? km_language_code(request->language) : "");
}

/* ---------------------------------------------------------------------------------------------------- the filters */

struct choices {
	const struct km_request *request;
	json_t *services, *levels, *schemes; /* owned */
};

static void add_choice(const struct km_request *request, json_t *choices, const char *parameter, const char *id,
                       json_t *name)
{
	for (size_t i = 0; i < json_array_size(choices); i++)
		if (strcmp(json_string_value(json_object_get(json_array_get(choices, i), "id")), id) == 0) {
			json_decref(name);
			return;
		}
	const char *chosen = km_pairs_find(&request->query, parameter);
	json_array_append_new(
		choices, json_pack("{s:s, s:o, s:b}", "id", id, "name", name, "chosen", chosen && strcmp(chosen, id) == 0));
}

static enum km_error add_choices_of(void *context, const struct km_scheme *scheme)
{
	struct choices *choices = context;
	const struct km_request *request = choices->request;
	add_choice(request, choices->schemes, "scheme", scheme->id, km_show_words(request, &scheme->name));
	for (size_t i = 0; i < scheme->services_len; i++)
		add_choice(request, choices->services, "service", scheme->services[i].id,
		           km_show_words(request, &scheme->services[i].name));
	for (size_t i = 0; i < scheme->levels_len; i++)
		add_choice(request, choices->levels, "level", scheme->levels[i].id,
		           km_show_words(request, &scheme->levels[i].name));
	return KM_OK;
}

static json_t *state_choices(const struct km_request *request)
{
	json_t *states = json_array();
	for (enum km_state state = KM_ACTIVE; state < KM_STATES; state++) {
		const char *name = km_state_name(state);
		add_choice(request, states, "state", name, json_string(km_page_words_for(request, "state-short", name)));
	}
	return states;
}

static json_t *region_choices(const struct km_request *request)
{
	json_t *regions = json_array();
	for (size_t i = 0; i < KM_PROVINCES; i++)
		add_choice(request, regions, "region", km_provinces[i].code,
		           json_string(km_provinces[i].name[request->language]));
	return regions;
}

static enum km_error add_filters(const struct results *results, json_t *data, struct km_problem *problem)
{
	const struct km_request *request = results->request;
	const struct km_filter *filter = &results->asked->query.filter;
	struct choices choices = {request, json_array(), json_array(), json_array()};
	enum km_error error = km_scheme_list(request->store, add_choices_of, &choices, problem);
	auto_buf struct km_buf without = KM_BUF_EMPTY;
	km_buf_add_text(&without, "/?q=");
	km_link_add(&without, results->asked->query.text ? results->asked->query.text : "");
	bool filtered = km_filter_is_set(filter);
	json_auto_t *filters = json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:s, s:s}", "filtered", filtered, "services",
	                                 choices.services, "levels", choices.levels, "choices", choices.schemes, "states",
	                                 state_choices(request), "regions", region_choices(request), "in_city",
	                                 filter->city ? filter->city : "", "without", without.failed ? "" : without.data);
	if (!error && (!filters || without.failed || json_object_update(data, filters) != 0))
		return km_fail_memory(problem);
	return error;
}

/* ------------------------------------------------------------------------------------------------------- the page */

/* What looks like a name that was not found; offered, never taken. */
static enum km_error add_near(const struct results *results, json_t *data, struct km_problem *problem)
{
	json_t *near = json_array();
	json_object_set_new(data, "near", near);
	json_object_set_new(data, "has_near", json_false());
	const struct km_query *query = &results->asked->query;
	if (results->len || results->mistyped || results->kind != KM_QUERY_NAME || query->offset ||
	    km_filter_is_set(&query->filter))
		return KM_OK;
	auto_supplier struct km_supplier_result result = {0};
	enum km_error error =
		km_supplier_near(results->request->store, query->text, results->request->now, &result, problem);
	for (size_t i = 0; i < result.near_len && !error; i++)
		json_array_append_new(near, json_pack("{s:s, s:s}", "name", result.near[i].name, "kvk", result.near[i].kvk));
	json_object_set_new(data, "has_near", json_boolean(result.near_len));
	return error;
}

static void add_links(const struct results *results, json_t *data, struct km_reply *reply)
{
	auto_search_links struct km_search_links links;
	km_search_asked_link(results->request, results->asked, *results->last ? results->last : NULL,
	                     results->len > HITS_A_PAGE, reply, &links);
	json_auto_t *shown =
		json_pack("{s:s?, s:s?, s:s?}", "next", links.next, "previous", links.previous, "first", links.first);
	json_object_update(data, shown);
}

static enum km_error reply_results(struct km_request *request, struct km_reply *reply, const struct results *results,
                                   struct km_problem *problem)
{
	json_auto_t *data =
		json_pack("{s:s, s:b, s:O, s:b, s:b}", "q", results->asked->query.text, "searched", 1, "hits", results->hits,
	              "none", results->len == 0 && !results->mistyped, "mistyped", results->mistyped);
	if (!data)
		return km_fail_memory(problem);
	add_links(results, data, reply);
	enum km_error error = add_near(results, data, problem);
	if (!error)
		error = add_filters(results, data, problem);
	if (error)
		return error;
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
	km_site_use(request, KM_USE_LOOKUP);
	struct km_search_asked asked;
	enum km_error error = km_search_asked_read(request, HITS_A_PAGE, &asked, problem);
	if (error)
		return error;
	json_auto_t *hits = json_array();
	struct results results = {.request = request, .asked = &asked, .hits = hits};
	error = km_search(request->store, &asked.query, request->now, &results.kind, add_hit, &results, problem);
	results.mistyped = error == KM_ABSENT && strcmp(problem->type, "mark-number-check") == 0;
	if (error && !results.mistyped)
		return error;
	*problem = (struct km_problem){0};
	if (!results.mistyped && results.kind == KM_QUERY_NUMBER && results.len == 1 && *results.last) {
		go_to_mark(request, results.last, reply);
		return KM_OK;
	}
	return reply_results(request, reply, &results, problem);
}
