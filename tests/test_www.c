#include "tests/site.h"

#include "base/buf.h"
#include "keys/keyset.h"
#include "www/endpoints.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

static void it_is_alive_and_ready(void **state)
{
	struct site *site = *state;
	site_expect_text(site, "/healthz", "", 200, "ok");
	site_expect_text(site, "/readyz", "", 200, "ok");
}

static void what_is_not_there_is_told_in_the_form_asked_for(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply page = http_get(site->port, "GET", "/absent", SITE_BROWSER);
	assert_int_equal(page.status, 404);
	site_expect_header(&page, "Content-Type", "text/html; charset=utf-8");
	assert_contains(page.body, "Deze pagina is er niet");
	auto_reply struct http_reply document = site_get(site, "/absent");
	site_expect_problem(&document, 404, "no-such-page");
	site_expect_header(&document, "Cache-Control", "no-store");
}

static void another_method_is_refused_with_those_allowed(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = http_get(site->port, "DELETE", "/healthz", "");
	site_expect_problem(&reply, 405, "method-not-allowed");
	site_expect_header(&reply, "Allow", "GET, HEAD, OPTIONS");
	auto_reply struct http_reply post = http_get(site->port, "GET", "/v1/submissions", "");
	site_expect_problem(&post, 405, "method-not-allowed");
	site_expect_header(&post, "Allow", "POST, OPTIONS");
}

static void head_is_get_without_the_body(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply whole = http_get(site->port, "GET", "/", SITE_BROWSER);
	auto_reply struct http_reply head = http_get(site->port, "HEAD", "/", SITE_BROWSER);
	assert_int_equal(head.status, 200);
	assert_int_equal(head.body_len, 0);
	assert_string_equal(http_header(&head, "ETag").text, http_header(&whole, "ETag").text);
	assert_string_equal(http_header(&head, "Content-Length").text, http_header(&whole, "Content-Length").text);
}

static void options_lets_scripts_of_any_site_read(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply open = http_get(site->port, "OPTIONS", "/.well-known/jwks.json", "");
	assert_int_equal(open.status, 204);
	site_expect_header(&open, "Access-Control-Allow-Origin", "*");
	site_expect_header(&open, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
	auto_reply struct http_reply closed = http_get(site->port, "OPTIONS", "/v1/submissions", "");
	assert_int_equal(closed.status, 204);
	site_expect_header(&closed, "Access-Control-Allow-Origin", "");
}

static void what_the_client_has_is_not_sent_again(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply first = http_get(site->port, "GET", "/", "");
	struct http_value etag = http_header(&first, "ETag");
	assert_true(strlen(etag.text) > 10 && etag.text[0] == '"');
	char headers[700];
	snprintf(headers, sizeof headers, "If-None-Match: \"other\", %s\r\n", etag.text);
	auto_reply struct http_reply again = http_get(site->port, "GET", "/", headers);
	assert_int_equal(again.status, 304);
	assert_int_equal(again.body_len, 0);
	assert_string_equal(http_header(&again, "ETag").text, etag.text);
	assert_string_equal(http_header(&again, "Cache-Control").text, http_header(&first, "Cache-Control").text);
	assert_string_equal(http_header(&again, "Vary").text, http_header(&first, "Vary").text);
	auto_reply struct http_reply other = http_get(site->port, "GET", "/", "If-None-Match: \"other\"\r\n");
	assert_int_equal(other.status, 200);
}

static void a_page_is_compressed_for_those_who_ask(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply plain = http_get(site->port, "GET", "/", "");
	auto_reply struct http_reply packed = http_get(site->port, "GET", "/", "Accept-Encoding: gzip\r\n");
	site_expect_header(&packed, "Content-Encoding", "gzip");
	site_expect_header(&plain, "Content-Encoding", "");
	assert_string_not_equal(http_header(&packed, "ETag").text, http_header(&plain, "ETag").text);
	assert_true(packed.body_len < plain.body_len);
	char text[32768];
	z_stream stream = {.next_in = (Bytef *)packed.body,
	                   .avail_in = (uInt)packed.body_len,
	                   .next_out = (Bytef *)text,
	                   .avail_out = sizeof text};
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, plain.body_len);
	assert_memory_equal(text, plain.body, plain.body_len);
	inflateEnd(&stream);
}

