#include "registry/identifier.h"

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static void a_kvk_number_is_8_digits(void **state)
{
	(void)state;
	assert_true(km_kvk_valid("68750110"));
	assert_true(km_kvk_valid("00000123"));
	static const char *const wrong[] = {"",          "6875011",  "687501100", " 68750110",
	                                    "68750110 ", "6875O110", "-6875011",  "6875011\xd9\xa0"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(km_kvk_valid(wrong[i]));
}

static void an_establishment_number_is_12_digits(void **state)
{
	(void)state;
	assert_true(km_establishment_valid("000037178598"));
	assert_false(km_establishment_valid("37178598"));
	assert_false(km_establishment_valid("0000371785980"));
	assert_false(km_establishment_valid("00003717859a"));
}

static void an_rsin_passes_the_11_test(void **state)
{
	(void)state;
	assert_true(km_rsin_valid("123456782"));
	assert_true(km_rsin_valid("001234567") == ((7 * 1 + 6 * 2 + 5 * 3 + 4 * 4 + 3 * 5 + 2 * 6 - 7) % 11 == 0));
	static const char *const wrong[] = {"123456781",  "123456783", "213456782", "12345678",
	                                    "1234567820", "000000000", "12345678x", ""};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(km_rsin_valid(wrong[i]));
}

static void an_lei_has_the_right_check_digits(void **state)
{
	(void)state;
	assert_true(km_lei_valid("5493001KJTIIGC8Y1R12"));
	assert_true(km_lei_valid("7LTWFZYICNSX8D621K86"));
	static const char *const wrong[] = {
		"5493001KJTIIGC8Y1R21",  "5493001KJTIIGC8Y1R13", "5493001kjtiigc8y1r12", "5493001KJTIIGC8Y1R1",
		"5493001KJTIIGC8Y1R122", "5493001KJTIIGC8Y1RAB", "5493001KJTIIGC8Y1R1-", ""};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(km_lei_valid(wrong[i]));
}

static void an_euid_names_country_register_and_number(void **state)
{
	(void)state;
	assert_true(km_euid_valid("NLNHR.68750110"));
	assert_true(km_euid_valid("DEK1101R.HRB116737"));
	assert_true(km_euid_valid("BEKBOBCE.0123456789"));
	static const char *const wrong[] = {"",
	                                    "NLNHR",
	                                    "NLNHR.",
	                                    "NLNHR.6875011",
	                                    "NLKVK.68750110",
	                                    "nlnhr.68750110",
	                                    "DE.123",
	                                    "D1X.123",
	                                    "DEK1101R.HRB 116737",
	                                    "DEK1101R.HRB<116737",
	                                    "DEK1101R.12345678901234567890123456789012345678901234567890123456"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(km_euid_valid(wrong[i]));
}

static void a_country_is_one_that_iso_3166_knows(void **state)
{
	(void)state;
	assert_true(km_country_valid("NL"));
	assert_true(km_country_valid("AD"));
	assert_true(km_country_valid("ZW"));
	/* LN stands in the list of codes only across the end of one and the start of the next. */
	static const char *const wrong[] = {"", "N", "NLD", "nl", "UK", "EU", "XX", "DA", "LN"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(km_country_valid(wrong[i]));
}

/* Where the machine has the list of the time-zone database, the two must agree on all 676 pairs of letters. */
static void the_countries_are_those_of_the_time_zone_database(void **state)
{
	(void)state;
	FILE *file = fopen("/usr/share/zoneinfo/iso3166.tab", "r");
	if (!file)
		skip();
	bool listed[26][26] = {{false}};
	char line[256];
	while (fgets(line, sizeof line, file))
		if (line[0] >= 'A' && line[0] <= 'Z' && line[1] >= 'A' && line[1] <= 'Z')
			listed[line[0] - 'A'][line[1] - 'A'] = true;
	fclose(file);
	for (int a = 0; a < 26; a++) {
		for (int b = 0; b < 26; b++) {
			const char code[] = {(char)('A' + a), (char)('A' + b), '\0'};
			if (km_country_valid(code) != listed[a][b])
				fail_msg("%s", code);
		}
	}
}

static void a_domain_in_any_script_becomes_its_a_labels(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{"voorbeeld.nl", "voorbeeld.nl"},
		{"WWW.Voorbeeld.NL", "www.voorbeeld.nl"},
		{"voorbeeld.nl.", "voorbeeld.nl"},
		{"b\u00fccher.example", "xn--bcher-kva.example"},
		{"B\u00dcCHER.example", "xn--bcher-kva.example"},
		{"bu\u0308cher.example", "xn--bcher-kva.example"}, /* not in NFC */
		{"fa\u00df.de", "xn--fa-hia.de"},                  /* IDNA2008: not fass.de */
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah"}, /* with an ideographic full stop */
		{"\uff45xample.nl", "example.nl"},                                  /* full-width e */
		{"3com.example", "3com.example"},
		{"a-b.c--d.example", "a-b.c--d.example"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char domain[KM_DOMAIN_TEXT] = "";
		struct km_problem problem = {0};
		if (km_domain_normalise(pairs[i][0], domain, &problem) != KM_OK)
			fail_msg("%s: %s", pairs[i][0], problem.message);
		assert_string_equal(domain, pairs[i][1]);
	}
}

static void what_is_no_domain_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		".",
		"..",
		"nl",
		"nl.",
		"localhost",
		".voorbeeld.nl",
		"voorbeeld..nl",
		"voorbeeld.nl..",
		"voorbeeld.nl:443",
		"voorbeeld.nl/pad",
		"https://voorbeeld.nl",
		"info@voorbeeld.nl",
		"voor_beeld.nl",
		"_dmarc.voorbeeld.nl",
		"voor beeld.nl",
		" voorbeeld.nl",
		"voorbeeld.nl\n",
		"-voorbeeld.nl",
		"voorbeeld-.nl",
		"192.0.2.1",
		"192.0.2.1.",
		"0x7f.1",
		"1.2",
		"127.0.0.0x1",
		"\uff11\uff19\uff12.0.2.\uff11", /* full-width digits */
		"[2001:db8::1]",
		"2001:db8::1",
		"::1",
		"*.voorbeeld.nl",
		"voorbeeld.nl?x",
		"voorbeeld.nl\uff1fx", /* full-width question mark */
		"voor\uff3fbeeld.nl",  /* … and low line */
		"b\u00fccher.nl?x",
		"voorbeeld\uff0f.nl", /* full-width solidus */
		"\u2603.example",     /* a snowman: disallowed by IDNA2008 */
		"xn--a.example",      /* not a canonical A-label */
		"xn--example-.nl",
		"\xff.nl",
		"voor\u202ebeeld.nl",
		"voorbeeld.c",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char domain[KM_DOMAIN_TEXT] = "untouched";
		struct km_problem problem = {0};
		if (km_domain_normalise(wrong[i], domain, &problem) != KM_INVALID)
			fail_msg("%s: accepted as %s", wrong[i], domain);
		assert_string_equal(problem.type, "domain");
		assert_string_equal(domain, "untouched");
	}
}

/* `labels` labels of 49 symbols, and then one that makes the whole `len` long. */
static void long_domain(size_t len, char *text)
{
	memset(text, 'a', len);
	for (size_t i = 49; i < len - 4; i += 50)
		text[i] = '.';
	memcpy(text + len - 3, ".nl", 4);
}

static void the_longest_name_is_253_and_the_longest_label_63(void **state)
{
	(void)state;
	char text[300], domain[KM_DOMAIN_TEXT];
	long_domain(253, text);
	assert_int_equal(km_domain_normalise(text, domain, NULL), KM_OK);
	assert_string_equal(domain, text);
	strcat(text, ".");
	assert_int_equal(km_domain_normalise(text, domain, NULL), KM_OK);
	assert_int_equal(strlen(domain), 253);
	long_domain(254, text);
	assert_int_equal(km_domain_normalise(text, domain, NULL), KM_INVALID);

	memset(text, 'a', 63);
	strcpy(text + 63, ".nl");
	assert_int_equal(km_domain_normalise(text, domain, NULL), KM_OK);
	memset(text, 'a', 64);
	strcpy(text + 64, ".nl");
	assert_int_equal(km_domain_normalise(text, domain, NULL), KM_INVALID);

	char huge[5000];
	memset(huge, 'a', sizeof huge);
	strcpy(huge + sizeof huge - 4, ".nl");
	assert_int_equal(km_domain_normalise(huge, domain, NULL), KM_INVALID);
}

static void the_message_says_what_to_write(void **state)
{
	(void)state;
	char domain[KM_DOMAIN_TEXT];
	struct km_problem problem = {0};
	assert_int_equal(km_domain_normalise("https://voorbeeld.nl/", domain, &problem), KM_INVALID);
	assert_non_null(strstr(problem.message, "https://voorbeeld.nl/"));
	assert_non_null(strstr(problem.message, "write it like voorbeeld.nl"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kvk_number_is_8_digits),
		cmocka_unit_test(an_establishment_number_is_12_digits),
		cmocka_unit_test(an_rsin_passes_the_11_test),
		cmocka_unit_test(an_lei_has_the_right_check_digits),
		cmocka_unit_test(an_euid_names_country_register_and_number),
		cmocka_unit_test(a_country_is_one_that_iso_3166_knows),
		cmocka_unit_test(the_countries_are_those_of_the_time_zone_database),
		cmocka_unit_test(a_domain_in_any_script_becomes_its_a_labels),
		cmocka_unit_test(what_is_no_domain_is_refused),
		cmocka_unit_test(the_longest_name_is_253_and_the_longest_label_63),
		cmocka_unit_test(the_message_says_what_to_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
