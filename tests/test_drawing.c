#include "badge/drawing.h"

#include "badge/bake.h"
#include "badge/svg.h"
#include "base/file.h"
#include "tests/test.h"

#include <expat.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_0"
enum { VALID_UNTIL = 1890773999, SUSPENDED_AT = 1804000000 }; /* 30 November 2029, 2 March 2027 */

/* A mark made by hand. */
struct sample {
	struct km_mark mark;
	struct km_provider provider;
	struct km_domain domain;
	struct km_scheme scheme;
	struct km_scheme_item level;
	struct km_drawing drawing;
	struct km_catalogue *words;
};

static int set_up(void **state)
{
	static struct sample sample;
	sample = (struct sample){
		.domain = {.name = "testbvdonald.example"},
		.provider = {.kvk = "68750110", .name = "Test BV Donald", .domains = &sample.domain, .domains_len = 1},
		.scheme = {.id = "mkb-ict", .sample = true, .short_name = {{"MKB-ICT", "SME ICT"}}, .principles_len = 5},
		.level = {.id = "2", .name = {{"niveau 2", "level 2"}}},
		.mark = {.number = "7K3Q9XM24HTT",
	             .provider = &sample.provider,
	             .scheme = &sample.scheme,
	             .period = {.valid_until = VALID_UNTIL},
	             .state_since = SUSPENDED_AT},
		.drawing = {.url = "https://keurmerk.example"},
	};
	*state = &sample;
	return km_badge_words(&sample.words, NULL);
}

static int tear_down(void **state)
{
	km_catalogue_free(((struct sample *)*state)->words);
	return 0;
}

static void draw(const struct sample *sample, struct km_buf *svg)
{
	struct km_problem problem = {0};
	svg->len = 0;
	assert_ok(km_badge_svg(&sample->drawing, &sample->mark, sample->words, svg, &problem), &problem);
}

/* Runs through every badge that there is. */
static bool next_drawing(struct sample *sample)
{
	struct km_drawing *drawing = &sample->drawing;
	if (++sample->mark.state < KM_STATES)
		return true;
	sample->mark.state = 0;
	if (++drawing->language < KM_LANGUAGES)
		return true;
	drawing->language = 0;
	if (++drawing->theme < KM_BADGE_THEMES)
		return true;
	drawing->theme = 0;
	return ++drawing->form < KM_BADGE_FORMS;
}
#define EACH_DRAWING(sample)                                                                                           \
	bool more_ = true;                                                                                                 \
	more_;                                                                                                             \
	more_ = next_drawing(sample)

/* What expat, which did not write it, finds in a drawing. */
struct reading {
	int depth, elements, titles, texts;
	char path[256]; /* names of the first elements, in order */
	char title[2048], about[4096], shown[8192];
	char role[16], language[8];
	bool in_title, in_about, in_text, allowed;
	char ground[8];  /* the first colour, on which all stands */
	double contrast; /* of the text that stands out least */
};

/* WCAG 2.2, relative luminance. */
static double luminance(const char *colour)
{
	unsigned red, green, blue;
	assert_int_equal(sscanf(colour, "#%2x%2x%2x", &red, &green, &blue), 3);
	double channels[] = {red / 255.0, green / 255.0, blue / 255.0};
	for (size_t i = 0; i < 3; i++)
		channels[i] = channels[i] <= 0.04045 ? channels[i] / 12.92 : pow((channels[i] + 0.055) / 1.055, 2.4);
	return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}

