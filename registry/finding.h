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

/* Inside registry/ only, a condition for SQL: no later audit of that provider under that scheme has looked again at the
 * criterion of the finding f, whose audit is called by this name, and the submission of that s. */
#define KM_FINDING_STILL_STANDS(audit)                                                                                 \
	" NOT EXISTS (SELECT 1 FROM audit AS b JOIN submission AS t ON t.id = b.submission_id"                             \
	" JOIN finding AS h ON h.audit_id = b.submission_id AND h.criterion = f.criterion"                                 \
	" WHERE b.provider_id = " audit ".provider_id AND b.scheme_id = " audit ".scheme_id AND t.sequence > s.sequence) "

#endif
