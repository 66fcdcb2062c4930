#include "registry/identifier.h"
#include "registry/supplier_list.h"
#include "www/endpoints.h"
#include "www/multipart.h"
#include "www/pages.h"
#include "www/show.h"
#include "www/site.h"
#include "www/supplier_check.h"
#include "www/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* /check: a customer's list of suppliers, pasted or as a file. Nothing is kept here: the list goes along in the page
 * with the results, and what is done with it (another filter, a file, a receipt) is a check of its own. */

enum { ROWS_SHOWN_MAX = 500, ROW_SHAPE_PX = 24, WORD_MAX = 20 };

/* All answers, those that ask for attention first: so a result is sorted. */
static const char *const answers[] = {"differs", "withdrawn", "suspended", "expired", "mistyped",
                                      "unknown", "unmarked",  "empty",     "active"};
enum { ANSWERS = sizeof answers / sizeof *answers };

struct wishes {
	char as[WORD_MAX], show[WORD_MAX], order[WORD_MAX];
};

static void read_wish(const struct km_parts *parts, const char *name, char ret_word[static WORD_MAX])
{
	const struct km_part *part = km_parts_find(parts, name);
	size_t len = part && part->len < WORD_MAX ? part->len : 0;
	if (len)
		memcpy(ret_word, part->bytes, len);
	ret_word[len] = '\0';
}

static bool is(const char *word, const char *other)
{
	return strcmp(word, other) == 0;
}

static size_t rank(const json_t *row)
{
	const char *answer = json_string_value(json_object_get(row, "answer"));
	size_t i = 0;
	while (i < ANSWERS && !is(answers[i], answer))
		i++;
	return i;
}

/* ------------------------------------------------------------------------------------------------------ the page */

static json_t *mark_data(const struct km_request *request, const json_t *mark)
{
	enum km_state state = km_state_named(json_string_value(json_object_get(mark, "state")));
	const char *number = json_string_value(json_object_get(mark, "number"));
	return json_pack("{s:s, s:o, s:o}", "number", number, "shown", km_show_number(number), "state",
	                 km_show_state(request, state, false, ROW_SHAPE_PX));
}

static json_t *row_data(const struct km_request *request, const json_t *row)
{
	const char *answer = json_string_value(json_object_get(row, "answer"));
	const json_t *marks = json_object_get(row, "marks"), *given = json_object_get(row, "given");
	json_t *shown = json_array(), *near = json_object_get(row, "near");
	for (size_t i = 0; i < json_array_size(marks); i++)
		json_array_append_new(shown, mark_data(request, json_array_get(marks, i)));
	const char *odd = json_string_value(json_object_get(row, "at_odds"));
	return json_pack("{s:s, s:I, s:O, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o, s:O?, s:s?, s:b}", "answer", answer,
	                 "rank", (json_int_t)rank(row), "line", json_object_get(row, "line"), "words",
	                 km_page_words_for(request, "check-answer", answer), "name",
	                 json_string_value(json_object_get(row, "name")), "kvk",
	                 json_string_value(json_object_get(row, "kvk")), "given_name",
	                 json_string_value(json_object_get(given, "name")), "given_kvk",
	                 json_string_value(json_object_get(given, "kvk")), "given_domain",
	                 json_string_value(json_object_get(given, "domain")), "given_number",
	                 json_string_value(json_object_get(given, "number")), "marks", shown, "near", near, "odd",
	                 odd ? km_page_words_for(request, "check-odd", odd) : NULL, "plain", json_array_size(shown) == 0);
}

/* The answers that there are, each a filter with its count. */
static json_t *filters(const struct km_request *request, const struct km_check_result *result,
                       const struct wishes *wishes)
{
	json_t *list = json_array();
	for (size_t i = ANSWERS; i-- > 0;) {
		const json_t *count = json_object_get(result->counts, answers[i]);
		if (count)
			json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:b}", "value", answers[i], "words",
			                                      km_page_words_for(request, "check-answer", answers[i]), "count",
			                                      json_integer_value(count), "chosen", is(wishes->show, answers[i])));
	}
	return list;
}

static bool shows(const struct wishes *wishes, const json_t *row)
{
	bool known = false;
	for (size_t i = 0; i < ANSWERS; i++)
		known |= is(answers[i], wishes->show);
	return !known || is(json_string_value(json_object_get(row, "answer")), wishes->show);
}

static void take_rows(const struct km_request *request, const struct km_check_result *result,
                      const struct wishes *wishes, size_t ranked, json_t *rows, size_t *total)
{
	size_t i;
	json_t *row;
	json_array_foreach(result->results, i, row)
	{
		if (!shows(wishes, row) || (ranked < ANSWERS && rank(row) != ranked))
			continue;
		if ((*total)++ < ROWS_SHOWN_MAX)
			json_array_append_new(rows, row_data(request, row));
	}
}

static int rising(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
	return (one > other) - (one < other);
}

/* The addresses under which the companies of the list can be watched, those that are not in the register yet too; who
 * is neither in it nor given by a KvK number cannot. */
