#include "registry/supplier.h"

#include "base/likeness.h"
#include "registry/identifier.h"
#include "registry/number.h"
#include "registry/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	HITS_MAX = 20,
	WORDS_MAX = 4,      /* of a name, by whose beginnings something like it is looked for */
	BEGINNING_MAX = 4,  /* bytes */
	BEGINNING_WIDE = 2, /* … where those find nothing, and it is about this one name only */
	LIKENESS_LEAST = 65 /* below this an offer would only amuse */
};

static const char *const answer_names[KM_SUPPLIER_ANSWERS] = {
	[KM_SUPPLIER_MARKED] = "marked",   [KM_SUPPLIER_UNMARKED] = "unmarked", [KM_SUPPLIER_UNKNOWN] = "unknown",
	[KM_SUPPLIER_DIFFERS] = "differs", [KM_SUPPLIER_MISTYPED] = "mistyped", [KM_SUPPLIER_EMPTY] = "empty",
};
static const char *const field_names[KM_SUPPLIER_FIELDS] = {
	[KM_SUPPLIER_BY_NOTHING] = "",      [KM_SUPPLIER_BY_NUMBER] = "number", [KM_SUPPLIER_BY_KVK] = "kvk",
	[KM_SUPPLIER_BY_DOMAIN] = "domain", [KM_SUPPLIER_BY_NAME] = "name",
};

const char *km_supplier_answer_name(enum km_supplier_answer answer)
{
	return answer_names[answer];
}

const char *km_supplier_field_name(enum km_supplier_field field)
{
	return field_names[field];
}

/* What one given thing leads to. */
struct trace {
	bool given, sound; /* sound: of the form that it should have */
	bool found;
	bool several;                     /* more than one company: then it decides nothing */
	const char *wanted;               /* only companies of exactly this name count; NULL: all do */
	struct km_supplier_result result; /* name, kvk and marks of the company found; owned */
};

static void trace_done(struct trace *trace)
{
	km_supplier_done(&trace->result);
}

void km_supplier_done(struct km_supplier_result *result)
{
	free(result->name);
	for (size_t i = 0; i < result->marks_len; i++)
		free(result->marks[i].scheme_id);
	for (size_t i = 0; i < result->near_len; i++)
		free(result->near[i].name);
	*result = (struct km_supplier_result){0};
}

static enum km_error take_mark(struct km_supplier_result *result, const struct km_hit *hit)
{
	if (!hit->number || result->marks_len == KM_SUPPLIER_MARKS_MAX)
		return KM_OK;
	struct km_supplier_mark *mark = &result->marks[result->marks_len];
	*mark = (struct km_supplier_mark){.state = hit->state, .valid_until = hit->valid_until};
	snprintf(mark->number, sizeof mark->number, "%s", hit->number);
	mark->scheme_id = strdup(hit->scheme_id);
	if (!mark->scheme_id)
		return KM_NO_MEMORY;
	result->marks_len++;
	return KM_OK;
}

static enum km_error take_hit(void *context, const struct km_hit *hit)
{
	struct trace *trace = context;
	if (trace->wanted && strcasecmp(trace->wanted, hit->provider_name) != 0)
		return KM_OK;
	struct km_supplier_result *result = &trace->result;
	if (trace->found && strcmp(result->kvk, hit->kvk) != 0) {
		trace->several = true;
		return KM_OK;
	}
	if (!trace->found) {
		trace->found = true;
		snprintf(result->kvk, sizeof result->kvk, "%s", hit->kvk);
		result->name = strdup(hit->provider_name);
		if (!result->name)
			return KM_NO_MEMORY;
	}
	return take_mark(result, hit);
}

/* Follows what is given, which is sound where the search reads it as what it is meant to be. */
static enum km_error follow(struct km_store *store, const char *text, enum km_query_kind meant, int64_t at,
                            struct trace *trace, struct km_problem *problem)
{
	if (!trace->given)
		return KM_OK;
	const struct km_query query = {.text = text, .limit = HITS_MAX, .bare = true};
	enum km_query_kind kind = KM_QUERY_ALL;
	enum km_error error = km_search(store, &query, at, &kind, take_hit, trace, problem);
	if (error == KM_ABSENT) /* a mark number with a wrong check symbol */
		return KM_OK;
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (error)
		return error;
	trace->sound = kind == meant;
	trace->found = trace->found && trace->sound;
	return KM_OK;
}

static bool is_given(const char *text)
{
	return text && text[strspn(text, " \t\r\n")];
}

struct traces {
	struct trace number, kvk, domain, name;
};

static void traces_done(struct traces *traces)
{
	trace_done(&traces->number);
	trace_done(&traces->kvk);
	trace_done(&traces->domain);
	trace_done(&traces->name);
}

/* Of a hundred mark numbers one has no digit, and may have been taken for a name. It is a number where there is a mark
 * of that number, and a name where there is none. */
