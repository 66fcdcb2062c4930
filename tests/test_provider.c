#include "registry/body.h"
#include "registry/provider.h"
#include "registry/region.h"
#include "tests/fixture.h"

#include <stdlib.h>

static const char *const trade_names[] = {"Donald ICT", "Caf\u00e9 Automatisering"};
static const struct km_domain domains[] = {{"Donald.example", 0}, {"b\u00fccher.example", FIXTURE_NOW}};

static struct km_provider donald(void)
{
	return (struct km_provider){
		.kvk = "68750110",
		.establishment = "000037178598",
		.rsin = "123456782",
		.lei = "5493001KJTIIGC8Y1R12",
		.name = "Test BV Donald",
		.trade_names = trade_names,
		.trade_names_len = 2,
		.domains = domains,
		.domains_len = 2,
		.city = "Utrecht",
	};
}

static struct km_provider named(const char *kvk, const char *name)
{
	return (struct km_provider){.kvk = kvk, .name = name};
}

static void add(struct fixture *fixture, const struct km_provider *provider)
{
	struct km_problem problem = {0};
	assert_ok(km_provider_add(fixture->store, provider, NULL, FIXTURE_NOW, &problem), &problem);
}

static void expect_refusal(struct fixture *fixture, const struct km_provider *provider, const char *type)
{
	struct km_problem problem = {0};
	assert_problem(km_provider_add(fixture->store, provider, NULL, FIXTURE_NOW, &problem), &problem, KM_INVALID, type);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider"), 0);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider_domain"), 0);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider_search"), 0);
}

static void what_is_added_comes_back_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct km_provider given = donald();
	const struct km_provider_contact contact = {"Voorbeeld Persoon", "naam@donald.example", "+31 20 123 45 67", "nl"};
	struct km_problem problem = {0};
	assert_ok(km_provider_add(fixture->store, &given, &contact, FIXTURE_NOW, &problem), &problem);
	struct km_provider *found = NULL;
	assert_ok(km_provider_get(fixture->store, "68750110", &found, &problem), &problem);
	assert_string_equal(found->kvk, given.kvk);
	assert_string_equal(found->establishment, given.establishment);
	assert_string_equal(found->rsin, given.rsin);
	assert_string_equal(found->lei, given.lei);
	assert_string_equal(found->euid, "NLNHR.68750110");
	assert_string_equal(found->name, given.name);
	assert_string_equal(found->city, "Utrecht");
	assert_string_equal(found->country, "NL");
	assert_int_equal(found->trade_names_len, 2);
	assert_string_equal(found->trade_names[0], trade_names[0]);
	assert_string_equal(found->trade_names[1], trade_names[1]);
	assert_int_equal(found->domains_len, 2);
	assert_string_equal(found->domains[0].name, "donald.example");
	assert_int_equal(found->domains[0].proven_at, 0);
	assert_string_equal(found->domains[1].name, "xn--bcher-kva.example");
	assert_int_equal(found->domains[1].proven_at, FIXTURE_NOW);

	struct km_provider *same = NULL;
	assert_ok(km_provider_get_by_id(fixture->store, found->id, &same, &problem), &problem);
	assert_string_equal(same->kvk, "68750110");
	km_provider_free(same);
	km_provider_free(found);
	km_provider_free(NULL);
}

static void what_was_not_given_is_absent(void **state)
{
	struct fixture *fixture = *state;
	struct km_provider given = named("69599084", "Test EMZ Dagobert");
	const struct km_provider_contact nothing = {0};
	struct km_problem problem = {0};
	assert_ok(km_provider_add(fixture->store, &given, &nothing, FIXTURE_NOW, &problem), &problem);
	struct km_provider *found = NULL;
	assert_ok(km_provider_get(fixture->store, "69599084", &found, &problem), &problem);
	assert_null(found->establishment);
	assert_null(found->rsin);
	assert_null(found->lei);
	assert_null(found->city);
	assert_int_equal(found->trade_names_len, 0);
	assert_int_equal(found->domains_len, 0);
	km_provider_free(found);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider_contact"), 0);
}

