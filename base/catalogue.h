/*
 * Text that people read, in Dutch and English, kept in JSON files beside the code:
 *     { "state.active": { "nl": "Echt en geldig", "en": "Genuine and valid" }, … }
 */
#ifndef KM_BASE_CATALOGUE_H
#define KM_BASE_CATALOGUE_H

#include "base/buf.h"
#include "base/error.h"

#include <stddef.h>

enum km_language { KM_NL, KM_EN, KM_LANGUAGES };

/* "nl", "en". */
const char *km_language_code(enum km_language language);

struct km_catalogue;

/* Reads a catalogue; each entry must have a text in each language. Free with km_catalogue_free. */
enum km_error km_catalogue_parse(const char *json, size_t len, struct km_catalogue **ret_catalogue,
                                 struct km_problem *problem);
void km_catalogue_free(struct km_catalogue *catalogue);

/* The text, borrowed from the catalogue; the key itself where there is none, so that a gap shows and does no harm. */
const char *km_text(const struct km_catalogue *catalogue, enum km_language language, const char *key);

/* A blank in a sentence of the catalogue, and what goes there. */
struct km_blank {
	const char *name, *text;
};

/* Adds the sentence with its {blanks} filled. What is filled in is not looked into again. */
void km_text_fill(struct km_buf *buf, const char *sentence, const struct km_blank *blanks, size_t blanks_len);

/* All texts in one language, {"state.active": "Echt en geldig", …}, for scripts; the caller's (free). NULL where memory
 * ran out. */
char *km_catalogue_json(const struct km_catalogue *catalogue, enum km_language language);

/* The day in words: "24 november 2026", "24 November 2026" (Amsterdam). The text fits 32 bytes. */
void km_date_words(enum km_language language, long long moment, char ret_text[static 32]);

#endif
