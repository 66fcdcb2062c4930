#include "www/accept.h"
#include "www/link.h"
#include "www/route.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static enum km_error handle_a(struct km_request *request, struct km_reply *reply, struct km_problem *problem)
{
	(void)request, (void)reply, (void)problem;
	return KM_OK;
}

static const struct km_route table[] = {
	{KM_GET, "/", handle_a, 0, 0, NULL},
	{KM_GET, "/m/{number}.qr.svg", handle_a, 0, 0, NULL},
	{KM_GET, "/m/{number}.svg", handle_a, 0, 0, NULL},
	{KM_GET, "/m/{number}", handle_a, 0, 0, NULL},
	{KM_GET, "/m/{number}/status.jwt", handle_a, 0, 0, NULL},
	{KM_GET, "/log/{number*}", handle_a, 0, 0, NULL},
	{KM_GET, "/check", handle_a, 0, 0, NULL},
	{KM_POST, "/check", handle_a, 0, 0, NULL},
	{KM_POST, "/v1/submissions", handle_a, 0, 0, NULL},
};

static enum km_error find(enum km_method method, const char *target, struct km_request *request, char *allow,
                          struct km_problem *problem)
{
	*request = (struct km_request){.method = method};
	enum km_error error = km_target_parse(target, &request->path, &request->query, problem);
	return error ? error : km_route_find(table, sizeof table / sizeof *table, request, allow, problem);
}

static void expect_route(enum km_method method, const char *target, const char *pattern, const char *number)
{
	struct km_request request;
	struct km_problem problem = {0};
	char allow[KM_ALLOW_TEXT];
	assert_ok(find(method, target, &request, allow, &problem), &problem);
	assert_string_equal(request.route->path, pattern);
	assert_string_equal(km_request_path_value(&request, "number"), number);
	km_request_done(&request);
}

static void expect_refusal(enum km_method method, const char *target, enum km_error code, const char *type,
                           const char *expected_allow)
{
	struct km_request request;
	struct km_problem problem = {0};
	char allow[KM_ALLOW_TEXT] = "";
	assert_problem(find(method, target, &request, allow, &problem), &problem, code, type);
	assert_string_equal(allow, expected_allow);
	km_request_done(&request);
}

static void the_whole_path_is_matched(void **state)
{
	(void)state;
	expect_route(KM_GET, "/", "/", "");
	expect_route(KM_GET, "/m/7K3Q", "/m/{number}", "7K3Q");
	expect_route(KM_GET, "/m/7K3Q.svg", "/m/{number}.svg", "7K3Q");
	expect_route(KM_GET, "/m/7K3Q.qr.svg", "/m/{number}.qr.svg", "7K3Q");
	expect_route(KM_GET, "/m/7K3Q/status.jwt", "/m/{number}/status.jwt", "7K3Q");
	expect_refusal(KM_GET, "/m", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "/m/", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "/m/7K3Q/", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "/m/7K3Q/status.jwt/more", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "//", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "/check/", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "/checkx", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "/m/../check", KM_ABSENT, "no-such-page", "");
}

static void an_ending_alone_is_no_value(void **state)
{
	(void)state;
	expect_route(KM_GET, "/m/.svg", "/m/{number}", ".svg");
}

static void what_is_left_of_a_path_may_be_one_value(void **state)
{
	(void)state;
	expect_route(KM_GET, "/log/tile", "/log/{number*}", "tile");
	expect_route(KM_GET, "/log/tile/0/x001/067.p/5", "/log/{number*}", "tile/0/x001/067.p/5");
	expect_refusal(KM_GET, "/log/", KM_ABSENT, "no-such-page", "");
	expect_refusal(KM_GET, "/log", KM_ABSENT, "no-such-page", "");
}

static void a_qr_in_capitals_finds_its_mark(void **state)
{
	(void)state;
	expect_route(KM_GET, "/M/7K3Q", "/m/{number}", "7K3Q");
	expect_refusal(KM_GET, "/CHECK", KM_ABSENT, "no-such-page", "");
}

