#include "registry/tile.h"
#include "tests/test.h"

static const struct {
	const char *path;
	struct km_tile tile;
} paths[] = {
	{"tile/0/000", {false, 0, 0, 256}},
	{"tile/0/000.p/1", {false, 0, 0, 1}},
	{"tile/0/001", {false, 0, 1, 256}},
	{"tile/0/x001/x234/067.p/5", {false, 0, 1234067, 5}},
	{"tile/1/x001/000.p/255", {false, 1, 1000, 255}},
	{"tile/63/999", {false, 63, 999, 256}},
	{"tile/entries/x001/x234/067", {true, 0, 1234067, 256}},
	{"tile/entries/000.p/17", {true, 0, 0, 17}},
	/* 2^55 - 1 */
	{"tile/0/x036/x028/x797/x018/x963/967", {false, 0, 36028797018963967, 256}},
};

static void paths_are_read_and_written_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const struct km_tile *expected = &paths[i].tile;
		struct km_tile tile;
		char path[KM_TILE_PATH_TEXT];
		if (!km_tile_parse(paths[i].path, &tile))
			fail_msg("%s", paths[i].path);
		assert_int_equal(tile.entries, expected->entries);
		assert_int_equal(tile.level, expected->level);
		assert_int_equal(tile.index, expected->index);
		assert_int_equal(tile.width, expected->width);
		km_tile_format(expected, path);
		assert_string_equal(path, paths[i].path);
	}
}

static void every_tile_has_one_path_only(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"tile",
		"tile/",
		"/tile/0/000",
		"tile/0",
		"tile/0/",
		"tile/0/0",
		"tile/0/00",
		"tile/0/0000",
		"tile/0/1234067",
		"tile/0/x000/001", /* 1 is 001 */
		"tile/0/x001",
		"tile/0/x001/",
		"tile/0/001/067",
		"tile/0/x001/x067",
		"tile/0/x001/67",
		"tile/0/X001/067",
		"tile/0/xx001/067",
		"tile/0/x001//067",
		"tile/00/000",
		"tile/01/000",
		"tile/64/000",
		"tile/100/000",
		"tile/-1/000",
		"tile/+1/000",
		"tile/ 1/000",
		"tile/8/0/000",
		"tile/entry/000",
		"tile/entries",
		"tile/entries/0/000",
		"tile/data/000",
		"tile/0/000.p",
		"tile/0/000.p/",
		"tile/0/000.p/0",
		"tile/0/000.p/01",
		"tile/0/000.p/256",
		"tile/0/000.p/2555",
		"tile/0/000.p/1/",
		"tile/0/000.p/1x",
		"tile/0/000.q/1",
		"tile/0/000/",
		"tile/0/000 ",
		"tile/0/000?x",
		"tile/0/00a",
		"tile/0/\u0660\u0660\u0660",
		"tile/0/../000",
		"tile/0/x036/x028/x797/x018/x963/968", /* 2^55 */
		"tile/0/x999/x999/x999/x999/x999/999",
		"tile/0/x001/x000/x000/x000/x000/x000/000",
		"tile/0/x018/x446/x744/x073/x709/x551/616", /* 2^64 */
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct km_tile tile = {.width = 77};
		if (km_tile_parse(wrong[i], &tile))
			fail_msg("%s was read as level %u, tile %llu, width %u", wrong[i], tile.level,
			         (unsigned long long)tile.index, tile.width);
		assert_int_equal(tile.width, 77);
	}
}

/* The widest tile with this index that a tree of this size has; 0 for none. */
static unsigned width_in(unsigned level, uint64_t index, uint64_t size)
{
	unsigned width = 0;
	for (unsigned asked = 1; asked <= KM_TILE_WIDTH; asked++)
		if (km_tile_within(&(struct km_tile){false, level, index, asked}, size))
			width = asked;
	return width;
}

