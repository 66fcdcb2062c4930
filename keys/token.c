#include "keys/token.h"

#include "base/buf.h"
#include "keys/random.h"
#include "keys/token_session.h"
#include "keys/token_uri.h"

#include <string.h>

enum { ID_BYTES = 16 };

bool km_token_wants_pin(const char *text)
{
	auto_token_uri struct p11_kit_uri *uri = NULL;
	return !km_token_uri_parse(text, &uri, NULL) && !km_token_uri_pin_file(uri);
}

/* --------------------------------------------------------------------------------------------------- what is in it */

/* The value of an attribute; 0 where the object has none, or one that is longer. */
static size_t read_attribute(const struct km_token_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                             void *value, size_t room)
{
	CK_ATTRIBUTE attribute = {type, value, room};
	CK_RV result = session->functions->C_GetAttributeValue(session->handle, object, &attribute, 1);
	return result == CKR_OK && attribute.ulValueLen <= room ? attribute.ulValueLen : 0;
}

/* The one object that is like this. */
static enum km_error find_object(const struct km_token_session *session, CK_ATTRIBUTE *like, CK_ULONG count,
                                 const char *what, CK_OBJECT_HANDLE *ret_object, struct km_problem *problem)
{
	CK_OBJECT_HANDLE objects[2];
	CK_ULONG found = 0;
	CK_RV result = session->functions->C_FindObjectsInit(session->handle, like, count);
	if (result == CKR_OK) {
		result = session->functions->C_FindObjects(session->handle, objects, 2, &found);
		session->functions->C_FindObjectsFinal(session->handle);
	}
	if (result != CKR_OK)
		return km_token_fail(session, "looking for a key", result, problem);
	if (found > 1)
		return km_fail(problem, KM_INVALID, "token-ambiguous",
		               "more than one %s in the token “%s” fits the URI: name one by its id=", what, session->name);
	if (found == 0)
		return km_fail(problem, KM_ABSENT, "no-token-key", "there is no %s in the token “%s” that fits the URI", what,
		               session->name);
	*ret_object = objects[0];
	return KM_OK;
}

/* What the URI says of the key; how many attributes that is. */
static CK_ULONG describe(const struct km_token_session *session, CK_OBJECT_CLASS *class, CK_ATTRIBUTE like[static 3])
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_ID, CKA_LABEL};
	CK_ULONG count = 1;
	like[0] = (CK_ATTRIBUTE){CKA_CLASS, class, sizeof *class};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const CK_ATTRIBUTE *given = p11_kit_uri_get_attribute(session->uri, types[i]);
		if (given)
			like[count++] = *given;
	}
	return count;
}

static enum km_error find_key(const struct km_token_session *session, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret_key,
                              struct km_problem *problem)
{
	CK_ATTRIBUTE like[3];
	if (!km_token_uri_names_key(session->uri))
		return km_fail(problem, KM_INVALID, "token-uri",
		               "this pkcs11: URI names a token, and no key in it: add id= or "
		               "object=");
	CK_ULONG count = describe(session, &class, like);
	return find_object(session, like, count, class == CKO_PUBLIC_KEY ? "public key" : "private key", ret_key, problem);
}

/* CKA_EC_POINT: 32 bytes in a DER OCTET STRING (PKCS#11 3.0, 2.3.5), or, of some tokens, bare. */
static enum km_error read_point(const struct km_token_session *session, CK_OBJECT_HANDLE public_key,
                                uint8_t ret_public[static KM_PUBLIC_BYTES], struct km_problem *problem)
{
	uint8_t point[2 + KM_PUBLIC_BYTES];
	CK_KEY_TYPE kind = 0;
	size_t kind_len = read_attribute(session, public_key, CKA_KEY_TYPE, &kind, sizeof kind);
	size_t len = read_attribute(session, public_key, CKA_EC_POINT, point, sizeof point);
	bool wrapped = len == sizeof point && point[0] == 0x04 && point[1] == KM_PUBLIC_BYTES;
	if (kind_len != sizeof kind || kind != CKK_EC_EDWARDS || (!wrapped && len != KM_PUBLIC_BYTES))
		return km_fail(problem, KM_INVALID, "not-ed25519",
		               "the key in the token “%s” is of another kind: it must be Ed25519", session->name);
	memcpy(ret_public, point + (wrapped ? 2 : 0), KM_PUBLIC_BYTES);
	return KM_OK;
}

