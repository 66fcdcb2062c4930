#include "registry/search.h"

#include "registry/sql.h"
#include "tests/fixture.h"

#include <stdlib.h>

enum { DAY = 24 * 3600 };
static const int64_t granted = FIXTURE_NOW - 30 * DAY;

/* A mark and its first period; its number is that of the seed. */
static void add_mark(struct fixture *fixture, const char *kvk, uint8_t seed, const char *scheme, const char *level)
{
	char number[KM_NUMBER_TEXT], sql[1000];
	const uint8_t random[7] = {seed, 2, 3, 4, 5, 6, 7};
	km_number_make(random, number);
	snprintf(
		sql, sizeof sql,
		"INSERT INTO mark (number, provider_id, scheme_id, granted_at) "
		"SELECT '%s', id, '%s', %lld FROM provider WHERE kvk = '%s';"
		"INSERT INTO mark_period SELECT max(id), 1, 'd', %lld, %lld, 'active', 1, 1, '[]', %s, %lld, %lld, NULL, NULL, "
		"NULL FROM mark",
		number, scheme, (long long)granted, kvk, (long long)granted, (long long)granted, level, (long long)granted,
		(long long)granted + 365 * DAY);
	fixture_sql(fixture, sql);
}

static void add_provider(struct fixture *fixture, const char *kvk, const char *name, const char *trade_name,
                         const char *domain)
{
	const struct km_domain domains[] = {{domain, 0}};
	struct km_provider provider = {
		.kvk = kvk,
		.name = name,
		.trade_names = &trade_name,
		.trade_names_len = trade_name != NULL,
		.domains = domains,
		.domains_len = domain != NULL,
		.city = "Utrecht",
		.region = "NL-UT",
	};
	struct km_problem problem = {0};
	assert_ok(km_provider_add(fixture->store, &provider, NULL, 0, &problem), &problem);
}

static int set_up(void **state)
{
	fixture_set_up(state);
	struct fixture *fixture = *state;
	struct km_problem problem = {0};
	const char *json, *name;
	size_t len;
	for (size_t i = 0; (json = km_scheme_shipped(i, &len, &name)); i++) {
		struct km_scheme *scheme = NULL;
		assert_ok(km_scheme_parse(json, len, &scheme, &problem), &problem);
		assert_ok(km_scheme_add(fixture->store, scheme, 0, &problem), &problem);
		km_scheme_free(scheme);
	}
	/* Nothing is committed here, so decisions need not be there. */
	fixture_sql(fixture, "PRAGMA defer_foreign_keys = ON;"
	                     "INSERT INTO body VALUES (1, 'voorbeeld', 'Voorbeeld', 'C 000', NULL, 'NL', NULL, 0)");
	add_provider(fixture, "68750110", "Test BV Donald", "Caf\u00e9 Automatisering", "donald.example");
	add_provider(fixture, "68727720", "Test NV Katrien", NULL, "b\u00fccher.example");
	add_provider(fixture, "69599084", "Test EMZ Dagobert", "O'Brien & Zn \"De Baas\"", NULL);
	add_provider(fixture, "69599076", "Test VOF Guus", "Datacentrale", "www.guus.example");
	add_mark(fixture, "68750110", 1, "mkb-ict", "NULL");
	add_mark(fixture, "68750110", 2, "rijpheid", "'2'");
	add_mark(fixture, "68727720", 3, "mkb-ict", "NULL");
	return 0;
}

struct found {
	char lines[4000]; /* "kvk/number of mark, 1 for the first, or -/state " */
	struct km_hit last;
	char last_text[300];
	size_t hits;
	enum km_query_kind kind;
	struct km_problem problem;
	enum km_error answer;
};

