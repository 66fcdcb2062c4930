/*
 * A session with a PKCS#11 token: its module loaded, the token found, logged in. What keys/token.c stands on; the
 * problems are those of keys/token.h.
 */
#ifndef KM_KEYS_TOKEN_SESSION_H
#define KM_KEYS_TOKEN_SESSION_H

#include "base/error.h"

#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

enum { KM_TOKEN_NAME_TEXT = 33 };

struct km_token_session {
	struct p11_kit_uri *uri;
	CK_FUNCTION_LIST **modules;  /* all that p11-kit knows; NULL where the URI names one */
	CK_FUNCTION_LIST *own;       /* the one that it names; NULL where it names none */
	CK_FUNCTION_LIST *functions; /* of the one with the token; borrowed from these */
	CK_SLOT_ID slot;
	CK_TOKEN_INFO token;
	char name[KM_TOKEN_NAME_TEXT];
	CK_SESSION_HANDLE handle; /* CK_INVALID_HANDLE while there is none */
};

#define KM_NO_TOKEN_SESSION ((struct km_token_session){.handle = CK_INVALID_HANDLE})

/* Opens one with the token that the URI names, which must be one that signs with Ed25519; with these flags beside
 * CKF_SERIAL_SESSION. To be closed with km_token_close, also where it fails. */
enum km_error km_token_session(const char *uri, CK_FLAGS flags, struct km_token_session *session,
                               struct km_problem *problem);

/* Nothing happens to one that is not open. */
void km_token_close(struct km_token_session *session);
#define auto_token_session __attribute__((cleanup(km_token_close)))

/* Logs in, with the PIN in the file that the URI names, or else this one, which may be NULL. Once. */
enum km_error km_token_log_in(struct km_token_session *session, const char *pin, struct km_problem *problem);

/* What the token says about wrong PINs before it is given one: "pin-locked", "pin-last-try". */
enum km_error km_token_check_tries(const struct km_token_session *session, struct km_problem *problem);

/* CKM_EDDSA or CKM_EC_EDWARDS_KEY_PAIR_GEN, with what the token must do with it. */
enum km_error km_token_check_mechanism(const struct km_token_session *session, CK_MECHANISM_TYPE mechanism,
                                       CK_FLAGS needed, struct km_problem *problem);

/* KM_UNAVAILABLE, type "token-failed". */
enum km_error km_token_fail(const struct km_token_session *session, const char *doing, CK_RV result,
                            struct km_problem *problem);

#endif
