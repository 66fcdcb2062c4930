#include "badge/verify.h"

#include "badge/bake.h"
#include "badge/carrier.h"
#include "badge/present.h"
#include "badge/receipt.h"
#include "badge/verdict.h"
#include "base/buf.h"
#include "base/catalogue.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/form.h"
#include "keys/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How much of a stranger's name goes into a sentence of ours; bytes. */
enum { NAME_SHOWN = 120, TYPED_MAX = 64 };

struct verification {
	const struct km_keyset *trust;         /* NULL: nobody named */
	const struct km_status_source *source; /* NULL: offline */
	int64_t now;
	struct km_verdict *verdict;
};

static void show_names(struct km_verdict *verdict, const char *number, const char *provider, const char *kvk,
                       const char *scheme, const char *body)
{
	km_text_show(number, verdict->number, sizeof verdict->number);
	km_text_show(provider, verdict->provider_name, sizeof verdict->provider_name);
	km_text_show(kvk, verdict->kvk, sizeof verdict->kvk);
	km_text_show(scheme, verdict->scheme_name, sizeof verdict->scheme_name);
	km_text_show(body, verdict->body_name, sizeof verdict->body_name);
}

/* "Test BV Donald (KvK 68750110)" */
static void format_holder(const struct km_verdict *verdict, char ret_text[static NAME_SHOWN + 32])
{
	char name[NAME_SHOWN];
	km_text_show(verdict->provider_name, name, sizeof name);
	snprintf(ret_text, NAME_SHOWN + 32, "%s (KvK %s)", name, verdict->kvk);
}

/* ------------------------------------------------------------------------------------------------ what it claims */

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

enum claimed { CLAIMED_NONE, CLAIMED_OURS, CLAIMED_FOREIGN };

/* Which registry it says that it is by; noted in the verdict as claimed. One word for ours is enough to count as ours:
 * whoever claims to be it is held to it. */
static enum claimed claimed_issuer(struct verification *v, const char *token)
{
	json_auto_t *claims = peek(token);
	const char *issuers[] = {json_string_value(json_object_get(claims, "iss")), issuer_of(claims),
	                         issuer_of(json_object_get(claims, "vc"))};
	char did[256] = "";
	if (v->trust)
		km_did_web(v->trust->url, did, NULL);
	enum claimed claimed = CLAIMED_NONE;
	for (size_t i = 0; i < sizeof issuers / sizeof *issuers; i++) {
		if (!issuers[i] || !*issuers[i])
			continue;
		if (claimed == CLAIMED_NONE) {
			claimed = CLAIMED_FOREIGN;
			km_text_show(issuers[i], v->verdict->issuer, sizeof v->verdict->issuer);
		}
		if (v->trust && (strcmp(issuers[i], did) == 0 || strcmp(issuers[i], v->trust->url) == 0))
			claimed = CLAIMED_OURS;
	}
	return claimed;
}

/* ------------------------------------------------------------------------------------------- answers that end it all
 */

/* The issuer as it is claimed: as an address, which is what a person can recognise and name, where that can be told. */
static void format_issuer(const struct km_verdict *verdict, char ret_text[static 256])
{
	if (!*verdict->issuer)
		snprintf(ret_text, 256, "nobody");
	else if (!km_did_web_url(verdict->issuer, ret_text))
		snprintf(ret_text, 256, "%s", verdict->issuer);
}

static void no_trust(struct verification *v)
{
	char issuer[256];
	format_issuer(v->verdict, issuer);
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_UNKNOWN, "you have not said whose word you take");
	km_verdict_conclude(
		v->verdict, KM_CANNOT_TELL, "no-trust",
		"Cannot tell: it says it is by %s, which proves nothing. Name the registry whose word you take.", issuer);
}

static void unknown_issuer(struct verification *v)
{
	char issuer[256];
	format_issuer(v->verdict, issuer);
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_UNKNOWN, "it says it is by %s, not by %s", issuer,
	                 v->trust->url);
	km_verdict_conclude(v->verdict, KM_CANNOT_TELL, "unknown-issuer",
	                    "Cannot tell: it says it is by %s, and the registry whose word you take is %s.", issuer,
	                    v->trust->url);
}