static enum km_error note(void *context, const struct km_hit *hit)
{
	struct found *found = context;
	uint8_t seed = 0;
	char number[KM_NUMBER_TEXT] = "";
	while (hit->number && strcmp(number, hit->number) != 0)
		km_number_make((uint8_t[7]){++seed, 2, 3, 4, 5, 6, 7}, number);
	size_t len = strlen(found->lines);
	if (hit->number)
		snprintf(found->lines + len, sizeof found->lines - len, "%s/%d/%s ", hit->kvk, seed, km_state_name(hit->state));
	else
		snprintf(found->lines + len, sizeof found->lines - len, "%s/- ", hit->kvk);
	snprintf(found->last_text, sizeof found->last_text, "%s|%s|%s|%s|%s|%s|%s", hit->provider_name, hit->city,
	         hit->domain ? hit->domain : "-", hit->number ? hit->scheme_id : "-",
	         hit->number ? hit->scheme_name[KM_NL] : "-", hit->number ? hit->scheme_name[KM_EN] : "-",
	         hit->number && hit->level ? hit->level : "-");
	found->last = *hit;
	found->hits++;
	return found->answer;
}

static enum km_error search_page(struct fixture *fixture, const char *text, int64_t at, size_t limit, size_t offset,
                                 struct found *found)
{
	*found = (struct found){.kind = 99};
	const struct km_query query = {.text = text, .limit = limit, .offset = offset};
	return km_search(fixture->store, &query, at, &found->kind, note, found, &found->problem);
}

static void expect_at(struct fixture *fixture, int64_t at, const char *text, enum km_query_kind kind, const char *lines)
{
	struct found found;
	assert_ok(search_page(fixture, text, at, 20, 0, &found), &found.problem);
	if (found.kind != kind || strcmp(found.lines, lines) != 0)
		fail_msg("\"%s\": kind %d, %s; expected %d, %s", text ? text : "NULL", found.kind, found.lines, kind, lines);
}

static void expect(void **state, const char *text, enum km_query_kind kind, const char *lines)
{
	expect_at(*state, FIXTURE_NOW, text, kind, lines);
}

#define DONALD  "68750110/2/active 68750110/1/active "
#define KATRIEN "68727720/3/active "

static void nothing_typed_gives_all_marks_newest_first(void **state)
{
	expect(state, NULL, KM_QUERY_ALL, KATRIEN DONALD);
	expect(state, "", KM_QUERY_ALL, KATRIEN DONALD);
	expect(state, " \t\n", KM_QUERY_ALL, KATRIEN DONALD);
}

static void a_hit_says_who_and_what(void **state)
{
	struct found found;
	assert_int_equal(search_page(*state, "Donald", FIXTURE_NOW, 1, 0, &found), KM_OK);
	assert_string_equal(found.last_text, "Test BV Donald|Utrecht|donald.example|rijpheid|"
	                                     "Rijpheid in digitale weerbaarheid|Cyber resilience maturity|2");
	assert_int_equal(found.last.valid_until, granted + 365 * DAY);
	assert_int_equal(search_page(*state, "Dagobert", FIXTURE_NOW, 1, 0, &found), KM_OK);
	assert_string_equal(found.last_text, "Test EMZ Dagobert|Utrecht|-|-|-|-|-");
	assert_null(found.last.number);
}

static void a_mark_number_is_read_in_any_spelling(void **state)
{
	char number[KM_NUMBER_TEXT], shown[KM_NUMBER_SHOWN], text[200];
	km_number_make((uint8_t[7]){3, 2, 3, 4, 5, 6, 7}, number);
	km_number_show(number, shown);
	expect(state, number, KM_QUERY_NUMBER, KATRIEN);
	expect(state, shown, KM_QUERY_NUMBER, KATRIEN);
	for (char *c = shown; *c; c++)
		*c = *c >= 'A' ? (char)(*c + 'a' - 'A') : *c == '-' ? ' ' : *c;
	expect(state, shown, KM_QUERY_NUMBER, KATRIEN);
	static const char *const links[] = {"%s/m/%s", "%s/M/%s", "%s/m/%s.json", "%s/m/%s/status.jwt", "%s/m/%s?lang=en"};
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		text[0] = '\0';
		strcat(strcpy(text, i % 2 ? "HTTPS://KEURMERK.EXAMPLE" : FIXTURE_URL), strstr(links[i], "/"));
		char *at = strstr(text, "%s"), rest[50];
		strcpy(rest, at + 2);
		strcat(strcpy(at, number), rest);
		expect(state, text, KM_QUERY_NUMBER, KATRIEN);
	}
	/* A link to another registry's mark is none of ours. */
	snprintf(text, sizeof text, "https://other.example/m/%s", number);
	expect(state, text, KM_QUERY_DOMAIN, "");
}

