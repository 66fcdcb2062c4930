#include "tests/site.h"

#include "badge/receipt.h"
#include "badge/verify.h"
#include "base/buf.h"
#include "keys/keyset.h"
#include "registry/figures.h"

#include <stdlib.h>

static void a_search_finds_what_people_type(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	site_expect_text(site, "/?q=donald", SITE_BROWSER, 200, "Test BV Donald");
	site_expect_text(site, "/?q=68750110", SITE_BROWSER, 200, "Test BV Donald");
	site_expect_text(site, "/?q=katrien", SITE_BROWSER, 200, "Niet gevonden in het register");
	site_expect_text(site, "/?q=7K3Q-9XM2-4HTX", SITE_BROWSER, 200, "Dit is geen keurmerknummer");
	site_expect_text(site, "/?q=%3Cscript%3E", SITE_BROWSER, 200, "value=\"&lt;script&gt;\"");
	auto_reply struct http_reply exact =
		http_get(site->port, "GET", site_path("/?q=", number.text, "").text, SITE_BROWSER);
	assert_int_equal(exact.status, 303);
	site_expect_header(&exact, "Location", site_path("/m/", number.text, "").text);
	site_expect_text(site, "/schemes/mkb-ict", SITE_BROWSER, 200, "Wat een bedrijf moet doen");
	site_expect_status(site, "/schemes/absent", 404);
}

static void a_report_comes_in_and_stays_private(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path path = site_path("/report/", number.text, "");
	static const char form[] = "application/x-www-form-urlencoded";
	static const char body[] = "kind=complaint&text=Klopt+niet%0D%0Ahier&place=&contact=a%40b.example";
	site_expect_text(site, path.text, SITE_BROWSER, 200, "Test BV Donald");
	auto_reply struct http_reply sent = http_post(site->port, path.text, form, body, sizeof body - 1);
	assert_int_equal(sent.status, 303);
	struct http_value location = http_header(&sent, "Location");
	assert_contains(location.text, "/report/thanks?reference=");
	site_expect_text(site, location.text, SITE_BROWSER, 200, strchr(location.text, '=') + 1);
	auto_reply struct http_reply empty = http_post(site->port, path.text, form, "text=+", 6);
	assert_int_equal(empty.status, 422);
	assert_contains(empty.body, "Schrijf op wat er aan de hand is");
	auto_reply struct http_reply security = http_post(site->port, "/report/security", form, "text=lek", 8);
	assert_int_equal(security.status, 303);
	assert_null(strstr(site->log, "Klopt"));
	assert_null(strstr(site->log, "b.example"));
}

static void the_register_is_open_data(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\", \"cloud\"]");
	auto_reply struct http_reply csv = site_get(site, "/register.csv");
	assert_int_equal(csv.status, 200);
	site_expect_header(&csv, "Access-Control-Allow-Origin", "*");
	char line[300];
	snprintf(line, sizeof line,
	         "\r\n%s,active,2026-11-24T17:02:37Z,Test BV Donald,68750110,Utrecht,NL-UT,,mkb-ict,1,,beheer cloud,"
	         "Instelling Een (voorbeeld),2026-11-24,2026-11-24,",
	         number.text);
	assert_contains(csv.body, line);
	auto_reply struct http_reply jsonl = site_get(site, "/register.jsonl");
	json_auto_t *row = json_loads(jsonl.body, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(row, "number")), number.text);
	assert_int_equal(json_array_size(json_object_get(row, "scope")), 2);
	/* The same bytes for a minute, and then what has changed. */
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	auto_reply struct http_reply same = site_get(site, "/register.csv");
	assert_string_equal(same.body, csv.body);
	assert_string_equal(http_header(&same, "ETag").text, http_header(&csv, "ETag").text);
	site->now += 60;
	site_expect_text(site, "/register.csv", "", 200, "suspended");
	site_expect_text(site, "/register.jsonl", "", 200, "\"state\":\"suspended\"");
}

