/*
 * Schemes: what a mark demands, as versioned data. Published once, a version never changes.
 * The form of the file is described in doc/scheme.md and by the two that ship in registry/schemes/.
 */
#ifndef KM_REGISTRY_SCHEME_H
#define KM_REGISTRY_SCHEME_H

#include "base/catalogue.h"
#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_SCHEME_FILE_MAX = 1 << 20, KM_SLUG_MAX = 40 };

/* Strings borrowed from the scheme they are in. */
struct km_words {
	const char *in[KM_LANGUAGES];
};

struct km_scheme_item { /* an assurance, a principle, a service or a level */
	const char *id;
	struct km_words name;
	struct km_words text; /* empty strings where the file gives none */
};

struct km_criterion {
	const char *id;
	struct km_words text;
	const struct km_scheme_item *assurance;
	const struct km_scheme_item *principle; /* NULL where it belongs to none */
	bool mandatory;            /* "not-applicable" is no answer to it */
	const char *const *services; /* only demanded of a scope that has one of these; empty: of every scope */
	size_t services_len;
	int level;                 /* index of the lowest level that demands it; 0 where the scheme has no levels */
};

struct km_scheme {
	const char *id; /* slug: a-z, 0-9, hyphen */
	int version;    /* from 1 */
	bool sample;    /* the texts are a sample, and pages say so */
	const char *published; /* "2026-11-24" */
	const char *owner_name, *owner_url;
	struct km_words name, short_name, description, not_promised;
	int validity_months, surveillance_months, grace_days, suspension_max_days;
	const struct km_scheme_item *principles, *assurances, *services, *levels;
	size_t principles_len, assurances_len, services_len, levels_len; /* levels_len may be 0 */
	const struct km_criterion *criteria;
	size_t criteria_len;
	const char *json; /* verbatim */
	size_t json_len;
};

/* Reads and checks a scheme file; the first fault found is reported with its line or member and what is expected there.
 * Free with km_scheme_free. */
enum km_error km_scheme_parse(const char *json, size_t len, struct km_scheme **ret_scheme, struct km_problem *problem);
void km_scheme_free(struct km_scheme *scheme);

/* The service or level with this id; NULL where the scheme has none such. */
const struct km_scheme_item *km_scheme_service(const struct km_scheme *scheme, const char *id);
const struct km_scheme_item *km_scheme_level(const struct km_scheme *scheme, const char *id);

/* Publishes a parsed scheme. Inside a transaction. KM_CONFLICT where this version is there already with other bytes; the
 * same bytes again are fine. A version must be one more than the newest. */
enum km_error km_scheme_add(struct km_store *store, const struct km_scheme *scheme, int64_t now,
                            struct km_problem *problem);

/* A published scheme; version 0 means the newest. KM_ABSENT. Free with km_scheme_free. */
enum km_error km_scheme_get(struct km_store *store, const char *id, int version, struct km_scheme **ret_scheme,
                            struct km_problem *problem);

/* Calls back for the newest version of each scheme by id. */
enum km_error km_scheme_list(struct km_store *store,
                             enum km_error (*each)(void *context, const struct km_scheme *scheme), void *context,
                             struct km_problem *problem);

#endif