static void a_page_speaks_the_readers_language(void **state)
{
	struct site *site = *state;
	site_expect_text(site, "/", "", 200, "<html lang=\"nl\">");
	site_expect_text(site, "/", "Accept-Language: en-GB,en;q=0.9,nl;q=0.5\r\n", 200, "<html lang=\"en\">");
	site_expect_text(site, "/?lang=en", "Accept-Language: nl\r\n", 200, "<html lang=\"en\">");
	site_expect_text(site, "/?lang=xx", "Accept-Language: en\r\n", 200, "<html lang=\"en\">");
	site_expect_text(site, "/?q=a%26b&lang=en", "", 200, "href=\"/?q=a%26b&amp;lang=nl\"");
}

static void every_reply_is_locked_down(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	static const char *const targets[] = {"/",          "/absent",     "/healthz",   "/.well-known/jwks.json",
	                                      "/m/%s",      "/m/%s.svg",   "/m/%s.json", "/schemes/mkb-ict",
	                                      "/report/%s", "/v1/marks/%s"};
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		const char *place = strstr(targets[i], "%s");
		char start[64];
		snprintf(start, sizeof start, "%.*s", place ? (int)(place - targets[i]) : 60, targets[i]);
		struct site_path path = site_path(start, place ? number.text : "", place ? place + 2 : "");
		auto_reply struct http_reply reply = http_get(site->port, "GET", path.text, SITE_BROWSER);
		assert_contains(http_header(&reply, "Content-Security-Policy").text, "default-src 'none'");
		site_expect_header(&reply, "X-Content-Type-Options", "nosniff");
		site_expect_header(&reply, "Referrer-Policy", "no-referrer");
		site_expect_header(&reply, "Set-Cookie", "");
		site_expect_header(&reply, "Strict-Transport-Security", "max-age=31536000");
		assert_true(*http_header(&reply, "Cache-Control").text);
		assert_null(strstr(http_header(&reply, "Content-Security-Policy").text, "unsafe-eval"));
		assert_null(strstr(reply.body, " style=\""));
		assert_null(strstr(reply.body, " onclick="));
	}
}

static void the_keys_that_sign_are_published(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = site_get(site, "/.well-known/jwks.json");
	struct km_keyset set;
	struct km_problem problem = {0};
	assert_int_equal(reply.status, 200);
	assert_ok(km_keyset_parse(reply.body, reply.body_len, &set, &problem), &problem);
	assert_int_equal(set.len, KM_PURPOSES);
	struct site_path path = site_path("/keys/", set.entries[0].thumbprint, ".jwk");
	auto_reply struct http_reply one = site_get(site, path.text);
	json_auto_t *jwk = json_loads(one.body, 0, NULL);
	uint8_t public_key[KM_PUBLIC_BYTES];
	assert_ok(km_jwk_parse(jwk, public_key, &problem), &problem);
	assert_memory_equal(public_key, set.entries[0].public_key, sizeof public_key);
	site_expect_status(site, "/keys/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.jwk", 404);
	site_expect_text(site, "/.well-known/did.json", "", 200, "did:web:keurmerk.example");
	site_expect_text(site, "/did.json", "", 200, "did:web:keurmerk.example");
}

static void the_type_of_a_problem_leads_to_a_page(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = site_get(site, "/v1/marks/7K3Q9XM24HTT");
	json_auto_t *document = json_loads(reply.body, 0, NULL);
	const char *type = json_string_value(json_object_get(document, "type"));
	const char *path = strstr(type, "/problems#");
	assert_non_null(path);
	site_expect_text(site, "/problems", SITE_BROWSER, 200, "<dt>404<dd>Wat u vroeg is er niet.");
}

