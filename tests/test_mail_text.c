#include "cli/mail_text.h"

#include "base/clock.h"
#include "registry/rule.h"
#include "tests/test.h"

#include <stdlib.h>

#define URL "https://keurmerk.example"

static struct km_body body = {.name = "Voorbeeld Certificatie", .slug = "vc", .url = "https://vc.example"};
static struct km_provider provider = {.name = "Test BV Donald", .kvk = "68750110"};
static struct km_scheme scheme = {.short_name = {{"mkb-keurmerk ICT", "SME ICT mark"}}};

/* 24 November 2026 and some time after. */
static struct km_letter letter_of(const char *kind, const char *action, bool to_provider)
{
	return (struct km_letter){
		.kind = (char *)kind,
		.action = (char *)action,
		.to_provider = to_provider,
		.language = KM_NL,
		.body = &body,
		.provider = &provider,
		.scheme = &scheme,
		.number = "7K3Q9XM24HTT",
		.at = 1795539757,
		.period = {.valid_until = 1890255599, .surveillance_limit = 1832281199, .suspension_limit = 1847833199},
		.due_at = 1827097199};
}

struct written {
	struct km_buf subject, text;
};

static void written_done(struct written *written)
{
	km_buf_free(&written->subject);
	km_buf_free(&written->text);
}
#define auto_written __attribute__((cleanup(written_done)))

static void write_letter(const struct km_letter *letter, struct written *written)
{
	struct km_problem problem = {0};
	struct km_catalogue *words = NULL;
	*written = (struct written){KM_BUF_EMPTY, KM_BUF_EMPTY};
	assert_ok(km_mail_words(&words, &problem), &problem);
	km_mail_text(words, letter, URL, &written->subject, &written->text);
	km_catalogue_free(words);
	assert_false(written->subject.failed || written->text.failed);
}

/* All that can be told of: what follows from a rule and is public, from time, and from what is due. */
static size_t topics(const char *ret_kinds[40], const char *ret_actions[40])
{
	static const char *const others[][2] = {{"change", "expire"},
	                                        {"change", "suspend-lapse"},
	                                        {"change", "withdraw-lapse"},
	                                        {"surveillance", NULL},
	                                        {"expiry", NULL},
	                                        {"suspension", NULL},
	                                        {"finding", NULL}};
	size_t len = 0, rules_len;
	const struct km_rule *rules = km_rules(&rules_len);
	for (size_t i = 0; i < rules_len; i++)
		if (rules[i].effect != KM_EFFECT_RECORD) {
			ret_kinds[len] = "change";
			ret_actions[len++] = rules[i].action;
		}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		ret_kinds[len] = others[i][0];
		ret_actions[len++] = others[i][1];
	}
	assert_true(len > 15);
	return len;
}

static void there_are_words_for_whatever_can_be_told_to_whom_in_both_languages(void **state)
{
	(void)state;
	const char *kinds[40], *actions[40];
	size_t len = topics(kinds, actions);
	for (size_t i = 0; i < len * 4; i++) {
		struct km_letter letter = letter_of(kinds[i / 4], actions[i / 4], i & 1);
		letter.language = i & 2 ? KM_EN : KM_NL;
		letter.criteria = (struct km_buf){.data = (char *)"R1, R2", .len = 6};
		auto_written struct written written;
		write_letter(&letter, &written);
		assert_null(strpbrk(written.subject.data, "{}"));
		assert_null(strpbrk(written.text.data, "{}"));
		assert_contains(written.subject.data, "Test BV Donald");
		assert_contains(written.text.data, i & 2 ? "Hello,\n\n" : "Goedendag,\n\n");
		assert_contains(written.text.data, "\n" URL "/m/7K3Q9XM24HTT\n");
		assert_contains(written.text.data, "Test BV Donald");
		assert_contains(written.text.data, i & 2 ? "SME ICT mark" : "mkb-keurmerk ICT");
		/* Greeting, what it is, what to do, page, questions (of a provider), footer. */
		size_t paragraphs = 1;
		for (const char *at = written.text.data; (at = strstr(at, "\n\n")); at += 2)
			paragraphs++;
		assert_true(paragraphs == (i & 1 ? 6u : 5u));
	}
}

