/*
 * Credentials by the key that signed them: which are to be signed anew, and until when what a key signed is valid.
 */
#ifndef KM_REGISTRY_CREDENTIAL_KEY_H
#define KM_REGISTRY_CREDENTIAL_KEY_H

#include "base/buf.h"
#include "base/error.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

/* Adds to the buffer, each with a NUL behind it, the numbers of at most `limit` marks whose newest credential was
 * signed by another key than this one, and that are neither withdrawn nor past their last day at `at`. */
enum km_error km_credentials_by_others(struct km_store *store, const char *thumbprint, int64_t at, size_t limit,
                                       struct km_buf *ret_numbers, struct km_problem *problem);

/* How many they are. */
enum km_error km_credentials_by_others_count(struct km_store *store, const char *thumbprint, int64_t at,
                                             int64_t *ret_count, struct km_problem *problem);

/* The last second in which a credential, or a QR code, that was signed at this moment or before may be valid; 0 where
 * there is none. */
enum km_error km_credentials_valid_until(struct km_store *store, int64_t signed_until, int64_t *ret_until,
                                         struct km_problem *problem);

#endif
