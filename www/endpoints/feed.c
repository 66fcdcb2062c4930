#include "base/clock.h"
#include "base/json.h"
#include "registry/changes.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/pages.h"
#include "www/site.h"
#include "www/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* /feed.atom (RFC 4287), /feed.json (JSON Feed 1.1): what changed in the register. /m/NUMBER.atom: of one mark.
 * /watch.atom?list=LIST and /watch.json: of the marks of these companies (www/watch.h). */

enum { ENTRIES_MAX = 100, ENTRIES_SORTED_AT = 1000, FEED_MAX_AGE_S = 60 };

static const char atom_type[] = "application/atom+xml; charset=utf-8";
static const char json_feed_type[] = "application/feed+json";

struct feed {
	const struct km_request *request;
	json_t *entries; /* owned */
	char updated[KM_TIME_TEXT];
};

static json_t *reason_words(const struct km_request *request, const char *reason)
{
	char key[100];
	snprintf(key, sizeof key, "reason.%s", reason ? reason : "");
	const char *words = km_page_words(request, key);
	return json_string(words ? words : "");
}

static enum km_error add_change(void *context, const struct km_change *change)
{
	struct feed *feed = context;
	const struct km_request *request = feed->request;
	char recorded[KM_TIME_TEXT];
	km_time_format(change->recorded_at, recorded);
	if (!json_array_size(feed->entries))
		memcpy(feed->updated, recorded, sizeof recorded);
	const char *url = request->site->url, *text = change->text[request->language];
	json_t *entry =
		json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:s, s:s?, s:I}", "id",
	              json_sprintf("%s/m/%s#event-%lld", url, change->number, (long long)change->id), "url",
	              json_sprintf("%s/m/%s", url, change->number), "title",
	              json_sprintf("%s: %s", change->name, km_page_words_for(request, "event", change->action)), "recorded",
	              recorded, "state", km_state_name(change->state), "summary",
	              text && *text ? json_string(text) : reason_words(request, change->reason), "number", change->number,
	              "action", change->action, "kvk", *change->kvk ? change->kvk : NULL, "event", (json_int_t)change->id);
	return entry && json_array_append_new(feed->entries, entry) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error read_changes(const struct km_request *request, const char *number, struct feed *ret_feed,
                                  struct km_problem *problem)
{
	struct feed feed = {.request = request, .entries = json_array()};
	km_time_format(request->now, feed.updated); /* where nothing has happened yet */
	enum km_error error =
		feed.entries ? km_changes(request->store, number, request->now, ENTRIES_MAX, add_change, &feed, problem)
					 : KM_NO_MEMORY;
	if (error) {
		json_decref(feed.entries);
		return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	}
	*ret_feed = feed;
	return KM_OK;
}

/* The address of a feed in this language: the two are two feeds. */
static json_t *address(const struct km_request *request, const char *path)
{
	return json_sprintf("%s%s%s", request->site->url, path,
	                    request->language != KM_EN ? ""
	                    : strchr(path, '?')        ? "&lang=en"
	                                               : "?lang=en");
}

static enum km_error render_atom(const struct km_request *request, const struct feed *feed, const char *title,
                                 const char *path, struct km_buf *bytes, struct km_problem *problem)
{
	json_auto_t *data = json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:O}", "lang", km_language_code(request->language),
	                              "title", title, "id", address(request, path), "self", address(request, path), "home",
	                              request->site->url, "updated", feed->updated, "entries", feed->entries);
	if (!data)
		return km_fail_memory(problem);
	return km_template_render(request->site->templates, "feed", request->language, data, bytes, problem);
}

static enum km_error make_atom(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	const struct km_request *request = context;
	struct feed feed;
	enum km_error error = read_changes(request, NULL, &feed, problem);
	if (error)
		return error;
	error = render_atom(request, &feed, km_page_words_for(request, "feed", "title"), "/feed.atom", bytes, problem);
	json_decref(feed.entries);
	return error;
}

static json_t *json_items(const json_t *entries)
{
	json_t *items = json_array(), *entry;
	size_t i;
	json_array_foreach(entries, i, entry)
	{
		json_array_append_new(
			items,
			json_pack("{s:O, s:O, s:O, s:O, s:O, s:{s:O, s:O, s:O, s:O}}", "id", json_object_get(entry, "id"), "url",
		              json_object_get(entry, "url"), "title", json_object_get(entry, "title"), "content_text",
		              json_object_get(entry, "summary"), "date_published", json_object_get(entry, "recorded"),
		              "_keurmerk", "number", json_object_get(entry, "number"), "kvk", json_object_get(entry, "kvk"),
		              "action", json_object_get(entry, "action"), "state", json_object_get(entry, "state")));
	}
	return items;
}

static enum km_error render_json(const struct km_request *request, const struct feed *feed, const char *title,
                                 const char *path, struct km_buf *bytes, struct km_problem *problem)
{
	json_auto_t *document =
		json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "version", "https://jsonfeed.org/version/1.1", "title", title,
	              "home_page_url", request->site->url, "feed_url", address(request, path), "language",
	              km_language_code(request->language), "items", json_items(feed->entries));
	auto_free char *text = document ? km_json_text(document) : NULL;
	if (!text)
		return km_fail_memory(problem);
	km_buf_add_text(bytes, text);
	km_buf_add_char(bytes, '\n');
	return KM_OK;
}

