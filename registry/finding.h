/*
 * What an audit found that is not in order yet. A criterion stands as the newest audit of that provider under that
 * scheme found it: a follow-up, or a later audit, closes what an earlier one left open.
 */
#ifndef KM_REGISTRY_FINDING_H
#define KM_REGISTRY_FINDING_H

#include "base/error.h"
#include "registry/store.h"

#include <stdint.h>

struct km_open_findings {
	int majors, minors;
	int overdue;       /* minors past their due date */
	int64_t first_due; /* last second of the earliest due day among them; 0 where nothing is open */
};

/* Of the criteria that this audit looked at, those that are open at `now`. */
enum km_error km_findings_of_audit(struct km_store *store, const char *audit_id, int64_t now,
                                   struct km_open_findings *ret_open, struct km_problem *problem);

/* Of all criteria ever looked at for this provider under this scheme. */
enum km_error km_findings_of_provider(struct km_store *store, int64_t provider_id, const char *scheme_id, int64_t now,
                                      struct km_open_findings *ret_open, struct km_problem *problem);

#endif
