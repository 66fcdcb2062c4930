#include "keys/keyring.h"

#include "base/json.h"
#include "keys/checkpoint.h"
#include "keys/cwt.h"
#include "keys/jws.h"
#include "keys/key.h"
#include "keys/key_folder.h"
#include "keys/key_life.h"
#include "keys/note.h"
#include "keys/proof.h"

#include <stdlib.h>
#include <string.h>

struct km_keyring {
	struct km_keyset set;
	struct km_key *keys[KM_KEYSET_MAX]; /* of the entries of `set`; NULL where it is not open */
};

static void close_keyring(struct km_keyring **keyring)
{
	km_keyring_close(*keyring);
}
#define auto_keyring __attribute__((cleanup(close_keyring)))

static bool of_use(const struct km_keyset_entry *entry, int64_t now)
{
	return !entry->revoked_at && (!entry->not_after || now <= entry->not_after + KM_KEY_LINGER_S);
}

static enum km_error open_keys(const char *folder, const char *passphrase, int64_t now, struct km_keyring *keyring,
                               struct km_problem *problem)
{
	bool can_sign[KM_PURPOSES] = {false};
	for (size_t i = 0; i < keyring->set.len; i++) {
		const struct km_keyset_entry *entry = &keyring->set.entries[i];
		if (!of_use(entry, now))
			continue;
		enum km_error error = km_key_folder_open(folder, entry, passphrase, &keyring->keys[i], problem);
		/* The private half of one that signs no more may have been removed already. */
		if (error == KM_ABSENT && km_keyset_state(entry, now) == KM_KEY_RETIRED)
			continue;
		if (error)
			return error;
		can_sign[entry->purpose] = can_sign[entry->purpose] || km_keyset_state(entry, now) != KM_KEY_RETIRED;
	}
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++)
		if (!can_sign[purpose])
			return km_fail(problem, KM_INVALID, "no-key", "%s: keys.json lists no %s key that still signs", folder,
			               km_purpose_name(purpose));
	return KM_OK;
}

enum km_error km_keyring_open(const char *folder, const char *passphrase, int64_t now, struct km_keyring **ret_keyring,
                              struct km_problem *problem)
{
	auto_keyring struct km_keyring *keyring = calloc(1, sizeof *keyring);
	if (!keyring)
		return km_fail_memory(problem);
	enum km_error error = km_key_folder_check(folder, problem);
	if (!error)
		error = km_key_folder_keyset(folder, &keyring->set, problem);
	if (!error)
		error = open_keys(folder, passphrase, now, keyring, problem);
	if (error)
		return error;
	*ret_keyring = keyring;
	keyring = NULL;
	return KM_OK;
}

void km_keyring_close(struct km_keyring *keyring)
{
	if (!keyring)
		return;
	for (size_t i = 0; i < KM_KEYSET_MAX; i++)
		km_key_free(keyring->keys[i]);
	free(keyring);
}

bool km_keyring_in_token(const struct km_keyring *keyring)
{
	for (size_t i = 0; i < keyring->set.len; i++)
		if (keyring->keys[i] && km_key_is_elsewhere(keyring->keys[i]))
			return true;
	return false;
}

/* A process that signs for months does not keep what it no longer needs. */
static void close_done(struct km_keyring *keyring, int64_t now)
{
	for (size_t i = 0; i < keyring->set.len; i++) {
		if (!of_use(&keyring->set.entries[i], now)) {
			km_key_free(keyring->keys[i]);
			keyring->keys[i] = NULL;
		}
	}
}