static double contrast_of(const char *one, const char *two)
{
	double a = luminance(one), b = luminance(two);
	return (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
}

static void see_colour(struct reading *reading, const char *element, const char *colour)
{
	if (!*reading->ground)
		snprintf(reading->ground, sizeof reading->ground, "%s", colour);
	if (strcmp(element, "text") == 0)
		reading->contrast = fmin(reading->contrast, contrast_of(colour, reading->ground));
}

static void start(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;
	static const char *const known[] = {"svg",  "title", "desc", "rect",  "circle",
	                                    "path", "g",     "text", "tspan", "openbadges:credential"};
	bool is_known = false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		is_known |= strcmp(name, known[i]) == 0;
	reading->allowed &= is_known;
	if (reading->elements++ < 5) {
		strcat(reading->path, " ");
		strcat(reading->path, name);
	}
	reading->titles += strcmp(name, "title") == 0;
	reading->texts += strcmp(name, "text") == 0;
	reading->in_title = strcmp(name, "title") == 0;
	reading->in_about = strcmp(name, "desc") == 0;
	reading->in_text |= strcmp(name, "text") == 0;
	for (; *attributes; attributes += 2) {
		if (strcmp(attributes[0], "fill") == 0)
			see_colour(reading, name, attributes[1]);
		bool svg = reading->depth == 0;
		if (svg && strcmp(attributes[0], "role") == 0)
			snprintf(reading->role, sizeof reading->role, "%s", attributes[1]);
		if (svg && strcmp(attributes[0], "lang") == 0)
			snprintf(reading->language, sizeof reading->language, "%s", attributes[1]);
		/* Nothing that runs, nothing from elsewhere, no id that could meet another on a page. */
		bool names_space = strncmp(attributes[0], "xmlns", 5) == 0;
		reading->allowed &= names_space || (!strstr(attributes[1], "url(") && !strstr(attributes[1], "//"));
		reading->allowed &= strncmp(attributes[0], "on", 2) != 0 && !strstr(attributes[0], "href") &&
		                    strcmp(attributes[0], "id") != 0 && strcmp(attributes[0], "style") != 0;
	}
	reading->depth++;
}

static void end(void *context, const char *name)
{
	struct reading *reading = context;
	reading->depth--;
	reading->in_title = reading->in_about = false;
	if (strcmp(name, "text") == 0) {
		reading->in_text = false;
		strcat(reading->shown, "\n");
	}
}

static void characters(void *context, const char *text, int len)
{
	struct reading *reading = context;
	char *into = reading->in_title ? reading->title : reading->in_about ? reading->about : reading->shown;
	if (reading->in_title || reading->in_about || reading->in_text)
		strncat(into, text, (size_t)len);
}

static struct reading read_drawing(const struct km_buf *svg)
{
	struct reading reading = {.allowed = true, .contrast = 21};
	XML_Parser parser = XML_ParserCreate("UTF-8");
	XML_SetUserData(parser, &reading);
	XML_SetElementHandler(parser, start, end);
	XML_SetCharacterDataHandler(parser, characters);
	if (XML_Parse(parser, svg->data, (int)svg->len, 1) != XML_STATUS_OK)
		fail_msg("not well-formed: %s", XML_ErrorString(XML_GetErrorCode(parser)));
	XML_ParserFree(parser);
	return reading;
}

static void every_badge_is_whole_and_needs_nothing_from_elsewhere(void **state)
{
	struct sample *sample = *state;
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf svg = KM_BUF_EMPTY;
		draw(sample, &svg);
		struct reading reading = read_drawing(&svg);
		assert_true(reading.allowed);
		assert_string_equal(reading.role, "img");
		assert_string_equal(reading.language, km_language_code(sample->drawing.language));
		assert_int_equal(reading.titles, 1);
		assert_memory_equal(reading.path, " svg title desc", 15);
		assert_contains(reading.title, "Test BV Donald");
		assert_contains(reading.about, "https://keurmerk.example/m/7K3Q9XM24HTT");
		assert_contains(reading.shown, "Test BV Donald\n");
		assert_contains(reading.shown, "testbvdonald.example\n");
		assert_contains(reading.shown, "7K3Q-9XM2-4HTT");
		assert_contains(reading.shown, sample->drawing.language == KM_NL ? "Keurmerk MKB-ICT" : "Keurmerk: SME ICT");
		assert_contains(reading.shown, sample->drawing.language == KM_NL ? "voorbeeld" : "sample");
		assert_contains(reading.title, sample->drawing.language == KM_NL ? "(voorbeeld)" : "(sample)");
	}
}

