/*
 * Inside registry/ only: rows taken over from a register into one in which everything else is made anew.
 */
#ifndef KM_REGISTRY_FSCK_COPY_H
#define KM_REGISTRY_FSCK_COPY_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

/* The rows of reference that were noted in the records after `from`, up to `to`, as they are now; a key that was
 * revoked later is not yet revoked. *ret_fits: the chain up to there is this one. A row that does not fit the register
 * is left out. */
enum km_error km_fsck_copy_records(struct km_store *store, struct km_store *fresh, int64_t from, int64_t to,
                                   const char *chain, bool *ret_fits, struct km_problem *problem);

/* One row, where it is there and fits. */
enum km_error km_fsck_copy_submission(struct km_store *store, struct km_store *fresh, int64_t sequence,
                                      struct km_problem *problem);
/* What is left of a submission that was purged, its event apart: where it is there and fits. */
enum km_error km_fsck_copy_purged(struct km_store *store, struct km_store *fresh, const char *id, int64_t sequence,
                                  struct km_problem *problem);
enum km_error km_fsck_copy_mark(struct km_store *store, struct km_store *fresh, const char *number,
                                struct km_problem *problem);
enum km_error km_fsck_copy_event(struct km_store *store, struct km_store *fresh, int64_t id,
                                 struct km_problem *problem);

#endif
