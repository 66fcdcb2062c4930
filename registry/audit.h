/*
 * Audits: what an auditor found, checked against the scheme and recorded (doc/submissions.md).
 */
#ifndef KM_REGISTRY_AUDIT_H
#define KM_REGISTRY_AUDIT_H

#include "base/error.h"
#include "registry/acting.h"
#include "registry/store.h"

#include <jansson.h>

/* Checks and records the "audit" member of a submission, inside its transaction; adds what the caller is told to
 * `reply`. KM_FORBIDDEN, KM_INVALID as registry/submission.h says. */
enum km_error km_audit_apply(struct km_store *store, const struct km_acting *acting, const json_t *audit, json_t *reply,
                             struct km_problem *problem);

#endif
