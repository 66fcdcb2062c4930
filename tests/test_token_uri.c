#include "tests/test.h"

#include "base/buf.h"
#include "keys/token_uri.h"

#include <stdlib.h>

static void a_uri_names_a_token_or_a_key_in_it(void **state)
{
	(void)state;
	static const struct {
		const char *text, *pin_file;
		bool names_key;
	} good[] = {
		{"pkcs11:token=keurmerk", NULL, false},
		{"pkcs11:", NULL, false},
		{"pkcs11:token=a%20b;serial=0a;manufacturer=x;model=y", NULL, false},
		{"pkcs11:token=a;object=b", NULL, true},
		{"pkcs11:token=a;id=%01%ff", NULL, true},
		{"pkcs11:token=a;id=%01;type=private", NULL, true},
		{"pkcs11:slot-id=3", NULL, false},
		{"pkcs11:token=a?module-path=/usr/lib/softhsm/libsofthsm2.so", NULL, false},
		{"pkcs11:token=a?pin-source=file:/etc/pin&module-path=/m.so", "/etc/pin", false},
		{"pkcs11:token=a?pin-source=file:///etc/pin", "/etc/pin", false},
		{"pkcs11:token=a?pin-source=/etc/my%20pin", "/etc/my pin", false},
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct km_problem problem = {0};
		auto_token_uri struct p11_kit_uri *uri = NULL;
		assert_ok(km_token_uri_parse(good[i].text, &uri, &problem), &problem);
		assert_int_equal(km_token_uri_names_key(uri), good[i].names_key);
		assert_int_equal(km_token_names_key(good[i].text), good[i].names_key);
		if (good[i].pin_file)
			assert_string_equal(km_token_uri_pin_file(uri), good[i].pin_file);
		else
			assert_null(km_token_uri_pin_file(uri));
		assert_true(km_token_uri_is(good[i].text));
	}
}

static void what_is_no_good_uri_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "pkcs11:"},
		{"token=a", "pkcs11:"},
		{"PKCS12:token=a", "pkcs11:"},
		{"file:/etc/key.pem", "pkcs11:"},
		{"pkcs11:token", "pkcs11:token=NAME"},
		{"pkcs11:token=%zz", "hexadecimal"},
		{"pkcs11:token=a%2", "hexadecimal"},
		{"pkcs11:x-mine=1;colour=red", "not known"},
		{"pkcs11:token=a?pin-value=1234", "pin-source=file"},
		{"pkcs11:token=a?pin-source=|/bin/ask", "pin-source is to be a file"},
		{"pkcs11:token=a?pin-source=pin.txt", "pin-source is to be a file"},
		{"pkcs11:token=a?pin-source=file:pin.txt", "pin-source is to be a file"},
		{"pkcs11:token=a?pin-source=file://host/pin", "pin-source is to be a file"},
		{"pkcs11:token=a?pin-source=https://keurmerk.example/pin", "pin-source is to be a file"},
		{"pkcs11:token=a?module-path=softhsm2.so", "from the root"},
		{"pkcs11:token=a?module-path=", "from the root"},
		{"pkcs11:token=a?module-name=softhsm2", "module-path"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct km_problem problem = {0};
		struct p11_kit_uri *uri = NULL;
		if (km_token_uri_parse(bad[i].text, &uri, &problem) == KM_OK)
			fail_msg("%s was taken", bad[i].text);
		assert_string_equal(problem.type, "token-uri");
		if (!strstr(problem.message, bad[i].why))
			fail_msg("%s: %s", bad[i].text, problem.message);
		assert_null(strstr(problem.message, "1234")); /* what is refused is not said again */
		assert_null(uri);
	}
	struct km_problem problem = {0};
	struct p11_kit_uri *uri = NULL;
	char text[KM_TOKEN_URI_MAX + 2] = "pkcs11:token=";
	memset(text + strlen(text), 'a', sizeof text - strlen(text) - 1);
	text[sizeof text - 1] = '\0';
	assert_problem(km_token_uri_parse(text, &uri, &problem), &problem, KM_TOO_LARGE, "too-large");
	text[KM_TOKEN_URI_MAX] = '\0'; /* its twin is a name, though no token can have one that long */
	uri = NULL;
	enum km_error error = km_token_uri_parse(text, &uri, &problem);
	assert_true(error == KM_OK || error == KM_INVALID);
	km_token_uri_free(&uri);
}

static void the_uri_of_a_key_says_which_and_that_of_its_token_does_not(void **state)
{
	(void)state;
	static const char given[] = "pkcs11:token=a%20b?pin-source=file:/etc/pin&module-path=/m.so";
	auto_free char *key = km_token_uri_of_key(given, "\x01\xff", 2, "keurmerk status");
	assert_non_null(key);
	assert_contains(key, "token=a%20b");
	assert_contains(key, "id=%01%FF");
	assert_contains(key, "object=keurmerk%20status");
	assert_contains(key, "type=private");
	struct km_problem problem = {0};
	auto_token_uri struct p11_kit_uri *uri = NULL;
	assert_ok(km_token_uri_parse(key, &uri, &problem), &problem);
	assert_string_equal(km_token_uri_pin_file(uri), "/etc/pin");
	auto_free char *token = km_token_uri_of_token(key);
	assert_non_null(token);
	assert_null(strstr(token, "id="));
	assert_null(strstr(token, "object="));
	assert_null(strstr(token, "type="));
	assert_contains(token, "token=a%20b");
	assert_contains(token, "m.so");
	assert_contains(token, "pin");
	assert_true(km_token_uri_made_here(key));
	auto_free char *taken = km_token_uri_of_key(given, "\x01", 1, NULL);
	assert_non_null(taken);
	assert_false(km_token_uri_made_here(taken));
	assert_null(km_token_uri_of_token("pkcs11:token=a?pin-value=1"));
	assert_null(km_token_uri_of_key("x", "\x01", 1, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uri_names_a_token_or_a_key_in_it),
		cmocka_unit_test(what_is_no_good_uri_is_refused),
		cmocka_unit_test(the_uri_of_a_key_says_which_and_that_of_its_token_does_not),
	};
	return cmocka_run_group_tests_name("token_uri", tests, NULL, NULL);
}
