/*
 * Proof that a domain is a provider's own: a token that only they can publish there, in a file or in the DNS. It is no
 * secret, and says which provider of which registry it is for; whoever can publish it speaks for the domain.
 *
 * What is found on the network is looked at outside this room; here stands when to look, and what follows from it.
 */
#ifndef KM_REGISTRY_DOMAIN_PROOF_H
#define KM_REGISTRY_DOMAIN_PROOF_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_DOMAIN_TOKEN_TEXT = 48,
	KM_DOMAIN_DETAIL_MAX = 200,       /* bytes */
	KM_DOMAIN_AGAIN_S = 7 * 86400,    /* a proof that was found is looked for again after this */
	KM_DOMAIN_RETRY_S = 86400,        /* … and one that was not, after this */
	KM_DOMAIN_FAILING_S = 30 * 86400, /* a domain that has failed for so long counts as proven no longer */
};

/* "keurmerk-" and 26 letters and digits: the first 130 bits of SHA-256, in small base32, of "keurmerk-domain-1", the
 * registry's address, the KvK number and the domain (A-labels), with a newline behind each. KM_NO_MEMORY. */
enum km_error km_domain_token(const char *url, const char *kvk, const char *domain,
                              char ret_token[static KM_DOMAIN_TOKEN_TEXT], struct km_problem *problem);

/* Strings are borrowed for the call. */
struct km_domain_state {
	const char *domain, *kvk, *name; /* of the provider */
	int64_t proven_at;               /* last proof; 0: never, or no longer */
	int64_t checked_at;              /* 0: not yet */
	int64_t failing_since;           /* 0: the last look found the proof, or there was none yet */
	const char *detail;              /* what the last look found, for the operator; NULL before it */
};

typedef enum km_error (*km_domain_each)(void *context, const struct km_domain_state *state);

/* Calls back for each domain from behind `after` (NULL: from the first), by name, at most `limit`; only of one provider
 * where kvk is not NULL. An error of the callback ends it and is returned; so too below. */
enum km_error km_domain_list(struct km_store *store, const char *kvk, const char *after, size_t limit,
                             km_domain_each each, void *context, struct km_problem *problem);

/* The same for one domain, in A-labels. KM_ABSENT "unknown-domain". */
enum km_error km_domain_find(struct km_store *store, const char *domain, km_domain_each each, void *context,
                             struct km_problem *problem);

/* … and for those that are to be looked at by now, the longest due first, at most `limit`. */
enum km_error km_domain_due(struct km_store *store, int64_t now, size_t limit, km_domain_each each, void *context,
                            struct km_problem *problem);

/* Writes down what a look at the domain came to. Inside a transaction. KM_ABSENT "unknown-domain" where it has gone
 * since. */
enum km_error km_domain_note(struct km_store *store, const char *domain, bool found, const char *detail, int64_t now,
                             struct km_problem *problem);

#endif
