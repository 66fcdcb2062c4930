#include "tests/token.h"

#include "base/buf.h"
#include "keys/token.h"
#include "keys/token_uri.h"

#include <sys/stat.h>

static void free_key(struct km_key **key)
{
	km_key_free(*key);
}
#define auto_key __attribute__((cleanup(free_key)))

static void assert_key_signs(const struct km_key *key)
{
	struct km_problem problem = {0};
	uint8_t public_key[KM_PUBLIC_BYTES], signature[KM_SIGNATURE_BYTES];
	km_key_public(key, public_key);
	assert_ok(km_key_sign(key, "bericht", 7, signature, &problem), &problem);
	assert_true(km_signature_valid(public_key, "bericht", 7, signature));
	assert_false(km_signature_valid(public_key, "Bericht", 7, signature));
}

/* A new key in the token; its URI is the caller's (free). */
static char *make_key(void)
{
	struct km_problem problem = {0};
	auto_key struct km_key *key = NULL;
	char *uri = NULL;
	assert_ok(km_token_make(token_uri, PIN, "keurmerk status", &key, &uri, &problem), &problem);
	assert_key_signs(key);
	return uri;
}

static void assert_cannot_open(const char *uri, const char *pin, enum km_error code, const char *type)
{
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	assert_problem(km_token_open(uri, pin, &key, &problem), &problem, code, type);
	assert_null(key);
	assert_null(strstr(problem.message, PIN));
}

static void a_key_is_made_in_the_token_and_found_there_again(void **state)
{
	(void)state;
	bring_token();
	struct km_problem problem = {0};
	uint8_t first[KM_PUBLIC_BYTES], again[KM_PUBLIC_BYTES], looked[KM_PUBLIC_BYTES];
	auto_key struct km_key *made = NULL, *opened = NULL;
	auto_free char *uri = NULL, *other = make_key();
	assert_ok(km_token_make(token_uri, PIN, "keurmerk status", &made, &uri, &problem), &problem);
	assert_string_not_equal(uri, other);
	assert_key_signs(made);
	km_key_public(made, first);
	assert_ok(km_token_open(uri, PIN, &opened, &problem), &problem);
	assert_key_signs(opened);
	km_key_public(opened, again);
	assert_memory_equal(first, again, sizeof first);
	assert_ok(km_token_look(uri, looked, &problem), &problem);
	assert_memory_equal(first, looked, sizeof first);
	assert_true(km_key_is_elsewhere(opened));
	assert_problem(km_key_save(opened, "out.pem", NULL, &problem), &problem, KM_INVALID, "key-elsewhere");
	assert_int_equal(access("out.pem", F_OK), -1);
	assert_key_signs(made); /* two sessions at a time */
}

static void a_uri_that_would_grow_too_long_makes_no_key(void **state)
{
	(void)state;
	bring_token();
	char text[PATH_MAX + 1000];
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	char *uri = NULL;
	snprintf(text, sizeof text, "%s&x-remark=", token_uri);
	for (size_t len = strlen(text); len < KM_TOKEN_URI_MAX; len++) {
		text[len] = 'a';
		text[len + 1] = '\0';
	}
	enum km_error error = km_token_make(text, PIN, "keurmerk status", &key, &uri, &problem);
	assert_int_equal(error, KM_TOO_LARGE);
	assert_null(key);
	assert_null(uri);
	snprintf(text, sizeof text, "pkcs11:token=keurmerk;object=keurmerk%%20status?module-path=%s", module_path);
	assert_cannot_open(text, PIN, KM_ABSENT, "no-token-key");
}

static void a_wrong_pin_is_given_once_and_said(void **state)
{
	(void)state;
	bring_token();
	auto_free char *uri = make_key();
	struct km_problem problem = {0};
	uint8_t bytes[KM_PUBLIC_BYTES];
	size_t before = logins();
	assert_cannot_open(uri, "geheim-4712", KM_UNPROVEN, "pin-wrong");
	assert_int_equal(logins(), before + 1);
	assert_problem(km_token_look(uri, bytes, &problem), &problem, KM_UNPROVEN, "pin-wrong"); /* and that says so */
	assert_cannot_open(uri, "x", KM_UNPROVEN, "pin-wrong");
	auto_key struct km_key *key = NULL;
	assert_ok(km_token_open(uri, PIN, &key, &problem), &problem);
	assert_ok(km_token_look(uri, bytes, &problem), &problem);
}

