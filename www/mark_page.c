#include "www/mark_page.h"

#include "base/clock.h"
#include "www/pages.h"
#include "www/show.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

enum { STATE_SHAPE_PX = 56, DOMAINS_LARGE = 2 };

static json_t *names(const struct km_request *request, const struct km_scheme_item *const *items, size_t len)
{
	json_t *list = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(list, km_show_words(request, &items[i]->name));
	return list;
}

static json_t *names_of_all(const struct km_request *request, const struct km_scheme_item *items, size_t len)
{
	json_t *list = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(list, km_show_words(request, &items[i].name));
	return list;
}

/* The first few domains stand in the first screen, the others further down. */
static json_t *domains(const struct km_provider *provider, size_t from, size_t to)
{
	json_t *list = json_array();
	for (size_t i = from; i < to && i < provider->domains_len; i++)
		json_array_append_new(list, json_pack("{s:s, s:b}", "name", provider->domains[i].name, "proven",
		                                      provider->domains[i].proven_at != 0));
	return list;
}

static const char *name_of(const struct km_request *request, const struct km_provider *provider)
{
	return provider->erased_at ? km_page_words(request, "mark.erased") : provider->name;
}

static json_t *provider_data(const struct km_request *request, const struct km_provider *provider)
{
	json_t *trade_names = json_array();
	for (size_t i = 0; i < provider->trade_names_len; i++)
		json_array_append_new(trade_names, json_string(provider->trade_names[i]));
	bool more = provider->trade_names_len || provider->domains_len > DOMAINS_LARGE;
	return json_pack("{s:s, s:s?, s:s?, s:b, s:o, s:o, s:o}", "name", name_of(request, provider), "kvk",
	                 provider->erased_at ? NULL : provider->kvk, "city", provider->city, "more", more, "trade_names",
	                 trade_names, "domains", domains(provider, 0, DOMAINS_LARGE), "more_domains",
	                 domains(provider, DOMAINS_LARGE, provider->domains_len));
}

/* The words for a reason code; null for a code that we have no words for, since codes mean nothing to a reader. */
static json_t *reason_words(const struct km_request *request, const char *reason)
{
	char key[100];
	snprintf(key, sizeof key, "reason.%s", reason ? reason : "");
	const char *words = km_page_words(request, key);
	return words ? json_string(words) : json_null();
}

static json_t *history(const struct km_request *request, const struct km_mark *mark)
{
	json_t *list = json_array();
	for (size_t i = 0; i < mark->events_len; i++) {
		const struct km_event *event = &mark->events[i];
		json_array_append_new(list, json_pack("{s:o, s:s, s:o, s:o}", "day", km_show_day(request, event->at), "words",
		                                      km_page_words_for(request, "event", event->action), "reason",
		                                      reason_words(request, event->reason), "text",
		                                      km_show_words(request, &event->text)));
	}
	return list;
}

static json_t *audits(const struct km_request *request, const struct km_mark *mark)
{
	json_t *list = json_array();
	for (size_t i = 0; i < mark->audits_len; i++)
		json_array_append_new(list, json_pack("{s:s, s:o}", "words",
		                                      km_page_words_for(request, "audit", mark->audits[i].kind), "day",
		                                      km_show_day(request, mark->audits[i].finished)));
	return list;
}

static json_t *scheme_data(const struct km_request *request, const struct km_scheme *scheme)
{
	return json_pack("{s:s, s:i, s:b, s:o, s:o, s:o, s:o, s:o}", "id", scheme->id, "version", scheme->version, "sample",
	                 scheme->sample, "name", km_show_words(request, &scheme->name), "description",
	                 km_show_words(request, &scheme->description), "not_promised",
	                 km_show_words(request, &scheme->not_promised), "assurances",
	                 names_of_all(request, scheme->assurances, scheme->assurances_len), "principles",
	                 names_of_all(request, scheme->principles, scheme->principles_len));
}

