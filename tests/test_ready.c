#include "www/ready.h"

#include "base/clock.h"
#include "tests/site.h"
#include "www/reply.h"

#include <stdlib.h>

static struct km_ready_reply make_reply(const char *etag)
{
	struct km_ready_reply reply = {
		.response = MHD_create_response_from_buffer(5, (void *)(uintptr_t) "bytes", MHD_RESPMEM_PERSISTENT)};
	assert_non_null(reply.response);
	snprintf(reply.etag, sizeof reply.etag, "%s", etag);
	return reply;
}

static void put(struct km_ready *ready, const char *key, const char *number, size_t bytes, int64_t now)
{
	struct km_ready_reply reply = make_reply(key);
	km_ready_put(ready, key, number, &reply, bytes, now);
}

static void a_reply_is_found_by_its_whole_key_and_no_longer_than_its_seconds(void **state)
{
	(void)state;
	struct km_ready *ready = km_ready_new(1 << 20);
	put(ready, "a", "7K3Q9XM24HTT", 100, 1000);
	assert_string_equal(km_ready_find(ready, "a", 1000)->etag, "a");
	assert_null(km_ready_find(ready, "ab", 1000));
	assert_null(km_ready_find(ready, "", 1000));
	assert_non_null(km_ready_find(ready, "a", 1000 + KM_READY_S - 1));
	assert_null(km_ready_find(ready, "a", 1000 + KM_READY_S));
	put(ready, "a", "7K3Q9XM24HTT", 100, 1000);
	assert_null(km_ready_find(ready, "a", 999)); /* the clock was set back */
	km_ready_free(ready);
	km_ready_free(NULL);
}

static void the_longest_unused_gives_way(void **state)
{
	(void)state;
	struct km_ready *ready = km_ready_new(10 * 4096);
	char key[16];
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "%d", i);
		put(ready, key, "7K3Q9XM24HTT", 1000, 1000);
		assert_non_null(km_ready_find(ready, "0", 1000)); /* used all the time */
	}
	assert_non_null(km_ready_find(ready, "99", 1000));
	assert_null(km_ready_find(ready, "50", 1000));
	put(ready, "large", "7K3Q9XM24HTT", 11 * 4096, 1000);
	assert_null(km_ready_find(ready, "large", 1000));
	assert_non_null(km_ready_find(ready, "99", 1000));
	put(ready, "99", "7K3Q9XM24HTT", 10, 1001); /* one key, one reply */
	assert_non_null(km_ready_find(ready, "99", 1001));
	km_ready_free(ready);
}

/* Asked for often enough that each thread has it ready. */
static void warm(struct site *site, const char *target)
{
	for (int i = 0; i < 8; i++)
		site_expect_status(site, target, 200);
}

static void what_is_ready_says_at_once_what_was_decided(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path json = site_path("/m/", number.text, ".json"), page = site_path("/m/", number.text, "");
	struct site_path badge = site_path("/m/", number.text, ".svg"), now = site_path("/m/", number.text, "/status.jwt");
	for (int round = 0; round < 4; round++) {
		bool suspend = round % 2 == 0;
		warm(site, json.text);
		warm(site, badge.text);
		warm(site, now.text);
		site_submit(site, DECIDER, "decision", scene_decision(suspend ? "suspend" : "reinstate", number.text, NULL),
		            "id");
		for (int i = 0; i < 8; i++) {
			site_expect_text(site, json.text, "", 200, suspend ? "\"state\":\"suspended\"" : "\"state\":\"active\"");
			site_expect_text(site, page.text, SITE_BROWSER, 200, suspend ? "Geschorst" : "Echt en geldig");
			site_expect_text(site, badge.text, "", 200, suspend ? "Geschorst" : "geldig tot");
		}
	}
}

static void a_new_name_is_on_every_page_at_once(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path json = site_path("/m/", number.text, ".json");
	warm(site, json.text);
	site_submit(site, DECIDER, "decision", scene_decision("rename", number.text, NULL), "id");
	for (int i = 0; i < 8; i++)
		site_expect_text(site, json.text, "", 200, "Test BV Donald Nieuw");
}

