#include "www/supplier_check.h"

#include "badge/receipt.h"
#include "base/clock.h"
#include "base/json.h"
#include "registry/supplier_list.h"
#include "www/pages.h"
#include "www/site.h"

#include <stdlib.h>
#include <string.h>

enum { CHECKS_AT_ONCE = 2 };

/* ------------------------------------------------------------------------------------------------ rows into JSON */

static void set_text(json_t *object, const char *member, const char *text)
{
	if (text && *text)
		json_object_set_new(object, member, json_string(text));
}

static json_t *given_json(const struct km_supplier *given)
{
	json_t *object = json_object();
	set_text(object, "name", given->name);
	set_text(object, "kvk", given->kvk);
	set_text(object, "domain", given->domain);
	set_text(object, "number", given->number);
	return object;
}

static json_t *marks_json(const struct km_supplier_result *result)
{
	json_t *list = json_array();
	for (size_t i = 0; i < result->marks_len; i++) {
		const struct km_supplier_mark *mark = &result->marks[i];
		char until[KM_DATE_TEXT];
		km_date_format(mark->valid_until, until);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "number", mark->number, "scheme", mark->scheme_id,
		                                      "state", km_state_name(mark->state), "valid_until", until));
	}
	return list;
}

static json_t *near_json(const struct km_supplier_result *result)
{
	json_t *list = json_array();
	for (size_t i = 0; i < result->near_len; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", result->near[i].name, "kvk", result->near[i].kvk));
	return list;
}

/* One word for the row: the state of its best mark, or why it has none. */
static const char *answer_of(const struct km_supplier_result *result)
{
	if (result->answer != KM_SUPPLIER_MARKED)
		return km_supplier_answer_name(result->answer);
	for (size_t i = 0; i < result->marks_len; i++)
		if (result->marks[i].state == KM_ACTIVE)
			return km_state_name(KM_ACTIVE);
	return km_state_name(result->marks[0].state);
}

static enum km_error take_row(void *context, const struct km_supplier_row *row)
{
	struct km_check_result *check = context;
	const struct km_supplier_result *result = row->result;
	const char *answer = answer_of(result);
	json_t *line =
		json_pack("{s:I, s:o, s:s}", "line", (json_int_t)row->line, "given", given_json(&row->given), "answer", answer);
	set_text(line, result->name ? "found_by" : "at_odds", km_supplier_field_name(result->field));
	set_text(line, "name", result->name);
	set_text(line, "kvk", result->kvk);
	if (result->marks_len)
		json_object_set_new(line, "marks", marks_json(result));
	if (result->near_len)
		json_object_set_new(line, "near", near_json(result));
	json_int_t count = json_integer_value(json_object_get(check->counts, answer));
	json_object_set_new(check->counts, answer, json_integer(count + 1));
	return json_array_append_new(check->results, line) == 0 ? KM_OK : KM_NO_MEMORY;
}

enum km_error km_check_run(const struct km_request *request, const char *bytes, size_t len,
                           struct km_check_result *ret_result, struct km_problem *problem)
{
	atomic_int *running = &request->site->checks;
	if (atomic_fetch_add(running, 1) >= CHECKS_AT_ONCE) {
		atomic_fetch_sub(running, 1);
		return km_fail(problem, KM_UNAVAILABLE, "busy", "other lists are being checked: try again in a moment");
	}
	struct km_check_result result = {.results = json_array(), .counts = json_object()};
	enum km_error error = km_supplier_list(request->store, bytes, len, request->now, take_row, &result, problem);
	atomic_fetch_sub(running, 1);
	if (error == KM_NO_MEMORY)
		km_fail_memory(problem);
	if (error)
		km_check_done(&result);
	else {
		*ret_result = result;
		km_site_use(request, KM_USE_CHECK);
	}
	return error;
}

void km_check_done(struct km_check_result *result)
{
	json_decref(result->results);
	json_decref(result->counts);
	*result = (struct km_check_result){0};
}

json_t *km_check_json(const struct km_request *request, const struct km_check_result *result)
{
	return json_pack("{s:o, s:O, s:O}", "checked_at", km_json_moment_new(request->now), "counts", result->counts,
	                 "results", result->results);
}

/* What merely looks like a name proves nothing, and stays out of the evidence. */
enum km_error km_check_receipt(const struct km_request *request, const struct km_check_result *result, char **ret_token,
                               struct km_problem *problem)
{
	json_auto_t *rows = json_array();
	size_t i;
	json_t *row;
	json_array_foreach(result->results, i, row)
	{
		json_t *copy = json_copy(row);
		json_object_del(copy, "near");
		json_array_append_new(rows, copy);
	}
	auto_free char *payload = NULL;
	enum km_error error = km_receipt_payload(rows, result->counts, request->site->url, request->now, &payload, problem);
	if (!error)
		error = km_signer_sign(request->site->options.signer, KM_FORM_RECEIPT, payload, strlen(payload), ret_token,
		                       problem);
	return error;
}

/* -------------------------------------------------------------------------------------------------------- tables */

static void add_quoted(struct km_buf *csv, const char *before, const char *text)
{
	km_buf_add_char(csv, '"');
	km_buf_add_text(csv, before);
	for (; *text; text++) {
		if (*text == '"')
			km_buf_add_char(csv, '"');
		km_buf_add_char(csv, *text);
	}
	km_buf_add_char(csv, '"');
}

/* A spreadsheet takes what begins with one of these for a formula, and what runs then is up to whoever wrote it; the
 * apostrophe makes it text. */
static void add_cell(struct km_buf *csv, const char *text)
{
	add_quoted(csv, *text && strchr("=+-@\t\r", *text) ? "'" : "", text);
}

/* As it was: for what goes back to us, and into no spreadsheet. */
static void add_plain_cell(struct km_buf *csv, const char *text)
{
	add_quoted(csv, "", text);
}

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));
	return text ? text : "";
}

