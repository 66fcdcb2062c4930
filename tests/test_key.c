#include "tests/folder.h"

#include "base/buf.h"
#include "base/encode.h"
#include "keys/key.h"
#include "keys/random.h"

#include <sys/stat.h>

static void from_hex(const char *hex, uint8_t *bytes, size_t len)
{
	assert_true(km_decode_exact(KM_HEX, hex, strlen(hex), bytes, len));
}

/* RFC 8032, section 7.1. */
static const struct vector {
	const char *seed, *public_key, *message, *signature;
} vectors[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"},
	{"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
     "2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
     "d9bef1177331a704"},
};

struct read_vector {
	uint8_t seed[32], public_key[KM_PUBLIC_BYTES], message[64], signature[KM_SIGNATURE_BYTES];
	size_t len;
};

static struct read_vector read_vector(size_t i)
{
	struct read_vector read = {.len = strlen(vectors[i].message) / 2};
	from_hex(vectors[i].seed, read.seed, 32);
	from_hex(vectors[i].public_key, read.public_key, KM_PUBLIC_BYTES);
	from_hex(vectors[i].message, read.message, read.len);
	from_hex(vectors[i].signature, read.signature, KM_SIGNATURE_BYTES);
	return read;
}

static void the_vectors_of_rfc_8032_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct read_vector vector = read_vector(i);
		struct km_problem problem = {0};
		struct km_key *key = NULL;
		uint8_t public_key[KM_PUBLIC_BYTES], signature[KM_SIGNATURE_BYTES];
		assert_ok(km_key_from_seed(vector.seed, &key, &problem), &problem);
		km_key_public(key, public_key);
		assert_memory_equal(public_key, vector.public_key, sizeof public_key);
		assert_ok(km_key_sign(key, vector.message, vector.len, signature, &problem), &problem);
		assert_memory_equal(signature, vector.signature, sizeof signature);
		assert_true(km_signature_valid(public_key, vector.message, vector.len, signature));
		km_key_free(key);
	}
}