static void the_document_of_the_api_is_of_this_api(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = site_get(site, "/v1/openapi.json");
	json_auto_t *document = json_loads(reply.body, 0, NULL);
	json_t *paths = json_object_get(document, "paths"), *operations, *operation;
	const char *path, *method;
	size_t told = 0, served = 0;
	for (size_t i = 0; i < km_routes_len; i++) {
		if (!(km_routes[i].kind & KM_ROUTE_API))
			continue;
		served++;
		const char *name = km_routes[i].method == KM_POST ? "post" : "get";
		if (!json_object_get(json_object_get(paths, km_routes[i].path), name))
			fail_msg("the document has no %s %s", name, km_routes[i].path);
	}
	json_object_foreach(paths, path, operations) json_object_foreach(operations, method, operation) told++;
	assert_int_equal(told, served);
}

static void a_submission_makes_a_mark_once(void **state)
{
	struct site *site = *state;
	site->scene.now = site->now;
	auto_free char *token =
		scene_sign(&site->scene, AUDITOR, "audit", scene_audit(&site->scene, "initial", "[\"beheer\"]"));
	auto_reply struct http_reply first =
		http_post(site->port, "/v1/submissions", "application/jose", token, strlen(token));
	assert_int_equal(first.status, 201);
	site_expect_header(&first, "API-Version", "1.0.0");
	site_expect_header(&first, "Cache-Control", "no-store");
	auto_reply struct http_reply again =
		http_post(site->port, "/v1/submissions", "application/jose; charset=utf-8", token, strlen(token));
	assert_int_equal(again.status, 200);
	assert_string_equal(again.body, first.body);
	assert_contains(site->log, "theirs: /v1/submissions: accepted");
}

static void a_submission_that_is_not_right_is_refused_with_its_reason(void **state)
{
	struct site *site = *state;
	site->scene.now = site->now;
	auto_free char *token =
		scene_sign(&site->scene, AUDITOR, "audit", scene_audit(&site->scene, "initial", "[\"beheer\"]"));
	size_t len = strlen(token);
	auto_reply struct http_reply type = http_post(site->port, "/v1/submissions", "application/json", token, len);
	site_expect_problem(&type, 415, "content-type");
	token[len - 10] = token[len - 10] == 'A' ? 'B' : 'A';
	auto_reply struct http_reply forged = http_post(site->port, "/v1/submissions", "application/jose", token, len);
	site_expect_problem(&forged, 401, "bad-signature");
	assert_true(*http_header(&forged, "WWW-Authenticate").text);
	auto_reply struct http_reply noise = http_post(site->port, "/v1/submissions", "application/jose", "a.b", 3);
	assert_int_equal(noise.status, 400);
	auto_reply struct http_reply nothing = http_post(site->port, "/v1/submissions", "application/jose", "", 0);
	assert_int_equal(nothing.status, 400);
	assert_contains(site->log, "theirs: /v1/submissions: refused: bad-signature");
	site_expect_no_fault(site);
}

static void a_body_is_bounded(void **state)
{
	struct site *site = *state;
	auto_free char *body = malloc(KM_SUBMISSION_MAX + 1);
	memset(body, 'a', KM_SUBMISSION_MAX + 1);
	auto_reply struct http_reply most =
		http_post(site->port, "/v1/submissions", "application/jose", body, KM_SUBMISSION_MAX);
	assert_int_equal(most.status, 400);
	auto_reply struct http_reply more =
		http_post(site->port, "/v1/submissions", "application/jose", body, KM_SUBMISSION_MAX + 1);
	site_expect_problem(&more, 413, "body-too-large");
	/* In pieces, without saying beforehand how much will come. */
	struct km_buf pieces = KM_BUF_EMPTY;
	km_buf_add_text(&pieces, "POST /v1/submissions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: "
	                         "application/jose\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 5; i++) {
		km_buf_add_text(&pieces, "10000\r\n");
		km_buf_add(&pieces, body, 0x10000);
		km_buf_add_text(&pieces, "\r\n");
	}
	km_buf_add_text(&pieces, "0\r\n\r\n");
	auto_reply struct http_reply chunked = http_send(site->port, pieces.data, pieces.len);
	site_expect_problem(&chunked, 413, "body-too-large");
	km_buf_free(&pieces);
}

