#include "www/mark_record.h"

#include "base/clock.h"
#include "base/json.h"

/* Written as text, for this is what is asked for most; who wants values reads them from that. `lead` is what stands
 * before a value: the name of its member, with what comes before that. */

static void add_text(struct km_buf *buf, const char *lead, const char *text)
{
	km_buf_add_text(buf, lead);
	km_json_add_string(buf, text);
}

/* 0: null */
static void add_time(struct km_buf *buf, const char *lead, int64_t moment)
{
	char text[KM_TIME_TEXT];
	if (moment)
		km_time_format(moment, text);
	add_text(buf, lead, moment ? text : NULL);
}

static void add_number(struct km_buf *buf, const char *lead, int number)
{
	km_buf_add_text(buf, lead);
	km_buf_add_format(buf, "%d", number);
}

static void add_words(struct km_buf *buf, const char *lead, const struct km_words *words)
{
	km_buf_add_text(buf, lead);
	if (!words->in[KM_NL] || !*words->in[KM_NL]) {
		km_buf_add_text(buf, "null");
		return;
	}
	add_text(buf, "{\"nl\":", words->in[KM_NL]);
	add_text(buf, ",\"en\":", words->in[KM_EN] ? words->in[KM_EN] : "");
	km_buf_add_char(buf, '}');
}

static void add_item(struct km_buf *buf, const char *lead, const struct km_scheme_item *item)
{
	km_buf_add_text(buf, lead);
	if (!item) {
		km_buf_add_text(buf, "null");
		return;
	}
	add_text(buf, "{\"id\":", item->id);
	add_words(buf, ",\"name\":", &item->name);
	km_buf_add_char(buf, '}');
}

static void add_items(struct km_buf *buf, const char *lead, const struct km_scheme_item *const *items, size_t len)
{
	km_buf_add_text(buf, lead);
	km_buf_add_char(buf, '[');
	for (size_t i = 0; i < len; i++)
		add_item(buf, i ? "," : "", items[i]);
	km_buf_add_char(buf, ']');
}

static void add_provider(struct km_buf *buf, const char *lead, const struct km_provider *provider)
{
	km_buf_add_text(buf, lead);
	add_text(buf, "{\"name\":", provider->name);
	add_text(buf, ",\"kvk\":", provider->erased_at ? NULL : provider->kvk);
	add_text(buf, ",\"establishment\":", provider->establishment);
	add_text(buf, ",\"euid\":", provider->erased_at ? NULL : provider->euid);
	add_text(buf, ",\"lei\":", provider->lei);
	km_buf_add_text(buf, ",\"trade_names\":[");
	for (size_t i = 0; i < provider->trade_names_len; i++)
		add_text(buf, i ? "," : "", provider->trade_names[i]);
	km_buf_add_text(buf, "],\"domains\":[");
	for (size_t i = 0; i < provider->domains_len; i++) {
		add_text(buf, i ? ",{\"name\":" : "{\"name\":", provider->domains[i].name);
		add_time(buf, ",\"proven_at\":", provider->domains[i].proven_at);
		km_buf_add_char(buf, '}');
	}
	add_text(buf, "],\"city\":", provider->city);
	add_text(buf, ",\"region\":", provider->region);
	add_text(buf, ",\"country\":", provider->country);
	km_buf_add_char(buf, '}');
}

static void add_body(struct km_buf *buf, const struct km_body *body)
{
	add_text(buf, ",\"body\":{\"id\":", body->slug);
	add_text(buf, ",\"name\":", body->name);
	add_text(buf, ",\"accreditation\":", body->accreditation);
	add_text(buf, ",\"city\":", body->city);
	add_text(buf, ",\"url\":", body->url);
	km_buf_add_char(buf, '}');
}

/* An address of this registry; its parts hold nothing that JSON would have escaped: registry/address.h. */
static void add_address(struct km_buf *buf, const char *lead, const char *url, const char *folder, const char *name,
                        const char *ending)
{
	km_buf_add_text(buf, lead);
	km_buf_add_char(buf, '"');
	km_buf_add_text(buf, url);
	km_buf_add_text(buf, folder);
	km_buf_add_text(buf, name);
	km_buf_add_text(buf, ending);
	km_buf_add_char(buf, '"');
}

static void add_scheme(struct km_buf *buf, const struct km_scheme *scheme, const char *url)
{
	add_text(buf, ",\"scheme\":{\"id\":", scheme->id);
	add_number(buf, ",\"version\":", scheme->version);
	add_words(buf, ",\"name\":", &scheme->name);
	km_buf_add_text(buf, scheme->sample ? ",\"sample\":true" : ",\"sample\":false");
	add_address(buf, ",\"url\":", url, "/schemes/", scheme->id, "");
	km_buf_add_char(buf, '}');
}

