/*
 * Small things as pages show them: days, states, names in the reader's language. All return values for templates, new
 * references; NULL without memory.
 */
#ifndef KM_WWW_SHOW_H
#define KM_WWW_SHOW_H

#include "registry/mark.h"
#include "www/request.h"

#include <jansson.h>

/* {"iso": "2026-11-24", "words": "24 november 2026"}; null for moment 0. */
json_t *km_show_day(const struct km_request *request, int64_t moment);

/* The text in the request's language; null where there is none. */
json_t *km_show_words(const struct km_request *request, const struct km_words *words);

/* {"name": "active", "words": …, "short": …, "shape": SVG, "active": true}: the shape `size` CSS pixels wide.
 * `then`: in words that nobody takes for how it is now. */
json_t *km_show_state(const struct km_request *request, enum km_state state, bool then, int size);

/* "7K3Q-9XM2-4HTT" */
json_t *km_show_number(const char *number);

#endif
