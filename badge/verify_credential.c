#include "badge/verification.h"

#include "badge/bake.h"
#include "badge/verdict.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/form.h"
#include "keys/jws.h"

#include <string.h>

/* The payload of a token of any kind, not yet proven to be anybody's; NULL where it has none that can be read. */
static json_t *peek(const char *token)
{
	const char *first = strchr(token, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;
	auto_buf struct km_buf payload = KM_BUF_EMPTY;
	json_t *claims = NULL;
	if (!second || !km_decode(KM_BASE64URL, first + 1, (size_t)(second - first - 1), &payload) || !payload.data ||
	    km_json_parse(payload.data, payload.len, "the credential", &claims, NULL))
		return NULL;
	return claims;
}

static const char *issuer_of(const json_t *credential)
{
	const json_t *issuer = json_object_get(credential, "issuer");
	return json_string_value(json_is_object(issuer) ? json_object_get(issuer, "id") : issuer);
}

static enum km_claimed claimed_by(const struct km_verification *v, const json_t *claims)
{
	const char *issuers[] = {json_string_value(json_object_get(claims, "iss")), issuer_of(claims),
	                         issuer_of(json_object_get(claims, "vc"))};
	return km_verification_claimed(v, issuers, sizeof issuers / sizeof *issuers);
}

/* The key that the token names. */
static const struct km_keyset_entry *find_key(const struct km_keyset *trust, const struct km_jws *jws)
{
	char thumbprint[KM_THUMBPRINT_TEXT];
	if (km_credential_kid(jws->kid, trust->url, thumbprint))
		return km_keyset_find(trust, thumbprint);
	return jws->kid ? km_keyset_find(trust, jws->kid) : NULL; /* as our other tokens name it */
}

/* From here on the words are the registry's own. `unread`: why the payload cannot be read, where it cannot. */
static bool read_claims(const struct km_verification *v, const struct km_jws *jws, const json_t *payload,
                        const struct km_problem *unread, struct km_claims *ret_claims)
{
	struct km_problem problem = *unread;
	enum km_error error = problem.code;
	if (!jws->typ || strcmp(jws->typ, km_form_typ(KM_FORM_CREDENTIAL)) != 0)
		error = km_fail(&problem, KM_INVALID, "form", "it is no credential: typ is not JWT");
	if (!error)
		error = km_credential_read(payload, v->trust->url, ret_claims, &problem);
	if (error) {
		km_verification_malformed(v, &problem);
		return false;
	}
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "Open Badges 3.0 credential, signed as a JWT");
	return true;
}

void km_verification_conclude_credential(const struct km_verification *v, const char *token,
                                         const struct km_claims *claims)
{
	const struct km_presented presented = {
		.what = "badge",
		.token = token,
		.number = claims->number,
		.provider_name = claims->provider_name,
		.kvk = claims->kvk,
		.scheme_name = claims->scheme_name,
		.body_name = claims->body_name,
		.valid_from = claims->valid_from,
		.valid_until = claims->valid_until,
		.status_index = claims->status_index,
	};
	km_verification_conclude(v, &presented);
}

void km_verify_credential(const struct km_verification *v, const char *token)
{
	auto_jws struct km_jws jws = {0};
	struct km_problem problem = {0}, unread = {0};
	enum km_error error = km_jws_parse(token, strlen(token), KM_TOKEN_MAX, &jws, &problem);
	json_auto_t *payload = error ? peek(token) : NULL;
	if (!error)
		km_json_parse(jws.payload, jws.payload_len, "the credential", &payload, &unread);
	enum km_claimed claimed = claimed_by(v, payload);
	if (error) {
		/* Others may sign in ways that we do not read; that does not make theirs false. */
		if (error == KM_NO_MEMORY)
			km_verification_out_of_memory(v);
		else if (v->trust && claimed == KM_CLAIMED_FOREIGN)
			km_verification_unknown_issuer(v);
		else
			km_verification_malformed(v, &problem);
		return;
	}
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "a token signed as a JWT");
	if (!v->trust) {
		km_verification_no_trust(v);
		return;
	}
	const struct km_keyset_entry *key = find_key(v->trust, &jws);
	struct km_claims claims;
	if (km_verification_key(v, key, claimed) &&
	    km_verification_signature(v, key, km_jws_verify(&jws, key->public_key)) &&
	    read_claims(v, &jws, payload, &unread, &claims) && km_verification_key_period(v, key, claims.issued_at) &&
	    km_verification_key_revoked(v, key, claims.number, token, claims.issued_at))
		km_verification_conclude_credential(v, token, &claims);
}