static void without_a_pin_none_is_tried(void **state)
{
	(void)state;
	bring_token();
	auto_free char *uri = make_key();
	size_t before = logins();
	assert_true(km_token_wants_pin(uri));
	assert_cannot_open(uri, NULL, KM_UNPROVEN, "pin-missing");
	assert_int_equal(logins(), before);
}

static void the_pin_is_in_the_file_that_the_uri_names(void **state)
{
	(void)state;
	bring_token();
	char here[PATH_MAX], uri[PATH_MAX * 2 + 400];
	assert_non_null(getcwd(here, sizeof here));
	snprintf(uri, sizeof uri, "%s&pin-source=file:%s/pin", token_uri, here);
	km_test_write("pin", PIN "\n", strlen(PIN) + 1, 0600);
	struct km_problem problem = {0};
	auto_key struct km_key *made = NULL, *opened = NULL;
	auto_free char *own = NULL;
	assert_ok(km_token_make(uri, "a passphrase of something else", "keurmerk status", &made, &own, &problem), &problem);
	assert_ok(km_token_open(own, NULL, &opened, &problem), &problem);
	assert_false(km_token_wants_pin(own));
	assert_key_signs(opened);
	size_t before = logins();
	assert_int_equal(chmod("pin", 0644), 0);
	assert_cannot_open(own, PIN, KM_FORBIDDEN, "permissions");
	assert_int_equal(unlink("pin"), 0);
	assert_cannot_open(own, PIN, KM_ABSENT, "no-file");
	assert_int_equal(logins(), before);
}

static void what_is_not_there_is_said_by_its_name(void **state)
{
	(void)state;
	bring_token();
	auto_free char *uri = make_key();
	char text[PATH_MAX + 200];
	assert_cannot_open("pkcs11:token=keurmerk;object=x?module-path=/no/such/module.so", PIN, KM_ABSENT, "token-module");
	snprintf(text, sizeof text, "pkcs11:token=another;object=x?module-path=%s", module_path);
	assert_cannot_open(text, PIN, KM_ABSENT, "no-token");
	snprintf(text, sizeof text, "pkcs11:token=keurmerk;serial=0000;object=x?module-path=%s", module_path);
	assert_cannot_open(text, PIN, KM_ABSENT, "no-token");
	snprintf(text, sizeof text, "pkcs11:token=keurmerk;object=x?module-path=%s", module_path);
	assert_cannot_open(text, PIN, KM_ABSENT, "no-token-key");
	snprintf(text, sizeof text, "pkcs11:token=keurmerk;object=keurmerk%%20status?module-path=%s", module_path);
	struct km_problem problem = {0};
	auto_key struct km_key *key = NULL;
	assert_ok(km_token_open(text, PIN, &key, &problem), &problem); /* the twin, by its label */
	assert_cannot_open(token_uri, PIN, KM_INVALID, "token-uri");   /* names no key */
}

static void of_two_that_fit_none_is_taken(void **state)
{
	(void)state;
	bring_token();
	auto_free char *first = make_key(), *second = make_key();
	char text[PATH_MAX + 200];
	snprintf(text, sizeof text, "pkcs11:token=keurmerk;object=keurmerk%%20status?module-path=%s", module_path);
	assert_cannot_open(text, PIN, KM_INVALID, "token-ambiguous");
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	assert_ok(km_token_open(first, PIN, &key, &problem), &problem);
	km_key_free(key); /* a module that is in use looks for no other tokens */
	make_token("keurmerk");
	assert_cannot_open(first, PIN, KM_INVALID, "token-ambiguous");
	make_token("another");
	snprintf(text, sizeof text, "pkcs11:token=another?module-path=%s", module_path);
	auto_key struct km_key *third = NULL;
	auto_free char *uri = NULL;
	assert_ok(km_token_make(text, PIN, "keurmerk log", &third, &uri, &problem), &problem);
}