static void only_an_active_mark_looks_valid(void **state)
{
	struct sample *sample = *state;
	static const char *const words[KM_STATES][KM_LANGUAGES] = {
		{"geldig tot 30 november 2029", "valid until 30 November 2029"},
		{"Geschorst: nu niet geldig", "Suspended: not valid now"},
		{"Ingetrokken: niet geldig", "Withdrawn: not valid"},
		{"Verlopen: niet meer geldig", "Expired: no longer valid"},
	};
	static const char *const tones[KM_BADGE_THEMES] = {"#00695c", "#5cc8b5"};
	static const char tick[] = "M15.13 23.37";
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf svg = KM_BUF_EMPTY;
		draw(sample, &svg);
		struct reading reading = read_drawing(&svg);
		enum km_language language = sample->drawing.language;
		for (enum km_state other = 0; other < KM_STATES; other++) {
			bool is_it = other == sample->mark.state;
			assert_true((strstr(reading.shown, words[other][language]) != NULL) == is_it);
		}
		assert_contains(reading.about, words[sample->mark.state][language]);
		bool active = sample->mark.state == KM_ACTIVE;
		assert_true((strstr(svg.data, tick) != NULL) == active);
		assert_true((strstr(svg.data, tones[sample->drawing.theme]) != NULL) == active);
		if (!active)
			assert_contains(reading.shown,
			                language == KM_NL ? "niet geldig sinds 2 maart 2027" : "not valid since 2 March 2027");
	}
}

static void every_text_stands_out(void **state)
{
	struct sample *sample = *state;
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf svg = KM_BUF_EMPTY;
		draw(sample, &svg);
		struct reading reading = read_drawing(&svg);
		assert_string_equal(reading.ground, km_badge_ground(sample->drawing.theme, sample->mark.state));
		assert_true(reading.contrast >= 4.5);
	}
}

static void the_credential_is_baked_in_as_the_standard_says(void **state)
{
	struct sample *sample = *state;
	sample->drawing.credential = TOKEN;
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf svg = KM_BUF_EMPTY;
		draw(sample, &svg);
		struct reading reading = read_drawing(&svg);
		assert_true(reading.allowed);
		assert_memory_equal(reading.path, " svg openbadges:credential title desc", 37);
		assert_contains(svg.data, "><openbadges:credential verify=\"" TOKEN "\"></openbadges:credential><title>");
		assert_contains(svg.data, " xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\"");
		auto_free char *token = NULL;
		struct km_problem problem = {0};
		assert_ok(km_unbake_svg(svg.data, svg.len, &token, &problem), &problem);
		assert_string_equal(token, TOKEN);
	}
	sample->drawing = (struct km_drawing){.url = "https://keurmerk.example"};
	auto_buf struct km_buf plain = KM_BUF_EMPTY;
	draw(sample, &plain);
	assert_null(strstr(plain.data, "openbadges"));
}

static void a_name_is_only_ever_text(void **state)
{
	struct sample *sample = *state;
	static const char *const names[] = {
		"R&D \"Zonen\" <script>alert('x')</script>",
		"]]> <!-- --> &amp; &#60; %s %n {provider} {url}",
		"</title></svg><svg onload=\"x\">",
		"דונלד (ישראל) בע\"מ",
		"شركة دونالد",
		"Ünïcode 🦆 株式会社",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		sample->provider.name = names[i];
		sample->domain.name = names[i];
		for (sample->drawing.form = 0; sample->drawing.form < KM_BADGE_FORMS; sample->drawing.form++) {
			auto_buf struct km_buf svg = KM_BUF_EMPTY;
			draw(sample, &svg);
			struct reading reading = read_drawing(&svg);
			assert_true(reading.allowed);
			assert_contains(reading.title, names[i]);
			assert_contains(reading.about, names[i]);
		}
	}
}

