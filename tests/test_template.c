#include "www/template.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static const char words_json[] = "{\"greet\": {\"nl\": \"Dag {{name}} & co\", \"en\": \"Hello {{name}} & co\"},"
								 " \"many\": {\"nl\": \"{{#one}}een merk{{/one}}{{^one}}{{count}} merken{{/one}}\","
								 " \"en\": \"{{#one}}one mark{{/one}}{{^one}}{{count}} marks{{/one}}\"},"
								 " \"bad\": {\"nl\": \"{{t.greet}}\", \"en\": \"{{t.greet}}\"}}";

struct set {
	struct km_catalogue *words;
	struct km_templates *templates;
};

static enum km_error compile(struct set *set, const char *page, const char *partial, struct km_problem *problem)
{
	*set = (struct set){0};
	assert_int_equal(km_catalogue_parse(words_json, strlen(words_json), &set->words, problem), KM_OK);
	const struct km_template_source sources[] = {{"page", page, strlen(page)}, {"part", partial, strlen(partial)}};
	return km_templates_compile(sources, 2, set->words, &set->templates, problem);
}

static void done(struct set *set)
{
	km_templates_free(set->templates);
	km_catalogue_free(set->words);
}

static void expect_text(const char *page, const char *partial, enum km_language language, const char *json,
                        const char *expected)
{
	struct set set;
	struct km_problem problem = {0};
	assert_ok(compile(&set, page, partial, &problem), &problem);
	json_t *data = json_loads(json, 0, NULL);
	assert_non_null(data);
	struct km_buf text = KM_BUF_EMPTY;
	assert_ok(km_template_render(set.templates, "page", language, data, &text, &problem), &problem);
	assert_string_equal(text.data ? text.data : "", expected);
	km_buf_free(&text);
	json_decref(data);
	done(&set);
}

static void expect(const char *page, const char *json, const char *expected)
{
	expect_text(page, "", KM_NL, json, expected);
}

static void expect_no_template(const char *page, const char *part_of_message)
{
	struct set set;
	struct km_problem problem = {0};
	assert_problem(compile(&set, page, "", &problem), &problem, KM_INVALID, "template");
	assert_contains(problem.message, part_of_message);
	assert_null(set.templates);
	done(&set);
}

static void expect_no_page(const char *page, const char *partial, const char *json, const char *part_of_message)
{
	struct set set;
	struct km_problem problem = {0};
	assert_ok(compile(&set, page, partial, &problem), &problem);
	json_t *data = json_loads(json, 0, NULL);
	struct km_buf text = KM_BUF_EMPTY;
	assert_problem(km_template_render(set.templates, "page", KM_NL, data, &text, &problem), &problem, KM_BUG,
	               "template");
	assert_contains(problem.message, part_of_message);
	assert_int_equal(text.len, 0);
	km_buf_free(&text);
	json_decref(data);
	done(&set);
}

static void a_value_is_escaped(void **state)
{
	(void)state;
	expect("<p title=\"{{name}}\">{{ name }}</p>", "{\"name\": \"<b a='1'>&\\\"\"}",
	       "<p title=\"&lt;b a=&#39;1&#39;&gt;&amp;&quot;\">&lt;b a=&#39;1&#39;&gt;&amp;&quot;</p>");
	expect("{{n}}", "{\"n\": 42}", "42");
	expect("[{{n}}]", "{\"n\": null}", "[]");
}

static void only_three_braces_leave_markup_as_it_is(void **state)
{
	(void)state;
	expect("{{{svg}}} {{svg}}", "{\"svg\": \"<svg/>\"}", "<svg/> &lt;svg/&gt;");
}

static void a_dotted_name_goes_inward(void **state)
{
	(void)state;
	expect("{{a.b.c}}", "{\"a\": {\"b\": {\"c\": \"x\"}}}", "x");
	expect("{{#a}}{{b.c}}{{d}}{{/a}}", "{\"a\": {\"b\": {\"c\": \"x\"}}, \"d\": \"y\"}", "xy");
}

static void a_section_repeats_its_list(void **state)
{
	(void)state;
	expect("{{#list}}<{{.}}>{{/list}}", "{\"list\": [\"a\", \"b\"]}", "<a><b>");
	expect("{{#list}}{{n}}{{name}} {{/list}}", "{\"list\": [{\"n\": 1}, {\"n\": 2}], \"name\": \"x\"}", "1x 2x ");
	expect("{{#o}}{{n}}{{/o}}", "{\"o\": {\"n\": 7}}", "7");
}

