#include "badge/bake.h"

#include "badge/qr.h"
#include "tests/test.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define OB    "https://purl.imsglobal.org/ob/v3p0"
#define TOKEN "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_0"
#define BAKED                                                                                                          \
	"<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:openbadges=\"" OB "\" viewBox=\"0 0 4 4\">"                       \
	"<openbadges:credential verify=\"" TOKEN "\"></openbadges:credential><title>Keurmerk &amp; zo</title></svg>"

static void expect_token(const char *svg, const char *token)
{
	struct km_problem problem = {0};
	auto_free char *found = NULL;
	if (km_unbake_svg(svg, strlen(svg), &found, &problem))
		fail_msg("%s: %s", svg, problem.message);
	assert_string_equal(found, token);
}

static void expect_refusal(const char *svg, enum km_error code, const char *type)
{
	struct km_problem problem = {0};
	char untouched[] = "untouched", *found = untouched;
	if (km_unbake_svg(svg, strlen(svg), &found, &problem) != code)
		fail_msg("%s: expected %d, got %d: %s", svg, code, problem.code, problem.message);
	assert_string_equal(problem.type, type);
	assert_ptr_equal(found, untouched);
}

#define SVG(attributes, content) "<svg xmlns=\"http://www.w3.org/2000/svg\" " attributes ">" content "</svg>"

static void a_baked_svg_gives_its_credential(void **state)
{
	(void)state;
	expect_token(BAKED, TOKEN);
	expect_token("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- <x> -->\n" BAKED "\n", TOKEN);
}

static void the_namespace_decides_and_not_the_prefix(void **state)
{
	(void)state;
	expect_token(SVG("", "<g xmlns:x='" OB "'><x:credential verify='" TOKEN "'/></g>"), TOKEN);
	expect_token(SVG("", "<credential xmlns='" OB "' verify='" TOKEN "'/>"), TOKEN);
	expect_token("<s:svg xmlns:s='http://www.w3.org/2000/svg' xmlns='" OB "'><credential verify='" TOKEN "'/></s:svg>",
	             TOKEN);
	/* References to characters are read as those characters. */
	expect_token(SVG("xmlns:o='https://purl.imsglobal.org&#47;ob/v3p0'", "<o:credential verify='a.b&#46;c'/>"),
	             "a.b.c");
	expect_refusal(SVG("xmlns:openbadges='https://example.org/'", "<openbadges:credential verify='" TOKEN "'/>"),
	               KM_ABSENT, "no-credential");
	expect_refusal(SVG("xmlns:o='" OB "/'", "<o:credential verify='" TOKEN "'/>"), KM_ABSENT, "no-credential");
	expect_refusal(SVG("", "<credential verify='" TOKEN "'/>"), KM_ABSENT, "no-credential");
	expect_refusal(SVG("", "<o:credential verify='" TOKEN "'/>"), KM_MALFORMED, "svg-form");
	expect_refusal(SVG("xmlns:o='" OB "'", "<o:credentials verify='" TOKEN "'/>"), KM_ABSENT, "no-credential");
}

static void what_only_looks_like_a_credential_is_none(void **state)
{
	(void)state;
#define O "xmlns:o='" OB "'"
	expect_refusal(SVG(O, "<!-- <o:credential verify='" TOKEN "'/> -->"), KM_ABSENT, "no-credential");
	expect_refusal(SVG(O, "<![CDATA[<o:credential verify='" TOKEN "'/>]]>"), KM_ABSENT, "no-credential");
	expect_refusal(SVG(O, "<?o <o:credential verify='" TOKEN "'/>?>"), KM_ABSENT, "no-credential");
	expect_refusal(SVG(O, "&lt;o:credential verify='" TOKEN "'/>"), KM_ABSENT, "no-credential");
}

static void the_first_credential_counts(void **state)
{
	(void)state;
	expect_token(SVG(O, "<o:credential verify='a.b.c'/><o:credential verify='d.e.f'/>"), "a.b.c");
	/* … also where it is of a kind that we do not read: the second must not stand in for it. */
	expect_refusal(SVG(O, "<o:credential/><o:credential verify='d.e.f'/>"), KM_MALFORMED, "token-form");
}

