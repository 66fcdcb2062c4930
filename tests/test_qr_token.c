#include "badge/qr.h"
#include "badge/qr_token.h"
#include "base/buf.h"
#include "base/json.h"
#include "tests/sample_mark.h"
#include "tests/test.h"

#include <ctype.h>
#include <stdlib.h>

static json_t *claims_of(const struct km_mark *mark)
{
	struct km_problem problem = {0};
	auto_free char *text = NULL;
	json_t *claims = NULL;
	assert_ok(km_qr_token_payload(mark, SAMPLE_URL, SAMPLE_NOW, &text, &problem), &problem);
	assert_ok(km_json_parse(text, strlen(text), "the claims", &claims, &problem), &problem);
	return claims;
}

static json_t *sample_claims(void)
{
	struct sample_mark sample;
	sample_mark_make(&sample);
	sample.mark.status_index = 94567;
	return claims_of(&sample.mark);
}

static char *sign(const json_t *claims)
{
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	uint8_t seed[32] = {1};
	char *token = NULL;
	assert_ok(km_key_from_seed(seed, &key, &problem), &problem);
	assert_ok(km_cwt_sign(key, claims, &token, &problem), &problem);
	km_key_free(key);
	return token;
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	json_auto_t *claims = sample_claims();
	auto_free char *token = sign(claims);
	auto_cwt struct km_cwt cwt = {0};
	struct km_problem problem = {0};
	struct km_qr_claims read;
	assert_ok(km_cwt_parse(token, strlen(token), &cwt, &problem), &problem);
	assert_ok(km_qr_token_read(cwt.claims, SAMPLE_URL, &read, &problem), &problem);
	assert_string_equal(read.number, SAMPLE_NUMBER);
	assert_string_equal(read.provider_name, "Test BV Donald");
	assert_string_equal(read.kvk, "68750110");
	assert_string_equal(read.scheme, "mkb-ict");
	assert_int_equal(read.issued_at, SAMPLE_NOW);
	assert_int_equal(read.valid_until, 1890255599);
	assert_int_equal(read.status_index, 94567);
}

/* A module of 0.4 mm must leave a code that fits a badge: at most 24 mm and its quiet zone. */
static void the_code_stays_coarse_enough_to_print(void **state)
{
	(void)state;
	struct sample_mark sample;
	sample_mark_make(&sample);
	sample.mark.status_index = 94567;
	static const char *const names[] = {"Test BV Donald", "Coöperatieve Vereniging Voorbeeld ICT-dienstverleners U.A.",
	                                    "株式会社テスト株式会社テスト株式会社テスト株式会社テスト株式会社テスト"};
	static const int modules[] = {61, 69, 77}; /* versions 11, 13 and 15 */
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		sample.provider.name = names[i];
		json_auto_t *claims = claims_of(&sample.mark);
		auto_free char *token = sign(claims);
		auto_free char *text = km_qr_token_text(SAMPLE_URL, token);
		assert_int_equal(strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"), strlen(text));
		assert_memory_equal(text, "HTTPS://KEURMERK.EXAMPLE/Q/", 27);
		struct km_qr qr = {0};
		struct km_problem problem = {0};
		assert_ok(km_qr_encode(text, &qr, &problem), &problem);
		if (qr.modules > modules[i])
			fail_msg("%zu symbols make %d modules", strlen(text), qr.modules);
		km_qr_done(&qr);
	}
}

static void a_long_name_is_cut_between_characters(void **state)
{
	(void)state;
	struct sample_mark sample;
	sample_mark_make(&sample);
	sample.mark.status_index = 94567;
	auto_buf struct km_buf name = KM_BUF_EMPTY;
	for (int i = 0; i < 100; i++)
		km_buf_add_text(&name, "é");
	sample.provider.name = name.data;
	json_auto_t *claims = claims_of(&sample.mark);
	const char *cut = json_string_value(json_object_get(claims, "name"));
	assert_true(strlen(cut) <= KM_QR_NAME_MAX && strlen(cut) > KM_QR_NAME_MAX - 4);
	assert_memory_equal(cut, "ééé", 6);
	assert_string_equal(cut + strlen(cut) - 3, "…");
	char again[KM_QR_NAME_MAX + 1];
	km_qr_token_name(sample.provider.name, again);
	assert_string_equal(again, cut);
	struct km_qr_claims read;
	struct km_problem problem = {0};
	assert_ok(km_qr_token_read(claims, SAMPLE_URL, &read, &problem), &problem);
}