/* The key that is in use at the moment at which it is signed: by another it would be believed by nobody. */
static enum km_error choose(struct km_keyring *keyring, enum km_purpose purpose, int64_t at, size_t *ret_index,
                            struct km_problem *problem)
{
	const struct km_keyset_entry *entry = km_keyset_current(&keyring->set, purpose, at);
	if (!entry)
		return km_keyset_next(&keyring->set, purpose, at)
		           ? km_fail(problem, KM_UNAVAILABLE, "key-not-yet",
		                     "the %s key signs only from a later moment on: is this machine's clock right?",
		                     km_purpose_name(purpose))
		           : km_fail(problem, KM_UNAVAILABLE, "no-key",
		                     "no %s key signs now: `keurmerk key rotate --purpose %s` makes one",
		                     km_purpose_name(purpose), km_purpose_name(purpose));
	size_t index = (size_t)(entry - keyring->set.entries);
	if (!keyring->keys[index])
		return km_fail(problem, KM_UNAVAILABLE, "no-key", "the %s key of that moment is no longer here",
		               km_purpose_name(purpose));
	*ret_index = index;
	return KM_OK;
}

static enum km_error sign_cwt(const struct km_key *key, const char *payload, size_t len, char **ret_token,
                              struct km_problem *problem)
{
	json_auto_t *claims = NULL;
	enum km_error error = km_json_parse(payload, len, "what is to be signed", &claims, problem);
	return error ? error : km_cwt_sign(key, claims, ret_token, problem);
}

enum km_error km_keyring_sign(struct km_keyring *keyring, enum km_form form, const char *payload, size_t len,
                              int64_t now, char **ret_token, struct km_problem *problem)
{
	size_t index = 0;
	int64_t at = 0;
	close_done(keyring, now);
	enum km_error error = km_form_check(form, payload, len, keyring->set.url, now, &at, problem);
	if (!error)
		error = choose(keyring, km_form_purpose(form), at, &index, problem);
	if (error)
		return error;
	if (form == KM_FORM_QR)
		return sign_cwt(keyring->keys[index], payload, len, ret_token, problem);
	const char *thumbprint = keyring->set.entries[index].thumbprint;
	json_auto_t *kid = km_form_kid_is_url(form) ? json_sprintf("%s/keys/%s.jwk", keyring->set.url, thumbprint)
	                                            : json_string(thumbprint);
	json_auto_t *header = kid ? json_pack("{s:s, s:O}", "typ", km_form_typ(form), "kid", kid) : NULL;
	if (!header)
		return km_fail_memory(problem);
	return km_jws_sign(keyring->keys[index], header, payload, len, ret_token, problem);
}

enum km_error km_keyring_checkpoint(struct km_keyring *keyring, const char *body, size_t len, int64_t now,
                                    char **ret_note, struct km_problem *problem)
{
	char origin[KM_ORIGIN_MAX + 1];
	struct km_checkpoint checkpoint;
	size_t index = 0;
	close_done(keyring, now);
	enum km_error error = choose(keyring, KM_PURPOSE_LOG, now, &index, problem);
	if (!error)
		error = km_checkpoint_origin(keyring->set.url, origin, problem);
	if (!error)
		error = km_checkpoint_parse(body, len, &checkpoint, problem);
	if (error)
		return error;
	if (strcmp(checkpoint.origin, origin) != 0)
		return km_fail(problem, KM_INVALID, "checkpoint", "this checkpoint is of another log than %s", origin);
	return km_note_sign(keyring->keys[index], origin, body, len, ret_note, problem);
}

enum km_error km_keyring_prove(struct km_keyring *keyring, const char *document, size_t len, int64_t now,
                               char **ret_proof, struct km_problem *problem)
{
	char did[256], method[KM_PROOF_METHOD_TEXT];
	struct km_proof proof;
	size_t index = 0;
	close_done(keyring, now);
	enum km_error error = choose(keyring, KM_PURPOSE_CREDENTIAL, now, &index, problem);
	if (!error)
		error = km_proof_check(document, len, keyring->set.url, problem);
	if (!error)
		error = km_did_web(keyring->set.url, did, problem);
	if (!error)
		error = km_proof_method(did, keyring->set.entries[index].public_key, method, problem);
	if (!error)
		error = km_proof_make(keyring->keys[index], method, now, document, len, &proof, problem);
	if (error)
		return error;
	json_auto_t *json = km_proof_json(&proof);
	char *text = json ? km_json_text(json) : NULL;
	if (!text)
		return km_fail_memory(problem);
	*ret_proof = text;
	return KM_OK;
}
