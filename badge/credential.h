/*
 * The credential: an Open Badges 3.0 OpenBadgeCredential (W3C VC 2.0), made from the register's record of a mark.
 *
 * Its shape is fixed, and each node in it has an IRI of its own, so that its RDF can be written without looking for
 * names of blank nodes. doc/formats.md lists its members; the terms that are ours are in badge/context-v1.json.
 */
#ifndef KM_BADGE_CREDENTIAL_H
#define KM_BADGE_CREDENTIAL_H

#include "base/error.h"
#include "keys/jwk.h"
#include "registry/mark.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How many audits, counted from the newest, a credential names as evidence. */
enum { KM_CREDENTIAL_AUDITS = 8 };

/* The credential alone, as a JSON-LD document; the caller's (json_decref). */
enum km_error km_credential_document(const struct km_mark *mark, const char *url, json_t **ret_document,
                                     struct km_problem *problem);

/* Sets in a credential the registered claims of a JWT, which repeat what it says in its own words (Open Badges 3.0,
 * section 8.2), and iat, the moment of signing. Members that are missing are not repeated. */
enum km_error km_credential_claim(json_t *credential, int64_t signed_at, struct km_problem *problem);

/* The payload of its VC-JWT for the registry at this url: the credential's own members with iss, jti, nbf, exp and sub
 * beside them (Open Badges 3.0, section 8.2), and iat, the moment of signing. The text is the caller's (free). */
enum km_error km_credential_payload(const struct km_mark *mark, const char *url, int64_t now, char **ret_payload,
                                    struct km_problem *problem);

/* What a verifier reads from a credential's payload, after its signature was found good. Borrowed from `credential`. */
struct km_claims {
	const char *id; /* URL of the mark */
	char number[KM_NUMBER_TEXT];
	const char *provider_name, *kvk, *domain; /* domain may be NULL */
	const char *body_name, *scheme_name;
	int64_t issued_at;
	int64_t valid_from, valid_until;
	int64_t status_index;
};

/* Refuses a payload whose registered claims differ from their twins, or that is not of our form, or not by the registry
 * at this url. KM_INVALID names the member. */
enum km_error km_credential_read(const json_t *credential, const char *url, struct km_claims *ret_claims,
                                 struct km_problem *problem);

/* The thumbprint in the kid of a credential of the registry at this url, "<url>/keys/THUMBPRINT.jwk"; false where it is
 * another kid, or NULL. */
bool km_credential_kid(const char *kid, const char *url, char ret_thumbprint[static KM_THUMBPRINT_TEXT]);

/* The JSON-LD context of the terms that are ours, for <url>/contexts/v1; the caller's (free). NULL without memory. */
char *km_credential_context(const char *url);

#endif