static void add_audits(struct km_buf *buf, const struct km_mark *mark)
{
	km_buf_add_text(buf, ",\"audits\":[");
	for (size_t i = 0; i < mark->audits_len; i++) {
		char day[KM_DATE_TEXT];
		km_date_format(mark->audits[i].finished, day);
		add_text(buf, i ? ",{\"kind\":" : "{\"kind\":", mark->audits[i].kind);
		add_text(buf, ",\"finished\":", day);
		km_buf_add_char(buf, '}');
	}
	km_buf_add_char(buf, ']');
}

static void add_events(struct km_buf *buf, const struct km_mark *mark)
{
	km_buf_add_text(buf, ",\"events\":[");
	for (size_t i = 0; i < mark->events_len; i++) {
		const struct km_event *event = &mark->events[i];
		add_time(buf, i ? ",{\"at\":" : "{\"at\":", event->at);
		add_time(buf, ",\"recorded_at\":", event->recorded_at);
		add_text(buf, ",\"action\":", event->action);
		add_text(buf, ",\"reason\":", event->reason);
		add_words(buf, ",\"text\":", &event->text);
		add_text(buf, ",\"state\":", km_state_name(event->state));
		km_buf_add_char(buf, '}');
	}
	km_buf_add_char(buf, ']');
}

static void add_links(struct km_buf *buf, const struct km_mark *mark, const char *url)
{
	add_address(buf, ",\"links\":{\"page\":", url, "/m/", mark->number, "");
	add_address(buf, ",\"credential\":", url, "/m/", mark->number, ".jwt");
	add_address(buf, ",\"document\":", url, "/m/", mark->number, ".json-ld");
	add_address(buf, ",\"status\":", url, "/m/", mark->number, "/status.jwt");
	add_address(buf, ",\"badge\":", url, "/m/", mark->number, ".svg");
	add_address(buf, ",\"qr\":", url, "/m/", mark->number, ".qr.svg");
	km_buf_add_char(buf, '}');
}

/* What is true of the moment asked: state, its reasons, and until when. */
static void add_state(struct km_buf *buf, const struct km_mark *mark, int64_t as_of, int64_t now)
{
	char shown[KM_NUMBER_SHOWN];
	km_number_show(mark->number, shown);
	add_text(buf, "{\"number\":", mark->number);
	add_text(buf, ",\"shown\":", shown);
	add_text(buf, ",\"state\":", km_state_name(mark->state));
	add_time(buf, ",\"state_since\":", mark->state_since);
	add_text(buf, ",\"reason\":", mark->reason);
	add_words(buf, ",\"text\":", &mark->text);
	add_words(buf, ",\"notice\":", &mark->notice);
	add_time(buf, ",\"as_of\":", as_of);
	add_time(buf, ",\"checked_at\":", now);
	add_time(buf, ",\"granted_at\":", mark->granted_at);
	add_time(buf, ",\"valid_from\":", mark->period.valid_from);
	add_time(buf, ",\"valid_until\":", mark->period.valid_until);
	add_time(buf, ",\"surveillance_due\":", mark->period.surveillance_due);
}

void km_mark_record_add(struct km_buf *buf, const struct km_mark *mark, const char *url, int64_t as_of, int64_t now)
{
	add_state(buf, mark, as_of, now);
	add_provider(buf, ",\"provider\":", mark->provider);
	add_scheme(buf, mark->scheme, url);
	add_items(buf, ",\"scope\":", mark->scope, mark->scope_len);
	add_items(buf, ",\"scope_dropped\":", mark->scope_dropped, mark->scope_dropped_len);
	add_item(buf, ",\"level\":", mark->level);
	add_body(buf, mark->body);
	add_audits(buf, mark);
	add_events(buf, mark);
	add_links(buf, mark, url);
	km_buf_add_char(buf, '}');
}

static json_t *read_back(const struct km_buf *buf)
{
	return buf->failed ? NULL : json_loadb(buf->data, buf->len, 0, NULL);
}

json_t *km_mark_record(const struct km_mark *mark, const char *url, int64_t as_of, int64_t now)
{
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_mark_record_add(&buf, mark, url, as_of, now);
	return read_back(&buf);
}

json_t *km_provider_json(const struct km_provider *provider)
{
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	add_provider(&buf, "", provider);
	return read_back(&buf);
}