static void an_unknown_number_gives_no_hit(void **state)
{
	expect(state, "7K3Q-9XM2-4HTT", KM_QUERY_NUMBER, "");
}

static void a_wrong_check_symbol_is_said(void **state)
{
	static const char *const wrong[] = {"7K3Q-9XM2-4HTA", "7k3q9xm24hta", "BCDF-GHJK-MNPA",
	                                    FIXTURE_URL "/m/7K3Q9XM24HTA"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct found found;
		assert_problem(search_page(*state, wrong[i], FIXTURE_NOW, 20, 0, &found), &found.problem, KM_ABSENT,
		               "mark-number-check");
		assert_int_equal(found.hits, 0);
		assert_int_equal(found.kind, 99);
	}
}

/* Twelve letters, all of them symbols of mark numbers. */
static void a_name_that_looks_like_a_number_is_found_as_a_name(void **state)
{
	struct fixture *fixture = *state;
	char number[KM_NUMBER_TEXT];
	assert_int_equal(km_number_parse("Datacentrale", number, NULL), KM_ABSENT);
	expect(state, "Datacentrale", KM_QUERY_NAME, "69599076/- ");
	expect(state, "Datacentrala", KM_QUERY_NAME, "");
	add_provider(fixture, "00000001", "Net4All Groep", NULL, NULL);
	assert_int_equal(km_number_parse("Net4All Groep", number, NULL), KM_ABSENT);
	expect(state, "Net4All Groep", KM_QUERY_NAME, "00000001/- ");
	/* … and twelve letters whose last one happens to fit. */
	char word[] = "datacentral?", *last = word + 11;
	for (*last = 'a'; km_number_parse(word, number, NULL) != KM_OK; ++*last)
		assert_true(*last < 'z');
	expect(state, word, KM_QUERY_NAME, "");
	add_provider(fixture, "00000002", word, NULL, NULL);
	expect(state, word, KM_QUERY_NAME, "00000002/- ");
}

static void a_kvk_number_is_found(void **state)
{
	expect(state, "68750110", KM_QUERY_KVK, DONALD);
	expect(state, "68 75 01 10", KM_QUERY_KVK, DONALD);
	expect(state, " KvK 68750110 ", KM_QUERY_KVK, DONALD);
	expect(state, "kvk-nummer: 6875.0110", KM_QUERY_KVK, DONALD);
	expect(state, "69599084", KM_QUERY_KVK, "69599084/- ");
	expect(state, "68750111", KM_QUERY_KVK, "");
	expect(state, "6875011", KM_QUERY_NAME, "");
	expect(state, "687501100", KM_QUERY_NAME, "");
}

static void a_domain_is_found_also_within_a_link_or_an_address(void **state)
{
	static const char *const donald[] = {
		"donald.example",
		"Donald.Example.",
		"www.donald.example",
		"https://donald.example",
		"https://www.donald.example:8443/pad/x?y=z#w",
		"http://user:secret@donald.example/",
		"donald.example/contact",
		"naam@donald.example",
		"mailto:naam@donald.example",
		"Naam <naam@donald.example>",
	};
	for (size_t i = 0; i < sizeof donald / sizeof *donald; i++)
		expect(state, donald[i], KM_QUERY_DOMAIN, DONALD);
	expect(state, "b\u00fccher.example", KM_QUERY_DOMAIN, KATRIEN);
	expect(state, "XN--BCHER-KVA.example", KM_QUERY_DOMAIN, KATRIEN);
	expect(state, "guus.example", KM_QUERY_DOMAIN, "69599076/- ");
	expect(state, "www.guus.example", KM_QUERY_DOMAIN, "69599076/- ");
}

