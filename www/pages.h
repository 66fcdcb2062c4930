/*
 * Pages: templates and words that are embedded in the program, and how a handler answers with one.
 */
#ifndef KM_WWW_PAGES_H
#define KM_WWW_PAGES_H

#include "base/error.h"
#include "www/reply.h"
#include "www/request.h"
#include "www/template.h"

#include <jansson.h>

/* Both are the caller's (km_catalogue_free, km_templates_free; the templates first). */
enum km_error km_pages_open(struct km_catalogue **ret_words, struct km_templates **ret_templates,
                            struct km_problem *problem);

/* Answers with the page made from this template. What every page needs (language, links, style) is added to `data`, an
 * object that stays the caller's; NULL counts as memory that ran out. */
enum km_error km_page(const struct km_request *request, struct km_reply *reply, const char *name, json_t *data,
                      struct km_problem *problem);

/* The words of the site in the request's language; NULL where the catalogue has none under this key. */
const char *km_page_words(const struct km_request *request, const char *key);

/* The words under "PREFIX.NAME", or else those under "PREFIX.other". */
const char *km_page_words_for(const struct km_request *request, const char *prefix, const char *name);

#endif
