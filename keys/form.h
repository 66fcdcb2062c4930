/*
 * The forms of what the registry signs. Nothing else gets a signature: a payload is looked at before it is signed, so
 * that whoever gets hold of the server can at most have it say what a registry says, about now.
 */
#ifndef KM_KEYS_FORM_H
#define KM_KEYS_FORM_H

#include "base/error.h"
#include "keys/keyset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum km_form {
	KM_FORM_CREDENTIAL,  /* Open Badges VC-JWT: typ "JWT", kid = URL of the bare JWK; purpose credential */
	KM_FORM_STATUS_LIST, /* Bitstring Status List credential: typ "vc+jwt", kid likewise; purpose status */
	KM_FORM_STATUS,      /* status of one mark right now: typ "keurmerk-status+jwt", kid = thumbprint; purpose status */
	KM_FORM_RECEIPT,     /* evidence of a supplier check: typ "keurmerk-receipt+jwt"; purpose receipt */
	KM_FORM_QR,          /* signed QR code: no JWS but a CWT (keys/cwt.h), in base32; purpose credential */
	KM_FORM_REGISTER,    /* what /register.jsonl held: typ "keurmerk-register+jwt", kid = thumbprint; purpose status */
	KM_FORMS
};

enum {
	KM_FORM_PAYLOAD_MAX = 4 << 20,         /* bytes: a receipt for 10,000 suppliers fits */
	KM_FORM_STATUS_MAX_S = 3600,           /* how long a status may claim to hold */
	KM_FORM_STATUS_LIST_MAX_S = 24 * 3600, /* a status list */
	KM_FORM_REGISTER_MAX_S = 24 * 3600,    /* and the whole register */
	KM_FORM_SKEW_S = 300,                  /* how far what says when it is signed may be from the signer's clock */
};

/* "credential", "status-list", "status", "receipt", "qr", "register". */
const char *km_form_name(enum km_form form);

/* typ in the JOSE header; "" where the form is no JWS. */
const char *km_form_typ(enum km_form form);

enum km_purpose km_form_purpose(enum km_form form);

/* True where kid is the URL of a bare JWK; false where it is the thumbprint alone. */
bool km_form_kid_is_url(enum km_form form);

/* Looks whether a payload is of this form, and by the registry at this url: that, or its did:web, must `iss` say.
 *
 *   all          a JSON object without duplicate members
 *   credential   type has OpenBadgeCredential; iss = issuer.id, jti = id, sub = credentialSubject.id; nbf; iat is now,
 *                for by that a verifier judges whether the key was in use
 *   status list  type has BitstringStatusListCredential; id, issuer, credentialSubject.encodedList; validFrom is now;
 *                validUntil at most KM_FORM_STATUS_LIST_MAX_S later
 *   status       iss, sub, mark, state; iat is now; exp at most KM_FORM_STATUS_MAX_S later
 *   receipt      iss, jti, results (a list); iat is now
 *   register     iss, sub, sha256, next_update, rows, sequence; iat is now; exp at most KM_FORM_REGISTER_MAX_S later
 *   qr           iss, sub, exp, name, kvk, scheme, index; iat is now
 *
 * ret_moment: when it says that it is signed. KM_TOO_LARGE, KM_MALFORMED (no JSON), KM_INVALID type "form" with what is
 * missing. */
enum km_error km_form_check(enum km_form form, const char *payload, size_t len, const char *url, int64_t now,
                            int64_t *ret_moment, struct km_problem *problem);

#endif
