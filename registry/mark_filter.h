/*
 * Narrowing a list of marks to those of one scheme, service, level, region, city or state.
 */
#ifndef KM_REGISTRY_MARK_FILTER_H
#define KM_REGISTRY_MARK_FILTER_H

#include "base/error.h"
#include "registry/lapse.h"

#include <stdbool.h>

enum { KM_CITY_MAX = 100, KM_FACET_TEXT = KM_CITY_MAX + 16 /* bytes */ };

/* NULL or "": whatever it is. */
struct km_filter {
	const char *scheme, *service, *level; /* their ids */
	const char *region;                   /* ISO 3166-2 */
	const char *city;                     /* case does not count */
	bool by_state;
	enum km_state state; /* where by_state */
};

/* What of a mark is looked at. level, region and city may be NULL; scope is a JSON array of service ids. */
struct km_filtered {
	const char *scheme, *scope, *level, *region, *city;
	enum km_state state;
};

/* KM_INVALID "filter" for what can be no id, no region or no city. */
enum km_error km_filter_check(const struct km_filter *filter, struct km_problem *problem);

/* Whether there is anything to narrow by. */
bool km_filter_is_set(const struct km_filter *filter);

/* Whether this mark is among them. The filter has been checked. */
bool km_filter_fits(const struct km_filter *filter, const struct km_filtered *mark);

/* Inside registry/ only: the row of mark_facet under which every mark that fits is, and the fewest others. The filter
 * is set and has been checked. */
void km_filter_facet(const struct km_filter *filter, char ret_facet[static KM_FACET_TEXT]);

#endif
