#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "registry/address.h"
#include "registry/reading.h"
#include "registry/scheme.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)KM_SCHEME_FAULTS_MAX == (int)KM_READING_FAULTS_MAX, "the header promises what the reading does");

/* In characters, and then in elements of the lists. */
enum { NAME_MAX_CHARACTERS = 120, SHORT_NAME_MAX_CHARACTERS = 30, TEXT_MAX_CHARACTERS = 2000, CRITERION_ID_MAX = 16 };
enum { ASSURANCES_MAX = 20, PRINCIPLES_MAX = 20, SERVICES_MAX = 100, LEVELS_MAX = 10, CRITERIA_MAX = 500 };

/* A scheme with what its strings are borrowed from. */
struct loaded {
	struct km_scheme scheme; /* first, so that the one pointer stands for the other */
	json_t *root;
	char *json;
	unsigned holders; /* beyond the first */
};

struct km_scheme *km_scheme_hold(struct km_scheme *scheme)
{
	((struct loaded *)scheme)->holders++;
	return scheme;
}

void km_scheme_free(struct km_scheme *scheme)
{
	struct loaded *loaded = (struct loaded *)scheme;
	if (!loaded || loaded->holders-- > 0)
		return;
	for (size_t i = 0; i < scheme->criteria_len; i++)
		free((void *)scheme->criteria[i].services);
	free((void *)scheme->criteria);
	free((void *)scheme->principles);
	free((void *)scheme->assurances);
	free((void *)scheme->services);
	free((void *)scheme->levels);
	json_decref(loaded->root);
	free(loaded->json);
	free(loaded);
}

static const struct km_words no_words = {{"", ""}};

/* { "nl": "…", "en": "…" } */
static struct km_words read_words(struct km_reading *reading, const json_t *object, const char *where,
                                  const char *member, size_t max_characters)
{
	static const char *const known[] = {"nl", "en", NULL};
	struct km_words words = no_words;
	const json_t *both = km_reading_object(reading, object, where, member);
	if (!both)
		return words;
	char path[KM_PATH_TEXT];
	km_reading_only(reading, both, km_path_to(path, where, member), known);
	for (enum km_language i = 0; i < KM_LANGUAGES; i++)
		words.in[i] = km_reading_string(reading, both, path, km_language_code(i), max_characters);
	return words;
}

static const char *read_slug(struct km_reading *reading, const json_t *object, const char *where, const char *member)
{
	const char *text = km_reading_string(reading, object, where, member, NAME_MAX_CHARACTERS);
	char path[KM_PATH_TEXT];
	if (text && !km_slug_valid(text))
		km_reading_refuse(reading, km_path_to(path, where, member),
		                  "\"%s\" cannot be an id; expected at most %d of a-z, 0-9 and, between those, hyphens", text,
		                  KM_SLUG_MAX);
	return text;
}

/* A faulty list may hold items without an id. */
static const struct km_scheme_item *find_item(const struct km_scheme_item *items, size_t len, const char *id)
{
	for (size_t i = 0; i < len; i++)
		if (items[i].id && strcmp(items[i].id, id) == 0)
			return &items[i];
	return NULL;
}

/* Assurances, principles, services or levels; where none is needed, the list may be left out. */
static void read_items(struct km_reading *reading, const json_t *root, const char *member, size_t min, size_t max,
                       const struct km_scheme_item **ret_items, size_t *ret_len)
{
	static const char *const known[] = {"id", "name", "text", NULL};
	if (!min && !km_reading_has(root, member))
		return;
	const json_t *list = km_reading_list(reading, root, "", member, min, max);
	size_t len = json_array_size(list);
	struct km_scheme_item *items = km_reading_room(reading, len, sizeof *items);
	if (!items)
		return;
	for (size_t i = 0; i < len; i++) {
		char path[KM_PATH_TEXT], id_path[KM_PATH_TEXT];
		const json_t *object = json_array_get(list, i);
		if (!km_reading_is_object(reading, object, km_path_at(path, member, i)))
			continue;
		km_reading_only(reading, object, path, known);
		const char *id = read_slug(reading, object, path, "id");
		if (id && find_item(items, i, id))
			km_reading_refuse(reading, km_path_to(id_path, path, "id"),
			                  "\"%s\" stands in this list already; each id comes once", id);
		items[i].id = id;
		items[i].name = read_words(reading, object, path, "name", NAME_MAX_CHARACTERS);
		items[i].text = no_words;
		if (km_reading_has(object, "text"))
			items[i].text = read_words(reading, object, path, "text", TEXT_MAX_CHARACTERS);
	}
	*ret_items = items;
	*ret_len = len;
}

