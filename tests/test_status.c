#include "badge/status.h"
#include "base/buf.h"
#include "base/json.h"
#include "tests/sample_mark.h"
#include "tests/test.h"

static json_t *payload_of(const struct km_mark *mark, int64_t now)
{
	struct km_problem problem = {0};
	auto_free char *text = NULL;
	json_t *payload = NULL;
	assert_ok(km_status_payload(mark, SAMPLE_URL, now, &text, &problem), &problem);
	assert_ok(km_json_parse(text, strlen(text), "the payload", &payload, &problem), &problem);
	return payload;
}

static json_t *sample_payload(void)
{
	struct sample_mark sample;
	sample_mark_make(&sample);
	return payload_of(&sample.mark, SAMPLE_NOW);
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	struct km_status_claims claims;
	struct km_problem problem = {0};
	assert_ok(km_status_read(payload, SAMPLE_URL, SAMPLE_NUMBER, SAMPLE_NOW, &claims, &problem), &problem);
	assert_string_equal(claims.number, SAMPLE_NUMBER);
	assert_int_equal(claims.state, KM_ACTIVE);
	assert_int_equal(claims.state_since, SAMPLE_NOW);
	assert_int_equal(claims.issued_at, SAMPLE_NOW);
	assert_null(claims.reason);
	assert_string_equal(claims.provider_name, "Test BV Donald");
	assert_string_equal(claims.kvk, "68750110");
	assert_string_equal(claims.body_name, "Voorbeeld Certificatie B.V.");
	assert_string_equal(claims.scheme_name, "Keurmerk ICT-dienstverlener (voorbeeld)");
	assert_int_equal(claims.valid_from, SAMPLE_NOW);
	assert_int_equal(claims.valid_until, 1890255599);
	assert_string_equal(json_string_value(json_object_get(payload, "iss")), SAMPLE_URL);
	assert_string_equal(json_string_value(json_object_get(payload, "sub")), SAMPLE_URL "/m/" SAMPLE_NUMBER);
}

static void each_state_is_told_with_its_reason(void **state)
{
	(void)state;
	for (enum km_state told = 0; told < KM_STATES; told++) {
		struct sample_mark sample;
		sample_mark_make(&sample);
		sample.mark.state = told;
		sample.mark.state_since = SAMPLE_NOW - 7;
		sample.mark.reason = "surveillance-overdue";
		sample.mark.text = (struct km_words){{"Waarom", "Why"}};
		sample.mark.notice = (struct km_words){{"Let op", "Note"}};
		json_auto_t *payload = payload_of(&sample.mark, SAMPLE_NOW);
		struct km_status_claims claims;
		struct km_problem problem = {0};
		assert_ok(km_status_read(payload, SAMPLE_URL, SAMPLE_NUMBER, SAMPLE_NOW, &claims, &problem), &problem);
		assert_int_equal(claims.state, told);
		assert_int_equal(claims.state_since, SAMPLE_NOW - 7);
		assert_string_equal(claims.reason, "surveillance-overdue");
		json_t *text = json_object_get(payload, "text"), *notice = json_object_get(payload, "notice");
		assert_string_equal(json_string_value(json_object_get(text, "en")), "Why");
		assert_string_equal(json_string_value(json_object_get(notice, "nl")), "Let op");
	}
}

static int64_t expiry_of(const struct km_mark *mark, int64_t now)
{
	json_auto_t *payload = payload_of(mark, now);
	return json_integer_value(json_object_get(payload, "exp"));
}

static void it_is_good_for_an_hour_or_until_the_next_change(void **state)
{
	(void)state;
	struct sample_mark sample;
	sample_mark_make(&sample);
	assert_int_equal(expiry_of(&sample.mark, SAMPLE_NOW), SAMPLE_NOW + 3600);
	sample.mark.next_change = SAMPLE_NOW + 3601;
	assert_int_equal(expiry_of(&sample.mark, SAMPLE_NOW), SAMPLE_NOW + 3600);
	sample.mark.next_change = SAMPLE_NOW + 1;
	assert_int_equal(expiry_of(&sample.mark, SAMPLE_NOW), SAMPLE_NOW + 1);
	sample.mark.next_change = INT64_MAX;
	assert_int_equal(expiry_of(&sample.mark, SAMPLE_NOW), SAMPLE_NOW + 3600);
}