static void another_method_is_told_which_are_allowed(void **state)
{
	(void)state;
	expect_route(KM_HEAD, "/m/7K3Q", "/m/{number}", "7K3Q");
	expect_route(KM_POST, "/check", "/check", "");
	expect_route(KM_OPTIONS, "/check", "/check", "");
	expect_refusal(KM_POST, "/", KM_CONFLICT, "method-not-allowed", "GET, HEAD, OPTIONS");
	expect_refusal(KM_POST, "/m/7K3Q.svg", KM_CONFLICT, "method-not-allowed", "GET, HEAD, OPTIONS");
	expect_refusal(KM_GET, "/v1/submissions", KM_CONFLICT, "method-not-allowed", "POST, OPTIONS");
	expect_refusal(KM_HEAD, "/v1/submissions", KM_CONFLICT, "method-not-allowed", "POST, OPTIONS");
	expect_refusal(KM_OTHER_METHOD, "/check", KM_CONFLICT, "method-not-allowed", "GET, HEAD, POST, OPTIONS");
	expect_refusal(KM_OPTIONS, "/absent", KM_ABSENT, "no-such-page", "");
}

static void expect_target(const char *target, const char *path, const char *name, const char *value)
{
	struct km_problem problem = {0};
	char *parsed = NULL;
	struct km_pairs query = {0};
	assert_ok(km_target_parse(target, &parsed, &query, &problem), &problem);
	assert_string_equal(parsed, path);
	if (value)
		assert_string_equal(km_pairs_find(&query, name), value);
	else
		assert_null(km_pairs_find(&query, name));
	free(parsed);
	km_pairs_done(&query);
}

static void expect_no_target(const char *target, enum km_error code, const char *type)
{
	struct km_problem problem = {0};
	char *parsed = NULL;
	struct km_pairs query = {0};
	assert_problem(km_target_parse(target, &parsed, &query, &problem), &problem, code, type);
	assert_null(parsed);
	assert_null(query.bytes);
}

static void a_target_is_decoded_strictly(void **state)
{
	(void)state;
	expect_target("/m/7K3Q%209XM2?at=2026-03-03", "/m/7K3Q 9XM2", "at", "2026-03-03");
	expect_target("/?q=a+b%26c%3D%c3%A9", "/", "q", "a b&c=é");
	expect_target("/a+b?x", "/a+b", "x", "");
	expect_target("/?&&q=1&", "/", "q", "1");
	expect_target("/?q=a=b", "/", "q", "a=b");
	expect_target("http://keurmerk.example/m/X?q=1", "/m/X", "q", "1");
	expect_target("https://keurmerk.example", "/", "q", NULL);
	expect_target("https://keurmerk.example?q=1", "/", "q", "1");
	expect_no_target("/%", KM_MALFORMED, "path");
	expect_no_target("/%4", KM_MALFORMED, "path");
	expect_no_target("/%zz", KM_MALFORMED, "path");
	expect_no_target("/a%2fb", KM_MALFORMED, "path");
	expect_no_target("/a%00b", KM_MALFORMED, "path");
	expect_no_target("/a%0ab", KM_MALFORMED, "path");
	expect_no_target("/%ff", KM_MALFORMED, "path");
	expect_no_target("/%c0%af", KM_MALFORMED, "path");
	expect_no_target("*", KM_MALFORMED, "path");
	expect_no_target("m/X", KM_MALFORMED, "path");
	expect_no_target("/?q=%", KM_MALFORMED, "parameters");
	expect_no_target("/?q=%00", KM_MALFORMED, "parameters");
	expect_no_target("/?q=a%00b", KM_MALFORMED, "parameters");
	expect_no_target("/?%00=a", KM_MALFORMED, "parameters");
	expect_no_target("/?q=%1b", KM_MALFORMED, "parameters");
	expect_no_target("/?q=%ed%a0%80", KM_MALFORMED, "parameters");
	expect_no_target("/?q=1&q=2", KM_MALFORMED, "parameter-twice");
}

