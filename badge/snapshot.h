/*
 * The signed snapshot of the whole register, /register.jwt, read back: which number it has, until when it says what is
 * so, and the digests of the register's rows and, in a mirror, of the parts that name all its files (doc/formats.md).
 */
#ifndef KM_BADGE_SNAPSHOT_H
#define KM_BADGE_SNAPSHOT_H

#include "base/digest.h"
#include "base/error.h"
#include "keys/keyset.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_SNAPSHOT_MAX = 1 << 20 }; /* bytes of the token */

struct km_snapshot {
	json_t *payload; /* owned */
	uint64_t sequence;
	int64_t rows, issued_at;
	int64_t next_update;             /* the last second of which it says anything; not beyond its own expiry */
	uint8_t digest[KM_SHA256_BYTES]; /* of /register.jsonl */
	const json_t *parts; /* name: SHA-256 in hexadecimal; borrowed from the payload; NULL where there are none */
};

/* Reads one that a key of `trust` for states has signed. KM_MALFORMED; KM_UNPROVEN, type "snapshot-unproven", where it
 * is not by that registry, or not by such a key; KM_INVALID, type "snapshot-early", where it is from the future. It
 * does not look whether it is old: compare next_update. Free with km_snapshot_done, also a zeroed one. */
enum km_error km_snapshot_read(const char *token, size_t len, const struct km_keyset *trust, int64_t now,
                               struct km_snapshot *ret_snapshot, struct km_problem *problem);
void km_snapshot_done(struct km_snapshot *snapshot);

#endif
