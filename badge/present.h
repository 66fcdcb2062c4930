/*
 * Inside badge/ only: what the registry says of a mark now, and whether it is the registry that says so.
 */
#ifndef KM_BADGE_PRESENT_H
#define KM_BADGE_PRESENT_H

#include "badge/status.h"
#include "badge/verify.h"

struct km_present {
	/* KM_OK; KM_ABSENT: the registry knows no such mark; else it could not be learnt. KM_INVALID, type "list-expired":
	 * it was so when an old list was signed, and nobody knows since. */
	enum km_error answer;
	bool from_list;  /* it comes from saved status lists: of the claims, only state and issued_at are set */
	bool known;      /* the claims are set, where the answer is KM_OK or "list-expired" */
	json_t *payload; /* owned; what the claims are borrowed from */
	struct km_status_claims claims;
};

/* Asks where that can be done, else looks in the lists that were saved, and proves the answer with a key of `trust`
 * that is for states. status_index: the mark's place in the lists; -1 where it is not known. Returns `answer`: a status
 * that is missing, stale or not provably the registry's is never KM_OK and never KM_ABSENT; but a withdrawal, which is
 * for ever, is KM_OK however old the list. Free with km_present_done, whatever it returned. */
enum km_error km_present_learn(const struct km_status_source *source, const struct km_keyset *trust, const char *number,
                               int64_t status_index, int64_t now, struct km_present *ret_present,
                               struct km_problem *problem);
void km_present_done(struct km_present *present);
#define auto_present __attribute__((cleanup(km_present_done)))

#endif