static void one_wrong_bit_anywhere_spoils_a_signature(void **state)
{
	(void)state;
	struct read_vector vector = read_vector(2);
	for (size_t bit = 0; bit < 8 * KM_SIGNATURE_BYTES; bit++) {
		vector.signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(km_signature_valid(vector.public_key, vector.message, vector.len, vector.signature));
		vector.signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * KM_PUBLIC_BYTES; bit++) {
		vector.public_key[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(km_signature_valid(vector.public_key, vector.message, vector.len, vector.signature));
		vector.public_key[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * vector.len; bit++) {
		vector.message[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(km_signature_valid(vector.public_key, vector.message, vector.len, vector.signature));
		vector.message[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_false(km_signature_valid(vector.public_key, vector.message, vector.len - 1, vector.signature));
	assert_true(km_signature_valid(vector.public_key, vector.message, vector.len, vector.signature));
}

static void a_signature_has_one_form_only(void **state)
{
	(void)state;
	struct read_vector vector = read_vector(1);
	uint8_t order[32];
	from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order, sizeof order);
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) { /* S + L: the same number modulo L */
		carry += vector.signature[32 + i] + order[i];
		vector.signature[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_false(km_signature_valid(vector.public_key, vector.message, vector.len, vector.signature));
}

/* The points of order 1, 2, 4 and 8, computed from the curve's equation, and other encodings of the first ones. */
static const char *const weak_keys[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void keys_under_which_one_signature_fits_many_messages_are_refused(void **state)
{
	(void)state;
	/* R = the neutral point, S = 0: S·B = R + k·A for every message whose k is a multiple of A's order. */
	static const uint8_t forged[KM_SIGNATURE_BYTES] = {1};
	for (size_t i = 0; i < 2 * sizeof weak_keys / sizeof *weak_keys; i++) {
		uint8_t key[KM_PUBLIC_BYTES];
		from_hex(weak_keys[i / 2], key, sizeof key);
		key[31] |= (uint8_t)(i % 2 << 7); /* the sign of x */
		assert_false(km_public_key_sound(key));
		for (uint8_t message = 0; message < 64; message++)
			assert_false(km_signature_valid(key, &message, 1, forged));
	}
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
		assert_true(km_public_key_sound(read_vector(i).public_key));
	/* The largest y that is canonical but for the weak one: sound, though not on the curve. */
	uint8_t key[KM_PUBLIC_BYTES];
	from_hex("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", key, sizeof key);
	assert_true(km_public_key_sound(key));
	assert_false(km_signature_valid(key, "", 0, forged));
}

static struct km_key *make_key(void)
{
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	assert_ok(km_key_generate(&key, &problem), &problem);
	return key;
}

static void assert_same_key(const struct km_key *a, const struct km_key *b)
{
	uint8_t public_a[KM_PUBLIC_BYTES], public_b[KM_PUBLIC_BYTES];
	km_key_public(a, public_a);
	km_key_public(b, public_b);
	assert_memory_equal(public_a, public_b, sizeof public_a);
}

static void two_generated_keys_differ(void **state)
{
	(void)state;
	struct km_key *a = make_key(), *b = make_key();
	uint8_t public_a[KM_PUBLIC_BYTES], public_b[KM_PUBLIC_BYTES];
	km_key_public(a, public_a);
	km_key_public(b, public_b);
	assert_memory_not_equal(public_a, public_b, sizeof public_a);
	km_key_free(a);
	km_key_free(b);
	uint8_t first[32] = {0}, second[32] = {0};
	assert_int_equal(km_random(first, sizeof first, NULL), KM_OK);
	assert_int_equal(km_random(second, sizeof second, NULL), KM_OK);
	assert_memory_not_equal(first, second, sizeof first);
}

static void a_random_text_has_its_length_and_its_symbols(void **state)
{
	(void)state;
	char first[65] = "", second[65] = "";
	struct km_problem problem = {0};
	assert_ok(km_random_text(KM_HEX, 16, first, &problem), &problem);
	assert_ok(km_random_text(KM_HEX, 16, second, &problem), &problem);
	assert_int_equal(strlen(first), 32);
	assert_int_equal(strspn(first, "0123456789abcdef"), 32);
	assert_string_not_equal(first, second);
	assert_ok(km_random_text(KM_BASE32, 5, first, &problem), &problem);
	assert_int_equal(strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 8);
	assert_int_equal(strlen(first), 8);
	assert_problem(km_random_text(KM_HEX, KM_RANDOM_TEXT_BYTES_MAX + 1, first, &problem), &problem, KM_BUG, "random");
}

static void a_saved_key_comes_back(void **state)
{
	(void)state;
	static const char *const passphrases[] = {NULL, "een zin met spaties en een ë"};
	for (size_t i = 0; i < 2; i++) {
		struct km_problem problem = {0};
		struct km_key *key = make_key(), *again = NULL;
		const char *path = i ? "encrypted.pem" : "plain.pem";
		struct stat file;
		assert_ok(km_key_save(key, path, passphrases[i], &problem), &problem);
		assert_int_equal(stat(path, &file), 0);
		assert_int_equal(file.st_mode & 07777, 0600);
		assert_ok(km_key_load(path, passphrases[i], &again, &problem), &problem);
		assert_same_key(key, again);
		assert_problem(km_key_save(key, path, passphrases[i], &problem), &problem, KM_CONFLICT, "file-exists");
		km_key_free(key);
		km_key_free(again);
	}
}

static void an_encrypted_key_opens_with_its_passphrase_only(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "Geheim", "geheim ", "geheimgeheim"};
	struct km_problem problem = {0};
	struct km_key *key = make_key(), *none = NULL;
	assert_ok(km_key_save(key, "key.pem", "geheim", &problem), &problem);
	km_key_free(key);
	assert_problem(km_key_load("key.pem", NULL, &none, &problem), &problem, KM_UNPROVEN, "passphrase-missing");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_problem(km_key_load("key.pem", wrong[i], &none, &problem), &problem, KM_UNPROVEN, "passphrase-wrong");
	assert_null(none);
	assert_null(strstr(problem.message, "geheim"));
}

static void an_empty_or_endless_passphrase_protects_nothing(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_key *key = make_key();
	char longest[1026];
	memset(longest, 'x', sizeof longest);
	longest[1025] = '\0';
	assert_problem(km_key_save(key, "key.pem", "", &problem), &problem, KM_INVALID, "passphrase");
	assert_problem(km_key_save(key, "key.pem", longest, &problem), &problem, KM_INVALID, "passphrase");
	assert_int_not_equal(access("key.pem", F_OK), 0);
	longest[1024] = '\0';
	assert_ok(km_key_save(key, "key.pem", longest, &problem), &problem);
	km_key_free(key);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
	(void)state;
	static const mode_t open_modes[] = {0640, 0604, 0620, 0601, 0666};
	struct km_problem problem = {0};
	struct km_key *key = make_key(), *again = NULL;
	assert_ok(km_key_save(key, "key.pem", NULL, &problem), &problem);
	km_key_free(key);
	if (geteuid() == 0) /* root's own group may read what root may read */
		assert_int_equal(chown("key.pem", 0, 65534), 0);
	for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
		assert_int_equal(chmod("key.pem", open_modes[i]), 0);
		assert_problem(km_key_load("key.pem", NULL, &again, &problem), &problem, KM_FORBIDDEN, "permissions");
		assert_contains(problem.message, "chmod 600 key.pem");
	}
	assert_null(again);
	assert_int_equal(chmod("key.pem", 0400), 0);
	assert_ok(km_key_load("key.pem", NULL, &again, &problem), &problem);
	km_key_free(again);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown("key.pem", 0, 0), 0);
	static const mode_t modes[] = {0440, 0640, 0460, 0450, 0444};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod("key.pem", modes[i]), 0);
		enum km_error error = km_key_load("key.pem", NULL, &again, &problem);
		assert_int_equal(error, i < 2 ? KM_OK : KM_FORBIDDEN);
		if (!error)
			km_key_free(again);
	}
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"geheim\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
		"-----END PUBLIC KEY-----\n",
	};
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		km_test_write("key.pem", texts[i], strlen(texts[i]), 0600);
		assert_problem(km_key_load("key.pem", "geheim", &key, &problem), &problem, KM_INVALID, "not-a-key");
	}
	static const char large[8 * 1024 + 1];
	km_test_write("key.pem", large, sizeof large, 0600);
	assert_problem(km_key_load("key.pem", NULL, &key, &problem), &problem, KM_TOO_LARGE, "too-large");
	assert_problem(km_key_load("other.pem", NULL, &key, &problem), &problem, KM_ABSENT, "no-file");
	assert_problem(km_key_load(".", NULL, &key, &problem), &problem, KM_INVALID, "not-a-file");
	assert_null(key);
}

