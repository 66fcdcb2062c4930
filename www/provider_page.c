#include "www/provider_page.h"

#include "registry/domain_proof.h"
#include "registry/mark.h"
#include "www/mark_asked.h"
#include "www/pages.h"
#include "www/show.h"
#include "www/site.h"

#include <string.h>

enum { STATE_SHAPE_PX = 52, HEADING_OF_SNIPPETS = 3 };

struct page {
	const struct km_request *request;
	const struct km_provider_link *link;
	json_t *marks, *due;
	bool found; /* a finding is among what is due */
	struct km_problem *problem;
};

/* ---------------------------------------------------------------------------------------------------- what is due,
 * when
 */

/* Takes the row over; rows stand by date. */
static enum km_error add_due(struct page *page, int64_t at, json_t *row)
{
	size_t place = 0;
	if (!row || json_object_set_new(row, "at", json_integer(at)) != 0 ||
	    json_object_set_new(row, "day", km_show_day(page->request, at)) != 0 ||
	    json_object_set_new(row, "late", json_boolean(at < page->request->now)) != 0) {
		json_decref(row);
		return km_fail_memory(page->problem);
	}
	while (place < json_array_size(page->due) &&
	       json_integer_value(json_object_get(json_array_get(page->due, place), "at")) <= at)
		place++;
	return json_array_insert_new(page->due, place, row) == 0 ? KM_OK : km_fail_memory(page->problem);
}

static json_t *due_row(json_t *shown, const char *kind, json_t *limit, json_t *finding)
{
	return json_pack("{s:b, s:b, s:b, s:o, s:o, s:o}", "surveillance", strcmp(kind, "surveillance") == 0, "expiry",
	                 strcmp(kind, "expiry") == 0, "suspension", strcmp(kind, "suspension") == 0, "limit", limit,
	                 "finding", finding, "shown", shown);
}

static enum km_error add_due_of_mark(struct page *page, const struct km_mark *mark)
{
	const struct km_period *period = &mark->period;
	const char *number = mark->number;
	enum km_error error = KM_OK;
	if (mark->state == KM_ACTIVE && period->surveillance_due)
		error = add_due(page, period->surveillance_due,
		                due_row(km_show_number(number), "surveillance",
		                        km_show_day(page->request, period->surveillance_limit), json_null()));
	if (!error && mark->state == KM_SUSPENDED && period->suspension_limit)
		error = add_due(page, period->suspension_limit,
		                due_row(km_show_number(number), "suspension", json_null(), json_null()));
	if (!error && (mark->state == KM_ACTIVE || mark->state == KM_SUSPENDED))
		error = add_due(page, period->valid_until, due_row(km_show_number(number), "expiry", json_null(), json_null()));
	return error;
}

static const struct km_words *criterion_text(const struct km_scheme *scheme, const char *id)
{
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (strcmp(scheme->criteria[i].id, id) == 0)
			return &scheme->criteria[i].text;
	return NULL;
}

static enum km_error add_finding(void *context, const struct km_link_finding *finding)
{
	struct page *page = context;
	auto_scheme struct km_scheme *scheme = NULL;
	enum km_error error =
		km_scheme_get(page->request->store, finding->scheme_id, finding->scheme_version, &scheme, page->problem);
	if (error)
		return error;
	page->found = true;
	const struct km_words *text = criterion_text(scheme, finding->criterion);
	return add_due(page, finding->due_at,
	               due_row(json_null(), "finding", json_null(),
	                       json_pack("{s:s, s:s, s:o}", "criterion", finding->criterion, "result",
	                                 km_page_words_for(page->request, "own.result", finding->result), "text",
	                                 text ? km_show_words(page->request, text) : json_null())));
}

/* --------------------------------------------------------------------------------------------------------------- marks
 */

static json_t *mark_data(const struct page *page, const struct km_mark *mark)
{
	const struct km_request *request = page->request;
	bool living = mark->state == KM_ACTIVE || mark->state == KM_SUSPENDED;
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:i, s:s}", "number", mark->number, "shown",
	                 km_show_number(mark->number), "name", mark->provider->name, "scheme",
	                 km_show_words(request, &mark->scheme->name), "state",
	                 km_show_state(request, mark->state, false, STATE_SHAPE_PX), "since",
	                 km_show_day(request, mark->state_since), "until", km_show_day(request, mark->period.valid_until),
	                 "text", km_show_words(request, &mark->text), "own", mark->body->id == page->link->body_id,
	                 "living", living, "level", HEADING_OF_SNIPPETS, "holder", mark->body->name);
}

static enum km_error add_mark(void *context, const char *number)
{
	struct page *page = context;
	auto_mark struct km_mark *mark = NULL;
	enum km_error error = km_asked_find(page->request, number, page->request->now, &mark, page->problem);
	if (error)
		return error;
	if (json_array_append_new(page->marks, mark_data(page, mark)) != 0)
		return km_fail_memory(page->problem);
	return mark->body->id == page->link->body_id ? add_due_of_mark(page, mark) : KM_OK;
}

/* ----------------------------------------------------------------------------------------------------------- the whole
 */

static enum km_error add_domains(const struct page *page, const struct km_provider *provider, json_t *domains)
{
	for (size_t i = 0; i < provider->domains_len; i++) {
		char token[KM_DOMAIN_TOKEN_TEXT];
		const struct km_domain *domain = &provider->domains[i];
		enum km_error error =
			km_domain_token(page->request->site->url, provider->kvk, domain->name, token, page->problem);
		if (error)
			return error;
		if (json_array_append_new(domains, json_pack("{s:s, s:o, s:s}", "domain", domain->name, "proven",
		                                             km_show_day(page->request, domain->proven_at), "token", token)) !=
		    0)
			return km_fail_memory(page->problem);
	}
	return KM_OK;
}

static json_t *whole(const struct page *page, const struct km_provider *provider, const struct km_body *body,
                     json_t *domains)
{
	json_t *newest = json_object_get(json_array_get(page->marks, 0), "number");
	json_t *due =
		json_array_size(page->due) ? json_pack("{s:O, s:b}", "rows", page->due, "found", page->found) : json_null();
	return json_pack("{s:s, s:s, s:o, s:{s:s, s:s?, s:s?}, s:o, s:O, s:O, s:o}", "provider", provider->name, "kvk",
	                 provider->kvk, "expires", km_show_day(page->request, page->link->expires_at), "body", "name",
	                 body->name, "city", body->city, "url", body->url, "due", due, "marks", page->marks, "domains",
	                 domains, "report", newest ? json_incref(newest) : json_null());
}

enum km_error km_provider_page(const struct km_request *request, const struct km_provider_link *link, json_t **ret_data,
                               struct km_problem *problem)
{
	struct km_provider *provider = NULL;
	struct km_body *body = NULL;
	json_auto_t *marks = json_array(), *due = json_array(), *domains = json_array();
	struct page page = {.request = request, .link = link, .marks = marks, .due = due, .problem = problem};
	enum km_error error = km_provider_get_by_id(request->store, link->provider_id, &provider, problem);
	if (!error)
		error = km_body_get_by_id(request->store, link->body_id, &body, problem);
	if (!error)
		error = km_provider_link_marks(request->store, link, add_mark, &page, problem);
	if (!error)
		error = km_provider_link_findings(request->store, link, add_finding, &page, problem);
	if (!error)
		error = add_domains(&page, provider, domains);
	json_t *data = error ? NULL : whole(&page, provider, body, domains);
	km_provider_free(provider);
	km_body_free(body);
	if (error)
		return error;
	if (!data)
		return km_fail_memory(problem);
	*ret_data = data;
	return KM_OK;
}
