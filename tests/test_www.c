#include "tests/site.h"

#include "badge/verify.h"
#include "base/buf.h"
#include "base/encode.h"
#include "keys/jws.h"
#include "keys/keyset.h"
#include "registry/number.h"

#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

static const char browser[] = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
static const char json[] = "Accept: application/json\r\n";

static struct http_reply get(const struct site *site, const char *target)
{
	return http_get(site->port, "GET", target, "");
}

static void expect_status(const struct site *site, const char *target, int status)
{
	auto_reply struct http_reply reply = get(site, target);
	if (reply.status != status)
		fail_msg("%s: expected %d, got: %s", target, status, reply.bytes);
}

/* The page or document at this target has this text. */
static void expect_text(const struct site *site, const char *target, const char *headers, int status, const char *text)
{
	auto_reply struct http_reply reply = http_get(site->port, "GET", target, headers);
	if (reply.status != status || !strstr(reply.body, text))
		fail_msg("%s: expected %d with \"%s\", got: %s", target, status, text, reply.bytes);
}

static void expect_header(const struct http_reply *reply, const char *name, const char *value)
{
	struct http_value found = http_header(reply, name);
	if (strcmp(found.text, value) != 0)
		fail_msg("%s: expected \"%s\", got \"%s\"", name, value, found.text);
}

static void expect_problem(const struct http_reply *reply, int status, const char *type)
{
	json_auto_t *document = json_loads(reply->body, 0, NULL);
	const char *uri = json_string_value(json_object_get(document, "type"));
	expect_header(reply, "Content-Type", "application/problem+json");
	if (reply->status != status || !uri || strcmp(strchr(uri, '#') + 1, type) != 0)
		fail_msg("expected %d %s, got: %s", status, type, reply->bytes);
	assert_int_equal(json_integer_value(json_object_get(document, "status")), status);
	assert_true(json_string_length(json_object_get(document, "detail")) > 10);
	assert_true(json_string_length(json_object_get(document, "title")) > 2);
}

static void expect_no_fault_of_ours(const struct site *site)
{
	if (strstr(site->log, "ours:"))
		fail_msg("%s", site->log);
}

struct path {
	char text[1024];
};

static struct path path_of(const char *start, const char *number, const char *end)
{
	struct path path;
	snprintf(path.text, sizeof path.text, "%s%s%s", start, number, end);
	return path;
}

static void it_is_alive_and_ready(void **state)
{
	struct site *site = *state;
	expect_text(site, "/healthz", "", 200, "ok");
	expect_text(site, "/readyz", "", 200, "ok");
}

static void what_is_not_there_is_told_in_the_form_asked_for(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply page = http_get(site->port, "GET", "/absent", browser);
	assert_int_equal(page.status, 404);
	expect_header(&page, "Content-Type", "text/html; charset=utf-8");
	assert_contains(page.body, "Deze pagina is er niet");
	auto_reply struct http_reply document = get(site, "/absent");
	expect_problem(&document, 404, "no-such-page");
	expect_header(&document, "Cache-Control", "no-store");
}

static void another_method_is_refused_with_those_allowed(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = http_get(site->port, "DELETE", "/healthz", "");
	expect_problem(&reply, 405, "method-not-allowed");
	expect_header(&reply, "Allow", "GET, HEAD, OPTIONS");
	auto_reply struct http_reply post = http_get(site->port, "GET", "/v1/submissions", "");
	expect_problem(&post, 405, "method-not-allowed");
	expect_header(&post, "Allow", "POST, OPTIONS");
}

