#include "registry/log.h"
#include "registry/log_checkpoint.h"
#include "registry/tlog_proof.h"
#include "tests/fixture.h"

#include <stdlib.h>

#define ORIGIN "keurmerk.example/log"

/* A log of seven entries, of which the first five are under a checkpoint; entry 3 is the first mark's last there. */
struct sample {
	struct km_note_verifier log, stranger;
	char *proof;
	size_t proof_len;
};

static struct km_key *key_of(uint8_t first, const char *name, struct km_note_verifier *ret_verifier)
{
	const uint8_t seed[32] = {first};
	uint8_t public_key[KM_PUBLIC_BYTES];
	struct km_key *key = NULL;
	struct km_problem problem = {0};
	assert_ok(km_key_from_seed(seed, &key, &problem), &problem);
	km_key_public(key, public_key);
	assert_ok(km_note_verifier_make(name, public_key, ret_verifier, &problem), &problem);
	return key;
}

static void seal(struct fixture *fixture, const struct km_key *key)
{
	struct km_problem problem = {0};
	auto_free char *body = NULL;
	auto_free char *note = NULL;
	size_t len = 0;
	assert_ok(km_log_checkpoint_body(fixture->store, &body, &len, &problem), &problem);
	assert_ok(km_note_sign(key, ORIGIN, body, len, &note, &problem), &problem);
	assert_ok(km_log_checkpoint_put(fixture->store, note, strlen(note), FIXTURE_NOW, &problem), &problem);
}

static struct sample make(struct fixture *fixture)
{
	struct sample sample = {0};
	struct km_problem problem = {0};
	uint64_t index;
	struct km_key *key = key_of(1, ORIGIN, &sample.log);
	km_key_free(key_of(2, ORIGIN, &sample.stranger));
	fixture_sql(fixture,
	            "INSERT INTO provider (id, kvk, euid, name, country, added_at) "
	            "VALUES (1, '68750110', 'NLNHR.68750110', 'Test BV Donald', 'NL', 0);"
	            "INSERT INTO mark VALUES (1, '7K3Q9XM24HTT', 1, 'mkb-ict', 0), (2, '000000000000', 1, 'mkb-ict', 0);");
	static const int64_t marks[] = {1, 2, 2, 1, 2, 1, 2};
	for (size_t i = 0; i < 7; i++) {
		char entry[] = {'e', (char)('0' + i)};
		assert_ok(km_log_append(fixture->store, &(struct km_log_source){.mark_id = marks[i]}, entry, sizeof entry,
		                        &index, &problem),
		          &problem);
		if (i == 4)
			seal(fixture, key);
	}
	km_key_free(key);
	assert_ok(km_tlog_proof_of_mark(fixture->store, 1, &sample.proof, &sample.proof_len, &problem), &problem);
	return sample;
}

static void a_proof_needs_no_register_to_be_checked(void **state)
{
	struct sample sample = make(*state);
	struct km_problem problem = {0};
	struct km_checkpoint checkpoint = {0};
	auto_tlog_proof struct km_tlog_proof proof = {0};
	assert_ok(km_tlog_proof_parse(sample.proof, sample.proof_len, &proof, &problem), &problem);
	assert_int_equal(proof.index, 3);
	assert_int_equal(proof.extra_len, 2);
	assert_memory_equal(proof.extra, "e3", 2);
	assert_ok(km_tlog_proof_verify(&proof, proof.extra, proof.extra_len, &sample.log, &checkpoint, &problem), &problem);
	assert_int_equal(checkpoint.size, 5);
	assert_string_equal(checkpoint.origin, ORIGIN);
	free(sample.proof);
}