static void a_status_of_another_moment_proves_nothing(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	struct km_status_claims claims = {.number = "untouched"};
	struct km_problem problem = {0};
	static const int64_t good[] = {SAMPLE_NOW, SAMPLE_NOW + 3599, SAMPLE_NOW - KM_STATUS_SKEW_S};
	static const int64_t stale[] = {SAMPLE_NOW + 3600, SAMPLE_NOW - KM_STATUS_SKEW_S - 1, 0, INT32_MAX};
	for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
		assert_problem(km_status_read(payload, SAMPLE_URL, SAMPLE_NUMBER, stale[i], &claims, &problem), &problem,
		               KM_INVALID, "status-stale");
		assert_string_equal(claims.number, "untouched");
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_ok(km_status_read(payload, SAMPLE_URL, SAMPLE_NUMBER, good[i], &claims, &problem), &problem);
}

static void refuses(json_t *payload, const char *url, const char *number, const char *member)
{
	struct km_status_claims claims = {.number = "untouched"};
	struct km_problem problem = {0};
	assert_problem(km_status_read(payload, url, number, SAMPLE_NOW, &claims, &problem), &problem, KM_INVALID, "member");
	assert_contains(problem.message, member);
	assert_string_equal(claims.number, "untouched");
}

static void the_status_of_another_mark_or_registry_is_refused(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	refuses(payload, "https://other.example", SAMPLE_NUMBER, "iss");
	refuses(payload, "https://keurmerk.exampl", SAMPLE_NUMBER, "iss");
	refuses(payload, SAMPLE_URL, "7K3Q9XM24HVR", "mark");
}

static void a_status_of_another_form_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *change, *member;
	} cases[] = {
		{"{\"sub\":\"https://keurmerk.example/m/7K3Q9XM24HVR\"}", "sub"},
		{"{\"sub\":\"https://keurmerk.exampleX/m/7K3Q9XM24HTT\"}", "sub"},
		{"{\"state\":\"good\"}", "state"},
		{"{\"state\":\"ACTIVE\"}", "state"},
		{"{\"state\":null}", "state"},
		{"{\"since\":1795539757}", "since"},
		{"{\"exp\":1795543358}", "exp"}, /* an hour and a second */
		{"{\"exp\":1e9}", "exp"},
		{"{\"iat\":-1}", "iat"},
		{"{\"iat\":-9223372036854775808}", "iat"},
		{"{\"provider\":\"Test BV Donald\"}", "provider"},
		{"{\"scheme\":{\"name\":\"x\"}}", "scheme.name"},
		{"{\"body\":{\"name\":\"\\u202e\"}}", "body.name"},
		{"{\"reason\":7}", "reason"},
		{"{\"validUntil\":\"2029-02-30T00:00:00Z\"}", "validUntil"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_auto_t *payload = sample_payload();
		json_auto_t *change = json_loads(cases[i].change, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(change);
		assert_int_equal(json_object_update(payload, change), 0);
		refuses(payload, SAMPLE_URL, SAMPLE_NUMBER, cases[i].member);
	}
}

static void each_member_that_is_read_is_asked_for(void **state)
{
	(void)state;
	static const char *const members[] = {"iss",   "sub",       "iat",        "exp",      "mark", "state",
	                                      "since", "validFrom", "validUntil", "provider", "body", "scheme"};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_auto_t *payload = sample_payload();
		json_object_del(payload, members[i]);
		refuses(payload, SAMPLE_URL, SAMPLE_NUMBER, members[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(what_is_written_is_read_back),
		KM_TEST(each_state_is_told_with_its_reason),
		KM_TEST(it_is_good_for_an_hour_or_until_the_next_change),
		KM_TEST(a_status_of_another_moment_proves_nothing),
		KM_TEST(the_status_of_another_mark_or_registry_is_refused),
		KM_TEST(a_status_of_another_form_is_refused),
		KM_TEST(each_member_that_is_read_is_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