static enum km_error make_json_feed(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	const struct km_request *request = context;
	struct feed feed;
	enum km_error error = read_changes(request, NULL, &feed, problem);
	if (error)
		return error;
	error = render_json(request, &feed, km_page_words_for(request, "feed", "title"), "/feed.json", bytes, problem);
	json_decref(feed.entries);
	return error;
}

static enum km_error reply_shared(struct km_request *request, struct km_reply *reply, enum km_shelf_name first,
                                  enum km_error (*make)(void *context, struct km_buf *bytes,
                                                        struct km_problem *problem),
                                  struct km_problem *problem)
{
	struct km_shelf *shelf = &request->site->shelves[first + request->language];
	reply->max_age_s = FEED_MAX_AGE_S;
	return km_shelf_take(shelf, request->now, FEED_MAX_AGE_S, make, request, &reply->shared, problem);
}

/* Dutch unless ?lang= says otherwise: a reader of feeds has one address for one feed. */
static void choose_language(struct km_request *request)
{
	if (!request->language_chosen)
		request->language = KM_NL;
}

KM_HANDLER(km_get_feed_atom)
{
	choose_language(request);
	reply->type = atom_type;
	return reply_shared(request, reply, KM_SHELF_ATOM, make_atom, problem);
}

KM_HANDLER(km_get_feed_json)
{
	choose_language(request);
	reply->type = json_feed_type;
	return reply_shared(request, reply, KM_SHELF_JSON_FEED, make_json_feed, problem);
}

KM_HANDLER(km_get_mark_atom)
{
	choose_language(request);
	auto_asked struct km_asked asked = {0};
	struct feed feed;
	enum km_error error = km_asked_read(request, false, &asked, problem);
	if (!error)
		error = read_changes(request, asked.mark->number, &feed, problem);
	if (error)
		return error;
	char path[32];
	snprintf(path, sizeof path, "/m/%s.atom", asked.mark->number);
	reply->type = atom_type;
	reply->max_age_s = km_asked_max_age_s(request, &asked, FEED_MAX_AGE_S);
	error = render_atom(request, &feed, asked.mark->provider->name, path, &reply->body, problem);
	json_decref(feed.entries);
	return error;
}

/* ------------------------------------------------------------------------------------------- watched companies */

static int later_first(const void *a, const void *b)
{
	json_int_t one = json_integer_value(json_object_get(*(json_t *const *)a, "event"));
	json_int_t other = json_integer_value(json_object_get(*(json_t *const *)b, "event"));
	return (one < other) - (one > other);
}

/* Leaves the last ENTRIES_MAX, the last first. */
static enum km_error settle(struct feed *feed, struct km_problem *problem)
{
	size_t len = json_array_size(feed->entries);
	auto_free json_t **order = calloc(len + 1, sizeof *order);
	json_t *sorted = json_array();
	if (!order || !sorted) {
		json_decref(sorted);
		return km_fail_memory(problem);
	}
	for (size_t i = 0; i < len; i++)
		order[i] = json_array_get(feed->entries, i);
	qsort(order, len, sizeof *order, later_first);
	for (size_t i = 0; i < len && i < ENTRIES_MAX; i++)
		json_array_append(sorted, order[i]);
	json_decref(feed->entries);
	feed->entries = sorted;
	const char *updated = json_string_value(json_object_get(json_array_get(sorted, 0), "recorded"));
	if (updated)
		snprintf(feed->updated, sizeof feed->updated, "%s", updated);
	return KM_OK;
}

/* What changed in the marks of each company; one that is not in the register yet has none. */
static enum km_error follow(const uint32_t *companies, size_t len, struct feed *feed, struct km_problem *problem)
{
	const struct km_request *request = feed->request;
	for (size_t i = 0; i < len; i++) {
		char kvk[16];
		snprintf(kvk, sizeof kvk, "%08u", companies[i]);
		enum km_error error =
			km_changes_of_company(request->store, kvk, request->now, ENTRIES_MAX, add_change, feed, problem);
		if (!error && json_array_size(feed->entries) > ENTRIES_SORTED_AT)
			error = settle(feed, problem);
		if (error)
			return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	}
	return settle(feed, problem);
}

typedef enum km_error render_function(const struct km_request *request, const struct feed *feed, const char *title,
                                      const char *path, struct km_buf *bytes, struct km_problem *problem);

static enum km_error reply_watched(struct km_request *request, struct km_reply *reply, const char *path,
                                   render_function *render, struct km_problem *problem)
{
	choose_language(request);
	const char *list = km_pairs_find(&request->query, "list");
	uint32_t companies[KM_WATCH_MAX];
	size_t len;
	enum km_error error = km_watch_read(list ? list : "", companies, &len, problem);
	if (error)
		return error;
	char self[KM_TARGET_MAX + 1];
	snprintf(self, sizeof self, "%s?list=%s", path, list);
	struct feed feed = {.request = request, .entries = json_array()};
	km_time_format(request->now, feed.updated);
	error = feed.entries ? follow(companies, len, &feed, problem) : km_fail_memory(problem);
	if (!error)
		error = render(request, &feed, km_page_words_for(request, "feed", "watched"), self, &reply->body, problem);
	json_decref(feed.entries);
	reply->max_age_s = KM_CACHE_ASK;
	return error;
}

KM_HANDLER(km_get_watch_atom)
{
	reply->type = atom_type;
	return reply_watched(request, reply, "/watch.atom", render_atom, problem);
}

KM_HANDLER(km_get_watch_json)
{
	reply->type = json_feed_type;
	return reply_watched(request, reply, "/watch.json", render_json, problem);
}
