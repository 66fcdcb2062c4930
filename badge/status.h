/*
 * The state of one mark right now: a short-lived statement that the registry signs on request, as OCSP does for TLS.
 */
#ifndef KM_BADGE_STATUS_H
#define KM_BADGE_STATUS_H

#include "base/error.h"
#include "registry/mark.h"

#include <jansson.h>
#include <stdint.h>

enum {
	KM_STATUS_TTL_S = 3600,
	KM_STATUS_SKEW_S = 300, /* how far the registry's clock may run ahead of a verifier's */
};

/* The payload, for a mark as it was read at `now`: valid for KM_STATUS_TTL_S or until its next change of state,
 * whichever comes first. doc/formats.md lists its members. The caller's (free). */
enum km_error km_status_payload(const struct km_mark *mark, const char *url, int64_t now, char **ret_payload,
                                struct km_problem *problem);

/* What a verifier reads from it, after its signature was found good. Texts are borrowed from the payload. */
struct km_status_claims {
	char number[KM_NUMBER_TEXT];
	enum km_state state;
	int64_t state_since;
	int64_t issued_at;
	const char *reason; /* code; NULL where none */
	const char *provider_name, *kvk, *body_name, *scheme_name;
	int64_t valid_from, valid_until; /* of the mark */
};

/* Refuses one that is not of our form, not by the registry at this url, of another mark than `number`, or not of now.
 * KM_INVALID names the member; its type is "status-stale" where only the time is wrong. */
enum km_error km_status_read(const json_t *payload, const char *url, const char *number, int64_t now,
                             struct km_status_claims *ret_claims, struct km_problem *problem);

#endif
