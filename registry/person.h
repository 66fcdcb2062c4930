/*
 * People of a certification body, who sign with keys of their own. Nothing about a person is public.
 */
#ifndef KM_REGISTRY_PERSON_H
#define KM_REGISTRY_PERSON_H

#include "base/digest.h"
#include "base/error.h"
#include "keys/jwk.h"
#include "registry/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum km_role { KM_ROLE_AUDITOR = 1, KM_ROLE_DECIDER = 2, KM_ROLE_ADMIN = 4 }; /* a set, as bits */

/* "auditor", "auditor,decider": the names in files and on the command line. False for an unknown or missing one. */
bool km_roles_parse(const char *text, unsigned *ret_roles);
void km_roles_format(unsigned roles, char ret_text[static 32]);

enum { KM_CODE_TEXT = 33, KM_INVITE_TTL_S = 7 * 24 * 3600 };

/* Makes a person (name of at most 100 characters) and a one-time code (128 random bits, hex) with which that person
 * enrols a key within KM_INVITE_TTL_S. Only the code's SHA-256 is kept. Inside a transaction. KM_ABSENT (no such body),
 * KM_INVALID. */
enum km_error km_person_invite(struct km_store *store, const char *body_slug, const char *name, unsigned roles,
                               int64_t now, int64_t *ret_person_id, char ret_code[static KM_CODE_TEXT],
                               struct km_problem *problem);

/* A new code for a person who is there already: a second key, or a lost code. The codes before it work no longer.
 * KM_ABSENT. */
enum km_error km_person_invite_again(struct km_store *store, int64_t person_id, int64_t now,
                                     char ret_code[static KM_CODE_TEXT], struct km_problem *problem);

/* The two halves of that, where somebody else made the code: in a browser, and only its digest is told. `by`: the
 * thumbprint of the key that signed for it. Inside a transaction. Of a person only the newest code works. KM_INVALID;
 * KM_CONFLICT for a code that was there before. */
enum km_error km_person_add(struct km_store *store, int64_t body_id, const char *name, unsigned roles, int64_t now,
                            int64_t *ret_person_id, struct km_problem *problem);
enum km_error km_person_expect(struct km_store *store, int64_t person_id, const uint8_t digest[static KM_SHA256_BYTES],
                               const char *by, int64_t now, struct km_problem *problem);

/* Gives a person other roles, from now on: what was done under the old ones stays as it is. submission_id: what an
 * admin of the body signed; NULL for the operator. Inside a transaction. KM_ABSENT "unknown-person"; KM_INVALID
 * "roles"; KM_CONFLICT "same-roles", or "last-admin" where nobody else of the body would be one whose key works. */
enum km_error km_person_set_roles(struct km_store *store, int64_t person_id, unsigned roles, const char *submission_id,
                                  int64_t now, struct km_problem *problem);

/* Enrols a key: `bytes` is a JWS, typ "keurmerk-enrolment+jwt", signed by the new key itself (proof of possession),
 * with claims aud (the registry's url), iat, code and jwk. Inside a transaction. KM_TOO_LARGE, KM_MALFORMED, KM_INVALID
 * not a strict JWS of this typ with these claims KM_UNPROVEN   "kid-mismatch", "bad-signature", "audience-mismatch",
 * "iat-stale", "iat-future"; "invitation" for an unknown, a used and an expired code: one answer for all three
 *   KM_CONFLICT   "key-enrolled"
 * ret_reply: {"person", "body", "body_name", "roles", "kid", "invited_by", "invited_at"}: who made the code, null for
 * the operator, and on which day; the caller's (json_decref). */
enum km_error km_person_enrol(struct km_store *store, const char *bytes, size_t len, int64_t now, json_t **ret_reply,
                              struct km_problem *problem);

/* Ends the codes that were given to this person, or made with the key of this thumbprint (which may be NULL), and that
 * nobody has used. Inside registry/ only. */
enum km_error km_person_end_codes(struct km_store *store, int64_t person_id, const char *made_by, int64_t now,
                                  struct km_problem *problem);

/* Says that somebody else may have had this key from the moment `at` on, which is not before it was enrolled, and not
 * after now. Nothing that it signs is accepted any more; no code that its person was given, or that was made with it,
 * enrols another. What was accepted before now is evidence and stays: km_person_signed_since tells what to look at. Of
 * a key that was revoked before, the earlier moment stays. Inside a transaction. KM_ABSENT; KM_INVALID "revoked-at". */
enum km_error km_person_revoke_key(struct km_store *store, const char *thumbprint, int64_t at, int64_t now,
                                   struct km_problem *problem);

/* Calls back for all that was accepted from this key at this moment or later, in that order, and for each key that was
 * enrolled by a code which it made since. Borrowed for the call. */
struct km_signed_row {
	int64_t at;
	const char *type; /* of the submission: "audit", "decision", …; or "key" */
	const char *id;   /* of the submission, or the key's thumbprint */
	const char *what; /* the decision's action, the audit's kind, the name of the key's person; NULL for other types */
	const char *mark; /* the number of the mark that was decided on; NULL where there is none */
};
enum km_error km_person_signed_since(struct km_store *store, const char *thumbprint, int64_t at,
                                     enum km_error (*each)(void *context, const struct km_signed_row *row),
                                     void *context, struct km_problem *problem);

/* Calls back for each key and each person without one (thumbprint NULL), by body and person. Borrowed for the call. */
struct km_person_row {
	int64_t id;
	const char *body_slug, *name, *thumbprint;
	unsigned roles;
	int64_t enrolled_at, revoked_at; /* 0 if not */
};
enum km_error km_person_list(struct km_store *store,
                             enum km_error (*each)(void *context, const struct km_person_row *row), void *context,
                             struct km_problem *problem);

#endif