static void only_a_compact_jws_is_a_token(void **state)
{
	(void)state;
	expect_refusal(SVG(O, "<o:credential verify=''/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b.c.d'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify='a..c'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify='.b.c'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b.'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify=' a.b.c'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b+.c'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b.c='/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential o:verify='a.b.c'/>"), KM_MALFORMED, "token-form");
	expect_refusal(SVG(O, "<o:credential>{\"proof\":{}}</o:credential>"), KM_MALFORMED, "token-form");
}

static void xml_that_is_not_well_formed_gives_nothing(void **state)
{
	(void)state;
	expect_refusal("", KM_MALFORMED, "svg-form");
	expect_refusal(BAKED "<svg/>", KM_MALFORMED, "svg-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b.c' verify='d.e.f'/>"), KM_MALFORMED, "svg-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b.c'/><g>"), KM_MALFORMED, "svg-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b.c'/>&onbekend;"), KM_MALFORMED, "svg-form");
	expect_refusal(SVG(O, "<o:credential verify='a.b.c'/>\xff"), KM_MALFORMED, "svg-form");
	expect_refusal("<html xmlns:o='" OB "'><o:credential verify='a.b.c'/></html>", KM_MALFORMED, "not-svg");
	expect_refusal("<svg xmlns:o='" OB "'><o:credential verify='a.b.c'/></svg>", KM_MALFORMED, "not-svg");
	static const char with_nul[] = BAKED "\0";
	struct km_problem problem = {0};
	char *token = NULL;
	assert_int_equal(km_unbake_svg(with_nul, sizeof with_nul, &token, &problem), KM_MALFORMED);
}

static void a_document_type_is_refused_before_it_does_harm(void **state)
{
	(void)state;
	expect_refusal("<!DOCTYPE svg><svg/>", KM_MALFORMED, "svg-doctype");
	expect_refusal("<!DOCTYPE svg [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" BAKED, KM_MALFORMED, "svg-doctype");
	expect_refusal("<!DOCTYPE svg SYSTEM \"file:///etc/passwd\">" BAKED, KM_MALFORMED, "svg-doctype");
	expect_refusal("<!DOCTYPE svg [<!ATTLIST svg verify CDATA \"a.b.c\">]>" BAKED, KM_MALFORMED, "svg-doctype");
}

static void add_nested(struct km_buf *svg, int depth)
{
	km_buf_add_text(svg, "<svg xmlns='http://www.w3.org/2000/svg' " O ">");
	for (int i = 1; i < depth - 1; i++)
		km_buf_add_text(svg, "<g>");
	km_buf_add_text(svg, "<o:credential verify='" TOKEN "'/>");
	for (int i = 1; i < depth - 1; i++)
		km_buf_add_text(svg, "</g>");
	km_buf_add_text(svg, "</svg>");
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	auto_buf struct km_buf deep = KM_BUF_EMPTY, deeper = KM_BUF_EMPTY;
	add_nested(&deep, 64);
	add_nested(&deeper, 65);
	expect_token(deep.data, TOKEN);
	expect_refusal(deeper.data, KM_MALFORMED, "svg-depth");
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	km_buf_add_text(&svg, "<svg xmlns='http://www.w3.org/2000/svg' " O "><o:credential verify='a.b.");
	for (int i = 4; i < KM_TOKEN_MAX; i++)
		km_buf_add_char(&svg, 'c');
	size_t len = svg.len;
	km_buf_add_text(&svg, "'/></svg>");
	auto_free char *token = NULL;
	assert_int_equal(km_unbake_svg(svg.data, svg.len, &token, NULL), KM_OK);
	assert_int_equal(strlen(token), KM_TOKEN_MAX);
	svg.len = len;
	km_buf_add_text(&svg, "c'/></svg>");
	expect_refusal(svg.data, KM_TOO_LARGE, "token-size");

	auto_free char *spaces = malloc(KM_PICTURE_MAX + 1);
	assert_non_null(spaces);
	memset(spaces, ' ', KM_PICTURE_MAX + 1);
	memcpy(spaces, BAKED, strlen(BAKED));
	auto_free char *found = NULL, *none = NULL;
	struct km_problem problem = {0};
	assert_int_equal(km_unbake_svg(spaces, KM_PICTURE_MAX, &found, &problem), KM_OK);
	assert_int_equal(km_unbake_svg(spaces, KM_PICTURE_MAX + 1, &none, &problem), KM_TOO_LARGE);
	assert_int_equal(km_unbake_png(spaces, KM_PICTURE_MAX + 1, &none, &problem), KM_TOO_LARGE);
}