/* The item that the text names; NULL, and a fault, where the scheme has none such. */
static const struct km_scheme_item *resolve(struct km_reading *reading, const char *path, const char *id,
                                            const char *list, const struct km_scheme_item *items, size_t len)
{
	const struct km_scheme_item *item = find_item(items, len, id);
	if (item)
		return item;
	if (!len) {
		km_reading_refuse(reading, path, "this scheme has no %s: leave this member out", list);
		return NULL;
	}
	auto_buf struct km_buf ids = KM_BUF_EMPTY;
	for (size_t i = 0; i < len; i++)
		km_buf_add_format(&ids, "%s%s", i ? ", " : "", items[i].id ? items[i].id : "?");
	if (ids.failed)
		reading->no_memory = true;
	else
		km_reading_refuse(reading, path, "there is no \"%s\" among the %s; expected one of: %s", id, list, ids.data);
	return NULL;
}

static const struct km_scheme_item *read_reference(struct km_reading *reading, const json_t *object, const char *where,
                                                   const char *member, const char *list,
                                                   const struct km_scheme_item *items, size_t len)
{
	char path[KM_PATH_TEXT];
	const char *id = km_reading_string(reading, object, where, member, NAME_MAX_CHARACTERS);
	return id ? resolve(reading, km_path_to(path, where, member), id, list, items, len) : NULL;
}

/* The element's service; NULL, and a fault, where it names none or one that the criterion has already. */
static const char *read_service(struct km_reading *reading, const struct km_scheme *scheme, const json_t *element,
                                const char *path, const struct km_criterion *criterion)
{
	const char *id = json_string_value(element);
	if (!id || strlen(id) != json_string_length(element) || !km_slug_valid(id)) {
		km_reading_refuse(reading, path, "the id of a service, between quotes, is expected");
		return NULL;
	}
	for (size_t i = 0; i < criterion->services_len; i++) {
		if (strcmp(criterion->services[i], id) != 0)
			continue;
		km_reading_refuse(reading, path, "\"%s\" stands in this list already", id);
		return NULL;
	}
	const struct km_scheme_item *service =
		resolve(reading, path, id, "services", scheme->services, scheme->services_len);
	return service ? service->id : NULL;
}

static void read_services(struct km_reading *reading, const struct km_scheme *scheme, const json_t *object,
                          const char *where, struct km_criterion *criterion)
{
	if (!km_reading_has(object, "services"))
		return;
	const json_t *list = km_reading_list(reading, object, where, "services", 1, SERVICES_MAX);
	size_t len = json_array_size(list);
	const char **services = km_reading_room(reading, len, sizeof *services);
	if (!services)
		return;
	criterion->services = services;
	for (size_t i = 0; i < len; i++) {
		char list_path[KM_PATH_TEXT], path[KM_PATH_TEXT];
		km_path_at(path, km_path_to(list_path, where, "services"), i);
		const char *service = read_service(reading, scheme, json_array_get(list, i), path, criterion);
		if (service)
			services[criterion->services_len++] = service;
	}
}

/* "R1", "B2.3": a capital, then capitals, digits, dots and hyphens. */
static bool is_criterion_id(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
	return len > 0 && len <= CRITERION_ID_MAX && !text[len] && text[0] >= 'A' && text[0] <= 'Z' &&
	       !strchr(".-", text[len - 1]);
}

static const char *read_criterion_id(struct km_reading *reading, const struct km_scheme *scheme, const json_t *object,
                                     const char *where, size_t index)
{
	const char *id = km_reading_string(reading, object, where, "id", NAME_MAX_CHARACTERS);
	char path[KM_PATH_TEXT];
	if (!id)
		return NULL;
	km_path_to(path, where, "id");
	if (!is_criterion_id(id))
		km_reading_refuse(reading, path,
		                  "\"%s\" cannot be a criterion's id; expected a capital and then at most %d capitals, "
		                  "digits, dots or hyphens, like R1",
		                  id, CRITERION_ID_MAX - 1);
	for (size_t i = 0; i < index; i++)
		if (scheme->criteria[i].id && strcmp(scheme->criteria[i].id, id) == 0)
			km_reading_refuse(reading, path, "\"%s\" is the id of criteria[%zu] already; each id comes once", id, i);
	return id;
}

