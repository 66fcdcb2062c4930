/*
 * Certification bodies, which audit and decide.
 */
#ifndef KM_REGISTRY_BODY_H
#define KM_REGISTRY_BODY_H

#include "base/catalogue.h"
#include "base/error.h"
#include "registry/identifier.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

struct km_body {
	int64_t id;       /* set by the register */
	const char *slug; /* a-z, 0-9, hyphen; at most KM_SLUG_MAX characters */
	const char *name;
	const char *accreditation;  /* number of the accreditation certificate */
	const char *city;           /* may be NULL */
	const char *country;        /* ISO 3166-1 alpha-2; NULL means NL */
	const char *url;            /* https://…; may be NULL */
	const char *const *schemes; /* ids of the schemes that it may certify for */
	size_t schemes_len;
};

/* Adds one, or nothing, inside a transaction. KM_INVALID (the type names the member), KM_CONFLICT "slug-taken",
 * KM_ABSENT "unknown-scheme". */
enum km_error km_body_add(struct km_store *store, const struct km_body *body, int64_t now, struct km_problem *problem);

/* By slug, or by the register's own id. KM_ABSENT. Free with km_body_free. */
enum km_error km_body_get(struct km_store *store, const char *slug, struct km_body **ret_body,
                          struct km_problem *problem);
enum km_error km_body_get_by_id(struct km_store *store, int64_t id, struct km_body **ret_body,
                                struct km_problem *problem);
/* The register's own id of the body with this slug. KM_ABSENT. */
enum km_error km_body_find_id(struct km_store *store, const char *slug, int64_t *ret_id, struct km_problem *problem);
void km_body_free(struct km_body *body);

/* Where the body gets its mail; not public. */
struct km_body_contact {
	char email[KM_EMAIL_TEXT]; /* "" for none */
	enum km_language language;
};

/* Sets it, or, where the address is NULL, forgets it. Inside a transaction. KM_ABSENT "unknown-body", KM_INVALID
 * "contact-email". */
enum km_error km_body_set_contact(struct km_store *store, const char *slug, const char *email,
                                  enum km_language language, int64_t now, struct km_problem *problem);
enum km_error km_body_get_contact(struct km_store *store, int64_t id, struct km_body_contact *ret_contact,
                                  struct km_problem *problem);

/* Calls back for each by slug. An error of the callback ends the list and is returned. */
enum km_error km_body_list(struct km_store *store, enum km_error (*each)(void *context, const struct km_body *body),
                           void *context, struct km_problem *problem);

#endif
