#include "www/mark_record.h"

#include "base/clock.h"

static json_t *time_json(int64_t moment)
{
	char text[KM_TIME_TEXT];
	km_time_format(moment, text);
	return json_string(text);
}

static json_t *words_json(const struct km_words *words)
{
	if (!words->in[KM_NL] || !*words->in[KM_NL])
		return json_null();
	return json_pack("{s:s, s:s}", "nl", words->in[KM_NL], "en", words->in[KM_EN] ? words->in[KM_EN] : "");
}

static json_t *item_json(const struct km_scheme_item *item)
{
	return item ? json_pack("{s:s, s:o}", "id", item->id, "name", words_json(&item->name)) : json_null();
}

static json_t *items_json(const struct km_scheme_item *const *items, size_t len)
{
	json_t *list = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(list, item_json(items[i]));
	return list;
}

json_t *km_provider_json(const struct km_provider *provider)
{
	json_t *trade_names = json_array(), *domains = json_array();
	for (size_t i = 0; i < provider->trade_names_len; i++)
		json_array_append_new(trade_names, json_string(provider->trade_names[i]));
	for (size_t i = 0; i < provider->domains_len; i++) {
		int64_t proven_at = provider->domains[i].proven_at;
		json_array_append_new(domains, json_pack("{s:s, s:o}", "name", provider->domains[i].name, "proven_at",
		                                         proven_at ? time_json(proven_at) : json_null()));
	}
	return json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:s?, s:s?, s:s?}", "name", provider->name, "kvk",
	                 provider->erased_at ? NULL : provider->kvk, "establishment", provider->establishment, "euid",
	                 provider->erased_at ? NULL : provider->euid, "lei", provider->lei, "trade_names", trade_names,
	                 "domains", domains, "city", provider->city, "region", provider->region, "country",
	                 provider->country);
}

static json_t *body_json(const struct km_body *body)
{
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "id", body->slug, "name", body->name, "accreditation",
	                 body->accreditation, "city", body->city, "url", body->url);
}

static json_t *scheme_json(const struct km_scheme *scheme, const char *url)
{
	return json_pack("{s:s, s:i, s:o, s:b, s:o}", "id", scheme->id, "version", scheme->version, "name",
	                 words_json(&scheme->name), "sample", scheme->sample, "url",
	                 json_sprintf("%s/schemes/%s", url, scheme->id));
}

static json_t *audits_json(const struct km_mark *mark)
{
	json_t *list = json_array();
	for (size_t i = 0; i < mark->audits_len; i++) {
		char day[KM_DATE_TEXT];
		km_date_format(mark->audits[i].finished, day);
		json_array_append_new(list, json_pack("{s:s, s:s}", "kind", mark->audits[i].kind, "finished", day));
	}
	return list;
}

static json_t *events_json(const struct km_mark *mark)
{
	json_t *list = json_array();
	for (size_t i = 0; i < mark->events_len; i++) {
		const struct km_event *event = &mark->events[i];
		json_array_append_new(list,
		                      json_pack("{s:o, s:o, s:s, s:s?, s:o, s:s}", "at", time_json(event->at), "recorded_at",
		                                time_json(event->recorded_at), "action", event->action, "reason", event->reason,
		                                "text", words_json(&event->text), "state", km_state_name(event->state)));
	}
	return list;
}

static json_t *links_json(const struct km_mark *mark, const char *url)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o}", "page", json_sprintf("%s/m/%s", url, mark->number), "credential",
		json_sprintf("%s/m/%s.jwt", url, mark->number), "document", json_sprintf("%s/m/%s.json-ld", url, mark->number),
		"status", json_sprintf("%s/m/%s/status.jwt", url, mark->number), "badge",
		json_sprintf("%s/m/%s.svg", url, mark->number), "qr", json_sprintf("%s/m/%s.qr.svg", url, mark->number));
}

/* What is true of the moment asked: state, its reasons, and until when. */
static json_t *state_json(const struct km_mark *mark, int64_t as_of, int64_t now)
{
	char shown[KM_NUMBER_SHOWN];
	km_number_show(mark->number, shown);
	int64_t due = mark->period.surveillance_due;
	return json_pack("{s:s, s:s, s:s, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "number", mark->number,
	                 "shown", shown, "state", km_state_name(mark->state), "state_since", time_json(mark->state_since),
	                 "reason", mark->reason, "text", words_json(&mark->text), "notice", words_json(&mark->notice),
	                 "as_of", time_json(as_of), "checked_at", time_json(now), "granted_at", time_json(mark->granted_at),
	                 "valid_from", time_json(mark->period.valid_from), "valid_until",
	                 time_json(mark->period.valid_until), "surveillance_due", due ? time_json(due) : json_null());
}

json_t *km_mark_record(const struct km_mark *mark, const char *url, int64_t as_of, int64_t now)
{
	json_t *record = state_json(mark, as_of, now);
	json_auto_t *rest =
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "provider", km_provider_json(mark->provider),
	              "scheme", scheme_json(mark->scheme, url), "scope", items_json(mark->scope, mark->scope_len),
	              "scope_dropped", items_json(mark->scope_dropped, mark->scope_dropped_len), "level",
	              item_json(mark->level), "body", body_json(mark->body), "audits", audits_json(mark), "events",
	              events_json(mark), "links", links_json(mark, url));
	if (!record || !rest || json_object_update(record, rest) != 0) {
		json_decref(record);
		return NULL;
	}
	return record;
}