static void an_unknown_provider_is_absent(void **state)
{
	struct fixture *fixture = *state;
	struct km_provider *found = NULL;
	struct km_problem problem = {0};
	assert_problem(km_provider_get(fixture->store, "68750110", &found, &problem), &problem, KM_ABSENT,
	               "unknown-provider");
	assert_problem(km_provider_get_by_id(fixture->store, 1, &found, &problem), &problem, KM_ABSENT, "unknown-provider");
	assert_null(found);
}

static void names_of_any_script_and_hostile_ones_stay_as_they_are(void **state)
{
	struct fixture *fixture = *state;
	static const char *const names[] = {
		"O'Brien & Zn \"De Baas\" <script>alert(1)</script> ]]> --; DROP TABLE provider;",
		"\u05e9\u05dc\u05d5\u05dd ICT \u0645\u0631\u062d\u0628\u0627",
		"\U0001f510 Veilig \u2764\ufe0f \U0001f469\u200d\U0001f4bb",
		"\u65e5\u672c\u8a9e",
		"%s%n${x}{{7*7}}",
		"Nguye\u0302\u0303n",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char kvk[9];
		snprintf(kvk, sizeof kvk, "0000000%zu", i);
		struct km_provider given = named(kvk, names[i]);
		add(fixture, &given);
		struct km_provider *found = NULL;
		assert_int_equal(km_provider_get(fixture->store, kvk, &found, NULL), KM_OK);
		assert_string_equal(found->name, names[i]);
		km_provider_free(found);
	}
}

static void names_that_show_as_another_are_refused(void **state)
{
	static const char *const names[] = {
		"",
		" ",
		"\u00a0",
		"\u200d\u200c",
		" Test",
		"Test ",
		"Te\nst",
		"Te\tst",
		"Te\x7fst",
		"Te\xc2\x85st",
		"Te\u202est",
		"Te\u202ast",
		"Te\u2066st",
		"Te\u2069st",
		"Te\u200bst",
		"Te\u00adst",
		"\ufeffTest",
		"Te\u2028st",
		"Te\ufffdst",
		"Te\uffffst",
		"Te\U0001fffest",
		"Te\xed\xa0\x80st", /* half of a surrogate pair */
		"Te\xc3st",
		"Te\xc0\x80st",
		"T\u0301\u0301\u0301\u0301\u0301est",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct km_provider given = named("68750110", names[i]);
		expect_refusal(*state, &given, "name");
		const char *const trade_name[] = {"Goed", names[i]};
		given = named("68750110", "Test BV Donald");
		given.trade_names = trade_name;
		given.trade_names_len = 2;
		expect_refusal(*state, &given, "trade-names");
		if (!*names[i])
			continue;
		given = named("68750110", "Test BV Donald");
		given.city = names[i];
		expect_refusal(*state, &given, "city");
	}
}

static void a_region_is_kept_by_its_code(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *given, *country, *code, *nl, *en;
	} regions[] = {
		{"NL-NB", NULL, "NL-NB", "Noord-Brabant", "North Brabant"},
		{"noord-brabant", "NL", "NL-NB", "Noord-Brabant", "North Brabant"},
		{"North Holland", NULL, "NL-NH", "Noord-Holland", "North Holland"},
		{"nl-fr", NULL, "NL-FR", "Frysl\u00e2n", "Friesland"},
		{"be-van", "BE", "BE-VAN", "BE-VAN", "BE-VAN"},
	};
	for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
		char kvk[9];
		snprintf(kvk, sizeof kvk, "6875011%zu", i);
		struct km_provider given = named(kvk, "Test BV Donald"), *found = NULL;
		given.region = regions[i].given;
		given.country = regions[i].country;
		add(fixture, &given);
		assert_int_equal(km_provider_get(fixture->store, kvk, &found, NULL), KM_OK);
		assert_string_equal(found->region, regions[i].code);
		assert_string_equal(km_region_name(found->region, KM_NL), regions[i].nl);
		assert_string_equal(km_region_name(found->region, KM_EN), regions[i].en);
		km_provider_free(found);
	}
}

