/*
 * What people sign: a compact JWS, typ "keurmerk-submission+jwt", kid = thumbprint of the person's key, with claims
 *   iss  the same thumbprint            aud  the registry's url
 *   iat  when it was signed, seconds    jti  16 to 64 of A-Z a-z 0-9 - _, new for each
 *   type "audit", "decision", "case" or "person", and a member of that name with the content (doc/submissions.md).
 *
 * It is kept byte for byte. Its id, by which others refer to it, is base64url(SHA-256(bytes)).
 */
#ifndef KM_REGISTRY_SUBMISSION_H
#define KM_REGISTRY_SUBMISSION_H

#include "base/error.h"
#include "registry/number.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_SUBMISSION_MAX = 256 * 1024, /* bytes of the compact JWS */
	KM_SUBMISSION_PAST_S = 15 * 60, /* how old iat may be */
	KM_SUBMISSION_FUTURE_S = 60,    /* how far ahead of our clock */
	KM_SUBMISSION_ID_TEXT = 44,
};

struct km_outcome {
	char *reply;     /* JSON for the caller: {"id", "type", …}; owned, free with km_outcome_done */
	bool repeated;   /* these very bytes were accepted before: nothing was changed, reply is the first answer */
	int64_t mark_id; /* the mark that changed and needs a new credential; 0 where none */
	char number[KM_NUMBER_TEXT];
	bool whole_provider; /* and so do the provider's other marks */
};

/* Checks and applies a submission, inside the caller's transaction. On any error the caller rolls back.
 *   KM_TOO_LARGE, KM_MALFORMED            not a strict JWS or not JSON
 *   KM_UNPROVEN   "unknown-key", "revoked-key", "bad-signature", "audience-mismatch", "iat-stale", "iat-future"
 *   KM_FORBIDDEN  "role", "four-eyes", "other-body", "scheme-not-allowed"
 *   KM_CONFLICT   "jti-reused", "state", "audit-used", "mark-exists", "scheduled", "open-major", "overdue-minor",
 *                 "scheme-version", "surveillance-overdue", "transfer-used", "audit-purged", "provider-erased",
 *                 "transfer-closed", "case-closed", "has-key", "same-roles", "last-admin", "token-used", "no-link"
 *   KM_INVALID    "member" and what each rule names; "unknown-provider", "unknown-scheme", "unknown-audit",
 *                 "unknown-mark", "unknown-person", "unknown-key", "unknown-decision", "unknown-case",
 * "unknown-report", "audit-kind", "scope"
 */
enum km_error km_submission_accept(struct km_store *store, const char *bytes, size_t len, int64_t now,
                                   struct km_outcome *ret_outcome, struct km_problem *problem);

/* The same for an audit of the register itself, which makes it anew from what people signed: a mark that this makes
 * gets the number that it had. NULL: a new one. */
enum km_error km_submission_replay(struct km_store *store, const char *bytes, size_t len, int64_t now,
                                   const char *number, struct km_outcome *ret_outcome, struct km_problem *problem);

void km_outcome_done(struct km_outcome *outcome);

/* The bytes of an accepted one; the caller's (free). KM_ABSENT. */
enum km_error km_submission_get(struct km_store *store, const char *id, char **ret_bytes, size_t *ret_len,
                                struct km_problem *problem);

#endif
