#include "registry/figures.h"

#include "base/clock.h"
#include "base/json.h"
#include "registry/region.h"
#include "registry/register_rows.h"
#include "registry/scheme.h"
#include "registry/sql.h"
#include "registry/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MONTH_LEN = 7, KEY_MAX = 2 * KM_SLUG_MAX + 2 };

struct count {
	int64_t states[KM_STATES];
	json_t *all, *active; /* by scheme */
	json_t *services;     /* of active marks, by "SCHEME/SERVICE" */
	json_t *cities;       /* of active marks */
	json_t *regions;      /* of active marks */
	json_t *months;       /* the array that is given */
};

static enum km_error bump(json_t *counts, const char *key)
{
	json_int_t count = json_integer_value(json_object_get(counts, key));
	return json_object_set_new(counts, key, json_integer(count + 1)) == 0 ? KM_OK : KM_NO_MEMORY;
}

static enum km_error count_services(struct count *count, const struct km_register_row *row)
{
	json_auto_t *scope = json_loads(row->scope, 0, NULL);
	enum km_error error = KM_OK;
	for (size_t i = 0; i < json_array_size(scope) && !error; i++) {
		char key[KEY_MAX];
		snprintf(key, sizeof key, "%s/%s", row->scheme_id, json_string_value(json_array_get(scope, i)));
		error = bump(count->services, key);
	}
	return error;
}

static enum km_error count_mark(void *context, const struct km_register_row *row)
{
	struct count *count = context;
	count->states[row->state]++;
	enum km_error error = bump(count->all, row->scheme_id);
	if (error || row->state != KM_ACTIVE)
		return error;
	error = bump(count->active, row->scheme_id);
	if (!error)
		error = count_services(count, row);
	if (!error && row->city)
		error = bump(count->cities, row->city);
	if (!error && row->region)
		error = bump(count->regions, row->region);
	return error;
}

/* -------------------------------------------------------------------------------------------------------- months */

/* The months of the calendar in Amsterdam up to that of `now`, all counts at zero; since is the first one's beginning.
 */
static enum km_error begin_months(struct count *count, int64_t now, int64_t *ret_since)
{
	char day[KM_DATE_TEXT];
	int64_t first = 0;
	km_date_format(now, day);
	memcpy(day + MONTH_LEN, "-01", 4);
	km_date_parse(day, &first);
	for (int back = KM_FIGURES_MONTHS - 1; back >= 0; back--) {
		int64_t start = km_time_add_months(first, -back);
		km_date_format(start, day);
		day[MONTH_LEN] = '\0';
		json_t *month = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "month", day, "granted", 0, "suspended",
		                          0, "withdrawn", 0, "expired", 0, "lookups", 0, "scans", 0, "checks", 0);
		if (!month || json_array_append_new(count->months, month) != 0)
			return KM_NO_MEMORY;
		if (back == KM_FIGURES_MONTHS - 1)
			*ret_since = start;
	}
	return KM_OK;
}

static json_t *month_of(const struct count *count, const char *name)
{
	for (size_t i = 0; i < json_array_size(count->months); i++) {
		json_t *month = json_array_get(count->months, i);
		if (strcmp(json_string_value(json_object_get(month, "month")), name) == 0)
			return month;
	}
	return NULL;
}

/* Under which count an event falls; NULL for one that is no such change. */
static const char *counted_as(const char *action)
{
	static const struct {
		const char *action, *count;
	} known[] = {{"grant", "granted"},      {"suspend", "suspended"}, {"suspend-lapse", "suspended"},
	             {"withdraw", "withdrawn"}, {"end", "withdrawn"},     {"withdraw-lapse", "withdrawn"},
	             {"expire", "expired"}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].action, action) == 0)
			return known[i].count;
	return NULL;
}

static enum km_error count_events(struct km_store *store, int64_t since, int64_t now, struct count *count,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT at, action FROM event WHERE at >= :since AND at <= :now", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":since", since);
	km_sql_int(statement, ":now", now);
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		char day[KM_DATE_TEXT];
		km_date_format(km_sql_get_int(statement, 0), day);
		day[MONTH_LEN] = '\0';
		const char *as = counted_as(km_sql_get_text(statement, 1));
		json_t *month = month_of(count, day);
		if (as && month && bump(month, as) != KM_OK)
			return km_fail_memory(problem);
	}
}

static enum km_error count_use(void *context, const char *name, const int64_t counts[static KM_USES])
{
	static const char *const members[KM_USES] = {"lookups", "scans", "checks"};
	json_t *month = month_of(context, name);
	for (int use = 0; month && use < KM_USES; use++)
		if (json_object_set_new(month, members[use], json_integer(counts[use])) != 0)
			return KM_NO_MEMORY;
	return KM_OK;
}

