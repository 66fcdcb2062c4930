#include "badge/text_fit.h"

#include "base/encode.h"
#include "tests/test.h"

#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

static const struct km_fit_room room = {
	.width = 200, .largest = 24, .smallest = 15, .two_largest = 14, .two_smallest = 10, .bold = true};
static const struct km_fit_room one_line = {.width = 100, .largest = 16, .smallest = 8, .keep_end = true};

static struct km_fit fit(const char *text, const struct km_fit_room *in)
{
	struct km_fit fit;
	km_text_fit(text, in, &fit);
	assert_true(fit.lines >= 1 && fit.lines <= (in->two_largest > 0 ? 2 : 1));
	for (int i = 0; i < fit.lines; i++) {
		assert_true(km_utf8_valid(fit.line[i], strlen(fit.line[i]), NULL));
		/* What it promises: no line is wider than its room. */
		assert_true(km_text_width(fit.line[i], in->bold) * fit.size <= in->width + 0.001);
	}
	return fit;
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void a_short_name_is_as_large_as_may_be(void **state)
{
	(void)state;
	struct km_fit short_one = fit("Donald", &room);
	assert_true(short_one.size == 24 && short_one.lines == 1 && !short_one.cut);
	assert_string_equal(short_one.line[0], "Donald");
}

static void a_longer_name_gets_smaller_before_it_gets_a_second_line(void **state)
{
	(void)state;
	struct km_fit smaller = fit("Test Stichting Donald", &room);
	assert_int_equal(smaller.lines, 1);
	assert_true(smaller.size < 24 && smaller.size >= 15);
	struct km_fit two = fit("Test Stichting Donald en Dagobert", &room);
	assert_int_equal(two.lines, 2);
	assert_true(two.size <= 14 && two.size >= 10);
	assert_false(two.cut);
	assert_string_equal(two.line[0], "Test Stichting");
	assert_string_equal(two.line[1], "Donald en Dagobert");
}

static void a_line_ends_between_words_rather_than_within_one(void **state)
{
	(void)state;
	struct km_fit two = fit("Automatisering Noord-Zuid Donald", &room);
	assert_string_equal(two.line[0], "Automatisering");
	struct km_fit within = fit("Automatiserings-dienstverlening", &room);
	assert_string_equal(within.line[0], "Automatiserings-");
	assert_string_equal(within.line[1], "dienstverlening");
}

static void what_does_not_fit_ends_in_an_ellipsis(void **state)
{
	(void)state;
	struct km_fit cut = fit("Vereniging van Beheerders van Bedrijfsnetwerken en Werkplekken in Noord-Holland en "
	                        "in Zuid-Holland en in Zeeland",
	                        &room);
	assert_true(cut.cut && cut.lines == 2 && cut.size == 10);
	assert_false(ends_with(cut.line[0], ELLIPSIS));
	assert_true(ends_with(cut.line[1], ELLIPSIS));
}

static void a_word_longer_than_a_line_is_broken(void **state)
{
	(void)state;
	struct km_fit broken = fit("Hottentottententententoonstellingsbouwer", &room);
	assert_true(broken.lines == 2 && !broken.cut);
	char whole[2 * KM_FIT_BYTES];
	snprintf(whole, sizeof whole, "%s%s", broken.line[0], broken.line[1]);
	assert_string_equal(whole, "Hottentottententententoonstellingsbouwer");
}

static void of_a_domain_the_end_is_kept(void **state)
{
	(void)state;
	struct km_fit domain = fit("keurmerk.example.in.a.very.long.name.of.evil.example", &one_line);
	assert_true(domain.cut && domain.lines == 1);
	assert_memory_equal(domain.line[0], ELLIPSIS, 3);
	assert_true(ends_with(domain.line[0], "evil.example"));
}

static void scripts_without_spaces_break_between_characters(void **state)
{
	(void)state;
	struct km_fit two = fit("株式会社ドナルド情報通信技術研究所東京", &room);
	assert_true(two.lines == 2 && !two.cut);
}

static void text_from_right_to_left_is_known(void **state)
{
	(void)state;
	assert_true(fit("دونالد", &room).right_to_left);
	assert_true(fit("\"דונלד\" BV", &room).right_to_left);
	assert_true(fit("123 דונלד", &room).right_to_left);
	assert_false(fit("BV דונלד", &room).right_to_left);
	assert_false(fit("Дональд", &room).right_to_left);
	assert_false(fit("", &room).right_to_left);
}

static void nothing_turns_the_direction_of_what_follows(void **state)
{
	(void)state;
	/* RIGHT-TO-LEFT OVERRIDE and a lonely POP DIRECTIONAL ISOLATE. */
	struct km_fit plain = fit("Donald \xe2\x80\xae"
	                          "gvb\xe2\x81\xa9 BV",
	                          &room);
	assert_string_equal(plain.line[0], "Donald gvb BV");
	assert_string_equal(fit(" Donald \t\n  BV\xe2\x80\xa8", &room).line[0], "Donald BV");
}

/* Whatever the room, what is shown begins and ends between characters as a reader sees them. */
static void expect_no_split(const char *text, const char *unit)
{
	for (double width = 20; width < 400; width += 0.5) {
		struct km_fit_room narrow = room;
		narrow.width = width;
		struct km_fit shown = fit(text, &narrow);
		for (int i = 0; i < shown.lines; i++) {
			const char *rest = shown.line[i];
			while (strncmp(rest, unit, strlen(unit)) == 0)
				rest += strlen(unit);
			if (*rest && strcmp(rest, ELLIPSIS) != 0)
				fail_msg("%.1f wide: \"%s\" holds half a character", width, shown.line[i]);
		}
	}
}

static void what_a_reader_sees_as_one_character_is_never_split(void **state)
{
	(void)state;
#define FAMILY      "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"
#define FLAG        "\xf0\x9f\x87\xb3\xf0\x9f\x87\xb1"
#define E_MARK      "e\xcc\x81"
#define SEVEN(unit) unit unit unit unit unit unit unit
	expect_no_split(SEVEN(FAMILY), FAMILY);
	expect_no_split(SEVEN(SEVEN(FLAG)), FLAG);
	expect_no_split(SEVEN(SEVEN(E_MARK)), E_MARK);
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	(void)state;
#define REPLACED "\xef\xbf\xbd"
	assert_string_equal(fit("a\xff"
	                        "b",
	                        &room)
	                        .line[0],
	                    "a" REPLACED "b");
	assert_string_equal(fit("a\xc3", &room).line[0], "a" REPLACED);
	assert_string_equal(fit("\xed\xa0\x80", &room).line[0], REPLACED REPLACED REPLACED);
	assert_string_equal(fit("\xc0\xaf", &room).line[0], REPLACED REPLACED);
	assert_string_equal(fit("\xf4\x90\x80\x80", &room).line[0], REPLACED REPLACED REPLACED REPLACED);
}

static void a_text_of_any_length_is_bounded(void **state)
{
	(void)state;
	static char text[200000];
	for (int character = 0; character < 3; character++) {
		static const char *const units[] = {"W", "i", "\xf0\x9f\xa6\x86"};
		size_t len = 0;
		while (len + 4 < sizeof text) {
			memcpy(text + len, units[character], strlen(units[character]));
			len += strlen(units[character]);
		}
		text[len] = '\0';
		assert_true(fit(text, &room).cut);
		assert_true(fit(text, &one_line).cut);
		/* Also where only the bound on its bytes makes it too long. */
		struct km_fit_room wide = room;
		wide.width = 1e6;
		assert_true(fit(text, &wide).cut);
	}
}

static void nothing_fits_in_no_room(void **state)
{
	(void)state;
	struct km_fit_room none = room;
	none.width = 12;
	struct km_fit only_dots = fit("Donald", &none);
	assert_true(only_dots.cut);
	assert_string_equal(fit("", &room).line[0], "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(a_short_name_is_as_large_as_may_be),
		KM_TEST(a_longer_name_gets_smaller_before_it_gets_a_second_line),
		KM_TEST(a_line_ends_between_words_rather_than_within_one),
		KM_TEST(what_does_not_fit_ends_in_an_ellipsis),
		KM_TEST(a_word_longer_than_a_line_is_broken),
		KM_TEST(of_a_domain_the_end_is_kept),
		KM_TEST(scripts_without_spaces_break_between_characters),
		KM_TEST(text_from_right_to_left_is_known),
		KM_TEST(nothing_turns_the_direction_of_what_follows),
		KM_TEST(what_a_reader_sees_as_one_character_is_never_split),
		KM_TEST(bytes_that_are_not_utf8_are_replaced),
		KM_TEST(a_text_of_any_length_is_bounded),
		KM_TEST(nothing_fits_in_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
