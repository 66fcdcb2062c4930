/*
 * Which marks need a new credential: the register says something of them that the one they have does not.
 */
#ifndef KM_REGISTRY_CREDENTIAL_DUE_H
#define KM_REGISTRY_CREDENTIAL_DUE_H

#include "base/buf.h"
#include "base/error.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

/* Adds to the buffer, each with a NUL behind it, the numbers of at most `limit` marks, by their place in the register,
 * that have come into another period since their credential was signed, or have none yet, and that are neither
 * withdrawn nor past their last day at `at`. */
enum km_error km_credential_due(struct km_store *store, int64_t at, size_t limit, struct km_buf *ret_numbers,
                                struct km_problem *problem);

/* Adds likewise the numbers of all marks of the provider that holds this one, itself included. */
enum km_error km_credential_siblings(struct km_store *store, int64_t mark_id, struct km_buf *ret_numbers,
                                     struct km_problem *problem);

#endif
