#include "base/buf.h"
#include "keys/note.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "registry/log_checkpoint.h"
#include "tests/fixture.h"

#include <stdlib.h>

#define ORIGIN "keurmerk.example/log"

static void append(struct fixture *fixture, size_t count)
{
	struct km_problem problem = {0};
	uint64_t index;
	for (size_t i = 0; i < count; i++)
		assert_ok(km_log_append(fixture->store, NULL, &i, sizeof i, &index, &problem), &problem);
}

/* A body as a note that this log's key signed. */
static char *sign(const char *body)
{
	static const uint8_t seed[32] = {1, 2, 3};
	struct km_key *key = NULL;
	struct km_problem problem = {0};
	char *note = NULL;
	assert_ok(km_key_from_seed(seed, &key, &problem), &problem);
	assert_ok(km_note_sign(key, ORIGIN, body, strlen(body), &note, &problem), &problem);
	km_key_free(key);
	return note;
}

static char *body_of(struct fixture *fixture)
{
	struct km_problem problem = {0};
	char *body = NULL;
	size_t len = 0;
	assert_ok(km_log_checkpoint_body(fixture->store, &body, &len, &problem), &problem);
	assert_int_equal(len, strlen(body));
	return body;
}

static void put(struct fixture *fixture, const char *note)
{
	struct km_problem problem = {0};
	assert_ok(km_log_checkpoint_put(fixture->store, note, strlen(note), FIXTURE_NOW, &problem), &problem);
}

static void expect_refusal(struct fixture *fixture, const char *note, enum km_error code, const char *type)
{
	struct km_problem problem = {0};
	int64_t kept = fixture_number(fixture, "SELECT count(*) FROM log_checkpoint");
	assert_problem(km_log_checkpoint_put(fixture->store, note, strlen(note), FIXTURE_NOW, &problem), &problem, code,
	               type);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM log_checkpoint"), kept);
}

/* Signs and keeps the log as it is now; the note is the caller's. */
static char *seal(struct fixture *fixture)
{
	auto_free char *body = body_of(fixture);
	char *note = sign(body);
	put(fixture, note);
	return note;
}

static void a_body_says_which_log_how_long_and_which_root(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *empty = body_of(fixture);
	assert_string_equal(empty, ORIGIN "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	uint64_t index;
	struct km_problem problem = {0};
	assert_ok(km_log_append(fixture->store, NULL, "\0", 1, &index, &problem), &problem);
	auto_free char *one = body_of(fixture);
	/* 96a296d2…, the second leaf of the vectors of Certificate Transparency */
	assert_string_equal(one, ORIGIN "\n1\nlqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=\n");
}

static void the_last_checkpoint_comes_back_as_it_was_signed(void **state)
{
	struct fixture *fixture = *state;
	struct km_problem problem = {0};
	struct km_checkpoint last = {.size = 77};
	char *none = NULL;
	assert_problem(km_log_checkpoint_last(fixture->store, &last, &none, &problem), &problem, KM_ABSENT,
	               "no-checkpoint");
	assert_int_equal(last.size, 77);
	assert_null(none);
	append(fixture, 3);
	free(seal(fixture));
	append(fixture, 4);
	auto_free char *note = seal(fixture);
	auto_free char *found = NULL;
	struct km_hash root;
	assert_ok(km_log_checkpoint_last(fixture->store, &last, &found, &problem), &problem);
	assert_string_equal(found, note);
	assert_string_equal(last.origin, ORIGIN);
	assert_int_equal(last.size, 7);
	assert_ok(km_log_root(fixture->store, 7, &root, &problem), &problem);
	assert_memory_equal(last.root, root.bytes, 32);
	assert_ok(km_log_checkpoint_last(fixture->store, &last, NULL, &problem), &problem);
	fixture_expect_indexes(fixture, "ORDER BY id DESC");
}

static void the_same_tree_may_be_signed_again(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 3);
	auto_free char *note = seal(fixture);
	put(fixture, note);
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM log_checkpoint"), 2);
}

static void an_empty_log_can_be_signed_and_grow(void **state)
{
	struct fixture *fixture = *state;
	free(seal(fixture));
	append(fixture, 300);
	free(seal(fixture));
	assert_int_equal(fixture_number(fixture, "SELECT max(size) FROM log_checkpoint"), 300);
}

static void a_checkpoint_that_does_not_fit_the_log_is_refused(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 5);
	auto_free char *earlier_body = body_of(fixture);
	auto_free char *earlier = sign(earlier_body);
	append(fixture, 5);
	auto_free char *body = body_of(fixture);
	auto_free char *note = sign(body);
	auto_free char *other_log = sign("other.example/log\n10\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	auto_free char *other_root = sign(ORIGIN "\n10\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	auto_free char *too_long = sign(ORIGIN "\n11\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	expect_refusal(fixture, other_log, KM_CONFLICT, "checkpoint-origin");
	expect_refusal(fixture, other_root, KM_CONFLICT, "checkpoint-root");
	expect_refusal(fixture, too_long, KM_CONFLICT, "checkpoint-size");
	put(fixture, earlier);
	put(fixture, note);
	expect_refusal(fixture, earlier, KM_CONFLICT, "checkpoint-size");
}

static void what_is_no_checkpoint_is_refused(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 1);
	auto_free char *body = body_of(fixture);
	auto_free char *text = sign("hello\n");
	expect_refusal(fixture, body, KM_MALFORMED, "note");
	expect_refusal(fixture, "", KM_MALFORMED, "note");
	expect_refusal(fixture, text, KM_MALFORMED, "checkpoint");
	struct km_problem problem = {0};
	struct km_buf with_nul = KM_BUF_EMPTY;
	km_buf_add_text(&with_nul, body);
	km_buf_add(&with_nul, "\nx\0y\n", 5);
	assert_problem(km_log_checkpoint_put(fixture->store, with_nul.data, with_nul.len, 0, &problem), &problem,
	               KM_MALFORMED, "note");
	km_buf_free(&with_nul);
}

