#include "tests/test.h"

#include "base/buf.h"
#include "base/json.h"
#include "keys/jws.h"
#include "keys/manifest.h"

#include <stdlib.h>
#include <string.h>

#define URL "https://keurmerk.example"

static const int64_t now = 1790000000, later = 1800000000;

static struct km_key *key(uint8_t number)
{
	uint8_t seed[32] = {number};
	struct km_key *made = NULL;
	assert_int_equal(km_key_from_seed(seed, &made, NULL), KM_OK);
	return made;
}

static void describe(uint8_t number, char thumbprint[static KM_THUMBPRINT_TEXT], uint8_t public_key[static 32])
{
	struct km_key *made = key(number);
	km_key_public(made, public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	km_key_free(made);
}

static struct km_keyset sample(void)
{
	struct km_keyset set = {.url = URL, .len = KM_PURPOSES + 1};
	for (size_t i = 0; i < set.len; i++) {
		struct km_keyset_entry *entry = &set.entries[i];
		entry->purpose = i < KM_PURPOSES ? (enum km_purpose)i : KM_PURPOSE_STATUS;
		entry->not_before = now;
		describe((uint8_t)(i + 1), entry->thumbprint, entry->public_key);
	}
	set.entries[KM_PURPOSES].revoked_at = now + 5;
	return set;
}

enum { ROOT = 100, OTHER_ROOT = 101 };

static char *sign(uint8_t root, const struct km_keyset *set, int64_t sequence)
{
	struct km_problem problem = {0};
	struct km_key *signer = key(root);
	char *token = NULL;
	assert_ok(km_manifest_sign(signer, set, sequence, now, later, &token, &problem), &problem);
	km_key_free(signer);
	return token;
}

static enum km_error read(const char *token, struct km_manifest *manifest, struct km_problem *problem)
{
	return km_manifest_read(token, strlen(token), manifest, problem);
}

static void a_manifest_is_read_back(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_manifest manifest;
	struct km_keyset set = sample();
	auto_free char *token = sign(ROOT, &set, 3), *spaced = NULL;
	char thumbprint[KM_THUMBPRINT_TEXT];
	uint8_t public_key[32];
	describe(ROOT, thumbprint, public_key);
	assert_true(asprintf(&spaced, " \n%s\r\n", token) > 0);
	for (int i = 0; i < 2; i++) {
		memset(&manifest, 0, sizeof manifest);
		assert_ok(read(i ? spaced : token, &manifest, &problem), &problem);
		assert_string_equal(manifest.root, thumbprint);
		assert_int_equal(manifest.sequence, 3);
		assert_int_equal(manifest.issued_at, now);
		assert_int_equal(manifest.expires_at, later);
		assert_true(km_manifest_lists(&manifest, &set));
	}
	set.entries[1].not_after = now + 9;
	assert_false(km_manifest_lists(&manifest, &set));
	set.entries[1].not_after = 0;
	set.len--;
	assert_false(km_manifest_lists(&manifest, &set));
}

static void only_a_rising_number_under_the_same_root_follows(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_keyset set = sample(), elsewhere = sample();
	struct km_manifest last, next;
	strcpy(elsewhere.url, "https://ander.example");
	auto_free char *third = sign(ROOT, &set, 3), *fourth = sign(ROOT, &set, 4), *usurped = sign(OTHER_ROOT, &set, 4),
				   *moved = sign(ROOT, &elsewhere, 4);
	assert_ok(read(third, &last, &problem), &problem);
	assert_ok(read(fourth, &next, &problem), &problem);
	assert_ok(km_manifest_follows(&last, &next, &problem), &problem);
	assert_problem(km_manifest_follows(&next, &last, &problem), &problem, KM_UNPROVEN, "roll-back");
	assert_problem(km_manifest_follows(&last, &last, &problem), &problem, KM_UNPROVEN, "roll-back");
	assert_ok(read(usurped, &next, &problem), &problem);
	assert_problem(km_manifest_follows(&last, &next, &problem), &problem, KM_UNPROVEN, "other-root");
	assert_ok(read(moved, &next, &problem), &problem);
	assert_problem(km_manifest_follows(&last, &next, &problem), &problem, KM_UNPROVEN, "other-root");
}

static void the_root_signs_key_sets_and_nothing_else(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_keyset set = sample();
	struct km_key *one_of_them = key(1);
	char *token = NULL;
	assert_problem(km_manifest_sign(one_of_them, &set, 1, now, later, &token, &problem), &problem, KM_INVALID, "root");
	assert_null(token);
	km_key_free(one_of_them);
}

static void one_changed_byte_is_noticed(void **state)
{
	(void)state;
	struct km_keyset set = sample();
	auto_free char *token = sign(ROOT, &set, 3);
	size_t len = strlen(token);
	for (size_t at = 0; at < len; at++) {
		struct km_problem problem = {0};
		struct km_manifest manifest = {.sequence = 77};
		token[at] ^= 1;
		if (read(token, &manifest, &problem) == KM_OK)
			fail_msg("byte %zu was changed, and that was not noticed", at);
		assert_int_equal(manifest.sequence, 77);
		token[at] ^= 1;
	}
}

/* A payload changed and signed again by the root itself: a form that is not ours. */
static enum km_error read_changed(const char *member, json_t *value, const char *typ, struct km_problem *problem)
{
	struct km_keyset set = sample();
	struct km_manifest manifest;
	auto_free char *token = sign(ROOT, &set, 3), *again = NULL;
	auto_jws struct km_jws jws = {0};
	struct km_key *root = key(ROOT);
	assert_ok(km_jws_parse(token, strlen(token), KM_MANIFEST_MAX, &jws, problem), problem);
	json_auto_t *payload = json_loads(jws.payload, 0, NULL);
	json_object_del(jws.header, "alg");
	json_object_set_new(jws.header, "typ", json_string(typ));
	assert_non_null(json_object_get(payload, member));
	assert_int_equal(value ? json_object_set_new(payload, member, value) : json_object_del(payload, member), 0);
	auto_free char *text = km_json_text(payload);
	assert_ok(km_jws_sign(root, jws.header, text, strlen(text), &again, problem), problem);
	km_key_free(root);
	return read(again, &manifest, problem);
}

static void what_is_not_whole_is_refused(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	static const char typ[] = "keurmerk-keys+jwt";
	assert_ok(read_changed("sequence", json_integer(9), typ, &problem), &problem);
	assert_int_equal(read_changed("sequence", json_integer(9), "JWT", &problem), KM_INVALID);
	static const char *const members[] = {"iss", "iat", "exp", "sequence", "root", "keys", "keurmerk:registry"};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		assert_int_equal(read_changed(members[i], NULL, typ, &problem), KM_INVALID);
		assert_int_equal(read_changed(members[i], json_true(), typ, &problem), KM_INVALID);
	}
	assert_int_equal(read_changed("sequence", json_integer(0), typ, &problem), KM_INVALID);
	assert_int_equal(read_changed("sequence", json_integer((INT64_C(1) << 52) + 1), typ, &problem), KM_INVALID);
	assert_int_equal(read_changed("exp", json_integer(now - 1), typ, &problem), KM_INVALID);
	assert_int_equal(read_changed("iss", json_string("https://ander.example"), typ, &problem), KM_INVALID);
	uint8_t public_key[32];
	char thumbprint[KM_THUMBPRINT_TEXT];
	describe(OTHER_ROOT, thumbprint, public_key);
	assert_problem(read_changed("root", km_jwk_format(public_key), typ, &problem), &problem, KM_UNPROVEN,
	               "root-signature");
	static const char *const tokens[] = {"", "x", "a.b.c", "{\"keys\":[]}"};
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		struct km_manifest manifest;
		assert_int_equal(read(tokens[i], &manifest, &problem), KM_MALFORMED);
	}
	auto_free char *large = malloc(KM_MANIFEST_MAX + 2);
	struct km_manifest manifest;
	memset(large, 'A', KM_MANIFEST_MAX + 1);
	large[KM_MANIFEST_MAX + 1] = '\0';
	assert_int_equal(read(large, &manifest, &problem), KM_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(a_manifest_is_read_back),
		KM_TEST(only_a_rising_number_under_the_same_root_follows),
		KM_TEST(the_root_signs_key_sets_and_nothing_else),
		KM_TEST(one_changed_byte_is_noticed),
		KM_TEST(what_is_not_whole_is_refused),
	};
	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