static void feeds_tell_what_changed(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	auto_reply struct http_reply atom = site_get(site, "/feed.atom");
	site_expect_header(&atom, "Content-Type", "application/atom+xml; charset=utf-8");
	assert_contains(atom.body, "<title>Test BV Donald: Geschorst</title>");
	assert_contains(atom.body, "<summary>Uitleg.</summary>");
	assert_contains(atom.body, "<updated>2026-11-24T17:02:37Z</updated>");
	assert_true(strstr(atom.body, "Geschorst") < strstr(atom.body, "Toegekend"));
	site_expect_text(site, "/feed.atom?lang=en", "", 200, "<title>Test BV Donald: Suspended</title>");
	site_expect_text(site, site_path("/m/", number.text, ".atom").text, "", 200, "Toegekend");
	site_expect_status(site, "/m/7K3Q9XM24HTT.atom", 404);
	auto_reply struct http_reply feed = site_get(site, "/feed.json");
	json_auto_t *document = json_loads(feed.body, 0, NULL);
	const json_t *items = json_object_get(document, "items");
	assert_string_equal(json_string_value(json_object_get(document, "version")), "https://jsonfeed.org/version/1.1");
	assert_int_equal(json_array_size(items), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "content_text")), "Uitleg.");
}

static void a_mark_can_be_put_on_a_website(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path page = site_path("/embed/", number.text, "");
	struct site_path source =
		site_path("src=\"https://keurmerk.example/m/", number.text, ".svg?form=card&amp;amp;lang=nl\"");
	site_expect_text(site, page.text, SITE_BROWSER, 200, source.text);
	site_expect_text(site, page.text, SITE_BROWSER, 200, "&lt;script src=\"https://keurmerk.example/embed.js\"");
	auto_reply struct http_reply script = site_get(site, "/embed.js");
	assert_int_equal(script.status, 200);
	assert_true(script.body_len < 2048);
	site_expect_header(&script, "Cross-Origin-Resource-Policy", "cross-origin");
	site_expect_header(&script, "Content-Type", "text/javascript; charset=utf-8");
	assert_null(strstr(script.body, "cookie"));
	auto_reply struct http_reply png = site_get(site, site_path("/m/", number.text, ".png?form=strip&width=480").text);
	assert_int_equal(png.status, 200);
	assert_memory_equal(png.body, "\x89PNG", 4);
	auto_reply struct http_reply pdf = site_get(site, site_path("/m/", number.text, ".pdf?bleed=yes").text);
	assert_int_equal(pdf.status, 200);
	assert_memory_equal(pdf.body, "%PDF", 4);
	site_expect_status(site, site_path("/m/", number.text, ".png?width=1601").text, 400);
	site_expect_status(site, site_path("/m/", number.text, ".pdf?width=1").text, 400);
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	site_expect_text(site, page.text, SITE_BROWSER, 200, "Dit keurmerk geldt nu niet");
	site_expect_status(site, "/embed/7K3Q9XM24HTT", 404);
}

static json_t *link_of(const char *action, const char *digest)
{
	json_t *link = json_pack("{s:s, s:s}", "action", action, "provider", SCENE_KVK);
	if (digest)
		json_object_set_new(link, "token_sha256", json_string(digest));
	return link;
}

