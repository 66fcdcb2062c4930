#include "tests/site.h"

#include "registry/number.h"
#include "registry/provider.h"
#include "registry/sqlite.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Providers without a mark; KvK numbers from `first` on. */
static void add_providers(struct site *site, int first, int count)
{
	struct km_problem problem = {0};
	assert_ok(km_store_begin(site->scene.store, &problem), &problem);
	for (int i = 0; i < count; i++) {
		char kvk[9], name[40];
		snprintf(kvk, sizeof kvk, "%08d", first + i);
		snprintf(name, sizeof name, "Voorbeeld %02d BV", i);
		const struct km_provider provider = {.kvk = kvk, .name = name, .city = "Breda"};
		assert_ok(km_provider_add(site->scene.store, &provider, NULL, site->now, &problem), &problem);
	}
	assert_ok(km_store_commit(site->scene.store, &problem), &problem);
}

/* As if each of these providers had been granted the mark that is there. */
static void add_marks(struct site *site, int first, int count)
{
	for (int i = 0; i < count; i++) {
		char sql[700], number[KM_NUMBER_TEXT];
		const uint8_t random[7] = {(uint8_t)(i + 1), 2, 3, 4, 5, 6, 7};
		km_number_make(random, number);
		snprintf(sql, sizeof sql,
		         "INSERT INTO mark (number, provider_id, scheme_id, granted_at) SELECT '%s', provider.id, 'mkb-ict', "
		         "mark.granted_at FROM provider JOIN mark ON mark.id = 1 WHERE kvk = '%08d';"
		         "INSERT INTO mark_period SELECT (SELECT max(id) FROM mark), 1, decision_id, holds_from, recorded_at, "
		         "state, body_id, scheme_version, scope, level, valid_from, valid_until, surveillance_due, "
		         "surveillance_limit, suspension_limit FROM mark_period WHERE mark_id = 1",
		         number, first + i);
		assert_int_equal(sqlite3_exec(km_sqlite_of(site->scene.store), sql, NULL, NULL, NULL), SQLITE_OK);
	}
}

static json_t *get_json(struct site *site, const char *path, struct http_value *ret_link)
{
	auto_reply struct http_reply reply = site_get(site, path);
	if (reply.status != 200)
		fail_msg("%s: %s", path, reply.bytes);
	site_expect_header(&reply, "API-Version", "1.0.0");
	site_expect_header(&reply, "Access-Control-Allow-Origin", "*");
	if (ret_link)
		*ret_link = http_header(&reply, "Link");
	json_t *json = json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

static size_t count(struct site *site, const char *path, const char *member)
{
	json_auto_t *json = get_json(site, path, NULL);
	return json_array_size(json_object_get(json, member));
}

static void a_filter_narrows_the_page_and_the_api(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\", \"cloud\"]");
	site_expect_text(site, "/?q=&service=cloud", SITE_BROWSER, 200, number.text);
	site_expect_text(site, "/?q=&service=cloud", SITE_BROWSER, 200, "<option value=\"cloud\" selected>");
	site_expect_text(site, "/?q=donald&city=utrecht&state=active&scheme=mkb-ict&level=", SITE_BROWSER, 200,
	                 number.text);
	site_expect_text(site, "/?q=donald&state=withdrawn", SITE_BROWSER, 200,
	                 "Er is geen keurmerk dat bij al uw keuzes past");
	site_expect_status(site, "/?q=&state=fine", 400);
	site_expect_status(site, "/?q=&service=%22", 422);
	assert_int_equal(count(site, "/v1/marks?service=cloud", "marks"), 1);
	assert_int_equal(count(site, "/v1/marks?service=backup", "marks"), 0);
	assert_int_equal(count(site, "/v1/marks?city=Breda", "marks"), 0);
	assert_int_equal(count(site, "/v1/marks?q=donald&state=active", "marks"), 1);
	assert_int_equal(count(site, "/v1/marks?state=expired", "marks"), 0);
}

static void a_name_that_is_mistyped_is_asked_about_and_never_taken(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	auto_reply struct http_reply page = http_get(site->port, "GET", "/?q=tset+bv+donlad", SITE_BROWSER);
	assert_contains(page.body, "Niet gevonden in het register");
	assert_contains(page.body, "Bedoelt u misschien");
	assert_contains(page.body, "<a href=\"/?q=68750110\">Test BV Donald</a>");
	assert_null(strstr(page.body, number.text));
	json_auto_t *json = get_json(site, "/v1/marks?q=tset+bv+donlad", NULL);
	assert_int_equal(json_array_size(json_object_get(json, "marks")), 0);
	json_t *near = json_array_get(json_object_get(json, "near"), 0);
	assert_string_equal(json_string_value(json_object_get(near, "kvk")), "68750110");
	/* Nothing like it: nothing is offered. */
	auto_reply struct http_reply other = http_get(site->port, "GET", "/?q=zzzzzzzz", SITE_BROWSER);
	assert_null(strstr(other.body, "Bedoelt u misschien"));
	json_auto_t *none = get_json(site, "/v1/marks?q=zzzzzzzz", NULL);
	assert_int_equal(json_array_size(json_object_get(none, "near")), 0);
}