static void a_tree_of_70000_has_the_tiles_of_the_standard(void **state)
{
	(void)state;
	assert_int_equal(width_in(0, 0, 70000), 256);
	assert_int_equal(width_in(0, 272, 70000), 256); /* 273 full ones */
	assert_int_equal(width_in(0, 273, 70000), 112);
	assert_int_equal(width_in(0, 274, 70000), 0);
	assert_int_equal(width_in(1, 0, 70000), 256);
	assert_int_equal(width_in(1, 1, 70000), 17);
	assert_int_equal(width_in(1, 2, 70000), 0);
	assert_int_equal(width_in(2, 0, 70000), 1);
	assert_int_equal(width_in(3, 0, 70000), 0);
}

static void a_tree_of_256_has_a_full_tile_and_one_hash_above_it(void **state)
{
	(void)state;
	assert_int_equal(width_in(0, 0, 255), 255);
	assert_int_equal(width_in(1, 0, 255), 0);
	assert_int_equal(width_in(0, 0, 256), 256);
	assert_int_equal(width_in(0, 1, 256), 0);
	assert_int_equal(width_in(1, 0, 256), 1);
	assert_int_equal(width_in(0, 0, 0), 0);
}

static void tiles_at_the_far_end_do_not_wrap_around(void **state)
{
	(void)state;
	assert_int_equal(width_in(7, 0, INT64_MAX), 127);
	assert_int_equal(width_in(8, 0, INT64_MAX), 0);
	assert_int_equal(width_in(63, 0, INT64_MAX), 0);
	assert_int_equal(width_in(0, (UINT64_C(1) << 55) - 1, INT64_MAX), 255);
	assert_int_equal(width_in(0, UINT64_C(1) << 55, INT64_MAX), 0);
	assert_int_equal(width_in(0, UINT64_C(1) << 56, INT64_MAX), 0);
	assert_int_equal(width_in(0, UINT64_MAX, INT64_MAX), 0);
}

static void a_bundle_gives_its_entries_one_after_the_other(void **state)
{
	(void)state;
	static const uint8_t bundle[] = {0, 2, 'a', 'b', 0, 0, 0, 1, 'c'};
	const uint8_t *at = bundle, *end = bundle + sizeof bundle, *entry = NULL;
	size_t len = 99;
	assert_true(km_tile_next_entry(&at, end, &entry, &len));
	assert_ptr_equal(entry, bundle + 2);
	assert_int_equal(len, 2);
	assert_true(km_tile_next_entry(&at, end, &entry, &len));
	assert_int_equal(len, 0);
	assert_true(km_tile_next_entry(&at, end, &entry, &len));
	assert_ptr_equal(entry, bundle + 8);
	assert_int_equal(len, 1);
	assert_ptr_equal(at, end);
	assert_false(km_tile_next_entry(&at, end, &entry, &len));
	assert_ptr_equal(at, end);
}

/* Wherever it is cut: one byte of a length, too, is less than a length. */
static void a_bundle_that_breaks_off_has_no_entry(void **state)
{
	(void)state;
	static const uint8_t bundle[] = {0, 2, 'a', 'b'};
	for (size_t left = 0; left < sizeof bundle; left++) {
		const uint8_t *at = bundle, *entry = NULL;
		size_t len = 99;
		if (km_tile_next_entry(&at, bundle + left, &entry, &len))
			fail_msg("%zu bytes", left);
		assert_ptr_equal(at, bundle);
		assert_null(entry);
		assert_int_equal(len, 99);
	}
	const uint8_t *at = NULL, *entry = NULL;
	size_t len;
	assert_false(km_tile_next_entry(&at, NULL, &entry, &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(paths_are_read_and_written_alike),
		KM_TEST(every_tile_has_one_path_only),
		KM_TEST(a_tree_of_70000_has_the_tiles_of_the_standard),
		KM_TEST(a_tree_of_256_has_a_full_tile_and_one_hash_above_it),
		KM_TEST(tiles_at_the_far_end_do_not_wrap_around),
		KM_TEST(a_bundle_gives_its_entries_one_after_the_other),
		KM_TEST(a_bundle_that_breaks_off_has_no_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
