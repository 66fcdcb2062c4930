/*
 * Merkle trees of RFC 6962 section 2.1 with SHA-256: roots, proofs and their verification. Pure: nothing here knows
 * where hashes are kept. Trees have less than 2^63 leaves.
 */
#ifndef KM_REGISTRY_MERKLE_H
#define KM_REGISTRY_MERKLE_H

#include "base/digest.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_PROOF_HASHES_MAX = 64 };

struct km_hash {
	uint8_t bytes[KM_SHA256_BYTES];
};

struct km_merkle_proof {
	struct km_hash hashes[KM_PROOF_HASHES_MAX]; /* the leaf's sibling first */
	size_t len;
};

/* The root of the tree without leaves, the hash of an entry, that of two subtrees beside each other. */
struct km_hash km_merkle_empty(void);
struct km_hash km_merkle_leaf(const void *entry, size_t len);
struct km_hash km_merkle_node(const struct km_hash *left, const struct km_hash *right);

/* Where the hashes of complete subtrees come from: that at (level, position) is the root of the 2^level leaves from
 * position * 2^level on. It is only asked for subtrees that are complete in the tree that is asked about. */
struct km_hashes {
	enum km_error (*get)(void *context, unsigned level, uint64_t position, struct km_hash *ret_hash,
	                     struct km_problem *problem);
	void *context;
};

/* The root of the first `size` leaves. At most 63 hashes are asked for. */
enum km_error km_merkle_root(const struct km_hashes *hashes, uint64_t size, struct km_hash *ret_root,
                             struct km_problem *problem);

/* That the leaf `index` is in the tree of `size` leaves. KM_INVALID where it is not. */
enum km_error km_merkle_inclusion(const struct km_hashes *hashes, uint64_t index, uint64_t size,
                                  struct km_merkle_proof *ret_proof, struct km_problem *problem);

/* That the tree of new_size leaves begins with that of old_size. Empty where old_size is 0 or new_size. KM_INVALID
 * where old_size is the larger. */
enum km_error km_merkle_consistency(const struct km_hashes *hashes, uint64_t old_size, uint64_t new_size,
                                    struct km_merkle_proof *ret_proof, struct km_problem *problem);

/* The proof, and no longer or shorter one, leads from the leaf to the root (RFC 9162 section 2.1.3.2). */
bool km_merkle_inclusion_holds(const struct km_merkle_proof *proof, const struct km_hash *leaf, uint64_t index,
                               uint64_t size, const struct km_hash *root);

/* The proof leads to both roots (RFC 9162 section 2.1.4.2). Every tree is consistent with the empty one and itself, by
 * the empty proof. */
bool km_merkle_consistency_holds(const struct km_merkle_proof *proof, uint64_t old_size, const struct km_hash *old_root,
                                 uint64_t new_size, const struct km_hash *new_root);

#endif