static void hostile_bytes_do_no_harm(void **state)
{
	struct site *site = *state;
	static const char *const requests[] = {
		"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /m/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /static/../../register.db HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /?q=%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /?q=%f0%9f%92%a9%00 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /m/%s%n%p HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /?q=' OR 1=1 -- HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /?q=%22%2A%20OR%20NEAR%28 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /keys/%7b%7b.jwk HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"POST /v1/submissions HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\nContent-Length: -1\r\n\r\n",
		"POST /v1/submissions HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\nContent-Length: "
		"99999999999999999999\r\n\r\n",
		"POST /v1/submissions HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\nContent-Length: 10\r\n\r\nabc",
		"POST /v1/submissions HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\nTransfer-Encoding: "
		"chunked\r\n\r\nzzz\r\n",
		"POST /v1/submissions HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
	};
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		auto_reply struct http_reply reply = http_send(site->port, requests[i], strlen(requests[i]));
		if (reply.status >= 500 && reply.status != 505)
			fail_msg("%s: %s", requests[i], reply.bytes);
	}
	it_is_alive_and_ready(state);
	site_expect_no_fault(site);
}

static size_t count_replies(const struct http_reply *reply)
{
	size_t count = 0;
	for (const char *at = reply->bytes; (at = strstr(at, "HTTP/1.1 ")); at++)
		count++;
	return count;
}

/* A proxy that finds the end of the body elsewhere takes what stands in it for another request, or the other way round.
 */
static void a_body_whose_end_can_be_read_in_two_ways_is_refused(void **state)
{
	struct site *site = *state;
	static const char start[] = "POST /v1/submissions HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\n";
	static const char rest[] = "\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	static const char *const framings[] = {
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
		"Content-Length: 5\r\nContent-Length: 6\r\n",
		"Content-Length: 5\r\nContent-Length: 5\r\n",
		"Transfer-Encoding: xchunked\r\n",
		"Transfer-Encoding: gzip, chunked\r\n",
		"Transfer-Encoding : chunked\r\n",
		"Content-Length : 5\r\n",
		"Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
	};
	for (size_t i = 0; i < sizeof framings / sizeof *framings; i++) {
		auto_buf struct km_buf request = KM_BUF_EMPTY;
		km_buf_add_format(&request, "%s%s%s", start, framings[i], rest);
		auto_reply struct http_reply reply = http_send(site->port, request.data, request.len);
		if (reply.status != 400 || count_replies(&reply) != 1 || !strstr(reply.bytes, "#framing"))
			fail_msg("%s%s", framings[i], reply.bytes);
		site_expect_header(&reply, "Connection", "close");
	}
	/* The twins. */
	static const char *const good[] = {"Content-Length: 5\r\n", "Transfer-Encoding: Chunked\r\n"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		auto_buf struct km_buf request = KM_BUF_EMPTY;
		km_buf_add_format(&request, "%s%s%s", start, good[i], rest);
		auto_reply struct http_reply reply = http_send(site->port, request.data, request.len);
		if (count_replies(&reply) != 2)
			fail_msg("%s%s", good[i], reply.bytes);
	}
}

static void long_addresses_and_headers_are_bounded(void **state)
{
	struct site *site = *state;
	char target[2050];
	memset(target, 'a', sizeof target);
	target[0] = '/';
	target[2048] = '\0';
	site_expect_status(site, target, 404);
	target[2048] = 'a';
	target[2049] = '\0';
	auto_reply struct http_reply reply = site_get(site, target);
	site_expect_problem(&reply, 414, "target-too-long");
	struct km_buf headers = KM_BUF_EMPTY;
	for (int i = 0; i < 3000; i++)
		km_buf_add_format(&headers, "X-%d: aaaaaaaaaaaaaaaaaaaa\r\n", i);
	auto_reply struct http_reply many = http_get(site->port, "GET", "/", headers.data);
	assert_true(many.status == 431 || many.status == 413 || many.status == 0);
	km_buf_free(&headers);
	it_is_alive_and_ready(state);
}

