#include "keys/token_session.h"

#include "keys/key.h"
#include "keys/token_uri.h"

#include <p11-kit/p11-kit.h>
#include <string.h>

enum { SLOTS_MAX = 64 };

void km_token_close(struct km_token_session *session)
{
	if (session->handle != CK_INVALID_HANDLE)
		session->functions->C_CloseSession(session->handle); /* with the last one, the login ends */
	if (session->own) {
		p11_kit_module_finalize(session->own);
		p11_kit_module_release(session->own);
	}
	if (session->modules)
		p11_kit_modules_finalize_and_release(session->modules);
	p11_kit_uri_free(session->uri);
	*session = (struct km_token_session){.handle = CK_INVALID_HANDLE};
}

enum km_error km_token_fail(const struct km_token_session *session, const char *doing, CK_RV result,
                            struct km_problem *problem)
{
	return km_fail(problem, KM_UNAVAILABLE, "token-failed", "the token “%s” failed at %s: %s (0x%lx)", session->name,
	               doing, p11_kit_strerror(result), (unsigned long)result);
}

/* --------------------------------------------------------------------------------------------------- finding a token
 */

static enum km_error load_modules(struct km_token_session *session, struct km_problem *problem)
{
	const char *path = p11_kit_uri_get_module_path(session->uri);
	if (!path) {
		session->modules = p11_kit_modules_load_and_initialize(0);
		return session->modules
		           ? KM_OK
		           : km_fail(problem, KM_ABSENT, "token-module",
		                     "p11-kit has no PKCS#11 module: name one with module-path=/usr/lib/… in the URI");
	}
	session->own = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
	if (!session->own)
		return km_fail(problem, KM_ABSENT, "token-module",
		               "%s: this PKCS#11 module cannot be loaded: is its package installed, and may this user read it?",
		               path);
	CK_RV result = p11_kit_module_initialize(session->own);
	if (result == CKR_OK)
		return KM_OK;
	p11_kit_module_release(session->own);
	session->own = NULL;
	return km_fail(problem, KM_ABSENT, "token-module",
	               "%s: this PKCS#11 module does not start: %s (0x%lx). Look at its own settings (SoftHSM: the file "
	               "$SOFTHSM2_CONF), and whether this user may read what they name",
	               path, p11_kit_strerror(result), (unsigned long)result);
}

static bool fits(const struct km_token_session *session, CK_FUNCTION_LIST *functions, CK_SLOT_ID slot,
                 CK_TOKEN_INFO *ret_token)
{
	CK_SLOT_INFO info;
	CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(session->uri);
	return (wanted == (CK_SLOT_ID)-1 || wanted == slot) && functions->C_GetSlotInfo(slot, &info) == CKR_OK &&
	       p11_kit_uri_match_slot_info(session->uri, &info) && functions->C_GetTokenInfo(slot, ret_token) == CKR_OK &&
	       (ret_token->flags & CKF_TOKEN_INITIALIZED) && p11_kit_uri_match_token_info(session->uri, ret_token);
}

/* How many of this module's tokens fit; the last of them is the session's. */
static size_t look_in(struct km_token_session *session, CK_FUNCTION_LIST *functions)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = SLOTS_MAX;
	CK_INFO info;
	size_t found = 0;
	if (functions->C_GetInfo(&info) != CKR_OK || !p11_kit_uri_match_module_info(session->uri, &info) ||
	    functions->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return 0;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO token;
		if (!fits(session, functions, slots[i], &token))
			continue;
		found++;
		session->functions = functions;
		session->slot = slots[i];
		session->token = token;
	}
	return found;
}

static enum km_error find_token(struct km_token_session *session, struct km_problem *problem)
{
	size_t found = session->own ? look_in(session, session->own) : 0;
	for (size_t i = 0; session->modules && session->modules[i]; i++)
		found += look_in(session, session->modules[i]);
	if (found == 0)
		return km_fail(
			problem, KM_ABSENT, "no-token",
			"there is no PKCS#11 token that fits this URI: is it plugged in, may this user see it, and is "
			"module-path that of its module? `p11tool --list-tokens` or `pkcs11-tool -L` list what there is");
	if (found > 1)
		return km_fail(problem, KM_INVALID, "token-ambiguous",
		               "more than one PKCS#11 token fits this URI: name one by token= and serial=");
	size_t len = p11_kit_space_strlen(session->token.label, sizeof session->token.label);
	memcpy(session->name, session->token.label, len);
	session->name[len] = '\0';
	return KM_OK;
}