static void a_section_shows_for_what_is_there_only(void **state)
{
	(void)state;
	static const char page[] = "{{#x}}yes{{/x}}{{^x}}no{{/x}}";
	expect(page, "{\"x\": true}", "yes");
	expect(page, "{\"x\": \"text\"}", "yes");
	expect(page, "{\"x\": 0}", "yes");
	expect(page, "{\"x\": {}}", "yes");
	expect(page, "{\"x\": false}", "no");
	expect(page, "{\"x\": null}", "no");
	expect(page, "{\"x\": \"\"}", "no");
	expect(page, "{\"x\": []}", "no");
	expect(page, "{}", "no");
}

static void sections_nest(void **state)
{
	(void)state;
	expect("{{#a}}({{#b}}{{.}}{{^c}}-{{/c}}{{/b}}){{/a}}", "{\"a\": [{\"b\": [1, 2]}, {\"b\": []}]}", "(1-2-)()");
}

static void words_come_in_the_language_asked(void **state)
{
	(void)state;
	static const char data[] = "{\"name\": \"<i>\", \"count\": 3}";
	expect_text("{{t.greet}}", "", KM_NL, data, "Dag &lt;i&gt; &amp; co");
	expect_text("{{t.greet}}", "", KM_EN, data, "Hello &lt;i&gt; &amp; co");
	expect_text("{{t.many}}", "", KM_EN, data, "3 marks");
	expect_text("{{t.many}}", "", KM_EN, "{\"one\": true}", "one mark");
}

static void a_partial_sees_what_surrounds_it(void **state)
{
	(void)state;
	expect_text("{{#list}}{{>part}}{{/list}}", "[{{n}}{{t.greet}}]", KM_EN,
	            "{\"list\": [{\"n\": 1}, {\"n\": 2}], \"name\": \"x\"}", "[1Hello x &amp; co][2Hello x &amp; co]");
}

static void a_tag_on_a_line_of_its_own_leaves_no_line(void **state)
{
	(void)state;
	expect("<ul>\n  {{#list}}\n<li>{{.}}\n  {{/list}}\n</ul>\n", "{\"list\": [1, 2]}", "<ul>\n<li>1\n<li>2\n</ul>\n");
	expect("a\n{{! remark }}\nb", "{}", "a\nb");
	expect("a {{! remark }}\nb", "{}", "a \nb");
	expect("{{n}}\n", "{\"n\": 1}", "1\n");
}

static void a_broken_template_is_refused_with_its_line(void **state)
{
	(void)state;
	expect_no_template("a\n{{name", "page: line 2");
	expect_no_template("{{#a}}", "not closed");
	expect_no_template("{{/a}}", "not open");
	expect_no_template("{{#a}}{{#b}}{{/a}}{{/b}}", "not open");
	expect_no_template("{{a b}}", "not the name");
	expect_no_template("{{}}", "not the name");
	expect_no_template("{{>absent}}", "no such partial");
	expect_no_template("{{t.absent}}", "no such words");
	expect_no_template("{{t.bad}}", "values and sections only");
}

static void a_value_that_is_missing_is_no_page(void **state)
{
	(void)state;
	expect_no_page("a{{name}}", "", "{}", "\"name\"");
	expect_no_page("{{a.b}}", "", "{\"a\": {}}", "\"a.b\"");
	expect_no_page("{{a}}", "", "{\"a\": []}", "neither");
	expect_no_page("{{t.greet}}", "", "{}", "\"name\"");
}

static void a_partial_within_itself_ends(void **state)
{
	(void)state;
	expect_no_page("{{>part}}", "{{>part}}", "{}", "circle");
}

static void sections_may_not_be_too_deep(void **state)
{
	(void)state;
	struct km_buf page = KM_BUF_EMPTY;
	for (int i = 0; i < 16; i++)
		km_buf_add_text(&page, "{{#a}}");
	for (int i = 0; i < 16; i++)
		km_buf_add_text(&page, "{{/a}}");
	expect(page.data, "{}", "");
	expect_no_page(page.data, "", "{\"a\": true}", "too deep");
	km_buf_free(&page);
	for (int i = 0; i < 17; i++)
		km_buf_add_text(&page, "{{#a}}");
	expect_no_template(page.data, "too deep");
	km_buf_free(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_escaped),
		cmocka_unit_test(only_three_braces_leave_markup_as_it_is),
		cmocka_unit_test(a_dotted_name_goes_inward),
		cmocka_unit_test(a_section_repeats_its_list),
		cmocka_unit_test(a_section_shows_for_what_is_there_only),
		cmocka_unit_test(sections_nest),
		cmocka_unit_test(words_come_in_the_language_asked),
		cmocka_unit_test(a_partial_sees_what_surrounds_it),
		cmocka_unit_test(a_tag_on_a_line_of_its_own_leaves_no_line),
		cmocka_unit_test(a_broken_template_is_refused_with_its_line),
		cmocka_unit_test(a_value_that_is_missing_is_no_page),
		cmocka_unit_test(a_partial_within_itself_ends),
		cmocka_unit_test(sections_may_not_be_too_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