static void the_key_of_rfc_8410_is_read(void **state)
{
	(void)state;
	/* Section 10.3. */
	static const char text[] = "-----BEGIN PRIVATE KEY-----\n"
							   "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
							   "-----END PRIVATE KEY-----\n";
	static const char public_hex[] = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	uint8_t expected[KM_PUBLIC_BYTES], public_key[KM_PUBLIC_BYTES];
	km_test_write("key.pem", text, strlen(text), 0600);
	assert_ok(km_key_load("key.pem", NULL, &key, &problem), &problem);
	from_hex(public_hex, expected, sizeof expected);
	km_key_public(key, public_key);
	assert_memory_equal(public_key, expected, sizeof expected);
	km_key_free(key);
}

static void a_passphrase_is_the_first_line_of_its_file(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *passphrase; /* NULL: refused */
	} files[] = {
		{"geheim\n", 7, "geheim"},
		{"geheim", 6, "geheim"},
		{"geheim\r\n", 8, "geheim"},
		{"een\ntwee\n", 9, "een"},
		{" met spaties ", 13, " met spaties "},
		{"\ngeheim", 7, NULL},
		{"", 0, NULL},
		{"ge\0heim\n", 8, NULL},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct km_problem problem = {0};
		char *passphrase = NULL;
		km_test_write("phrase", files[i].text, files[i].len, 0600);
		if (files[i].passphrase) {
			assert_ok(km_passphrase_read("phrase", &passphrase, &problem), &problem);
			assert_string_equal(passphrase, files[i].passphrase);
		} else {
			assert_problem(km_passphrase_read("phrase", &passphrase, &problem), &problem, KM_INVALID, "passphrase");
			assert_null(passphrase);
		}
		km_passphrase_free(passphrase);
	}
	struct km_problem problem = {0};
	char *passphrase = NULL;
	assert_int_equal(chmod("phrase", 0644), 0);
	assert_problem(km_passphrase_read("phrase", &passphrase, &problem), &problem, KM_FORBIDDEN, "permissions");
	char longest[1026];
	memset(longest, 'x', sizeof longest);
	km_test_write("longest", longest, 1025, 0600);
	assert_problem(km_passphrase_read("longest", &passphrase, &problem), &problem, KM_TOO_LARGE, "too-large");
	km_test_write("longest", longest, 1024, 0600);
	assert_ok(km_passphrase_read("longest", &passphrase, &problem), &problem);
	assert_int_equal(strlen(passphrase), 1024);
	km_passphrase_free(passphrase);
}

