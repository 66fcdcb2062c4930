#include "tests/site.h"
#include "www/ready.h"

#include "keys/jws.h"
#include "keys/keyset.h"
#include "registry/number.h"

#include <stdlib.h>

static void a_mark_is_found_under_any_spelling(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\", \"cloud\"]");
	char shown[KM_NUMBER_SHOWN], lower[KM_NUMBER_SHOWN];
	km_number_show(number.text, shown);
	for (size_t i = 0; i < sizeof shown; i++)
		lower[i] = (char)(shown[i] >= 'A' && shown[i] <= 'Z' ? shown[i] + 32 : shown[i]);
	site_expect_text(site, site_path("/m/", number.text, "").text, SITE_BROWSER, 200, "Echt en geldig");
	site_expect_text(site, site_path("/m/", shown, "").text, SITE_BROWSER, 200, "Test BV Donald");
	site_expect_text(site, site_path("/m/", lower, "").text, SITE_BROWSER, 200, "68750110");
	site_expect_text(site, site_path("/M/", number.text, "").text, SITE_BROWSER, 200, "Echt en geldig");
	site_expect_text(site, site_path("/m/", lower, "?lang=en").text, SITE_BROWSER, 200, "Genuine and valid");
	site_expect_text(site, site_path("/m/", number.text, "").text, SITE_JSON, 200, "\"state\":\"active\"");
	site_expect_text(site, site_path("/m/", shown, ".json").text, "", 200, "\"state\":\"active\"");
	site_expect_text(site, site_path("/v1/marks/", shown, "").text, SITE_BROWSER, 200, "\"state\":\"active\"");
	site_expect_text(site, site_path("/m/", lower, ".svg").text, "", 200, "<svg");
	site_expect_text(site, site_path("/m/", shown, ".qr.svg").text, "", 200, "<svg");
	auto_reply struct http_reply png = site_get(site, site_path("/m/", shown, ".qr.png").text);
	assert_int_equal(png.status, 200);
	assert_memory_equal(png.body, "\x89PNG", 4);
}

static void a_mistyped_number_is_told_from_an_unknown_one(void **state)
{
	struct site *site = *state;
	site_expect_text(site, "/m/7K3Q-9XM2-4HTX", SITE_BROWSER, 404, "Dit is geen keurmerknummer");
	site_expect_text(site, "/m/7K3Q-9XM2-4HTX?lang=en", SITE_BROWSER, 404, "at least one is wrong");
	site_expect_text(site, "/m/7K3Q-9XM2-4HTT", SITE_BROWSER, 404, "staat niet in het register");
	auto_reply struct http_reply check = site_get(site, "/v1/marks/7K3Q9XM24HTX");
	site_expect_problem(&check, 404, "mark-number-check");
	auto_reply struct http_reply unknown = site_get(site, "/v1/marks/7K3Q9XM24HTT");
	site_expect_problem(&unknown, 404, "mark-unknown");
	auto_reply struct http_reply form = site_get(site, "/m/abc.json");
	site_expect_problem(&form, 404, "mark-number-form");
	site_expect_status(site, "/m/7K3Q9XM24HTT.svg", 404);
	site_expect_status(site, "/m/7K3Q9XM24HTT.jwt", 404);
	site_expect_status(site, "/m/7K3Q9XM24HTT/status.jwt", 404);
}

/* The payload of a compact JWS that is signed by a published key of this purpose. */
static json_t *signed_payload(const struct site *site, const char *target, enum km_purpose purpose)
{
	auto_reply struct http_reply reply = site_get(site, target), keys = site_get(site, "/.well-known/jwks.json");
	struct km_keyset set;
	struct km_problem problem = {0};
	if (reply.status != 200)
		fail_msg("%s: %s%s", target, reply.bytes, site->log);
	site_expect_header(&reply, "Access-Control-Allow-Origin", "*");
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
	json_auto_t *credential = signed_payload(site, site_path("/m/", number.text, ".jwt").text, KM_PURPOSE_CREDENTIAL);
	assert_non_null(json_object_get(credential, "credentialSubject"));
	json_auto_t *status = signed_payload(site, site_path("/m/", number.text, "/status.jwt").text, KM_PURPOSE_STATUS);
	assert_string_equal(json_string_value(json_object_get(status, "state")), "active");
	json_auto_t *revocation = signed_payload(site, "/status/revocation/1", KM_PURPOSE_STATUS);
	assert_non_null(json_object_get(revocation, "credentialSubject"));
	json_auto_t *suspension = signed_payload(site, "/status/suspension/1", KM_PURPOSE_STATUS);
	assert_non_null(json_object_get(suspension, "credentialSubject"));
	site_expect_status(site, "/status/revocation/2", 404);
	site_expect_status(site, "/status/revocation/01", 404);
	site_expect_status(site, "/status/revocation/0", 404);
	site_expect_status(site, "/status/revocation/x", 404);
	site_expect_text(site, "/contexts/v1", "", 200, "@context");
}

