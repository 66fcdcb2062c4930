#include "tests/test.h"

#include "base/json.h"
#include "keys/key.h"
#include "keys/keyset.h"
#include "keys/multikey.h"

#include <stdlib.h>

#define X          "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define THUMBPRINT "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define KEY(more)  "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"" more "}"
#define OTHER                                                                                                          \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw\","                      \
	"\"keurmerk:purpose\":\"log\",\"keurmerk:nbf\":5}"
#define REVOKED(keys, revoked)                                                                                         \
	"{\"keurmerk:registry\":\"https://keurmerk.example\",\"keys\":[" keys "],\"keurmerk:revoked\":[" revoked "]}"
#define SET(keys) "{\"keurmerk:registry\":\"https://keurmerk.example\",\"keys\":[" keys "]}"

static struct km_keyset_entry entry(uint8_t number, enum km_purpose purpose)
{
	struct km_keyset_entry made = {.purpose = purpose, .not_before = 1700000000};
	uint8_t seed[32] = {number};
	struct km_key *key = NULL;
	assert_int_equal(km_key_from_seed(seed, &key, NULL), KM_OK);
	km_key_public(key, made.public_key);
	km_jwk_thumbprint(made.public_key, made.thumbprint);
	km_key_free(key);
	return made;
}

static struct km_keyset sample(void)
{
	struct km_keyset set = {.url = "https://keurmerk.example", .len = KM_PURPOSES + 2};
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++)
		set.entries[purpose] = entry((uint8_t)purpose, purpose);
	set.entries[KM_PURPOSES] = entry(100, KM_PURPOSE_CREDENTIAL);
	set.entries[KM_PURPOSES].not_after = 1750000000;
	set.entries[KM_PURPOSES + 1] = entry(101, KM_PURPOSE_STATUS);
	set.entries[KM_PURPOSES + 1].revoked_at = 1740000000;
	return set;
}

static enum km_error parse(const char *json, struct km_keyset *set, struct km_problem *problem)
{
	return km_keyset_parse(json, strlen(json), set, problem);
}

static void a_published_set_is_read_back(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_keyset set = sample(), again = {.len = 0};
	json_auto_t *jwks = km_keyset_jwks(&set);
	char *text = km_json_text(jwks);
	assert_non_null(text);
	assert_ok(parse(text, &again, &problem), &problem);
	free(text);
	assert_string_equal(again.url, set.url);
	assert_int_equal(again.len, set.len);
	for (size_t i = 0; i < set.len; i++) {
		const struct km_keyset_entry *found = km_keyset_find(&again, set.entries[i].thumbprint);
		assert_ptr_equal(found, &again.entries[i]);
		assert_memory_equal(found->public_key, set.entries[i].public_key, KM_PUBLIC_BYTES);
		assert_int_equal(found->purpose, set.entries[i].purpose);
		assert_int_equal(found->not_before, set.entries[i].not_before);
		assert_int_equal(found->not_after, set.entries[i].not_after);
		assert_int_equal(found->revoked_at, set.entries[i].revoked_at);
	}
	assert_null(km_keyset_find(&again, THUMBPRINT));
	assert_null(km_keyset_find(&again, ""));
}

static void a_set_says_what_each_key_is_for(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_keyset set = {.len = 0};
	assert_ok(parse(SET(KEY(",\"keurmerk:purpose\":\"log\",\"keurmerk:nbf\":5")), &set, &problem), &problem);
	assert_int_equal(set.len, 1);
	assert_int_equal(set.entries[0].purpose, KM_PURPOSE_LOG);
	assert_int_equal(set.entries[0].not_before, 5);
	assert_int_equal(set.entries[0].not_after, 0);
	assert_int_equal(set.entries[0].revoked_at, 0);
	assert_string_equal(set.entries[0].thumbprint, THUMBPRINT);
}