static void read_criterion(struct km_reading *reading, const struct km_scheme *scheme, const json_t *object,
                           const char *path, size_t index, struct km_criterion *criterion)
{
	static const char *const known[] = {"id", "text", "assurance", "principle", "mandatory", "services", "level", NULL};
	km_reading_only(reading, object, path, known);
	criterion->id = read_criterion_id(reading, scheme, object, path, index);
	criterion->text = read_words(reading, object, path, "text", TEXT_MAX_CHARACTERS);
	criterion->assurance =
		read_reference(reading, object, path, "assurance", "assurances", scheme->assurances, scheme->assurances_len);
	if (km_reading_has(object, "principle"))
		criterion->principle = read_reference(reading, object, path, "principle", "principles", scheme->principles,
		                                      scheme->principles_len);
	criterion->mandatory = km_reading_flag(reading, object, path, "mandatory");
	read_services(reading, scheme, object, path, criterion);
	if (!scheme->levels_len && !km_reading_has(object, "level"))
		return;
	const struct km_scheme_item *level =
		read_reference(reading, object, path, "level", "levels", scheme->levels, scheme->levels_len);
	criterion->level = level ? (size_t)(level - scheme->levels) : 0;
}

static void read_criteria(struct km_reading *reading, struct km_scheme *scheme, const json_t *root)
{
	const json_t *list = km_reading_list(reading, root, "", "criteria", 1, CRITERIA_MAX);
	size_t len = json_array_size(list);
	struct km_criterion *criteria = km_reading_room(reading, len, sizeof *criteria);
	if (!criteria)
		return;
	scheme->criteria = criteria;
	scheme->criteria_len = len;
	for (size_t i = 0; i < len; i++) {
		char path[KM_PATH_TEXT];
		const json_t *object = json_array_get(list, i);
		if (km_reading_is_object(reading, object, km_path_at(path, "criteria", i)))
			read_criterion(reading, scheme, object, path, i, &criteria[i]);
	}
}

static void read_owner(struct km_reading *reading, struct km_scheme *scheme, const json_t *root)
{
	static const char *const known[] = {"name", "url", NULL};
	const json_t *owner = km_reading_object(reading, root, "", "owner");
	if (!owner)
		return;
	km_reading_only(reading, owner, "owner", known);
	scheme->owner_name = km_reading_string(reading, owner, "owner", "name", NAME_MAX_CHARACTERS);
	scheme->owner_url = km_reading_string(reading, owner, "owner", "url", KM_LINK_MAX);
	if (scheme->owner_url && !km_link_valid(scheme->owner_url))
		km_reading_refuse(reading, "owner.url",
		                  "this is no web address that can be shown; expected one like https://example.nl/");
}

static void read_transition(struct km_reading *reading, struct km_scheme *scheme, const json_t *root, int64_t published)
{
	static const char *const known[] = {"from_version", "until", NULL};
	if (!km_reading_has(root, "transition"))
		return;
	const json_t *transition = km_reading_object(reading, root, "", "transition");
	if (!transition)
		return;
	if (scheme->version == 1) {
		km_reading_refuse(reading, "transition", "version 1 has no older one to pass from: leave this member out");
		return;
	}
	int64_t until;
	km_reading_only(reading, transition, "transition", known);
	int newest_before = scheme->version ? scheme->version - 1 : 9999; /* 0 is a fault told of already */
	scheme->transition_from = km_reading_number(reading, transition, "transition", "from_version", 1, newest_before);
	if (!km_reading_date(reading, transition, "transition", "until", &until))
		return;
	if (until <= published)
		km_reading_refuse(reading, "transition.until", "this day must come after the one in \"published\"");
	scheme->transition_until = km_time_end_of_day(until);
}

/* Everything that stands on its own, before the lists. */
static void read_head(struct km_reading *reading, struct km_scheme *scheme, const json_t *root)
{
	/* clang-format off */
	static const char *const known[] = {
		"id", "version", "sample", "published", "owner", "name", "short_name", "description", "not_promised",
		"validity_months", "surveillance_months", "grace_days", "suspension_max_days", "transition", "principles",
		"assurances", "services", "levels", "criteria", NULL};
	/* clang-format on */
	int64_t published;
	km_reading_only(reading, root, "", known);
	scheme->id = read_slug(reading, root, "", "id");
	scheme->version = km_reading_number(reading, root, "", "version", 1, 9999);
	scheme->sample = km_reading_flag(reading, root, "", "sample");
	scheme->published = km_reading_date(reading, root, "", "published", &published);
	read_owner(reading, scheme, root);
	scheme->name = read_words(reading, root, "", "name", NAME_MAX_CHARACTERS);
	scheme->short_name = read_words(reading, root, "", "short_name", SHORT_NAME_MAX_CHARACTERS);
	scheme->description = read_words(reading, root, "", "description", TEXT_MAX_CHARACTERS);
	scheme->not_promised = read_words(reading, root, "", "not_promised", TEXT_MAX_CHARACTERS);
	scheme->validity_months = km_reading_number(reading, root, "", "validity_months", 1, 120);
	int longest = scheme->validity_months ? scheme->validity_months - 1 : 119;
	scheme->surveillance_months = km_reading_number(reading, root, "", "surveillance_months", 0, longest);
	scheme->grace_days = km_reading_number(reading, root, "", "grace_days", 0, 366);
	scheme->suspension_max_days = km_reading_number(reading, root, "", "suspension_max_days", 1, 732);
	read_transition(reading, scheme, root, published);
}

