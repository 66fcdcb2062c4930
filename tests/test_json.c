#include "tests/test.h"

#include "base/buf.h"
#include "base/catalogue.h"
#include "base/json.h"

static json_t *parse(const char *text)
{
	struct km_problem problem = {0};
	json_t *object = NULL;
	assert_ok(km_json_parse(text, strlen(text), "the test", &object, &problem), &problem);
	return object;
}

static void refuses_bytes(const char *bytes, size_t len, const char *words)
{
	struct km_problem problem = {0};
	json_t *object = NULL;
	assert_problem(km_json_parse(bytes, len, "the test", &object, &problem), &problem, KM_MALFORMED, "json");
	assert_null(object);
	assert_contains(problem.message, "the test: line ");
	assert_contains(problem.message, words);
}

static void refuses(const char *text, const char *words)
{
	refuses_bytes(text, strlen(text), words);
}

static void an_object_is_read_and_written_in_its_own_order(void **state)
{
	(void)state;
	json_auto_t *object = parse(" {\"z\": 1, \"a\" :[true,null,-0.5e3], \"\\u00e9\":\"\xe2\x82\xac/\"}\r\n\t");
	auto_free char *text = km_json_text(object);
	assert_string_equal(text, "{\"z\":1,\"a\":[true,null,-500.0],\"\xc3\xa9\":\"\xe2\x82\xac/\"}");
	auto_free char *part = km_json_text(json_object_get(object, "z"));
	assert_string_equal(part, "1");
}

static void only_one_object_is_read(void **state)
{
	(void)state;
	refuses("", "line 1");
	refuses("[]", "a JSON object is expected");
	refuses("[1]", "a JSON object is expected");
	refuses("\"text\"", "line 1");
	refuses("{} {}", "line 1, column 4");
	refuses("{}x", "line 1, column 3");
	refuses("{\"a\":1", "line 1");
	refuses("{\"a\":1,}", "line 1, column 8");
	refuses("{'a':1}", "line 1, column 2");
	refuses("{\"a\":01}", "line 1");
	refuses("{\"a\":NaN}", "line 1");
	refuses("{\"a\":1} // said the fox", "line 1");
	refuses("\xef\xbb\xbf{}", "line 1");
}

static void a_mistake_is_pointed_at(void **state)
{
	(void)state;
	refuses("{\n  \"a\": 1,\n  b: 2\n}", "line 3, column 3");
	refuses("{\"\xc3\xa9\xc3\xa9\": x}", "line 1, column 8"); /* characters, not bytes */
}

static void a_member_comes_once(void **state)
{
	(void)state;
	refuses("{\"a\":1,\"a\":1}", "duplicate");
	refuses("{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", "duplicate");
	refuses("{\"a\":1,\"\\u0061\":2}", "duplicate"); /* the same name, written another way */
	json_decref(parse("{\"a\":1,\"A\":1,\"b\":{\"a\":1}}"));
}

static void no_nul_and_no_broken_text_come_in(void **state)
{
	(void)state;
	refuses("{\"a\":\"\\u0000\"}", "line 1");
	refuses("{\"\\u0000\":1}", "line 1");
	refuses_bytes("{\"a\":\"\0\"}", 9, "line 1");
	refuses_bytes("{}\0", 3, "line 1");
	refuses("{\"a\":\"\xff\"}", "line 1");
	refuses("{\"a\":\"\xc0\xaf\"}", "line 1");
	refuses("{\"a\":\"\xed\xa0\x80\"}", "line 1");
	refuses("{\"a\":\"\\ud800\"}", "line 1");
	refuses("{\"a\":\"\\udc00\"}", "line 1");
	refuses("{\"a\":\"\n\"}", "line ");
}

static void numbers_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	refuses("{\"a\":9223372036854775808}", "line 1");
	refuses("{\"a\":1e999}", "line 1");
	json_decref(parse("{\"a\":9223372036854775807}"));
}

