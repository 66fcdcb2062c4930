/*
 * Where in its country a company is: ISO 3166-2 subdivisions, with the twelve provinces of the Netherlands by name.
 */
#ifndef KM_REGISTRY_REGION_H
#define KM_REGISTRY_REGION_H

#include "base/catalogue.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { KM_REGION_TEXT = 7 /* bytes of a code with its NUL: NL-UT, BE-VAN */, KM_PROVINCES = 12 };

struct km_region {
	const char *code;    /* as in ISO 3166-2 */
	const char *name[2]; /* by enum km_language; in Dutch as in the standard */
};

/* In alphabetical order of their Dutch names. */
extern const struct km_region km_provinces[KM_PROVINCES];

/* Reads a province of the Netherlands by its code or its name in either language, or a region of another country by its
 * code, which must begin with that country's (two capitals); case does not count. KM_INVALID "region". */
enum km_error km_region_read(const char *text, const char *country, char ret_code[static KM_REGION_TEXT],
                             struct km_problem *problem);

/* The form of a code: two capitals, a hyphen, one to three capitals or digits. */
bool km_region_valid(const char *code);

/* What people call it; the code itself, where no name is known here. */
const char *km_region_name(const char *code, enum km_language language);

#endif
