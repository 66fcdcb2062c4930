#include "badge/verification.h"

#include "badge/qr_token.h"
#include "badge/verdict.h"

#include <string.h>

/* The registry's key that the token names by the beginning of its thumbprint. */
static const struct km_keyset_entry *find_key(const struct km_keyset *trust, const struct km_cwt *cwt)
{
	for (size_t i = 0; i < trust->len; i++)
		if (km_cwt_names(cwt, trust->entries[i].thumbprint))
			return &trust->entries[i];
	return NULL;
}

/* A print that leads its reader to another place than the registry is not the registry's, whatever token it borrowed.
 */
static bool leads_to_registry(const struct km_verification *v, const struct km_qr_token_text *text)
{
	if (!*text->base || strcmp(text->base, v->trust->url) == 0)
		return true;
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_BAD, "the QR code leads to %s", text->base);
	km_verdict_conclude(v->verdict, KM_NOT_VALID, "other-address",
	                    "Not valid: this QR code leads to %s, not to %s. Do not follow it.", text->base, v->trust->url);
	return false;
}

static bool read_claims(const struct km_verification *v, const struct km_cwt *cwt, struct km_qr_claims *ret_claims)
{
	struct km_problem problem = {0};
	if (km_qr_token_read(cwt->claims, v->trust->url, ret_claims, &problem)) {
		km_verification_malformed(v, &problem);
		return false;
	}
	return true;
}

static void conclude(const struct km_verification *v, const struct km_qr_claims *claims)
{
	const struct km_presented presented = {
		.what = "QR code",
		.number = claims->number,
		.provider_name = claims->provider_name,
		.name_is_cut = true,
		.kvk = claims->kvk,
		.scheme_name = claims->scheme,
		.valid_until = claims->valid_until,
		.status_index = claims->status_index,
	};
	km_verification_conclude(v, &presented);
}

void km_verify_qr(const struct km_verification *v, const struct km_qr_token_text *text)
{
	auto_cwt struct km_cwt cwt = {0};
	struct km_problem problem = {0};
	enum km_error error = km_cwt_parse(text->token, strlen(text->token), &cwt, &problem);
	if (error) {
		km_verification_malformed(v, &problem);
		return;
	}
	const char *issuers[] = {json_string_value(json_object_get(cwt.claims, "iss"))};
	enum km_claimed claimed = km_verification_claimed(v, issuers, 1);
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "a signed QR code (CWT)");
	if (!v->trust) {
		km_verification_no_trust(v);
		return;
	}
	const struct km_keyset_entry *key = find_key(v->trust, &cwt);
	struct km_qr_claims claims;
	if (km_verification_key(v, key, claimed) &&
	    km_verification_signature(v, key, km_cwt_verify(&cwt, key->public_key)) && read_claims(v, &cwt, &claims) &&
	    km_verification_key_period(v, key, claims.issued_at) &&
	    km_verification_key_revoked(v, key, claims.number, NULL, claims.issued_at) && leads_to_registry(v, text))
		conclude(v, &claims);
}
