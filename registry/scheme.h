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

enum {
	KM_SCHEME_FILE_MAX = 1 << 20, /* bytes */
	KM_SCHEME_FAULTS_MAX = 100,   /* how many are told of one file */
	KM_SLUG_MAX = 40,
};

/* True where the text is a slug: 1 to KM_SLUG_MAX of a-z, 0-9 and hyphens, none of those first, last or twice in a row.
 */
bool km_slug_valid(const char *text);

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
	bool mandatory;                         /* "not-applicable" is no answer to it */
	const char *const *services;            /* only demanded of a scope that has one of these; empty: of every scope */
	size_t services_len;
	size_t level; /* index of the lowest level that demands it; 0 where the scheme has no levels */
};

struct km_scheme {
	const char *id;        /* slug: a-z, 0-9, hyphen */
	int version;           /* from 1 */
	bool sample;           /* the texts are a sample, and pages say so */
	const char *published; /* "2026-11-24" */
	const char *owner_name, *owner_url;
	struct km_words name, short_name, description, not_promised;
	int validity_months;
	int surveillance_months; /* 0: no surveillance is asked */
	int grace_days;          /* after surveillance is due */
	int suspension_max_days;
	int transition_from;      /* audits under this version, up to the one before ours, carry a grant or a renewal until … */
	int64_t transition_until; /* … this moment, a day's last second. Both 0 where the file has no transition: then only
	                           * audits under ours do. Marks that are there already hold until their own end. */
	const struct km_scheme_item *principles, *assurances, *services, *levels;
	size_t principles_len, assurances_len, services_len, levels_len; /* levels_len may be 0 */
	const struct km_criterion *criteria;
	size_t criteria_len;
	const char *json; /* verbatim */
	size_t json_len;
};

/* Reads and checks a scheme file; the first fault found is reported with its line, its member and what is expected
 * there: line 87: criteria[3].assurance: there is no "kwalitiet"; expected one of: betrouwbaar, kwaliteit, beleid
 * KM_MALFORMED where it is no strict JSON, KM_INVALID, type "scheme", where the content is wrong, KM_TOO_LARGE. Free
 * with km_scheme_free, which accepts NULL. */
enum km_error km_scheme_parse(const char *json, size_t len, struct km_scheme **ret_scheme, struct km_problem *problem);
void km_scheme_free(struct km_scheme *scheme);

/* The same scheme for one more holder, who frees it too. Holders are of one thread. */
struct km_scheme *km_scheme_hold(struct km_scheme *scheme);

static inline void km_auto_scheme(struct km_scheme **scheme)
{
	km_scheme_free(*scheme);
}
#define auto_scheme __attribute__((cleanup(km_auto_scheme)))

/* Checks a scheme file to its end and calls back with each fault, in the words of km_scheme_parse, at most
 * KM_SCHEME_FAULTS_MAX. Returns what km_scheme_parse returns. */
enum km_error km_scheme_check(const char *json, size_t len, void (*each)(void *context, const char *fault),
                              void *context, struct km_problem *problem);

/* The service or level with this id; NULL where the scheme has none such. */
const struct km_scheme_item *km_scheme_service(const struct km_scheme *scheme, const char *id);
const struct km_scheme_item *km_scheme_level(const struct km_scheme *scheme, const char *id);

/* Whether this criterion is demanded of a scope (services of the scheme) at a level (of the scheme; NULL where it has
 * none). Pure. */
bool km_scheme_asks(const struct km_scheme *scheme, const struct km_criterion *criterion,
                    const struct km_scheme_item *const *scope, size_t scope_len, const struct km_scheme_item *level);

/* The i-th scheme file that comes with the program, from 0, and the name of that file; NULL where there are no more.
 * Borrowed, for ever. */
const char *km_scheme_shipped(size_t i, size_t *ret_len, const char **ret_name);

/* Publishes a parsed scheme. Inside a transaction. The same bytes again are fine. KM_CONFLICT, type "scheme-published",
 * where this version is there already with other bytes; type "scheme-version" where it is not one more than the newest.
 */
enum km_error km_scheme_add(struct km_store *store, const struct km_scheme *scheme, int64_t now,
                            struct km_problem *problem);

/* A published scheme; version 0 means the newest. KM_ABSENT, type "unknown-scheme". Free with km_scheme_free. */
enum km_error km_scheme_get(struct km_store *store, const char *id, int version, struct km_scheme **ret_scheme,
                            struct km_problem *problem);

/* Calls back for the newest version of each scheme by id; the scheme is borrowed for that call. An error from the
 * callback ends the list and is returned. */
enum km_error km_scheme_list(struct km_store *store,
                             enum km_error (*each)(void *context, const struct km_scheme *scheme), void *context,
                             struct km_problem *problem);

#endif