static void a_target_is_bounded(void **state)
{
	(void)state;
	char target[KM_TARGET_MAX + 2];
	memset(target, 'a', sizeof target);
	target[0] = '/';
	target[KM_TARGET_MAX] = '\0';
	expect_target(target, target, "q", NULL);
	target[KM_TARGET_MAX] = 'a';
	target[KM_TARGET_MAX + 1] = '\0';
	expect_no_target(target, KM_TOO_LARGE, "target-too-long");
}

static void parameters_are_bounded(void **state)
{
	(void)state;
	struct km_buf target = KM_BUF_EMPTY;
	km_buf_add_text(&target, "/?");
	for (int i = 0; i < KM_PAIRS_MAX; i++)
		km_buf_add_format(&target, "p%d=1&", i);
	expect_target(target.data, "/", "p0", "1");
	km_buf_add_text(&target, "more=1");
	expect_no_target(target.data, KM_MALFORMED, "parameters");
	km_buf_free(&target);
}

static void typed_reads_say_what_may_be_given(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_request request = {.now = 1790000000}; /* 2026-09-21 */
	assert_ok(km_target_parse("/?page=3&bad=-1&big=11&form=seal&off=x&at=2026-03-03&wrong=2026-02-30&later=2026-09-22&"
	                          "today=2026-09-21&empty=",
	                          &request.path, &request.query, &problem),
	          &problem);
	int number = 0;
	assert_ok(km_request_integer(&request, "page", 1, 10, 1, &number, &problem), &problem);
	assert_int_equal(number, 3);
	assert_ok(km_request_integer(&request, "absent", 1, 10, 1, &number, &problem), &problem);
	assert_int_equal(number, 1);
	assert_problem(km_request_integer(&request, "bad", 1, 10, 1, &number, &problem), &problem, KM_MALFORMED,
	               "parameter");
	assert_problem(km_request_integer(&request, "big", 1, 10, 1, &number, &problem), &problem, KM_MALFORMED,
	               "parameter");
	assert_contains(problem.message, "1 to 10");
	const char *const forms[] = {"card", "strip", "seal"};
	size_t choice = 9;
	assert_ok(km_request_choice(&request, "form", forms, 3, 0, &choice, &problem), &problem);
	assert_int_equal(choice, 2);
	assert_ok(km_request_choice(&request, "empty", forms, 3, 1, &choice, &problem), &problem);
	assert_int_equal(choice, 1);
	assert_problem(km_request_choice(&request, "off", forms, 3, 0, &choice, &problem), &problem, KM_MALFORMED,
	               "parameter");
	assert_contains(problem.message, "card, strip, seal");
	int64_t moment = 0;
	bool given = false;
	assert_ok(km_request_day(&request, "at", &moment, &given, &problem), &problem);
	assert_true(given);
	assert_int_equal(moment, 1772578799); /* 2026-03-03T22:59:59Z */
	assert_ok(km_request_day(&request, "today", &moment, &given, &problem), &problem);
	assert_int_equal(moment, request.now);
	assert_ok(km_request_day(&request, "absent", &moment, &given, &problem), &problem);
	assert_false(given);
	assert_int_equal(moment, request.now);
	assert_problem(km_request_day(&request, "wrong", &moment, &given, &problem), &problem, KM_MALFORMED, "parameter");
	assert_problem(km_request_day(&request, "later", &moment, &given, &problem), &problem, KM_INVALID, "date-to-come");
	km_request_done(&request);
}