/* A damaged picture gives no token, or the one that was baked, or the one that stands in it now. */
static void expect_no_other_token(enum km_error (*unbake)(const char *, size_t, char **, struct km_problem *),
                                  const char *bytes, size_t len)
{
	/* A copy of exactly that size, so that a sanitizer sees a step outside it. */
	auto_free char *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	auto_free char *token = NULL;
	if (unbake(copy, len, &token, NULL)) {
		assert_null(token);
		return;
	}
	if (strcmp(token, TOKEN) != 0 && !memmem(bytes, len, token, strlen(token)))
		fail_msg("a token that is nowhere in the picture: %s", token);
}

static void damage(enum km_error (*unbake)(const char *, size_t, char **, struct km_problem *), const char *bytes,
                   size_t len)
{
	for (size_t i = 0; i < len; i++)
		expect_no_other_token(unbake, bytes, i);
	auto_free char *copy = malloc(len);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	for (size_t i = 0; i < len; i++) {
		for (int flip = 1; flip < 256; flip = flip * 2 + (flip == 64)) {
			copy[i] = (char)(bytes[i] ^ flip);
			expect_no_other_token(unbake, copy, len);
		}
		copy[i] = bytes[i];
	}
}

static void no_damage_to_an_svg_gives_a_token_that_is_not_in_it(void **state)
{
	(void)state;
	damage(km_unbake_svg, BAKED, strlen(BAKED));
	for (size_t len = 0; len < strlen(BAKED); len++) {
		auto_free char *token = NULL;
		assert_int_not_equal(km_unbake_svg(BAKED, len, &token, NULL), KM_OK);
	}
}

/* PNG */

static void make_png(struct km_buf *png)
{
	struct km_qr qr;
	assert_int_equal(km_qr_encode("A", &qr, NULL), KM_OK);
	assert_int_equal(km_qr_png(&qr, 1, png, NULL), KM_OK);
	km_qr_done(&qr);
}

static void expect_png_refusal(const struct km_buf *png, enum km_error code, const char *type)
{
	struct km_problem problem = {0};
	char *token = NULL;
	if (km_unbake_png(png->data, png->len, &token, &problem) != code)
		fail_msg("expected %d, got %d: %s", code, problem.code, problem.message);
	assert_string_equal(problem.type, type);
	assert_null(token);
}

static void a_baked_png_gives_its_credential(void **state)
{
	(void)state;
	auto_buf struct km_buf plain = KM_BUF_EMPTY, baked = KM_BUF_EMPTY, again = KM_BUF_EMPTY;
	make_png(&plain);
	expect_png_refusal(&plain, KM_ABSENT, "no-credential");
	struct km_problem problem = {0};
	assert_int_equal(km_bake_png(plain.data, plain.len, TOKEN, &baked, &problem), KM_OK);
	auto_free char *token = NULL;
	assert_int_equal(km_unbake_png(baked.data, baked.len, &token, &problem), KM_OK);
	assert_string_equal(token, TOKEN);
	/* Length, type, keyword and five zeros, text, checksum. */
	assert_int_equal(baked.len, plain.len + 4 + 4 + 19 + 5 + strlen(TOKEN) + 4);
	assert_int_equal(km_bake_png(baked.data, baked.len, TOKEN, &again, &problem), KM_CONFLICT);
	assert_string_equal(problem.type, "has-credential");
	assert_int_equal(km_bake_png(plain.data, plain.len, "no token", &again, &problem), KM_MALFORMED);
	assert_int_equal(km_bake_png(plain.data, plain.len - 1, TOKEN, &again, &problem), KM_MALFORMED);
	assert_int_equal(again.len, 0);
}

struct source {
	const char *bytes;
	size_t left;
};

static void read_source(png_structp png, png_bytep bytes, size_t len)
{
	struct source *source = png_get_io_ptr(png);
	if (len > source->left)
		png_error(png, "too short");
	memcpy(bytes, source->bytes, len);
	source->bytes += len;
	source->left -= len;
}