static void head_is_get_without_the_body(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply whole = http_get(site->port, "GET", "/", browser);
	auto_reply struct http_reply head = http_get(site->port, "HEAD", "/", browser);
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
	expect_header(&open, "Access-Control-Allow-Origin", "*");
	expect_header(&open, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
	auto_reply struct http_reply closed = http_get(site->port, "OPTIONS", "/v1/submissions", "");
	assert_int_equal(closed.status, 204);
	expect_header(&closed, "Access-Control-Allow-Origin", "");
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
	expect_header(&packed, "Content-Encoding", "gzip");
	expect_header(&plain, "Content-Encoding", "");
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
	expect_text(site, "/", "", 200, "<html lang=\"nl\">");
	expect_text(site, "/", "Accept-Language: en-GB,en;q=0.9,nl;q=0.5\r\n", 200, "<html lang=\"en\">");
	expect_text(site, "/?lang=en", "Accept-Language: nl\r\n", 200, "<html lang=\"en\">");
	expect_text(site, "/?lang=xx", "Accept-Language: en\r\n", 200, "<html lang=\"en\">");
	expect_text(site, "/?q=a%26b&lang=en", "", 200, "href=\"/?q=a%26b&amp;lang=nl\"");
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
		struct path path = path_of(start, place ? number.text : "", place ? place + 2 : "");
		auto_reply struct http_reply reply = http_get(site->port, "GET", path.text, browser);
		assert_contains(http_header(&reply, "Content-Security-Policy").text, "default-src 'none'");
		expect_header(&reply, "X-Content-Type-Options", "nosniff");
		expect_header(&reply, "Referrer-Policy", "no-referrer");
		expect_header(&reply, "Set-Cookie", "");
		expect_header(&reply, "Strict-Transport-Security", "max-age=31536000");
		assert_true(*http_header(&reply, "Cache-Control").text);
		assert_null(strstr(http_header(&reply, "Content-Security-Policy").text, "unsafe-eval"));
		assert_null(strstr(reply.body, " style=\""));
		assert_null(strstr(reply.body, " onclick="));
	}
}

static void the_keys_that_sign_are_published(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = get(site, "/.well-known/jwks.json");
	struct km_keyset set;
	struct km_problem problem = {0};
	assert_int_equal(reply.status, 200);
	assert_ok(km_keyset_parse(reply.body, reply.body_len, &set, &problem), &problem);
	assert_int_equal(set.len, KM_PURPOSES);
	struct path path = path_of("/keys/", set.entries[0].thumbprint, ".jwk");
	auto_reply struct http_reply one = get(site, path.text);
	json_auto_t *jwk = json_loads(one.body, 0, NULL);
	uint8_t public_key[KM_PUBLIC_BYTES];
	assert_ok(km_jwk_parse(jwk, public_key, &problem), &problem);
	assert_memory_equal(public_key, set.entries[0].public_key, sizeof public_key);
	expect_status(site, "/keys/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.jwk", 404);
	expect_text(site, "/.well-known/did.json", "", 200, "did:web:keurmerk.example");
	expect_text(site, "/did.json", "", 200, "did:web:keurmerk.example");
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
	expect_header(&first, "API-Version", "1.0.0");
	expect_header(&first, "Cache-Control", "no-store");
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
	expect_problem(&type, 415, "content-type");
	token[len - 10] = token[len - 10] == 'A' ? 'B' : 'A';
	auto_reply struct http_reply forged = http_post(site->port, "/v1/submissions", "application/jose", token, len);
	expect_problem(&forged, 401, "bad-signature");
	assert_true(*http_header(&forged, "WWW-Authenticate").text);
	auto_reply struct http_reply noise = http_post(site->port, "/v1/submissions", "application/jose", "a.b", 3);
	assert_int_equal(noise.status, 400);
	auto_reply struct http_reply nothing = http_post(site->port, "/v1/submissions", "application/jose", "", 0);
	assert_int_equal(nothing.status, 400);
	assert_contains(site->log, "theirs: /v1/submissions: refused: bad-signature");
	expect_no_fault_of_ours(site);
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
	expect_problem(&more, 413, "body-too-large");
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
	expect_problem(&chunked, 413, "body-too-large");
	km_buf_free(&pieces);
}

static void a_mark_is_found_under_any_spelling(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\", \"cloud\"]");
	char shown[KM_NUMBER_SHOWN], lower[KM_NUMBER_SHOWN];
	km_number_show(number.text, shown);
	for (size_t i = 0; i < sizeof shown; i++)
		lower[i] = (char)(shown[i] >= 'A' && shown[i] <= 'Z' ? shown[i] + 32 : shown[i]);
	expect_text(site, path_of("/m/", number.text, "").text, browser, 200, "Echt en geldig");
	expect_text(site, path_of("/m/", shown, "").text, browser, 200, "Test BV Donald");
	expect_text(site, path_of("/m/", lower, "").text, browser, 200, "68750110");
	expect_text(site, path_of("/M/", number.text, "").text, browser, 200, "Echt en geldig");
	expect_text(site, path_of("/m/", lower, "?lang=en").text, browser, 200, "Genuine and valid");
	expect_text(site, path_of("/m/", number.text, "").text, json, 200, "\"state\":\"active\"");
	expect_text(site, path_of("/m/", shown, ".json").text, "", 200, "\"state\":\"active\"");
	expect_text(site, path_of("/v1/marks/", shown, "").text, browser, 200, "\"state\":\"active\"");
	expect_text(site, path_of("/m/", lower, ".svg").text, "", 200, "<svg");
	expect_text(site, path_of("/m/", shown, ".qr.svg").text, "", 200, "<svg");
	auto_reply struct http_reply png = get(site, path_of("/m/", shown, ".qr.png").text);
	assert_int_equal(png.status, 200);
	assert_memory_equal(png.body, "\x89PNG", 4);
}