static void a_proof_is_of_one_entry_at_one_place_in_one_log(void **state)
{
	struct sample sample = make(*state);
	struct km_problem problem = {0};
	auto_tlog_proof struct km_tlog_proof proof = {0};
	assert_ok(km_tlog_proof_parse(sample.proof, sample.proof_len, &proof, &problem), &problem);
	assert_problem(km_tlog_proof_verify(&proof, "e2", 2, &sample.log, NULL, &problem), &problem, KM_UNPROVEN,
	               "not-in-log");
	assert_problem(km_tlog_proof_verify(&proof, "", 0, &sample.log, NULL, &problem), &problem, KM_UNPROVEN,
	               "not-in-log");
	assert_problem(km_tlog_proof_verify(&proof, "e3", 2, &sample.stranger, NULL, &problem), &problem, KM_UNPROVEN,
	               "unsigned");
	proof.index = 2;
	assert_problem(km_tlog_proof_verify(&proof, "e3", 2, &sample.log, NULL, &problem), &problem, KM_UNPROVEN,
	               "not-in-log");
	proof.index = 3;
	proof.path.hashes[1].bytes[9] ^= 4;
	assert_problem(km_tlog_proof_verify(&proof, "e3", 2, &sample.log, NULL, &problem), &problem, KM_UNPROVEN,
	               "not-in-log");
	free(sample.proof);
}

/* Any byte of the file that is changed is noticed, but for the extra data, which is not under the signature. */
static void a_changed_byte_anywhere_is_noticed(void **state)
{
	struct sample sample = make(*state);
	struct km_problem problem = {0};
	size_t extra_end = (size_t)(strstr(sample.proof, "index ") - sample.proof);
	for (size_t i = 0; i < sample.proof_len; i++) {
		if (i >= strlen("c2sp.org/tlog-proof@v1\n") && i < extra_end)
			continue;
		sample.proof[i] ^= 1;
		auto_tlog_proof struct km_tlog_proof proof = {0};
		if (!km_tlog_proof_parse(sample.proof, sample.proof_len, &proof, &problem) &&
		    !km_tlog_proof_verify(&proof, "e3", 2, &sample.log, NULL, &problem))
			fail_msg("a change of byte %zu went by: %s", i, sample.proof);
		sample.proof[i] ^= 1;
	}
	free(sample.proof);
}

static void a_proof_cut_short_is_noticed(void **state)
{
	struct sample sample = make(*state);
	struct km_problem problem = {0};
	for (size_t len = 0; len < sample.proof_len; len++) {
		auto_free char *cut = malloc(len ? len : 1);
		assert_non_null(cut);
		memcpy(cut, sample.proof, len);
		auto_tlog_proof struct km_tlog_proof proof = {0};
		if (!km_tlog_proof_parse(cut, len, &proof, &problem) &&
		    !km_tlog_proof_verify(&proof, "e3", 2, &sample.log, NULL, &problem))
			fail_msg("%zu bytes of %zu were enough", len, sample.proof_len);
	}
	free(sample.proof);
}

static void another_log_with_the_same_key_is_another_log(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_note_verifier verifier;
	struct km_key *key = key_of(1, "other.example/log", &verifier);
	struct km_hash root = km_merkle_leaf("e", 1);
	struct km_checkpoint checkpoint = {.origin = ORIGIN, .size = 1};
	memcpy(checkpoint.root, root.bytes, sizeof checkpoint.root);
	struct km_buf body = KM_BUF_EMPTY;
	km_checkpoint_format(&checkpoint, &body);
	char *note = NULL;
	assert_ok(km_note_sign(key, "other.example/log", body.data, body.len, &note, &problem), &problem);
	struct km_tlog_proof proof = {.note = note, .note_len = strlen(note)};
	assert_problem(km_tlog_proof_verify(&proof, "e", 1, &verifier, NULL, &problem), &problem, KM_UNPROVEN, "other-log");
	km_key_free(key);
	km_buf_free(&body);
	free(note);
}

#define HASH "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"

static void the_form_is_that_of_the_standard(void **state)
{
	(void)state;
	static const char text[] = "c2sp.org/tlog-proof@v1\nextra YWJj\nindex 73894\n" HASH HASH "\nexample.com/log\n";
	struct km_problem problem = {0};
	auto_tlog_proof struct km_tlog_proof proof = {0};
	assert_ok(km_tlog_proof_parse(text, strlen(text), &proof, &problem), &problem);
	assert_int_equal(proof.extra_len, 3);
	assert_memory_equal(proof.extra, "abc", 3);
	assert_int_equal(proof.index, 73894);
	assert_int_equal(proof.path.len, 2);
	assert_int_equal(proof.path.hashes[1].bytes[0], 0x81);
	assert_int_equal(proof.note_len, strlen("example.com/log\n"));
	struct km_buf buf = KM_BUF_EMPTY;
	km_tlog_proof_format(&proof, &buf);
	assert_string_equal(buf.data, text);
	km_buf_free(&buf);
	/* Neither extra data nor hashes need be there. */
	static const char bare[] = "c2sp.org/tlog-proof@v1\nindex 0\n\nexample.com/log\n";
	auto_tlog_proof struct km_tlog_proof small = {0};
	assert_ok(km_tlog_proof_parse(bare, strlen(bare), &small, &problem), &problem);
	assert_null(small.extra);
	assert_int_equal(small.path.len, 0);
	km_tlog_proof_format(&small, &buf);
	assert_string_equal(buf.data, bare);
	km_buf_free(&buf);
}