/* schema.org has no state between valid and not. */
static json_t *schema_org(const struct km_request *request, const struct km_mark *mark)
{
	char from[KM_DATE_TEXT], until[KM_DATE_TEXT], audited[KM_DATE_TEXT];
	km_date_format(mark->period.valid_from, from);
	km_date_format(mark->period.valid_until, until);
	km_date_format(mark->audits_len ? mark->audits[0].finished : mark->granted_at, audited);
	json_t *about = json_pack("{s:s, s:s}", "@type", "Organization", "name", name_of(request, mark->provider));
	if (about && !mark->provider->erased_at)
		json_object_set_new(
			about, "identifier",
			json_pack("{s:s, s:s, s:s}", "@type", "PropertyValue", "propertyID", "KvK", "value", mark->provider->kvk));
	if (about && mark->provider->domains_len)
		json_object_set_new(about, "url", json_sprintf("https://%s", mark->provider->domains[0].name));
	return json_pack(
		"{s:s, s:s, s:o, s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:o, s:o}", "@context", "https://schema.org", "@type",
		"Certification", "name", km_show_words(request, &mark->scheme->name), "certificationIdentification",
		mark->number, "certificationStatus",
		mark->state == KM_ACTIVE ? "https://schema.org/CertificationActive"
								 : "https://schema.org/CertificationInactive",
		"issuedBy", "@type", "Organization", "name", mark->body->name, "validFrom", from, "expires", until, "auditDate",
		audited, "url", json_sprintf("%s/m/%s", request->site->url, mark->number), "about", about);
}

/* JSON that may stand in a script element: a "<" in it could end the element, so there is none. */
static json_t *schema_org_text(const struct km_request *request, const struct km_mark *mark)
{
	json_auto_t *value = schema_org(request, mark);
	auto_free char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	auto_buf struct km_buf safe = KM_BUF_EMPTY;
	for (const char *c = text; c && *c; c++) {
		if (*c == '<')
			km_buf_add_text(&safe, "\\u003c");
		else
			km_buf_add_char(&safe, *c);
	}
	return text && !safe.failed ? json_string(safe.data) : NULL;
}

static json_t *state_data(const struct km_request *request, const struct km_asked *asked)
{
	const struct km_mark *mark = asked->mark;
	char clock[6], today[KM_DATE_TEXT];
	km_time_of_day_format(request->now, clock);
	km_date_format(request->now, today);
	const char *name = km_state_name(mark->state);
	return json_pack(
		"{s:s, s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "number", mark->number, "shown",
		km_show_number(mark->number), "state", km_show_state(request, mark->state, asked->at, STATE_SHAPE_PX),
		"meaning", km_page_words_for(request, "meaning", name), "checked", km_show_day(request, request->now), "clock",
		clock, "today", today, "at", asked->at ? km_show_day(request, asked->moment) : json_null(), "since",
		km_show_day(request, mark->state_since), "reason", reason_words(request, mark->reason), "text",
		km_show_words(request, &mark->text));
}

static json_t *validity_data(const struct km_request *request, const struct km_mark *mark)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "from", km_show_day(request, mark->period.valid_from), "until",
	                 km_show_day(request, mark->period.valid_until), "next_audit",
	                 km_show_day(request, mark->state == KM_ACTIVE ? mark->period.surveillance_due : 0), "audits",
	                 audits(request, mark));
}

static json_t *body_data(const struct km_body *body)
{
	return json_pack("{s:s, s:s?, s:s?, s:s}", "name", body->name, "city", body->city, "url", body->url,
	                 "accreditation", body->accreditation);
}

json_t *km_mark_page(const struct km_request *request, const struct km_asked *asked)
{
	const struct km_mark *mark = asked->mark;
	json_t *data = state_data(request, asked);
	json_auto_t *rest =
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "notice", km_show_words(request, &mark->notice),
	              "provider", provider_data(request, mark->provider), "scheme", scheme_data(request, mark->scheme),
	              "scope", names(request, mark->scope, mark->scope_len), "dropped",
	              names(request, mark->scope_dropped, mark->scope_dropped_len), "level",
	              mark->level ? km_show_words(request, &mark->level->name) : json_null(), "validity",
	              validity_data(request, mark), "history", history(request, mark), "body", body_data(mark->body),
	              "schema_org", asked->at ? json_null() : schema_org_text(request, mark));
	if (!data || !rest || json_object_update(data, rest) != 0) {
		json_decref(data);
		return NULL;
	}
	return data;
}
