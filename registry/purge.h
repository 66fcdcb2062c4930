/*
 * Taking away, for good, what people signed: the bytes and what follows from them and is not public. What is left is
 * that it was there, when, by whose key, and the digest of the bytes, which is its id; of an audit, what the history of
 * its mark tells and whose it was; of a decision, all but its text. A row of `purge` says so, and since nothing signed
 * vouches for what is left, each row of that is noted (registry/record.h); so the log still commits to all of it.
 */
#ifndef KM_REGISTRY_PURGE_H
#define KM_REGISTRY_PURGE_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

struct km_purge {
	const char *submission_id;
	const char *record_id; /* the audit (not a follow-up to it), the case or the decision that it is part of */
	const char *why;     /* "retention": nobody has to keep it any longer; "erasure": it names who must be forgotten */
	int64_t provider_id; /* whose cycle counts; 0 for nobody's */
	const char *scheme_id; /* NULL for nobody's */
	int64_t last_at;       /* when something was last added to that record */
};

/* Inside a transaction, in which the caller has seen that it may go (registry/retention.h). KM_CONFLICT where it was
 * purged before. */
enum km_error km_purge(struct km_store *store, const struct km_purge *purge, int64_t now, struct km_problem *problem);

/* Whether it was. */
enum km_error km_purged(struct km_store *store, const char *submission_id, bool *ret_purged,
                        struct km_problem *problem);

/* KM_CONFLICT "audit-purged" where nothing can rest any more on this audit, which `member` of a submission names. */
enum km_error km_purged_refuse(struct km_store *store, const char *audit_id, const char *member,
                               struct km_problem *problem);

#endif