static void another_domain_is_not_found(void **state)
{
	static const char *const others[] = {
		"donald.example.com",
		"shop.donald.example", /* others may live under a domain */
		"xdonald.example",
		"https://other.example/?x=donald.example",
		"https://other.example/@donald.example",
		"https://other.example#@donald.example",
		"https://donald.example@other.example/",
		"https://other.example\\@donald.example",
		"d\u043enald.example", /* with a Cyrillic o */
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		expect(state, others[i], KM_QUERY_DOMAIN, "");
	expect(state, "http://192.0.2.1/", KM_QUERY_NAME, "");
}

static void a_name_is_found_by_its_beginnings_without_accents(void **state)
{
	expect(state, "donald", KM_QUERY_NAME, DONALD);
	expect(state, "DON", KM_QUERY_NAME, DONALD);
	expect(state, "bv don", KM_QUERY_NAME, DONALD);
	expect(state, "cafe auto", KM_QUERY_NAME, DONALD);
	expect(state, "CAF\u00c9", KM_QUERY_NAME, DONALD);
	expect(state, "cafe\u0301", KM_QUERY_NAME, DONALD);
	expect(state, "o'brien", KM_QUERY_NAME, "69599084/- ");
	expect(state, "zn & o'brien", KM_QUERY_NAME, "69599084/- ");
	expect(state, "nald", KM_QUERY_NAME, "");
	expect(state, "donald katrien", KM_QUERY_NAME, "");
	expect(state, "d", KM_QUERY_NAME, ""); /* one letter is no beginning */
}

static void a_name_with_a_dot_is_a_name_where_it_is_no_domain(void **state)
{
	struct fixture *fixture = *state;
	add_provider(fixture, "00000001", "Voorbeeld.nl", NULL, NULL);
	expect(state, "voorbeeld.nl", KM_QUERY_NAME, "00000001/- ");
}

static void a_name_typed_in_full_comes_first_and_marks_before_none(void **state)
{
	struct fixture *fixture = *state;
	add_provider(fixture, "00000001", "Donald Duck Installaties", NULL, NULL);
	add_provider(fixture, "00000002", "Donaldson", NULL, NULL);
	expect(state, "donald", KM_QUERY_NAME, DONALD "00000002/- 00000001/- ");
	expect(state, "donaldson", KM_QUERY_NAME, "00000002/- ");
	add_provider(fixture, "00000003", "DONALD", NULL, NULL);
	expect(state, "donald", KM_QUERY_NAME, "00000003/- " DONALD "00000002/- 00000001/- ");
	add_provider(fixture, "00000004", "Iets anders", "donald", NULL);
	expect(state, "Donald", KM_QUERY_NAME, "00000003/- 00000004/- " DONALD "00000002/- 00000001/- ");
}

static void a_name_typed_in_full_is_found_among_thousands(void **state)
{
	struct fixture *fixture = *state;
	fixture_sql(fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
	                     "INSERT INTO provider (id, kvk, euid, name, country, added_at) "
	                     "SELECT 1000 + i, printf('%08d', i), 'x', 'Bakkerij ' || i, 'NL', 0 FROM n;"
	                     "INSERT INTO provider_search (rowid, names) SELECT id, name FROM provider WHERE id > 1000");
	add_provider(fixture, "99999999", "Bakkerij", NULL, NULL);
	struct found found;
	assert_int_equal(search_page(fixture, "bakkerij", FIXTURE_NOW, 100, 0, &found), KM_OK);
	assert_int_equal(found.hits, 100);
	assert_int_equal(strncmp(found.lines, "99999999/- ", 11), 0);
}

static void whatever_is_typed_is_only_ever_words(void **state)
{
	static const struct {
		const char *text, *lines;
	} hostile[] = {
		{"\"", ""},
		{"\"\"", ""},
		{"*", ""},
		{"donald OR katrien", ""},
		{"donald NOT katrien", ""},
		{"NEAR(donald katrien)", ""},
		{"names:donald", ""},
		{"{names}:donald", ""},
		{"^donald", DONALD}, /* signs are passed over, the word is found */
		{"donald') --", DONALD},
		{"\"donald\" *", DONALD},
		{"- donald katrien", ""},
		{"don\" OR \"kat", ""},
		{"(", ""},
		{"\U0001f510", ""},
		{"%", ""},
		{"_", ""},
		{"\x01", ""},
		{"'; DROP TABLE provider; --", ""},
		{"a b c d e f g h i j k l m n o p q r s t u v w x y z", ""},
	};
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
		expect(state, hostile[i].text, KM_QUERY_NAME, hostile[i].lines);
}

static void a_text_of_2048_bytes_is_taken_and_no_more(void **state)
{
	char text[KM_QUERY_TEXT_MAX + 2];
	struct found found;
	memset(text, 'x', sizeof text);
	text[KM_QUERY_TEXT_MAX] = '\0';
	assert_ok(search_page(*state, text, FIXTURE_NOW, 20, 0, &found), &found.problem);
	text[KM_QUERY_TEXT_MAX] = 'x';
	text[KM_QUERY_TEXT_MAX + 1] = '\0';
	assert_problem(search_page(*state, text, FIXTURE_NOW, 20, 0, &found), &found.problem, KM_TOO_LARGE, "query");
	assert_problem(search_page(*state, "caf\xe9", FIXTURE_NOW, 20, 0, &found), &found.problem, KM_INVALID, "query");
	/* The longest one of every kind of reading. */
	static const char *const starts[] = {"https://", FIXTURE_URL "/m/", "kvk ", "a@"};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		memset(text, '1', KM_QUERY_TEXT_MAX);
		memcpy(text, starts[i], strlen(starts[i]));
		text[KM_QUERY_TEXT_MAX] = '\0';
		assert_ok(search_page(*state, text, FIXTURE_NOW, 20, 0, &found), &found.problem);
		assert_int_equal(found.hits, 0);
	}
}

