/*
 * Decisions: what a decider resolves about a mark, checked against registry/rule.h and applied (doc/submissions.md).
 */
#ifndef KM_REGISTRY_DECISION_H
#define KM_REGISTRY_DECISION_H

#include "base/error.h"
#include "registry/acting.h"
#include "registry/number.h"
#include "registry/store.h"

#include <jansson.h>
#include <stdbool.h>

enum {
	KM_DECISION_AHEAD_DAYS = 90, /* how far ahead a decision may be scheduled */
	KM_TRANSFER_OPEN_DAYS = 90,  /* how long the other body has to accept */
	KM_RENEW_EARLY_MONTHS = 3,   /* a renewal this close to the end adds its term to the old one */
};

struct km_decided {
	int64_t mark_id; /* the mark whose credential must be made anew; 0 where none */
	char number[KM_NUMBER_TEXT];
	bool whole_provider; /* and so must those of the provider's other marks */
};

/* Checks and applies the "decision" member of a submission, inside its transaction; adds what the caller is told to
 * `reply`. `number` is what a new mark is to be called; NULL: a random one. KM_FORBIDDEN, KM_CONFLICT, KM_INVALID as
 * registry/submission.h says. */
enum km_error km_decision_apply(struct km_store *store, const struct km_acting *acting, const json_t *decision,
                                const char *number, json_t *reply, struct km_decided *ret_decided,
                                struct km_problem *problem);

#endif