static void any_other_form_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"c2sp.org/tlog-proof@v1",
		"c2sp.org/tlog-proof@v2\nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\r\nindex 0\n\nx\n",
		" c2sp.org/tlog-proof@v1\nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\nextra\nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\nextra YWJ\nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\nextra YW Jj\nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 0\nextra YWJj\n\nx\n",
		"c2sp.org/tlog-proof@v1\nextra YWJj\nextra YWJj\nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\n\nindex 0\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex \n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 00\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 01\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex -1\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex +1\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 1 \n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 9223372036854775807\n\nx\n", /* 2^63 - 1 */
		"c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 0\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 0\n\n",
		"c2sp.org/tlog-proof@v1\nindex 0\n" HASH,
		"c2sp.org/tlog-proof@v1\nindex 0\n" HASH "x\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 0\nYWJj\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 0\ngSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlR=\n\nx\n",
		"c2sp.org/tlog-proof@v1\nindex 0\ngSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ\n\nx\n",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct km_problem problem = {0};
		struct km_tlog_proof proof = {.index = 77};
		assert_problem(km_tlog_proof_parse(wrong[i], strlen(wrong[i]), &proof, &problem), &problem, KM_MALFORMED,
		               "tlog-proof");
		assert_int_equal(proof.index, 77);
	}
}

static void at_most_64_hashes_are_read(void **state)
{
	(void)state;
	struct km_buf buf = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	for (int count = 64; count <= 65; count++) {
		km_buf_add_text(&buf, "c2sp.org/tlog-proof@v1\nindex 0\n");
		for (int i = 0; i < count; i++)
			km_buf_add_text(&buf, HASH);
		km_buf_add_text(&buf, "\nx\n");
		struct km_tlog_proof proof = {0};
		if (count == 64)
			assert_ok(km_tlog_proof_parse(buf.data, buf.len, &proof, &problem), &problem);
		else
			assert_problem(km_tlog_proof_parse(buf.data, buf.len, &proof, &problem), &problem, KM_MALFORMED,
			               "tlog-proof");
		km_tlog_proof_done(&proof);
		km_buf_free(&buf);
	}
	struct km_tlog_proof proof = {0};
	assert_problem(km_tlog_proof_parse("", KM_TLOG_PROOF_MAX + 1, &proof, &problem), &problem, KM_TOO_LARGE,
	               "too-large");
}

static void a_mark_that_no_checkpoint_covers_has_no_proof_yet(void **state)
{
	struct fixture *fixture = *state;
	struct km_problem problem = {0};
	char *text = NULL;
	size_t len;
	assert_problem(km_tlog_proof_of_mark(fixture->store, 1, &text, &len, &problem), &problem, KM_ABSENT,
	               "no-checkpoint");
	struct sample sample = make(fixture);
	assert_problem(km_tlog_proof_of_mark(fixture->store, 3, &text, &len, &problem), &problem, KM_ABSENT, "log-entry");
	assert_null(text);
	free(sample.proof);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(a_proof_needs_no_register_to_be_checked),
		KM_REGISTER_TEST(a_proof_is_of_one_entry_at_one_place_in_one_log),
		KM_REGISTER_TEST(a_changed_byte_anywhere_is_noticed),
		KM_REGISTER_TEST(a_proof_cut_short_is_noticed),
		KM_TEST(another_log_with_the_same_key_is_another_log),
		KM_TEST(the_form_is_that_of_the_standard),
		KM_TEST(any_other_form_is_refused),
		KM_TEST(at_most_64_hashes_are_read),
		KM_REGISTER_TEST(a_mark_that_no_checkpoint_covers_has_no_proof_yet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
