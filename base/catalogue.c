#include "base/catalogue.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 4000 };

struct km_catalogue {
	json_t *entries;
};

static const char *const codes[KM_LANGUAGES] = {[KM_NL] = "nl", [KM_EN] = "en"};

const char *km_language_code(enum km_language language)
{
	return codes[language];
}

static enum km_error check_entry(const json_t *entries, const char *key, struct km_problem *problem)
{
	static const char *const known[] = {"nl", "en", NULL};
	const json_t *entry;
	const char *text;
	enum km_error error = km_json_object(entries, "", key, &entry, problem);
	if (!error)
		error = km_json_only(entry, key, known, problem);
	for (size_t i = 0; !error && i < KM_LANGUAGES; i++)
		error = km_json_string(entry, key, codes[i], TEXT_MAX, &text, problem);
	return error;
}

enum km_error km_catalogue_parse(const char *json, size_t len, struct km_catalogue **ret_catalogue,
                                 struct km_problem *problem)
{
	json_auto_t *entries = NULL;
	enum km_error error = km_json_parse(json, len, "the catalogue of texts", &entries, problem);
	if (error)
		return error;
	const char *key;
	json_t *entry;
	json_object_foreach(entries, key, entry)
	{
		error = check_entry(entries, key, problem);
		if (error)
			return error;
	}
	struct km_catalogue *catalogue = malloc(sizeof *catalogue);
	if (!catalogue)
		return km_fail_memory(problem);
	catalogue->entries = json_incref(entries);
	*ret_catalogue = catalogue;
	return KM_OK;
}

void km_catalogue_free(struct km_catalogue *catalogue)
{
	if (!catalogue)
		return;
	json_decref(catalogue->entries);
	free(catalogue);
}

const char *km_text(const struct km_catalogue *catalogue, enum km_language language, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(catalogue->entries, key), codes[language]));
	return text ? text : key;
}

char *km_catalogue_json(const struct km_catalogue *catalogue, enum km_language language)
{
	json_auto_t *texts = json_object();
	const char *key;
	json_t *entry;
	json_object_foreach(catalogue->entries, key, entry)
	{
		if (json_object_set(texts, key, json_object_get(entry, codes[language])) != 0)
			return NULL;
	}
	return km_json_text(texts);
}

void km_date_words(enum km_language language, long long moment, char ret_text[static 32])
{
	static const char *const months[KM_LANGUAGES][12] = {
		[KM_NL] = {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
	               "november", "december"},
		[KM_EN] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
	               "November", "December"},
	};
	char date[KM_DATE_TEXT];
	km_date_format(moment, date);
	char *rest;
	unsigned long year = strtoul(date, &rest, 10), month = strtoul(rest + 1, &rest, 10);
	unsigned long day = strtoul(rest + 1, &rest, 10);
	snprintf(ret_text, 32, "%lu %s %lu", day % 100, months[language][(month - 1) % 12], year % 10000);
}

void km_text_fill(struct km_buf *buf, const char *sentence, const struct km_blank *blanks, size_t blanks_len)
{
	for (const char *open; (open = strchr(sentence, '{')) != NULL;) {
		const char *close = strchr(open, '}');
		if (!close)
			break;
		km_buf_add(buf, sentence, (size_t)(open - sentence));
		for (size_t i = 0; i < blanks_len; i++)
			if (strlen(blanks[i].name) == (size_t)(close - open - 1) &&
			    strncmp(blanks[i].name, open + 1, (size_t)(close - open - 1)) == 0)
				km_buf_add_text(buf, blanks[i].text);
		sentence = close + 1;
	}
	km_buf_add_text(buf, sentence);
}
