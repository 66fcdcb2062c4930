#include "registry/merkle.h"

#include <inttypes.h>
#include <string.h>

struct km_hash km_merkle_empty(void)
{
	struct km_hash hash;
	km_sha256("", 0, hash.bytes);
	return hash;
}

struct km_hash km_merkle_leaf(const void *entry, size_t len)
{
	struct km_hash hash;
	km_sha256_two("\x00", 1, entry, len, hash.bytes);
	return hash;
}

struct km_hash km_merkle_node(const struct km_hash *left, const struct km_hash *right)
{
	uint8_t children[1 + 2 * KM_SHA256_BYTES] = {0x01};
	memcpy(children + 1, left->bytes, KM_SHA256_BYTES);
	memcpy(children + 1 + KM_SHA256_BYTES, right->bytes, KM_SHA256_BYTES);
	struct km_hash hash;
	km_sha256(children, sizeof children, hash.bytes);
	return hash;
}

static bool same(const struct km_hash *a, const struct km_hash *b)
{
	return memcmp(a->bytes, b->bytes, KM_SHA256_BYTES) == 0;
}

/* The root of `len` leaves, at least one, from `start`, which is a multiple of a power of two that is not under len:
 * one complete subtree for each bit of len, joined from the right. */
static enum km_error range_root(const struct km_hashes *hashes, uint64_t start, uint64_t len, struct km_hash *ret_root,
                                struct km_problem *problem)
{
	struct km_hash root;
	bool begun = false;
	for (unsigned level = 0; len >> level; level++) {
		if (!(len >> level & 1))
			continue;
		uint64_t position = (start >> level) + (len >> level) - 1;
		struct km_hash subtree;
		enum km_error error = hashes->get(hashes->context, level, position, &subtree, problem);
		if (error)
			return error;
		root = begun ? km_merkle_node(&subtree, &root) : subtree;
		begun = true;
	}
	*ret_root = root;
	return KM_OK;
}

enum km_error km_merkle_root(const struct km_hashes *hashes, uint64_t size, struct km_hash *ret_root,
                             struct km_problem *problem)
{
	if (size)
		return range_root(hashes, 0, size, ret_root, problem);
	*ret_root = km_merkle_empty();
	return KM_OK;
}

/* A subtree on the way down from the root. */
struct range {
	uint64_t start, len;
};

/* How many leaves are in the left half of a tree of len, more than one: the largest power of two under len. */
static uint64_t split(uint64_t len)
{
	uint64_t left = 1;
	while (left < len - left)
		left *= 2;
	return left;
}

/* Goes down into one half of the range and takes the root of the other into the proof. */
static enum km_error descend(const struct km_hashes *hashes, bool to_the_right, struct range *range,
                             struct km_merkle_proof *proof, struct km_problem *problem)
{
	uint64_t left = split(range->len);
	struct range right = {range->start + left, range->len - left};
	struct range taken = to_the_right ? (struct range){range->start, left} : right;
	enum km_error error = range_root(hashes, taken.start, taken.len, &proof->hashes[proof->len], problem);
	if (error)
		return error;
	proof->len++;
	*range = to_the_right ? right : (struct range){range->start, left};
	return KM_OK;
}

/* Proofs are made from the root down and written from the leaf up. */
static void reverse(const struct km_merkle_proof *proof, struct km_merkle_proof *ret_proof)
{
	ret_proof->len = proof->len;
	for (size_t i = 0; i < proof->len; i++)
		ret_proof->hashes[i] = proof->hashes[proof->len - 1 - i];
}

enum km_error km_merkle_inclusion(const struct km_hashes *hashes, uint64_t index, uint64_t size,
                                  struct km_merkle_proof *ret_proof, struct km_problem *problem)
{
	if (index >= size || size > INT64_MAX)
		return km_fail(problem, KM_INVALID, "tree-size", "a log of %" PRIu64 " entries has none with number %" PRIu64,
		               size, index);
	enum km_error error = KM_OK;
	struct km_merkle_proof proof = {.len = 0};
	struct range range = {0, size};
	while (!error && range.len > 1)
		error = descend(hashes, index >= range.start + split(range.len), &range, &proof, problem);
	if (!error)
		reverse(&proof, ret_proof);
	return error;
}