static enum km_error count_months(struct km_store *store, int64_t now, struct count *count, struct km_problem *problem)
{
	int64_t since = 0;
	char day[KM_DATE_TEXT];
	enum km_error error = begin_months(count, now, &since);
	if (error)
		return km_fail_memory(problem);
	error = count_events(store, since, now, count, problem);
	km_date_format(since, day);
	day[MONTH_LEN] = '\0';
	return error ? error : km_usage_list(store, day, count_use, count, problem);
}

/* ------------------------------------------------------------------------------------------------------- the rest */

static json_t *words(const struct km_words *words)
{
	return json_pack("{s:s, s:s}", "nl", words->in[KM_NL], "en", words->in[KM_EN]);
}

struct schemes {
	const struct count *count;
	json_t *schemes, *services;
};

static enum km_error add_scheme(void *context, const struct km_scheme *scheme)
{
	struct schemes *schemes = context;
	const struct count *count = schemes->count;
	json_t *line = json_pack("{s:s, s:o, s:I, s:I}", "id", scheme->id, "name", words(&scheme->name), "active",
	                         json_integer_value(json_object_get(count->active, scheme->id)), "all",
	                         json_integer_value(json_object_get(count->all, scheme->id)));
	if (!line || json_array_append_new(schemes->schemes, line) != 0)
		return KM_NO_MEMORY;
	for (size_t i = 0; i < scheme->services_len; i++) {
		char key[KEY_MAX];
		snprintf(key, sizeof key, "%s/%s", scheme->id, scheme->services[i].id);
		json_int_t active = json_integer_value(json_object_get(count->services, key));
		json_t *service = json_pack("{s:s, s:s, s:o, s:I}", "scheme", scheme->id, "id", scheme->services[i].id, "name",
		                            words(&scheme->services[i].name), "active", active);
		if (!service || json_array_append_new(schemes->services, service) != 0)
			return KM_NO_MEMORY;
	}
	return KM_OK;
}

/* What has the most marks, which is taken out of the counts; among equals the first by name. NULL where none is left.
 */
static json_t *take_most(json_t *counts, const char *member)
{
	const char *name, *best = NULL;
	json_t *count;
	json_int_t most = 0;
	json_object_foreach(counts, name, count)
	{
		json_int_t active = json_integer_value(count);
		if (!best || active > most || (active == most && strcmp(name, best) < 0)) {
			best = name;
			most = active;
		}
	}
	json_t *line = best ? json_pack("{s:s, s:I}", member, best, "active", most) : NULL;
	if (line)
		json_object_del(counts, best);
	return line;
}

static json_t *cities(json_t *counts)
{
	json_t *list = json_array(), *line;
	while (json_array_size(list) < KM_FIGURES_CITIES_MAX && (line = take_most(counts, "city")))
		json_array_append_new(list, line);
	return list;
}

static json_t *regions(json_t *counts)
{
	json_t *list = json_array(), *line;
	while (json_array_size(list) < KM_FIGURES_REGIONS_MAX && (line = take_most(counts, "region"))) {
		const char *code = json_string_value(json_object_get(line, "region"));
		json_object_set_new(
			line, "name",
			json_pack("{s:s, s:s}", "nl", km_region_name(code, KM_NL), "en", km_region_name(code, KM_EN)));
		json_array_append_new(list, line);
	}
	return list;
}

static json_t *states(const struct count *count)
{
	json_t *object = json_object();
	for (enum km_state state = 0; state < KM_STATES; state++)
		json_object_set_new(object, km_state_name(state), json_integer(count->states[state]));
	return object;
}

static void count_done(struct count *count)
{
	json_decref(count->all);
	json_decref(count->active);
	json_decref(count->services);
	json_decref(count->cities);
	json_decref(count->regions);
	json_decref(count->months);
}

enum km_error km_figures(struct km_store *store, int64_t now, json_t **ret_figures, struct km_problem *problem)
{
	__attribute__((cleanup(count_done))) struct count count = {.all = json_object(),
	                                                           .active = json_object(),
	                                                           .services = json_object(),
	                                                           .cities = json_object(),
	                                                           .regions = json_object(),
	                                                           .months = json_array()};
	json_auto_t *scheme_list = json_array(), *service_list = json_array();
	struct schemes schemes = {.count = &count, .schemes = scheme_list, .services = service_list};
	enum km_error error = km_register_rows(store, now, count_mark, &count, problem);
	if (!error)
		error = count_months(store, now, &count, problem);
	if (!error)
		error = km_scheme_list(store, add_scheme, &schemes, problem);
	if (error)
		return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
	json_t *figures = json_pack("{s:o, s:o, s:O, s:O, s:o, s:o, s:O}", "as_of", km_json_moment_new(now), "states",
	                            states(&count), "schemes", scheme_list, "services", service_list, "regions",
	                            regions(count.regions), "cities", cities(count.cities), "months", count.months);
	if (!figures)
		return km_fail_memory(problem);
	*ret_figures = figures;
	return KM_OK;
}
