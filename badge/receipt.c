#include "badge/receipt.h"

#include "badge/verdict.h"
#include "base/buf.h"
#include "base/catalogue.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/form.h"
#include "keys/jws.h"
#include "keys/random.h"

#include <stdlib.h>
#include <string.h>

enum { JTI_BYTES = 16, JTI_TEXT = 23 };

enum km_error km_receipt_payload(const json_t *results, const json_t *counts, const char *url, int64_t now,
                                 char **ret_payload, struct km_problem *problem)
{
	char jti[JTI_TEXT];
	enum km_error error = km_random_text(KM_BASE64URL, JTI_BYTES, jti, problem);
	if (error)
		return error;
	json_auto_t *payload = json_pack("{s:s, s:I, s:s, s:O, s:O}", "iss", url, "iat", (json_int_t)now, "jti", jti,
	                                 "counts", counts, "results", results);
	char *text = payload ? km_json_text(payload) : NULL;
	if (!text)
		return km_fail_memory(problem);
	*ret_payload = text;
	return KM_OK;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without white space around it, as an editor may have left it. */
static enum km_error parse(const char *bytes, size_t len, struct km_jws *ret_jws)
{
	while (len && is_space(*bytes)) {
		bytes++;
		len--;
	}
	while (len && is_space(bytes[len - 1]))
		len--;
	return km_jws_parse(bytes, len, KM_RECEIPT_TOKEN_MAX, ret_jws, NULL);
}

static bool conclude(struct km_verdict *verdict, enum km_outcome_kind outcome, const char *reason, const char *sentence)
{
	km_verdict_conclude(verdict, outcome, reason, "%s", sentence);
	return true;
}

/* The key that signed it; NULL, and the verdict concluded, where none of those may have. */
static const struct km_keyset_entry *find_key(const struct km_jws *jws, const struct km_keyset *trust,
                                              struct km_verdict *verdict)
{
	const struct km_keyset_entry *key = jws->kid ? km_keyset_find(trust, jws->kid) : NULL;
	const char *reason = !key                                   ? "unknown-key"
	                     : key->purpose != KM_PURPOSE_RECEIPT   ? "wrong-key"
	                     : key->revoked_at                      ? "revoked-key"
	                     : !km_jws_verify(jws, key->public_key) ? "bad-signature"
	                                                            : NULL;
	if (!reason) {
		km_verdict_check(verdict, KM_CHECK_SIGNATURE, KM_RESULT_GOOD, "by key %s", key->thumbprint);
		return key;
	}
	bool signature = key && strcmp(reason, "bad-signature") == 0;
	km_verdict_check(verdict, signature ? KM_CHECK_SIGNATURE : KM_CHECK_KEY, KM_RESULT_BAD, "%s", reason);
	km_verdict_conclude(
		verdict, KM_NOT_VALID, reason,
		signature ? "Not valid: the signature does not fit: this receipt was changed after it was signed, or was "
					"never signed by %s."
				  : "Not valid: this receipt is not signed with a key that %s has published for receipts.",
		trust->url);
	return NULL;
}

static void conclude_genuine(const json_t *payload, const struct km_keyset *trust, struct km_verdict *verdict)
{
	const json_t *counts = json_object_get(payload, "counts");
	char day[32];
	km_date_words(KM_EN, verdict->knowledge_at, day);
	km_verdict_check(verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "a receipt of a supplier check");
	km_verdict_check(verdict, KM_CHECK_ISSUER, KM_RESULT_GOOD, "%s", trust->url);
	km_verdict_check(verdict, KM_CHECK_KEY, KM_RESULT_GOOD, "published for receipts, and in use when it signed");
	km_verdict_conclude(verdict, KM_GENUINE, "receipt",
	                    "Genuine receipt: on %s, %s looked up %zu suppliers; %lld had a mark that was active then.",
	                    day, trust->url, json_array_size(json_object_get(payload, "results")),
	                    (long long)json_integer_value(json_object_get(counts, "active")));
}

bool km_receipt_verify(const char *bytes, size_t len, const struct km_keyset *trust, int64_t now,
                       struct km_verdict *ret_verdict)
{
	auto_jws struct km_jws jws = {0};
	if (parse(bytes, len, &jws) != KM_OK || !jws.typ || strcmp(jws.typ, km_form_typ(KM_FORM_RECEIPT)) != 0)
		return false;
	*ret_verdict = (struct km_verdict){.outcome = KM_CANNOT_TELL, .checked_at = now};
	json_auto_t *payload = NULL;
	struct km_problem problem = {0};
	int64_t signed_at = 0;
	enum km_error error = km_json_parse(jws.payload, jws.payload_len, "the receipt", &payload, &problem);
	const char *issuer = json_string_value(json_object_get(payload, "iss"));
	km_text_show(issuer ? issuer : "nobody", ret_verdict->issuer, sizeof ret_verdict->issuer);
	if (!trust)
		return conclude(ret_verdict, KM_CANNOT_TELL, "no-trust",
		                "Cannot tell: a receipt proves nothing until you name the registry whose word you take.");
	if (error || !issuer || strcmp(issuer, trust->url) != 0)
		return conclude(ret_verdict, KM_CANNOT_TELL, "unknown-issuer",
		                "Cannot tell: this receipt is not by the registry whose word you take.");
	const struct km_keyset_entry *key = find_key(&jws, trust, ret_verdict);
	if (!key)
		return true;
	error = km_json_integer(payload, "", "iat", 0, INT64_MAX, &signed_at, &problem);
	if (error || !json_is_array(json_object_get(payload, "results")))
		return conclude(ret_verdict, KM_NOT_VALID, "malformed", "Not valid: this is not a receipt of ours.");
	if (!km_keyset_in_use(key, signed_at))
		return conclude(ret_verdict, KM_NOT_VALID, "key-not-in-use",
		                "Not valid: its key was not in use at the moment at which it says it was signed.");
	ret_verdict->knowledge_at = signed_at;
	conclude_genuine(payload, trust, ret_verdict);
	return true;
}