static void the_longest_name_is_whole_for_those_who_hear_it(void **state)
{
	struct sample *sample = *state;
	static char name[KM_NAME_MAX * 4 + 1];
	for (int i = 0; i < KM_NAME_MAX; i++)
		strcat(name, i % 8 == 7 ? " " : "\xf0\x9f\xa6\x86");
	sample->provider.name = name;
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf svg = KM_BUF_EMPTY;
		draw(sample, &svg);
		struct reading reading = read_drawing(&svg);
		assert_contains(reading.title, name);
		assert_contains(reading.shown, "\xe2\x80\xa6\n");
		assert_null(strstr(reading.shown, name));
	}
}

static void text_from_right_to_left_says_so(void **state)
{
	struct sample *sample = *state;
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	draw(sample, &svg);
	assert_null(strstr(svg.data, "rtl"));
	sample->provider.name = "شركة دونالد";
	draw(sample, &svg);
	assert_contains(svg.data, "direction=\"rtl\" unicode-bidi=\"embed\" text-anchor=\"end\">شركة دونالد</text>");
	assert_contains(svg.data, ">testbvdonald.example</text>");
}

static void the_same_mark_gives_the_same_bytes(void **state)
{
	struct sample *sample = *state;
	/* A decimal comma, where the machine knows one. */
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf one = KM_BUF_EMPTY, two = KM_BUF_EMPTY;
		draw(sample, &one);
		setlocale(LC_ALL, "nl_NL.UTF-8");
		draw(sample, &two);
		setlocale(LC_ALL, "C");
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.data, two.data, one.len);
	}
}

static void a_scheme_that_is_no_sample_does_not_say_so(void **state)
{
	struct sample *sample = *state;
	sample->scheme.sample = false;
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf svg = KM_BUF_EMPTY;
		draw(sample, &svg);
		assert_null(strstr(svg.data, "voorbeeld"));
		assert_null(strstr(svg.data, "sample"));
	}
}

static void a_level_is_named(void **state)
{
	struct sample *sample = *state;
	sample->mark.level = &sample->level;
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	draw(sample, &svg);
	assert_contains(read_drawing(&svg).shown, "MKB-ICT, niveau 2 \xc2\xb7 voorbeeld\n");
	/* A short name that says what it is does not say it twice. */
	sample->scheme.short_name.in[KM_NL] = "Zorgkeurmerk";
	draw(sample, &svg);
	assert_contains(read_drawing(&svg).shown, "Zorgkeurmerk, niveau 2");
	assert_null(strstr(svg.data, "Keurmerk Zorgkeurmerk"));
}

static void a_provider_without_a_domain_has_a_badge(void **state)
{
	struct sample *sample = *state;
	sample->provider.domains_len = 0;
	for (EACH_DRAWING(sample)) {
		auto_buf struct km_buf svg = KM_BUF_EMPTY;
		draw(sample, &svg);
		assert_null(strstr(svg.data, "testbvdonald"));
	}
}

static void an_address_too_long_for_a_qr_code_is_refused(void **state)
{
	struct sample *sample = *state;
	static char url[5000];
	memset(url, 'a', sizeof url - 1);
	sample->drawing.url = url;
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	assert_problem(km_badge_svg(&sample->drawing, &sample->mark, sample->words, &svg, &problem), &problem, KM_TOO_LARGE,
	               "qr-size");
	assert_int_equal(svg.len, 0);
}

static void every_state_has_a_shape_of_its_own(void **state)
{
	(void)state;
	struct km_buf shapes[KM_STATES] = {0};
	for (enum km_state each = 0; each < KM_STATES; each++) {
		km_state_shape(each, 24, &shapes[each]);
		assert_contains(shapes[each].data, "<svg xmlns=\"http://www.w3.org/2000/svg\" aria-hidden=\"true\"");
		assert_contains(shapes[each].data, "width=\"24\" height=\"24\" viewBox=\"0 0 48 48\"");
		assert_contains(shapes[each].data, "fill=\"currentColor\"");
		read_drawing(&shapes[each]);
		for (enum km_state other = 0; other < each; other++)
			assert_string_not_equal(shapes[each].data, shapes[other].data);
	}
	for (enum km_state each = 0; each < KM_STATES; each++)
		km_buf_free(&shapes[each]);
}

