/*
 * Names of companies, people and places, as strangers will read them: on a page, on a badge, in a terminal, in a list.
 * Any script and any emoji will do. What makes a text show as another than it is, or not show at all, will not.
 */
#ifndef KM_REGISTRY_NAME_H
#define KM_REGISTRY_NAME_H

#include "base/error.h"

#include <stddef.h>

/* 1 to max_characters code points of UTF-8. Refuses control characters (line breaks too), those that turn the direction
 * of writing around or are invisible, noncharacters, white space at either end, long piles of accents. KM_INVALID with
 * `type`, and a message that begins with `what`. */
enum km_error km_name_check(const char *text, size_t max_characters, const char *type, const char *what,
                            struct km_problem *problem);

#endif