static void a_mistyped_number_is_told_from_an_unknown_one(void **state)
{
	struct site *site = *state;
	expect_text(site, "/m/7K3Q-9XM2-4HTX", browser, 404, "Dit is geen keurmerknummer");
	expect_text(site, "/m/7K3Q-9XM2-4HTX?lang=en", browser, 404, "at least one is wrong");
	expect_text(site, "/m/7K3Q-9XM2-4HTT", browser, 404, "staat niet in het register");
	auto_reply struct http_reply check = get(site, "/v1/marks/7K3Q9XM24HTX");
	expect_problem(&check, 404, "mark-number-check");
	auto_reply struct http_reply unknown = get(site, "/v1/marks/7K3Q9XM24HTT");
	expect_problem(&unknown, 404, "mark-unknown");
	auto_reply struct http_reply form = get(site, "/m/abc.json");
	expect_problem(&form, 404, "mark-number-form");
	expect_status(site, "/m/7K3Q9XM24HTT.svg", 404);
	expect_status(site, "/m/7K3Q9XM24HTT.jwt", 404);
	expect_status(site, "/m/7K3Q9XM24HTT/status.jwt", 404);
}

/* The payload of a compact JWS that is signed by a published key of this purpose. */
static json_t *signed_payload(const struct site *site, const char *target, enum km_purpose purpose)
{
	auto_reply struct http_reply reply = get(site, target), keys = get(site, "/.well-known/jwks.json");
	struct km_keyset set;
	struct km_problem problem = {0};
	if (reply.status != 200)
		fail_msg("%s: %s%s", target, reply.bytes, site->log);
	expect_header(&reply, "Access-Control-Allow-Origin", "*");
	assert_ok(km_keyset_parse(keys.body, keys.body_len, &set, &problem), &problem);
	auto_jws struct km_jws jws = {0};
	assert_ok(km_jws_parse(reply.body, reply.body_len, 1 << 20, &jws, &problem), &problem);
	for (size_t i = 0; i < set.len; i++)
		if (set.entries[i].purpose == purpose && km_jws_verify(&jws, set.entries[i].public_key))
			return json_loadb(jws.payload, jws.payload_len, 0, NULL);
	fail_msg("%s is signed by none of the published keys", target);
	return NULL;
}

static void credential_status_and_lists_are_signed(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	json_auto_t *credential = signed_payload(site, path_of("/m/", number.text, ".jwt").text, KM_PURPOSE_CREDENTIAL);
	assert_non_null(json_object_get(credential, "credentialSubject"));
	json_auto_t *status = signed_payload(site, path_of("/m/", number.text, "/status.jwt").text, KM_PURPOSE_STATUS);
	assert_string_equal(json_string_value(json_object_get(status, "state")), "active");
	json_auto_t *revocation = signed_payload(site, "/status/revocation/1", KM_PURPOSE_STATUS);
	assert_non_null(json_object_get(revocation, "credentialSubject"));
	json_auto_t *suspension = signed_payload(site, "/status/suspension/1", KM_PURPOSE_STATUS);
	assert_non_null(json_object_get(suspension, "credentialSubject"));
	expect_status(site, "/status/revocation/2", 404);
	expect_status(site, "/status/revocation/01", 404);
	expect_status(site, "/status/revocation/0", 404);
	expect_status(site, "/status/revocation/x", 404);
	expect_text(site, "/contexts/v1", "", 200, "@context");
}