static void malformed(struct verification *v, const char *why)
{
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_BAD, "%s", why);
	if (v->trust)
		km_verdict_conclude(v->verdict, KM_NOT_VALID, "malformed",
		                    "Not valid: this is damaged, or was never signed by %s: %s.", v->trust->url, why);
	else
		no_trust(v);
}

static void bad_key(struct verification *v, const char *reason, const char *why)
{
	km_verdict_check(v->verdict, KM_CHECK_KEY, KM_RESULT_BAD, "%s", why);
	km_verdict_conclude(v->verdict, KM_NOT_VALID, reason, "Not valid: %s.", why);
}

static void out_of_memory(struct verification *v)
{
	km_verdict_conclude(v->verdict, KM_CANNOT_TELL, "no-memory", "Cannot tell: memory ran out while checking.");
}

/* ---------------------------------------------------------------------------------------------- the state right now */

static void learn_status(struct verification *v, const char *number, struct km_present *ret_present)
{
	struct km_problem problem = {0};
	enum km_error error = km_present_learn(v->source, v->trust, number, v->now, ret_present, &problem);
	if (error == KM_ABSENT)
		km_verdict_check(v->verdict, KM_CHECK_STATUS, KM_RESULT_BAD, "%s has no such mark", v->trust->url);
	else if (error)
		km_verdict_check(v->verdict, KM_CHECK_STATUS, KM_RESULT_UNKNOWN, "%s", problem.message);
}

/* Writes down what a proven status says, with the register's present names. */
static void show_status(struct verification *v, const struct km_status_claims *claims)
{
	struct km_verdict *verdict = v->verdict;
	show_names(verdict, claims->number, claims->provider_name, claims->kvk, claims->scheme_name, claims->body_name);
	verdict->valid_from = claims->valid_from;
	verdict->valid_until = claims->valid_until;
	verdict->state_since = claims->state_since;
	verdict->knowledge_at = claims->issued_at;
	char day[32];
	km_date_words(KM_EN, claims->state_since, day);
	km_verdict_check(verdict, KM_CHECK_STATUS, claims->state == KM_ACTIVE ? KM_RESULT_GOOD : KM_RESULT_BAD,
	                 "%s since %s%s%s", km_state_name(claims->state), day, claims->reason ? ": " : "",
	                 claims->reason ? claims->reason : "");
}

/* The mark is in another state than active. */
static void conclude_state(struct verification *v, const struct km_status_claims *claims)
{
	static const char *const words[KM_STATES] = {"is active", "is suspended", "was withdrawn", "has expired"};
	char holder[NAME_SHOWN + 32], day[32];
	format_holder(v->verdict, holder);
	km_date_words(KM_EN, claims->state_since, day);
	km_verdict_conclude(v->verdict, KM_NOT_VALID, km_state_name(claims->state),
	                    "Not valid: the mark of %s %s, since %s%s%s, says %s.", holder, words[claims->state], day,
	                    claims->reason ? ": " : "", claims->reason ? claims->reason : "", v->trust->url);
}

static void conclude_active(struct verification *v)
{
	char holder[NAME_SHOWN + 32], scheme[NAME_SHOWN], day[32];
	format_holder(v->verdict, holder);
	km_text_show(v->verdict->scheme_name, scheme, sizeof scheme);
	km_date_words(KM_EN, v->verdict->valid_until, day);
	km_verdict_conclude(v->verdict, KM_GENUINE, km_state_name(KM_ACTIVE),
	                    "Genuine and active: %s holds “%s”, valid until %s, says %s.", holder, scheme, day,
	                    v->trust->url);
}

static void conclude_not_in_register(struct verification *v, const char *what)
{
	km_verdict_conclude(v->verdict, KM_NOT_VALID, "not-in-register", "Not valid: %s has no mark %s.", v->trust->url,
	                    what);
}