/* An oracle of another hand. */
static void libpng_reads_the_credential_that_we_baked(void **state)
{
	(void)state;
	auto_buf struct km_buf plain = KM_BUF_EMPTY, baked = KM_BUF_EMPTY;
	make_png(&plain);
	assert_int_equal(km_bake_png(plain.data, plain.len, TOKEN, &baked, NULL), KM_OK);
	struct source source = {baked.data, baked.len};
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	assert_non_null(info);
	if (setjmp(png_jmpbuf(png)))
		fail_msg("libpng does not read it");
	png_set_read_fn(png, &source, read_source);
	png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
	png_textp texts;
	assert_int_equal(png_get_text(png, info, &texts, NULL), 1);
	assert_int_equal(texts[0].compression, PNG_ITXT_COMPRESSION_NONE);
	assert_string_equal(texts[0].key, "openbadgecredential");
	assert_string_equal(texts[0].text, TOKEN);
	assert_string_equal(texts[0].lang, "");
	assert_string_equal(texts[0].lang_key, "");
	png_destroy_read_struct(&png, &info, NULL);
}

static void add_number(struct km_buf *buf, unsigned long number)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		km_buf_add_char(buf, (char)(number >> shift & 0xff));
}

static void add_chunk(struct km_buf *buf, const char *type, const void *data, size_t len)
{
	add_number(buf, len);
	size_t start = buf->len;
	km_buf_add(buf, type, 4);
	km_buf_add(buf, data, len);
	add_number(buf, crc32(0, (const Bytef *)buf->data + start, (uInt)(buf->len - start)));
}

enum { END_LEN = 12 }; /* of the IEND chunk */

/* A PNG with this iTXt data in a chunk of its own, `times` times. */
static void make_with_chunk(struct km_buf *png, const void *data, size_t len, int times)
{
	auto_buf struct km_buf plain = KM_BUF_EMPTY;
	make_png(&plain);
	km_buf_add(png, plain.data, plain.len - END_LEN);
	for (int i = 0; i < times; i++)
		add_chunk(png, "iTXt", data, len);
	add_chunk(png, "IEND", "", 0);
}

#define expect_chunk_refused(data, times, code, type)                                                                  \
	do {                                                                                                               \
		auto_buf struct km_buf png_ = KM_BUF_EMPTY;                                                                    \
		make_with_chunk(&png_, (data), sizeof(data) - 1, (times));                                                     \
		expect_png_refusal(&png_, (code), (type));                                                                     \
	} while (0)

static void only_the_one_plain_chunk_counts(void **state)
{
	(void)state;
#define KEY "openbadgecredential"
	auto_buf struct km_buf png = KM_BUF_EMPTY;
	static const char data[] = KEY "\0\0\0\0\0" TOKEN;
	make_with_chunk(&png, data, sizeof data - 1, 1);
	auto_free char *token = NULL;
	assert_int_equal(km_unbake_png(png.data, png.len, &token, NULL), KM_OK);
	assert_string_equal(token, TOKEN);
	expect_chunk_refused(KEY "\0\0\0\0\0" TOKEN, 2, KM_MALFORMED, "two-credentials");
	expect_chunk_refused(KEY "\0\1\0\0\0" TOKEN, 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY "\0\0\0nl\0\0" TOKEN, 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY "\0\0\0\0naam\0" TOKEN, 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY "\0\0\0\0\0" TOKEN "\0", 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY "\0\0\0\0\0{\"proof\":{}}", 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY "\0\0\0\0\0", 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY "\0\0\0\0", 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY "\0", 1, KM_MALFORMED, "token-form");
	expect_chunk_refused(KEY, 1, KM_ABSENT, "no-credential");
	expect_chunk_refused(KEY "s\0\0\0\0\0" TOKEN, 1, KM_ABSENT, "no-credential");
	expect_chunk_refused("Openbadgecredential\0\0\0\0\0" TOKEN, 1, KM_ABSENT, "no-credential");
}