/* Follows rel="next" to its end; how many members there were in all. */
static size_t walk(struct site *site, const char *first, const char *member, size_t *ret_pages)
{
	char path[600];
	size_t found = 0;
	snprintf(path, sizeof path, "%s", first);
	for (*ret_pages = 0; *path; ++*ret_pages) {
		struct http_value link;
		json_auto_t *json = get_json(site, path, &link);
		found += json_array_size(json_object_get(json, member));
		char next[400] = "", *part = strstr(link.text, ">; rel=\"next\"");
		if (part) {
			*part = '\0';
			const char *url = strrchr(link.text, '<') + 1;
			assert_int_equal(strncmp(url, FIXTURE_URL "/", sizeof FIXTURE_URL), 0);
			snprintf(next, sizeof next, "%s", url + sizeof FIXTURE_URL - 1);
		}
		snprintf(path, sizeof path, "%s", next);
		assert_true(*ret_pages < 100);
	}
	return found;
}

static void links_lead_through_all_pages(void **state)
{
	struct site *site = *state;
	size_t pages;
	site_grant(site, "[\"beheer\"]");
	add_providers(site, 10000000, 45);
	add_marks(site, 10000000, 5);
	assert_int_equal(walk(site, "/v1/marks?limit=2", "marks", &pages), 6);
	assert_int_equal(pages, 3);
	assert_int_equal(walk(site, "/v1/marks?limit=2&service=beheer&city=breda", "marks", &pages), 5);
	assert_int_equal(pages, 3);
	assert_int_equal(walk(site, "/v1/marks?limit=2&q=voorbeeld&service=beheer", "marks", &pages), 5);
	assert_int_equal(pages, 3);
	assert_int_equal(walk(site, "/v1/marks?q=voorbeeld", "marks", &pages), 5);
	assert_int_equal(pages, 3);
	assert_int_equal(walk(site, "/v1/providers?limit=20", "providers", &pages), 46);
	assert_int_equal(pages, 3);
	auto_reply struct http_reply page = http_get(site->port, "GET", "/?q=voorbeeld&page=2&lang=en", SITE_BROWSER);
	site_expect_header(&page, "Link",
	                   "<" FIXTURE_URL "/?q=voorbeeld&lang=en&page=3>; rel=\"next\", "
	                   "<" FIXTURE_URL "/?q=voorbeeld&lang=en&page=1>; rel=\"prev\"");
	assert_contains(page.body, "href=\"/?q=voorbeeld&amp;lang=en&amp;page=3\"");
	site_expect_status(site, "/v1/marks?after=nonsense", 400);
	site_expect_status(site, "/v1/marks?limit=0", 400);
	site_expect_status(site, "/v1/marks?limit=100", 400);
	site_expect_status(site, "/v1/providers?after=1", 400);
}

static void providers_and_schemes_are_there_for_programs(void **state)
{
	struct site *site = *state;
	json_auto_t *provider = get_json(site, "/v1/providers/68750110", NULL);
	assert_string_equal(json_string_value(json_object_get(provider, "name")), "Test BV Donald");
	site_expect_status(site, "/v1/providers/68727720", 404);
	json_auto_t *schemes = get_json(site, "/v1/schemes", NULL);
	json_t *scheme = json_array_get(json_object_get(schemes, "schemes"), 0);
	assert_string_equal(json_string_value(json_object_get(scheme, "id")), "mkb-ict");
	json_auto_t *file = get_json(site, "/v1/schemes/mkb-ict", NULL);
	assert_true(json_array_size(json_object_get(file, "criteria")) > 5);
	site_expect_status(site, "/v1/schemes/absent", 404);
	/* Errors of the API are problem documents, also for a browser. */
	auto_reply struct http_reply problem = http_get(site->port, "GET", "/v1/providers/1", SITE_BROWSER);
	site_expect_header(&problem, "Content-Type", "application/problem+json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SITE_TEST(a_filter_narrows_the_page_and_the_api),
		KM_SITE_TEST(a_name_that_is_mistyped_is_asked_about_and_never_taken),
		KM_SITE_TEST(links_lead_through_all_pages),
		KM_SITE_TEST(providers_and_schemes_are_there_for_programs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
