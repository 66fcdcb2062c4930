/*
 * The credential: an Open Badges 3.0 OpenBadgeCredential (W3C VC 2.0), made from the register's record of a mark.
 */
#ifndef KM_BADGE_CREDENTIAL_H
#define KM_BADGE_CREDENTIAL_H

#include "base/error.h"
#include "registry/mark.h"

#include <jansson.h>
#include <stddef.h>

/* The payload of its VC-JWT for the registry at this url: the credential's own members with iss, jti, nbf, exp and sub
 * beside them (Open Badges 3.0, section 8.2). The text is the caller's (free). */
enum km_error km_credential_payload(const struct km_mark *mark, const char *url, char **ret_payload,
                                    struct km_problem *problem);

/* The payload of a short-lived statement of the mark's state at `now`, valid for KM_STATUS_TTL_S or until its next change of
 * state, whichever comes first: {iss, sub, iat, exp, mark, state, since, reason, scheme, …}. The caller's (free). */
enum { KM_STATUS_TTL_S = 3600 };
enum km_error km_status_payload(const struct km_mark *mark, const char *url, int64_t now, char **ret_payload,
                                struct km_problem *problem);

/* What a verifier reads from a credential's payload, after its signature was found good. Borrowed from `credential`. */
struct km_claims {
	const char *id;            /* URL of the mark */
	char number[KM_NUMBER_TEXT];
	const char *provider_name, *kvk, *domain; /* domain may be NULL */
	const char *body_name, *scheme_name;
	int64_t valid_from, valid_until;
	int64_t status_index;
};

/* Refuses a payload whose registered claims differ from their twins, or that is not of our form, or not by the registry
 * at this url. KM_INVALID names the member. */
enum km_error km_credential_read(const json_t *credential, const char *url, struct km_claims *ret_claims,
                                 struct km_problem *problem);

#endif
