/*
 * What nobody has to keep any longer: audits with their findings and the refusals that rest on them, cases that are
 * closed, what the public reported. registry/cycle.h says for how long each is kept, doc/rules.md in words; whatever a
 * rule still looks at is kept beyond that. What is public of a mark, and the log, are never among it.
 */
#ifndef KM_REGISTRY_RETENTION_H
#define KM_REGISTRY_RETENTION_H

#include "base/error.h"
#include "registry/number.h"
#include "registry/scheme.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum km_record_kind { KM_RECORD_AUDIT, KM_RECORD_CASE, KM_RECORD_REPORT };
/* "audit", "case", "report". */
const char *km_record_kind_name(enum km_record_kind kind);

/* An audit with its follow-ups, a case, or a report of which there is no case. "" and 0 for what it has not. */
struct km_kept_record {
	enum km_record_kind kind;
	char id[44];      /* of the audit or the case; reference of a report */
	char closure[44]; /* of a case: what closed it */
	char report[12];  /* of a case: what it began with */
	char detail[20];  /* kind of audit, of case, of report */
	char number[KM_NUMBER_TEXT];
	int64_t provider_id; /* whose cycle counts; 0 for nobody's */
	char kvk[9];
	char *name; /* owned */
	char scheme_id[KM_SLUG_MAX + 1];
	int64_t recorded_at, last_at; /* when it began, and when something was last added to it */
	int64_t may_go;               /* the first second in which it may go; INT64_MAX where that cannot be told yet */
	const char *why;              /* "before-previous-term", "mark-ended", "no-mark"; or what keeps it: "mark-alive",
	                               * "open-finding", "open-case", "beside-kept" */
	int64_t first_sequence, last_sequence; /* of its submissions */
};

enum { KM_RETENTION_CODE_TEXT = 13 };

struct km_retention {
	struct km_kept_record *records; /* oldest first within kind, provider and scheme */
	size_t len;
};
void km_retention_done(struct km_retention *retention);
#define auto_retention __attribute__((cleanup(km_retention_done)))

/* What may go at `now`; free with km_retention_done. */
enum km_error km_retention_find(struct km_store *store, int64_t now, struct km_retention *ret_retention,
                                struct km_problem *problem);

/* The same of one provider, and what may not go yet, too. */
enum km_error km_retention_of(struct km_store *store, int64_t provider_id, int64_t now,
                              struct km_retention *ret_retention, struct km_problem *problem);

/* A code for exactly this list: another list has another. */
enum km_error km_retention_code(const struct km_retention *retention, char ret_code[static KM_RETENTION_CODE_TEXT],
                                struct km_problem *problem);

/* Takes all of it away (registry/purge.h), inside the transaction in which it was found. */
enum km_error km_retention_purge(struct km_store *store, const struct km_retention *retention, int64_t now,
                                 struct km_problem *problem);

#endif