static void what_is_no_region_of_the_country_is_refused(void **state)
{
	static const struct {
		const char *region, *country;
	} bad[] = {{"", "NL"},       {"Holland", "NL"}, {"NL-XX", "NL"},     {"BE-VAN", "NL"},
	           {"NL-UT", "BE"},  {"BE-", "BE"},     {"BE-VANX", "BE"},   {"BE-V N", "BE"},
	           {"BE_VAN", "BE"}, {"BE", "BE"},      {"BE-V\u00e4", "BE"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct km_provider given = named("68750110", "Test BV Donald");
		given.region = bad[i].region;
		given.country = bad[i].country;
		expect_refusal(*state, &given, "region");
	}
}

static void a_name_has_at_most_200_characters(void **state)
{
	char name[4 * (KM_NAME_MAX + 1) + 1] = "";
	for (int i = 0; i < KM_NAME_MAX; i++)
		strcat(name, "\U0001f510");
	struct km_provider given = named("68750110", name);
	add(*state, &given);
	strcat(name, "x");
	struct km_provider other = named("68727720", name);
	struct km_problem problem = {0};
	struct fixture *fixture = *state;
	assert_problem(km_provider_add(fixture->store, &other, NULL, FIXTURE_NOW, &problem), &problem, KM_INVALID, "name");
	assert_contains(problem.message, "200");
}

static void each_identifier_is_checked(void **state)
{
	struct km_provider given = donald();
	given.kvk = "6875011";
	expect_refusal(*state, &given, "kvk");
	given.kvk = NULL;
	expect_refusal(*state, &given, "kvk");
	given = donald();
	given.establishment = "37178598";
	expect_refusal(*state, &given, "establishment");
	given = donald();
	given.rsin = "123456781";
	expect_refusal(*state, &given, "rsin");
	given = donald();
	given.lei = "5493001KJTIIGC8Y1R13";
	expect_refusal(*state, &given, "lei");
	given = donald();
	given.euid = "NLNHR.6875011";
	expect_refusal(*state, &given, "euid");
	given.euid = "NLNHR.68727720";
	expect_refusal(*state, &given, "euid");
	given = donald();
	given.country = "UK";
	expect_refusal(*state, &given, "country");
	given = donald();
	given.name = NULL;
	expect_refusal(*state, &given, "name");
}

static void an_euid_of_another_country_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct km_provider given = named("68750110", "Test BV Donald");
	given.euid = "DEK1101R.HRB116737";
	given.country = "DE";
	add(fixture, &given);
	struct km_provider *found = NULL;
	assert_int_equal(km_provider_get(fixture->store, "68750110", &found, NULL), KM_OK);
	assert_string_equal(found->euid, "DEK1101R.HRB116737");
	assert_string_equal(found->country, "DE");
	km_provider_free(found);
}

static void each_domain_is_checked_and_none_comes_twice(void **state)
{
	const struct km_domain with_port[] = {{"donald.example", 0}, {"donald.example:8080", 0}};
	const struct km_domain twice[] = {{"b\u00fccher.example", 0}, {"XN--BCHER-KVA.example.", 0}};
	struct km_provider given = donald();
	given.domains = with_port;
	expect_refusal(*state, &given, "domain");
	given.domains = twice;
	expect_refusal(*state, &given, "domain");
}

static void at_most_20_domains_and_20_trade_names_are_taken(void **state)
{
	struct km_domain many[KM_DOMAINS_MAX + 1];
	const char *names[KM_TRADE_NAMES_MAX + 1];
	char texts[KM_DOMAINS_MAX + 1][32];
	for (size_t i = 0; i <= KM_DOMAINS_MAX; i++) {
		snprintf(texts[i], sizeof texts[i], "d%zu.example", i);
		many[i] = (struct km_domain){texts[i], 0};
	}
	for (size_t i = 0; i <= KM_TRADE_NAMES_MAX; i++)
		names[i] = texts[i];
	struct km_provider given = named("68750110", "Test BV Donald");
	given.domains = many;
	given.domains_len = KM_DOMAINS_MAX + 1;
	expect_refusal(*state, &given, "domain");
	given.domains_len = KM_DOMAINS_MAX;
	given.trade_names = names;
	given.trade_names_len = KM_TRADE_NAMES_MAX + 1;
	expect_refusal(*state, &given, "trade-names");
	given.trade_names_len = KM_TRADE_NAMES_MAX;
	add(*state, &given);
	struct km_provider *found = NULL;
	struct fixture *fixture = *state;
	assert_int_equal(km_provider_get(fixture->store, "68750110", &found, NULL), KM_OK);
	assert_int_equal(found->domains_len, KM_DOMAINS_MAX);
	assert_int_equal(found->trade_names_len, KM_TRADE_NAMES_MAX);
	assert_string_equal(found->domains[KM_DOMAINS_MAX - 1].name, "d19.example");
	km_provider_free(found);
}

