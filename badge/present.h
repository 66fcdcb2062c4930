/*
 * Inside badge/ only: what the registry says of a mark right now, and whether it is the registry that says so.
 */
#ifndef KM_BADGE_PRESENT_H
#define KM_BADGE_PRESENT_H

#include "badge/status.h"
#include "badge/verify.h"

struct km_present {
	enum km_error answer; /* KM_OK; KM_ABSENT: the registry knows no such mark; else: it could not be learnt */
	json_t *payload;      /* owned; what the claims are borrowed from */
	struct km_status_claims claims; /* where the answer is KM_OK */
};

/* Asks, and proves the answer with a key of `trust` that is for states. Returns `answer`: a status that is missing,
 * stale or not provably the registry's is never KM_OK and never KM_ABSENT. Free with km_present_done, whatever it
 * returned. */
enum km_error km_present_learn(const struct km_status_source *source, const struct km_keyset *trust, const char *number,
                               int64_t now, struct km_present *ret_present, struct km_problem *problem);
void km_present_done(struct km_present *present);
#define auto_present __attribute__((cleanup(km_present_done)))

#endif
