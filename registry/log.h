/*
 * The transparency log on disk: entries, the Merkle tree over them (RFC 6962), and its tiles (C2SP tlog-tiles). It is
 * only ever added to, and what is in it is public for ever: no personal data.
 */
#ifndef KM_REGISTRY_LOG_H
#define KM_REGISTRY_LOG_H

#include "base/digest.h"
#include "base/error.h"
#include "registry/merkle.h"
#include "registry/store.h"
#include "registry/tile.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_LOG_ENTRY_MAX = 65535 }; /* bytes */

/* What an entry is about, each 0 where it is not. */
struct km_log_source {
	int64_t mark_id;           /* of whose history it is part */
	int64_t event_id;          /* what it tells of */
	int64_t submission;        /* sequence of the one that it commits to */
	int64_t record;            /* sequence of the last one that it commits to */
	const uint8_t *credential; /* SHA-256 of the one that it names; NULL where it names none */
};

/* Adds an entry, inside the caller's transaction. source may be NULL. The cost does not grow with the log. KM_INVALID
 * where it is empty, KM_TOO_LARGE. */
enum km_error km_log_append(struct km_store *store, const struct km_log_source *source, const void *entry, size_t len,
                            uint64_t *ret_index, struct km_problem *problem);

/* How many entries there are, also those that no checkpoint covers yet. */
enum km_error km_log_size(struct km_store *store, uint64_t *ret_size, struct km_problem *problem);

/* The bytes of an entry; the caller's (free). KM_ABSENT. */
enum km_error km_log_entry(struct km_store *store, uint64_t index, char **ret_bytes, size_t *ret_len,
                           struct km_problem *problem);

/* The last entry of the mark among the first `size`. KM_ABSENT. */
enum km_error km_log_mark_index(struct km_store *store, int64_t mark_id, uint64_t size, uint64_t *ret_index,
                                struct km_problem *problem);

/* The first entry, among the first `size`, that names the credential with this SHA-256: when it was known to the world
 * at the latest. KM_ABSENT. */
enum km_error km_log_credential_index(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES],
                                      uint64_t size, uint64_t *ret_index, struct km_problem *problem);

/* Of the first `size` entries, and no more than there are: KM_ABSENT, type "tree-size". */
enum km_error km_log_root(struct km_store *store, uint64_t size, struct km_hash *ret_root, struct km_problem *problem);

/* registry/merkle.h says what these prove, and what KM_INVALID means; KM_ABSENT as above. */
enum km_error km_log_inclusion(struct km_store *store, uint64_t index, uint64_t size, struct km_merkle_proof *ret_proof,
                               struct km_problem *problem);
enum km_error km_log_consistency(struct km_store *store, uint64_t old_size, uint64_t new_size,
                                 struct km_merkle_proof *ret_proof, struct km_problem *problem);

/* The bytes of a tile of hashes, or of a bundle of entries, each after its length as a big-endian uint16; the caller's
 * (free). Reads at most 256 rows. KM_ABSENT where the first `size` entries do not fill it: give the size of the last
 * checkpoint, for nothing beyond that is public. */
enum km_error km_log_tile(struct km_store *store, const struct km_tile *tile, uint64_t size, char **ret_bytes,
                          size_t *ret_len, struct km_problem *problem);

#endif