enum km_error km_merkle_consistency(const struct km_hashes *hashes, uint64_t old_size, uint64_t new_size,
                                    struct km_merkle_proof *ret_proof, struct km_problem *problem)
{
	if (old_size > new_size || new_size > INT64_MAX)
		return km_fail(problem, KM_INVALID, "tree-size",
		               "a log of %" PRIu64 " entries cannot begin with one of %" PRIu64, new_size, old_size);
	enum km_error error = KM_OK;
	struct km_merkle_proof proof = {.len = 0};
	struct range range = {0, old_size ? new_size : 0};
	bool whole = true; /* the range ends where the old tree does, and is all of it */
	while (!error && range.start + range.len > old_size) {
		bool to_the_right = old_size > range.start + split(range.len);
		whole = whole && !to_the_right;
		error = descend(hashes, to_the_right, &range, &proof, problem);
	}
	if (!error && !whole)
		error = range_root(hashes, range.start, range.len, &proof.hashes[proof.len++], problem);
	if (!error)
		reverse(&proof, ret_proof);
	return error;
}

/* A place in the tree as the numbers of its node and of the last node on its level. */
struct climb {
	uint64_t node, last;
};

static void climb_one(struct climb *climb)
{
	climb->node >>= 1;
	climb->last >>= 1;
}

/* A last node without a sibling stands, one level up, for itself. */
static void climb_past_lone(struct climb *climb)
{
	while (climb->node && !(climb->node & 1))
		climb_one(climb);
	climb_one(climb);
}

static bool has_left_sibling(const struct climb *climb)
{
	return climb->node & 1 || climb->node == climb->last;
}

bool km_merkle_inclusion_holds(const struct km_merkle_proof *proof, const struct km_hash *leaf, uint64_t index,
                               uint64_t size, const struct km_hash *root)
{
	if (index >= size || size > INT64_MAX || proof->len > KM_PROOF_HASHES_MAX)
		return false;
	struct climb climb = {index, size - 1};
	struct km_hash hash = *leaf;
	for (size_t i = 0; i < proof->len; i++) {
		if (climb.last == 0)
			return false;
		if (has_left_sibling(&climb)) {
			hash = km_merkle_node(&proof->hashes[i], &hash);
			climb_past_lone(&climb);
		} else {
			hash = km_merkle_node(&hash, &proof->hashes[i]);
			climb_one(&climb);
		}
	}
	return climb.last == 0 && same(&hash, root);
}

bool km_merkle_consistency_holds(const struct km_merkle_proof *proof, uint64_t old_size, const struct km_hash *old_root,
                                 uint64_t new_size, const struct km_hash *new_root)
{
	if (old_size > new_size || new_size > INT64_MAX || proof->len > KM_PROOF_HASHES_MAX)
		return false;
	struct km_hash empty = km_merkle_empty();
	if ((old_size == 0 && !same(old_root, &empty)) || (new_size == 0 && !same(new_root, &empty)))
		return false;
	if (old_size == 0 || old_size == new_size)
		return proof->len == 0 && (old_size == 0 || same(old_root, new_root));
	/* Up to the largest complete subtree that ends where the old tree does; where that is all of the old tree, its root
	 * is known and not in the proof. */
	struct climb climb = {old_size - 1, new_size - 1};
	while (climb.node & 1)
		climb_one(&climb);
	size_t i = 0;
	if (climb.node && proof->len == 0)
		return false;
	struct km_hash old_hash = climb.node ? proof->hashes[i++] : *old_root, new_hash = old_hash;
	for (; i < proof->len; i++) {
		if (climb.last == 0)
			return false;
		if (has_left_sibling(&climb)) {
			old_hash = km_merkle_node(&proof->hashes[i], &old_hash);
			new_hash = km_merkle_node(&proof->hashes[i], &new_hash);
			climb_past_lone(&climb);
		} else {
			new_hash = km_merkle_node(&new_hash, &proof->hashes[i]);
			climb_one(&climb);
		}
	}
	return climb.last == 0 && same(&old_hash, old_root) && same(&new_hash, new_root);
}