static void hits_come_in_pages(void **state)
{
	struct found found;
	assert_int_equal(search_page(*state, "", FIXTURE_NOW, 2, 0, &found), KM_OK);
	assert_string_equal(found.lines, "68727720/3/active 68750110/2/active ");
	assert_int_equal(search_page(*state, "", FIXTURE_NOW, 2, 2, &found), KM_OK);
	assert_string_equal(found.lines, "68750110/1/active ");
	assert_int_equal(search_page(*state, "test", FIXTURE_NOW, 2, 2, &found), KM_OK);
	assert_int_equal(found.hits, 2);
	assert_int_equal(search_page(*state, "test", FIXTURE_NOW, SIZE_MAX, SIZE_MAX, &found), KM_OK);
	assert_int_equal(found.hits, 0);
}

static void the_state_is_that_of_the_moment_asked(void **state)
{
	struct fixture *fixture = *state;
	char sql[500];
	/* Recorded now: suspended from tomorrow. */
	snprintf(sql, sizeof sql,
	         "INSERT INTO mark_period SELECT mark_id, 2, 'e', %d, %d, 'suspended', 1, 1, '[]', NULL, valid_from, "
	         "valid_until, "
	         "NULL, NULL, %d FROM mark_period WHERE mark_id = 1",
	         FIXTURE_NOW + DAY, FIXTURE_NOW, FIXTURE_NOW + 100 * DAY);
	fixture_sql(fixture, sql);
	const char *text = "donald.example";
	expect_at(fixture, granted - 1, text, KM_QUERY_DOMAIN, "68750110/- ");
	expect_at(fixture, granted, text, KM_QUERY_DOMAIN, DONALD);
	expect_at(fixture, FIXTURE_NOW + DAY - 1, text, KM_QUERY_DOMAIN, DONALD);
	expect_at(fixture, FIXTURE_NOW + DAY, text, KM_QUERY_DOMAIN, "68750110/2/active 68750110/1/suspended ");
	expect_at(fixture, FIXTURE_NOW + 100 * DAY, text, KM_QUERY_DOMAIN, "68750110/2/active 68750110/1/suspended ");
	expect_at(fixture, FIXTURE_NOW + 100 * DAY + 1, text, KM_QUERY_DOMAIN, "68750110/2/active 68750110/1/withdrawn ");
	expect_at(fixture, granted + 365 * DAY, text, KM_QUERY_DOMAIN, "68750110/2/active 68750110/1/withdrawn ");
	expect_at(fixture, granted + 365 * DAY + 1, text, KM_QUERY_DOMAIN, "68750110/2/expired 68750110/1/withdrawn ");
	expect_at(fixture, granted - 1, "", KM_QUERY_ALL, "");
}

