#include "registry/figures.h"

#include "base/clock.h"
#include "base/json.h"
#include "www/endpoints.h"
#include "www/pages.h"
#include "www/show.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

/* /figures: the register in numbers, for people; /v1/figures: the same for programs. */

enum {
	FIGURES_MAX_AGE_S = 300,
	CHART_HEIGHT = 160, /* of the tallest bar; units of the drawing */
	MONTH_WIDTH = 50,
	BAR_WIDTH = 13,
	BAR_PITCH = 15,
	SHARE_MAX = 100,
};

static enum km_error make_figures(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	const struct km_request *request = context;
	json_auto_t *figures = NULL;
	enum km_error error = km_figures(request->store, request->now, &figures, problem);
	if (error)
		return error;
	auto_free char *text = km_json_text(figures);
	if (!text)
		return km_fail_memory(problem);
	km_buf_add_text(bytes, text);
	km_buf_add_char(bytes, '\n');
	return KM_OK;
}

static enum km_error take(struct km_request *request, struct km_shared **ret_shared, struct km_problem *problem)
{
	return km_shelf_take(&request->site->shelves[KM_SHELF_FIGURES], request->now, FIGURES_MAX_AGE_S, make_figures,
	                     request, ret_shared, problem);
}

KM_HANDLER(km_get_figures_json)
{
	reply->type = km_type_json;
	reply->max_age_s = FIGURES_MAX_AGE_S;
	return take(request, &reply->shared, problem);
}

/* ------------------------------------------------------------------------------------------------------ the page */

static json_int_t number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

static json_int_t most_of(const json_t *list, const char *member)
{
	json_int_t most = 1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_int_t count = number(json_array_get(list, i), member);
		most = count > most ? count : most;
	}
	return most;
}

/* A row of a table with a bar: its share of the longest. */
static json_t *bar_row(const char *words, json_int_t count, json_int_t most)
{
	return json_pack("{s:s, s:I, s:I}", "words", words, "count", count, "share", count * SHARE_MAX / most);
}

static json_t *state_rows(const struct km_request *request, const json_t *states)
{
	json_t *rows = json_array();
	json_int_t most = 1;
	for (enum km_state state = 0; state < KM_STATES; state++)
		most = number(states, km_state_name(state)) > most ? number(states, km_state_name(state)) : most;
	for (enum km_state state = 0; state < KM_STATES; state++) {
		const char *name = km_state_name(state);
		json_t *row = bar_row(km_page_words_for(request, "state-short", name), number(states, name), most);
		json_object_set_new(row, "class", json_sprintf("state-%s", name));
		json_array_append_new(rows, row);
	}
	return rows;
}

/* Rows of what has a name in both languages; without those that have none. */
static json_t *named_rows(const struct km_request *request, const json_t *list)
{
	json_t *rows = json_array();
	json_int_t most = most_of(list, "active");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i), *name = json_object_get(item, "name");
		const char *words = json_string_value(json_object_get(name, km_language_code(request->language)));
		if (number(item, "active"))
			json_array_append_new(rows, bar_row(words, number(item, "active"), most));
	}
	return rows;
}

static json_t *city_rows(const json_t *list)
{
	json_t *rows = json_array();
	json_int_t most = most_of(list, "active");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		json_array_append_new(rows,
		                      bar_row(json_string_value(json_object_get(item, "city")), number(item, "active"), most));
	}
	return rows;
}

/* "nov 26" */
static json_t *month_words(const struct km_request *request, const char *month)
{
	char key[16], text[32];
	snprintf(key, sizeof key, "%.2s", month + 5);
	snprintf(text, sizeof text, "%s %.2s", km_page_words_for(request, "month", key), month + 2);
	return json_string(text);
}

/* Three columns side by side for each month: as a drawing, and as the table beneath it. */
static json_t *month_rows(const struct km_request *request, const json_t *months, const char *const members[3])
{
	json_t *rows = json_array();
	json_int_t most = 1;
	for (int j = 0; j < 3; j++)
		most = most_of(months, members[j]) > most ? most_of(months, members[j]) : most;
	for (size_t i = 0; i < json_array_size(months); i++) {
		const json_t *month = json_array_get(months, i);
		json_t *cells = json_array();
		for (int j = 0; j < 3; j++) {
			json_int_t count = number(month, members[j]), height = count * CHART_HEIGHT / most;
			json_array_append_new(cells,
			                      json_pack("{s:I, s:I, s:I, s:I, s:i, s:i}", "count", count, "x",
			                                (json_int_t)i * MONTH_WIDTH + j * BAR_PITCH, "y", CHART_HEIGHT - height,
			                                "height", height, "width", BAR_WIDTH, "series", j + 1));
		}
		json_array_append_new(rows,
		                      json_pack("{s:o, s:I, s:o}", "month",
		                                month_words(request, json_string_value(json_object_get(month, "month"))),
		                                "middle", (json_int_t)i * MONTH_WIDTH + BAR_PITCH * 3 / 2, "cells", cells));
	}
	return rows;
}

static json_t *page_data(const struct km_request *request, const json_t *figures)
{
	static const char *const changes[] = {"granted", "suspended", "withdrawn"};
	static const char *const uses[] = {"lookups", "scans", "checks"};
	const json_t *months = json_object_get(figures, "months");
	int64_t as_of = request->now;
	km_time_parse(json_string_value(json_object_get(figures, "as_of")), &as_of);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "day", km_show_day(request, as_of), "states",
	                 state_rows(request, json_object_get(figures, "states")), "schemes",
	                 named_rows(request, json_object_get(figures, "schemes")), "services",
	                 named_rows(request, json_object_get(figures, "services")), "regions",
	                 named_rows(request, json_object_get(figures, "regions")), "cities",
	                 city_rows(json_object_get(figures, "cities")), "changes", month_rows(request, months, changes),
	                 "uses", month_rows(request, months, uses));
}

KM_HANDLER(km_get_figures)
{
	struct km_shared *shared = NULL;
	enum km_error error = take(request, &shared, problem);
	if (error)
		return error;
	json_auto_t *figures = json_loadb(shared->bytes, shared->len, 0, NULL);
	km_shared_done(shared);
	json_auto_t *data = figures ? page_data(request, figures) : NULL;
	reply->max_age_s = FIGURES_MAX_AGE_S;
	return km_page(request, reply, "figures", data, problem);
}