static void a_contact_is_checked(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		struct km_provider_contact contact;
		const char *type; /* NULL: it is good */
	} cases[] = {
		{{"V\u202eP", NULL, NULL, NULL}, "contact-name"},
		{{NULL, "naam", NULL, NULL}, "contact-email"},
		{{NULL, "@donald.example", NULL, NULL}, "contact-email"},
		{{NULL, "a@b@donald.example", NULL, NULL}, "contact-email"},
		{{NULL, "naam@localhost", NULL, NULL}, "contact-email"},
		{{NULL, "naam@donald.example\nBcc: x@y.example", NULL, NULL}, "contact-email"},
		{{NULL, "na am@donald.example", NULL, NULL}, "contact-email"},
		{{NULL, NULL, "bel mij", NULL}, "contact-phone"},
		{{NULL, NULL, "--", NULL}, "contact-phone"},
		{{NULL, NULL, "+31 20 123 45 67 890 123 456 789", NULL}, "contact-phone"},
		{{NULL, NULL, NULL, "fr"}, "contact-language"},
		{{"Voorbeeld", "naam+x@b\u00fccher.example", "(020) 123.45-67", "en"}, NULL},
	};
	struct km_provider given = named("68750110", "Test BV Donald");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct km_problem problem = {0};
		enum km_error error = km_provider_add(fixture->store, &given, &cases[i].contact, FIXTURE_NOW, &problem);
		if (cases[i].type)
			assert_problem(error, &problem, KM_INVALID, cases[i].type);
		else
			assert_ok(error, &problem);
	}
}

static void a_duplicate_is_refused_with_the_name_of_the_one_that_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct km_provider first = donald();
	add(fixture, &first);
	const struct km_domain domain[] = {{"katrien.example", 0}, {"DONALD.example", 0}};
	struct {
		struct km_provider provider;
		const char *type;
	} cases[] = {
		{named("68750110", "Test NV Katrien"), "kvk-taken"},
		{named("68727720", "Test NV Katrien"), "rsin-taken"},
		{named("68727720", "Test NV Katrien"), "lei-taken"},
		{named("68727720", "Test NV Katrien"), "domain-taken"},
	};
	cases[1].provider.rsin = "123456782";
	cases[2].provider.lei = "5493001KJTIIGC8Y1R12";
	cases[3].provider.domains = domain;
	cases[3].provider.domains_len = 2;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct km_problem problem = {0};
		assert_problem(km_provider_add(fixture->store, &cases[i].provider, NULL, FIXTURE_NOW, &problem), &problem,
		               KM_CONFLICT, cases[i].type);
		assert_contains(problem.message, "Test BV Donald");
		assert_contains(problem.message, "68750110");
	}
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider"), 1);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM provider_domain"), 2);
}

static void the_search_table_has_legal_and_trade_names(void **state)
{
	struct fixture *fixture = *state;
	struct km_provider given = donald();
	add(fixture, &given);
	static const char *const found[] = {"donald", "ict", "cafe", "automatisering", "bv"};
	for (size_t i = 0; i < sizeof found / sizeof *found; i++)
		assert_int_equal(fixture_matches(fixture, found[i]), 1);
	assert_int_equal(fixture_matches(fixture, "guus"), 0);
}

struct seen {
	char kvk[10][9];
	size_t len, stop_at;
};

