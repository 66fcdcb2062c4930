/*
 * Proofs that something is in a log, which can be checked without any network (c2sp.org/tlog-proof@v1): an index, an
 * inclusion proof and the signed checkpoint that it leads to.
 *
 * Ours carry the entry itself as their extra data, so that one file is all that is needed. Extra data is not under the
 * signature; the entry is, by its hash.
 */
#ifndef KM_REGISTRY_TLOG_PROOF_H
#define KM_REGISTRY_TLOG_PROOF_H

#include "base/buf.h"
#include "base/error.h"
#include "keys/checkpoint.h"
#include "keys/note.h"
#include "registry/merkle.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_TLOG_PROOF_MAX = KM_NOTE_MAX + (1 << 18) }; /* bytes of a whole file */

struct km_tlog_proof {
	char *extra; /* bytes; owned; NULL where there are none */
	size_t extra_len;
	uint64_t index;
	struct km_merkle_proof path;
	const char *note; /* the signed checkpoint; borrowed */
	size_t note_len;
};

/* Adds the text of a proof. */
void km_tlog_proof_format(const struct km_tlog_proof *proof, struct km_buf *buf);

/* Reads one, which must outlive the proof. KM_MALFORMED, KM_TOO_LARGE. Free with km_tlog_proof_done. */
enum km_error km_tlog_proof_parse(const char *text, size_t len, struct km_tlog_proof *ret_proof,
                                  struct km_problem *problem);
void km_tlog_proof_done(struct km_tlog_proof *proof);
#define auto_tlog_proof __attribute__((cleanup(km_tlog_proof_done)))

/* That this entry is in the log with this key, whose name is its origin, as the checkpoint in the proof says. What
 * km_note_verify and km_checkpoint_parse return; KM_UNPROVEN, type "other-log" or "not-in-log". ret_checkpoint may be
 * NULL. */
enum km_error km_tlog_proof_verify(const struct km_tlog_proof *proof, const void *entry, size_t entry_len,
                                   const struct km_note_verifier *log, struct km_checkpoint *ret_checkpoint,
                                   struct km_problem *problem);

/* The proof of the mark's last event that the last checkpoint covers, with that entry as its extra data; the caller's
 * (free). KM_ABSENT. */
enum km_error km_tlog_proof_of_mark(struct km_store *store, int64_t mark_id, char **ret_text, size_t *ret_len,
                                    struct km_problem *problem);

/* The same of the first entry that names the credential with this SHA-256. */
enum km_error km_tlog_proof_of_credential(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES],
                                          char **ret_text, size_t *ret_len, struct km_problem *problem);

#endif
