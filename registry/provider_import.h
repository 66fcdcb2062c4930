/*
 * Many providers at once, from a table (base/csv.h). Its first row names the columns, in any order:
 *     kvk, name                                 must be there
 *     trade_names, domains                      several in one cell, with | between
 *     city, region, country, establishment, rsin, lei, euid
 *     contact_name, contact_email, contact_phone, contact_language
 * White space around a cell does not count, and an empty cell means: not given. What each must look like, registry/
 * provider.h says.
 */
#ifndef KM_REGISTRY_PROVIDER_IMPORT_H
#define KM_REGISTRY_PROVIDER_IMPORT_H

#include "base/error.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_IMPORT_MAX = 128 << 20 }; /* bytes */

struct km_import_watch { /* either may be NULL */
	/* For each row that cannot be taken: its line in the file, the column (NULL: the row as a whole), what is wrong. */
	void (*fault)(void *context, int64_t line, const char *column, const struct km_problem *problem);
	/* Every thousand rows, and after the last. */
	void (*progress)(void *context, size_t rows, unsigned percent);
	void *context;
};

/* Adds all of them, or, where any row has a fault, none (KM_INVALID, "import"); inside a transaction. All rows are
 * looked at, so that one run reports every fault. KM_INVALID, "import-columns", where the first row is not as above;
 * KM_TOO_LARGE, KM_MALFORMED. watch may be NULL. */
enum km_error km_provider_import(struct km_store *store, const char *bytes, size_t len, int64_t now,
                                 const struct km_import_watch *watch, size_t *ret_added, struct km_problem *problem);

#endif