static void a_token_that_counts_wrong_pins_is_not_brought_to_its_last_one(void **state)
{
	(void)state;
	bring_token();
	auto_free char *uri = make_key();
	struct km_problem problem = {0};
	uint8_t bytes[KM_PUBLIC_BYTES];
	size_t before = logins();
	be_token("final-try");
	assert_cannot_open(uri, PIN, KM_UNPROVEN, "pin-last-try");
	assert_problem(km_token_look(uri, bytes, &problem), &problem, KM_UNPROVEN, "pin-last-try");
	be_token("locked");
	assert_cannot_open(uri, PIN, KM_UNPROVEN, "pin-locked");
	assert_int_equal(logins(), before);
}

static void a_token_without_ed25519_is_refused(void **state)
{
	(void)state;
	bring_token();
	auto_free char *uri = make_key(), *none = NULL;
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	be_token("no-signing");
	assert_cannot_open(uri, PIN, KM_INVALID, "token-mechanism");
	be_token("no-making");
	assert_problem(km_token_make(token_uri, PIN, "keurmerk log", &key, &none, &problem), &problem, KM_INVALID,
	               "token-mechanism");
	assert_null(key);
	auto_key struct km_key *opened = NULL;
	assert_ok(km_token_open(uri, PIN, &opened, &problem), &problem); /* made elsewhere, it may well sign */
}

static void tokens_of_other_habits_do_as_well(void **state)
{
	(void)state;
	static const char *const habits[] = {"bare-point", "by-number"};
	bring_token();
	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
		be_token(habits[i]);
		struct km_problem problem = {0};
		auto_free char *uri = make_key();
		auto_key struct km_key *key = NULL;
		assert_ok(km_token_open(uri, PIN, &key, &problem), &problem);
		assert_key_signs(key);
	}
}

/* Puts a key of ours into the token, as its owner may have done with another program. */
static void import(const char *algorithm, const char *parameter, const char *id)
{
	char text[PATH_MAX + 200];
	if (parameter)
		assert_int_equal(RUN("openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", parameter, "-out", "key.pem"),
		                 0);
	else
		assert_int_equal(RUN("openssl", "genpkey", "-algorithm", algorithm, "-out", "key.pem"), 0);
	assert_int_equal(RUN("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-out", "key.p8"), 0);
	snprintf(text, sizeof text, "imported %s", id);
	assert_int_equal(
		RUN("softhsm2-util", "--import", "key.p8", "--token", "keurmerk", "--label", text, "--id", id, "--pin", PIN),
		0);
}

static void a_key_that_is_there_is_taken_as_it_is(void **state)
{
	(void)state;
	bring_token();
	if (!km_test_have_openssl())
		skip();
	import("ED25519", NULL, "0102");
	char text[PATH_MAX + 200];
	uint8_t taken[KM_PUBLIC_BYTES], original[KM_PUBLIC_BYTES];
	struct km_problem problem = {0};
	auto_key struct km_key *key = NULL, *file = NULL, *again = NULL;
	auto_free char *uri = NULL;
	snprintf(text, sizeof text, "pkcs11:token=keurmerk;id=%%01%%02?module-path=%s", module_path);
	assert_ok(km_token_make(text, PIN, "keurmerk log", &key, &uri, &problem), &problem);
	assert_int_equal(chmod("key.pem", 0600), 0);
	assert_ok(km_key_load("key.pem", NULL, &file, &problem), &problem);
	km_key_public(key, taken);
	km_key_public(file, original);
	assert_memory_equal(taken, original, sizeof taken);
	assert_ok(km_token_open(uri, PIN, &again, &problem), &problem);
	assert_key_signs(again);
	be_token("extractable");
	struct km_key *none = NULL;
	char *nothing = NULL;
	assert_problem(km_token_make(text, PIN, "keurmerk log", &none, &nothing, &problem), &problem, KM_INVALID,
	               "extractable");
	assert_problem(km_token_make(token_uri, PIN, "keurmerk log", &none, &nothing, &problem), &problem, KM_INVALID,
	               "extractable");
	assert_null(none);
	assert_null(nothing);
}