static void the_period_recorded_last_wins_among_those_that_hold(void **state)
{
	struct fixture *fixture = *state;
	char sql[500];
	for (int sequence = 2; sequence <= 3; sequence++) {
		/* The second holds from day 9; the third, recorded later, from day 5. */
		snprintf(sql, sizeof sql,
		         "INSERT INTO mark_period SELECT mark_id, %d, 'e', %lld, %d, '%s', 1, 1, '[]', NULL, valid_from, "
		         "valid_until, NULL, NULL, NULL FROM mark_period WHERE mark_id = 3 AND sequence = 1",
		         sequence, (long long)granted + (sequence == 2 ? 9 : 5) * DAY, FIXTURE_NOW,
		         sequence == 2 ? "withdrawn" : "suspended");
		fixture_sql(fixture, sql);
	}
	expect_at(fixture, granted + 5 * DAY - 1, "katrien", KM_QUERY_NAME, KATRIEN);
	expect_at(fixture, granted + 5 * DAY, "katrien", KM_QUERY_NAME, "68727720/3/suspended ");
	expect_at(fixture, granted + 9 * DAY, "katrien", KM_QUERY_NAME, "68727720/3/suspended ");
}

static void an_error_of_the_callback_ends_the_search(void **state)
{
	struct fixture *fixture = *state;
	struct found found = {.answer = KM_UNAVAILABLE, .kind = 99};
	const struct km_query query = {.text = "test", .limit = 20};
	assert_int_equal(km_search(fixture->store, &query, FIXTURE_NOW, &found.kind, note, &found, NULL), KM_UNAVAILABLE);
	assert_int_equal(found.hits, 1);
	assert_int_equal(found.kind, 99);
}

/* ------------------------------------------------------------------------------------------------ filters, all marks
 */

static void expect_filtered(struct fixture *fixture, const char *text, struct km_filter filter, int64_t at,
                            const char *lines)
{
	struct found found = {.kind = 99};
	const struct km_query query = {.text = text, .limit = 20, .filter = filter};
	assert_ok(km_search(fixture->store, &query, at, &found.kind, note, &found, &found.problem), &found.problem);
	assert_string_equal(found.lines, lines);
}

/* Another period of a mark, from FIXTURE_NOW on. */
static void change(struct fixture *fixture, int mark, const char *state, const char *scope)
{
	char sql[500];
	snprintf(
		sql, sizeof sql,
		"INSERT INTO mark_period SELECT mark_id, 2, 'e', %d, %d, '%s', 1, 1, '%s', level, valid_from, valid_until, "
		"NULL, NULL, NULL FROM mark_period WHERE mark_id = %d AND sequence = 1",
		FIXTURE_NOW, FIXTURE_NOW, state, scope, mark);
	fixture_sql(fixture, sql);
}

static void marks_are_found_by_what_they_are(void **state)
{
	struct fixture *fixture = *state;
	change(fixture, 3, "suspended", "[\"cloud\",\"backup\"]");
	const int64_t now = FIXTURE_NOW;
	expect_filtered(fixture, "", (struct km_filter){.scheme = "mkb-ict"}, now,
	                "68727720/3/suspended 68750110/1/active ");
	expect_filtered(fixture, "", (struct km_filter){.scheme = "rijpheid"}, now, "68750110/2/active ");
	expect_filtered(fixture, "", (struct km_filter){.level = "2"}, now, "68750110/2/active ");
	expect_filtered(fixture, "", (struct km_filter){.level = "1"}, now, "");
	expect_filtered(fixture, "", (struct km_filter){.service = "cloud"}, now, "68727720/3/suspended ");
	expect_filtered(fixture, "", (struct km_filter){.service = "clou"}, now, "");
	expect_filtered(fixture, "", (struct km_filter){.city = "uTRECHT"}, now, "68727720/3/suspended " DONALD);
	expect_filtered(fixture, "", (struct km_filter){.city = "Breda"}, now, "");
	expect_filtered(fixture, "", (struct km_filter){.region = "NL-UT"}, now, "68727720/3/suspended " DONALD);
	expect_filtered(fixture, "", (struct km_filter){.region = "NL-NB"}, now, "");
	expect_filtered(fixture, "", (struct km_filter){.region = "NL-UT", .level = "2"}, now, "68750110/2/active ");
	expect_filtered(fixture, "donald", (struct km_filter){.region = "NL-UT", .scheme = "mkb-ict"}, now,
	                "68750110/1/active ");
	expect_filtered(fixture, "", (struct km_filter){.by_state = true, .state = KM_SUSPENDED}, now,
	                "68727720/3/suspended ");
	expect_filtered(fixture, "", (struct km_filter){.by_state = true, .state = KM_ACTIVE}, now, DONALD);
	expect_filtered(fixture, "", (struct km_filter){.by_state = true, .state = KM_ACTIVE, .scheme = "mkb-ict"}, now,
	                "68750110/1/active ");
	expect_filtered(fixture, "", (struct km_filter){.scheme = "", .city = ""}, now, "68727720/3/suspended " DONALD);
}

