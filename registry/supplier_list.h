/*
 * A customer's list of suppliers, as spreadsheets save it (base/csv.h), held against the register row by row.
 *
 * The first row may name the columns: name, kvk, domain, number, or what they are commonly called in Dutch and English;
 * other columns are passed over, but for one called line, which says where a row stood in the list that this was made
 * from. Where it names none, each cell is taken for what it looks like. A KvK number that lost
 * its leading zero to a spreadsheet gets it back.
 */
#ifndef KM_REGISTRY_SUPPLIER_LIST_H
#define KM_REGISTRY_SUPPLIER_LIST_H

#include "base/error.h"
#include "registry/store.h"
#include "registry/supplier.h"

#include <stddef.h>
#include <stdint.h>

enum {
	KM_SUPPLIERS_MAX = 10000,       /* rows */
	KM_SUPPLIER_LIST_MAX = 4 << 20, /* bytes */
	KM_SUPPLIERS_NEAR_MAX = 100,    /* unknown rows for which something alike is looked for */
};

/* One row: its line in the list, what it gives (borrowed, as are the results, for the call), and what the register
 * says. A row that cannot be read has nothing given and is KM_SUPPLIER_MISTYPED. */
struct km_supplier_row {
	int64_t line;
	struct km_supplier given;
	const struct km_supplier_result *result;
};

/* Calls back for each row that holds anything. KM_MALFORMED where it is no such table; KM_TOO_LARGE "list-too-long";
 * KM_INVALID "list-empty". */
enum km_error km_supplier_list(struct km_store *store, const char *bytes, size_t len, int64_t at,
                               enum km_error (*each)(void *context, const struct km_supplier_row *row), void *context,
                               struct km_problem *problem);

#endif
