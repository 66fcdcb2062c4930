/*
 * Inside badge/ only: one verification under way, and the answers to which every kind of thing leads. What is
 * particular to a kind is in badge/verify_credential.c, badge/verify_document.c and badge/verify_qr.c.
 */
#ifndef KM_BADGE_VERIFICATION_H
#define KM_BADGE_VERIFICATION_H

#include "badge/verify.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct km_verification {
	const struct km_keyset *trust;         /* NULL: nobody named */
	const struct km_status_source *source; /* NULL: offline, with nothing saved */
	int64_t now;
	struct km_verdict *verdict;
};

/* Which registry a thing says that it is by; noted in the verdict as claimed. One word for ours is enough to count as
 * ours: whoever claims to be it is held to it. `issuers` may have NULLs. */
enum km_claimed { KM_CLAIMED_NONE, KM_CLAIMED_OURS, KM_CLAIMED_FOREIGN };
enum km_claimed km_verification_claimed(const struct km_verification *v, const char *const issuers[], size_t len);

/* Answers that end it. */
void km_verification_no_trust(const struct km_verification *v);
void km_verification_unknown_issuer(const struct km_verification *v);
void km_verification_malformed(const struct km_verification *v, const struct km_problem *problem);
void km_verification_bad_key(const struct km_verification *v, const char *reason, const char *why);
void km_verification_out_of_memory(const struct km_verification *v);

/* Steps; each is written down as a check, and where it returns false, the answer is given. */
bool km_verification_key(const struct km_verification *v, const struct km_keyset_entry *entry, enum km_claimed claimed);
bool km_verification_signature(const struct km_verification *v, const struct km_keyset_entry *entry, bool fits);
bool km_verification_key_period(const struct km_verification *v, const struct km_keyset_entry *entry,
                                int64_t signed_at);

/* Where the key has been revoked: did it sign this before? What it says of that itself could be anybody's; the log
 * tells, where it names this credential (a compact JWS; NULL for what it does not name). */
bool km_verification_key_revoked(const struct km_verification *v, const struct km_keyset_entry *entry,
                                 const char *number, const char *token, int64_t signed_at);

/* What a thing proves by itself, in the registry's own words, with all that came before found good. */
struct km_presented {
	const char *what;                                                   /* "badge", "QR code" */
	const char *token;                                                  /* compact JWS; NULL where it is none */
	const char *number, *provider_name, *kvk, *scheme_name, *body_name; /* the last two may be NULL */
	bool name_is_cut;                /* provider_name is as km_qr_token_name makes it */
	int64_t valid_from, valid_until; /* valid_from: 0 where it does not say */
	int64_t status_index;            /* -1 where it does not say */
};

/* Holds that against the time, the register and the log, and gives the answer. */
void km_verification_conclude(const struct km_verification *v, const struct km_presented *presented);

/* The same for a mark of which only the number is known. */
void km_verification_conclude_number(const struct km_verification *v, const char *number);

/* The same for what a credential claims. */
void km_verification_conclude_credential(const struct km_verification *v, const char *token,
                                         const struct km_claims *claims);

/* Whether the bytes mean to be a JSON document with an embedded proof. */
bool km_verification_is_document(const char *bytes, size_t len);

/* Such a document; a compact JWS; a signed QR code's token or address. */
void km_verify_document(const struct km_verification *v, const char *bytes, size_t len);
void km_verify_credential(const struct km_verification *v, const char *token);
struct km_qr_token_text;
void km_verify_qr(const struct km_verification *v, const struct km_qr_token_text *text);

#endif
