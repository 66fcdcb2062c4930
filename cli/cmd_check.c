#include "badge/receipt.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/output.h"
#include "cli/say.h"
#include "cli/trust.h"
#include "keys/jws.h"
#include "registry/supplier_list.h"

#include <string.h>

enum { CHECK_ANSWER_MAX = 4 * KM_RECEIPT_TOKEN_MAX }; /* bytes: the answers, and their receipt */

static const struct km_option options[] = {
	KM_OPTION_REGISTRY,
	{"output", 'o', "FILE", "keep the signed receipt in this file", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTIONS_END,
};

/* Asks the registry; *ret_receipt is what it signed, not verified yet, the caller's (free). */
static enum km_error ask(struct km_fetch *fetch, const char *url, const char *list, size_t len, char **ret_receipt,
                         struct km_problem *problem)
{
	auto_answer struct km_answer answer = {0};
	auto_buf struct km_buf address = KM_BUF_EMPTY;
	json_auto_t *reply = NULL;
	const char *receipt = NULL;
	km_buf_add_format(&address, "%s/v1/checks", url);
	if (address.failed)
		return km_fail_memory(problem);
	enum km_error error = km_fetch_post(fetch, address.data, "text/csv", list, len, CHECK_ANSWER_MAX, &answer, problem);
	if (!error)
		error = km_answer_check(&answer, problem);
	if (!error)
		error = km_json_parse(answer.body, answer.len, "the registry's answer", &reply, problem);
	if (!error)
		error = km_json_string(reply, "", "receipt", KM_RECEIPT_TOKEN_MAX, &receipt, problem);
	if (error)
		return error;
	*ret_receipt = strdup(receipt);
	return *ret_receipt ? KM_OK : km_fail_memory(problem);
}

/* What is shown is what is signed, and nothing else. */
static enum km_error open_receipt(const char *receipt, const struct km_trust *trust, int64_t now, json_t **ret_claims,
                                  struct km_problem *problem)
{
	struct km_verdict verdict = {0};
	auto_jws struct km_jws jws = {0};
	if (!km_receipt_verify(receipt, strlen(receipt), &trust->set, now, &verdict))
		return km_fail(problem, KM_UNAVAILABLE, "no-receipt", "%s did not sign its answer with a receipt",
		               trust->set.url);
	if (verdict.outcome != KM_GENUINE)
		return km_fail(problem, KM_UNAVAILABLE, "bad-receipt", "what %s signed cannot be relied on: %s", trust->set.url,
		               verdict.sentence);
	enum km_error error = km_jws_parse(receipt, strlen(receipt), KM_RECEIPT_TOKEN_MAX, &jws, problem);
	return error ? error : km_json_parse(jws.payload, jws.payload_len, "the receipt", ret_claims, problem);
}

static const char *text_of(const json_t *row, const char *member)
{
	const char *text = json_string_value(json_object_get(row, member));
	return text ? text : "";
}

/* "active" is the one answer that needs no second look. */
static bool is_fine(const json_t *row)
{
	return strcmp(text_of(row, "answer"), "active") == 0;
}

static void print_row(const json_t *row)
{
	const json_t *given = json_object_get(row, "given"), *marks = json_object_get(row, "marks");
	const char *found = text_of(row, "name"), *odd = text_of(row, "at_odds"), *member;
	auto_buf struct km_buf typed = KM_BUF_EMPTY;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)given, member, value)
	{
		km_buf_add_format(&typed, "%s%s", typed.len ? ", " : "", json_is_string(value) ? json_string_value(value) : "");
	}
	const json_t *mark = json_array_get(marks, 0);
	km_say(stdout, "%5lld  %-9s  %-8s  %s%s%s%s%s%s%s", (long long)json_integer_value(json_object_get(row, "line")),
	       text_of(row, "answer"), text_of(row, "kvk"),
	       *found       ? found
	       : typed.data ? typed.data
	                    : "",
	       *odd ? "  see: " : "", odd, mark ? "  mark " : "", text_of(mark, "number"), mark ? " until " : "",
	       text_of(mark, "valid_until"));
}

static size_t count_fine(const json_t *results)
{
	size_t i, fine = 0;
	json_t *row;
	json_array_foreach(results, i, row)
	{
		fine += is_fine(row);
	}
	return fine;
}

static void print_rows(const json_t *results, size_t fine)
{
	size_t i;
	json_t *row;
	json_array_foreach(results, i, row)
	{
		print_row(row);
	}
	km_say(stdout, "%zu of %zu have a mark that holds now.", fine, json_array_size(results));
}

static enum km_error keep(const struct km_call *call, const char *receipt, struct km_problem *problem)
{
	auto_buf struct km_buf content = KM_BUF_EMPTY;
	if (!km_given(call, "output"))
		return KM_OK;
	km_buf_add_text(&content, receipt);
	km_buf_add_char(&content, '\n');
	return km_output_write(call, &content, problem);
}

static enum km_error check(struct km_call *call, struct km_problem *problem)
{
	auto_fetch struct km_fetch *fetch = NULL;
	struct km_trust trust = {0};
	auto_free char *list = NULL, *receipt = NULL;
	size_t len = 0;
	json_auto_t *claims = NULL;
	char url[KM_REMOTE_URL_TEXT];
	enum km_error error = km_trust_url(call, url, problem); /* somebody has to be asked */
	if (!error)
		error = km_file_read(call->operands[0], KM_SUPPLIER_LIST_MAX, &list, &len, problem);
	if (!error)
		error = km_fetch_open(&fetch, problem);
	if (!error)
		error = km_trust_find(call, fetch, &trust, problem);
	if (!error)
		error = ask(fetch, url, list, len, &receipt, problem);
	if (!error)
		error = open_receipt(receipt, &trust, km_clock_now(&call->clock), &claims, problem);
	if (!error)
		error = keep(call, receipt, problem);
	if (error)
		return error;
	const json_t *results = json_object_get(claims, "results");
	size_t fine = count_fine(results);
	if (km_given(call, "json"))
		km_say_json(claims);
	else
		print_rows(results, fine);
	call->exit_status = fine == json_array_size(results) ? KM_EXIT_DONE : KM_EXIT_NOT_VALID;
	return KM_OK;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	enum km_error error = check(call, problem);
	/* Exit status 1 says that some do not hold; whatever went wrong on the way says nothing about them. */
	if (error && strcmp(problem->type, "usage") != 0)
		error = problem->code = KM_UNAVAILABLE;
	return error;
}

const struct km_command km_check_command = {
	.noun = "check",
	.operands = "CSV",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "have a list of suppliers checked: which have a mark that holds now?",
	.details =
		"The list is a table with a row for each supplier: name, KvK number, domain, mark number, or some of these; "
        "its\n"
		"first row may name the columns. What is printed is what the registry signed; the receipt is evidence for\n"
		"later (`keurmerk verify FILE`). Exit status: 0 all hold, 1 some do not, 3 cannot tell.",
	.options = options,
	.run = run,
};
