#include "tests/test.h"

#include "base/buf.h"
#include "base/encode.h"
#include "keys/checkpoint.h"
#include "keys/note.h"

#include <stdlib.h>

/* The key pairs and notes of golang.org/x/mod/sumdb/note, which others test with too. */
#define PETER      "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH      "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define PETER_SEED "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz" /* with the kind of key before it */
#define TEXT       "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define PETER_SIGN                                                                                                     \
	"\xe2\x80\x94 PeterNeumann "                                                                                       \
	"x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH_SIGN                                                                                                     \
	"\xe2\x80\x94 EnochRoot "                                                                                          \
	"rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
#define OTHER_SIGN "\xe2\x80\x94 other.example AAAAAAE=\n"

static struct km_note_verifier verifier(const char *text)
{
	struct km_note_verifier made;
	struct km_problem problem = {0};
	assert_ok(km_note_verifier_parse(text, &made, &problem), &problem);
	return made;
}

static struct km_key *peter(void)
{
	uint8_t typed[33];
	struct km_key *key = NULL;
	assert_true(km_decode_exact(KM_BASE64, PETER_SEED, strlen(PETER_SEED), typed, sizeof typed));
	assert_int_equal(km_key_from_seed(typed + 1, &key, NULL), KM_OK);
	return key;
}

static void public_keys_have_their_known_ids(void **state)
{
	(void)state;
	static const char *const keys[] = {
		PETER, ENOCH, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", /* of the standard itself */
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct km_problem problem = {0};
		struct km_note_verifier read = verifier(keys[i]), made;
		char *text = NULL;
		assert_ok(km_note_verifier_make(read.name, read.public_key, &made, &problem), &problem);
		assert_memory_equal(made.key_id, read.key_id, sizeof made.key_id);
		assert_ok(km_note_verifier_format(&made, &text, &problem), &problem);
		assert_string_equal(text, keys[i]);
		free(text);
	}
}

static void a_mangled_public_key_is_refused(void **state)
{
	(void)state;
	char text[] = PETER, part[sizeof text];
	struct km_note_verifier none;
	struct km_problem problem = {0};
	size_t len = strlen(text);
	for (size_t from = 0; from < len; from++) {
		for (size_t to = from; to <= len; to++) {
			if (from == 0 && to == len)
				continue;
			memcpy(part, text + from, to - from);
			part[to - from] = '\0';
			assert_int_equal(km_note_verifier_parse(part, &none, &problem), KM_MALFORMED);
		}
	}
	for (size_t i = 0; i < len; i++) {
		text[i]++;
		assert_int_equal(km_note_verifier_parse(text, &none, &problem), KM_MALFORMED);
		text[i]--;
	}
	static const char *const others[] = {
		"PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", /* too long, id adjusted */
		"PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",         /* another kind, id adjusted */
		"PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		PETER "\n",
		"",
		"++",
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_problem(km_note_verifier_parse(others[i], &none, &problem), &problem, KM_MALFORMED, "verifier-key");
}

static void names_that_others_would_read_otherwise_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"",
	                                    "a b",
	                                    "a+b",
	                                    "a\nb",
	                                    "a\tb",
	                                    "a\xc2\xa0"
	                                    "b",
	                                    "a\xe2\x80\x83"
	                                    "b",
	                                    "a\xff"};
	uint8_t public_key[KM_PUBLIC_BYTES] = {9};
	struct km_note_verifier made;
	struct km_problem problem = {0};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_problem(km_note_verifier_make(names[i], public_key, &made, &problem), &problem, KM_INVALID, "note-name");
	char longest[KM_NOTE_NAME_MAX + 2];
	memset(longest, 'n', sizeof longest);
	longest[KM_NOTE_NAME_MAX + 1] = '\0';
	assert_problem(km_note_verifier_make(longest, public_key, &made, &problem), &problem, KM_INVALID, "note-name");
	longest[KM_NOTE_NAME_MAX] = '\0';
	assert_ok(km_note_verifier_make(longest, public_key, &made, &problem), &problem);
	assert_ok(km_note_verifier_make("keurmerk.example:8443/log", public_key, &made, &problem), &problem);
}

static void we_sign_the_known_note_byte_for_byte(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_key *key = peter();
	auto_free char *note = NULL;
	assert_ok(km_note_sign(key, "PeterNeumann", TEXT, strlen(TEXT), &note, &problem), &problem);
	assert_string_equal(note, TEXT "\n" PETER_SIGN);
	km_key_free(key);
}

static void texts_that_are_no_notes_are_not_signed(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "abc", "a\x01\n", "a\tb\n", "a\r\n", "\xff\n", "\xc3\n"};
	struct km_problem problem = {0};
	struct km_key *key = peter();
	char *note = NULL;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_problem(km_note_sign(key, "a", texts[i], strlen(texts[i]), &note, &problem), &problem, KM_INVALID,
		               "note-text");
	assert_problem(km_note_sign(key, "a", "a\0b\n", 4, &note, &problem), &problem, KM_INVALID, "note-text");
	assert_problem(km_note_sign(key, "a b", "a\n", 2, &note, &problem), &problem, KM_INVALID, "note-name");
	assert_null(note);
	km_key_free(key);
}

