/*
 * Appeals, complaints and misuse that a certification body deals with (ISO/IEC 17065, 7.13): recorded and closed by
 * signed submissions (doc/submissions.md), never public. Whoever had a part in what a case is about does not close it.
 */
#ifndef KM_REGISTRY_CASE_FILE_H
#define KM_REGISTRY_CASE_FILE_H

#include "base/error.h"
#include "registry/acting.h"
#include "registry/number.h"
#include "registry/store.h"

#include <jansson.h>
#include <stdbool.h>

enum { KM_CASE_DAYS = 42 }; /* from the day on which it was received to the day by which it is decided */

/* Checks and records the "case" member of a submission, inside its transaction; adds what the caller is told to
 * `reply`. KM_FORBIDDEN, KM_CONFLICT, KM_INVALID as registry/submission.h says. */
enum km_error km_case_apply(struct km_store *store, const struct km_acting *acting, const json_t *content,
                            json_t *reply, struct km_problem *problem);

/* Borrowed for the call; NULL and 0 where there is none. */
struct km_case {
	const char *id, *kind; /* "appeal", "complaint", "misuse" */
	const char *number;    /* of the mark */
	const char *decision_id, *report;
	int64_t received_on, due_at;
	const char *outcome, *reason; /* NULL while it is open */
	int64_t closed_at;
};

/* Calls back for each case of a body, the earliest deadline first; those that are closed only where `closed` is true.
 * KM_ABSENT "unknown-body". */
enum km_error km_case_list(struct km_store *store, const char *body_slug, bool closed,
                           enum km_error (*each)(void *context, const struct km_case *row), void *context,
                           struct km_problem *problem);

#endif