static void expect_document(const struct http_reply *reply, const char *type)
{
	assert_int_equal(reply->status, 200);
	site_expect_header(reply, "Content-Type", type);
	site_expect_header(reply, "Access-Control-Allow-Origin", "*");
	json_auto_t *document = json_loadb(reply->body, reply->body_len, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(json_object_get(document, "proof"), "cryptosuite")),
	                    "eddsa-rdfc-2022");
}

static void the_credential_is_there_as_a_document_too(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path page = site_path("/m/", number.text, "");
	auto_reply struct http_reply alone = site_get(site, site_path("/m/", number.text, ".json-ld").text);
	expect_document(&alone, "application/vc");
	site_expect_header(&alone, "Vary", "Accept-Encoding");
	auto_reply struct http_reply asked = http_get(site->port, "GET", page.text, "Accept: application/vc\r\n");
	expect_document(&asked, "application/vc");
	assert_string_equal(asked.body, alone.body);
	assert_contains(http_header(&asked, "Vary").text, "Accept");
	auto_reply struct http_reply older = http_get(site->port, "GET", page.text, "Accept: application/vc+ld+json\r\n");
	expect_document(&older, "application/vc+ld+json");
	site_expect_text(site, page.text, "Accept: application/json\r\n", 200, "\"state\":\"active\"");
	site_expect_text(site, page.text, SITE_BROWSER, 200, "<html");
	site_expect_status(site, "/m/7K3Q9XM24HTT.json-ld", 404);
}

static void a_suspension_shows_at_once_and_everywhere(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path badge = site_path("/m/", number.text, ".svg");
	auto_reply struct http_reply before = site_get(site, badge.text);
	site->now += 86400;
	site_submit(site, DECIDER, "decision", scene_decision("suspend", number.text, NULL), "id");
	site_expect_text(site, site_path("/m/", number.text, "").text, SITE_BROWSER, 200, "Geschorst: nu niet geldig");
	site_expect_text(site, site_path("/m/", number.text, "").text, SITE_BROWSER, 200, "Uitleg.");
	site_expect_text(site, site_path("/m/", number.text, "?at=2026-11-24").text, SITE_BROWSER, 200, "Was toen geldig");
	site_expect_text(site, site_path("/m/", number.text, ".json?at=2026-11-24").text, "", 200, "\"state\":\"active\"");
	auto_reply struct http_reply after = site_get(site, badge.text);
	assert_int_equal(after.status, 200);
	assert_string_not_equal(http_header(&before, "ETag").text, http_header(&after, "ETag").text);
	assert_contains(after.body, "Geschorst");
	json_auto_t *status = signed_payload(site, site_path("/m/", number.text, "/status.jwt").text, KM_PURPOSE_STATUS);
	assert_string_equal(json_string_value(json_object_get(status, "state")), "suspended");
}

static void the_past_is_told_and_the_future_is_not(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	site_expect_status(site, site_path("/m/", number.text, ".json?at=2026-11-24").text, 200);
	auto_reply struct http_reply early = site_get(site, site_path("/m/", number.text, ".json?at=2026-11-23").text);
	site_expect_problem(&early, 404, "mark-not-yet");
	auto_reply struct http_reply late = site_get(site, site_path("/m/", number.text, ".json?at=2026-11-25").text);
	site_expect_problem(&late, 422, "date-to-come");
	auto_reply struct http_reply wrong = site_get(site, site_path("/m/", number.text, ".json?at=2026-02-30").text);
	site_expect_problem(&wrong, 400, "parameter");
}

static void nothing_is_kept_past_the_next_change(void **state)
{
	struct site *site = *state;
	struct site_text number = site_grant(site, "[\"beheer\"]");
	struct site_path badge = site_path("/m/", number.text, ".svg");
	auto_reply struct http_reply now = site_get(site, badge.text);
	site_expect_header(&now, "Cache-Control", "public, max-age=300, must-revalidate");
	site_expect_header(&now, "Cross-Origin-Resource-Policy", "cross-origin");
	struct km_mark *mark = scene_mark(&site->scene, number.text, site->now);
	int64_t next_change = mark->next_change;
	km_mark_free(mark);
	site->now = next_change - KM_READY_S - 7;
	auto_reply struct http_reply near = site_get(site, badge.text);
	site_expect_header(&near, "Cache-Control", "public, max-age=7, must-revalidate");
	auto_reply struct http_reply page = site_get(site, site_path("/m/", number.text, "").text);
	site_expect_header(&page, "Cache-Control", "public, max-age=7, must-revalidate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SITE_TEST(a_mark_is_found_under_any_spelling),
		KM_SITE_TEST(a_mistyped_number_is_told_from_an_unknown_one),
		KM_SITE_TEST(credential_status_and_lists_are_signed),
		KM_SITE_TEST(the_credential_is_there_as_a_document_too),
		KM_SITE_TEST(a_suspension_shows_at_once_and_everywhere),
		KM_SITE_TEST(the_past_is_told_and_the_future_is_not),
		KM_SITE_TEST(nothing_is_kept_past_the_next_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
