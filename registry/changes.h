/*
 * What has changed in the register, newest first: for feeds.
 */
#ifndef KM_REGISTRY_CHANGES_H
#define KM_REGISTRY_CHANGES_H

#include "base/error.h"
#include "registry/lapse.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

/* One event of a mark's public history. Strings are borrowed for the call. */
struct km_change {
	int64_t id;         /* of the event; a later record has a higher one */
	const char *number; /* of the mark */
	const char *name, *kvk, *scheme_id;
	int64_t at; /* holds from */
	int64_t recorded_at;
	const char *action;  /* registry/mark.h */
	const char *reason;  /* code; NULL where none */
	const char *text[2]; /* for the public, by enum km_language; NULL where none */
	enum km_state state; /* after it */
};

/* Calls back for at most `limit` that hold at `now`, the last recorded first; of one mark only, where number is not
 * NULL. An error of the callback ends it and is returned. */
enum km_error km_changes(struct km_store *store, const char *number, int64_t now, size_t limit,
                         enum km_error (*each)(void *context, const struct km_change *change), void *context,
                         struct km_problem *problem);

/* The same, of all marks of one company; of one that is not in the register, nothing. */
enum km_error km_changes_of_company(struct km_store *store, const char *kvk, int64_t now, size_t limit,
                                    enum km_error (*each)(void *context, const struct km_change *change), void *context,
                                    struct km_problem *problem);

#endif