static void nested(struct km_buf *text, size_t depth, char open, char close)
{
	km_buf_add_text(text, "{\"a\":");
	for (size_t i = 1; i < depth; i++)
		km_buf_add_text(text, open == '{' ? "{\"a\":" : "[");
	km_buf_add_text(text, "\"[[[[[{{{{{\\\"[[[[\\\\\"");
	for (size_t i = 1; i < depth; i++)
		km_buf_add_char(text, close);
	km_buf_add_char(text, '}');
}

static void nesting_goes_to_32_and_not_to_33(void **state)
{
	(void)state;
	static const char brackets[][2] = {{'[', ']'}, {'{', '}'}};
	for (size_t i = 0; i < 2; i++) {
		auto_buf struct km_buf fits = KM_BUF_EMPTY, too_deep = KM_BUF_EMPTY;
		nested(&fits, 32, brackets[i][0], brackets[i][1]);
		json_decref(parse(fits.data));
		nested(&too_deep, 33, brackets[i][0], brackets[i][1]);
		refuses(too_deep.data, "nested deeper than 32 levels");
	}
	/* Side by side is not deep. */
	auto_buf struct km_buf wide = KM_BUF_EMPTY;
	km_buf_add_text(&wide, "{\"a\":[[]");
	for (int i = 0; i < 1000; i++)
		km_buf_add_text(&wide, ",[{}]");
	km_buf_add_text(&wide, "]}");
	json_decref(parse(wide.data));
	/* A megabyte of brackets ends there, and the place is told in characters. */
	auto_buf struct km_buf deep = KM_BUF_EMPTY;
	km_buf_add_text(&deep, "{\n\"\xc3\xa9\":");
	for (int i = 0; i < 1000000; i++)
		km_buf_add_char(&deep, '[');
	refuses(deep.data, "line 2, column 36: nested deeper");
}

static const char sample[] =
	"{\"name\":\"Caf\xc3\xa9\",\"empty\":\"\",\"none\":null,\"number\":7,\"real\":7.0,\"text\":\"7\","
	"\"tab\":\"a\\tb\",\"c1\":\"a\\u0085b\",\"del\":\"\\u007f\",\"turn\":\"a\\u202eb\","
	"\"list\":[1,2,3],\"object\":{\"x\":1}}";

static void a_string_is_taken_to_its_limit_in_characters(void **state)
{
	(void)state;
	json_auto_t *object = parse(sample);
	struct km_problem problem = {0};
	const char *text = "untouched";
	assert_problem(km_json_string(object, "", "name", 3, &text, &problem), &problem, KM_INVALID, "member");
	assert_string_equal(problem.message, "name: the text has 4 characters; at most 3 are allowed");
	assert_string_equal(text, "untouched");
	assert_ok(km_json_string(object, "", "name", 4, &text, &problem), &problem);
	assert_string_equal(text, "Caf\xc3\xa9");
}

static void a_string_that_is_not_plain_text_is_refused(void **state)
{
	(void)state;
	json_auto_t *object = parse(sample);
	struct km_problem problem = {0};
	const char *text = "untouched";
	static const char *const wrong[] = {"absent", "empty", "none", "number", "tab",
	                                    "c1",     "del",   "turn", "list",   "object"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_problem(km_json_string(object, "audit.findings[3]", wrong[i], 100, &text, &problem), &problem,
		               KM_INVALID, "member");
		char place[64];
		snprintf(place, sizeof place, "audit.findings[3].%s: ", wrong[i]);
		assert_memory_equal(problem.message, place, strlen(place));
		assert_string_equal(text, "untouched");
	}
}

