#include "cli/mail_message.h"

#include "tests/test.h"

#include <stdbool.h>
#include <stdlib.h>

/* 2026-11-24T17:02:37Z */
static const struct km_mail_message usual = {.from_name = "Keurmerk",
                                             .from = "register@keurmerk.example",
                                             .to = "post@donald.example",
                                             .subject = "Onderwerp",
                                             .text = "Tekst.\n",
                                             .key = "change/x/provider",
                                             .url = "https://keurmerk.example:8443",
                                             .language = KM_NL,
                                             .date = 1795539757};

static char *make(const struct km_mail_message *message)
{
	struct km_buf buf = KM_BUF_EMPTY;
	km_mail_message(message, &buf);
	char *text = km_buf_take(&buf, NULL);
	assert_non_null(text);
	return text;
}

/* What stands behind this until the next line that is no continuation. */
static void expect_header(const struct km_mail_message *message, const char *name, const char *expected)
{
	auto_free char *text = make(message);
	char wanted[400];
	snprintf(wanted, sizeof wanted, "\r\n%s: %s\r\n", name, expected);
	assert_contains(text, wanted);
}

/* Each line of the head begins one of the headers that are always there, or goes on with one. */
static void expect_ten_headers(const char *text)
{
	static const char *const names[] = {"Date: ",
	                                    "From: ",
	                                    "To: ",
	                                    "Subject: ",
	                                    "Message-ID: <",
	                                    "Auto-Submitted: ",
	                                    "MIME-Version: ",
	                                    "Content-Type: ",
	                                    "Content-Transfer-Encoding: ",
	                                    "Content-Language: "};
	size_t seen = 0;
	const char *line = text;
	for (; strncmp(line, "\r\n", 2) != 0; line = strstr(line, "\r\n") + 2) {
		if (*line == ' ')
			continue;
		assert_true(seen < sizeof names / sizeof *names);
		assert_int_equal(strncmp(line, names[seen], strlen(names[seen])), 0);
		seen++;
	}
	assert_int_equal(seen, sizeof names / sizeof *names);
}

static void it_is_as_the_standards_have_it(void **state)
{
	(void)state;
	auto_free char *text = make(&usual);
	/* The id: sha256sum of the key, its first half. */
	assert_string_equal(text, "Date: Tue, 24 Nov 2026 17:02:37 +0000\r\n"
	                          "From: Keurmerk\r\n <register@keurmerk.example>\r\n"
	                          "To: <post@donald.example>\r\n"
	                          "Subject: Onderwerp\r\n"
	                          "Message-ID: <75fecc3c973bee5cdddf26ac31fe0e08@keurmerk.example>\r\n"
	                          "Auto-Submitted: auto-generated\r\n"
	                          "MIME-Version: 1.0\r\n"
	                          "Content-Type: text/plain; charset=utf-8\r\n"
	                          "Content-Transfer-Encoding: quoted-printable\r\n"
	                          "Content-Language: nl\r\n"
	                          "\r\n"
	                          "Tekst.\r\n");
}

static void the_day_of_the_week_is_right_in_every_year(void **state)
{
	(void)state;
	static const struct {
		int64_t moment;
		const char *date;
	} dates[] = {{0, "Thu, 01 Jan 1970 00:00:00 +0000"},
	             {86399, "Thu, 01 Jan 1970 23:59:59 +0000"},
	             {86400, "Fri, 02 Jan 1970 00:00:00 +0000"},
	             {951782400, "Tue, 29 Feb 2000 00:00:00 +0000"},
	             {4107542399, "Sun, 28 Feb 2100 23:59:59 +0000"}};
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		struct km_mail_message message = usual;
		char expected[60];
		message.date = dates[i].moment;
		auto_free char *text = make(&message);
		snprintf(expected, sizeof expected, "Date: %s\r\n", dates[i].date);
		assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	}
}

static void no_name_and_no_subject_begins_another_header(void **state)
{
	(void)state;
	static const char *const hostile[] = {
		"a\r\nBcc: b@c.example",
		"a\nBcc: b@c.example",
		"a\rBcc: b@c.example",
		"\r\n\r\nand a text",
		"\"quoted\" <b@c.example>",
		"a\\\"b\\\\",
		"=?UTF-8?Q?=0D=0ABcc:_b=40c.example?=",
		"\xff\xfe\xc3",
		"a\tb\x7f\x01\xc2\x85!",
		"",
		" ",
		"<>@,;:()[]",
	};
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct km_mail_message message = usual;
		message.from_name = message.subject = hostile[i];
		auto_free char *text = make(&message);
		expect_ten_headers(text);
		char *head_end = strstr(text, "\r\n\r\n");
		*head_end = '\0';
		assert_null(strstr(text, "Bcc:"));
		assert_null(strstr(text, "=?UTF-8?Q"));
	}
}

