/*
 * Is this one genuine, and does it hold now? One function for the command line, the API and the page.
 *
 * Trust comes from what the user chose (a key set), never from the thing being checked. Three answers that are never
 * mixed: genuine and active; not valid (and why); cannot tell (and why).
 */
#ifndef KM_BADGE_VERIFY_H
#define KM_BADGE_VERIFY_H

#include "badge/credential.h"
#include "base/error.h"
#include "keys/keyset.h"
#include "registry/mark.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum km_outcome_kind { KM_GENUINE, KM_NOT_VALID, KM_CANNOT_TELL };

enum km_check {
	KM_CHECK_FORMAT,    /* is it of a form that we know, whole and strict */
	KM_CHECK_ISSUER,    /* is it by the registry whose word the user takes */
	KM_CHECK_KEY,       /* was the key published for this purpose and in use when it signed */
	KM_CHECK_SIGNATURE, /* does the signature fit */
	KM_CHECK_VALIDITY,  /* has it begun, and not expired */
	KM_CHECK_STATUS,    /* what the register says of its state now, in a statement signed for that */
	KM_CHECK_LOG,       /* is its last change in the transparency log, and does that fit; not reached where no source
	                     * tells, and no condition for "genuine", unless the registry contradicts itself in it */
	KM_CHECKS
};
enum km_result { KM_RESULT_NOT_REACHED, KM_RESULT_GOOD, KM_RESULT_BAD, KM_RESULT_UNKNOWN };

struct km_verdict {
	enum km_outcome_kind outcome;
	/* Short word: "active", "suspended", "withdrawn", "expired", "bad-signature", "unknown-issuer", … */
	char reason[48];
	char sentence[512]; /* for people, in English: one line that says it all */
	char warning[384];  /* where what is shown differs from what the register has now: to be shown loudly; else empty */
	struct {
		enum km_result result;
		char detail[256];
	} checks[KM_CHECKS];
	/* From signed claims or a signed status only; empty strings where there is nothing proven to show. */
	char number[KM_NUMBER_TEXT];
	char provider_name[4 * 200 + 1], kvk[9], scheme_name[256], body_name[256];
	char issuer[256]; /* as claimed, so that "unknown issuer" can name it: not proven */
	int64_t valid_from, valid_until, state_since;
	int64_t checked_at;   /* moment of the answer */
	int64_t knowledge_at; /* when the newest status that is known was signed; 0 where none is */
};

const char *km_check_name(enum km_check check);

/* What a verifier can learn beside the key set. It may be all zero but for what was saved: that is offline. */
struct km_status_source {
	/* Gets the compact JWS of <url>/m/NUMBER/status.jwt. Returns KM_OK and the token (freed by the caller with free),
	 * or KM_ABSENT where the registry says it knows no such mark, or another error where it could not ask: that is
	 * "cannot tell". NULL: offline. */
	enum km_error (*get)(void *context, const char *number, char **ret_token, struct km_problem *problem);
	void *context;
	/* Gets the text of <url>/m/NUMBER.tlog-proof likewise; NULL where the log is not to be asked. */
	enum km_error (*get_log_proof)(void *context, const char *number, char **ret_text, struct km_problem *problem);
	/* Gets the text of <url>/log/credential/DIGEST, base64url of the SHA-256 of a credential's compact JWS, likewise:
	 * the proof that the log names it. KM_ABSENT: the registry says that its log does not. NULL where it is not to be
	 * asked. */
	enum km_error (*get_credential_proof)(void *context, const char *digest, char **ret_text,
	                                      struct km_problem *problem);
	/* Signed status lists (compact JWS) that were saved before, in any order, for where `get` is NULL; borrowed. */
	const char *const *lists;
	size_t lists_len;
	int64_t keyset_saved_at; /* when the key set was saved, to be told; 0 where it is fresh */
};

/* Verifies a picture (SVG, PNG), a compact JWS, a JSON-LD document with an embedded proof, a signed QR code (its
 * address or its token), the address of a mark's page or its number, also with white space around it; whatever the
 * bytes turn out to be. A receipt (badge/receipt.h) is no mark, and is "cannot tell" here. `trust` is the key set that
 * the user chose; NULL: nobody named, which is always "cannot tell". `status` NULL: offline, with nothing saved. Always
 * fills the verdict.
 *
 * Offline, lists that have not expired answer as of the moment at which they were signed (knowledge_at); of expired
 * ones only a withdrawal, which is for ever, still tells. */
void km_verify(const char *bytes, size_t len, const struct km_keyset *trust, const struct km_status_source *status,
               int64_t now, struct km_verdict *ret_verdict);

/* Verifies a mark number alone: what the registry that the user chose says of it, in its signed status. */
void km_verify_number(const char *number, const struct km_keyset *trust, const struct km_status_source *status,
                      int64_t now, struct km_verdict *ret_verdict);

/* Proves a signed status list (compact JWS), and tells the last second in which it says what is so. KM_UNPROVEN,
 * KM_MALFORMED, KM_INVALID. */
enum km_error km_verify_list(const char *token, const struct km_keyset *trust, int64_t *ret_until,
                             struct km_problem *problem);

/* The verdict for programs; the caller's (json_decref). */
json_t *km_verdict_json(const struct km_verdict *verdict);

#endif