static void an_optional_string_may_be_missing_or_null_and_nothing_else(void **state)
{
	(void)state;
	json_auto_t *object = parse(sample);
	struct km_problem problem = {0};
	const char *text = "untouched";
	assert_ok(km_json_string_optional(object, "", "absent", 10, &text, &problem), &problem);
	assert_null(text);
	text = "untouched";
	assert_ok(km_json_string_optional(object, "", "none", 10, &text, &problem), &problem);
	assert_null(text);
	assert_ok(km_json_string_optional(object, "", "text", 1, &text, &problem), &problem);
	assert_string_equal(text, "7");
	assert_problem(km_json_string_optional(object, "", "empty", 10, &text, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_string_optional(object, "", "number", 10, &text, &problem), &problem, KM_INVALID, "member");
	assert_string_equal(text, "7");
}

static void an_integer_is_taken_within_its_bounds(void **state)
{
	(void)state;
	json_auto_t *object = parse(sample);
	struct km_problem problem = {0};
	int64_t number = 42;
	assert_problem(km_json_integer(object, "", "number", 8, 10, &number, &problem), &problem, KM_INVALID, "member");
	assert_string_equal(problem.message, "number: a whole number from 8 to 10 is expected");
	assert_problem(km_json_integer(object, "", "number", 0, 6, &number, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_integer(object, "", "real", 0, 9, &number, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_integer(object, "", "text", 0, 9, &number, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_integer(object, "", "absent", 0, 9, &number, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_integer(object, "", "none", 0, 9, &number, &problem), &problem, KM_INVALID, "member");
	assert_int_equal(number, 42);
	assert_ok(km_json_integer(object, "", "number", 7, 7, &number, &problem), &problem);
	assert_int_equal(number, 7);
}

static void a_list_is_taken_within_its_bounds(void **state)
{
	(void)state;
	json_auto_t *object = parse(sample);
	struct km_problem problem = {0};
	const json_t *list = NULL;
	assert_problem(km_json_array(object, "", "list", 4, 9, &list, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_array(object, "", "list", 0, 2, &list, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_array(object, "", "object", 0, 9, &list, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_array(object, "", "absent", 0, 9, &list, &problem), &problem, KM_INVALID, "member");
	assert_null(list);
	assert_ok(km_json_array(object, "", "list", 3, 3, &list, &problem), &problem);
	assert_int_equal(json_array_size(list), 3);
}

static void an_object_within_is_borrowed(void **state)
{
	(void)state;
	json_auto_t *object = parse(sample);
	struct km_problem problem = {0};
	const json_t *within = NULL;
	assert_problem(km_json_object(object, "", "list", &within, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_json_object(object, "", "none", &within, &problem), &problem, KM_INVALID, "member");
	assert_null(within);
	assert_ok(km_json_object(object, "", "object", &within, &problem), &problem);
	assert_int_equal(json_integer_value(json_object_get(within, "x")), 1);
}

static void a_mistyped_member_is_not_passed_over(void **state)
{
	(void)state;
	static const char *const known[] = {"name", "kind", NULL};
	struct km_problem problem = {0};
	json_auto_t *good = parse("{\"name\":1}");
	assert_ok(km_json_only(good, "audit", known, &problem), &problem);
	json_auto_t *wrong = parse("{\"name\":1,\"kinds\":2}");
	assert_problem(km_json_only(wrong, "audit", known, &problem), &problem, KM_INVALID, "member");
	assert_contains(problem.message, "audit.kinds: ");
	json_auto_t *upper = parse("{\"Name\":1}");
	assert_problem(km_json_only(upper, "", known, &problem), &problem, KM_INVALID, "member");
}

static void a_catalogue_gives_each_text_in_each_language(void **state)
{
	(void)state;
	static const char text[] = "{\"state.active\":{\"nl\":\"Echt en geldig\",\"en\":\"Genuine and valid\"}}";
	struct km_problem problem = {0};
	struct km_catalogue *catalogue;
	assert_ok(km_catalogue_parse(text, strlen(text), &catalogue, &problem), &problem);
	assert_string_equal(km_text(catalogue, KM_NL, "state.active"), "Echt en geldig");
	assert_string_equal(km_text(catalogue, KM_EN, "state.active"), "Genuine and valid");
	assert_string_equal(km_text(catalogue, KM_NL, "state.gone"), "state.gone");
	km_catalogue_free(catalogue);
	km_catalogue_free(NULL);
	assert_string_equal(km_language_code(KM_NL), "nl");
	assert_string_equal(km_language_code(KM_EN), "en");
}

static void a_catalogue_with_a_gap_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"{\"a\":{\"nl\":\"x\"}}",
		"{\"a\":{\"nl\":\"x\",\"en\":\"\"}}",
		"{\"a\":{\"nl\":\"x\",\"en\":3}}",
		"{\"a\":{\"nl\":\"x\",\"en\":\"y\",\"fr\":\"z\"}}",
		"{\"a\":\"x\"}",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct km_problem problem = {0};
		struct km_catalogue *catalogue = NULL;
		assert_problem(km_catalogue_parse(wrong[i], strlen(wrong[i]), &catalogue, &problem), &problem, KM_INVALID,
		               "member");
		assert_contains(problem.message, "a");
		assert_null(catalogue);
	}
}

static void what_is_written_is_what_jansson_writes(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"true",
		"false",
		"0",
		"-9223372036854775808",
		"9223372036854775807",
		"1.5",
		"\"\"",
		"{\"a\":{},\"b\":[],\"c\":[[],{}],\"\":null}",
		"{\"z\":1,\"a\":[1,-2,true,false,null,\"x\"],\"m\":{\"n\":{\"o\":[{\"p\":0.25}]}}}",
		"\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\x7f\"",
		"\"é € 𝄞 \u2028 <&>\"",
		"{\"\\n\\\"é\":\"\\\\\"}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_auto_t *value = json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(value);
		auto_free char *ours = km_json_text(value), *theirs = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(ours, theirs);
	}
	assert_null(km_json_text(NULL));
}

static void every_byte_in_a_text_is_written_as_jansson_writes_it(void **state)
{
	(void)state;
	for (char c = 0; c >= 0 && c < 0x7f; c++) {
		const char bytes[] = {'a', c, 'b', c};
		json_auto_t *value = json_stringn(bytes, sizeof bytes);
		auto_free char *ours = km_json_text(value), *theirs = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(ours, theirs);
	}
}

static void what_holds_itself_or_goes_too_deep_is_left_to_jansson(void **state)
{
	(void)state;
	json_t *deep = json_array();
	for (int i = 0; i < 100; i++)
		deep = json_pack("[o]", deep);
	auto_free char *ours = km_json_text(deep), *theirs = json_dumps(deep, JSON_COMPACT);
	assert_string_equal(ours, theirs);
	json_decref(deep);
	json_t *first = json_object(), *second = json_object();
	json_object_set_new(first, "second", second);
	json_object_set(second, "first", first);
	assert_null(km_json_text(first));
	json_object_del(second, "first");
	json_decref(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_what_jansson_writes),
		cmocka_unit_test(every_byte_in_a_text_is_written_as_jansson_writes_it),
		cmocka_unit_test(what_holds_itself_or_goes_too_deep_is_left_to_jansson),
		cmocka_unit_test(an_object_is_read_and_written_in_its_own_order),
		cmocka_unit_test(only_one_object_is_read),
		cmocka_unit_test(a_mistake_is_pointed_at),
		cmocka_unit_test(a_member_comes_once),
		cmocka_unit_test(no_nul_and_no_broken_text_come_in),
		cmocka_unit_test(numbers_that_do_not_fit_are_refused),
		cmocka_unit_test(nesting_goes_to_32_and_not_to_33),
		cmocka_unit_test(a_string_is_taken_to_its_limit_in_characters),
		cmocka_unit_test(a_string_that_is_not_plain_text_is_refused),
		cmocka_unit_test(an_optional_string_may_be_missing_or_null_and_nothing_else),
		cmocka_unit_test(an_integer_is_taken_within_its_bounds),
		cmocka_unit_test(a_list_is_taken_within_its_bounds),
		cmocka_unit_test(an_object_within_is_borrowed),
		cmocka_unit_test(a_mistyped_member_is_not_passed_over),
		cmocka_unit_test(a_catalogue_gives_each_text_in_each_language),
		cmocka_unit_test(a_catalogue_with_a_gap_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
