/*
 * Finding marks by what people type.
 */
#ifndef KM_REGISTRY_SEARCH_H
#define KM_REGISTRY_SEARCH_H

#include "base/error.h"
#include "registry/mark.h"
#include "registry/mark_filter.h"
#include "registry/store.h"

#include <stdbool.h>

/* One line of a result; borrowed for the call. */
struct km_hit {
	const char *number; /* NULL: the provider is known and has no mark */
	const char *provider_name;
	const char *kvk;
	const char *city;   /* may be NULL */
	const char *domain; /* the first; may be NULL */
	const char *scheme_id;
	const char *scheme_name[KM_LANGUAGES];
	const char *level;   /* may be NULL */
	enum km_state state; /* at the moment asked */
	int64_t valid_until;
	const char *scope;  /* JSON array of service ids; NULL where there is no mark */
	const char *region; /* ISO 3166-2; may be NULL, and is where there is no mark */
};

/* What the query was taken for. */
enum km_query_kind { KM_QUERY_ALL, KM_QUERY_NUMBER, KM_QUERY_KVK, KM_QUERY_DOMAIN, KM_QUERY_NAME };

enum { KM_QUERY_TEXT_MAX = 2048, KM_QUERY_LIMIT_MAX = 100 }; /* bytes; hits */

struct km_query {
	const char *text; /* a name or its beginning, KvK number, domain (also within a URL or e-mail address), mark number
	                   * in any spelling or within this registry's own link to it; NULL or "" for all marks */
	size_t limit;     /* at most KM_QUERY_LIMIT_MAX; what is more counts as that */
	size_t offset;
	const char *after; /* number of a mark: all marks from the one behind it on, at a cost that does not grow with how
	                    * many came before; NULL: from the first. Counts only where there is no text */
	struct km_filter filter;
	bool bare; /* without scheme_name, which costs more than all the rest */
};

/* Calls back for each hit, best first; ret_kind says how the text was read (may be NULL). Where a text can be read in
 * more than one way, the first way that finds something counts. All marks come newest first; a name that is typed in
 * full comes before those that begin with it, and a provider with a mark before one without.
 *
 * A domain stands for itself, with or without www. in front, and not for what lies under it: others may live there.
 *
 * A text that looks like a mark number with a wrong check symbol, and is no name either, gives no hit and KM_ABSENT
 * with type "mark-number-check". KM_INVALID "query" for a text that is not UTF-8, KM_TOO_LARGE "query"; KM_INVALID
 * "filter" for what can be no id or city; KM_ABSENT "after" where there is no such mark.
 *
 * A mark that has lapsed is no longer found under the state it had; under the new one it is as soon as that has been
 * written down (registry/lapse_record.h). */
enum km_error km_search(struct km_store *store, const struct km_query *query, int64_t at, enum km_query_kind *ret_kind,
                        enum km_error (*each)(void *context, const struct km_hit *hit), void *context,
                        struct km_problem *problem);

#endif