static void a_revoked_key_is_not_among_the_good_ones(void **state)
{
	(void)state;
	struct km_keyset set = sample();
	json_auto_t *jwks = km_keyset_jwks(&set);
	const json_t *keys = json_object_get(jwks, "keys"), *revoked = json_object_get(jwks, "keurmerk:revoked");
	const char *bad = set.entries[KM_PURPOSES + 1].thumbprint;
	assert_int_equal(json_array_size(keys), set.len - 1);
	for (size_t i = 0; i < json_array_size(keys); i++)
		assert_string_not_equal(json_string_value(json_object_get(json_array_get(keys, i), "kid")), bad);
	assert_int_equal(json_array_size(revoked), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(revoked, 0), "kid")), bad);
	struct km_problem problem = {0};
	assert_ok(parse(REVOKED(OTHER, KEY(",\"keurmerk:purpose\":\"log\",\"keurmerk:nbf\":5,\"keurmerk:revoked\":9")),
	                &set, &problem),
	          &problem);
	assert_int_equal(set.len, 2);
	assert_int_equal(set.entries[1].revoked_at, 9);
}

static void a_key_lives_from_next_to_retired(void **state)
{
	(void)state;
	struct km_keyset set = sample();
	struct km_keyset_entry *old = &set.entries[KM_PURPOSE_LOG], *new = &set.entries[set.len++];
	*new = entry(102, KM_PURPOSE_LOG);
	old->not_after = 1799999999;
	new->not_before = 1800000000;
	static const struct {
		int64_t at;
		enum km_key_state old, new;
	} moments[] = {
		{1699999999, KM_KEY_NEXT, KM_KEY_NEXT},
		{1700000000, KM_KEY_CURRENT, KM_KEY_NEXT},
		{1799999999, KM_KEY_CURRENT, KM_KEY_NEXT},
		{1800000000, KM_KEY_RETIRED, KM_KEY_CURRENT},
	};
	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
		int64_t at = moments[i].at;
		assert_int_equal(km_keyset_state(old, at), moments[i].old);
		assert_int_equal(km_keyset_state(new, at), moments[i].new);
		const struct km_keyset_entry *current = moments[i].old == KM_KEY_CURRENT   ? old
		                                        : moments[i].new == KM_KEY_CURRENT ? new
		                                                                           : NULL;
		assert_ptr_equal(km_keyset_current(&set, KM_PURPOSE_LOG, at), current);
		assert_ptr_equal(km_keyset_next(&set, KM_PURPOSE_LOG, at), moments[i].new == KM_KEY_NEXT ? new : NULL);
	}
	new->revoked_at = 1800000005; /* from any of these, and for ever */
	assert_int_equal(km_keyset_state(new, 1700000000), KM_KEY_REVOKED);
	assert_int_equal(km_keyset_state(new, 1900000000), KM_KEY_REVOKED);
	assert_null(km_keyset_current(&set, KM_PURPOSE_LOG, 1900000000));
	assert_string_equal(km_key_state_name(KM_KEY_NEXT), "next");
	assert_string_equal(km_key_state_name(KM_KEY_REVOKED), "revoked");
}