static void add_given(struct km_buf *csv, const json_t *row, void (*add)(struct km_buf *csv, const char *text))
{
	static const char *const members[] = {"name", "kvk", "domain", "number"};
	const json_t *given = json_object_get(row, "given");
	for (size_t i = 0; i < 4; i++) {
		km_buf_add_char(csv, ';');
		add(csv, text_of(given, members[i]));
	}
}

static void add_headings(const struct km_request *request, struct km_buf *csv)
{
	static const char *const headings[] = {"name",       "kvk",       "domain", "number", "answer",
	                                       "found-name", "found-kvk", "mark",   "until",  "near"};
	km_buf_add_text(csv, "\xef\xbb\xbf\"");
	km_buf_add_text(csv, km_page_words_for(request, "check-column", "line"));
	km_buf_add_char(csv, '"');
	for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
		km_buf_add_char(csv, ';');
		add_cell(csv, km_page_words_for(request, "check-column", headings[i]));
	}
	km_buf_add_text(csv, "\r\n");
}

/* All of them in one cell: "7K3Q9XM24HTT, 2N4…" */
static void add_joined(struct km_buf *csv, const json_t *list, const char *member)
{
	auto_buf struct km_buf joined = KM_BUF_EMPTY;
	for (size_t i = 0; i < json_array_size(list); i++) {
		km_buf_add_text(&joined, i ? ", " : "");
		km_buf_add_text(&joined, text_of(json_array_get(list, i), member));
	}
	km_buf_add_char(csv, ';');
	add_cell(csv, joined.data ? joined.data : "");
	csv->failed |= joined.failed;
}

void km_check_csv(const struct km_request *request, const struct km_check_result *result, struct km_buf *ret_csv)
{
	size_t i;
	json_t *row;
	add_headings(request, ret_csv);
	json_array_foreach(result->results, i, row)
	{
		km_buf_add_format(ret_csv, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "line")));
		add_given(ret_csv, row, add_cell);
		const char *cells[] = {km_page_words_for(request, "check-answer", text_of(row, "answer")), text_of(row, "name"),
		                       text_of(row, "kvk")};
		for (size_t j = 0; j < 3; j++) {
			km_buf_add_char(ret_csv, ';');
			add_cell(ret_csv, cells[j]);
		}
		add_joined(ret_csv, json_object_get(row, "marks"), "number");
		add_joined(ret_csv, json_object_get(row, "marks"), "valid_until");
		add_joined(ret_csv, json_object_get(row, "near"), "name");
		km_buf_add_text(ret_csv, "\r\n");
	}
}

void km_check_list(const struct km_check_result *result, struct km_buf *ret_csv)
{
	size_t i;
	json_t *row;
	km_buf_add_text(ret_csv, "line;name;kvk;domain;number\n");
	json_array_foreach(result->results, i, row)
	{
		km_buf_add_format(ret_csv, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "line")));
		add_given(ret_csv, row, add_plain_cell);
		km_buf_add_char(ret_csv, '\n');
	}
}
