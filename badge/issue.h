/*
 * What a mark shows, signed: its credential in both forms and the token of its QR code; of many marks together.
 */
#ifndef KM_BADGE_ISSUE_H
#define KM_BADGE_ISSUE_H

#include "base/buf.h"
#include "base/error.h"
#include "keys/keyset.h"
#include "keys/signer.h"
#include "registry/store.h"

#include <stdint.h>

/* Makes it anew for the marks with these numbers, each with its NUL, and keeps it, in the transaction of the caller.
 * Adds the numbers of those that got something to `issued` likewise. One that is withdrawn or expired gets nothing new:
 * what was signed before stays as it is, and the status lists say the rest. */
enum km_error km_issue_marks(struct km_store *store, struct km_signer *signer, const struct km_buf *numbers,
                             int64_t now, struct km_buf *issued, struct km_problem *problem);

/* The thumbprint of the key that signed a credential, which the signer alone knows. */
enum km_error km_issue_signed_by(const char *token, const char *url, char ret_thumbprint[static KM_THUMBPRINT_TEXT],
                                 struct km_problem *problem);

#endif
