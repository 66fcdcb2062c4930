#include "base/encode.h"
#include "registry/merkle.h"
#include "tests/test.h"

#include <stdlib.h>

/* Trees as RFC 6962 defines them, word for word and with no regard for cost: what ours is held against. */

enum { LEAVES_MAX = 1000, PAIRS_MAX = 70 };

static struct km_hash naive_node(struct km_hash left, struct km_hash right)
{
	uint8_t bytes[65] = {1};
	struct km_hash hash;
	memcpy(bytes + 1, left.bytes, 32);
	memcpy(bytes + 33, right.bytes, 32);
	km_sha256(bytes, sizeof bytes, hash.bytes);
	return hash;
}

static size_t naive_split(size_t n)
{
	size_t k = 1;
	while (k * 2 < n)
		k *= 2;
	return k;
}

static struct km_hash naive_root(const struct km_hash *leaves, size_t n)
{
	size_t k = naive_split(n);
	return n == 1 ? leaves[0] : naive_node(naive_root(leaves, k), naive_root(leaves + k, n - k));
}

static void naive_path(const struct km_hash *leaves, size_t m, size_t n, struct km_merkle_proof *proof)
{
	if (n == 1)
		return;
	size_t k = naive_split(n);
	if (m < k) {
		naive_path(leaves, m, k, proof);
		proof->hashes[proof->len++] = naive_root(leaves + k, n - k);
	} else {
		naive_path(leaves + k, m - k, n - k, proof);
		proof->hashes[proof->len++] = naive_root(leaves, k);
	}
}

static void naive_subproof(const struct km_hash *leaves, size_t m, size_t n, bool known, struct km_merkle_proof *proof)
{
	size_t k = naive_split(n);
	if (m == n) {
		if (!known)
			proof->hashes[proof->len++] = naive_root(leaves, n);
	} else if (m <= k) {
		naive_subproof(leaves, m, k, known, proof);
		proof->hashes[proof->len++] = naive_root(leaves + k, n - k);
	} else {
		naive_subproof(leaves + k, m - k, n - k, false, proof);
		proof->hashes[proof->len++] = naive_root(leaves, k);
	}
}

/* What our functions read: the roots of complete subtrees, and none other. */
struct forest {
	size_t size;
	struct km_hash leaves[LEAVES_MAX];
	size_t asked; /* how often */
};

static enum km_error forest_get(void *context, unsigned level, uint64_t position, struct km_hash *ret_hash,
                                struct km_problem *problem)
{
	(void)problem;
	struct forest *forest = context;
	forest->asked++;
	assert_in_range(level, 0, 20);
	assert_true(((position + 1) << level) <= forest->size);
	*ret_hash = naive_root(forest->leaves + (position << level), (size_t)1 << level);
	return KM_OK;
}

static struct forest *plant(size_t size, uint32_t seed)
{
	struct forest *forest = calloc(1, sizeof *forest);
	assert_non_null(forest);
	forest->size = size;
	for (size_t i = 0; i < size; i++) {
		uint8_t entry[8];
		for (size_t j = 0; j < sizeof entry; j++)
			entry[j] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		forest->leaves[i] = km_merkle_leaf(entry, 1 + i % sizeof entry);
	}
	return forest;
}