static void the_token_is_found_in_what_was_scanned(void **state)
{
	(void)state;
	json_auto_t *claims = sample_claims();
	auto_free char *token = sign(claims);
	auto_free char *text = km_qr_token_text(SAMPLE_URL, token);
	struct km_qr_token_text found;
	struct km_problem problem = {0};
	assert_ok(km_qr_token_find(text, strlen(text), &found, &problem), &problem);
	assert_string_equal(found.token, token);
	assert_string_equal(found.base, SAMPLE_URL);
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	assert_ok(km_qr_token_find(text, strlen(text), &found, &problem), &problem);
	assert_string_equal(found.token, token);
	assert_ok(km_qr_token_find(token, strlen(token), &found, &problem), &problem);
	assert_string_equal(found.token, token);
	assert_string_equal(found.base, "");
	auto_free char *local = km_qr_token_text("http://127.0.0.1:8080", token);
	assert_ok(km_qr_token_find(local, strlen(local), &found, &problem), &problem);
	assert_string_equal(found.base, "http://127.0.0.1:8080");
}

static void what_is_no_token_is_not_found(void **state)
{
	(void)state;
	static const char *const other[] = {"",
	                                    "Q",
	                                    "HTTPS://",
	                                    "HTTPS://A",
	                                    "HTTPS://A/",
	                                    "HTTPS://A/Q",
	                                    "HTTPS:///M/X",
	                                    "HTTPS://A/M/7K3Q9XM24HTT",
	                                    "https://a/qr/AAAA",
	                                    "ftp://a/Q/AAAA",
	                                    "7K3Q9XM24HTT",
	                                    "AAAAAAAA"};
	static const char *const damaged[] = {"HTTPS://A/Q/",         "HTTPS://A/Q/1",         "HTTPS://A/Q/AA AA",
	                                      "HTTPS://A/Q/AAAA?x=1", "HTTPS://A/Q/AAAA/BBBB", "HTTPS://A/Q/é"};
	struct km_qr_token_text found = {.base = "untouched"};
	struct km_problem problem = {0};
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		assert_problem(km_qr_token_find(other[i], strlen(other[i]), &found, &problem), &problem, KM_ABSENT,
		               "unknown-form");
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
		assert_problem(km_qr_token_find(damaged[i], strlen(damaged[i]), &found, &problem), &problem, KM_MALFORMED,
		               "malformed");
	/* To its limit, and over it. */
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add_text(&text, "HTTPS://A/Q/");
	for (int i = 0; i < KM_CWT_TOKEN_MAX; i++)
		km_buf_add_char(&text, 'A');
	struct km_qr_token_text longest;
	assert_ok(km_qr_token_find(text.data, text.len, &longest, &problem), &problem);
	km_buf_add_char(&text, 'A');
	assert_problem(km_qr_token_find(text.data, text.len, &found, &problem), &problem, KM_MALFORMED, "malformed");
	auto_buf struct km_buf host = KM_BUF_EMPTY;
	km_buf_add_text(&host, "https://");
	for (int i = 0; i < 300; i++)
		km_buf_add_char(&host, 'a');
	km_buf_add_text(&host, "/q/AAAA");
	assert_problem(km_qr_token_find(host.data, host.len, &found, &problem), &problem, KM_MALFORMED, "malformed");
	assert_string_equal(found.base, "untouched");
}

static void claims_of_another_form_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *change, *claim;
	} cases[] = {
		{"{\"iss\":\"https://other.example\"}", "iss"},
		{"{\"iss\":\"did:web:keurmerk.example\"}", "iss"},
		{"{\"sub\":\"7K3Q9XM24HTV\"}", "sub"},
		{"{\"sub\":\"7k3q9xm24htt\"}", "sub"},
		{"{\"kvk\":\"6875011\"}", "kvk"},
		{"{\"kvk\":\"687501101\"}", "kvk"},
		{"{\"name\":\"a\\u202eb\"}", "name"},
		{"{\"scheme\":7}", "scheme"},
		{"{\"exp\":253402300800}", "exp"},
		{"{\"iat\":null}", "iat"},
		{"{\"index\":-1}", "index"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_auto_t *claims = sample_claims(), *change = json_loads(cases[i].change, 0, NULL);
		struct km_qr_claims untouched = {.kvk = "untouched"};
		struct km_problem problem = {0};
		assert_int_equal(json_object_update(claims, change), 0);
		assert_problem(km_qr_token_read(claims, SAMPLE_URL, &untouched, &problem), &problem, KM_INVALID, "member");
		assert_memory_equal(problem.message, cases[i].claim, strlen(cases[i].claim));
		assert_string_equal(untouched.kvk, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(what_is_written_is_read_back),          KM_TEST(the_code_stays_coarse_enough_to_print),
		KM_TEST(a_long_name_is_cut_between_characters), KM_TEST(the_token_is_found_in_what_was_scanned),
		KM_TEST(what_is_no_token_is_not_found),         KM_TEST(claims_of_another_form_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
