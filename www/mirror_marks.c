#include "registry/number.h"
#include "registry/provider.h"
#include "www/mirror_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parts are by the first two symbols of a mark's number, and the first three digits of a provider's KvK number: at most
 * 1024 and 1000 of them, and each of a thousandth of the register. */
enum { MARK_PREFIX = 2, PROVIDER_PREFIX = 3, KVK_TEXT = 9, CHANGED_MAX = 10000, ROUND_MARKS = 250, LISTED = 500 };

struct name {
	char text[KM_NUMBER_TEXT];
};

/* A set, once it is sorted. */
struct names {
	struct name *list; /* owned */
	size_t len, capacity, max;
};

static void names_done(struct names *names)
{
	free(names->list);
}
#define auto_names __attribute__((cleanup(names_done)))

/* KM_TOO_LARGE where they are more than are to be kept in memory. */
static enum km_error add_name(struct names *names, const char *text)
{
	if (names->len && strcmp(names->list[names->len - 1].text, text) == 0)
		return KM_OK;
	if (names->max && names->len == names->max)
		return KM_TOO_LARGE;
	if (names->len == names->capacity) {
		size_t capacity = names->capacity ? names->capacity * 2 : 256;
		struct name *list = realloc(names->list, capacity * sizeof *list);
		if (!list)
			return KM_NO_MEMORY;
		names->list = list;
		names->capacity = capacity;
	}
	snprintf(names->list[names->len++].text, sizeof names->list->text, "%s", text);
	return KM_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static void sort(struct names *names)
{
	if (!names->len)
		return;
	qsort(names->list, names->len, sizeof *names->list, by_text);
	size_t kept = 1;
	for (size_t i = 1; i < names->len; i++)
		if (strcmp(names->list[i].text, names->list[kept - 1].text) != 0)
			names->list[kept++] = names->list[i];
	names->len = kept;
}

/* What there is of one kind, marks or providers. */
struct kind {
	enum km_mirror_of of;
	int prefix;
	const char *part; /* "m", "k" */
};
static const struct kind mark_kind = {KM_MIRROR_MARK, MARK_PREFIX, "m"};
static const struct kind provider_kind = {KM_MIRROR_PROVIDER, PROVIDER_PREFIX, "k"};

/* Makes these anew, all of one part; where `all`, there are no others in it. */
static enum km_error make_part(struct km_mirror_run *run, const struct kind *kind, const struct name *names, size_t len,
                               bool all)
{
	auto_part struct km_mirror_part part = {0};
	char name[KM_MIRROR_PLACE_TEXT];
	snprintf(name, sizeof name, "%s-%.*s", kind->part, kind->prefix, names[0].text);
	enum km_error error = km_mirror_load(run, name, &part);
	if (!error && all)
		km_mirror_part_doubt(&part, NULL);
	for (size_t i = 0; i < len && !error; i++) {
		if (!all)
			km_mirror_part_doubt(&part, names[i].text);
		error = km_mirror_make_all(run, &part, kind->of, names[i].text);
	}
	return error ? error : km_mirror_save(run, name, &part);
}

static enum km_error make_names(struct km_mirror_run *run, const struct kind *kind, struct names *names)
{
	sort(names);
	enum km_error error = KM_OK;
	for (size_t from = 0, to; from < names->len && !error; from = to) {
		for (to = from + 1;
		     to < names->len && strncmp(names->list[to].text, names->list[from].text, (size_t)kind->prefix) == 0;)
			to++;
		error = make_part(run, kind, names->list + from, to - from, false);
	}
	return error;
}

/* ------------------------------------------------------------------------------------------------ what has changed */

struct changed {
	struct names marks, providers;
};

static enum km_error add_changed(void *context, const char *kvk, const char *number)
{
	struct changed *changed = context;
	/* It was erased, and what there is of it bears a number that nobody knows any more: all are walked over. */
	if (!*kvk)
		return KM_TOO_LARGE;
	enum km_error error = add_name(&changed->providers, kvk);
	return !error && number ? add_name(&changed->marks, number) : error;
}

enum km_error km_mirror_changed(struct km_mirror_run *run, const struct km_changed_cursor *upto)
{
	auto_names struct names marks = {.max = CHANGED_MAX}, providers = {.max = CHANGED_MAX};
	struct changed changed = {marks, providers};
	enum km_error error =
		km_changed_since(run->store, &run->state.cursor, run->now, add_changed, &changed, run->problem);
	marks = changed.marks;
	providers = changed.providers;
	if (error == KM_TOO_LARGE) {
		km_mirror_state_restart(&run->state);
		error = KM_OK;
	} else if (!error) {
		run->changed |= marks.len || providers.len;
		error = make_names(run, &mark_kind, &marks);
		if (!error)
			error = make_names(run, &provider_kind, &providers);
	}
	if (!error)
		run->state.cursor = *upto;
	return error == KM_NO_MEMORY ? km_fail_memory(run->problem) : error;
}

/* ------------------------------------------------------------------------------------------------------ all of them */

static enum km_error take_number(void *context, const char *kvk, const char *number)
{
	(void)kvk;
	return add_name(context, number);
}

/* The marks of the next part; none after the last. */
static enum km_error next_marks(struct km_mirror_run *run, struct names *marks)
{
	auto_names struct names first = {0};
	char end[KM_MIRROR_PLACE_TEXT];
	enum km_error error =
		km_marks_between(run->store, run->state.next_mark, NULL, 1, take_number, &first, run->problem);
	if (error || !first.len)
		return error;
	snprintf(end, sizeof end, "%.*s~", MARK_PREFIX, first.list[0].text);
	return km_marks_between(run->store, first.list[0].text, end, SIZE_MAX / 2, take_number, marks, run->problem);
}

/* Those of one part, from a list that goes on beyond it. */
struct providers {
	struct names *names;
	size_t seen;
	bool beyond;
};

static enum km_error take_provider(void *context, const struct km_provider *provider)
{
	struct providers *taken = context;
	taken->seen++;
	taken->beyond |= taken->names->len && strncmp(taken->names->list[0].text, provider->kvk, PROVIDER_PREFIX) != 0;
	return taken->beyond ? KM_OK : add_name(taken->names, provider->kvk);
}

static enum km_error next_providers(struct km_mirror_run *run, struct names *names)
{
	struct providers taken = {.names = names, .seen = LISTED};
	char after[KM_MIRROR_PLACE_TEXT];
	snprintf(after, sizeof after, "%s", run->state.next_provider);
	enum km_error error = KM_OK;
	while (!error && !taken.beyond && taken.seen == LISTED) {
		taken.seen = 0;
		error = km_provider_list(run->store, *after ? after : NULL, LISTED, take_provider, &taken, run->problem);
		if (names->len)
			snprintf(after, sizeof after, "%s", names->list[names->len - 1].text);
	}
	return error;
}

/* Parts that nothing has come up for: of what is no longer there. */
static enum km_error drop_unseen(struct km_mirror_run *run)
{
	const char *name;
	json_t *hex;
	void *next;
	enum km_error error = KM_OK;
	json_object_foreach_safe(run->state.unseen, next, name, hex)
	{
		if (error || strcmp(name, "site") == 0)
			continue;
		auto_part struct km_mirror_part part = {0};
		char copy[KM_MIRROR_PLACE_TEXT];
		snprintf(copy, sizeof copy, "%s", name); /* which goes as the part does */
		error = km_mirror_load(run, copy, &part);
		km_mirror_part_doubt(&part, NULL);
		if (!error)
			error = km_mirror_save(run, copy, &part);
	}
	return error;
}

enum km_error km_mirror_whole(struct km_mirror_run *run, bool *ret_done)
{
	struct km_mirror_state *state = &run->state;
	enum km_error error = KM_OK;
	size_t made = 0, len = 1;
	*ret_done = false;
	while (!error && len && made < ROUND_MARKS) {
		auto_names struct names marks = {0};
		error = next_marks(run, &marks);
		len = marks.len;
		if (!error && len)
			error = make_part(run, &mark_kind, marks.list, len, true);
		if (!error && len)
			snprintf(state->next_mark, sizeof state->next_mark, "%.*s~", MARK_PREFIX, marks.list[0].text);
		made += len;
	}
	for (len = made < ROUND_MARKS; !error && len && made < ROUND_MARKS;) {
		auto_names struct names providers = {0};
		error = next_providers(run, &providers);
		len = providers.len;
		if (!error && len)
			error = make_part(run, &provider_kind, providers.list, len, true);
		if (!error && len)
			snprintf(state->next_provider, sizeof state->next_provider, "%.*s~", PROVIDER_PREFIX,
			         providers.list[0].text);
		made += len;
	}
	if (error || len || made >= ROUND_MARKS)
		return error == KM_NO_MEMORY ? km_fail_memory(run->problem) : error;
	*ret_done = true;
	return drop_unseen(run);
}
