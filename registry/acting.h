/*
 * Inside registry/ only: who signed a submission, as established before its content is looked at.
 */
#ifndef KM_REGISTRY_ACTING_H
#define KM_REGISTRY_ACTING_H

#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stdint.h>

struct km_acting {
	const char *submission_id; /* base64url(SHA-256(bytes)) */
	const char *thumbprint;    /* of the key that signed it */
	int64_t person_id, body_id;
	unsigned roles; /* enum km_role */
	int64_t now;    /* the moment of recording */
	bool replayed;  /* taken from the register itself, where what can be erased may be gone by now */
};

/* KM_FORBIDDEN, type "scheme-not-allowed", where that person's body may not certify for this scheme. */
enum km_error km_acting_may_certify(struct km_store *store, const struct km_acting *acting, const char *scheme_id,
                                    struct km_problem *problem);

#endif
