/*
 * What was issued for each mark, for an audit that can read credentials (badge/fsck_credential.h).
 */
#ifndef KM_REGISTRY_FSCK_ISSUED_H
#define KM_REGISTRY_FSCK_ISSUED_H

#include "base/error.h"
#include "registry/mark.h"

#include <stdbool.h>
#include <stdint.h>

/* Borrowed for the call. */
struct km_issued_row {
	int64_t mark_id;
	const char *number;
	struct km_issued issued; /* all NULL where there is none */
	int64_t issued_at;
	int64_t decided_at; /* when the last decision on the mark was recorded that is public */
	bool due;           /* something has come to hold that nobody has come to yet */
	bool renamed;       /* the provider was given another name since, on this mark or another */
	bool corrected;     /* the mark's past was corrected since */
	bool erased;        /* the provider was: then there is to be none */
};

/* Calls back for each mark, in the order of the register. An error of the callback ends it and is returned. */
enum km_error km_fsck_issued(struct km_store *store, int64_t now,
                             enum km_error (*each)(void *context, const struct km_issued_row *row), void *context,
                             struct km_problem *problem);

#endif
