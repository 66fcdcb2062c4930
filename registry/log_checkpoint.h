/*
 * Checkpoints: what the registry has signed about its log, each kept for ever. A log that signs two that do not fit
 * each other has lied to someone; so nothing is offered for signing, and nothing kept, that does not fit the last.
 */
#ifndef KM_REGISTRY_LOG_CHECKPOINT_H
#define KM_REGISTRY_LOG_CHECKPOINT_H

#include "base/error.h"
#include "keys/checkpoint.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The body of a checkpoint of the log as it is now, for km_signer_checkpoint; the caller's (free). KM_IO, type
 * "log-damaged", where the log on disk does not begin with what the last checkpoint says. */
enum km_error km_log_checkpoint_body(struct km_store *store, char **ret_body, size_t *ret_len,
                                     struct km_problem *problem);

/* Keeps a signed note of such a body, inside the caller's transaction. Its signatures are not looked at.
 *   KM_MALFORMED  no note of a checkpoint, KM_TOO_LARGE
 *   KM_CONFLICT   "checkpoint-origin": of another log; "checkpoint-size": older than the last, or larger than the log;
 *                 "checkpoint-root": not of this tree
 *   KM_IO         "log-damaged", as above */
enum km_error km_log_checkpoint_put(struct km_store *store, const char *note, size_t len, int64_t now,
                                    struct km_problem *problem);

/* The last one that was kept. The note is the caller's (free); ret_note may be NULL. KM_ABSENT, type "no-checkpoint".
 */
enum km_error km_log_checkpoint_last(struct km_store *store, struct km_checkpoint *ret_checkpoint, char **ret_note,
                                     struct km_problem *problem);

/* What a note of a checkpoint says; its signatures are not looked at. KM_MALFORMED, KM_TOO_LARGE. */
enum km_error km_log_checkpoint_read(const char *note, size_t len, struct km_checkpoint *ret_checkpoint,
                                     struct km_problem *problem);

#endif