static void a_provider_sees_its_own_page_by_its_link_and_nobody_keeps_it(void **state)
{
	/* printf A | sha256sum */
	static const char digest[] = "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd";
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	site_expect_text(site, "/p/A", SITE_BROWSER, 404, "Deze link werkt niet meer");
	site_submit(site, AUDITOR, "link", link_of("give", digest), "expires");
	auto_reply struct http_reply page = site_get(site, "/p/A");
	assert_int_equal(page.status, 200);
	site_expect_header(&page, "Cache-Control", "no-store");
	site_expect_header(&page, "Referrer-Policy", "no-referrer");
	site_expect_header(&page, "X-Robots-Tag", "noindex, nofollow");
	assert_contains(page.body, number.text);
	/* Of a finding, what and by when; not what the auditor wrote. */
	json_t *audit = scene_audit(&site->scene, "surveillance", "[\"beheer\"]");
	scene_find(audit, "R1", "minor", "2027-03-01");
	json_object_set_new(json_array_get(json_object_get(audit, "findings"), 0), "note", json_string("Vertrouwelijk."));
	site_submit(site, AUDITOR, "audit", audit, "id");
	site_expect_text(site, "/p/A", SITE_BROWSER, 200, "R1: de kleine afwijking hersteld hebben.");
	auto_reply struct http_reply found = site_get(site, "/p/A?lang=en");
	assert_contains(found.body, "R1: have the minor finding corrected.");
	assert_null(strstr(found.body, "Vertrouwelijk"));
	assert_null(strstr(found.body, "Voorbeeldpersoon"));
	site_submit(site, DECIDER, "link", link_of("withdraw", NULL), "id");
	site_expect_text(site, "/p/A", SITE_BROWSER, 404, "Deze link werkt niet meer");
	assert_null(strstr(site->log, "/p/A"));
	site_expect_no_fault(site);
}

static void what_is_looked_up_is_counted_and_not_remembered(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	site_expect_status(site, site_path("/m/", number.text, "").text, 200);
	site_expect_status(site, site_path("/m/", number.text, "").text, 200); /* which stood ready by now, perhaps */
	site_expect_status(site, site_path("/M/", number.text, "").text, 200);
	site_expect_status(site, site_path("/m/", number.text, ".svg").text, 200);
	site_expect_status(site, "/?q=donald", 200);
	auto_reply struct http_reply head = http_get(site->port, "HEAD", site_path("/m/", number.text, "").text, "");
	assert_int_equal(head.status, 200);
	site_expect_text(site, "/figures", SITE_BROWSER, 200, "Systeembeheer");
	site_expect_text(site, "/v1/figures", "", 200, "\"states\":{\"active\":1,");
	/* They are written down at the latest when the server stops. */
	km_server_stop(site->server);
	site->server = NULL;
	struct km_problem problem = {0};
	json_auto_t *figures = NULL;
	assert_ok(km_figures(site->scene.store, site->now, &figures, &problem), &problem);
	const json_t *month = json_array_get(json_object_get(figures, "months"), KM_FIGURES_MONTHS - 1);
	assert_int_equal(json_integer_value(json_object_get(month, "lookups")), 3);
	assert_int_equal(json_integer_value(json_object_get(month, "scans")), 1);
}

/* Sends a form of one field `list`, and which reply is wanted. */
static struct http_reply post_list(const struct site *site, const char *list, const char *as)
{
	struct km_buf body = KM_BUF_EMPTY;
	km_buf_add_format(&body,
	                  "--b\r\nContent-Disposition: form-data; name=\"list\"\r\n\r\n%s\r\n--b\r\n"
	                  "Content-Disposition: form-data; name=\"as\"\r\n\r\n%s\r\n--b--\r\n",
	                  list, as);
	struct http_reply reply = http_post(site->port, "/check", "multipart/form-data; boundary=b", body.data, body.len);
	km_buf_free(&body);
	return reply;
}

static void a_list_of_suppliers_is_checked(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	static const char list[] = "naam;kvk\n<i>Test BV Donald;68750110\nTest BV Donlad;\n=1+1;12345678\n";
	site_expect_text(site, "/check", SITE_BROWSER, 200, "Controleer uw leveranciers");
	auto_reply struct http_reply page = post_list(site, list, "page");
	assert_int_equal(page.status, 200);
	site_expect_header(&page, "Cache-Control", "no-store");
	assert_contains(page.body, "&lt;i&gt;Test BV Donald");
	assert_contains(page.body, site_path("/m/", number.text, "").text);
	assert_contains(page.body, "Bedoelt u");
	auto_reply struct http_reply csv = post_list(site, list, "csv");
	site_expect_header(&csv, "Content-Type", "text/csv; charset=utf-8");
	site_expect_header(&csv, "Content-Disposition", "attachment; filename=\"keurmerk-2026-11-24.csv\"");
	assert_contains(csv.body, "4;\"'=1+1\";\"12345678\"");
	auto_reply struct http_reply file = post_list(site, list, "json");
	json_auto_t *document = json_loads(file.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(document, "results")), 3);
	auto_reply struct http_reply nothing = post_list(site, "", "page");
	assert_int_equal(nothing.status, 422);
	auto_reply struct http_reply broken = http_post(site->port, "/check", "multipart/form-data; boundary=b", "x", 1);
	site_expect_problem(&broken, 400, "multipart");
	assert_null(strstr(site->log, "Donald"));
}