static void numbers_are_short_and_have_a_point(void **state)
{
	(void)state;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_svg_add(&buf, "% % % % % % % % %", 0.0, 4.0, -0.5, 12.25, 1.005, -0.004, 99.999, 0.05, -12.3);
	assert_string_equal(buf.data, "0 4 -0.5 12.25 1 0 100 0.05 -12.3");
	buf.len = 0;
	km_svg_add(&buf, "% %", 1e300, -1e300);
	assert_string_equal(buf.data, "1000000000 -1000000000");
}

static void forms_and_themes_have_names(void **state)
{
	(void)state;
	assert_string_equal(km_badge_form_name(KM_BADGE_CARD), "card");
	assert_string_equal(km_badge_form_name(KM_BADGE_STRIP), "strip");
	assert_string_equal(km_badge_form_name(KM_BADGE_SEAL), "seal");
	assert_string_equal(km_badge_theme_name(KM_BADGE_LIGHT), "light");
	assert_string_equal(km_badge_theme_name(KM_BADGE_DARK), "dark");
}

/* The picture in README.md is the program's own. Where it is not, what it should be lies beside this test. */
static void the_badge_in_the_readme_is_what_is_drawn(void **state)
{
	struct sample *sample = *state;
	const char *srcdir = getenv("srcdir");
	auto_buf struct km_buf path = KM_BUF_EMPTY, svg = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/registry/schemes/mkb-ict.json", srcdir ? srcdir : "..");
	auto_free char *json = NULL, *shown = NULL;
	size_t len = 0;
	struct km_problem problem = {0};
	assert_ok(km_file_read(path.data, KM_SCHEME_FILE_MAX, &json, &len, &problem), &problem);
	struct km_scheme *scheme = NULL;
	assert_ok(km_scheme_parse(json, len, &scheme, &problem), &problem);
	sample->mark.scheme = scheme;
	draw(sample, &svg);
	km_scheme_free(scheme);
	path.len = 0;
	km_buf_add_format(&path, "%s/doc/badge.svg", srcdir ? srcdir : "..");
	if (km_file_read(path.data, KM_PICTURE_MAX, &shown, &len, &problem) || len != svg.len ||
	    memcmp(shown, svg.data, len) != 0) {
		assert_ok(km_file_replace("badge.svg", svg.data, svg.len, 0644, &problem), &problem);
		fail_msg("doc/badge.svg is not what is drawn now: look at badge.svg in the build folder and copy it there");
	}
}

#define DRAWING_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAWING_TEST(every_badge_is_whole_and_needs_nothing_from_elsewhere),
		DRAWING_TEST(only_an_active_mark_looks_valid),
		DRAWING_TEST(every_text_stands_out),
		DRAWING_TEST(the_credential_is_baked_in_as_the_standard_says),
		DRAWING_TEST(a_name_is_only_ever_text),
		DRAWING_TEST(the_longest_name_is_whole_for_those_who_hear_it),
		DRAWING_TEST(text_from_right_to_left_says_so),
		DRAWING_TEST(the_same_mark_gives_the_same_bytes),
		DRAWING_TEST(a_scheme_that_is_no_sample_does_not_say_so),
		DRAWING_TEST(a_level_is_named),
		DRAWING_TEST(a_provider_without_a_domain_has_a_badge),
		DRAWING_TEST(an_address_too_long_for_a_qr_code_is_refused),
		DRAWING_TEST(the_badge_in_the_readme_is_what_is_drawn),
		KM_TEST(every_state_has_a_shape_of_its_own),
		KM_TEST(numbers_are_short_and_have_a_point),
		KM_TEST(forms_and_themes_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