static void expect_document(const struct http_reply *reply, const char *type)
{
	assert_int_equal(reply->status, 200);
	expect_header(reply, "Content-Type", type);
	expect_header(reply, "Access-Control-Allow-Origin", "*");
	json_auto_t *document = json_loadb(reply->body, reply->body_len, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(json_object_get(document, "proof"), "cryptosuite")),
	                    "eddsa-rdfc-2022");
}

static void the_credential_is_there_as_a_document_too(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct path page = path_of("/m/", number.text, "");
	auto_reply struct http_reply alone = get(site, path_of("/m/", number.text, ".json-ld").text);
	expect_document(&alone, "application/vc");
	expect_header(&alone, "Vary", "Accept-Encoding");
	auto_reply struct http_reply asked = http_get(site->port, "GET", page.text, "Accept: application/vc\r\n");
	expect_document(&asked, "application/vc");
	assert_string_equal(asked.body, alone.body);
	assert_contains(http_header(&asked, "Vary").text, "Accept");
	auto_reply struct http_reply older = http_get(site->port, "GET", page.text, "Accept: application/vc+ld+json\r\n");
	expect_document(&older, "application/vc+ld+json");
	expect_text(site, page.text, "Accept: application/json\r\n", 200, "\"state\":\"active\"");
	expect_text(site, page.text, browser, 200, "<html");
	expect_status(site, "/m/7K3Q9XM24HTT.json-ld", 404);
}

static void a_suspension_shows_at_once_and_everywhere(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct path badge = path_of("/m/", number.text, ".svg");
	auto_reply struct http_reply before = get(site, badge.text);
	site->now += 86400;
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	expect_text(site, path_of("/m/", number.text, "").text, browser, 200, "Geschorst: nu niet geldig");
	expect_text(site, path_of("/m/", number.text, "").text, browser, 200, "Uitleg.");
	expect_text(site, path_of("/m/", number.text, "?at=2026-11-24").text, browser, 200, "Was toen geldig");
	expect_text(site, path_of("/m/", number.text, ".json?at=2026-11-24").text, "", 200, "\"state\":\"active\"");
	auto_reply struct http_reply after = get(site, badge.text);
	assert_int_equal(after.status, 200);
	assert_string_not_equal(http_header(&before, "ETag").text, http_header(&after, "ETag").text);
	assert_contains(after.body, "Geschorst");
	json_auto_t *status = signed_payload(site, path_of("/m/", number.text, "/status.jwt").text, KM_PURPOSE_STATUS);
	assert_string_equal(json_string_value(json_object_get(status, "state")), "suspended");
}

static void the_past_is_told_and_the_future_is_not(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	expect_status(site, path_of("/m/", number.text, ".json?at=2026-11-24").text, 200);
	auto_reply struct http_reply early = get(site, path_of("/m/", number.text, ".json?at=2026-11-23").text);
	expect_problem(&early, 404, "mark-not-yet");
	auto_reply struct http_reply late = get(site, path_of("/m/", number.text, ".json?at=2026-11-25").text);
	expect_problem(&late, 422, "date-to-come");
	auto_reply struct http_reply wrong = get(site, path_of("/m/", number.text, ".json?at=2026-02-30").text);
	expect_problem(&wrong, 400, "parameter");
}

static void nothing_is_kept_past_the_next_change(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct path badge = path_of("/m/", number.text, ".svg");
	auto_reply struct http_reply now = get(site, badge.text);
	expect_header(&now, "Cache-Control", "public, max-age=300, must-revalidate");
	expect_header(&now, "Cross-Origin-Resource-Policy", "cross-origin");
	struct km_mark *mark = scene_mark(&site->scene, number.text, site->now);
	int64_t next_change = mark->next_change;
	km_mark_free(mark);
	site->now = next_change - 7;
	auto_reply struct http_reply near = get(site, badge.text);
	expect_header(&near, "Cache-Control", "public, max-age=7, must-revalidate");
	auto_reply struct http_reply page = get(site, path_of("/m/", number.text, "").text);
	expect_header(&page, "Cache-Control", "public, max-age=7, must-revalidate");
}