static void what_goes_along_in_the_page_gives_the_same_answers(void **state)
{
	struct site *site = *state;
	site_grant(site, "[\"beheer\"]");
	auto_reply struct http_reply first = post_list(site, "kvk\n\n68750110\n12345678\n\n1\n", "json");
	json_auto_t *document = json_loads(first.body, 0, NULL);
	/* The lines that the page carries along. */
	auto_reply struct http_reply again =
		post_list(site,
	              "line;name;kvk;domain;number\n3;\"\";\"68750110\";\"\";\"\"\n4;\"\";\"12345678\";\"\";\"\"\n"
	              "6;\"\";\"1\";\"\";\"\"\n",
	              "json");
	json_auto_t *same = json_loads(again.body, 0, NULL);
	assert_true(json_equal(json_object_get(document, "results"), json_object_get(same, "results")));
	auto_reply struct http_reply page = post_list(site, "kvk\n\n68750110\n12345678\n\n1\n", "page");
	assert_contains(page.body, "hidden>line;name;kvk;domain;number\n3;&quot;&quot;;&quot;68750110&quot;;");
}

/* The address of a feed on the page, in the form that its tail tells ("atom", "json"). */
static struct site_path watch_address(const char *page, const char *form)
{
	struct site_path path = {.text = ""};
	char start[40];
	snprintf(start, sizeof start, "href=\"/watch.%s?list=", form);
	const char *found = strstr(page, start);
	assert_non_null(found);
	found += strlen("href=\"");
	snprintf(path.text, sizeof path.text, "%.*s", (int)strcspn(found, "\""), found);
	return path;
}

static void a_list_can_be_watched_by_an_address_that_holds_it(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	auto_reply struct http_reply page = post_list(site, "kvk\n68750110\n68727720\n68750110\n", "page");
	struct site_path atom = watch_address(page.body, "atom"), json = watch_address(page.body, "json");
	site->now += 60;
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	auto_reply struct http_reply feed = site_get(site, atom.text);
	assert_int_equal(feed.status, 200);
	site_expect_header(&feed, "Content-Type", "application/atom+xml; charset=utf-8");
	assert_contains(feed.body, "<title>Test BV Donald: Geschorst</title>");
	assert_contains(feed.body, strchr(atom.text, '?')); /* the feed's own address */
	assert_true(strstr(feed.body, "Geschorst") < strstr(feed.body, "Toegekend"));
	assert_null(strstr(strstr(feed.body, "Geschorst") + 1, "Geschorst"));
	auto_reply struct http_reply other = site_get(site, json.text);
	site_expect_header(&other, "Content-Type", "application/feed+json");
	json_auto_t *document = json_loads(other.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(document, "items")), 2);
}

static void a_watched_company_may_get_its_mark_later(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply page = post_list(site, "kvk\n12345678\n68750110\n", "page");
	struct site_path atom = watch_address(page.body, "atom");
	auto_reply struct http_reply before = site_get(site, atom.text);
	assert_int_equal(before.status, 200);
	assert_null(strstr(before.body, "<entry>"));
	site_grant(site, "[\"beheer\"]");
	auto_reply struct http_reply after = site_get(site, atom.text);
	assert_contains(after.body, "<title>Test BV Donald: Toegekend</title>");
	auto_reply struct http_reply none = post_list(site, "name\nNobody at all\n", "page");
	assert_null(strstr(none.body, "/watch."));
}