static void a_filter_looks_at_the_moment_asked(void **state)
{
	struct fixture *fixture = *state;
	change(fixture, 3, "suspended", "[\"cloud\"]");
	expect_filtered(fixture, "", (struct km_filter){.service = "cloud"}, FIXTURE_NOW - 1, "");
	expect_filtered(fixture, "", (struct km_filter){.by_state = true, .state = KM_SUSPENDED}, FIXTURE_NOW - 1, "");
	expect_filtered(fixture, "", (struct km_filter){.by_state = true, .state = KM_ACTIVE}, FIXTURE_NOW - 1,
	                KATRIEN DONALD);
	/* Lapsed: no longer active at once, and expired once that is written down. */
	const int64_t after = granted + 365 * DAY + 1;
	expect_filtered(fixture, "", (struct km_filter){.by_state = true, .state = KM_ACTIVE}, after, "");
	char sql[200];
	snprintf(sql, sizeof sql,
	         "INSERT INTO event (mark_id, at, recorded_at, action, state) "
	         "VALUES (1, %lld, %lld, 'expire', 'expired')",
	         (long long)after, (long long)after);
	fixture_sql(fixture, sql);
	expect_filtered(fixture, "", (struct km_filter){.by_state = true, .state = KM_EXPIRED}, after,
	                "68750110/1/expired ");
}

static void a_filter_narrows_what_is_found_by_a_text(void **state)
{
	struct fixture *fixture = *state;
	expect_filtered(fixture, "test", (struct km_filter){.level = "2"}, FIXTURE_NOW, "68750110/2/active ");
	expect_filtered(fixture, "68750110", (struct km_filter){.scheme = "mkb-ict"}, FIXTURE_NOW, "68750110/1/active ");
	/* Providers without a mark fit none. */
	expect_filtered(fixture, "dagobert", (struct km_filter){.city = "utrecht"}, FIXTURE_NOW, "");
}

static void a_filter_that_can_be_none_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char city[KM_CITY_MAX + 2];
	memset(city, 'x', sizeof city - 1);
	city[KM_CITY_MAX] = '\0';
	expect_filtered(fixture, "", (struct km_filter){.city = city}, FIXTURE_NOW, "");
	city[KM_CITY_MAX] = 'x';
	city[KM_CITY_MAX + 1] = '\0';
	const struct km_filter wrong[] = {{.service = "cloud\",\"backup"},
	                                  {.scheme = "MKB"},
	                                  {.level = "-"},
	                                  {.region = "utrecht"},
	                                  {.region = "NL-'"},
	                                  {.city = "caf\xe9"},
	                                  {.city = city}};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct found found = {0};
		const struct km_query query = {.limit = 20, .filter = wrong[i]};
		assert_problem(km_search(fixture->store, &query, FIXTURE_NOW, NULL, note, &found, &found.problem),
		               &found.problem, KM_INVALID, "filter");
	}
}