static void sets_that_are_not_whole_are_refused(void **state)
{
	(void)state;
#define GOOD ",\"keurmerk:purpose\":\"log\",\"keurmerk:nbf\":5"
	static const char *const texts[] = {
		"{}",
		"{\"keys\":[" KEY(GOOD) "]}",
		"{\"keurmerk:registry\":\"https://keurmerk.example\"}",
		"{\"keurmerk:registry\":\"https://keurmerk.example/\",\"keys\":[" KEY(GOOD) "]}",
		"{\"keurmerk:registry\":\"keurmerk.example\",\"keys\":[" KEY(GOOD) "]}",
		"{\"keurmerk:registry\":\"https://\",\"keys\":[" KEY(GOOD) "]}",
		SET(""),
		SET("5"),
		SET(KEY("")),
		SET(KEY(",\"keurmerk:nbf\":5")),
		SET(KEY(",\"keurmerk:purpose\":\"log\"")),
		SET(KEY(",\"keurmerk:purpose\":\"Log\",\"keurmerk:nbf\":5")),
		SET(KEY(",\"keurmerk:purpose\":\"\",\"keurmerk:nbf\":5")),
		SET(KEY(",\"keurmerk:purpose\":2,\"keurmerk:nbf\":5")),
		SET(KEY(",\"keurmerk:purpose\":\"log\",\"keurmerk:nbf\":\"5\"")),
		SET(KEY(",\"keurmerk:purpose\":\"log\",\"keurmerk:nbf\":-1")),
		SET(KEY(GOOD ",\"keurmerk:exp\":0")),
		SET(KEY(GOOD ",\"keurmerk:exp\":null")),
		SET(KEY(GOOD ",\"keurmerk:revoked\":true")),
		SET(KEY(GOOD ",\"keurmerk:revoked\":9")), /* and yet among those that are good */
		REVOKED(OTHER, KEY(GOOD)),
		REVOKED(OTHER, KEY(GOOD ",\"keurmerk:revoked\":0")),
		REVOKED(KEY(GOOD), KEY(GOOD ",\"keurmerk:revoked\":9")), /* twice */
		REVOKED("", KEY(GOOD ",\"keurmerk:revoked\":9")),
		REVOKED(OTHER, ""),
		SET(KEY(GOOD ",\"keurmerk:revoked\":9223372036854775807")),
		SET(KEY(GOOD ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"")),
		SET(KEY(GOOD) "," KEY(",\"keurmerk:purpose\":\"status\",\"keurmerk:nbf\":5")), /* one key, two purposes */
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct km_problem problem = {0};
		struct km_keyset set = {.len = 7};
		if (parse(texts[i], &set, &problem) != KM_INVALID)
			fail_msg("%s was taken", texts[i]);
		assert_int_equal(set.len, 7);
	}
	struct km_problem problem = {0};
	struct km_keyset set = {.len = 7};
	assert_problem(parse("[]", &set, &problem), &problem, KM_MALFORMED, "json");
}

static void a_set_holds_64_keys_and_no_more(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_keyset set = {.url = "https://keurmerk.example", .len = KM_KEYSET_MAX}, again = {.len = 0};
	for (size_t i = 0; i < KM_KEYSET_MAX; i++)
		set.entries[i] = entry((uint8_t)i, KM_PURPOSE_STATUS);
	json_auto_t *jwks = km_keyset_jwks(&set);
	char *text = km_json_text(jwks);
	assert_ok(parse(text, &again, &problem), &problem);
	assert_int_equal(again.len, KM_KEYSET_MAX);
	free(text);
	json_array_append_new(json_object_get(jwks, "keys"), json_object());
	text = km_json_text(jwks);
	assert_problem(parse(text, &again, &problem), &problem, KM_INVALID, "member");
	free(text);
}

static void the_did_document_lists_keys_that_speak_for_the_registry(void **state)
{
	(void)state;
	struct km_keyset set = sample();
	json_auto_t *document = km_keyset_did(&set);
	assert_string_equal(json_string_value(json_object_get(document, "id")), "did:web:keurmerk.example");
	json_t *methods = json_object_get(document, "verificationMethod");
	json_t *assertions = json_object_get(document, "assertionMethod");
	/* The revoked one is in neither; the log's key is a method and asserts nothing; those for credentials come twice.
	 */
	size_t twice = 0;
	for (size_t i = 0; i < set.len; i++)
		twice += set.entries[i].purpose == KM_PURPOSE_CREDENTIAL && !set.entries[i].revoked_at;
	assert_int_equal(json_array_size(methods), set.len - 1 + twice);
	assert_int_equal(json_array_size(assertions), set.len - 2 + twice);
	char id[128];
	snprintf(id, sizeof id, "did:web:keurmerk.example#%s", set.entries[0].thumbprint);
	json_t *first = json_array_get(methods, 0);
	assert_string_equal(json_string_value(json_object_get(first, "id")), id);
	assert_string_equal(json_string_value(json_object_get(first, "type")), "JsonWebKey");
	assert_string_equal(json_string_value(json_object_get(first, "controller")), "did:web:keurmerk.example");
	assert_string_equal(json_string_value(json_object_get(json_object_get(first, "publicKeyJwk"), "kid")),
	                    set.entries[0].thumbprint);
	assert_string_equal(json_string_value(json_array_get(assertions, 0)), id);
	char multikey[KM_MULTIKEY_TEXT];
	km_multikey_format(set.entries[0].public_key, multikey);
	snprintf(id, sizeof id, "did:web:keurmerk.example#%s", multikey);
	json_t *second = json_array_get(methods, 1);
	assert_string_equal(json_string_value(json_object_get(second, "id")), id);
	assert_string_equal(json_string_value(json_object_get(second, "type")), "Multikey");
	assert_string_equal(json_string_value(json_object_get(second, "controller")), "did:web:keurmerk.example");
	assert_string_equal(json_string_value(json_object_get(second, "publicKeyMultibase")), multikey);
	assert_string_equal(json_string_value(json_array_get(assertions, 1)), id);
	for (size_t i = 0; i < json_array_size(assertions); i++)
		assert_null(strstr(json_string_value(json_array_get(assertions, i)), set.entries[KM_PURPOSE_LOG].thumbprint));
}

