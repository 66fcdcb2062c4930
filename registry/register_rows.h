/*
 * All marks of the register, one after the other, as open data has them: what is public, and no personal data.
 */
#ifndef KM_REGISTRY_REGISTER_ROWS_H
#define KM_REGISTRY_REGISTER_ROWS_H

#include "base/error.h"
#include "registry/lapse.h"
#include "registry/store.h"

#include <stdint.h>

/* One mark at the moment asked. Strings are borrowed for the call. */
struct km_register_row {
	const char *number;
	enum km_state state;
	int64_t state_since;
	const char *name, *kvk; /* of the provider */
	const char *city;       /* may be NULL */
	const char *region;     /* ISO 3166-2; may be NULL */
	const char *domains;    /* with a space between; "" for none */
	const char *scheme_id;
	int scheme_version;
	const char *level; /* NULL where the scheme has none */
	const char *scope; /* JSON array of service ids */
	const char *body;  /* its name */
	int64_t granted_at, valid_from, valid_until;
};

/* Calls back for each in the order in which they were granted. An error of the callback ends it and is returned. */
enum km_error km_register_rows(struct km_store *store, int64_t at,
                               enum km_error (*each)(void *context, const struct km_register_row *row), void *context,
                               struct km_problem *problem);

#endif