static void a_damaged_address_of_a_list_is_told_of(void **state)
{
	struct site *site = *state;
	static const char *const damaged[] = {"/watch.atom", "/watch.atom?list=", "/watch.json?list=A",
	                                      "/watch.json?list=gA"};
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
		site_expect_status(site, damaged[i], 400);
}

static void a_name_that_could_be_a_number_does_not_fail_the_list(void **state)
{
	struct site *site = *state;
	site_grant(site, "[\"beheer\"]");
	static const char list[] = "naam;kvk\nVoorbeeld 123;12345678\nTest BV Donald;68750110\n"; /* twelve symbols */
	auto_reply struct http_reply reply = http_post(site->port, "/v1/checks", "text/csv", list, sizeof list - 1);
	assert_int_equal(reply.status, 200);
	assert_contains(reply.body, "\"unknown\"");
	assert_contains(reply.body, "\"active\"");
}

static void ten_thousand_suppliers_fit_in_one_receipt(void **state)
{
	struct site *site = *state;
	site_grant(site, "[\"beheer\"]");
	struct km_buf list = KM_BUF_EMPTY;
	km_buf_add_text(&list, "naam;kvk\n");
	for (int i = 0; i < 10000; i++)
		km_buf_add_format(&list, "Voorbeeld met een lange naam die in geen register staat %d;%s\n", i,
		                  i % 2 ? "68750110" : "12345678");
	auto_reply struct http_reply reply = http_post(site->port, "/v1/checks", "text/csv", list.data, list.len);
	assert_int_equal(reply.status, 200);
	json_auto_t *document = json_loads(reply.body, 0, NULL);
	const json_t *counts = json_object_get(document, "counts");
	assert_int_equal(json_integer_value(json_object_get(counts, "active")), 5000);
	assert_int_equal(json_integer_value(json_object_get(counts, "unknown")), 5000);
	auto_reply struct http_reply keys = site_get(site, "/.well-known/jwks.json");
	struct km_keyset trust;
	struct km_problem problem = {0};
	assert_ok(km_keyset_parse(keys.body, keys.body_len, &trust, &problem), &problem);
	const char *receipt = json_string_value(json_object_get(document, "receipt"));
	struct km_verdict verdict;
	assert_true(km_receipt_verify(receipt, strlen(receipt), &trust, site->now + 5 * 365 * 86400, &verdict));
	assert_string_equal(verdict.reason, "receipt");
	assert_int_equal(verdict.outcome, KM_GENUINE);
	km_buf_add_text(&list, "Nog een;\n");
	auto_reply struct http_reply more = http_post(site->port, "/v1/checks", "text/csv", list.data, list.len);
	site_expect_problem(&more, 413, "list-too-long");
	km_buf_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SITE_TEST(a_search_finds_what_people_type),
		KM_SITE_TEST(a_report_comes_in_and_stays_private),
		KM_SITE_TEST(the_register_is_open_data),
		KM_SITE_TEST(feeds_tell_what_changed),
		KM_SITE_TEST(a_mark_can_be_put_on_a_website),
		KM_SITE_TEST(a_provider_sees_its_own_page_by_its_link_and_nobody_keeps_it),
		KM_SITE_TEST(what_is_looked_up_is_counted_and_not_remembered),
		KM_SITE_TEST(a_list_of_suppliers_is_checked),
		KM_SITE_TEST(what_goes_along_in_the_page_gives_the_same_answers),
		KM_SITE_TEST(a_list_can_be_watched_by_an_address_that_holds_it),
		KM_SITE_TEST(a_watched_company_may_get_its_mark_later),
		KM_SITE_TEST(a_damaged_address_of_a_list_is_told_of),
		KM_SITE_TEST(a_name_that_could_be_a_number_does_not_fail_the_list),
		KM_SITE_TEST(ten_thousand_suppliers_fit_in_one_receipt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
