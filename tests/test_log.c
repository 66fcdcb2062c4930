#include "base/buf.h"
#include "registry/log.h"
#include "registry/log_event.h"
#include "tests/fixture.h"

#include <stdlib.h>

enum { MANY = 600 };

/* Entry number i: so many bytes, of that value. */
static size_t entry_of(size_t i, char ret_entry[static 64])
{
	size_t len = 1 + i * 7 % 60;
	memset(ret_entry, (int)(i % 251), len);
	return len;
}

static struct km_hash leaf_of(size_t i)
{
	char entry[64];
	size_t len = entry_of(i, entry);
	return km_merkle_leaf(entry, len);
}

static void append(struct fixture *fixture, size_t count)
{
	struct km_problem problem = {0};
	uint64_t index = 0, size = 0;
	assert_ok(km_log_size(fixture->store, &size, &problem), &problem);
	for (size_t i = 0; i < count; i++) {
		char entry[64];
		size_t len = entry_of(size + i, entry);
		assert_ok(km_log_append(fixture->store, NULL, entry, len, &index, &problem), &problem);
		assert_int_equal(index, size + i);
	}
}

/* RFC 6962 word for word. */
static struct km_hash naive_root(size_t start, size_t len)
{
	if (len == 1)
		return leaf_of(start);
	size_t k = 1;
	while (k * 2 < len)
		k *= 2;
	struct km_hash left = naive_root(start, k), right = naive_root(start + k, len - k);
	return km_merkle_node(&left, &right);
}

static void entries_come_back_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 20);
	struct km_problem problem = {0};
	for (size_t i = 0; i < 20; i++) {
		char expected[64];
		size_t expected_len = entry_of(i, expected), len = 0;
		auto_free char *bytes = NULL;
		assert_ok(km_log_entry(fixture->store, i, &bytes, &len, &problem), &problem);
		assert_int_equal(len, expected_len);
		assert_memory_equal(bytes, expected, len);
	}
	char *bytes = NULL;
	size_t len;
	assert_problem(km_log_entry(fixture->store, 20, &bytes, &len, &problem), &problem, KM_ABSENT, "log-entry");
	assert_problem(km_log_entry(fixture->store, UINT64_MAX, &bytes, &len, &problem), &problem, KM_ABSENT, "log-entry");
	assert_null(bytes);
}

static void an_entry_has_1_to_65535_bytes(void **state)
{
	struct fixture *fixture = *state;
	auto_free char *long_entry = calloc(1, KM_LOG_ENTRY_MAX + 1);
	assert_non_null(long_entry);
	struct km_problem problem = {0};
	uint64_t index = 77;
	assert_problem(km_log_append(fixture->store, NULL, "", 0, &index, &problem), &problem, KM_INVALID, "log-entry");
	assert_problem(km_log_append(fixture->store, NULL, long_entry, KM_LOG_ENTRY_MAX + 1, &index, &problem), &problem,
	               KM_TOO_LARGE, "log-entry");
	assert_int_equal(index, 77);
	assert_ok(km_log_append(fixture->store, NULL, long_entry, KM_LOG_ENTRY_MAX, &index, &problem), &problem);
	assert_int_equal(index, 0);
	assert_ok(km_log_append(fixture->store, NULL, long_entry, 1, &index, &problem), &problem);
	auto_free char *bundle = NULL;
	size_t len = 0;
	struct km_tile tile = {true, 0, 0, 2};
	assert_ok(km_log_tile(fixture->store, &tile, 2, &bundle, &len, &problem), &problem);
	assert_int_equal(len, 2 + KM_LOG_ENTRY_MAX + 2 + 1);
	assert_memory_equal(bundle, "\xff\xff", 2);
	assert_memory_equal(bundle + 2 + KM_LOG_ENTRY_MAX, "\x00\x01", 2);
}

static void roots_at_every_size_are_those_of_the_rfc(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, MANY);
	struct km_problem problem = {0};
	struct km_hash root, expected = km_merkle_empty();
	assert_ok(km_log_root(fixture->store, 0, &root, &problem), &problem);
	assert_memory_equal(&root, &expected, sizeof root);
	for (size_t size = 1; size <= MANY; size++) {
		expected = naive_root(0, size);
		assert_ok(km_log_root(fixture->store, size, &root, &problem), &problem);
		assert_memory_equal(&root, &expected, sizeof root);
	}
	assert_problem(km_log_root(fixture->store, MANY + 1, &root, &problem), &problem, KM_ABSENT, "tree-size");
}