static void addresses_become_did_web(void **state)
{
	(void)state;
	static const struct {
		const char *url, *did; /* NULL: refused */
	} pairs[] = {
		{"https://keurmerk.example", "did:web:keurmerk.example"},
		{"https://keurmerk.example:8443", "did:web:keurmerk.example%3A8443"},
		{"http://127.0.0.1:8080", "did:web:127.0.0.1%3A8080"},
		{"http://[::1]:8080", "did:web:%5B%3A%3A1%5D%3A8080"},
		{"https://keurmerk.example/", NULL},
		{"https://keurmerk.example/pad", NULL},
		{"https://a@keurmerk.example", NULL},
		{"https://keurmerk.example#x", NULL},
		{"https://", NULL},
		{"ftp://keurmerk.example", NULL},
		{"keurmerk.example", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct km_problem problem = {0};
		char did[256] = "untouched";
		if (pairs[i].did) {
			assert_ok(km_did_web(pairs[i].url, did, &problem), &problem);
			assert_string_equal(did, pairs[i].did);
			char url[256];
			assert_true(km_did_web_url(did, url));
			assert_string_equal(url, pairs[i].url);
		} else {
			assert_problem(km_did_web(pairs[i].url, did, &problem), &problem, KM_INVALID, "url");
			assert_string_equal(did, "untouched");
		}
	}
}

static void what_is_no_registry_s_did_stands_for_no_address(void **state)
{
	(void)state;
	static const char *const dids[] = {
		"did:web:keurmerk.example:path",   "did:web:",    "did:key:z6Mk", "",          "did:web:a%2Fb",
		"did:web:keurmerk.example%3a8443", "did:web:a b", "did:web:a%3",  "did:web:a%"};
	for (size_t i = 0; i < sizeof dids / sizeof *dids; i++) {
		char url[256] = "untouched";
		assert_false(km_did_web_url(dids[i], url));
		assert_string_equal(url, "untouched");
	}
}

static void a_did_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char url[300] = "https://", did[256];
	memset(url + 8, 'a', 247); /* 8 of "did:web:", 247 and a NUL: 256 */
	assert_ok(km_did_web(url, did, &problem), &problem);
	assert_int_equal(strlen(did), 255);
	url[8 + 247] = 'a';
	assert_problem(km_did_web(url, did, &problem), &problem, KM_INVALID, "url");
	memcpy(url + 8 + 245, ":1", 3);
	assert_problem(km_did_web(url, did, &problem), &problem, KM_INVALID, "url");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(a_published_set_is_read_back),
		KM_TEST(a_set_says_what_each_key_is_for),
		KM_TEST(a_revoked_key_is_not_among_the_good_ones),
		KM_TEST(a_key_lives_from_next_to_retired),
		KM_TEST(sets_that_are_not_whole_are_refused),
		KM_TEST(a_set_holds_64_keys_and_no_more),
		KM_TEST(the_did_document_lists_keys_that_speak_for_the_registry),
		KM_TEST(addresses_become_did_web),
		KM_TEST(what_is_no_registry_s_did_stands_for_no_address),
		KM_TEST(a_did_that_does_not_fit_is_refused),
	};
	return cmocka_run_group_tests_name("keyset", tests, NULL, NULL);
}