/* -------------------------------------------------------------------------------------------------- a key to sign with
 */

struct held {
	struct km_token_session session;
	CK_OBJECT_HANDLE key;
};

static void let_go(void *context)
{
	struct held *held = context;
	km_token_close(&held->session);
	free(held);
}

static enum km_error sign(void *context, const void *message, size_t len,
                          uint8_t ret_signature[static KM_SIGNATURE_BYTES], struct km_problem *problem)
{
	struct held *held = context;
	CK_MECHANISM eddsa = {CKM_EDDSA, NULL, 0}; /* without parameters: pure Ed25519 */
	uint8_t signature[KM_SIGNATURE_BYTES];
	CK_ULONG signature_len = sizeof signature;
	const CK_FUNCTION_LIST *functions = held->session.functions;
	CK_RV result = functions->C_SignInit(held->session.handle, &eddsa, held->key);
	if (result == CKR_OK)
		result = functions->C_Sign(held->session.handle, (CK_BYTE *)message, len, signature, &signature_len);
	if (result != CKR_OK || signature_len != sizeof signature)
		return km_token_fail(&held->session, "signing", result, problem);
	memcpy(ret_signature, signature, sizeof signature);
	return KM_OK;
}

/* Takes the session over where it succeeds. */
static enum km_error hold(struct km_token_session *session, CK_OBJECT_HANDLE key,
                          const uint8_t public_key[static KM_PUBLIC_BYTES], struct km_key **ret_key,
                          struct km_problem *problem)
{
	struct held *held = malloc(sizeof *held);
	if (!held)
		return km_fail_memory(problem);
	*held = (struct held){*session, key};
	const struct km_key_elsewhere elsewhere = {.sign = sign, .let_go = let_go, .context = held};
	enum km_error error = km_key_elsewhere(public_key, &elsewhere, ret_key, problem);
	if (error)
		free(held);
	else
		*session = KM_NO_TOKEN_SESSION;
	return error;
}

/* The key that the URI names, and its public half: the one with the same id. */
static enum km_error find_pair(const struct km_token_session *session, CK_OBJECT_HANDLE *ret_private,
                               CK_OBJECT_HANDLE *ret_public, struct km_problem *problem)
{
	uint8_t id[KM_TOKEN_ID_MAX];
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
	enum km_error error = find_key(session, CKO_PRIVATE_KEY, &private_key, problem);
	if (error)
		return error;
	size_t id_len = read_attribute(session, private_key, CKA_ID, id, sizeof id);
	if (id_len == 0)
		return km_fail(problem, KM_INVALID, "no-id",
		               "the key in the token “%s” has no id (CKA_ID) by which to find its public half: give both the "
		               "same one",
		               session->name);
	CK_ATTRIBUTE like[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, id, id_len}};
	error = find_object(session, like, 2, "public half of the key", ret_public, problem);
	if (!error)
		*ret_private = private_key;
	return error;
}

enum km_error km_token_open(const char *uri, const char *pin, struct km_key **ret_key, struct km_problem *problem)
{
	auto_token_session struct km_token_session session = KM_NO_TOKEN_SESSION;
	CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE, public_key = CK_INVALID_HANDLE;
	uint8_t bytes[KM_PUBLIC_BYTES];
	enum km_error error = km_token_session(uri, 0, &session, problem);
	if (!error)
		error = km_token_log_in(&session, pin, problem);
	if (!error)
		error = find_pair(&session, &private_key, &public_key, problem);
	if (!error)
		error = read_point(&session, public_key, bytes, problem);
	return error ? error : hold(&session, private_key, bytes, ret_key, problem);
}

