/*
 * Finding marks by what people type.
 */
#ifndef KM_REGISTRY_SEARCH_H
#define KM_REGISTRY_SEARCH_H

#include "base/error.h"
#include "registry/mark.h"
#include "registry/store.h"

/* One line of a result; borrowed for the call. */
struct km_hit {
	const char *number;        /* NULL: the provider is known and has no mark */
	const char *provider_name;
	const char *kvk;
	const char *city;          /* may be NULL */
	const char *domain;        /* the first; may be NULL */
	const char *scheme_id;
	const char *scheme_name[KM_LANGUAGES];
	const char *level;         /* may be NULL */
	enum km_state state;       /* at the moment asked */
	int64_t valid_until;
};

/* What the query was taken for. */
enum km_query_kind { KM_QUERY_ALL, KM_QUERY_NUMBER, KM_QUERY_KVK, KM_QUERY_DOMAIN, KM_QUERY_NAME };

struct km_query {
	const char *text;    /* a name or its beginning, KvK number, domain (also within a URL or e-mail address), mark
	                        number in any spelling; NULL or "" for all */
	size_t limit;        /* at most 100 */
	size_t offset;
};

/* Calls back for each hit, best first; ret_kind says how the text was read (may be NULL). A text that looks like a mark
 * number with a wrong check symbol gives no hit and KM_ABSENT with type "mark-number-check". */
enum km_error km_search(struct km_store *store, const struct km_query *query, int64_t at, enum km_query_kind *ret_kind,
                        enum km_error (*each)(void *context, const struct km_hit *hit), void *context,
                        struct km_problem *problem);

#endif
