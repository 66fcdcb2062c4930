/*
 * What the public tells us: a mark that is misused, a complaint about a provider, a hole in this registry. For the
 * certification body and the operator; never public, and no part of any evidence, so that it can be erased.
 */
#ifndef KM_REGISTRY_REPORT_H
#define KM_REGISTRY_REPORT_H

#include "base/error.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

enum km_report_kind { KM_REPORT_MISUSE, KM_REPORT_COMPLAINT, KM_REPORT_SECURITY, KM_REPORT_KINDS };

/* "misuse", "complaint", "security". */
const char *km_report_kind_name(enum km_report_kind kind);

enum {
	KM_REPORT_TEXT_MAX = 4000, /* characters, as are the next two */
	KM_REPORT_PLACE_MAX = 500,
	KM_REPORT_CONTACT_MAX = 254,
	KM_REPORTS_A_DAY_MAX = 2000, /* in 24 hours, so that a flood does not fill the disk */
	KM_REPORT_REFERENCE_TEXT = 9,
};

struct km_report {
	enum km_report_kind kind;
	const char *number;  /* of the mark; NULL where it is about none */
	const char *text;    /* what is the matter */
	const char *place;   /* where it was seen: an address, a shop; NULL where not told */
	const char *contact; /* how to reach the sender; NULL where not told */
	/* Of one that was kept: */
	int64_t id;
	const char *reference;
	int64_t received_at;
};

/* Keeps one, inside a transaction; ret_reference is what the sender may refer to it by. KM_INVALID "report" names what
 * is missing or too long; KM_ABSENT "mark-unknown"; KM_UNAVAILABLE "too-many-reports". */
enum km_error km_report_add(struct km_store *store, const struct km_report *report, int64_t now,
                            char ret_reference[static KM_REPORT_REFERENCE_TEXT], struct km_problem *problem);

/* Calls back for each, oldest first, from after the one with this id (0: from the first), at most `limit`. Borrowed for
 * the call. */
enum km_error km_report_list(struct km_store *store, int64_t after, size_t limit,
                             enum km_error (*each)(void *context, const struct km_report *report), void *context,
                             struct km_problem *problem);

/* Takes one away for good, inside a transaction. KM_ABSENT "no-such-report". */
enum km_error km_report_erase(struct km_store *store, const char *reference, int64_t now, struct km_problem *problem);

#endif
