#include "tests/test.h"

#include "base/digest.h"
#include "base/encode.h"

static void encodes_to(enum km_encoding encoding, const char *bytes, const char *text)
{
	auto_buf struct km_buf out = KM_BUF_EMPTY;
	km_encode(encoding, bytes, strlen(bytes), &out);
	auto_free char *made = km_buf_take(&out, NULL);
	assert_string_equal(made, text);
	assert_int_equal(km_encoded_len(encoding, strlen(bytes)), strlen(text));
	auto_buf struct km_buf back = KM_BUF_EMPTY;
	assert_true(km_decode(encoding, text, strlen(text), &back));
	size_t len;
	auto_free char *read = km_buf_take(&back, &len);
	assert_int_equal(len, strlen(bytes));
	assert_memory_equal(read, bytes, len);
}

static void refuses(enum km_encoding encoding, const char *text)
{
	auto_buf struct km_buf out = KM_BUF_EMPTY;
	km_buf_add_text(&out, "before");
	if (km_decode(encoding, text, strlen(text), &out))
		fail_msg("\"%s\" was taken for a text of encoding %d", text, (int)encoding);
	assert_string_equal(out.data, "before");
	char bytes[64] = "untouched";
	for (size_t len = 0; len < sizeof bytes; len++)
		assert_false(km_decode_exact(encoding, text, strlen(text), bytes, len));
	assert_string_equal(bytes, "untouched");
}

/* RFC 4648, section 10. */
static void the_vectors_of_rfc_4648_hold(void **state)
{
	(void)state;
	static const char *const vectors[][4] = {
		{"", "", "", ""},
		{"f", "Zg==", "MY", "66"},
		{"fo", "Zm8=", "MZXQ", "666f"},
		{"foo", "Zm9v", "MZXW6", "666f6f"},
		{"foob", "Zm9vYg==", "MZXW6YQ", "666f6f62"},
		{"fooba", "Zm9vYmE=", "MZXW6YTB", "666f6f6261"},
		{"foobar", "Zm9vYmFy", "MZXW6YTBOI", "666f6f626172"},
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		encodes_to(KM_BASE64, vectors[i][0], vectors[i][1]);
		encodes_to(KM_BASE32, vectors[i][0], vectors[i][2]);
		encodes_to(KM_HEX, vectors[i][0], vectors[i][3]);
	}
	encodes_to(KM_BASE64URL, "f", "Zg");
	encodes_to(KM_BASE64URL, "fo", "Zm8");
	encodes_to(KM_BASE64URL, "foo", "Zm9v");
	encodes_to(KM_BASE64URL, "\xfb\xff\xbf", "-_-_");
	encodes_to(KM_BASE64, "\xfb\xff\xbf", "+/+/");
}

/* RFC 7515, appendix A.1.1: a header with a line break in it. */
static void the_vector_of_rfc_7515_holds(void **state)
{
	(void)state;
	encodes_to(KM_BASE64URL, "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9");
}

static void each_byte_comes_back_at_each_length(void **state)
{
	(void)state;
	uint8_t bytes[300];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (int encoding = KM_BASE64URL; encoding <= KM_HEX; encoding++)
		for (size_t len = 0; len <= sizeof bytes; len++) {
			auto_buf struct km_buf text = KM_BUF_EMPTY;
			km_encode((enum km_encoding)encoding, bytes, len, &text);
			assert_int_equal(text.len, km_encoded_len((enum km_encoding)encoding, len));
			uint8_t back[sizeof bytes];
			assert_true(km_decode_exact((enum km_encoding)encoding, text.data, text.len, back, len));
			assert_memory_equal(back, bytes, len);
		}
}