static void a_token_at_the_bound_is_read_and_one_over_it_is_not(void **state)
{
	(void)state;
	auto_buf struct km_buf plain = KM_BUF_EMPTY, baked = KM_BUF_EMPTY, text = KM_BUF_EMPTY, png = KM_BUF_EMPTY;
	make_png(&plain);
	km_buf_add(&text, KEY "\0\0\0\0\0a.b.", 19 + 5 + 4);
	for (int i = 4; i < KM_TOKEN_MAX; i++)
		km_buf_add_char(&text, 'c');
	assert_int_equal(km_bake_png(plain.data, plain.len, text.data + 24, &baked, NULL), KM_OK);
	auto_free char *token = NULL;
	assert_int_equal(km_unbake_png(baked.data, baked.len, &token, NULL), KM_OK);
	assert_int_equal(strlen(token), KM_TOKEN_MAX);
	km_buf_add_char(&text, 'c');
	make_with_chunk(&png, text.data, text.len, 1);
	expect_png_refusal(&png, KM_TOO_LARGE, "token-size");
	struct km_problem problem = {0};
	assert_int_equal(km_bake_png(plain.data, plain.len, text.data + 24, &png, &problem), KM_TOO_LARGE);
}

static void a_png_must_be_whole(void **state)
{
	(void)state;
	auto_buf struct km_buf plain = KM_BUF_EMPTY, png = KM_BUF_EMPTY;
	make_png(&plain);
	km_buf_add(&png, plain.data, plain.len);
	km_buf_add_char(&png, 'x');
	expect_png_refusal(&png, KM_MALFORMED, "png-form");
	png.len = 8; /* the signature */
	add_chunk(&png, "IEND", "", 0);
	expect_png_refusal(&png, KM_MALFORMED, "png-form");
	png.len = 8;
	expect_png_refusal(&png, KM_MALFORMED, "png-form");
	png.len = 8 + 25; /* and the header */
	add_chunk(&png, "IEND", "x", 1);
	expect_png_refusal(&png, KM_MALFORMED, "png-form");
	png.len = 8 + 25;
	km_buf_add(&png, plain.data + 8, plain.len - 8); /* a second header */
	expect_png_refusal(&png, KM_MALFORMED, "png-form");
	png.len = 8 + 25;
	km_buf_add(&png, "\xff\xff\xff\xf4iTXt\0\0\0\0\0\0\0\0", 16); /* a length that would wrap around */
	expect_png_refusal(&png, KM_MALFORMED, "png-form");
	png.len = 0;
	expect_png_refusal(&png, KM_MALFORMED, "not-png");
}

static void every_damage_to_a_png_is_noticed(void **state)
{
	(void)state;
	auto_buf struct km_buf plain = KM_BUF_EMPTY, baked = KM_BUF_EMPTY;
	make_png(&plain);
	assert_int_equal(km_bake_png(plain.data, plain.len, TOKEN, &baked, NULL), KM_OK);
	damage(km_unbake_png, baked.data, baked.len);
	/* Each chunk has a checksum: no flipped bit passes. */
	for (size_t i = 0; i < baked.len * 8; i++) {
		auto_free char *token = NULL;
		baked.data[i / 8] ^= (char)(1 << i % 8);
		assert_int_not_equal(km_unbake_png(baked.data, baked.len, &token, NULL), KM_OK);
		baked.data[i / 8] ^= (char)(1 << i % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(a_baked_svg_gives_its_credential),
		KM_TEST(the_namespace_decides_and_not_the_prefix),
		KM_TEST(what_only_looks_like_a_credential_is_none),
		KM_TEST(the_first_credential_counts),
		KM_TEST(only_a_compact_jws_is_a_token),
		KM_TEST(xml_that_is_not_well_formed_gives_nothing),
		KM_TEST(a_document_type_is_refused_before_it_does_harm),
		KM_TEST(nesting_is_bounded),
		KM_TEST(sizes_are_bounded),
		KM_TEST(no_damage_to_an_svg_gives_a_token_that_is_not_in_it),
		KM_TEST(a_baked_png_gives_its_credential),
		KM_TEST(libpng_reads_the_credential_that_we_baked),
		KM_TEST(only_the_one_plain_chunk_counts),
		KM_TEST(a_token_at_the_bound_is_read_and_one_over_it_is_not),
		KM_TEST(a_png_must_be_whole),
		KM_TEST(every_damage_to_a_png_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
