/*
 * Inside registry/ only: what a provider must look like before it may be stored.
 */
#ifndef KM_REGISTRY_PROVIDER_CHECK_H
#define KM_REGISTRY_PROVIDER_CHECK_H

#include "registry/identifier.h"
#include "registry/provider.h"
#include "registry/region.h"

/* The members that are not stored as they were given. */
struct km_provider_form {
	char euid[KM_EUID_MAX + 1];
	char country[3];
	char region[KM_REGION_TEXT]; /* "" for none */
	char domains[KM_DOMAINS_MAX][KM_DOMAIN_TEXT];
};

/* Everything that can be said without the database. contact may be NULL. KM_INVALID with the types of
 * registry/provider.h. */
enum km_error km_provider_check(const struct km_provider *provider, const struct km_provider_contact *contact,
                                struct km_provider_form *ret_form, struct km_problem *problem);

/* The same of a contact alone. */
enum km_error km_provider_contact_check(const struct km_provider_contact *contact, struct km_problem *problem);

#endif