static void pages_of_a_filter_miss_none(void **state)
{
	struct fixture *fixture = *state;
	static const char *const lines[] = {"68727720/3/active ", "68750110/2/active ", "68750110/1/active ", ""};
	for (size_t i = 0; i < 4; i++) {
		struct found found = {0};
		const struct km_query query = {.text = "test", .limit = 1, .offset = i, .filter = {.city = "Utrecht"}};
		assert_int_equal(km_search(fixture->store, &query, FIXTURE_NOW, NULL, note, &found, &found.problem), KM_OK);
		assert_true(i == 3 ? !*found.lines : *found.lines);
		assert_non_null(strstr(KATRIEN DONALD, lines[i]));
	}
	char number[KM_NUMBER_TEXT];
	for (uint8_t seed = 4; seed-- > 1;) {
		struct found found = {0};
		km_number_make((uint8_t[7]){(uint8_t)(seed + 1), 2, 3, 4, 5, 6, 7}, number);
		const struct km_query query = {
			.limit = 1, .after = seed == 3 ? NULL : number, .filter = {.city = seed % 2 ? "Utrecht" : NULL}};
		assert_ok(km_search(fixture->store, &query, FIXTURE_NOW, NULL, note, &found, &found.problem), &found.problem);
		assert_string_equal(found.lines, lines[3 - seed]);
	}
	km_number_make((uint8_t[7]){1, 2, 3, 4, 5, 6, 7}, number);
	struct found found = {0};
	struct km_query query = {.limit = 1, .after = number};
	assert_ok(km_search(fixture->store, &query, FIXTURE_NOW, NULL, note, &found, &found.problem), &found.problem);
	assert_int_equal(found.hits, 0);
	query.after = "7K3Q9XM24HTT";
	assert_problem(km_search(fixture->store, &query, FIXTURE_NOW, NULL, note, &found, &found.problem), &found.problem,
	               KM_ABSENT, "after");
}

static void no_statement_reads_a_whole_table(void **state)
{
	struct fixture *fixture = *state;
	static const char *const all_ways[] = {"", "7K3Q-9XM2-4HTT", "68750110", "donald.example", "donald"};
	struct found found;
	km_sql_forget(fixture->store); /* those of other files, which made the register */
	for (size_t i = 0; i < sizeof all_ways / sizeof *all_ways; i++)
		assert_int_equal(search_page(fixture, all_ways[i], FIXTURE_NOW, 20, 0, &found), KM_OK);
	expect_filtered(fixture, "", (struct km_filter){.city = "Breda"}, FIXTURE_NOW, "");
	fixture_expect_indexes(fixture, "FROM mark JOIN mark_period AS p");
}

#define SEARCH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEARCH_TEST(nothing_typed_gives_all_marks_newest_first),
		SEARCH_TEST(a_hit_says_who_and_what),
		SEARCH_TEST(a_mark_number_is_read_in_any_spelling),
		SEARCH_TEST(an_unknown_number_gives_no_hit),
		SEARCH_TEST(a_wrong_check_symbol_is_said),
		SEARCH_TEST(a_name_that_looks_like_a_number_is_found_as_a_name),
		SEARCH_TEST(a_kvk_number_is_found),
		SEARCH_TEST(a_domain_is_found_also_within_a_link_or_an_address),
		SEARCH_TEST(another_domain_is_not_found),
		SEARCH_TEST(a_name_is_found_by_its_beginnings_without_accents),
		SEARCH_TEST(a_name_with_a_dot_is_a_name_where_it_is_no_domain),
		SEARCH_TEST(a_name_typed_in_full_comes_first_and_marks_before_none),
		SEARCH_TEST(a_name_typed_in_full_is_found_among_thousands),
		SEARCH_TEST(whatever_is_typed_is_only_ever_words),
		SEARCH_TEST(a_text_of_2048_bytes_is_taken_and_no_more),
		SEARCH_TEST(hits_come_in_pages),
		SEARCH_TEST(the_state_is_that_of_the_moment_asked),
		SEARCH_TEST(the_period_recorded_last_wins_among_those_that_hold),
		SEARCH_TEST(an_error_of_the_callback_ends_the_search),
		SEARCH_TEST(marks_are_found_by_what_they_are),
		SEARCH_TEST(a_filter_looks_at_the_moment_asked),
		SEARCH_TEST(a_filter_narrows_what_is_found_by_a_text),
		SEARCH_TEST(a_filter_that_can_be_none_is_refused),
		SEARCH_TEST(pages_of_a_filter_miss_none),
		SEARCH_TEST(no_statement_reads_a_whole_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