static enum km_error follow_name_as_number(struct km_store *store, int64_t at, struct traces *traces,
                                           struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	struct trace *trace = &traces->number;
	if (!traces->name.given || traces->name.found || km_number_parse(traces->name.wanted, number, NULL) != KM_OK)
		return KM_OK;
	trace->given = true;
	enum km_error error = follow(store, number, KM_QUERY_NUMBER, at, trace, problem);
	trace->given = trace->sound = trace->found;
	return error;
}

static enum km_error follow_all(struct km_store *store, const struct km_supplier *supplier, int64_t at,
                                struct traces *traces, struct km_problem *problem)
{
	traces->number.given = is_given(supplier->number);
	traces->kvk.given = is_given(supplier->kvk);
	traces->domain.given = is_given(supplier->domain);
	bool identified = traces->number.given || traces->kvk.given || traces->domain.given;
	/* A name has no say where something better is given. */
	traces->name.given = is_given(supplier->name) && !identified;
	traces->name.wanted = supplier->name;
	char number[KM_NUMBER_TEXT];
	enum km_error error = KM_OK;
	/* In its plain form, in which the search takes it for nothing else. */
	if (traces->number.given && km_number_parse(supplier->number, number, NULL) == KM_OK) {
		error = follow(store, number, KM_QUERY_NUMBER, at, &traces->number, problem);
		traces->number.sound = true;
	}
	if (!error)
		error = follow(store, supplier->kvk, KM_QUERY_KVK, at, &traces->kvk, problem);
	if (!error)
		error = follow(store, supplier->domain, KM_QUERY_DOMAIN, at, &traces->domain, problem);
	if (!error)
		error = follow(store, supplier->name, KM_QUERY_NAME, at, &traces->name, problem);
	return error ? error : follow_name_as_number(store, at, traces, problem);
}

static bool other_company(const struct trace *trace, const struct trace *chosen)
{
	return trace != chosen && trace->found && strcmp(trace->result.kvk, chosen->result.kvk) != 0;
}

/* Whether something that was given speaks against the company that was found. */
static enum km_supplier_field at_odds(const struct traces *traces, const struct trace *chosen)
{
	/* A number or KvK number that leads nowhere cannot be that of a company that is in the register. */
	if ((traces->number.sound && !traces->number.found) || other_company(&traces->number, chosen))
		return KM_SUPPLIER_BY_NUMBER;
	if ((traces->kvk.sound && !traces->kvk.found) || other_company(&traces->kvk, chosen))
		return KM_SUPPLIER_BY_KVK;
	/* A company may well have domains that the register does not know. */
	return other_company(&traces->domain, chosen) ? KM_SUPPLIER_BY_DOMAIN : KM_SUPPLIER_BY_NOTHING;
}

static enum km_supplier_field mistyped(const struct traces *traces)
{
	if (traces->number.given && !traces->number.sound)
		return KM_SUPPLIER_BY_NUMBER;
	if (traces->kvk.given && !traces->kvk.sound)
		return KM_SUPPLIER_BY_KVK;
	return traces->domain.given && !traces->domain.sound ? KM_SUPPLIER_BY_DOMAIN : KM_SUPPLIER_BY_NOTHING;
}

static void conclude(struct traces *traces, struct km_supplier_result *result)
{
	struct {
		struct trace *trace;
		enum km_supplier_field field;
	} order[] = {{&traces->number, KM_SUPPLIER_BY_NUMBER},
	             {&traces->kvk, KM_SUPPLIER_BY_KVK},
	             {&traces->domain, KM_SUPPLIER_BY_DOMAIN},
	             {&traces->name, KM_SUPPLIER_BY_NAME}};
	*result = (struct km_supplier_result){.answer = KM_SUPPLIER_UNKNOWN, .field = mistyped(traces)};
	/* A mark number that is wrong says more than all that is right beside it. */
	if (result->field == KM_SUPPLIER_BY_NUMBER) {
		result->answer = KM_SUPPLIER_MISTYPED;
		return;
	}
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		struct trace *trace = order[i].trace;
		if (!trace->found || trace->several)
			continue;
		enum km_supplier_field odd = at_odds(traces, trace);
		if (odd) {
			*result = (struct km_supplier_result){.answer = KM_SUPPLIER_DIFFERS, .field = odd};
			return;
		}
		*result = trace->result;
		trace->result = (struct km_supplier_result){0};
		result->answer = result->marks_len ? KM_SUPPLIER_MARKED : KM_SUPPLIER_UNMARKED;
		result->field = order[i].field;
		return;
	}
	if (result->field)
		result->answer = KM_SUPPLIER_MISTYPED;
	else if (!traces->number.given && !traces->kvk.given && !traces->domain.given && !traces->name.given)
		result->answer = KM_SUPPLIER_EMPTY;
}

/* ------------------------------------------------------------------------------------------------ what is like it */

struct offers {
	const char *name;
	int least; /* likeness that counts */
	struct km_supplier_result *result;
};

