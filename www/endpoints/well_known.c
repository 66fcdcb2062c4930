#include "keys/keyset.h"
#include "www/endpoints.h"
#include "www/site.h"

#include <string.h>

/* The published keys, as a set, as a DID document, and one by one. Read from the folder each time, for keys come and go
 * while the server runs. */

enum { KEYS_MAX_AGE_S = 300 };

KM_HANDLER(km_get_jwks)
{
	struct km_keyset set;
	enum km_error error = km_signer_keyset(request->site->options.keys, &set, problem);
	if (error)
		return error;
	reply->max_age_s = KEYS_MAX_AGE_S;
	json_auto_t *jwks = km_keyset_jwks(&set);
	return km_reply_json(reply, jwks, "application/jwk-set+json", problem);
}

/* The same under the signature of the offline root, where there is one. */
KM_HANDLER(km_get_root_signed_keys)
{
	auto_free char *token = NULL;
	enum km_error error = km_signer_manifest(request->site->options.keys, &token, problem);
	if (error)
		return error;
	reply->max_age_s = KEYS_MAX_AGE_S;
	return km_reply_token(reply, token, km_type_jwt, problem);
}

KM_HANDLER(km_get_did)
{
	struct km_keyset set;
	enum km_error error = km_signer_keyset(request->site->options.keys, &set, problem);
	if (error)
		return error;
	reply->max_age_s = KEYS_MAX_AGE_S;
	json_auto_t *did = km_keyset_did(&set);
	return km_reply_json(reply, did, "application/did+json", problem);
}

/* One bare JWK: what the kid of a credential points to. */
KM_HANDLER(km_get_key)
{
	struct km_keyset set;
	enum km_error error = km_signer_keyset(request->site->options.keys, &set, problem);
	if (error)
		return error;
	const struct km_keyset_entry *entry = km_keyset_find(&set, km_request_path_value(request, "thumbprint"));
	if (!entry)
		return km_fail(problem, KM_ABSENT, "no-such-key", "this registry has published no key with this thumbprint");
	reply->max_age_s = KEYS_MAX_AGE_S;
	json_auto_t *jwk = km_jwk_format(entry->public_key);
	return km_reply_json(reply, jwk, "application/jwk+json", problem);
}