/* --------------------------------------------------------------------------------------------------------- making one
 */

/* Ed25519 by its name, and by its object identifier (RFC 8410): tokens know the one or the other. */
static const struct {
	uint8_t len;
	uint8_t der[14];
} curves[] = {
	{14, {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'}},
	{5, {0x06, 0x03, 0x2b, 0x65, 0x70}},
};

static CK_RV generate_on(const struct km_token_session *session, size_t curve, const uint8_t id[static ID_BYTES],
                         const char *label, CK_OBJECT_HANDLE *ret_private, CK_OBJECT_HANDLE *ret_public)
{
	CK_MECHANISM mechanism = {CKM_EC_EDWARDS_KEY_PAIR_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE public_half[] = {
		{CKA_TOKEN, &yes, sizeof yes},
		{CKA_PRIVATE, &no, sizeof no},
		{CKA_VERIFY, &yes, sizeof yes},
		{CKA_ID, (void *)id, ID_BYTES},
		{CKA_LABEL, (void *)label, strlen(label)},
		{CKA_EC_PARAMS, (void *)curves[curve].der, curves[curve].len},
	};
	CK_ATTRIBUTE private_half[] = {
		{CKA_TOKEN, &yes, sizeof yes},     {CKA_PRIVATE, &yes, sizeof yes},
		{CKA_SENSITIVE, &yes, sizeof yes}, {CKA_EXTRACTABLE, &no, sizeof no},
		{CKA_SIGN, &yes, sizeof yes},      {CKA_DECRYPT, &no, sizeof no},
		{CKA_UNWRAP, &no, sizeof no},      {CKA_DERIVE, &no, sizeof no},
		{CKA_ID, (void *)id, ID_BYTES},    {CKA_LABEL, (void *)label, strlen(label)},
	};
	return session->functions->C_GenerateKeyPair(session->handle, &mechanism, public_half,
	                                             sizeof public_half / sizeof *public_half, private_half,
	                                             sizeof private_half / sizeof *private_half, ret_public, ret_private);
}

static enum km_error generate(const struct km_token_session *session, const char *label, CK_OBJECT_HANDLE *ret_private,
                              CK_OBJECT_HANDLE *ret_public, struct km_problem *problem)
{
	uint8_t id[ID_BYTES];
	CK_RV result = CKR_GENERAL_ERROR;
	enum km_error error =
		km_token_check_mechanism(session, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, problem);
	if (!error)
		error = km_random(id, sizeof id, problem);
	if (error)
		return error;
	for (size_t i = 0; result != CKR_OK && i < sizeof curves / sizeof *curves; i++)
		result = generate_on(session, i, id, label, ret_private, ret_public);
	return result == CKR_OK ? KM_OK : km_token_fail(session, "making a key", result, problem);
}

/* The key's place in the token, by its id. */
static enum km_error name_key(const struct km_token_session *session, CK_OBJECT_HANDLE key, const char *uri,
                              const char *label, char **ret_uri, struct km_problem *problem)
{
	uint8_t id[KM_TOKEN_ID_MAX];
	size_t id_len = read_attribute(session, key, CKA_ID, id, sizeof id);
	if (id_len == 0)
		return km_token_fail(session, "telling a key's id", CKR_OK, problem);
	char *text = km_token_uri_of_key(uri, id, id_len, label);
	if (!text)
		return km_fail_memory(problem);
	if (strlen(text) > KM_TOKEN_URI_MAX) { /* nobody could read it back */
		free(text);
		return km_fail(problem, KM_TOO_LARGE, "too-large",
		               "the pkcs11: URI of the key would be over %d bytes: say less", KM_TOKEN_URI_MAX);
	}
	*ret_uri = text;
	return KM_OK;
}

/* Nobody may have a copy of a key that signs in the registry's name. */
static enum km_error check_stays(const struct km_token_session *session, CK_OBJECT_HANDLE key,
                                 struct km_problem *problem)
{
	CK_BBOOL extractable = CK_TRUE, sensitive = CK_FALSE;
	read_attribute(session, key, CKA_EXTRACTABLE, &extractable, sizeof extractable);
	read_attribute(session, key, CKA_SENSITIVE, &sensitive, sizeof sensitive);
	if (!extractable && sensitive)
		return KM_OK;
	return km_fail(problem, KM_INVALID, "extractable",
	               "the key in the token “%s” can be taken out of it (CKA_EXTRACTABLE, CKA_SENSITIVE): make one that "
	               "cannot",
	               session->name);
}

static enum km_error make(struct km_token_session *session, const char *uri, const char *label, struct km_key **ret_key,
                          char **ret_uri, struct km_problem *problem)
{
	CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE, public_key = CK_INVALID_HANDLE;
	uint8_t bytes[KM_PUBLIC_BYTES];
	auto_free char *text = NULL;
	bool taken = km_token_uri_names_key(session->uri);
	enum km_error error = taken ? find_pair(session, &private_key, &public_key, problem)
	                            : generate(session, label, &private_key, &public_key, problem);
	if (error)
		return error;
	error = check_stays(session, private_key, problem);
	if (!error)
		error = read_point(session, public_key, bytes, problem);
	if (!error)
		error = name_key(session, private_key, uri, taken ? NULL : label, &text, problem);
	if (error && !taken) {
		session->functions->C_DestroyObject(session->handle, private_key);
		session->functions->C_DestroyObject(session->handle, public_key);
	}
	if (!error)
		error = hold(session, private_key, bytes, ret_key, problem);
	if (error)
		return error;
	*ret_uri = text;
	text = NULL;
	return KM_OK;
}

enum km_error km_token_make(const char *uri, const char *pin, const char *label, struct km_key **ret_key,
                            char **ret_uri, struct km_problem *problem)
{
	auto_token_session struct km_token_session session = KM_NO_TOKEN_SESSION;
	enum km_error error = km_token_session(uri, CKF_RW_SESSION, &session, problem);
	if (!error)
		error = km_token_log_in(&session, pin, problem);
	return error ? error : make(&session, uri, label, ret_key, ret_uri, problem);
}

/* ------------------------------------------------------------------------------------------------ removing, and
 * looking */

enum km_error km_token_remove(const char *uri, const char *pin, struct km_problem *problem)
{
	auto_token_session struct km_token_session session = KM_NO_TOKEN_SESSION;
	CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE, public_key = CK_INVALID_HANDLE;
	enum km_error error = km_token_session(uri, CKF_RW_SESSION, &session, problem);
	if (!error)
		error = km_token_log_in(&session, pin, problem);
	if (!error)
		error = find_key(&session, CKO_PRIVATE_KEY, &private_key, problem);
	if (error)
		return error;
	/* By the URI and not as a pair: what was left half removed goes too. */
	bool has_public = find_key(&session, CKO_PUBLIC_KEY, &public_key, NULL) == KM_OK;
	CK_RV result = session.functions->C_DestroyObject(session.handle, private_key);
	if (result != CKR_OK)
		return km_token_fail(&session, "removing a key", result, problem);
	if (has_public)
		session.functions->C_DestroyObject(session.handle, public_key);
	return KM_OK;
}

enum km_error km_token_look(const char *uri, uint8_t ret_public[static KM_PUBLIC_BYTES], struct km_problem *problem)
{
	auto_token_session struct km_token_session session = KM_NO_TOKEN_SESSION;
	CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
	enum km_error error = km_token_session(uri, 0, &session, problem);
	if (!error)
		error = km_token_check_tries(&session, problem);
	if (!error && (session.token.flags & CKF_USER_PIN_COUNT_LOW))
		return km_fail(problem, KM_UNPROVEN, "pin-wrong",
		               "a wrong PIN was given to the token “%s” since the last right one: who was that?", session.name);
	if (!error)
		error = find_key(&session, CKO_PUBLIC_KEY, &public_key, problem);
	return error ? error : read_point(&session, public_key, ret_public, problem);
}