static void conclude_unknown(struct verification *v)
{
	char holder[NAME_SHOWN + 32];
	format_holder(v->verdict, holder);
	const char *why = v->verdict->checks[KM_CHECK_STATUS].detail;
	if (*v->verdict->provider_name)
		km_verdict_conclude(
			v->verdict, KM_CANNOT_TELL, "status-unknown",
			"Cannot tell whether it still holds: %s did sign it for %s, and its state now is not known: "
			"%s.",
			v->trust->url, holder, why);
	else
		km_verdict_conclude(v->verdict, KM_CANNOT_TELL, "status-unknown",
		                    "Cannot tell: what %s says of this mark now is not known: %s.", v->trust->url, why);
}

/* ------------------------------------------------------------------------------------------------- a credential */

/* The key that the token names, where it is one that may sign credentials; the verdict is concluded where it is not. */
static const struct km_keyset_entry *find_key(struct verification *v, const struct km_jws *jws, enum claimed claimed)
{
	char thumbprint[KM_THUMBPRINT_TEXT];
	const struct km_keyset_entry *entry = NULL;
	if (km_credential_kid(jws->kid, v->trust->url, thumbprint))
		entry = km_keyset_find(v->trust, thumbprint);
	else if (jws->kid)
		entry = km_keyset_find(v->trust, jws->kid); /* as our other tokens name it */
	if (!entry && claimed != CLAIMED_OURS) {
		unknown_issuer(v);
		return NULL;
	}
	if (!entry)
		bad_key(v, "unknown-key", "it is signed with a key that the registry whose word you take has not published");
	else if (entry->revoked_at)
		bad_key(v, "revoked-key", "the key that it is signed with has been revoked: ask for the new badge");
	else if (entry->purpose != KM_PURPOSE_CREDENTIAL)
		bad_key(v, "wrong-key", "it is signed with a key that is for other things than credentials");
	else
		return entry;
	return NULL;
}

static bool check_signature(struct verification *v, const struct km_jws *jws, const struct km_keyset_entry *key)
{
	if (km_jws_verify(jws, key->public_key)) {
		km_verdict_check(v->verdict, KM_CHECK_SIGNATURE, KM_RESULT_GOOD, "by key %s", key->thumbprint);
		return true;
	}
	km_verdict_check(v->verdict, KM_CHECK_SIGNATURE, KM_RESULT_BAD, "it does not fit what is signed");
	km_verdict_conclude(
		v->verdict, KM_NOT_VALID, "bad-signature",
		"Not valid: the signature does not fit: this was changed after it was signed, or was never signed "
		"by %s.",
		v->trust->url);
	return false;
}

/* From here on the words are the registry's own. */
static bool read_claims(struct verification *v, const struct km_jws *jws, json_t **ret_credential,
                        struct km_claims *ret_claims)
{
	struct km_problem problem = {0};
	enum km_error error =
		jws->typ && strcmp(jws->typ, km_form_typ(KM_FORM_CREDENTIAL)) == 0
			? km_json_parse(jws->payload, jws->payload_len, "the credential", ret_credential, &problem)
			: km_fail(&problem, KM_INVALID, "form", "it is no credential: typ is not JWT");
	if (!error)
		error = km_credential_read(*ret_credential, v->trust->url, ret_claims, &problem);
	if (error) {
		malformed(v, problem.message);
		return false;
	}
	show_names(v->verdict, ret_claims->number, ret_claims->provider_name, ret_claims->kvk, ret_claims->scheme_name,
	           ret_claims->body_name);
	v->verdict->valid_from = ret_claims->valid_from;
	v->verdict->valid_until = ret_claims->valid_until;
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "Open Badges 3.0 credential, signed as a JWT");
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_GOOD, "%s", v->trust->url);
	return true;
}

static bool check_key_period(struct verification *v, const struct km_keyset_entry *key, int64_t signed_at)
{
	if (km_keyset_in_use(key, signed_at)) {
		km_verdict_check(v->verdict, KM_CHECK_KEY, KM_RESULT_GOOD, "published, and in use when it signed");
		return true;
	}
	bad_key(v, "key-not-in-use", "its key was not in use at the moment at which it says it was signed");
	return false;
}

