/*
 * Inside badge/ only: what the transparency log has of a mark, and whether that fits what the registry says now.
 */
#ifndef KM_BADGE_LOGGED_H
#define KM_BADGE_LOGGED_H

#include "badge/status.h"
#include "badge/verify.h"

struct km_logged {
	uint64_t index, size; /* the mark's last entry, and of how many */
	enum km_state state;  /* after it */
	int64_t at;           /* when it holds from */
	bool this_credential; /* the very token that was presented was issued with it */
};

/* Gets the mark's proof from the source and proves it with the log's key in `trust`. `token` is what was presented;
 * NULL where it is no credential. KM_ABSENT where the source has none to offer; KM_UNPROVEN or KM_MALFORMED where what
 * it gave proves nothing. */
enum km_error km_logged_learn(const struct km_status_source *source, const struct km_keyset *trust, const char *number,
                              const char *token, struct km_logged *ret_logged, struct km_problem *problem);

/* When the log named the very token that was presented, which is of this mark, at the latest: `recorded` of the entry
 * that the source's proof is of. KM_ABSENT where the registry says that its log does not name it; KM_UNAVAILABLE where
 * nobody is to be asked; KM_UNPROVEN or KM_MALFORMED as above. */
enum km_error km_logged_credential(const struct km_status_source *source, const struct km_keyset *trust,
                                   const char *number, const char *token, int64_t *ret_recorded,
                                   struct km_problem *problem);

/* The registry says one thing in its log and another in its status: a state that is older than the log's last entry and
 * is not that entry's. A state that began after it may only not be in the log yet. */
bool km_logged_contradicts(const struct km_logged *logged, const struct km_status_claims *status, int64_t now);

#endif