static bool same(const struct km_hash *a, const struct km_hash *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void assert_same_proof(const struct km_merkle_proof *proof, const struct km_merkle_proof *expected)
{
	assert_int_equal(proof->len, expected->len);
	assert_memory_equal(proof->hashes, expected->hashes, expected->len * sizeof(struct km_hash));
}

static void check_root(struct forest *forest, size_t size)
{
	struct km_hashes hashes = {forest_get, forest};
	struct km_hash root, expected = naive_root(forest->leaves, size);
	struct km_problem problem = {0};
	assert_ok(km_merkle_root(&hashes, size, &root, &problem), &problem);
	assert_true(same(&root, &expected));
}

static void check_inclusion(struct forest *forest, size_t index, size_t size)
{
	struct km_hashes hashes = {forest_get, forest};
	struct km_merkle_proof proof, expected = {.len = 0};
	struct km_hash root = naive_root(forest->leaves, size), *leaf = &forest->leaves[index];
	struct km_problem problem = {0};
	assert_ok(km_merkle_inclusion(&hashes, index, size, &proof, &problem), &problem);
	naive_path(forest->leaves, index, size, &expected);
	assert_same_proof(&proof, &expected);
	assert_true(km_merkle_inclusion_holds(&proof, leaf, index, size, &root));
	/* Anything else does not hold. */
	struct km_hash other = root;
	other.bytes[31] ^= 1;
	assert_false(km_merkle_inclusion_holds(&proof, leaf, index, size, &other));
	assert_false(km_merkle_inclusion_holds(&proof, &other, index, size, &root));
	assert_false(km_merkle_inclusion_holds(&proof, leaf, size, size, &root));
	if (size > 1)
		assert_false(km_merkle_inclusion_holds(&proof, leaf, index ? index - 1 : index + 1, size, &root));
	struct km_merkle_proof wrong = proof;
	wrong.hashes[wrong.len++] = root;
	assert_false(km_merkle_inclusion_holds(&wrong, leaf, index, size, &root));
	for (size_t i = 0; i < proof.len; i++) {
		wrong = proof;
		wrong.hashes[i].bytes[i] ^= 0x80;
		assert_false(km_merkle_inclusion_holds(&wrong, leaf, index, size, &root));
		wrong = proof;
		wrong.len = i;
		assert_false(km_merkle_inclusion_holds(&wrong, leaf, index, size, &root));
	}
}

static void check_consistency(struct forest *forest, size_t old_size, size_t size)
{
	struct km_hashes hashes = {forest_get, forest};
	struct km_merkle_proof proof, expected = {.len = 0};
	struct km_hash old_root = naive_root(forest->leaves, old_size), root = naive_root(forest->leaves, size);
	struct km_problem problem = {0};
	assert_ok(km_merkle_consistency(&hashes, old_size, size, &proof, &problem), &problem);
	naive_subproof(forest->leaves, old_size, size, true, &expected);
	assert_same_proof(&proof, &expected);
	assert_true(km_merkle_consistency_holds(&proof, old_size, &old_root, size, &root));
	struct km_hash other = root, other_old = old_root;
	other.bytes[0] ^= 1;
	other_old.bytes[0] ^= 1;
	assert_false(km_merkle_consistency_holds(&proof, old_size, &old_root, size, &other));
	assert_false(km_merkle_consistency_holds(&proof, old_size, &other_old, size, &root));
	assert_false(km_merkle_consistency_holds(&proof, size + 1, &old_root, size, &root));
	struct km_merkle_proof wrong = proof;
	wrong.hashes[wrong.len++] = root;
	assert_false(km_merkle_consistency_holds(&wrong, old_size, &old_root, size, &root));
	for (size_t i = 0; i < proof.len; i++) {
		wrong = proof;
		wrong.hashes[i].bytes[i] ^= 0x80;
		assert_false(km_merkle_consistency_holds(&wrong, old_size, &old_root, size, &root));
		wrong = proof;
		wrong.len = i;
		assert_false(km_merkle_consistency_holds(&wrong, old_size, &old_root, size, &root));
	}
}

static void all_trees_up_to_70_leaves_are_those_of_the_rfc(void **state)
{
	(void)state;
	struct forest *forest = plant(PAIRS_MAX, 1);
	for (size_t size = 1; size <= PAIRS_MAX; size++) {
		check_root(forest, size);
		for (size_t index = 0; index < size; index++) {
			check_inclusion(forest, index, size);
			check_consistency(forest, index + 1, size);
		}
	}
	free(forest);
}

static void larger_trees_are_those_of_the_rfc(void **state)
{
	(void)state;
	struct forest *forest = plant(LEAVES_MAX, 20261124);
	uint32_t seed = 7;
	for (int i = 0; i < 200; i++) {
		seed = seed * 1664525 + 1013904223;
		size_t size = 1 + (seed >> 8) % LEAVES_MAX;
		seed = seed * 1664525 + 1013904223;
		size_t index = (seed >> 8) % size;
		check_root(forest, size);
		check_inclusion(forest, index, size);
		check_consistency(forest, index + 1, size);
	}
	free(forest);
}

static void the_cost_of_a_proof_grows_with_the_height_of_the_tree(void **state)
{
	(void)state;
	struct forest *forest = plant(LEAVES_MAX, 3);
	struct km_hashes hashes = {forest_get, forest};
	struct km_merkle_proof proof;
	struct km_problem problem = {0};
	for (size_t index = 0; index < LEAVES_MAX; index += 37) {
		forest->asked = 0;
		assert_ok(km_merkle_inclusion(&hashes, index, LEAVES_MAX, &proof, &problem), &problem);
		assert_in_range(forest->asked, 1, 20); /* twice the height */
	}
	free(forest);
}

static void the_empty_tree_is_the_start_of_every_other_and_holds_nothing(void **state)
{
	(void)state;
	struct forest *forest = plant(5, 4);
	struct km_hashes hashes = {forest_get, forest};
	struct km_merkle_proof proof = {.len = 9};
	struct km_problem problem = {0};
	struct km_hash empty, root = naive_root(forest->leaves, 5);
	assert_ok(km_merkle_root(&hashes, 0, &empty, &problem), &problem);
	char *text;
	struct km_buf hex = KM_BUF_EMPTY;
	km_encode(KM_HEX, empty.bytes, 32, &hex);
	text = km_buf_take(&hex, NULL);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	free(text);
	assert_ok(km_merkle_consistency(&hashes, 0, 5, &proof, &problem), &problem);
	assert_int_equal(proof.len, 0);
	assert_true(km_merkle_consistency_holds(&proof, 0, &empty, 5, &root));
	assert_false(km_merkle_consistency_holds(&proof, 0, &root, 5, &root));
	assert_true(km_merkle_consistency_holds(&proof, 0, &empty, 0, &empty));
	assert_false(km_merkle_consistency_holds(&proof, 0, &empty, 0, &root));
	assert_true(km_merkle_consistency_holds(&proof, 5, &root, 5, &root));
	assert_false(km_merkle_consistency_holds(&proof, 5, &empty, 5, &root));
	assert_false(km_merkle_inclusion_holds(&proof, &empty, 0, 0, &empty));
	assert_problem(km_merkle_inclusion(&hashes, 0, 0, &proof, &problem), &problem, KM_INVALID, "tree-size");
	assert_problem(km_merkle_inclusion(&hashes, 5, 5, &proof, &problem), &problem, KM_INVALID, "tree-size");
	assert_problem(km_merkle_consistency(&hashes, 6, 5, &proof, &problem), &problem, KM_INVALID, "tree-size");
	free(forest);
}

static void sizes_of_2_to_the_63_are_refused(void **state)
{
	(void)state;
	struct km_hashes hashes = {forest_get, NULL};
	struct km_merkle_proof proof = {.len = 0};
	struct km_problem problem = {0};
	struct km_hash hash = km_merkle_empty();
	const uint64_t end = UINT64_C(1) << 63;
	assert_problem(km_merkle_inclusion(&hashes, 0, end, &proof, &problem), &problem, KM_INVALID, "tree-size");
	assert_problem(km_merkle_consistency(&hashes, 1, end, &proof, &problem), &problem, KM_INVALID, "tree-size");
	assert_false(km_merkle_inclusion_holds(&proof, &hash, 0, end, &hash));
	assert_false(km_merkle_consistency_holds(&proof, end, &hash, end, &hash));
	proof.len = KM_PROOF_HASHES_MAX + 1;
	assert_false(km_merkle_inclusion_holds(&proof, &hash, 0, 1, &hash));
	assert_false(km_merkle_consistency_holds(&proof, 1, &hash, 2, &hash));
}

/* The eight entries, roots and proofs with which the implementations of Certificate Transparency test. */

static const char *const entries[] = {
	"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
};
static const char *const roots[] = {
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
/* first: the leaf, or the old size. */
struct vector {
	uint64_t first, size;
	const char *hashes[4];
};
static const struct vector inclusions[] = {
	{0, 1, {NULL}},
	{0, 2, {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"}},
	{1, 2, {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"}},
	{2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
	{1,
     5,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
	{0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
	{5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
};
static const struct vector consistencies[] = {
	{1, 1, {NULL}},
	{1,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
	{2,
     5,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
	{6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
};

static struct km_hash from_hex(const char *text)
{
	struct km_hash hash;
	assert_true(km_decode_exact(KM_HEX, text, strlen(text), hash.bytes, sizeof hash.bytes));
	return hash;
}

static struct forest *plant_vectors(void)
{
	struct forest *forest = calloc(1, sizeof *forest);
	assert_non_null(forest);
	forest->size = sizeof entries / sizeof *entries;
	for (size_t i = 0; i < forest->size; i++) {
		uint8_t entry[16];
		size_t len = strlen(entries[i]) / 2;
		assert_true(km_decode_exact(KM_HEX, entries[i], 2 * len, entry, len));
		forest->leaves[i] = km_merkle_leaf(entry, len);
	}
	return forest;
}

static void assert_vector(const struct km_merkle_proof *proof, const struct vector *vector)
{
	size_t len = 0;
	for (; len < 4 && vector->hashes[len]; len++) {
		struct km_hash expected = from_hex(vector->hashes[len]);
		assert_true(len < proof->len && same(&proof->hashes[len], &expected));
	}
	assert_int_equal(proof->len, len);
}

static void roots_and_proofs_are_those_of_certificate_transparency(void **state)
{
	(void)state;
	struct forest *forest = plant_vectors();
	struct km_hashes hashes = {forest_get, forest};
	struct km_problem problem = {0};
	struct km_merkle_proof proof;
	for (size_t size = 1; size <= forest->size; size++) {
		struct km_hash root, expected = from_hex(roots[size - 1]);
		assert_ok(km_merkle_root(&hashes, size, &root, &problem), &problem);
		assert_true(same(&root, &expected));
	}
	for (size_t i = 0; i < sizeof inclusions / sizeof *inclusions; i++) {
		const struct vector *vector = &inclusions[i];
		struct km_hash root = from_hex(roots[vector->size - 1]);
		assert_ok(km_merkle_inclusion(&hashes, vector->first, vector->size, &proof, &problem), &problem);
		assert_vector(&proof, vector);
		assert_true(
			km_merkle_inclusion_holds(&proof, &forest->leaves[vector->first], vector->first, vector->size, &root));
	}
	for (size_t i = 0; i < sizeof consistencies / sizeof *consistencies; i++) {
		const struct vector *vector = &consistencies[i];
		struct km_hash old_root = from_hex(roots[vector->first - 1]), root = from_hex(roots[vector->size - 1]);
		assert_ok(km_merkle_consistency(&hashes, vector->first, vector->size, &proof, &problem), &problem);
		assert_vector(&proof, vector);
		assert_true(km_merkle_consistency_holds(&proof, vector->first, &old_root, vector->size, &root));
	}
	free(forest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(roots_and_proofs_are_those_of_certificate_transparency),
		KM_TEST(all_trees_up_to_70_leaves_are_those_of_the_rfc),
		KM_TEST(larger_trees_are_those_of_the_rfc),
		KM_TEST(the_cost_of_a_proof_grows_with_the_height_of_the_tree),
		KM_TEST(the_empty_tree_is_the_start_of_every_other_and_holds_nothing),
		KM_TEST(sizes_of_2_to_the_63_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
