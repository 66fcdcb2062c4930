#include "tests/site.h"
#include "www/session.h"

#include "base/buf.h"
#include "base/json.h"
#include "keys/jwk.h"
#include "keys/jws.h"
#include "registry/person.h"

#include <stdlib.h>

#define OURS   "Origin: https://keurmerk.example\r\nSec-Fetch-Site: same-origin\r\n"
#define THEIRS "Origin: https://other.example\r\nSec-Fetch-Site: cross-site\r\n"

/* A header that brings the cookie of a session; "" where nobody is signed in. */
struct cookie {
	char line[200];
};

static struct http_reply post(const struct site *site, const char *target, const char *headers, const char *body)
{
	auto_buf struct km_buf request = KM_BUF_EMPTY;
	km_buf_add_format(&request,
	                  "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	                  "Content-Type: application/jose\r\nContent-Length: %zu\r\n%s\r\n%s",
	                  target, strlen(body), headers, body);
	return http_send(site->port, request.data, request.len);
}

static void name_key(const struct km_key *key, char ret_kid[static KM_THUMBPRINT_TEXT])
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	km_key_public(key, public_key);
	km_jwk_thumbprint(public_key, ret_kid);
}

/* A sign-in; what is NULL is as it should be. */
struct sign_in {
	const char *typ, *aud, *challenge;
	int64_t later_s;
	const struct km_key *other; /* signs in place of the one that is named */
};

static char *get_challenge(const struct site *site)
{
	auto_reply struct http_reply reply = http_get(site->port, "GET", "/console/api/challenge", OURS);
	json_auto_t *answer = json_loads(reply.body, 0, NULL);
	assert_int_equal(reply.status, 200);
	assert_string_equal(json_string_value(json_object_get(answer, "aud")), "https://keurmerk.example");
	return strdup(json_string_value(json_object_get(answer, "challenge")));
}

static char *sign(const struct site *site, enum scene_person who, const struct sign_in *how)
{
	char kid[KM_THUMBPRINT_TEXT];
	struct km_problem problem;
	auto_free char *challenge = how->challenge ? strdup(how->challenge) : get_challenge(site);
	name_key(site->scene.keys[who], kid);
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", how->typ ? how->typ : "keurmerk-session+jwt", "kid", kid);
	json_auto_t *claims = json_pack("{s:s, s:I, s:s}", "aud", how->aud ? how->aud : "https://keurmerk.example", "iat",
	                                (json_int_t)(site->now + how->later_s), "challenge", challenge);
	auto_free char *payload = km_json_text(claims);
	char *token = NULL;
	assert_ok(km_jws_sign(how->other ? how->other : site->scene.keys[who], header, payload, strlen(payload), &token,
	                      &problem),
	          &problem);
	return token;
}

static struct http_reply try_sign_in(const struct site *site, enum scene_person who, const struct sign_in *how)
{
	auto_free char *token = sign(site, who, how);
	return post(site, "/console/api/session", OURS, token);
}

static struct cookie sign_in(const struct site *site, enum scene_person who)
{
	auto_reply struct http_reply reply = try_sign_in(site, who, &(struct sign_in){0});
	if (reply.status != 200)
		fail_msg("%s", reply.bytes);
	struct http_value set = http_header(&reply, "Set-Cookie");
	struct cookie cookie;
	snprintf(cookie.line, sizeof cookie.line, "%sCookie: %.*s\r\n", OURS, (int)strcspn(set.text, ";"), set.text);
	return cookie;
}

static void expect(const struct site *site, const char *target, const struct cookie *cookie, int status,
                   const char *text)
{
	auto_reply struct http_reply reply = http_get(site->port, "GET", target, cookie->line);
	if (reply.status != status || !strstr(reply.body, text))
		fail_msg("%s: expected %d with \"%s\", got: %s", target, status, text, reply.bytes);
}

static void a_signed_challenge_opens_a_session_for_reading(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = try_sign_in(site, AUDITOR, &(struct sign_in){0});
	assert_int_equal(reply.status, 200);
	struct http_value set = http_header(&reply, "Set-Cookie");
	assert_contains(set.text, "__Host-keurmerk=");
	assert_contains(set.text, "; Path=/; Max-Age=900; HttpOnly; SameSite=Strict; Secure");
	site_expect_header(&reply, "Cache-Control", "no-store");
	struct cookie cookie = sign_in(site, AUDITOR);
	expect(site, "/console/api/me", &cookie, 200, "Instelling Een (voorbeeld)");
	site_expect_no_fault(site);
}

static void a_challenge_counts_once(void **state)
{
	struct site *site = *state;
	auto_free char *token = sign(site, AUDITOR, &(struct sign_in){0});
	auto_reply struct http_reply first = post(site, "/console/api/session", OURS, token);
	auto_reply struct http_reply again = post(site, "/console/api/session", OURS, token);
	assert_int_equal(first.status, 200);
	site_expect_problem(&again, 401, "challenge");
}