static enum km_error see(void *context, const struct km_provider *provider)
{
	struct seen *seen = context;
	strcpy(seen->kvk[seen->len++], provider->kvk);
	return seen->len == seen->stop_at ? KM_FORBIDDEN : KM_OK;
}

static void the_list_goes_by_kvk_number_and_can_go_on(void **state)
{
	struct fixture *fixture = *state;
	static const char *const kvk[] = {"69599076", "00000001", "68727720", "68750110"};
	for (size_t i = 0; i < 4; i++) {
		struct km_provider given = named(kvk[i], "Test");
		add(fixture, &given);
	}
	struct seen seen = {0};
	assert_int_equal(km_provider_list(fixture->store, NULL, 3, see, &seen, NULL), KM_OK);
	assert_int_equal(seen.len, 3);
	assert_string_equal(seen.kvk[0], "00000001");
	assert_string_equal(seen.kvk[1], "68727720");
	assert_string_equal(seen.kvk[2], "68750110");
	assert_int_equal(km_provider_list(fixture->store, seen.kvk[2], SIZE_MAX, see, &seen, NULL), KM_OK);
	assert_int_equal(seen.len, 4);
	assert_string_equal(seen.kvk[3], "69599076");
	struct seen two = {.stop_at = 2};
	assert_int_equal(km_provider_list(fixture->store, NULL, SIZE_MAX, see, &two, NULL), KM_FORBIDDEN);
	assert_int_equal(two.len, 2);
}

static void no_statement_reads_a_whole_table(void **state)
{
	struct fixture *fixture = *state;
	what_is_added_comes_back_the_same(state);
	struct seen seen = {0};
	assert_int_equal(km_provider_list(fixture->store, NULL, 3, see, &seen, NULL), KM_OK);
	fixture_expect_indexes(fixture, NULL);
}

/* --------------------------------------------------------------------------------------------------------- bodies */

static const char *const schemes[] = {"mkb-ict", "andere", "mkb-ict"};

static struct km_body voorbeeld(void)
{
	return (struct km_body){
		.slug = "voorbeeld",
		.name = "Voorbeeld Certificatie (sample)",
		.accreditation = "C 000",
		.url = "https://voorbeeld.example/",
		.schemes = schemes,
		.schemes_len = 3,
	};
}

static void add_schemes(struct fixture *fixture)
{
	fixture_sql(fixture, "INSERT INTO scheme VALUES ('mkb-ict', 1, x'7b7d', zeroblob(32), 0), "
	                     "('mkb-ict', 2, x'7b7d', zeroblob(32), 0), ('andere', 1, x'7b7d', zeroblob(32), 0)");
}

static void a_body_comes_back_the_same(void **state)
{
	struct fixture *fixture = *state;
	add_schemes(fixture);
	struct km_body given = voorbeeld();
	struct km_problem problem = {0};
	assert_ok(km_body_add(fixture->store, &given, FIXTURE_NOW, &problem), &problem);
	struct km_body *found = NULL, *same = NULL;
	assert_ok(km_body_get(fixture->store, "voorbeeld", &found, &problem), &problem);
	assert_string_equal(found->slug, given.slug);
	assert_string_equal(found->name, given.name);
	assert_string_equal(found->accreditation, given.accreditation);
	assert_null(found->city);
	assert_string_equal(found->country, "NL");
	assert_string_equal(found->url, given.url);
	assert_int_equal(found->schemes_len, 2);
	assert_string_equal(found->schemes[0], "andere");
	assert_string_equal(found->schemes[1], "mkb-ict");
	assert_ok(km_body_get_by_id(fixture->store, found->id, &same, &problem), &problem);
	assert_string_equal(same->slug, "voorbeeld");
	km_body_free(same);
	km_body_free(found);
	km_body_free(NULL);
	fixture_expect_indexes(fixture, NULL);
}

