#include "tests/test.h"

#include "base/buf.h"

static void is_escaped(const char *text, const char *expected)
{
	auto_buf struct km_buf out = KM_BUF_EMPTY;
	km_buf_add_escaped(&out, text);
	auto_free char *escaped = km_buf_take(&out, NULL);
	assert_string_equal(escaped, expected);
}

static void pieces_are_joined_and_closed_by_a_nul(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_buf_add_text(&buf, "mark ");
	km_buf_add(&buf, "ABC", 2);
	km_buf_add_char(&buf, '-');
	km_buf_add_format(&buf, "%03d/%s", 7, "x");
	km_buf_add(&buf, NULL, 0);
	assert_string_equal(buf.data, "mark AB-007/x");
	assert_int_equal(buf.len, 13);
	size_t len;
	auto_free char *taken = km_buf_take(&buf, &len);
	assert_string_equal(taken, "mark AB-007/x");
	assert_int_equal(len, 13);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
}

static void an_empty_buffer_gives_an_empty_text(void **state)
{
	(void)state;
	struct km_buf buf = KM_BUF_EMPTY;
	size_t len = 9;
	auto_free char *taken = km_buf_take(&buf, &len);
	assert_string_equal(taken, "");
	assert_int_equal(len, 0);
	km_buf_free(&buf);
}

static void it_grows_with_what_is_added(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	for (int i = 0; i < 100000; i++)
		km_buf_add_char(&buf, (char)('a' + i % 26));
	for (int i = 0; i < 1000; i++)
		km_buf_add_format(&buf, "%0*d", 100, i);
	assert_false(buf.failed);
	assert_int_equal(buf.len, 200000);
	assert_int_equal(buf.data[99999], 'a' + 99999 % 26);
	assert_string_equal(buf.data + 199996, "0999");
}