static void each_language_and_form_has_its_own(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path page = site_path("/m/", number.text, ""), english = site_path("/m/", number.text, "?lang=en");
	for (int i = 0; i < 8; i++) {
		site_expect_text(site, page.text, SITE_BROWSER "Accept-Language: nl\r\n", 200, "Echt en geldig");
		site_expect_text(site, page.text, SITE_BROWSER "Accept-Language: en\r\n", 200, "Genuine and valid");
		site_expect_text(site, english.text, SITE_BROWSER "Accept-Language: nl\r\n", 200, "Genuine and valid");
		site_expect_text(site, page.text, SITE_JSON, 200, "\"state\":\"active\"");
	}
}

static void who_has_it_already_is_told_so(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path json = site_path("/m/", number.text, ".json");
	warm(site, json.text);
	auto_reply struct http_reply whole = http_get(site->port, "GET", json.text, "");
	char condition[640];
	snprintf(condition, sizeof condition, "If-None-Match: %s\r\n", http_header(&whole, "ETag").text);
	auto_reply struct http_reply same = http_get(site->port, "GET", json.text, condition);
	assert_int_equal(same.status, 304);
	assert_int_equal(same.body_len, 0);
	site_expect_header(&same, "ETag", http_header(&whole, "ETag").text);
	site_expect_header(&same, "Cache-Control", http_header(&whole, "Cache-Control").text);
	site_expect_header(&same, "Vary", http_header(&whole, "Vary").text);
	auto_reply struct http_reply head = http_get(site->port, "HEAD", json.text, "");
	assert_int_equal(head.status, 200);
	assert_int_equal(head.body_len, 0);
	site_expect_header(&head, "Content-Length", http_header(&whole, "Content-Length").text);
}

static void nothing_stands_ready_beyond_the_change_of_its_mark(void **state)
{
	(void)state;
	assert_int_equal(km_reply_age_until(INT64_MAX, 1000, 60), 60);
	assert_int_equal(km_reply_age_until(1000 + KM_READY_S + 60, 1000, 60), 60);
	assert_int_equal(km_reply_age_until(1000 + KM_READY_S + 59, 1000, 60), 59);
	assert_int_equal(km_reply_age_until(1000 + KM_READY_S, 1000, 60), KM_CACHE_ASK);
	assert_int_equal(km_reply_age_until(999, 1000, 60), KM_CACHE_ASK);
}

/* Nobody wears out the signer by asking for the same again and again under other addresses. */
enum { ASKED = KM_READY_S - 1 };

static void what_takes_no_parameters_is_signed_once_for_all(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path now = site_path("/m/", number.text, "/status.jwt");
	const char *const targets[] = {"/status/revocation/1", "/status/suspension/1", now.text};
	/* Each thread signs at most once, however the address is varied: in every second it would be another signature. */
	for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
		struct http_reply seen[ASKED];
		int signatures = 0;
		for (int i = 0; i < ASKED; i++) {
			char target[100];
			snprintf(target, sizeof target, "%s?n=%d", targets[t], i);
			seen[i] = site_get(site, target);
			assert_int_equal(seen[i].status, 200);
			bool again = false;
			for (int j = 0; j < i; j++)
				again = again || strcmp(seen[j].body, seen[i].body) == 0;
			signatures += !again;
			site->now++;
		}
		for (int i = 0; i < ASKED; i++)
			http_done(&seen[i]);
		assert_in_range(signatures, 1, SITE_THREADS);
	}
	/* A decision about one mark is in the lists at once. */
	auto_reply struct http_reply before = site_get(site, "/status/suspension/1");
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	for (int i = 0; i < 8; i++) {
		auto_reply struct http_reply after = site_get(site, "/status/suspension/1");
		assert_int_equal(after.status, 200);
		assert_string_not_equal(after.body, before.body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(a_reply_is_found_by_its_whole_key_and_no_longer_than_its_seconds),
		KM_TEST(the_longest_unused_gives_way),
		KM_SITE_TEST(what_is_ready_says_at_once_what_was_decided),
		KM_SITE_TEST(a_new_name_is_on_every_page_at_once),
		KM_SITE_TEST(each_language_and_form_has_its_own),
		KM_SITE_TEST(who_has_it_already_is_told_so),
		KM_SITE_TEST(what_takes_no_parameters_is_signed_once_for_all),
		KM_TEST(nothing_stands_ready_beyond_the_change_of_its_mark),
	};
	return cmocka_run_group_tests_name("ready", tests, NULL, NULL);
}