static void openssl_finds_scrypt_and_takes_our_signature(void **state)
{
	(void)state;
	if (!km_test_have_openssl())
		skip();
	struct km_problem problem = {0};
	struct km_key *key = make_key();
	uint8_t signature[KM_SIGNATURE_BYTES];
	char said[8192];
	assert_ok(km_key_save(key, "key.pem", "geheim", &problem), &problem);
	assert_ok(km_key_sign(key, "bericht", 7, signature, &problem), &problem);
	km_key_free(key);
	assert_int_equal(RUN("openssl", "asn1parse", "-in", "key.pem"), 0);
	km_test_read("said", said, sizeof said);
	assert_contains(said, ":PBES2");
	assert_contains(said, ":scrypt");
	assert_contains(said, ":aes-256-cbc");
	assert_int_not_equal(RUN("openssl", "pkey", "-in", "key.pem", "-passin", "pass:anders", "-noout"), 0);
	assert_int_equal(
		RUN("openssl", "pkey", "-in", "key.pem", "-passin", "pass:geheim", "-pubout", "-out", "public.pem"), 0);
	km_test_write("message", "bericht", 7, 0600);
	km_test_write("signature", signature, sizeof signature, 0600);
	assert_int_equal(RUN("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "message",
	                     "-sigfile", "signature"),
	                 0);
	km_test_write("message", "Bericht", 7, 0600);
	assert_int_not_equal(RUN("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in",
	                         "message", "-sigfile", "signature"),
	                     0);
}

static void a_key_made_by_openssl_signs_as_openssl_does(void **state)
{
	(void)state;
	if (!km_test_have_openssl())
		skip();
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	uint8_t signature[KM_SIGNATURE_BYTES], theirs[KM_SIGNATURE_BYTES + 1];
	assert_int_equal(
		RUN("openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:geheim", "-out", "key.pem"), 0);
	assert_int_equal(chmod("key.pem", 0600), 0);
	assert_ok(km_key_load("key.pem", "geheim", &key, &problem), &problem);
	assert_ok(km_key_sign(key, "bericht", 7, signature, &problem), &problem);
	km_key_free(key);
	km_test_write("message", "bericht", 7, 0600);
	assert_int_equal(RUN("openssl", "pkeyutl", "-sign", "-inkey", "key.pem", "-passin", "pass:geheim", "-rawin", "-in",
	                     "message", "-out", "signature"),
	                 0);
	assert_int_equal(km_test_read("signature", theirs, sizeof theirs), KM_SIGNATURE_BYTES);
	assert_memory_equal(signature, theirs, sizeof signature);
}

static void keys_of_another_kind_are_refused(void **state)
{
	(void)state;
	if (!km_test_have_openssl())
		skip();
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	static const char *const kinds[] = {"X25519", "ED448", "RSA"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		assert_int_equal(RUN("openssl", "genpkey", "-algorithm", kinds[i], "-out", "key.pem"), 0);
		assert_int_equal(chmod("key.pem", 0600), 0);
		assert_problem(km_key_load("key.pem", NULL, &key, &problem), &problem, KM_INVALID, "not-ed25519");
	}
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(the_vectors_of_rfc_8032_hold),
		KM_TEST(one_wrong_bit_anywhere_spoils_a_signature),
		KM_TEST(a_signature_has_one_form_only),
		KM_TEST(keys_under_which_one_signature_fits_many_messages_are_refused),
		KM_TEST(two_generated_keys_differ),
		KM_TEST(a_random_text_has_its_length_and_its_symbols),
		KM_TEST_IN_FOLDER(a_saved_key_comes_back),
		KM_TEST_IN_FOLDER(an_encrypted_key_opens_with_its_passphrase_only),
		KM_TEST_IN_FOLDER(an_empty_or_endless_passphrase_protects_nothing),
		KM_TEST_IN_FOLDER(a_key_that_others_can_read_is_refused),
		KM_TEST_IN_FOLDER(what_is_no_key_is_refused),
		KM_TEST_IN_FOLDER(the_key_of_rfc_8410_is_read),
		KM_TEST_IN_FOLDER(a_passphrase_is_the_first_line_of_its_file),
		KM_TEST_IN_FOLDER(openssl_finds_scrypt_and_takes_our_signature),
		KM_TEST_IN_FOLDER(a_key_made_by_openssl_signs_as_openssl_does),
		KM_TEST_IN_FOLDER(keys_of_another_kind_are_refused),
	};
	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
