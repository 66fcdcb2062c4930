/*
 * ICT service providers: who a mark is given to.
 */
#ifndef KM_REGISTRY_PROVIDER_H
#define KM_REGISTRY_PROVIDER_H

#include "base/error.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_NAME_MAX = 200, KM_DOMAINS_MAX = 20, KM_TRADE_NAMES_MAX = 20 };

struct km_domain {
	const char *name;  /* A-labels */
	int64_t proven_at; /* when the provider last proved that it is theirs; 0 if never */
};

/* What is public. */
struct km_provider {
	int64_t id;                                    /* set by the register */
	const char *kvk;                               /* 8 digits; one provider each; "" where it was erased */
	const char *establishment, *rsin, *lei, *euid; /* NULL where not given; euid defaults to NLNHR.KVK */
	const char *name;                              /* legal name */
	const char *const *trade_names;
	size_t trade_names_len;
	const struct km_domain *domains;
	size_t domains_len;
	const char *city;    /* may be NULL */
	const char *region;  /* ISO 3166-2; may be NULL. When one is added: as km_region_read takes it */
	const char *country; /* ISO 3166-1 alpha-2; NULL means NL when one is added */
	int64_t erased_at;   /* set by the register: when all that names it was taken away; 0 if not */
};

/* What is not; held apart, and erasable. All may be NULL. */
struct km_provider_contact {
	const char *name, *email, *phone;
	const char *language; /* "nl" or "en" */
};

/* Adds one, or nothing. Domains are given in any script and stored as A-labels. Inside a transaction. contact may be
 * NULL. The type of the problem names the member: KM_INVALID "kvk", "establishment", "rsin", "lei", "euid", "name",
 * "trade-names", "domain", "city", "region", "country", "contact-name", "contact-email", "contact-phone",
 * "contact-language"; KM_CONFLICT "kvk-taken", "rsin-taken", "lei-taken", "domain-taken", whose message names the
 * provider that has it.
 *
 * An RSIN is of a legal person. A sole trader (eenmanszaak) has none, but does have a citizen service number of the
 * same form, which no check can tell apart: never give that here. */
enum km_error km_provider_add(struct km_store *store, const struct km_provider *provider,
                              const struct km_provider_contact *contact, int64_t now, struct km_problem *problem);

/* Another contact in place of the one that was there, or the first; what is NULL is not there. Inside a transaction.
 * KM_ABSENT, KM_INVALID as above. */
enum km_error km_provider_set_contact(struct km_store *store, const char *kvk,
                                      const struct km_provider_contact *contact, int64_t now,
                                      struct km_problem *problem);

/* Gives a provider, by the register's own id, another legal name; search finds it by the new one from here on. Inside a
 * transaction. KM_INVALID "name", KM_ABSENT. */
enum km_error km_provider_rename(struct km_store *store, int64_t id, const char *name, int64_t now,
                                 struct km_problem *problem);

/* The register's own id. KM_ABSENT "unknown-provider". */
enum km_error km_provider_find_id(struct km_store *store, const char *kvk, int64_t *ret_id, struct km_problem *problem);

/* By KvK number, or by the register's own id. KM_ABSENT. Free with km_provider_free. */
enum km_error km_provider_get(struct km_store *store, const char *kvk, struct km_provider **ret_provider,
                              struct km_problem *problem);
enum km_error km_provider_get_by_id(struct km_store *store, int64_t id, struct km_provider **ret_provider,
                                    struct km_problem *problem);
void km_provider_free(struct km_provider *provider);

/* Calls back for each by KvK number, from after `after` (NULL: from the first), at most `limit`. An error of the
 * callback ends the list and is returned. */
enum km_error km_provider_list(struct km_store *store, const char *after, size_t limit,
                               enum km_error (*each)(void *context, const struct km_provider *provider), void *context,
                               struct km_problem *problem);

#endif