static void proofs_hold_for_earlier_sizes_too(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, MANY);
	struct km_problem problem = {0};
	struct km_merkle_proof proof;
	for (size_t size = 1; size <= MANY; size += 59) {
		struct km_hash root = naive_root(0, size);
		for (size_t index = 0; index < size; index += 31) {
			struct km_hash leaf = leaf_of(index), old_root = naive_root(0, index + 1);
			assert_ok(km_log_inclusion(fixture->store, index, size, &proof, &problem), &problem);
			assert_true(km_merkle_inclusion_holds(&proof, &leaf, index, size, &root));
			assert_ok(km_log_consistency(fixture->store, index + 1, size, &proof, &problem), &problem);
			assert_true(km_merkle_consistency_holds(&proof, index + 1, &old_root, size, &root));
		}
	}
	assert_problem(km_log_inclusion(fixture->store, 0, MANY + 1, &proof, &problem), &problem, KM_ABSENT, "tree-size");
	assert_problem(km_log_inclusion(fixture->store, 5, 5, &proof, &problem), &problem, KM_INVALID, "tree-size");
	assert_problem(km_log_consistency(fixture->store, 1, MANY + 1, &proof, &problem), &problem, KM_ABSENT, "tree-size");
	fixture_expect_indexes(fixture, NULL);
}

static void a_tile_holds_the_hashes_of_its_level_side_by_side(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, MANY);
	struct km_problem problem = {0};
	static const struct km_tile tiles[] = {
		{false, 0, 0, 256},        {false, 0, 0, 3}, {false, 0, 1, 256},
		{false, 0, 2, MANY - 512}, {false, 1, 0, 2}, {false, 1, 0, 1},
	};
	for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
		const struct km_tile *tile = &tiles[i];
		size_t span = tile->level ? 256 : 1, len = 0;
		auto_free char *bytes = NULL;
		assert_ok(km_log_tile(fixture->store, tile, MANY, &bytes, &len, &problem), &problem);
		assert_int_equal(len, tile->width * 32);
		for (size_t j = 0; j < tile->width; j++) {
			struct km_hash expected = naive_root((tile->index * 256 + j) * span, span);
			assert_memory_equal(bytes + 32 * j, &expected, 32);
		}
	}
}

static void a_bundle_holds_each_entry_after_its_length(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 300);
	struct km_problem problem = {0};
	struct km_tile tile = {true, 0, 1, 44};
	auto_free char *bytes = NULL;
	size_t len = 0, at = 0;
	assert_ok(km_log_tile(fixture->store, &tile, 300, &bytes, &len, &problem), &problem);
	for (size_t i = 256; i < 300; i++) {
		char entry[64];
		size_t entry_len = entry_of(i, entry);
		assert_true(at + 2 + entry_len <= len);
		assert_int_equal(bytes[at], 0);
		assert_int_equal(bytes[at + 1], (char)entry_len);
		assert_memory_equal(bytes + at + 2, entry, entry_len);
		at += 2 + entry_len;
	}
	assert_int_equal(at, len);
}

static void a_tile_beyond_the_size_asked_is_absent(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 300);
	struct km_problem problem = {0};
	static const struct km_tile tiles[] = {
		{false, 0, 1, 44}, {false, 0, 1, 256},          {false, 0, 2, 1}, {false, 1, 0, 2}, {false, 2, 0, 1},
		{true, 0, 1, 44},  {false, 0, UINT64_MAX, 256},
	};
	for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
		char *bytes = NULL;
		size_t len;
		assert_problem(km_log_tile(fixture->store, &tiles[i], 299, &bytes, &len, &problem), &problem, KM_ABSENT,
		               "tile");
		assert_null(bytes);
	}
}

static void the_tree_has_under_two_hashes_for_each_entry(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, MANY); /* 600 = 0b1001011000 */
	assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM log_hash"), 2 * MANY - 4);
}

static void the_last_entry_of_a_mark_is_found(void **state)
{
	struct fixture *fixture = *state;
	fixture_sql(fixture,
	            "INSERT INTO provider (id, kvk, euid, name, country, added_at) "
	            "VALUES (1, '68750110', 'NLNHR.68750110', 'Test BV Donald', 'NL', 0);"
	            "INSERT INTO mark VALUES (1, '7K3Q9XM24HTT', 1, 'mkb-ict', 0), (2, '000000000000', 1, 'mkb-ict', 0);");
	struct km_problem problem = {0};
	uint64_t index = 0;
	static const int64_t marks[] = {1, 2, 1, 0, 2};
	for (size_t i = 0; i < 5; i++)
		assert_ok(km_log_append(fixture->store, &(struct km_log_source){.mark_id = marks[i]}, "x", 1, &index, &problem),
		          &problem);
	assert_ok(km_log_mark_index(fixture->store, 1, 5, &index, &problem), &problem);
	assert_int_equal(index, 2);
	assert_ok(km_log_mark_index(fixture->store, 2, 5, &index, &problem), &problem);
	assert_int_equal(index, 4);
	assert_ok(km_log_mark_index(fixture->store, 2, 4, &index, &problem), &problem);
	assert_int_equal(index, 1);
	assert_problem(km_log_mark_index(fixture->store, 2, 1, &index, &problem), &problem, KM_ABSENT, "log-entry");
	assert_problem(km_log_mark_index(fixture->store, 3, 5, &index, &problem), &problem, KM_ABSENT, "log-entry");
	fixture_expect_indexes(fixture, NULL);
}