static bool check_validity(struct verification *v, const struct km_claims *claims)
{
	char from[32], until[32];
	km_date_words(KM_EN, claims->valid_from, from);
	km_date_words(KM_EN, claims->valid_until, until);
	bool good = v->now >= claims->valid_from && v->now <= claims->valid_until;
	km_verdict_check(v->verdict, KM_CHECK_VALIDITY, good ? KM_RESULT_GOOD : KM_RESULT_BAD, "from %s until %s", from,
	                 until);
	return good;
}

static void conclude_validity(struct verification *v, const struct km_claims *claims, const struct km_present *present)
{
	char holder[NAME_SHOWN + 32], day[32];
	format_holder(v->verdict, holder);
	bool early = v->now < claims->valid_from;
	km_date_words(KM_EN, early ? claims->valid_from : claims->valid_until, day);
	bool renewed = !present->answer && present->claims.state == KM_ACTIVE;
	km_verdict_conclude(v->verdict, KM_NOT_VALID, early ? "not-yet-valid" : "expired",
	                    early     ? "Not valid: this badge of %s is valid only from %s.%s"
	                    : renewed ? "Not valid: this badge of %s expired after %s.%s"
	                              : "Not valid: the badge of %s expired after %s.%s",
	                    holder, day, renewed && !early ? " The mark itself is active: ask for the new badge." : "");
}

/* One answer out of all, the gravest first; "genuine" only where every check was good. */
static void conclude(struct verification *v, const struct km_claims *claims, bool in_time,
                     const struct km_present *present)
{
	if (present->answer == KM_ABSENT) {
		conclude_not_in_register(v, "like this one");
	} else if (!present->answer && strcmp(present->claims.kvk, claims->kvk) != 0) {
		km_verdict_check(v->verdict, KM_CHECK_STATUS, KM_RESULT_BAD, "the register has this mark for another holder");
		km_verdict_conclude(v->verdict, KM_NOT_VALID, "other-holder",
		                    "Not valid: in the register of %s this mark belongs to KvK %s, not to KvK %s.",
		                    v->trust->url, v->verdict->kvk, claims->kvk);
	} else if (!present->answer && (present->claims.state == KM_WITHDRAWN || present->claims.state == KM_SUSPENDED)) {
		conclude_state(v, &present->claims);
	} else if (!in_time) {
		conclude_validity(v, claims, present);
	} else if (present->answer) {
		conclude_unknown(v);
	} else if (present->claims.state != KM_ACTIVE) {
		conclude_state(v, &present->claims);
	} else {
		conclude_active(v);
	}
}

static void verify_token(struct verification *v, const char *token)
{
	auto_jws struct km_jws jws = {0};
	struct km_problem problem = {0};
	enum claimed claimed = claimed_issuer(v, token);
	enum km_error error = km_jws_parse(token, strlen(token), KM_TOKEN_MAX, &jws, &problem);
	if (error == KM_NO_MEMORY) {
		out_of_memory(v);
		return;
	}
	/* Others may sign in ways that we do not read; that does not make theirs false. */
	if (error && v->trust && claimed == CLAIMED_FOREIGN) {
		unknown_issuer(v);
		return;
	}
	if (error) {
		malformed(v, problem.message);
		return;
	}
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "a token signed as a JWT");
	if (!v->trust) {
		no_trust(v);
		return;
	}
	const struct km_keyset_entry *key = find_key(v, &jws, claimed);
	json_auto_t *credential = NULL;
	struct km_claims claims;
	if (!key || !check_signature(v, &jws, key) || !read_claims(v, &jws, &credential, &claims) ||
	    !check_key_period(v, key, claims.issued_at))
		return;
	bool in_time = check_validity(v, &claims);
	auto_present struct km_present present = {0};
	learn_status(v, claims.number, &present);
	if (!present.answer)
		show_status(v, &present.claims);
	conclude(v, &claims, in_time, &present);
}

