#include "badge/verification.h"

#include "badge/bake.h"
#include "badge/data_integrity.h"
#include "badge/verdict.h"
#include "base/buf.h"
#include "base/json.h"

#include <string.h>

bool km_verification_is_document(const char *bytes, size_t len)
{
	static const char type[] = "\"DataIntegrityProof\"";
	return len > 0 && memmem(bytes, len, type, sizeof type - 1) && bytes[strspn(bytes, " \t\r\n")] == '{';
}

static enum km_claimed claimed_by(const struct km_verification *v, const json_t *document)
{
	const json_t *issuer = json_object_get(document, "issuer");
	const char *issuers[] = {json_string_value(json_is_object(issuer) ? json_object_get(issuer, "id") : issuer)};
	return km_verification_claimed(v, issuers, 1);
}

/* Takes it apart; the answer is given where this returns false. Another registry's document may well be of a form that
 * is not ours; that does not make it false. */
static bool open_document(const struct km_verification *v, json_t *document, enum km_claimed claimed,
                          struct km_proof *ret_proof, char **ret_nquads, size_t *ret_len)
{
	struct km_problem problem = {0};
	enum km_error error = km_data_integrity_open(document, v->trust->url, ret_proof, ret_nquads, ret_len, &problem);
	if (!error)
		return true;
	if (error == KM_NO_MEMORY)
		km_verification_out_of_memory(v);
	else if (claimed == KM_CLAIMED_FOREIGN)
		km_verification_unknown_issuer(v);
	else
		km_verification_malformed(v, &problem);
	return false;
}

/* From here on the words are the registry's own. */
static bool read_claims(const struct km_verification *v, json_t *document, const struct km_proof *proof,
                        struct km_claims *ret_claims)
{
	struct km_problem problem = {0};
	enum km_error error = km_credential_claim(document, proof->created, &problem);
	if (!error)
		error = km_credential_read(document, v->trust->url, ret_claims, &problem);
	if (error)
		km_verification_malformed(v, &problem);
	else
		km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD,
		                 "Open Badges 3.0 credential, with an embedded proof");
	return !error;
}

void km_verify_document(const struct km_verification *v, const char *bytes, size_t len)
{
	json_auto_t *document = NULL;
	auto_free char *nquads = NULL;
	size_t nquads_len = 0;
	struct km_problem problem = {0};
	struct km_proof proof;
	struct km_claims claims;
	enum km_error error = len <= KM_TOKEN_MAX ? km_json_parse(bytes, len, "the credential", &document, &problem)
	                                          : km_fail(&problem, KM_TOO_LARGE, "malformed", "it is too long");
	if (error) {
		km_verification_malformed(v, &problem);
		return;
	}
	enum km_claimed claimed = claimed_by(v, document);
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "a document with an embedded proof");
	if (!v->trust) {
		km_verification_no_trust(v);
		return;
	}
	if (!open_document(v, document, claimed, &proof, &nquads, &nquads_len))
		return;
	const struct km_keyset_entry *key = km_proof_key(&proof, v->trust);
	if (km_verification_key(v, key, claimed) &&
	    km_verification_signature(v, key, km_proof_valid(&proof, key->public_key, nquads, nquads_len)) &&
	    read_claims(v, document, &proof, &claims) && km_verification_key_period(v, key, claims.issued_at) &&
	    km_verification_key_revoked(v, key, claims.number, NULL, claims.issued_at))
		km_verification_conclude_credential(v, NULL, &claims);
}
