/*
 * What a certification body has to do, and by when: audits, corrective actions, cases. For the body only.
 */
#ifndef KM_REGISTRY_DUE_H
#define KM_REGISTRY_DUE_H

#include "base/error.h"
#include "registry/store.h"

#include <stdint.h>

enum km_due_kind {
	KM_DUE_SURVEILLANCE, /* an audit must have been decided on; `limit` ends the grace period */
	KM_DUE_EXPIRY,       /* the mark expires */
	KM_DUE_SUSPENSION,   /* the suspension becomes a withdrawal */
	KM_DUE_FINDING,      /* a corrective action must be done */
	KM_DUE_CASE,         /* an appeal, a complaint or misuse must be decided */
	KM_DUE_KINDS
};

/* "surveillance", "expiry", "suspension", "finding", "case". */
const char *km_due_kind_name(enum km_due_kind kind);

/* Borrowed for the call; NULL and 0 where there is none. */
struct km_due {
	enum km_due_kind kind;
	int64_t at;             /* the last second in which it is in time */
	int64_t limit;          /* surveillance: … and in which it is not too late */
	const char *number;     /* of the mark */
	const char *kvk, *name; /* of the provider */
	const char *scheme_id;
	const char *detail; /* finding: its criterion; case: its kind */
	const char *result; /* finding: "minor" or "major" */
	const char *id;     /* finding: the audit; case: the case */
};

/* Calls back for each that is due by `until`, overdue ones too, kind by kind and earliest first, as it stands at `now`.
 * KM_ABSENT "unknown-body". An error of the callback ends the list and is returned. */
enum km_error km_due_list(struct km_store *store, const char *body_slug, int64_t now, int64_t until,
                          enum km_error (*each)(void *context, const struct km_due *due), void *context,
                          struct km_problem *problem);

#endif