static void a_search_finds_what_people_type(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	expect_text(site, "/?q=donald", browser, 200, "Test BV Donald");
	expect_text(site, "/?q=68750110", browser, 200, "Test BV Donald");
	expect_text(site, "/?q=katrien", browser, 200, "Niet gevonden in het register");
	expect_text(site, "/?q=7K3Q-9XM2-4HTX", browser, 200, "Dit is geen keurmerknummer");
	expect_text(site, "/?q=%3Cscript%3E", browser, 200, "value=\"&lt;script&gt;\"");
	auto_reply struct http_reply exact = http_get(site->port, "GET", path_of("/?q=", number.text, "").text, browser);
	assert_int_equal(exact.status, 303);
	expect_header(&exact, "Location", path_of("/m/", number.text, "").text);
	expect_text(site, "/schemes/mkb-ict", browser, 200, "Wat een bedrijf moet doen");
	expect_status(site, "/schemes/absent", 404);
}

static void a_report_comes_in_and_stays_private(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct path path = path_of("/report/", number.text, "");
	static const char form[] = "application/x-www-form-urlencoded";
	static const char body[] = "kind=complaint&text=Klopt+niet%0D%0Ahier&place=&contact=a%40b.example";
	expect_text(site, path.text, browser, 200, "Test BV Donald");
	auto_reply struct http_reply sent = http_post(site->port, path.text, form, body, sizeof body - 1);
	assert_int_equal(sent.status, 303);
	struct http_value location = http_header(&sent, "Location");
	assert_contains(location.text, "/report/thanks?reference=");
	expect_text(site, location.text, browser, 200, strchr(location.text, '=') + 1);
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
	auto_reply struct http_reply csv = get(site, "/register.csv");
	assert_int_equal(csv.status, 200);
	expect_header(&csv, "Access-Control-Allow-Origin", "*");
	char line[300];
	snprintf(line, sizeof line,
	         "\r\n%s,active,2026-11-24T17:02:37Z,Test BV Donald,68750110,Utrecht,,mkb-ict,1,,beheer cloud,"
	         "Instelling Een (voorbeeld),2026-11-24,2026-11-24,",
	         number.text);
	assert_contains(csv.body, line);
	auto_reply struct http_reply jsonl = get(site, "/register.jsonl");
	json_auto_t *row = json_loads(jsonl.body, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(row, "number")), number.text);
	assert_int_equal(json_array_size(json_object_get(row, "scope")), 2);
	/* The same bytes for a minute, and then what has changed. */
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	auto_reply struct http_reply same = get(site, "/register.csv");
	assert_string_equal(same.body, csv.body);
	assert_string_equal(http_header(&same, "ETag").text, http_header(&csv, "ETag").text);
	site->now += 60;
	expect_text(site, "/register.csv", "", 200, "suspended");
	expect_text(site, "/register.jsonl", "", 200, "\"state\":\"suspended\"");
}

static void feeds_tell_what_changed(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	auto_reply struct http_reply atom = get(site, "/feed.atom");
	expect_header(&atom, "Content-Type", "application/atom+xml; charset=utf-8");
	assert_contains(atom.body, "<title>Test BV Donald: Geschorst</title>");
	assert_contains(atom.body, "<summary>Uitleg.</summary>");
	assert_contains(atom.body, "<updated>2026-11-24T17:02:37Z</updated>");
	assert_true(strstr(atom.body, "Geschorst") < strstr(atom.body, "Toegekend"));
	expect_text(site, "/feed.atom?lang=en", "", 200, "<title>Test BV Donald: Suspended</title>");
	expect_text(site, path_of("/m/", number.text, ".atom").text, "", 200, "Toegekend");
	expect_status(site, "/m/7K3Q9XM24HTT.atom", 404);
	auto_reply struct http_reply feed = get(site, "/feed.json");
	json_auto_t *document = json_loads(feed.body, 0, NULL);
	const json_t *items = json_object_get(document, "items");
	assert_string_equal(json_string_value(json_object_get(document, "version")), "https://jsonfeed.org/version/1.1");
	assert_int_equal(json_array_size(items), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "content_text")), "Uitleg.");
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
	expect_text(site, "/check", browser, 200, "Controleer uw leveranciers");
	auto_reply struct http_reply page = post_list(site, list, "page");
	assert_int_equal(page.status, 200);
	expect_header(&page, "Cache-Control", "no-store");
	assert_contains(page.body, "&lt;i&gt;Test BV Donald");
	assert_contains(page.body, path_of("/m/", number.text, "").text);
	assert_contains(page.body, "Bedoelt u");
	auto_reply struct http_reply csv = post_list(site, list, "csv");
	expect_header(&csv, "Content-Type", "text/csv; charset=utf-8");
	expect_header(&csv, "Content-Disposition", "attachment; filename=\"keurmerk-2026-11-24.csv\"");
	assert_contains(csv.body, "4;\"'=1+1\";\"12345678\"");
	auto_reply struct http_reply file = post_list(site, list, "json");
	json_auto_t *document = json_loads(file.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(document, "results")), 3);
	auto_reply struct http_reply nothing = post_list(site, "", "page");
	assert_int_equal(nothing.status, 422);
	auto_reply struct http_reply broken = http_post(site->port, "/check", "multipart/form-data; boundary=b", "x", 1);
	expect_problem(&broken, 400, "multipart");
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
	auto_reply struct http_reply keys = get(site, "/.well-known/jwks.json");
	struct km_keyset trust;
	struct km_problem problem = {0};
	assert_ok(km_keyset_parse(keys.body, keys.body_len, &trust, &problem), &problem);
	const char *receipt = json_string_value(json_object_get(document, "receipt"));
	struct km_verdict verdict;
	km_verify(receipt, strlen(receipt), &trust, NULL, site->now + 5 * 365 * 86400, &verdict);
	assert_string_equal(verdict.reason, "receipt");
	assert_int_equal(verdict.outcome, KM_GENUINE);
	km_buf_add_text(&list, "Nog een;\n");
	auto_reply struct http_reply more = http_post(site->port, "/v1/checks", "text/csv", list.data, list.len);
	expect_problem(&more, 413, "list-too-long");
	km_buf_free(&list);
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
	expect_no_fault_of_ours(site);
}