/* Changes the log behind the back of its triggers. */
static void tamper(struct fixture *fixture, const char *sql)
{
	fixture_disarm(fixture);
	fixture_sql(fixture, sql);
}

static void nothing_is_signed_of_a_log_that_no_longer_fits_the_last_checkpoint(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 6);
	free(seal(fixture));
	append(fixture, 6);
	auto_free char *sound = body_of(fixture);
	auto_free char *note = sign(sound);
	tamper(fixture, "UPDATE log_hash SET hash = zeroblob(32) WHERE level = 2 AND position = 0");
	struct km_problem problem = {0};
	char *body = NULL;
	size_t len;
	assert_problem(km_log_checkpoint_body(fixture->store, &body, &len, &problem), &problem, KM_IO, "log-damaged");
	expect_refusal(fixture, note, KM_IO, "log-damaged");
	assert_null(body);
}

static void nothing_is_signed_of_a_log_that_has_become_shorter(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 6);
	free(seal(fixture));
	tamper(fixture, "DELETE FROM log_entry WHERE position = 5; DELETE FROM log_hash WHERE level = 0 AND position = 5;"
	                "DELETE FROM log_hash WHERE level = 1 AND position = 2;");
	struct km_problem problem = {0};
	char *body = NULL;
	size_t len;
	assert_problem(km_log_checkpoint_body(fixture->store, &body, &len, &problem), &problem, KM_IO, "log-damaged");
	assert_null(body);
}

static void checkpoints_are_only_added(void **state)
{
	struct fixture *fixture = *state;
	free(seal(fixture));
	assert_false(fixture_allows(fixture, "UPDATE log_checkpoint SET size = 1"));
	assert_false(fixture_allows(fixture, "DELETE FROM log_checkpoint"));
}

static void fill(struct fixture *fixture)
{
	free(seal(fixture));
	append(fixture, 5);
	free(seal(fixture));
	append(fixture, 8);
	free(seal(fixture));
	append(fixture, 2);
}

static void a_check_of_a_sound_log_finds_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct km_problem problem = {0};
	assert_ok(km_log_check(fixture->store, &problem), &problem);
	fill(fixture);
	assert_ok(km_log_check(fixture->store, &problem), &problem);
}

static void a_check_finds_whatever_was_changed(void **state)
{
	struct fixture *fixture = *state;
	static const char *const changes[] = {
		"UPDATE log_entry SET bytes = x'00' WHERE position = 14",
		"UPDATE log_entry SET bytes = x'00' WHERE position = 0",
		"DELETE FROM log_entry WHERE position = 14",
		"DELETE FROM log_entry WHERE position = 7",
		"INSERT INTO log_entry (position, bytes) VALUES (15, x'00')",
		"UPDATE log_hash SET hash = zeroblob(32) WHERE level = 3",
		"UPDATE log_hash SET hash = zeroblob(32) WHERE level = 0 AND position = 14",
		"DELETE FROM log_hash WHERE level = 1 AND position = 3",
		"INSERT INTO log_hash VALUES (4, 0, zeroblob(32))",
		"UPDATE log_checkpoint SET root = zeroblob(32) WHERE size = 5",
		"UPDATE log_checkpoint SET note = (SELECT note FROM log_checkpoint WHERE size = 0) WHERE size = 5",
		"UPDATE log_checkpoint SET size = 12 WHERE size = 13",
		"INSERT INTO log_checkpoint (size, root, note, at) SELECT 16, root, note, at FROM log_checkpoint",
	};
	fill(fixture);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct km_problem problem = {0};
		fixture_sql(fixture, "SAVEPOINT sound");
		tamper(fixture, changes[i]);
		enum km_error error = km_log_check(fixture->store, &problem);
		if (error != KM_IO || strcmp(problem.type, "log-damaged") != 0)
			fail_msg("%s: error %d %s", changes[i], (int)error, problem.message);
		fixture_sql(fixture, "ROLLBACK TO sound; RELEASE sound");
	}
	struct km_problem problem = {0};
	assert_ok(km_log_check(fixture->store, &problem), &problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(a_body_says_which_log_how_long_and_which_root),
		KM_REGISTER_TEST(the_last_checkpoint_comes_back_as_it_was_signed),
		KM_REGISTER_TEST(the_same_tree_may_be_signed_again),
		KM_REGISTER_TEST(an_empty_log_can_be_signed_and_grow),
		KM_REGISTER_TEST(a_checkpoint_that_does_not_fit_the_log_is_refused),
		KM_REGISTER_TEST(what_is_no_checkpoint_is_refused),
		KM_REGISTER_TEST(nothing_is_signed_of_a_log_that_no_longer_fits_the_last_checkpoint),
		KM_REGISTER_TEST(nothing_is_signed_of_a_log_that_has_become_shorter),
		KM_REGISTER_TEST(checkpoints_are_only_added),
		KM_REGISTER_TEST(a_check_of_a_sound_log_finds_nothing),
		KM_REGISTER_TEST(a_check_finds_whatever_was_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