static bool is_backed(const struct km_scheme *scheme, const struct km_scheme_item *assurance)
{
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (scheme->criteria[i].assurance == assurance)
			return true;
	return false;
}

static bool begins_something(const struct km_scheme *scheme, size_t level)
{
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (scheme->criteria[i].level == level)
			return true;
	return false;
}

static bool asks_anything(const struct km_scheme *scheme, const struct km_scheme_item *service)
{
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (km_scheme_asks(scheme, &scheme->criteria[i], &service, 1, scheme->levels))
			return true;
	return false;
}

/* What each list promises must be made good by a criterion. */
static void check_cover(struct km_reading *reading, const struct km_scheme *scheme)
{
	char path[KM_PATH_TEXT];
	for (size_t i = 0; i < scheme->assurances_len; i++)
		if (!is_backed(scheme, &scheme->assurances[i]))
			km_reading_refuse(reading, km_path_at(path, "assurances", i), "no criterion backs this assurance");
	for (size_t i = 0; i < scheme->services_len; i++)
		if (!asks_anything(scheme, &scheme->services[i]))
			km_reading_refuse(reading, km_path_at(path, "services", i),
			                  "no criterion is demanded of a provider with only this service%s",
			                  scheme->levels_len ? " at the lowest level" : "");
	for (size_t i = 0; i < scheme->levels_len; i++)
		if (!begins_something(scheme, i))
			km_reading_refuse(reading, km_path_at(path, "levels", i), "no criterion begins at this level");
}

static void read_scheme(struct km_reading *reading, struct km_scheme *scheme, const json_t *root)
{
	read_head(reading, scheme, root);
	read_items(reading, root, "principles", 0, PRINCIPLES_MAX, &scheme->principles, &scheme->principles_len);
	read_items(reading, root, "assurances", 1, ASSURANCES_MAX, &scheme->assurances, &scheme->assurances_len);
	read_items(reading, root, "services", 1, SERVICES_MAX, &scheme->services, &scheme->services_len);
	read_items(reading, root, "levels", 0, LEVELS_MAX, &scheme->levels, &scheme->levels_len);
	read_criteria(reading, scheme, root);
	if (!reading->faults && !reading->no_memory)
		check_cover(reading, scheme);
}

static enum km_error load(struct km_reading *reading, struct km_scheme **ret_scheme, struct km_problem *problem)
{
	if (reading->len > KM_SCHEME_FILE_MAX)
		return km_fail(problem, KM_TOO_LARGE, "too-large", "the scheme is longer than %d bytes", KM_SCHEME_FILE_MAX);
	auto_scheme struct km_scheme *scheme = calloc(1, sizeof(struct loaded));
	struct loaded *loaded = (struct loaded *)scheme;
	if (!loaded)
		return km_fail_memory(problem);
	enum km_error error = km_json_parse(reading->json, reading->len, "the scheme", &loaded->root, problem);
	if (error)
		return error;
	loaded->json = malloc(reading->len + 1);
	if (!loaded->json)
		return km_fail_memory(problem);
	memcpy(loaded->json, reading->json, reading->len);
	loaded->json[reading->len] = '\0';
	scheme->json = loaded->json;
	scheme->json_len = reading->len;
	read_scheme(reading, scheme, loaded->root);
	if (reading->no_memory)
		return km_fail_memory(problem);
	if (reading->faults) {
		if (problem)
			*problem = reading->first;
		return reading->first.code;
	}
	*ret_scheme = scheme;
	scheme = NULL;
	return KM_OK;
}

enum km_error km_scheme_parse(const char *json, size_t len, struct km_scheme **ret_scheme, struct km_problem *problem)
{
	struct km_reading reading = {.json = json, .len = len, .type = "scheme"};
	return load(&reading, ret_scheme, problem);
}

enum km_error km_scheme_check(const char *json, size_t len, void (*each)(void *context, const char *fault),
                              void *context, struct km_problem *problem)
{
	struct km_reading reading = {.json = json, .len = len, .type = "scheme", .each = each, .context = context};
	auto_scheme struct km_scheme *scheme = NULL;
	struct km_problem here;
	enum km_error error = load(&reading, &scheme, &here);
	if (error && !reading.faults)
		each(context, here.message);
	if (error && problem)
		*problem = here;
	return error;
}