static enum km_error check(const char *note, const char *key, struct km_problem *problem)
{
	struct km_note_verifier by = verifier(key);
	size_t len = 12345;
	enum km_error error = km_note_verify(note, strlen(note), &by, &len, problem);
	assert_int_equal(len, error ? 12345 : strlen(TEXT));
	return error;
}

static void a_note_holds_with_whatever_other_signatures_beside_ours(void **state)
{
	(void)state;
	static const char *const notes[] = {
		TEXT "\n" PETER_SIGN,
		TEXT "\n" PETER_SIGN ENOCH_SIGN,
		TEXT "\n" ENOCH_SIGN PETER_SIGN,
		TEXT "\n" OTHER_SIGN PETER_SIGN OTHER_SIGN,
		TEXT "\n" PETER_SIGN PETER_SIGN,
		/* the same name with another key's id */
		TEXT "\n\xe2\x80\x94 PeterNeumann AAAAAAE=\n" PETER_SIGN,
	};
	struct km_problem problem = {0};
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
		assert_ok(check(notes[i], PETER, &problem), &problem);
	assert_ok(check(TEXT "\n" PETER_SIGN ENOCH_SIGN, ENOCH, &problem), &problem);
}

static void a_note_that_our_key_did_not_sign_proves_nothing(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	assert_problem(check(TEXT "\n" ENOCH_SIGN, PETER, &problem), &problem, KM_UNPROVEN, "unsigned");
	assert_problem(check("x" TEXT "\n" PETER_SIGN, PETER, &problem), &problem, KM_UNPROVEN, "bad-signature");
	assert_problem(check(TEXT "\n\n" PETER_SIGN, PETER, &problem), &problem, KM_UNPROVEN, "bad-signature");
	/* a signature that is too long, and a good one after a bad one */
	static const char bad[] =
		"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGABCDUgYN1FFYC2pZS"
		"NXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
	auto_buf struct km_buf note = KM_BUF_EMPTY;
	km_buf_add_format(&note, "%s\n%s", TEXT, bad);
	assert_problem(check(note.data, PETER, &problem), &problem, KM_UNPROVEN, "bad-signature");
	km_buf_add_text(&note, PETER_SIGN);
	assert_problem(check(note.data, PETER, &problem), &problem, KM_UNPROVEN, "bad-signature");
}

static void malformed_notes_are_refused(void **state)
{
	(void)state;
	static const char *const notes[] = {
		"",
		"\n",
		"\n\n",
		TEXT,
		TEXT "\n",
		TEXT PETER_SIGN,
		"\x01" TEXT "\n" PETER_SIGN,
		"\xff" TEXT "\n" PETER_SIGN,
		TEXT "\n" PETER_SIGN "Unexpected line.\n",
		TEXT "\n" PETER_SIGN "\n",
		TEXT
		"\n- PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnA"
		"M=\n",
		TEXT
		"\n\xe2\x80\x94 Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6R"
		"yyBwJnAM=\n",
		TEXT "\n\xe2\x80\x94 PeterNeumann \n" PETER_SIGN,
		TEXT "\n\xe2\x80\x94 PeterNeumann AAAAAA==\n" PETER_SIGN, /* an id and nothing more */
		TEXT "\n\xe2\x80\x94 PeterNeumann AAAAAAE\n" PETER_SIGN,  /* no padding */
		TEXT "\n\xe2\x80\x94 PeterNeumann\n" PETER_SIGN,
		TEXT "\n\xe2\x80\x94\n" PETER_SIGN,
		TEXT "\n\xe2\x80\x94 a+b AAAAAAE=\n" PETER_SIGN,
	};
	struct km_problem problem = {0};
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
		if (check(notes[i], PETER, &problem) != KM_MALFORMED)
			fail_msg("taken: %s", notes[i]);
	auto_buf struct km_buf cut = KM_BUF_EMPTY; /* without its last newline */
	km_buf_add(&cut, TEXT "\n" PETER_SIGN, strlen(TEXT "\n" PETER_SIGN) - 1);
	assert_problem(check(cut.data, PETER, &problem), &problem, KM_MALFORMED, "note");
}

static void a_note_has_at_most_100_signatures(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	auto_buf struct km_buf note = KM_BUF_EMPTY;
	km_buf_add_text(&note, TEXT "\n");
	for (size_t i = 0; i < KM_NOTE_SIGNATURES_MAX - 1; i++)
		km_buf_add_text(&note, OTHER_SIGN);
	km_buf_add_text(&note, PETER_SIGN);
	assert_ok(check(note.data, PETER, &problem), &problem);
	km_buf_add_text(&note, OTHER_SIGN);
	assert_problem(check(note.data, PETER, &problem), &problem, KM_MALFORMED, "note");
}

