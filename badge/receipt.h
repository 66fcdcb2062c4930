/*
 * The receipt of a supplier check: what the register said of each company on a customer's list at one moment, signed.
 * The customer keeps it as evidence of due diligence; years later it still proves what was asked and what was answered.
 *
 * A compact JWS, typ "keurmerk-receipt+jwt", kid = thumbprint, with claims
 *   iss      the registry's url          iat  the moment of the answers, seconds
 *   jti      random, base64url           counts  how many rows have each answer
 *   results  one object for each row: doc/formats.md
 */
#ifndef KM_BADGE_RECEIPT_H
#define KM_BADGE_RECEIPT_H

#include "badge/verify.h"
#include "base/error.h"
#include "keys/keyset.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_RECEIPT_TOKEN_MAX = 6 << 20 }; /* bytes */

/* The payload for KM_FORM_RECEIPT; the arrays are borrowed. The text is the caller's (free). */
enum km_error km_receipt_payload(const json_t *results, const json_t *counts, const char *url, int64_t now,
                                 char **ret_payload, struct km_problem *problem);

/* Verifies one: false, and nothing done, where the bytes are no receipt. Else the verdict is written: genuine where a
 * key that the registry published for receipts, and used at that moment, signed it. */
bool km_receipt_verify(const char *bytes, size_t len, const struct km_keyset *trust, int64_t now,
                       struct km_verdict *ret_verdict);

#endif