static void a_key_of_another_kind_is_refused(void **state)
{
	(void)state;
	bring_token();
	if (!km_test_have_openssl())
		skip();
	import("EC", "ec_paramgen_curve:P-256", "03");
	import("RSA", "rsa_keygen_bits:2048", "04");
	for (int id = 3; id <= 4; id++) {
		char text[PATH_MAX + 200];
		snprintf(text, sizeof text, "pkcs11:token=keurmerk;id=%%%02x?module-path=%s", id, module_path);
		assert_cannot_open(text, PIN, KM_INVALID, "not-ed25519");
	}
}

static void a_key_is_removed_and_no_other(void **state)
{
	(void)state;
	bring_token();
	auto_free char *first = make_key(), *second = make_key();
	struct km_problem problem = {0};
	uint8_t bytes[KM_PUBLIC_BYTES];
	assert_problem(km_token_remove(first, "geheim-4712", &problem), &problem, KM_UNPROVEN, "pin-wrong");
	assert_ok(km_token_remove(first, PIN, &problem), &problem);
	assert_cannot_open(first, PIN, KM_ABSENT, "no-token-key");
	assert_problem(km_token_look(first, bytes, &problem), &problem, KM_ABSENT, "no-token-key");
	assert_problem(km_token_remove(first, PIN, &problem), &problem, KM_ABSENT, "no-token-key");
	auto_key struct km_key *key = NULL;
	assert_ok(km_token_open(second, PIN, &key, &problem), &problem);
	assert_problem(km_token_remove(token_uri, PIN, &problem), &problem, KM_INVALID, "token-uri"); /* no key named */
	assert_key_signs(key);
}

static void a_token_that_goes_is_said_to_be_gone(void **state)
{
	(void)state;
	bring_token();
	auto_free char *uri = make_key();
	struct km_problem problem = {0};
	uint8_t signature[KM_SIGNATURE_BYTES];
	auto_key struct km_key *key = NULL;
	assert_ok(km_token_open(uri, PIN, &key, &problem), &problem);
	be_token("gone");
	assert_problem(km_key_sign(key, "x", 1, signature, &problem), &problem, KM_UNAVAILABLE, "token-failed");
	assert_cannot_open(uri, PIN, KM_ABSENT, "no-token");
	be_token("");
	assert_int_equal(rename("tokens", "elsewhere"), 0); /* what SoftHSM itself then does */
	assert_problem(km_key_sign(key, "x", 1, signature, &problem), &problem, KM_UNAVAILABLE, "token-failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_key_is_made_in_the_token_and_found_there_again),
		KM_TEST_IN_FOLDER(a_uri_that_would_grow_too_long_makes_no_key),
		KM_TEST_IN_FOLDER(a_wrong_pin_is_given_once_and_said),
		KM_TEST_IN_FOLDER(without_a_pin_none_is_tried),
		KM_TEST_IN_FOLDER(the_pin_is_in_the_file_that_the_uri_names),
		KM_TEST_IN_FOLDER(what_is_not_there_is_said_by_its_name),
		KM_TEST_IN_FOLDER(of_two_that_fit_none_is_taken),
		KM_TEST_IN_FOLDER(a_token_that_counts_wrong_pins_is_not_brought_to_its_last_one),
		KM_TEST_IN_FOLDER(a_token_without_ed25519_is_refused),
		KM_TEST_IN_FOLDER(tokens_of_other_habits_do_as_well),
		KM_TEST_IN_FOLDER(a_key_that_is_there_is_taken_as_it_is),
		KM_TEST_IN_FOLDER(a_key_of_another_kind_is_refused),
		KM_TEST_IN_FOLDER(a_key_is_removed_and_no_other),
		KM_TEST_IN_FOLDER(a_token_that_goes_is_said_to_be_gone),
	};
	return cmocka_run_group_tests_name("token", tests, find_module, NULL);
}