static bool is_number(const char *bytes, size_t len, char ret_typed[static TYPED_MAX])
{
	char number[KM_NUMBER_TEXT];
	if (len == 0 || len >= TYPED_MAX || memchr(bytes, '\0', len))
		return false;
	memcpy(ret_typed, bytes, len);
	ret_typed[len] = '\0';
	return km_number_parse(ret_typed, number, NULL) != KM_MALFORMED;
}

void km_verify(const char *bytes, size_t len, const struct km_keyset *trust, const struct km_status_source *status,
               int64_t now, struct km_verdict *ret_verdict)
{
	char typed[TYPED_MAX];
	if (is_number(bytes, len, typed)) {
		km_verify_number(typed, trust, status, now, ret_verdict);
		return;
	}
	if (km_receipt_verify(bytes, len, trust, now, ret_verdict))
		return;
	*ret_verdict = (struct km_verdict){.outcome = KM_CANNOT_TELL, .checked_at = now};
	struct verification v = {trust, status, now, ret_verdict};
	auto_free char *token = NULL;
	struct km_problem problem = {0};
	switch (km_carrier_token(bytes, len, &token, &problem)) {
	case KM_OK:
		verify_token(&v, token);
		break;
	case KM_MALFORMED:
		malformed(&v, problem.message);
		break;
	case KM_NO_MEMORY:
		out_of_memory(&v);
		break;
	default:
		km_verdict_check(ret_verdict, KM_CHECK_FORMAT, KM_RESULT_UNKNOWN, "%s", problem.message);
		km_verdict_conclude(ret_verdict, KM_CANNOT_TELL, problem.type,
		                    "Cannot tell: %s. Scan the badge's QR code, or type its number, instead.", problem.message);
	}
}

static enum km_error read_number(struct km_verdict *verdict, const char *typed, char ret_number[static KM_NUMBER_TEXT])
{
	struct km_problem problem = {0};
	enum km_error error = km_number_parse(typed, ret_number, &problem);
	if (!error) {
		km_verdict_check(verdict, KM_CHECK_FORMAT, KM_RESULT_GOOD, "a mark number");
		return KM_OK;
	}
	/* A number with a wrong check symbol can be nobody's mark; what is no number may be anything. */
	bool impossible = error == KM_ABSENT;
	km_verdict_check(verdict, KM_CHECK_FORMAT, impossible ? KM_RESULT_BAD : KM_RESULT_UNKNOWN, "%s", problem.message);
	km_verdict_conclude(verdict, impossible ? KM_NOT_VALID : KM_CANNOT_TELL, problem.type, "%s: %s.",
	                    impossible ? "Not valid" : "Cannot tell", problem.message);
	return error;
}

void km_verify_number(const char *number, const struct km_keyset *trust, const struct km_status_source *status,
                      int64_t now, struct km_verdict *ret_verdict)
{
	*ret_verdict = (struct km_verdict){.outcome = KM_CANNOT_TELL, .checked_at = now};
	struct verification v = {trust, status, now, ret_verdict};
	char parsed[KM_NUMBER_TEXT], shown[KM_NUMBER_SHOWN];
	if (read_number(ret_verdict, number, parsed))
		return;
	if (!trust) {
		km_verdict_check(ret_verdict, KM_CHECK_ISSUER, KM_RESULT_UNKNOWN, "you have not said whose word you take");
		km_verdict_conclude(ret_verdict, KM_CANNOT_TELL, "no-trust",
		                    "Cannot tell: a number alone proves nothing. Name the registry whose word you take.");
		return;
	}
	auto_present struct km_present present = {0};
	learn_status(&v, parsed, &present);
	if (present.answer == KM_ABSENT) {
		km_number_show(parsed, shown);
		conclude_not_in_register(&v, shown);
		return;
	}
	if (present.answer) {
		conclude_unknown(&v);
		return;
	}
	show_status(&v, &present.claims);
	km_verdict_check(ret_verdict, KM_CHECK_ISSUER, KM_RESULT_GOOD, "%s", trust->url);
	if (present.claims.state == KM_ACTIVE)
		conclude_active(&v);
	else
		conclude_state(&v, &present.claims);
}