static void every_cut_note_is_refused(void **state)
{
	(void)state;
	static const char note[] = TEXT "\n" PETER_SIGN;
	struct km_note_verifier by = verifier(PETER);
	for (size_t len = 0; len < strlen(note); len++) {
		char *part = malloc(len ? len : 1); /* on the heap, so that a sanitizer sees a read past the end */
		size_t text_len;
		struct km_problem problem = {0};
		assert_non_null(part);
		memcpy(part, note, len);
		assert_int_equal(km_note_verify(part, len, &by, &text_len, &problem), KM_MALFORMED);
		free(part);
	}
	auto_free char *large = malloc(KM_NOTE_MAX + 1);
	size_t text_len;
	struct km_problem problem = {0};
	assert_non_null(large);
	memset(large, 'a', KM_NOTE_MAX + 1);
	assert_problem(km_note_verify(large, KM_NOTE_MAX + 1, &by, &text_len, &problem), &problem, KM_TOO_LARGE,
	               "note-too-large");
	assert_problem(km_note_verify(large, KM_NOTE_MAX, &by, &text_len, &problem), &problem, KM_MALFORMED, "note");
}

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

static void the_checkpoint_of_the_standard_is_read_and_written(void **state)
{
	(void)state;
	static const char body[] = "example.com/behind-the-sofa\n20852163\n" ROOT "\n";
	struct km_problem problem = {0};
	struct km_checkpoint checkpoint;
	auto_buf struct km_buf again = KM_BUF_EMPTY;
	assert_ok(km_checkpoint_parse(body, strlen(body), &checkpoint, &problem), &problem);
	assert_string_equal(checkpoint.origin, "example.com/behind-the-sofa");
	assert_int_equal(checkpoint.size, 20852163);
	km_checkpoint_format(&checkpoint, &again);
	assert_string_equal(again.data, body);
}

static void a_checkpoint_has_three_lines_in_one_spelling(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"",
		"o\n",
		"o\n1\n",
		"o\n1\n" ROOT,
		"o\n1\n" ROOT "\n\n",
		"o\n1\n" ROOT "\nextra\n",
		"\n1\n" ROOT "\n",
		"o\n\n" ROOT "\n",
		"o\n01\n" ROOT "\n",
		"o\n+1\n" ROOT "\n",
		"o\n-1\n" ROOT "\n",
		"o\n1 \n" ROOT "\n",
		"o\n0x1\n" ROOT "\n",
		"o\n9223372036854775808\n" ROOT "\n",
		"o\n18446744073709551616\n" ROOT "\n",
		"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
		"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
		"o\n1\nAAAA\n",
		"o\xff\n1\n" ROOT "\n",
	};
	struct km_checkpoint checkpoint;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct km_problem problem = {0};
		if (km_checkpoint_parse(bodies[i], strlen(bodies[i]), &checkpoint, &problem) != KM_MALFORMED)
			fail_msg("taken: %s", bodies[i]);
	}
	struct km_problem problem = {0};
	static const char *const good[] = {"o\n0\n" ROOT "\n", "o\n9223372036854775807\n" ROOT "\n"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_ok(km_checkpoint_parse(good[i], strlen(good[i]), &checkpoint, &problem), &problem);
	assert_int_equal(checkpoint.size, INT64_MAX);
}

static void the_log_has_the_address_of_its_registry(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	char origin[KM_ORIGIN_MAX + 1];
	assert_ok(km_checkpoint_origin("https://keurmerk.example", origin, &problem), &problem);
	assert_string_equal(origin, "keurmerk.example/log");
	assert_ok(km_checkpoint_origin("http://127.0.0.1:8080", origin, &problem), &problem);
	assert_string_equal(origin, "127.0.0.1:8080/log");
	assert_problem(km_checkpoint_origin("keurmerk.example", origin, &problem), &problem, KM_INVALID, "url");
	assert_problem(km_checkpoint_origin("https://", origin, &problem), &problem, KM_INVALID, "url");
	assert_problem(km_checkpoint_origin("https://keurmerk.example/", origin, &problem), &problem, KM_INVALID, "url");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(public_keys_have_their_known_ids),
		KM_TEST(a_mangled_public_key_is_refused),
		KM_TEST(names_that_others_would_read_otherwise_are_refused),
		KM_TEST(we_sign_the_known_note_byte_for_byte),
		KM_TEST(texts_that_are_no_notes_are_not_signed),
		KM_TEST(a_note_holds_with_whatever_other_signatures_beside_ours),
		KM_TEST(a_note_that_our_key_did_not_sign_proves_nothing),
		KM_TEST(malformed_notes_are_refused),
		KM_TEST(a_note_has_at_most_100_signatures),
		KM_TEST(every_cut_note_is_refused),
		KM_TEST(the_checkpoint_of_the_standard_is_read_and_written),
		KM_TEST(a_checkpoint_has_three_lines_in_one_spelling),
		KM_TEST(the_log_has_the_address_of_its_registry),
	};
	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