static json_t *watch_addresses(const struct km_check_result *result)
{
	json_t *addresses = json_array(), *row;
	auto_free uint32_t *kvk = calloc(json_array_size(result->results) + 1, sizeof *kvk);
	size_t i, found = 0, len = 0;
	if (!kvk)
		return addresses;
	json_array_foreach(result->results, i, row)
	{
		const char *own = json_string_value(json_object_get(row, "kvk"));
		const char *given = json_string_value(json_object_get(json_object_get(row, "given"), "kvk"));
		const char *text = own ? own : given;
		if (text && km_kvk_valid(text))
			kvk[found++] = (uint32_t)strtoul(text, NULL, 10);
	}
	qsort(kvk, found, sizeof *kvk, rising);
	for (i = 0; i < found; i++)
		if (!len || kvk[i] != kvk[len - 1])
			kvk[len++] = kvk[i];
	for (i = 0; i < len; i += KM_WATCH_MAX) {
		auto_buf struct km_buf list = KM_BUF_EMPTY;
		size_t part = len - i < KM_WATCH_MAX ? len - i : KM_WATCH_MAX;
		km_watch_write(kvk + i, part, &list);
		json_array_append_new(addresses, json_pack("{s:s?, s:b, s:I, s:I, s:b}", "list", list.data, "first", i == 0,
		                                           "from", (json_int_t)(i + 1), "to", (json_int_t)(i + part), "parts",
		                                           len > KM_WATCH_MAX));
	}
	return addresses;
}

static enum km_error reply_page(const struct km_request *request, struct km_reply *reply,
                                const struct km_check_result *result, const struct wishes *wishes,
                                struct km_problem *problem)
{
	json_t *rows = json_array();
	size_t total = 0;
	bool by_line = is(wishes->order, "line");
	for (size_t i = by_line ? ANSWERS : 0; i <= ANSWERS; i++)
		if (by_line || i < ANSWERS)
			take_rows(request, result, wishes, i, rows, &total);
	auto_buf struct km_buf list = KM_BUF_EMPTY;
	km_check_list(result, &list);
	char clock[6];
	km_time_of_day_format(request->now, clock);
	json_auto_t *data =
		json_pack("{s:b, s:o, s:o, s:o, s:s, s:o, s:s, s:I, s:b, s:b, s:b, s:s}", "checked", 1, "watch",
	              watch_addresses(result), "rows", rows, "filters", filters(request, result, wishes), "list",
	              list.data ? list.data : "", "day", km_show_day(request, request->now), "clock", clock, "total",
	              (json_int_t)json_array_size(result->results), "cut", total > ROWS_SHOWN_MAX, "by_line", by_line,
	              "all", !*wishes->show || is(wishes->show, "all"), "show", wishes->show);
	return km_page(request, reply, "check", data, problem);
}

/* ------------------------------------------------------------------------------------------------ other replies */

static void name_file(const struct km_request *request, const char *ending, struct km_reply *reply)
{
	char day[KM_DATE_TEXT];
	km_date_format(request->now, day);
	snprintf(reply->filename, sizeof reply->filename, "keurmerk-%s.%s", day, ending);
}

static enum km_error reply_receipt(const struct km_request *request, struct km_reply *reply,
                                   const struct km_check_result *result, struct km_problem *problem)
{
	auto_free char *token = NULL;
	enum km_error error = km_check_receipt(request, result, &token, problem);
	if (error)
		return error;
	name_file(request, "jwt", reply);
	return km_reply_token(reply, token, km_type_jwt, problem);
}

static enum km_error reply_with(const struct km_request *request, struct km_reply *reply,
                                const struct km_check_result *result, const struct wishes *wishes,
                                struct km_problem *problem)
{
	if (is(wishes->as, "receipt"))
		return reply_receipt(request, reply, result, problem);
	if (is(wishes->as, "csv")) {
		name_file(request, "csv", reply);
		reply->type = "text/csv; charset=utf-8";
		km_check_csv(request, result, &reply->body);
		return KM_OK;
	}
	if (is(wishes->as, "json")) {
		name_file(request, "json", reply);
		json_auto_t *document = km_check_json(request, result);
		return km_reply_json(reply, document, km_type_json, problem);
	}
	return reply_page(request, reply, result, wishes, problem);
}

KM_HANDLER(km_get_check)
{
	json_auto_t *data = json_pack("{s:b, s:s}", "checked", 0, "list", "");
	reply->max_age_s = KM_CACHE_ASK;
	return km_page(request, reply, "check", data, problem);
}

KM_HANDLER(km_post_check)
{
	struct km_parts parts = {.len = 0};
	enum km_error error = km_parts_parse(request->content_type, request->body.data ? request->body.data : "",
	                                     request->body.len, &parts, problem);
	if (error)
		return error;
	struct wishes wishes;
	read_wish(&parts, "as", wishes.as);
	read_wish(&parts, "show", wishes.show);
	read_wish(&parts, "order", wishes.order);
	const struct km_part *file = km_parts_find(&parts, "file"), *list = km_parts_find(&parts, "list");
	const struct km_part *given = file ? file : list;
	reply->max_age_s = KM_CACHE_NOT;
	auto_check struct km_check_result result = {0};
	error = km_check_run(request, given ? given->bytes : "", given ? given->len : 0, &result, problem);
	return error ? error : reply_with(request, reply, &result, &wishes, problem);
}

/* POST /v1/checks: the list as text/csv, the answers and their receipt as JSON. */
KM_HANDLER(km_post_checks)
{
	auto_check struct km_check_result result = {0};
	enum km_error error =
		km_check_run(request, request->body.data ? request->body.data : "", request->body.len, &result, problem);
	auto_free char *token = NULL;
	if (!error)
		error = km_check_receipt(request, &result, &token, problem);
	if (error)
		return error;
	reply->max_age_s = KM_CACHE_NOT;
	json_auto_t *document = km_check_json(request, &result);
	if (!document || json_object_set_new(document, "receipt", json_string(token)) != 0)
		return km_fail_memory(problem);
	return km_reply_json(reply, document, km_type_json, problem);
}