static void a_challenge_does_not_wait(void **state)
{
	struct site *site = *state;
	auto_free char *challenge = get_challenge(site);
	site->now += KM_CHALLENGE_TTL_S;
	auto_reply struct http_reply in_time = try_sign_in(site, AUDITOR, &(struct sign_in){.challenge = challenge});
	assert_int_equal(in_time.status, 200);
	auto_free char *other = get_challenge(site);
	site->now += KM_CHALLENGE_TTL_S + 1;
	auto_reply struct http_reply late = try_sign_in(site, AUDITOR, &(struct sign_in){.challenge = other});
	site_expect_problem(&late, 401, "challenge");
}

static void a_sign_in_that_is_not_right_is_refused(void **state)
{
	struct site *site = *state;
	const struct {
		struct sign_in how;
		int status;
		const char *type;
	} cases[] = {
		{{.typ = "keurmerk-submission+jwt"}, 400, "typ"},
		{{.aud = "https://other.example"}, 401, "audience-mismatch"},
		{{.challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, 401, "challenge"},
		{{.later_s = -121}, 401, "iat-stale"},
		{{.later_s = 61}, 401, "iat-future"},
		{{.other = site->scene.keys[DECIDER]}, 401, "bad-signature"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		auto_reply struct http_reply reply = try_sign_in(site, AUDITOR, &cases[i].how);
		site_expect_problem(&reply, cases[i].status, cases[i].type);
		site_expect_header(&reply, "Set-Cookie", "");
	}
}

static void another_site_neither_signs_in_nor_reads(void **state)
{
	struct site *site = *state;
	auto_free char *token = sign(site, AUDITOR, &(struct sign_in){0});
	static const char *const foreign[] = {THEIRS,
	                                      "",
	                                      "Origin: null\r\n",
	                                      "Sec-Fetch-Site: same-origin\r\n",
	                                      "Origin: https://keurmerk.example.evil\r\n",
	                                      "Origin: https://keurmerk.example\r\nSec-Fetch-Site: same-site\r\n"};
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		auto_reply struct http_reply reply = post(site, "/console/api/session", foreign[i], token);
		site_expect_problem(&reply, 403, "other-site");
		auto_reply struct http_reply end = post(site, "/console/api/session/end", foreign[i], "");
		site_expect_problem(&end, 403, "other-site");
	}
	struct cookie cookie = sign_in(site, AUDITOR), stolen = {""};
	snprintf(stolen.line, sizeof stolen.line, "%s%s", THEIRS, strstr(cookie.line, "Cookie:"));
	expect(site, "/console/api/audits", &stolen, 403, "other-site");
	expect(site, "/console/api/audits", &cookie, 200, "[]");
}

static void a_session_ends_in_time_by_signing_out_and_with_its_key(void **state)
{
	struct site *site = *state;
	struct cookie cookie = sign_in(site, AUDITOR), none = {OURS}, wrong;
	expect(site, "/console/api/me", &none, 401, "#session");
	snprintf(wrong.line, sizeof wrong.line, "%sCookie: __Host-keurmerk=%s\r\n", OURS,
	         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	expect(site, "/console/api/me", &wrong, 401, "#session");
	site->now += KM_SESSION_TTL_S;
	expect(site, "/console/api/me", &cookie, 200, "een");
	site->now++;
	expect(site, "/console/api/me", &cookie, 401, "#session");

	cookie = sign_in(site, AUDITOR);
	auto_reply struct http_reply end = post(site, "/console/api/session/end", cookie.line, "");
	assert_int_equal(end.status, 200);
	assert_contains(http_header(&end, "Set-Cookie").text, "__Host-keurmerk=; Path=/; Max-Age=0");
	expect(site, "/console/api/me", &cookie, 401, "#session");

	cookie = sign_in(site, AUDITOR);
	char kid[KM_THUMBPRINT_TEXT];
	struct km_problem problem;
	name_key(site->scene.keys[AUDITOR], kid);
	assert_ok(km_store_begin(site->scene.store, &problem), &problem);
	assert_ok(km_person_revoke_key(site->scene.store, kid, site->now, site->now, &problem), &problem);
	assert_ok(km_store_commit(site->scene.store, &problem), &problem);
	expect(site, "/console/api/me", &cookie, 401, "#revoked-key");
	auto_reply struct http_reply again = try_sign_in(site, AUDITOR, &(struct sign_in){0});
	site_expect_problem(&again, 401, "revoked-key");
}

static void nobody_pushes_others_out(void **state)
{
	struct site *site = *state;
	struct cookie quiet = sign_in(site, DECIDER), first = sign_in(site, AUDITOR), last = first;
	for (int i = 0; i < KM_SESSIONS_OF_KEY_MAX; i++) {
		site->now++;
		last = sign_in(site, AUDITOR);
	}
	expect(site, "/console/api/me", &first, 401, "#session");
	expect(site, "/console/api/me", &last, 200, "een");
	expect(site, "/console/api/me", &quiet, 200, "een");
}

/* Every address that takes a POST, with the cookie and without a signature. */
static void a_stolen_cookie_changes_nothing(void **state)
{
	struct site *site = *state;
	struct cookie cookie = sign_in(site, DECIDER);
	json_auto_t *audit = scene_audit(&site->scene, "initial", "[\"beheer\"]");
	auto_free char *unsigned_audit = km_json_text(audit);
	static const char none[] = "eyJhbGciOiJub25lIn0.e30.";
	const char *const bodies[] = {unsigned_audit, none, ""};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		auto_reply struct http_reply reply = post(site, "/v1/submissions", cookie.line, bodies[i]);
		assert_in_range(reply.status, 400, 401);
		auto_reply struct http_reply enrolled = post(site, "/v1/enrolments", cookie.line, bodies[i]);
		assert_in_range(enrolled.status, 400, 401);
	}
	expect(site, "/console/api/audits", &cookie, 200, "[]");
	/* The session's own signature is none for anything else. */
	auto_free char *sign_in_token = sign(site, DECIDER, &(struct sign_in){0});
	auto_reply struct http_reply reply = post(site, "/v1/submissions", cookie.line, sign_in_token);
	site_expect_problem(&reply, 400, "typ");
}

static void a_body_reads_its_own_files_only(void **state)
{
	struct site *site = *state;
	struct site_text audit =
		site_submit(site, AUDITOR, "audit", scene_audit(&site->scene, "initial", "[\"beheer\"]"), "id");
	struct site_text number = site_submit(site, DECIDER, "decision", scene_decision("grant", NULL, audit.text), "mark");
	struct cookie own = sign_in(site, DECIDER), other = sign_in(site, OTHER_DECIDER);
	struct site_path one = site_path("/console/api/audits/", audit.text, ""),
					 mark = site_path("/console/api/marks/", number.text, "");
	expect(site, one.text, &own, 200, "\"criterion\"");
	expect(site, one.text, &other, 404, "#unknown-audit");
	expect(site, mark.text, &own, 200, "\"decisions\":[{");
	expect(site, mark.text, &other, 403, "#other-body");
	expect(site, "/console/api/marks", &own, 200, number.text);
	expect(site, "/console/api/marks", &other, 200, "{\"marks\":[],\"more\":false}");
	expect(site, "/console/api/providers/" SCENE_KVK, &other, 200, "\"marks\":[],\"audits\":[]");
	expect(site, "/console/api/cases", &other, 200, "[]");
	expect(site, "/console/api/reports", &other, 200, "[]");
	expect(site, "/console/api/due", &other, 200, "[]");
	site_expect_no_fault(site);
}

static void the_page_may_ask_this_site_only(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply reply = http_get(site->port, "GET", "/console/enrol", SITE_BROWSER);
	assert_int_equal(reply.status, 200);
	struct http_value policy = http_header(&reply, "Content-Security-Policy");
	assert_contains(policy.text, "default-src 'none'; style-src 'self'; script-src 'self'; ");
	assert_contains(policy.text, "connect-src 'self'; ");
	assert_contains(policy.text, "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; ");
	assert_contains(policy.text, "require-trusted-types-for 'script'");
	assert_null(strstr(policy.text, "unsafe"));
	assert_contains(reply.body, "<script type=\"module\" src=\"/static/main.");
}

/* Whatever a script imports is there, at the address that it names. */
static void scripts_import_by_address(void **state)
{
	struct site *site = *state;
	auto_reply struct http_reply page = http_get(site->port, "GET", "/console", SITE_BROWSER);
	char address[100];
	assert_int_equal(sscanf(strstr(page.body, "src=\"/static/main."), "src=\"%99[^\"]", address), 1);
	auto_reply struct http_reply script = site_get(site, address);
	site_expect_header(&script, "Content-Type", "text/javascript; charset=utf-8");
	int imports = 0;
	for (const char *at = script.body; (at = strstr(at, " from '")); at++) {
		assert_int_equal(sscanf(at, " from '%99[^']", address), 1);
		assert_memory_equal(address, "/static/", 8);
		site_expect_status(site, address, 200);
		imports++;
	}
	assert_true(imports > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SITE_TEST(a_signed_challenge_opens_a_session_for_reading),
		KM_SITE_TEST(a_challenge_counts_once),
		KM_SITE_TEST(a_challenge_does_not_wait),
		KM_SITE_TEST(a_sign_in_that_is_not_right_is_refused),
		KM_SITE_TEST(another_site_neither_signs_in_nor_reads),
		KM_SITE_TEST(a_session_ends_in_time_by_signing_out_and_with_its_key),
		KM_SITE_TEST(nobody_pushes_others_out),
		KM_SITE_TEST(a_stolen_cookie_changes_nothing),
		KM_SITE_TEST(a_body_reads_its_own_files_only),
		KM_SITE_TEST(the_page_may_ask_this_site_only),
		KM_SITE_TEST(scripts_import_by_address),
	};
	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