/* Keeps the best few, most alike first, each company once. */
static enum km_error consider(void *context, const struct km_hit *hit)
{
	struct offers *offers = context;
	struct km_supplier_result *result = offers->result;
	int likeness = km_likeness(offers->name, hit->provider_name);
	if (likeness < offers->least)
		return KM_OK;
	size_t place = result->near_len;
	for (size_t i = 0; i < result->near_len; i++)
		if (strcmp(result->near[i].kvk, hit->kvk) == 0)
			return KM_OK;
	while (place > 0 && result->near[place - 1].likeness < likeness)
		place--;
	if (place == KM_SUPPLIER_NEAR_MAX)
		return KM_OK;
	struct km_supplier_near near = {.name = strdup(hit->provider_name), .likeness = likeness};
	if (!near.name)
		return KM_NO_MEMORY;
	snprintf(near.kvk, sizeof near.kvk, "%s", hit->kvk);
	if (result->near_len == KM_SUPPLIER_NEAR_MAX)
		free(result->near[--result->near_len].name);
	memmove(&result->near[place + 1], &result->near[place], (result->near_len - place) * sizeof near);
	result->near[place] = near;
	result->near_len++;
	return KM_OK;
}

static enum km_error look_for(struct km_store *store, const char *text, int64_t at, struct offers *offers,
                              struct km_problem *problem)
{
	const struct km_query query = {.text = text, .limit = KM_QUERY_LIMIT_MAX, .bare = true};
	enum km_error error = km_search(store, &query, at, NULL, consider, offers, problem);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	return error == KM_ABSENT ? KM_OK : error;
}

/* The beginning of a word, cut between characters. */
static void beginning_of(const char *word, size_t len, size_t max, char ret_text[static BEGINNING_MAX + 1])
{
	size_t cut = len < max ? len : max;
	while (cut && cut < len && ((unsigned char)word[cut] & 0xc0) == 0x80)
		cut--;
	memcpy(ret_text, word, cut);
	ret_text[cut] = '\0';
}

static bool too_long(const char *text)
{
	return text && strnlen(text, KM_SUPPLIER_TEXT_MAX + 1) > KM_SUPPLIER_TEXT_MAX;
}

/* What begins with the same letters as one of the words and looks like the whole. */
static enum km_error offer_by_beginnings(struct km_store *store, int64_t at, size_t max, struct offers *offers,
                                         struct km_problem *problem)
{
	static const char spaces[] = " \t\r\n";
	size_t words = 0;
	enum km_error error = KM_OK;
	for (const char *word = offers->name + strspn(offers->name, spaces); *word && !error && words < WORDS_MAX;
	     words++) {
		char beginning[BEGINNING_MAX + 1];
		size_t len = strcspn(word, spaces);
		beginning_of(word, len, max, beginning);
		/* "BV" is in every other name. */
		if (len > 2 && *beginning)
			error = look_for(store, beginning, at, offers, problem);
		word += len + strspn(word + len, spaces);
	}
	return error;
}

/* All that holds the words as they are, then what looks alike. */
static enum km_error offer(struct km_store *store, const char *name, int64_t at, struct km_supplier_result *result,
                           struct km_problem *problem)
{
	struct offers offers = {.name = name, .result = result};
	enum km_error error = look_for(store, name, at, &offers, problem);
	offers.least = LIKENESS_LEAST;
	return error ? error : offer_by_beginnings(store, at, BEGINNING_MAX, &offers, problem);
}

enum km_error km_supplier_near(struct km_store *store, const char *name, int64_t at,
                               struct km_supplier_result *ret_result, struct km_problem *problem)
{
	auto_supplier struct km_supplier_result result = {.answer = KM_SUPPLIER_UNKNOWN};
	struct offers offers = {.name = name, .least = LIKENESS_LEAST, .result = &result};
	enum km_error error = KM_OK;
	if (!too_long(name))
		error = offer_by_beginnings(store, at, BEGINNING_MAX, &offers, problem);
	if (!error && !too_long(name) && !result.near_len)
		error = offer_by_beginnings(store, at, BEGINNING_WIDE, &offers, problem);
	if (error)
		return error;
	*ret_result = result;
	result = (struct km_supplier_result){0};
	return KM_OK;
}

enum km_error km_supplier_check(struct km_store *store, const struct km_supplier *supplier, int64_t at, bool near,
                                struct km_supplier_result *ret_result, struct km_problem *problem)
{
	if (too_long(supplier->name) || too_long(supplier->kvk) || too_long(supplier->domain) ||
	    too_long(supplier->number)) {
		*ret_result = (struct km_supplier_result){.answer = KM_SUPPLIER_MISTYPED};
		return KM_OK;
	}
	__attribute__((cleanup(traces_done))) struct traces traces = {0};
	auto_supplier struct km_supplier_result result = {0};
	enum km_error error = follow_all(store, supplier, at, &traces, problem);
	if (error)
		return error;
	conclude(&traces, &result);
	if (near && result.answer == KM_SUPPLIER_UNKNOWN && is_given(supplier->name))
		error = offer(store, supplier->name, at, &result, problem);
	if (error)
		return error;
	*ret_result = result;
	result = (struct km_supplier_result){0};
	return KM_OK;
}