struct reader {
	const struct site *site;
	const char *target;
	int others; /* replies that were not 200 */
};

static void *read_on(void *context)
{
	struct reader *reader = context;
	for (int i = 0; i < 40; i++) {
		auto_reply struct http_reply reply = site_get(reader->site, reader->target);
		reader->others += reply.status != 200;
	}
	return NULL;
}

static void many_read_while_one_writes(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path page = site_path("/m/", number.text, ""), badge = site_path("/m/", number.text, ".svg");
	struct reader readers[6];
	pthread_t threads[6];
	for (size_t i = 0; i < 6; i++) {
		readers[i] = (struct reader){.site = site, .target = i % 3 == 0 ? page.text : i % 3 == 1 ? badge.text : "/?q="};
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	}
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	site_submit(site, DECIDER, "decision", scene_decision("reinstate", number.text, NULL), "id");
	for (size_t i = 0; i < 6; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(readers[i].others, 0);
	}
	site_expect_no_fault(site);
}

static void what_is_served_is_counted(void **state)
{
	struct site *site = *state;
	site_expect_status(site, "/healthz", 200);
	site_expect_status(site, "/absent", 404);
	site_expect_text(site, "/metrics", "", 200, "{method=\"GET\",route=\"/healthz\",status=\"2xx\"} 1");
	site_expect_text(site, "/metrics", "", 200, "{method=\"\",route=\"\",status=\"4xx\"} 1");
}

static void a_server_without_a_register_does_not_start(void **state)
{
	struct site *site = *state;
	struct km_server_options options = {
		.address = "127.0.0.1", .database = "absent.db", .keys = "keys", .signer = site->signer, .clock = &site->clock};
	struct km_server *server = NULL;
	struct km_problem problem = {0};
	uint16_t port = 0;
	assert_int_equal(km_server_start(&options, &server, &port, &problem), KM_ABSENT);
	assert_null(server);
	options.database = "register.db";
	options.address = "example.com";
	assert_problem(km_server_start(&options, &server, &port, &problem), &problem, KM_INVALID, "listen-address");
	options.address = "127.0.0.1";
	options.port = site->port;
	assert_problem(km_server_start(&options, &server, &port, &problem), &problem, KM_CONFLICT, "listen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SITE_TEST(it_is_alive_and_ready),
		KM_SITE_TEST(what_is_not_there_is_told_in_the_form_asked_for),
		KM_SITE_TEST(another_method_is_refused_with_those_allowed),
		KM_SITE_TEST(head_is_get_without_the_body),
		KM_SITE_TEST(options_lets_scripts_of_any_site_read),
		KM_SITE_TEST(what_the_client_has_is_not_sent_again),
		KM_SITE_TEST(a_page_is_compressed_for_those_who_ask),
		KM_SITE_TEST(a_page_speaks_the_readers_language),
		KM_SITE_TEST(every_reply_is_locked_down),
		KM_SITE_TEST(the_keys_that_sign_are_published),
		KM_SITE_TEST(the_type_of_a_problem_leads_to_a_page),
		KM_SITE_TEST(the_document_of_the_api_is_of_this_api),
		KM_SITE_TEST(a_submission_makes_a_mark_once),
		KM_SITE_TEST(a_submission_that_is_not_right_is_refused_with_its_reason),
		KM_SITE_TEST(a_body_is_bounded),
		KM_SITE_TEST(hostile_bytes_do_no_harm),
		KM_SITE_TEST(a_body_whose_end_can_be_read_in_two_ways_is_refused),
		KM_SITE_TEST(long_addresses_and_headers_are_bounded),
		KM_SITE_TEST(many_read_while_one_writes),
		KM_SITE_TEST(what_is_served_is_counted),
		KM_SITE_TEST(a_server_without_a_register_does_not_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