static void a_reminder_says_by_when_what_to_do_and_what_else_happens(void **state)
{
	(void)state;
	struct km_letter letter = letter_of("surveillance", NULL, true);
	auto_written struct written written;
	write_letter(&letter, &written);
	assert_string_equal(written.subject.data, "Uiterlijk 24 november 2027: controle van Test BV Donald");
	assert_contains(written.text.data, "moet klaar zijn op 24 november 2027");
	assert_contains(written.text.data, "Spreek nu een dag af met Voorbeeld Certificatie.");
	assert_contains(written.text.data, "na 23 januari 2028 geen besluit, dan wordt het keurmerk vanzelf geschorst");
	assert_contains(written.text.data, "Stel ze aan Voorbeeld Certificatie: https://vc.example\n");
}

static void what_the_body_wrote_for_the_public_is_told_as_its_words(void **state)
{
	(void)state;
	struct km_letter letter = letter_of("change", "suspend", true);
	auto_written struct written without, with;
	write_letter(&letter, &without);
	assert_null(strstr(without.text.data, "schrijft daarover"));
	letter.text = (char *)"De {back-ups} zijn niet getest.";
	write_letter(&letter, &with);
	assert_contains(with.text.data, "Voorbeeld Certificatie schrijft daarover:\n\nDe {back-ups} zijn niet getest.\n\n");
}

static void a_limit_that_is_there_no_more_is_not_named(void **state)
{
	(void)state;
	struct km_letter letter = letter_of("change", "suspend", true);
	auto_written struct written with, without;
	write_letter(&letter, &with);
	assert_contains(with.text.data, "na 22 juli 2028");
	letter.period.suspension_limit = 0; /* it is reinstated since */
	write_letter(&letter, &without);
	assert_null(strstr(without.text.data, "1970"));
	assert_null(strstr(without.text.data, "vanzelf ingetrokken"));
}

static void what_a_name_holds_is_not_filled_in(void **state)
{
	(void)state;
	struct km_provider odd = provider;
	odd.name = "{registry} {body}";
	struct km_letter letter = letter_of("change", "grant", false);
	letter.provider = &odd;
	auto_written struct written written;
	write_letter(&letter, &written);
	assert_string_equal(written.subject.data, "Toegekend: het mkb-keurmerk ICT van {registry} {body}");
}

static void a_finding_before_there_is_a_mark_names_no_page(void **state)
{
	(void)state;
	struct km_letter letter = letter_of("finding", NULL, true);
	*letter.number = '\0';
	letter.criteria = (struct km_buf){.data = (char *)"R2", .len = 2};
	auto_written struct written written;
	write_letter(&letter, &written);
	assert_null(strstr(written.text.data, "/m/"));
	assert_contains(written.text.data, "verbeterd zijn op 24 november 2027: R2.");
}

static void a_sample_says_that_it_is_one(void **state)
{
	(void)state;
	struct km_scheme sample = scheme;
	sample.sample = true;
	struct km_letter letter = letter_of("change", "grant", true);
	auto_written struct written real, shown;
	write_letter(&letter, &real);
	assert_null(strstr(real.text.data, "voorbeeld,"));
	letter.scheme = &sample;
	write_letter(&letter, &shown);
	assert_contains(shown.text.data, "Dit gaat over een voorbeeld, niet over een echt keurmerk.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(there_are_words_for_whatever_can_be_told_to_whom_in_both_languages),
		KM_TEST(a_reminder_says_by_when_what_to_do_and_what_else_happens),
		KM_TEST(what_the_body_wrote_for_the_public_is_told_as_its_words),
		KM_TEST(a_limit_that_is_there_no_more_is_not_named),
		KM_TEST(what_a_name_holds_is_not_filled_in),
		KM_TEST(a_finding_before_there_is_a_mark_names_no_page),
		KM_TEST(a_sample_says_that_it_is_one),
	};
	return cmocka_run_group_tests_name("mail_text", tests, NULL, NULL);
}
