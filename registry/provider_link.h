/*
 * Links that a certification body hands out to a provider: whoever has one sees the provider's marks and what is due,
 * and needs no account. Only the digest of the token in it is kept. A body has one link at most to each provider: a new
 * one ends the one before.
 */
#ifndef KM_REGISTRY_PROVIDER_LINK_H
#define KM_REGISTRY_PROVIDER_LINK_H

#include "base/error.h"
#include "registry/acting.h"
#include "registry/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_LINK_DAYS = 400,      /* a year, and time to come and audit again */
	KM_LINK_TOKEN_TEXT = 33, /* 128 random bits in hex, which no mail program cuts off */
	KM_LINK_FINDINGS_MAX = 500,
};

/* Checks and carries out the "link" member of a submission (doc/submissions.md), inside its transaction. Of one that is
 * replayed only the form is checked: links are reference. KM_FORBIDDEN "other-body" where the body neither audited the
 * provider nor holds a mark of it; KM_INVALID "member", "unknown-provider"; KM_CONFLICT "token-used", "no-link". */
enum km_error km_provider_link_apply(struct km_store *store, const struct km_acting *acting, const json_t *content,
                                     json_t *reply, struct km_problem *problem);

/* The same for the operator; the token is made here, and kept nowhere. Inside a transaction. KM_ABSENT "unknown-body",
 * "unknown-provider"; KM_FORBIDDEN "other-body"; KM_CONFLICT "no-link". */
enum km_error km_provider_link_make(struct km_store *store, const char *body_slug, const char *kvk, int64_t now,
                                    char ret_token[static KM_LINK_TOKEN_TEXT], int64_t *ret_expires_at,
                                    struct km_problem *problem);
enum km_error km_provider_link_withdraw(struct km_store *store, const char *body_slug, const char *kvk, int64_t now,
                                        struct km_problem *problem);

/* Ends those that this key signed for: whoever stole it may have made them. Inside a transaction. */
enum km_error km_provider_link_end_of_key(struct km_store *store, const char *thumbprint, int64_t now,
                                          struct km_problem *problem);

struct km_provider_link {
	int64_t provider_id, body_id, made_at, expires_at;
};

/* What the token opens. KM_ABSENT "unknown-link": never made, withdrawn and expired get one answer. */
enum km_error km_provider_link_find(struct km_store *store, const char *token, int64_t now,
                                    struct km_provider_link *ret_link, struct km_problem *problem);

/* The link that this body has to this provider now; *ret_found is false where there is none. ret_by: name of who made
 * it, the caller's (free); NULL for the operator. */
enum km_error km_provider_link_of(struct km_store *store, int64_t body_id, const char *kvk, int64_t now,
                                  struct km_provider_link *ret_link, char **ret_by, bool *ret_found,
                                  struct km_problem *problem);

/* What its marks and findings come to. Calls back for each mark of the provider, the newest first, and for each finding
 * of that body which no newer audit looked at, the earliest date first; borrowed for the call. */
enum km_error km_provider_link_marks(struct km_store *store, const struct km_provider_link *link,
                                     enum km_error (*each)(void *context, const char *number), void *context,
                                     struct km_problem *problem);
struct km_link_finding {
	const char *criterion, *result, *scheme_id; /* "minor" or "major" */
	int scheme_version;
	int64_t due_at; /* last second of the day */
};
enum km_error km_provider_link_findings(struct km_store *store, const struct km_provider_link *link,
                                        enum km_error (*each)(void *context, const struct km_link_finding *finding),
                                        void *context, struct km_problem *problem);

#endif