static void long_addresses_and_headers_are_bounded(void **state)
{
	struct site *site = *state;
	char target[2050];
	memset(target, 'a', sizeof target);
	target[0] = '/';
	target[2048] = '\0';
	expect_status(site, target, 404);
	target[2048] = 'a';
	target[2049] = '\0';
	auto_reply struct http_reply reply = get(site, target);
	expect_problem(&reply, 414, "target-too-long");
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
		auto_reply struct http_reply reply = get(reader->site, reader->target);
		reader->others += reply.status != 200;
	}
	return NULL;
}

static void many_read_while_one_writes(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct path page = path_of("/m/", number.text, ""), badge = path_of("/m/", number.text, ".svg");
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
	expect_no_fault_of_ours(site);
}

static void what_is_served_is_counted(void **state)
{
	struct site *site = *state;
	expect_status(site, "/healthz", 200);
	expect_status(site, "/absent", 404);
	expect_text(site, "/metrics", "", 200, "{method=\"GET\",route=\"/healthz\",status=\"2xx\"} 1");
	expect_text(site, "/metrics", "", 200, "{method=\"\",route=\"\",status=\"4xx\"} 1");
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
		KM_SITE_TEST(a_submission_makes_a_mark_once),
		KM_SITE_TEST(a_submission_that_is_not_right_is_refused_with_its_reason),
		KM_SITE_TEST(a_body_is_bounded),
		KM_SITE_TEST(a_mark_is_found_under_any_spelling),
		KM_SITE_TEST(a_mistyped_number_is_told_from_an_unknown_one),
		KM_SITE_TEST(credential_status_and_lists_are_signed),
		KM_SITE_TEST(the_credential_is_there_as_a_document_too),
		KM_SITE_TEST(a_suspension_shows_at_once_and_everywhere),
		KM_SITE_TEST(the_past_is_told_and_the_future_is_not),
		KM_SITE_TEST(nothing_is_kept_past_the_next_change),
		KM_SITE_TEST(a_search_finds_what_people_type),
		KM_SITE_TEST(a_report_comes_in_and_stays_private),
		KM_SITE_TEST(the_register_is_open_data),
		KM_SITE_TEST(feeds_tell_what_changed),
		KM_SITE_TEST(a_list_of_suppliers_is_checked),
		KM_SITE_TEST(what_goes_along_in_the_page_gives_the_same_answers),
		KM_SITE_TEST(ten_thousand_suppliers_fit_in_one_receipt),
		KM_SITE_TEST(hostile_bytes_do_no_harm),
		KM_SITE_TEST(long_addresses_and_headers_are_bounded),
		KM_SITE_TEST(many_read_while_one_writes),
		KM_SITE_TEST(what_is_served_is_counted),
		KM_SITE_TEST(a_server_without_a_register_does_not_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