static void padding_must_be_what_the_encoding_asks(void **state)
{
	(void)state;
	static const char *const wrong[] = {"Zg", "Zg=", "Zg===", "Zm8",  "Zm8==", "Zm9v=",    "Zm9v====",     "=",
	                                    "==", "===", "====",  "Z===", "Z=g=",  "Zg==Zg==", "Zm9vYg==Zm9v", "Zg==\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refuses(KM_BASE64, wrong[i]);
	refuses(KM_BASE64URL, "Zg==");
	refuses(KM_BASE64URL, "Zm8=");
	refuses(KM_BASE32, "MY======");
	refuses(KM_BASE32, "MZXW6YQ=");
}

static void bits_that_stand_for_nothing_must_be_zero(void **state)
{
	(void)state;
	refuses(KM_BASE64URL, "Zh");
	refuses(KM_BASE64URL, "Zm9");
	refuses(KM_BASE64, "Zh==");
	refuses(KM_BASE64, "Zm9=");
	refuses(KM_BASE32, "MZ");
	refuses(KM_BASE32, "MZXR");
	refuses(KM_BASE32, "MZXW7");
	refuses(KM_BASE32, "MZXW6YR");
}

static void lengths_that_no_bytes_have_are_refused(void **state)
{
	(void)state;
	refuses(KM_BASE64URL, "A");
	refuses(KM_BASE64URL, "AAAAA");
	refuses(KM_BASE32, "A");
	refuses(KM_BASE32, "AAA");
	refuses(KM_BASE32, "AAAAAA");
	refuses(KM_BASE32, "AAAAAAAAA");
	refuses(KM_HEX, "0");
	refuses(KM_HEX, "000");
}

static void symbols_of_another_alphabet_are_refused(void **state)
{
	(void)state;
	refuses(KM_BASE64URL, "ab+/");
	refuses(KM_BASE64, "ab-_");
	refuses(KM_BASE64URL, "ab d");
	refuses(KM_BASE64URL, "abc\n");
	refuses(KM_BASE64URL, " abcd");
	refuses(KM_BASE64URL, "ab\xc3\xa9");
	refuses(KM_BASE32, "my");
	refuses(KM_BASE32, "M0");
	refuses(KM_BASE32, "M1");
	refuses(KM_BASE32, "M8");
	refuses(KM_HEX, "AB");
	refuses(KM_HEX, "0g");
	refuses(KM_HEX, "0x");
	auto_buf struct km_buf out = KM_BUF_EMPTY;
	assert_false(km_decode(KM_HEX,
	                       "00\0"
	                       "0",
	                       4, &out));
	assert_false(km_decode(KM_BASE64URL, "AA\0A", 4, &out));
}

static void exact_decoding_takes_no_other_length(void **state)
{
	(void)state;
	uint8_t bytes[4] = {9, 9, 9, 9};
	assert_false(km_decode_exact(KM_HEX, "0102", 4, bytes, 3));
	assert_false(km_decode_exact(KM_HEX, "01020304", 8, bytes, 3));
	assert_int_equal(bytes[0], 9);
	assert_true(km_decode_exact(KM_HEX, "010203", 6, bytes, 3));
	assert_memory_equal(bytes, "\1\2\3\11", 4);
}

static void utf8_of_each_length_is_counted_in_characters(void **state)
{
	(void)state;
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92"; /* a, é, €, a lock */
	size_t characters = 99;
	assert_true(km_utf8_valid(text, sizeof text - 1, &characters));
	assert_int_equal(characters, 4);
	assert_true(km_utf8_valid("", 0, &characters));
	assert_int_equal(characters, 0);
	/* The first and last of each length, and both sides of the surrogates. */
	static const char *const edges[] = {
		"\x01",         "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
		assert_true(km_utf8_valid(edges[i], strlen(edges[i]), &characters));
		assert_int_equal(characters, 1);
	}
}

static void broken_utf8_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"\x80",
		"\xbf",
		"a\x80", /* continuation without a start */
		"\xc0\x80",
		"\xc0\xaf",
		"\xc1\xbf", /* overlong, of two */
		"\xe0\x80\x80",
		"\xe0\x9f\xbf", /* of three */
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf", /* of four */
		"\xed\xa0\x80",
		"\xed\xbf\xbf", /* surrogates U+D800, U+DFFF */
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", /* above U+10FFFF */
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff", /* never in UTF-8 */
		"\xc3",
		"\xe2\x82",
		"\xf0\x9f\x94", /* cut off */
		"\xc3"
		"a",
		"\xe2\x82"
		"a",
		"\xf0\x9f\x94"
		"a", /* interrupted */
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (km_utf8_valid(wrong[i], strlen(wrong[i]), NULL))
			fail_msg("broken text %zu was taken for UTF-8", i);
	assert_false(km_utf8_valid("a\0b", 3, NULL));
}

/* FIPS 180-2, appendix B. */
static void sha256_gives_the_digests_of_fips_180(void **state)
{
	(void)state;
	static const char *const vectors[][2] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const char *text = vectors[i][0];
		uint8_t expected[KM_SHA256_BYTES], digest[KM_SHA256_BYTES];
		assert_true(km_decode_exact(KM_HEX, vectors[i][1], 64, expected, sizeof expected));
		km_sha256(text, strlen(text), digest);
		assert_memory_equal(digest, expected, sizeof digest);
		for (size_t cut = 0; cut <= strlen(text); cut++) {
			km_sha256_two(text, cut, text + cut, strlen(text) - cut, digest);
			assert_memory_equal(digest, expected, sizeof digest);
		}
	}
}

static void secrets_compare_by_all_their_bytes(void **state)
{
	(void)state;
	char a[32] = "the same in all but one place...", b[32];
	for (size_t i = 0; i < sizeof a; i++) {
		memcpy(b, a, sizeof b);
		assert_true(km_equal_secret(a, b, sizeof a));
		b[i] ^= 1;
		assert_false(km_equal_secret(a, b, sizeof a));
	}
	assert_true(km_equal_secret("a", "b", 0));
}

static void wiping_leaves_no_byte(void **state)
{
	(void)state;
	char secret[40], nothing[40] = {0};
	memset(secret, 's', sizeof secret);
	km_wipe(secret, sizeof secret);
	assert_memory_equal(secret, nothing, sizeof secret);
	km_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_4648_hold),
		cmocka_unit_test(the_vector_of_rfc_7515_holds),
		cmocka_unit_test(each_byte_comes_back_at_each_length),
		cmocka_unit_test(padding_must_be_what_the_encoding_asks),
		cmocka_unit_test(bits_that_stand_for_nothing_must_be_zero),
		cmocka_unit_test(lengths_that_no_bytes_have_are_refused),
		cmocka_unit_test(symbols_of_another_alphabet_are_refused),
		cmocka_unit_test(exact_decoding_takes_no_other_length),
		cmocka_unit_test(utf8_of_each_length_is_counted_in_characters),
		cmocka_unit_test(broken_utf8_is_refused),
		cmocka_unit_test(sha256_gives_the_digests_of_fips_180),
		cmocka_unit_test(secrets_compare_by_all_their_bytes),
		cmocka_unit_test(wiping_leaves_no_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