static void a_page_is_the_answer_unless_json_is_wanted_more(void **state)
{
	(void)state;
	assert_false(km_accept_json(NULL));
	assert_false(km_accept_json("*/*"));
	assert_true(km_accept_json("application/json"));
	assert_true(km_accept_json("application/problem+json"));
	assert_true(km_accept_json("text/html;q=0.5, application/json"));
	assert_true(km_accept_json("application/json, text/html;q=0.9, */*;q=0.1"));
	assert_false(km_accept_json("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
	assert_false(km_accept_json("text/*, application/json;q=0.9"));
	assert_false(km_accept_json("application/json;q=0"));
	assert_true(km_accept_page("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
	assert_false(km_accept_page("*/*"));
	assert_false(km_accept_page(NULL));
	assert_false(km_accept_page("application/json"));
	assert_false(km_accept_page("text/html;q=0"));
}

static void a_credential_is_given_to_who_asks_for_it_by_name(void **state)
{
	(void)state;
	assert_string_equal(km_accept_credential("application/vc"), "application/vc");
	assert_string_equal(km_accept_credential("application/vc+ld+json"), "application/vc+ld+json");
	assert_string_equal(km_accept_credential("application/json, application/vc+ld+json, */*;q=0.1"),
	                    "application/vc+ld+json");
	assert_string_equal(km_accept_credential("Application/VC"), "application/vc");
	static const char *const no[] = {"*/*",
	                                 "application/*",
	                                 "application/json",
	                                 "application/vc;q=0",
	                                 "application/vc+jwt",
	                                 "application/vcx",
	                                 "text/html, application/vc;q=0.9",
	                                 "application/json, application/vc;q=0.5",
	                                 "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"};
	assert_null(km_accept_credential(NULL));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (km_accept_credential(no[i]))
			fail_msg("%s", no[i]);
}

static void the_language_is_the_one_liked_best(void **state)
{
	(void)state;
	assert_int_equal(km_accept_language(NULL), KM_NL);
	assert_int_equal(km_accept_language("en"), KM_EN);
	assert_int_equal(km_accept_language("en-GB,en;q=0.9,nl;q=0.8"), KM_EN);
	assert_int_equal(km_accept_language("nl-NL,nl;q=0.9,en;q=0.8"), KM_NL);
	assert_int_equal(km_accept_language("de, en;q=0.7, nl;q=0.3"), KM_EN);
	assert_int_equal(km_accept_language("de"), KM_NL);
	assert_int_equal(km_accept_language("*"), KM_NL);
	assert_int_equal(km_accept_language("en, *;q=0.5"), KM_EN);
	assert_int_equal(km_accept_language("en;q=0"), KM_NL);
	assert_int_equal(km_accept_language(",,;;q=,"), KM_NL);
}

static void gzip_is_sent_to_those_who_take_it(void **state)
{
	(void)state;
	assert_false(km_accept_gzip(NULL));
	assert_true(km_accept_gzip("gzip, deflate, br"));
	assert_true(km_accept_gzip("*"));
	assert_false(km_accept_gzip("gzip;q=0, *"));
	assert_false(km_accept_gzip("identity"));
}

static void a_link_to_this_page_changes_one_thing(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_request request = {0};
	assert_ok(km_target_parse("/m/a%20b?q=x%26y&lang=nl", &request.path, &request.query, &problem), &problem);
	struct km_buf link = KM_BUF_EMPTY;
	km_link_self(&link, &request, "lang", "en");
	assert_string_equal(link.data, "/m/a%20b?q=x%26y&lang=en");
	km_buf_free(&link);
	km_link_self(&link, &request, "lang", NULL);
	assert_string_equal(link.data, "/m/a%20b?q=x%26y");
	km_buf_free(&link);
	km_request_done(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_path_is_matched),
		cmocka_unit_test(an_ending_alone_is_no_value),
		cmocka_unit_test(what_is_left_of_a_path_may_be_one_value),
		cmocka_unit_test(a_qr_in_capitals_finds_its_mark),
		cmocka_unit_test(another_method_is_told_which_are_allowed),
		cmocka_unit_test(a_target_is_decoded_strictly),
		cmocka_unit_test(a_target_is_bounded),
		cmocka_unit_test(parameters_are_bounded),
		cmocka_unit_test(typed_reads_say_what_may_be_given),
		cmocka_unit_test(a_page_is_the_answer_unless_json_is_wanted_more),
		cmocka_unit_test(a_credential_is_given_to_who_asks_for_it_by_name),
		cmocka_unit_test(the_language_is_the_one_liked_best),
		cmocka_unit_test(gzip_is_sent_to_those_who_take_it),
		cmocka_unit_test(a_link_to_this_page_changes_one_thing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