static void what_is_rolled_back_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct km_problem problem = {0};
	append(fixture, 5);
	assert_ok(km_store_commit(fixture->store, &problem), &problem);
	assert_ok(km_store_begin(fixture->store, &problem), &problem);
	append(fixture, 6);
	km_store_rollback(fixture->store);
	uint64_t size = 0;
	assert_ok(km_log_size(fixture->store, &size, &problem), &problem);
	assert_int_equal(size, 5);
	assert_ok(km_store_begin(fixture->store, &problem), &problem);
	append(fixture, 11);
	struct km_hash root, expected = naive_root(0, 16);
	assert_ok(km_log_root(fixture->store, 16, &root, &problem), &problem);
	assert_memory_equal(&root, &expected, sizeof root);
}

static void the_log_is_only_added_to(void **state)
{
	struct fixture *fixture = *state;
	append(fixture, 3);
	static const char *const refused[] = {
		"UPDATE log_entry SET bytes = x'00' WHERE position = 1",
		"DELETE FROM log_entry WHERE position = 2",
		"INSERT INTO log_entry (position, bytes) VALUES (4, x'00')",
		"INSERT INTO log_entry (position, bytes) VALUES (1, x'00')",
		"UPDATE log_hash SET hash = zeroblob(32)",
		"DELETE FROM log_hash",
		"INSERT INTO log_hash VALUES (0, 9, zeroblob(31))",
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (fixture_allows(fixture, refused[i]))
			fail_msg("%s", refused[i]);
}

static void an_event_has_the_same_bytes_wherever_it_is_made(void **state)
{
	(void)state;
	struct km_log_event event = {
		.mark = "7K3Q9XM24HTT",
		.sequence = 1,
		.at = FIXTURE_NOW,
		.recorded = FIXTURE_NOW + 60,
		.action = "grant",
		.state = "active",
		.credential = "abc", /* FIPS 180-2's own example */
		.submission = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
	};
	struct km_problem problem = {0};
	auto_free char *entry = NULL;
	auto_free char *lapse = NULL;
	size_t len = 0;
	assert_ok(km_log_event_entry(&event, &entry, &len, &problem), &problem);
	assert_string_equal(entry, "{\"v\":1,\"mark\":\"7K3Q9XM24HTT\",\"seq\":1,\"at\":\"2026-11-24T17:02:37Z\","
	                           "\"recorded\":\"2026-11-24T17:03:37Z\",\"action\":\"grant\",\"state\":\"active\","
	                           "\"reason\":null,\"credential\":\"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0\","
	                           "\"submission\":\"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\"}");
	assert_int_equal(len, strlen(entry));
	event = (struct km_log_event){.mark = "7K3Q9XM24HTT",
	                              .sequence = 2,
	                              .at = FIXTURE_NOW,
	                              .recorded = FIXTURE_NOW,
	                              .action = "expire",
	                              .state = "expired",
	                              .reason = "expired"};
	assert_ok(km_log_event_entry(&event, &lapse, &len, &problem), &problem);
	assert_string_equal(lapse, "{\"v\":1,\"mark\":\"7K3Q9XM24HTT\",\"seq\":2,\"at\":\"2026-11-24T17:02:37Z\","
	                           "\"recorded\":\"2026-11-24T17:02:37Z\",\"action\":\"expire\",\"state\":\"expired\","
	                           "\"reason\":\"expired\",\"credential\":null,\"submission\":null}");
	char *none = NULL;
	event.mark = "\xff";
	assert_problem(km_log_event_entry(&event, &none, &len, &problem), &problem, KM_BUG, "log-event");
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_REGISTER_TEST(entries_come_back_in_their_order),
		KM_REGISTER_TEST(an_entry_has_1_to_65535_bytes),
		KM_REGISTER_TEST(roots_at_every_size_are_those_of_the_rfc),
		KM_REGISTER_TEST(proofs_hold_for_earlier_sizes_too),
		KM_REGISTER_TEST(a_tile_holds_the_hashes_of_its_level_side_by_side),
		KM_REGISTER_TEST(a_bundle_holds_each_entry_after_its_length),
		KM_REGISTER_TEST(a_tile_beyond_the_size_asked_is_absent),
		KM_REGISTER_TEST(the_tree_has_under_two_hashes_for_each_entry),
		KM_REGISTER_TEST(the_last_entry_of_a_mark_is_found),
		KM_REGISTER_TEST(what_is_rolled_back_leaves_nothing),
		KM_REGISTER_TEST(the_log_is_only_added_to),
		KM_TEST(an_event_has_the_same_bytes_wherever_it_is_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
