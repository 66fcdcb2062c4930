#include "registry/mark_filter.h"

#include "base/encode.h"
#include "registry/region.h"
#include "registry/scheme.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_set(const char *text)
{
	return text && *text;
}

static bool slug_or_none(const char *text)
{
	return !is_set(text) || km_slug_valid(text);
}

enum km_error km_filter_check(const struct km_filter *filter, struct km_problem *problem)
{
	if (!slug_or_none(filter->scheme) || !slug_or_none(filter->service) || !slug_or_none(filter->level))
		return km_fail(problem, KM_INVALID, "filter",
		               "a scheme, service or level is named by its id: small letters, digits and hyphens");
	if (is_set(filter->region) && !km_region_valid(filter->region))
		return km_fail(problem, KM_INVALID, "filter", "a region is named as in ISO 3166-2: NL-UT");
	size_t len = filter->city ? strnlen(filter->city, KM_CITY_MAX + 1) : 0;
	if (len > KM_CITY_MAX || (len && !km_utf8_valid(filter->city, len, NULL)))
		return km_fail(problem, KM_INVALID, "filter", "a city has at most %d bytes, in UTF-8", KM_CITY_MAX);
	return KM_OK;
}

bool km_filter_is_set(const struct km_filter *filter)
{
	return is_set(filter->scheme) || is_set(filter->service) || is_set(filter->level) || is_set(filter->region) ||
	       is_set(filter->city) || filter->by_state;
}

/* A scope is an array of slugs as we write it, so a slug in quotation marks stands there for itself only. */
static bool in_scope(const char *scope, const char *service)
{
	char quoted[KM_SLUG_MAX + 3];
	snprintf(quoted, sizeof quoted, "\"%s\"", service);
	return strstr(scope, quoted) != NULL;
}

bool km_filter_fits(const struct km_filter *filter, const struct km_filtered *mark)
{
	return (!is_set(filter->scheme) || strcmp(mark->scheme, filter->scheme) == 0) &&
	       (!is_set(filter->service) || in_scope(mark->scope, filter->service)) &&
	       (!is_set(filter->level) || (mark->level && strcmp(mark->level, filter->level) == 0)) &&
	       (!is_set(filter->region) || (mark->region && strcmp(mark->region, filter->region) == 0)) &&
	       (!is_set(filter->city) || (mark->city && strcasecmp(mark->city, filter->city) == 0)) &&
	       (!filter->by_state || mark->state == filter->state);
}

/* As lower() of SQLite makes it: A to Z only. */
static void add_small(char *facet, const char *text)
{
	size_t len = strlen(facet);
	for (; *text && len + 1 < KM_FACET_TEXT; text++)
		facet[len++] = (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
	facet[len] = '\0';
}

void km_filter_facet(const struct km_filter *filter, char ret_facet[static KM_FACET_TEXT])
{
	bool rare_state = filter->by_state && filter->state != KM_ACTIVE;
	if (is_set(filter->city)) {
		strcpy(ret_facet, "city:");
		add_small(ret_facet, filter->city);
	} else if (!rare_state && is_set(filter->level))
		snprintf(ret_facet, KM_FACET_TEXT, "level:%s", filter->level);
	else if (!rare_state && is_set(filter->region))
		snprintf(ret_facet, KM_FACET_TEXT, "region:%s", filter->region);
	else if (!rare_state && is_set(filter->service))
		snprintf(ret_facet, KM_FACET_TEXT, "service:%s", filter->service);
	else if (!rare_state && is_set(filter->scheme))
		snprintf(ret_facet, KM_FACET_TEXT, "scheme:%s", filter->scheme);
	else
		snprintf(ret_facet, KM_FACET_TEXT, "state:%s", km_state_name(filter->state));
}