static void a_control_character_becomes_a_space_and_broken_utf8_is_replaced(void **state)
{
	(void)state;
	struct km_mail_message message = usual;
	message.subject = "a\r\nb";
	expect_header(&message, "Subject", "=?UTF-8?B?YSAgYg==?="); /* "a  b" */
	message.subject = "\xff";
	expect_header(&message, "Subject", "=?UTF-8?B?77+9?=");
}

static void plain_words_stay_as_they_are_and_others_are_encoded(void **state)
{
	(void)state;
	struct km_mail_message message = usual;
	message.subject = "Geschorst: het mkb-keurmerk ICT van Test BV Donald";
	expect_header(&message, "Subject", message.subject);
	message.subject = "Caf\xc3\xa9";
	expect_header(&message, "Subject", "=?UTF-8?B?Q2Fmw6k=?=");
	message.from_name = "Test & Co.";
	expect_header(&message, "From", "=?UTF-8?B?VGVzdCAmIENvLg==?=\r\n <register@keurmerk.example>");
}

static void a_long_subject_is_cut_between_characters_and_into_short_lines(void **state)
{
	(void)state;
	struct km_mail_message message = usual;
	char subject[601] = "";
	for (int i = 0; i < 200; i++)
		strcat(subject, "\xe2\x82\xac"); /* a euro: 39 bytes are 13 of them */
	message.subject = subject;
	auto_free char *text = make(&message);
	expect_ten_headers(text);
	const char *word = "=?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n ";
	size_t words = 0;
	for (const char *at = text; (at = strstr(at, word)); at++)
		words++;
	assert_int_equal(words, 15); /* and a shorter one */
	strcpy(subject, "a");
	for (int i = 0; i < 190; i++)
		strcat(subject, "\xc3\xa9");
	auto_free char *odd = make(&message);
	for (const char *line = odd; *line; line = strstr(line, "\r\n") + 2)
		assert_true(strstr(line, "\r\n") - line <= 76);
}

static void no_line_of_the_text_is_too_long_and_white_space_at_its_end_stays(void **state)
{
	(void)state;
	struct km_mail_message message = usual;
	char text[400];
	for (size_t len = 70; len < 160; len++) {
		memset(text, 'x', len);
		strcpy(text + len, " \n.\n");
		message.text = text;
		auto_free char *made = make(&message);
		const char *body = strstr(made, "\r\n\r\n") + 4;
		assert_contains(body, "=20\r\n.\r\n");
		for (const char *line = body; *line; line = strstr(line, "\r\n") + 2)
			assert_true(strstr(line, "\r\n") - line <= 76);
	}
	message.text = "From hier\nna\xc3\xafve = 1\ta \t\n\nzonder einde";
	auto_free char *made = make(&message);
	assert_string_equal(strstr(made, "\r\n\r\n") + 4, "=46rom hier\r\nna=C3=AFve =3D 1\ta =09\r\n\r\nzonder einde\r\n");
}

static bool same_id(const struct km_mail_message *a, const struct km_mail_message *b)
{
	auto_free char *one = make(a), *other = make(b);
	const char *id = strstr(one, "Message-ID: "), *other_id = strstr(other, "Message-ID: ");
	return strncmp(id, other_id, strcspn(id, "\r")) == 0;
}

static void the_same_event_has_the_same_id_whenever_it_is_sent(void **state)
{
	(void)state;
	struct km_mail_message later = usual;
	later.date += 86400;
	later.subject = "Anders";
	later.text = "Anders.";
	assert_true(same_id(&usual, &later));
	later.key = "change/x/body";
	assert_false(same_id(&usual, &later));
}

static void the_id_is_of_the_host_of_the_registry(void **state)
{
	(void)state;
	static const struct {
		const char *url, *host;
	} urls[] = {{"https://keurmerk.example", "@keurmerk.example>"},
	            {"http://127.0.0.1:8080", "@127.0.0.1>"},
	            {"http://[::1]:8080", "@[::1]>"},
	            {"http://localhost", "@localhost>"}};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct km_mail_message message = usual;
		message.url = urls[i].url;
		auto_free char *text = make(&message);
		assert_contains(text, urls[i].host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(it_is_as_the_standards_have_it),
		KM_TEST(the_day_of_the_week_is_right_in_every_year),
		KM_TEST(no_name_and_no_subject_begins_another_header),
		KM_TEST(a_control_character_becomes_a_space_and_broken_utf8_is_replaced),
		KM_TEST(plain_words_stay_as_they_are_and_others_are_encoded),
		KM_TEST(a_long_subject_is_cut_between_characters_and_into_short_lines),
		KM_TEST(no_line_of_the_text_is_too_long_and_white_space_at_its_end_stays),
		KM_TEST(the_same_event_has_the_same_id_whenever_it_is_sent),
		KM_TEST(the_id_is_of_the_host_of_the_registry),
	};
	return cmocka_run_group_tests_name("mail_message", tests, NULL, NULL);
}