static void bytes_with_a_nul_are_kept(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_buf_add(&buf, "a\0b", 3);
	assert_int_equal(buf.len, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
}

static void a_failed_buffer_stays_failed_and_gives_nothing(void **state)
{
	(void)state;
	struct km_buf buf = KM_BUF_EMPTY;
	km_buf_add_text(&buf, "before");
	km_buf_add(&buf, "", SIZE_MAX - 10); /* refused before a byte is read */
	assert_true(buf.failed);
	km_buf_add_text(&buf, "after");
	km_buf_add_format(&buf, "%d", 1);
	km_buf_add_escaped(&buf, "<");
	assert_string_equal(buf.data, "before");
	assert_null(km_buf_take(&buf, NULL));
	assert_false(buf.failed); /* taken: empty again */
	km_buf_free(&buf);
}

static void markup_is_escaped(void **state)
{
	(void)state;
	is_escaped("", "");
	is_escaped("Test BV Donald", "Test BV Donald");
	is_escaped("<b a=\"1\" c='2'>&amp;</b>", "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
	is_escaped("Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92", "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92");
	is_escaped("a\tb\nc\rd\x7f", "a\tb\nc\rd\x7f");
}

#define FFFD "\xef\xbf\xbd"

static void what_xml_forbids_becomes_the_replacement_character(void **state)
{
	(void)state;
	is_escaped("a\x01z", "a" FFFD "z");
	is_escaped("\x08\x0b\x0c\x0e\x1f", FFFD FFFD FFFD FFFD FFFD);
	is_escaped("\xef\xbf\xbe \xef\xbf\xbf", FFFD " " FFFD); /* U+FFFE, U+FFFF */
	is_escaped("\xef\xbf\xbd", FFFD);
	is_escaped("\xf0\x9f\xbf\xbe", "\xf0\x9f\xbf\xbe"); /* U+1FFFE is allowed */
}

static void broken_utf8_becomes_the_replacement_character(void **state)
{
	(void)state;
	is_escaped("\xff", FFFD);
	is_escaped("a\xc3", "a" FFFD);
	is_escaped("\xc3<", FFFD "&lt;"); /* the character after a broken one is not swallowed */
	is_escaped("\xe2\x82<", FFFD FFFD "&lt;");
	is_escaped("\xed\xa0\x80", FFFD FFFD FFFD);
	is_escaped("\xc0\xbcscript", FFFD FFFD "script"); /* an overlong < */
}

static void a_problem_says_its_code_type_and_message(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	assert_int_equal(km_fail(&problem, KM_CONFLICT, "replay", "this %s was here %d times", "jti", 2), KM_CONFLICT);
	assert_problem(problem.code, &problem, KM_CONFLICT, "replay");
	assert_string_equal(problem.message, "this jti was here 2 times");
	assert_int_equal(km_fail(NULL, KM_IO, "x", "%s", "y"), KM_IO);
	assert_problem(km_fail_memory(&problem), &problem, KM_NO_MEMORY, "no-memory");
	assert_int_equal(km_fail_memory(NULL), KM_NO_MEMORY);
}

static void a_prefix_comes_before_the_message(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	km_fail(&problem, KM_INVALID, "member", "name: this is missing");
	km_problem_prefix(&problem, "line %d", 3);
	km_problem_prefix(&problem, "%s", "list.csv");
	assert_string_equal(problem.message, "list.csv: line 3: name: this is missing");
	assert_string_equal(problem.type, "member");
	assert_int_equal(problem.code, KM_INVALID);
	km_problem_prefix(NULL, "%s", "nothing");
	/* Arguments may come from the problem itself. */
	km_fail(&problem, KM_IO, problem.type, "again: %s", problem.message);
	assert_string_equal(problem.message, "again: list.csv: line 3: name: this is missing");
	assert_string_equal(problem.type, "member");
}

static void a_long_message_is_cut_between_characters(void **state)
{
	(void)state;
	char text[KM_PROBLEM_MESSAGE_MAX * 2];
	struct km_problem problem;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'a', shift);
		for (size_t i = shift; i + 4 < sizeof text; i += 4)
			memcpy(text + i, "\xf0\x9f\x94\x92", 5);
		km_fail(&problem, KM_IO, "t", "%s", text);
		size_t len = strlen(problem.message);
		assert_int_equal((len - shift) % 4, 0);
		assert_true(len <= KM_PROBLEM_MESSAGE_MAX - 1 && len > KM_PROBLEM_MESSAGE_MAX - 1 - 4);
		assert_memory_equal(problem.message, text, len);
		km_problem_prefix(&problem, "w");
		len = strlen(problem.message);
		assert_memory_equal(problem.message, "w: ", 3);
		assert_int_equal((len - shift - 3) % 4, 0);
		assert_true(len <= KM_PROBLEM_MESSAGE_MAX - 1 && len > KM_PROBLEM_MESSAGE_MAX - 1 - 4);
	}
	memset(text, 'b', KM_PROBLEM_MESSAGE_MAX - 1);
	text[KM_PROBLEM_MESSAGE_MAX - 1] = '\0';
	km_fail(&problem, KM_IO, "t", "%s", text); /* just fits */
	assert_string_equal(problem.message, text);
	text[KM_PROBLEM_MESSAGE_MAX - 1] = 'b';
	text[KM_PROBLEM_MESSAGE_MAX] = '\0';
	km_fail(&problem, KM_IO, "t", "%s", text); /* one too many */
	assert_int_equal(strlen(problem.message), KM_PROBLEM_MESSAGE_MAX - 1);
}

static void a_message_does_no_harm_to_a_terminal(void **state)
{
	(void)state;
	struct km_problem problem;
	km_fail(&problem, KM_MALFORMED, "t", "name \"%s\"",
	        "\x1b[2J\r\nERROR \x7f\xc2\x9b"
	        "31m\xff\xc3");
	assert_string_equal(problem.message, "name \" [2J  ERROR    31m??\"");
	km_fail(&problem, KM_MALFORMED, "t", "Caf\xc3\xa9");
	km_problem_prefix(&problem, "%s", "a\nb\xff");
	assert_string_equal(problem.message, "a b?: Caf\xc3\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_joined_and_closed_by_a_nul),
		cmocka_unit_test(an_empty_buffer_gives_an_empty_text),
		cmocka_unit_test(it_grows_with_what_is_added),
		cmocka_unit_test(bytes_with_a_nul_are_kept),
		cmocka_unit_test(a_failed_buffer_stays_failed_and_gives_nothing),
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(what_xml_forbids_becomes_the_replacement_character),
		cmocka_unit_test(broken_utf8_becomes_the_replacement_character),
		cmocka_unit_test(a_problem_says_its_code_type_and_message),
		cmocka_unit_test(a_prefix_comes_before_the_message),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(a_message_does_no_harm_to_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
