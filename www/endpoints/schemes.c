#include "base/clock.h"
#include "registry/scheme.h"
#include "www/endpoints.h"
#include "www/pages.h"
#include "www/show.h"

/* /schemes/ID: what the mark demands, by assurance and by principle; the scheme's own file for those who want JSON. */

enum { SCHEME_MAX_AGE_S = 300 };

static void free_scheme(struct km_scheme **scheme)
{
	km_scheme_free(*scheme);
}

static json_t *items(const struct km_request *request, const struct km_scheme_item *list, size_t len)
{
	json_t *shown = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(shown, json_pack("{s:o, s:o}", "name", km_show_words(request, &list[i].name), "text",
		                                       km_show_words(request, &list[i].text)));
	return shown;
}

static json_t *service_names(const struct km_request *request, const struct km_scheme *scheme,
                             const struct km_criterion *criterion)
{
	json_t *names = json_array();
	for (size_t i = 0; i < criterion->services_len; i++) {
		const struct km_scheme_item *service = km_scheme_service(scheme, criterion->services[i]);
		json_array_append_new(names, json_pack("{s:o, s:b}", "name",
		                                       service ? km_show_words(request, &service->name) : json_null(), "more",
		                                       i + 1 < criterion->services_len));
	}
	return names;
}

static json_t *criterion_data(const struct km_request *request, const struct km_scheme *scheme,
                              const struct km_criterion *criterion)
{
	const struct km_scheme_item *level = scheme->levels_len ? &scheme->levels[criterion->level] : NULL;
	return json_pack("{s:s, s:o, s:b, s:b, s:o, s:o}", "id", criterion->id, "text",
	                 km_show_words(request, &criterion->text), "mandatory", criterion->mandatory, "for",
	                 criterion->services_len != 0, "services", service_names(request, scheme, criterion), "level",
	                 level ? km_show_words(request, &level->name) : json_null());
}

/* The criteria that belong to one principle and one assurance; NULL means those that belong to no principle. */
static json_t *criteria_of(const struct km_request *request, const struct km_scheme *scheme,
                           const struct km_scheme_item *assurance, const struct km_scheme_item *principle)
{
	json_t *list = json_array();
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (scheme->criteria[i].assurance == assurance && scheme->criteria[i].principle == principle)
			json_array_append_new(list, criterion_data(request, scheme, &scheme->criteria[i]));
	return list;
}

/* Within an assurance: first the criteria that stand by themselves, then those of each principle. */
static json_t *groups(const struct km_request *request, const struct km_scheme *scheme,
                      const struct km_scheme_item *assurance)
{
	json_t *list = json_array();
	for (size_t i = 0; i <= scheme->principles_len; i++) {
		const struct km_scheme_item *principle = i ? &scheme->principles[i - 1] : NULL;
		json_t *criteria = criteria_of(request, scheme, assurance, principle);
		json_t *name = principle ? km_show_words(request, &principle->name) : json_null();
		if (json_array_size(criteria))
			json_array_append_new(list, json_pack("{s:o, s:o}", "name", name, "criteria", criteria));
		else {
			json_decref(criteria);
			json_decref(name);
		}
	}
	return list;
}

static json_t *assurances(const struct km_request *request, const struct km_scheme *scheme)
{
	json_t *list = json_array();
	for (size_t i = 0; i < scheme->assurances_len; i++) {
		const struct km_scheme_item *assurance = &scheme->assurances[i];
		json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "name", km_show_words(request, &assurance->name),
		                                      "text", km_show_words(request, &assurance->text), "groups",
		                                      groups(request, scheme, assurance)));
	}
	return list;
}

static json_t *page_data(const struct km_request *request, const struct km_scheme *scheme)
{
	int64_t published = 0;
	km_date_parse(scheme->published, &published);
	json_t *data = json_pack(
		"{s:s, s:i, s:b, s:o, s:o, s:o, s:o}", "id", scheme->id, "version", scheme->version, "sample", scheme->sample,
		"published", km_show_day(request, published), "name", km_show_words(request, &scheme->name), "description",
		km_show_words(request, &scheme->description), "not_promised", km_show_words(request, &scheme->not_promised));
	json_auto_t *rest = json_pack(
		"{s:i, s:i, s:i, s:i, s:s, s:s?, s:o, s:o, s:o, s:b, s:b}", "validity_months", scheme->validity_months,
		"surveillance_months", scheme->surveillance_months, "grace_days", scheme->grace_days, "suspension_max_days",
		scheme->suspension_max_days, "owner_name", scheme->owner_name, "owner_url", scheme->owner_url, "assurances",
		assurances(request, scheme), "services", items(request, scheme->services, scheme->services_len), "levels",
		items(request, scheme->levels, scheme->levels_len), "has_levels", scheme->levels_len != 0, "surveilled",
		scheme->surveillance_months != 0);
	if (data && rest && json_object_update(data, rest) == 0)
		return data;
	json_decref(data);
	return NULL;
}

KM_HANDLER(km_get_scheme)
{
	__attribute__((cleanup(free_scheme))) struct km_scheme *scheme = NULL;
	int version = 0;
	enum km_error error = km_request_integer(request, "version", 1, 9999, 0, &version, problem);
	if (!error)
		error = km_scheme_get(request->store, km_request_path_value(request, "id"), version, &scheme, problem);
	if (error)
		return error;
	reply->max_age_s = SCHEME_MAX_AGE_S;
	if (request->json) {
		reply->type = km_type_json;
		km_buf_add(&reply->body, scheme->json, scheme->json_len);
		return KM_OK;
	}
	json_auto_t *data = page_data(request, scheme);
	return km_page(request, reply, "scheme", data, problem);
}