static void a_faulty_body_is_refused(void **state)
{
	struct fixture *fixture = *state;
	add_schemes(fixture);
	static const char *const slugs[] = {
		"", "Voorbeeld", "-a", "a-", "a b", "a.b", "abcdefghijklmnopqrstuvwxyz01234567890123-"};
	struct km_problem problem = {0};
	struct km_body given;
	for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++) {
		given = voorbeeld();
		given.slug = slugs[i];
		assert_problem(km_body_add(fixture->store, &given, 0, &problem), &problem, KM_INVALID, "slug");
	}
	given = voorbeeld();
	given.name = "";
	assert_problem(km_body_add(fixture->store, &given, 0, &problem), &problem, KM_INVALID, "name");
	given = voorbeeld();
	given.accreditation = NULL;
	assert_problem(km_body_add(fixture->store, &given, 0, &problem), &problem, KM_INVALID, "accreditation");
	given = voorbeeld();
	given.url = "javascript:alert(1)";
	assert_problem(km_body_add(fixture->store, &given, 0, &problem), &problem, KM_INVALID, "url");
	given = voorbeeld();
	given.country = "NLD";
	assert_problem(km_body_add(fixture->store, &given, 0, &problem), &problem, KM_INVALID, "country");
	given = voorbeeld();
	const char *const unknown[] = {"mkb-ict", "onbekend"};
	given.schemes = unknown;
	given.schemes_len = 2;
	assert_problem(km_body_add(fixture->store, &given, 0, &problem), &problem, KM_ABSENT, "unknown-scheme");
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM body"), 0);
	given = voorbeeld();
	assert_ok(km_body_add(fixture->store, &given, 0, &problem), &problem);
	assert_problem(km_body_add(fixture->store, &given, 0, &problem), &problem, KM_CONFLICT, "slug-taken");
	struct km_body *found = NULL;
	assert_problem(km_body_get(fixture->store, "onbekend", &found, &problem), &problem, KM_ABSENT, "unknown-body");
}

static enum km_error see_body(void *context, const struct km_body *body)
{
	strcat(context, body->slug);
	strcat(context, body->schemes_len ? "+" : "-");
	return KM_OK;
}

static void bodies_are_listed_by_slug(void **state)
{
	struct fixture *fixture = *state;
	add_schemes(fixture);
	struct km_problem problem = {0};
	struct km_body given = voorbeeld();
	assert_ok(km_body_add(fixture->store, &given, 0, &problem), &problem);
	given.slug = "a2";
	given.schemes_len = 0;
	assert_ok(km_body_add(fixture->store, &given, 0, &problem), &problem);
	char seen[100] = "";
	assert_ok(km_body_list(fixture->store, see_body, seen, &problem), &problem);
	assert_string_equal(seen, "a2-voorbeeld+");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(what_is_added_comes_back_the_same),
		KM_REGISTER_TEST(what_was_not_given_is_absent),
		KM_REGISTER_TEST(an_unknown_provider_is_absent),
		KM_REGISTER_TEST(names_of_any_script_and_hostile_ones_stay_as_they_are),
		KM_REGISTER_TEST(names_that_show_as_another_are_refused),
		KM_REGISTER_TEST(a_name_has_at_most_200_characters),
		KM_REGISTER_TEST(a_region_is_kept_by_its_code),
		KM_REGISTER_TEST(what_is_no_region_of_the_country_is_refused),
		KM_REGISTER_TEST(each_identifier_is_checked),
		KM_REGISTER_TEST(an_euid_of_another_country_is_kept),
		KM_REGISTER_TEST(each_domain_is_checked_and_none_comes_twice),
		KM_REGISTER_TEST(at_most_20_domains_and_20_trade_names_are_taken),
		KM_REGISTER_TEST(a_contact_is_checked),
		KM_REGISTER_TEST(a_duplicate_is_refused_with_the_name_of_the_one_that_is_there),
		KM_REGISTER_TEST(the_search_table_has_legal_and_trade_names),
		KM_REGISTER_TEST(the_list_goes_by_kvk_number_and_can_go_on),
		KM_REGISTER_TEST(no_statement_reads_a_whole_table),
		KM_REGISTER_TEST(a_body_comes_back_the_same),
		KM_REGISTER_TEST(a_faulty_body_is_refused),
		KM_REGISTER_TEST(bodies_are_listed_by_slug),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