/* It signs with Ed25519. Debian 12's engine for OpenSSL does not, which is why this is here. */
enum km_error km_token_check_mechanism(const struct km_token_session *session, CK_MECHANISM_TYPE mechanism,
                                       CK_FLAGS needed, struct km_problem *problem)
{
	CK_MECHANISM_INFO info;
	CK_RV result = session->functions->C_GetMechanismInfo(session->slot, mechanism, &info);
	if (result == CKR_OK && (info.flags & needed) == needed)
		return KM_OK;
	return km_fail(problem, KM_INVALID, "token-mechanism",
	               "the token “%s” does not %s Ed25519 keys (%s of PKCS#11 3.0): it takes another kind of token",
	               session->name, mechanism == CKM_EDDSA ? "sign with" : "make",
	               mechanism == CKM_EDDSA ? "CKM_EDDSA" : "CKM_EC_EDWARDS_KEY_PAIR_GEN");
}

enum km_error km_token_session(const char *uri, CK_FLAGS flags, struct km_token_session *session,
                               struct km_problem *problem)
{
	enum km_error error = km_token_uri_parse(uri, &session->uri, problem);
	if (!error)
		error = load_modules(session, problem);
	if (!error)
		error = find_token(session, problem);
	if (!error)
		error = km_token_check_mechanism(session, CKM_EDDSA, CKF_SIGN, problem);
	if (error)
		return error;
	CK_RV result =
		session->functions->C_OpenSession(session->slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &session->handle);
	if (result == CKR_OK)
		return KM_OK;
	session->handle = CK_INVALID_HANDLE;
	return km_token_fail(session, "opening a session", result, problem);
}

/* ------------------------------------------------------------------------------------------------------- logging in */

/* What the token says about wrong PINs before it is given one. A locked one cannot be opened; where one try is left, we
 * do not take it: a person can, who knows whether the PIN is right. */
enum km_error km_token_check_tries(const struct km_token_session *session, struct km_problem *problem)
{
	if (session->token.flags & CKF_USER_PIN_LOCKED)
		return km_fail(problem, KM_UNPROVEN, "pin-locked",
		               "the token “%s” is locked after too many wrong PINs: who has its SO PIN can unlock it",
		               session->name);
	if (session->token.flags & CKF_USER_PIN_FINAL_TRY)
		return km_fail(problem, KM_UNPROVEN, "pin-last-try",
		               "one wrong PIN more would lock the token “%s”, so none is tried: log in to it yourself, such as "
		               "with `pkcs11-tool --login --list-objects`, and then do this again",
		               session->name);
	return KM_OK;
}

static enum km_error fail_pin(struct km_token_session *session, struct km_problem *problem)
{
	CK_TOKEN_INFO *token = &session->token;
	if (session->functions->C_GetTokenInfo(session->slot, token) != CKR_OK)
		token->flags = 0;
	const char *left = token->flags & CKF_USER_PIN_LOCKED ? "and now it is locked: who has its SO PIN can unlock it"
	                   : token->flags & CKF_USER_PIN_FINAL_TRY ? "and the next wrong one locks it"
	                   : token->flags & CKF_USER_PIN_COUNT_LOW ? "and it counts wrong ones"
	                                                           : "and it may count wrong ones";
	return km_fail(problem, KM_UNPROVEN, "pin-wrong",
	               "the PIN is not that of the token “%s”, %s: correct it before you do this again", session->name,
	               left);
}

static enum km_error log_in_with(struct km_token_session *session, const char *pin, struct km_problem *problem)
{
	CK_RV result = session->functions->C_Login(session->handle, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin));
	switch (result) {
	case CKR_OK:
	case CKR_USER_ALREADY_LOGGED_IN: /* by an earlier key of ours: a login is for the whole process */
		return KM_OK;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		return fail_pin(session, problem);
	case CKR_PIN_LOCKED:
		session->token.flags |= CKF_USER_PIN_LOCKED;
		return km_token_check_tries(session, problem);
	case CKR_PIN_EXPIRED:
	case CKR_USER_PIN_NOT_INITIALIZED:
		return km_fail(problem, KM_UNPROVEN, "pin-wrong",
		               "the token “%s” wants a new PIN first: set one, such as with `pkcs11-tool`", session->name);
	default:
		return km_token_fail(session, "the login", result, problem);
	}
}

enum km_error km_token_log_in(struct km_token_session *session, const char *pin, struct km_problem *problem)
{
	const char *file = km_token_uri_pin_file(session->uri);
	char *own = NULL;
	if (!(session->token.flags & CKF_LOGIN_REQUIRED))
		return KM_OK;
	enum km_error error = km_token_check_tries(session, problem);
	if (!error && file)
		error = km_passphrase_read(file, &own, problem);
	if (error)
		return error;
	if (own)
		pin = own;
	error = pin ? log_in_with(session, pin, problem)
	            : km_fail(problem, KM_UNPROVEN, "pin-missing",
	                      "the token “%s” asks for its PIN: put it into a file with mode 0600 and name that with "
	                      "--passphrase-file, or with pin-source=file:/… in the URI",
	                      session->name);
	km_passphrase_free(own);
	return error;
}
