#include "badge/verification.h"

#include "badge/logged.h"
#include "badge/present.h"
#include "badge/qr_token.h"
#include "badge/verdict.h"
#include "base/catalogue.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How much of a stranger's name goes into a sentence of ours; bytes. */
enum { NAME_SHOWN = 120, HOLDER_SHOWN = NAME_SHOWN + 32, DAY_TEXT = 32 };

static void show_names(struct km_verdict *verdict, const char *number, const char *provider, const char *kvk,
                       const char *scheme, const char *body)
{
	km_text_show(number, verdict->number, sizeof verdict->number);
	km_text_show(provider, verdict->provider_name, sizeof verdict->provider_name);
	km_text_show(kvk, verdict->kvk, sizeof verdict->kvk);
	km_text_show(scheme ? scheme : "", verdict->scheme_name, sizeof verdict->scheme_name);
	km_text_show(body ? body : "", verdict->body_name, sizeof verdict->body_name);
}

/* "Test BV Donald (KvK 68750110)" */
static void format_holder(const struct km_verdict *verdict, char ret_text[static HOLDER_SHOWN])
{
	char name[NAME_SHOWN];
	km_text_show(verdict->provider_name, name, sizeof name);
	snprintf(ret_text, HOLDER_SHOWN, "%s (KvK %s)", name, verdict->kvk);
}

/* ------------------------------------------------------------------------------------------------ what it claims */

enum km_claimed km_verification_claimed(const struct km_verification *v, const char *const issuers[], size_t len)
{
	char did[256] = "";
	if (v->trust)
		km_did_web(v->trust->url, did, NULL);
	enum km_claimed claimed = KM_CLAIMED_NONE;
	for (size_t i = 0; i < len; i++) {
		if (!issuers[i] || !*issuers[i])
			continue;
		if (claimed == KM_CLAIMED_NONE) {
			claimed = KM_CLAIMED_FOREIGN;
			km_text_show(issuers[i], v->verdict->issuer, sizeof v->verdict->issuer);
		}
		if (v->trust && (strcmp(issuers[i], did) == 0 || strcmp(issuers[i], v->trust->url) == 0))
			claimed = KM_CLAIMED_OURS;
	}
	return claimed;
}

/* The issuer as it is claimed: as an address, which is what a person can recognise and name, where that can be told. */
static void format_issuer(const struct km_verdict *verdict, char ret_text[static 256])
{
	if (!*verdict->issuer)
		snprintf(ret_text, 256, "nobody");
	else if (!km_did_web_url(verdict->issuer, ret_text))
		snprintf(ret_text, 256, "%s", verdict->issuer);
}

void km_verification_no_trust(const struct km_verification *v)
{
	char issuer[256];
	format_issuer(v->verdict, issuer);
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_UNKNOWN, "you have not said whose word you take");
	km_verdict_conclude(
		v->verdict, KM_CANNOT_TELL, "no-trust",
		"Cannot tell: it says it is by %s, which proves nothing. Name the registry whose word you take.", issuer);
}

void km_verification_unknown_issuer(const struct km_verification *v)
{
	char issuer[256];
	format_issuer(v->verdict, issuer);
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_UNKNOWN, "it says it is by %s, not by %s", issuer,
	                 v->trust->url);
	km_verdict_conclude(v->verdict, KM_CANNOT_TELL, "unknown-issuer",
	                    "Cannot tell: it says it is by %s, and the registry whose word you take is %s.", issuer,
	                    v->trust->url);
}

void km_verification_malformed(const struct km_verification *v, const struct km_problem *problem)
{
	const char *why = problem->message;
	if (problem->code == KM_NO_MEMORY) {
		km_verification_out_of_memory(v);
		return;
	}
	km_verdict_check(v->verdict, KM_CHECK_FORMAT, KM_RESULT_BAD, "%s", why);
	if (v->trust)
		km_verdict_conclude(v->verdict, KM_NOT_VALID, "malformed",
		                    "Not valid: this is damaged, or was never signed by %s: %s.", v->trust->url, why);
	else
		km_verification_no_trust(v);
}

void km_verification_bad_key(const struct km_verification *v, const char *reason, const char *why)
{
	km_verdict_check(v->verdict, KM_CHECK_KEY, KM_RESULT_BAD, "%s", why);
	km_verdict_conclude(v->verdict, KM_NOT_VALID, reason, "Not valid: %s.", why);
}

void km_verification_out_of_memory(const struct km_verification *v)
{
	km_verdict_conclude(v->verdict, KM_CANNOT_TELL, "no-memory", "Cannot tell: memory ran out while checking.");
}

/* ------------------------------------------------------------------------------------------------ key and signature */

/* A key set that was saved knows nothing of keys that came after it. */
static void unknown_key(const struct km_verification *v)
{
	char saved[KM_TIME_TEXT];
	km_time_format(v->source->keyset_saved_at, saved);
	km_verdict_check(v->verdict, KM_CHECK_KEY, KM_RESULT_UNKNOWN, "not in the key set that was saved at %s", saved);
	km_verdict_conclude(v->verdict, KM_CANNOT_TELL, "unknown-key",
	                    "Cannot tell: it is signed with a key that is not in the key set that you saved at %s. Get the "
	                    "present one from %s.",
	                    saved, v->trust->url);
}

bool km_verification_key(const struct km_verification *v, const struct km_keyset_entry *entry, enum km_claimed claimed)
{
	if (!entry && claimed != KM_CLAIMED_OURS)
		km_verification_unknown_issuer(v);
	else if (!entry && v->source && v->source->keyset_saved_at)
		unknown_key(v);
	else if (!entry)
		km_verification_bad_key(v, "unknown-key",
		                        "it is signed with a key that the registry whose word you take has not published");
	else if (entry->purpose != KM_PURPOSE_CREDENTIAL)
		km_verification_bad_key(v, "wrong-key", "it is signed with a key that is for other things than credentials");
	else
		return true;
	return false;
}

bool km_verification_signature(const struct km_verification *v, const struct km_keyset_entry *entry, bool fits)
{
	if (fits) {
		km_verdict_check(v->verdict, KM_CHECK_SIGNATURE, KM_RESULT_GOOD, "by key %s", entry->thumbprint);
		return true;
	}
	if (!km_memory_left()) {
		km_verification_out_of_memory(v);
		return false;
	}
	km_verdict_check(v->verdict, KM_CHECK_SIGNATURE, KM_RESULT_BAD, "it does not fit what is signed");
	km_verdict_conclude(v->verdict, KM_NOT_VALID, "bad-signature",
	                    "Not valid: the signature does not fit: this was changed after it was signed, or was never "
	                    "signed by %s.",
	                    v->trust->url);
	return false;
}

bool km_verification_key_period(const struct km_verification *v, const struct km_keyset_entry *entry, int64_t signed_at)
{
	if (!km_keyset_in_use(entry, signed_at)) {
		km_verification_bad_key(v, "key-not-in-use",
		                        "its key was not in use at the moment at which it says it was signed");
		return false;
	}
	int64_t saved_at = v->source ? v->source->keyset_saved_at : 0;
	char saved[KM_TIME_TEXT];
	km_time_format(saved_at, saved);
	km_verdict_check(v->verdict, KM_CHECK_KEY, KM_RESULT_GOOD, "published, and in use when it signed%s%s",
	                 saved_at ? ", by the key set that was saved at " : "", saved_at ? saved : "");
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_GOOD, "%s", v->trust->url);
	return true;
}

/* It could not be learnt whether the key signed this before it was lost. */
static void conclude_revoked_unknown(const struct km_verification *v, const char *moment, const char *why)
{
	km_verdict_check(v->verdict, KM_CHECK_KEY, KM_RESULT_UNKNOWN, "revoked from %s; the log: %s", moment, why);
	km_verdict_conclude(
		v->verdict, KM_CANNOT_TELL, "revoked-key",
		"Cannot tell: its key may be in other hands since %s, and it could not be learnt from the log of "
		"%s whether it was signed before. Ask for the new badge.",
		moment, v->trust->url);
}

bool km_verification_key_revoked(const struct km_verification *v, const struct km_keyset_entry *entry,
                                 const char *number, const char *token, int64_t signed_at)
{
	struct km_problem problem = {0};
	char moment[KM_TIME_TEXT], logged_at[KM_TIME_TEXT];
	int64_t recorded = 0;
	if (!entry->revoked_at)
		return true;
	km_time_format(entry->revoked_at, moment);
	enum km_error error = signed_at < entry->revoked_at && token
	                          ? km_logged_credential(v->source, v->trust, number, token, &recorded, &problem)
	                          : KM_ABSENT;
	km_time_format(recorded, logged_at);
	if (!error && recorded < entry->revoked_at)
		km_verdict_check(v->verdict, KM_CHECK_KEY, KM_RESULT_GOOD, "revoked from %s; the log has this one from %s",
		                 moment, logged_at);
	else if (error && error != KM_ABSENT)
		conclude_revoked_unknown(v, moment, problem.message);
	else
		km_verification_bad_key(v, "revoked-key",
		                        "its key has been revoked, and nothing shows that it was signed before that: ask for "
		                        "the new one");
	return !error && recorded < entry->revoked_at;
}

/* ------------------------------------------------------------------------------------------------ time, register, log
 */

static bool check_validity(const struct km_verification *v, const struct km_presented *presented)
{
	char from[DAY_TEXT], until[DAY_TEXT];
	km_date_words(KM_EN, presented->valid_from, from);
	km_date_words(KM_EN, presented->valid_until, until);
	bool good = v->now >= presented->valid_from && v->now <= presented->valid_until;
	km_verdict_check(v->verdict, KM_CHECK_VALIDITY, good ? KM_RESULT_GOOD : KM_RESULT_BAD, "%s%s%suntil %s",
	                 presented->valid_from ? "from " : "", presented->valid_from ? from : "",
	                 presented->valid_from ? " " : "", until);
	return good;
}

/* What a proven status says, with the register's present names; a saved list has no names. */
static void show_status(const struct km_verification *v, const struct km_present *present)
{
	struct km_verdict *verdict = v->verdict;
	const struct km_status_claims *claims = &present->claims;
	enum km_result result = claims->state != KM_ACTIVE ? KM_RESULT_BAD
	                        : present->answer          ? KM_RESULT_UNKNOWN
	                                                   : KM_RESULT_GOOD;
	char day[DAY_TEXT], moment[KM_TIME_TEXT];
	verdict->knowledge_at = claims->issued_at;
	km_time_format(claims->issued_at, moment);
	if (present->from_list) {
		km_verdict_check(verdict, KM_CHECK_STATUS, result, "%s by the status lists of %s%s",
		                 km_state_name(claims->state), moment, present->answer ? ", which are too old" : "");
		return;
	}
	show_names(verdict, claims->number, claims->provider_name, claims->kvk, claims->scheme_name, claims->body_name);
	verdict->valid_from = claims->valid_from;
	verdict->valid_until = claims->valid_until;
	verdict->state_since = claims->state_since;
	km_date_words(KM_EN, claims->state_since, day);
	km_verdict_check(verdict, KM_CHECK_STATUS, result, "%s since %s%s%s, by the register at %s",
	                 km_state_name(claims->state), day, claims->reason ? ": " : "",
	                 claims->reason ? claims->reason : "", moment);
}

static void learn_status(const struct km_verification *v, const char *number, int64_t status_index,
                         struct km_present *ret_present)
{
	struct km_problem problem = {0};
	enum km_error error = km_present_learn(v->source, v->trust, number, status_index, v->now, ret_present, &problem);
	if (error == KM_ABSENT)
		km_verdict_check(v->verdict, KM_CHECK_STATUS, KM_RESULT_BAD, "%s has no such mark", v->trust->url);
	else if (error && !ret_present->known)
		km_verdict_check(v->verdict, KM_CHECK_STATUS, KM_RESULT_UNKNOWN, "%s", problem.message);
	if (ret_present->known)
		show_status(v, ret_present);
}

/* False where the registry contradicts itself. A log that cannot be asked, or proves nothing, is a check that could not
 * be made, and no more. */
static bool check_log(const struct km_verification *v, const char *number, const char *token,
                      const struct km_present *present)
{
	struct km_logged logged;
	struct km_problem problem = {0};
	if (!v->source || !v->source->get_log_proof)
		return true;
	enum km_error error = km_logged_learn(v->source, v->trust, number, token, &logged, &problem);
	if (error) {
		km_verdict_check(v->verdict, KM_CHECK_LOG, KM_RESULT_UNKNOWN, "%s", problem.message);
		return true;
	}
	bool contradicts =
		present->known && !present->from_list && km_logged_contradicts(&logged, &present->claims, v->now);
	km_verdict_check(v->verdict, KM_CHECK_LOG, contradicts ? KM_RESULT_BAD : KM_RESULT_GOOD,
	                 "entry %" PRIu64 " of %" PRIu64 ": %s%s", logged.index, logged.size, km_state_name(logged.state),
	                 !token                   ? ""
	                 : logged.this_credential ? ", with this credential"
	                                          : ", with another credential than this");
	return !contradicts;
}

/* The loud warning, where what is printed or signed is not what the register has now. */
static void warn_of_differences(const struct km_verification *v, const struct km_presented *presented,
                                const struct km_status_claims *claims)
{
	char now_named[KM_QR_NAME_MAX + 1], old[NAME_SHOWN], new[NAME_SHOWN], from[DAY_TEXT], to[DAY_TEXT];
	const char *name = claims->provider_name;
	if (presented->name_is_cut) {
		km_qr_token_name(name, now_named);
		name = now_named;
	}
	km_text_show(presented->provider_name, old, sizeof old);
	km_text_show(name, new, sizeof new);
	km_date_words(KM_EN, presented->valid_until, from);
	km_date_words(KM_EN, claims->valid_until, to);
	if (strcmp(presented->provider_name, name) != 0)
		km_verdict_warn(v->verdict, "Attention: the %s says “%s”; in the register the holder is “%s”.", presented->what,
		                old, new);
	else if (presented->valid_until != claims->valid_until)
		km_verdict_warn(v->verdict, "Attention: the %s says until %s; the register says until %s.", presented->what,
		                from, to);
}

/* ------------------------------------------------------------------------------------------------ the answer */

static void conclude_state(const struct km_verification *v, const struct km_present *present)
{
	static const char *const words[KM_STATES] = {"is active", "is suspended", "was withdrawn", "has expired"};
	const struct km_status_claims *claims = &present->claims;
	char holder[HOLDER_SHOWN], day[DAY_TEXT];
	format_holder(v->verdict, holder);
	km_date_words(KM_EN, present->from_list ? claims->issued_at : claims->state_since, day);
	km_verdict_conclude(v->verdict, KM_NOT_VALID, km_state_name(claims->state),
	                    present->from_list ? "Not valid: the mark of %s %s, by the status list of %s%s%s, says %s."
	                                       : "Not valid: the mark of %s %s, since %s%s%s, says %s.",
	                    holder, words[claims->state], day, claims->reason ? ": " : "",
	                    claims->reason ? claims->reason : "", v->trust->url);
}

static void conclude_active(const struct km_verification *v, const struct km_present *present)
{
	char holder[HOLDER_SHOWN], scheme[NAME_SHOWN], day[DAY_TEXT], moment[KM_TIME_TEXT];
	format_holder(v->verdict, holder);
	km_text_show(v->verdict->scheme_name, scheme, sizeof scheme);
	km_date_words(KM_EN, v->verdict->valid_until, day);
	km_time_format(present->claims.issued_at, moment);
	km_verdict_conclude(v->verdict, KM_GENUINE, km_state_name(KM_ACTIVE),
	                    "Genuine and active%s%s: %s holds “%s”, valid until %s, says %s.",
	                    present->from_list ? " by the status lists of " : "", present->from_list ? moment : "", holder,
	                    scheme, day, v->trust->url);
}

static void conclude_unknown(const struct km_verification *v)
{
	char holder[HOLDER_SHOWN];
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

static void conclude_not_in_register(const struct km_verification *v, const char *number)
{
	char shown[KM_NUMBER_SHOWN];
	km_number_show(number, shown);
	km_verdict_conclude(v->verdict, KM_NOT_VALID, "not-in-register", "Not valid: %s has no mark %s.", v->trust->url,
	                    shown);
}

static void conclude_contradiction(const struct km_verification *v)
{
	km_verdict_conclude(
		v->verdict, KM_CANNOT_TELL, "log-contradicts",
		"Cannot tell: %s says one thing in its log and another in its status. Ask the registry, and keep "
		"what you have.",
		v->trust->url);
}

static void conclude_other_holder(const struct km_verification *v, const struct km_presented *presented)
{
	km_verdict_check(v->verdict, KM_CHECK_STATUS, KM_RESULT_BAD, "the register has this mark for another holder");
	km_verdict_conclude(v->verdict, KM_NOT_VALID, "other-holder",
	                    "Not valid: in the register of %s this mark belongs to KvK %s, not to KvK %s.", v->trust->url,
	                    v->verdict->kvk, presented->kvk);
}

static void conclude_validity(const struct km_verification *v, const struct km_presented *presented,
                              const struct km_present *present)
{
	char holder[HOLDER_SHOWN], day[DAY_TEXT];
	format_holder(v->verdict, holder);
	bool early = v->now < presented->valid_from;
	km_date_words(KM_EN, early ? presented->valid_from : presented->valid_until, day);
	bool renewed = !early && !present->answer && !present->from_list && present->claims.state == KM_ACTIVE;
	km_verdict_conclude(
		v->verdict, KM_NOT_VALID, early ? "not-yet-valid" : "expired",
		early ? "Not valid: this %s of %s is valid only from %s.%s" : "Not valid: this %s of %s expired after %s.%s",
		presented->what, holder, day, renewed ? " The mark itself is active: ask for the new one." : "");
}

static bool is_off(const struct km_present *present, enum km_state state)
{
	return !present->answer && present->claims.state == state;
}

void km_verification_conclude(const struct km_verification *v, const struct km_presented *presented)
{
	show_names(v->verdict, presented->number, presented->provider_name, presented->kvk, presented->scheme_name,
	           presented->body_name);
	v->verdict->valid_from = presented->valid_from;
	v->verdict->valid_until = presented->valid_until;
	bool in_time = check_validity(v, presented);
	auto_present struct km_present present = {0};
	learn_status(v, presented->number, presented->status_index, &present);
	bool consistent = check_log(v, presented->number, presented->token, &present);
	bool named = !present.answer && !present.from_list;
	/* One answer out of all, the gravest first; "genuine" only where all was good. */
	if (present.answer == KM_ABSENT)
		conclude_not_in_register(v, presented->number);
	else if (named && strcmp(present.claims.kvk, presented->kvk) != 0)
		conclude_other_holder(v, presented);
	else if (is_off(&present, KM_WITHDRAWN) || is_off(&present, KM_SUSPENDED))
		conclude_state(v, &present);
	else if (!in_time)
		conclude_validity(v, presented, &present);
	else if (present.answer)
		conclude_unknown(v);
	else if (is_off(&present, KM_EXPIRED))
		conclude_state(v, &present);
	else if (!consistent)
		conclude_contradiction(v);
	else
		conclude_active(v, &present);
	if (named)
		warn_of_differences(v, presented, &present.claims);
}

void km_verification_conclude_number(const struct km_verification *v, const char *number)
{
	auto_present struct km_present present = {0};
	learn_status(v, number, -1, &present);
	if (present.answer == KM_ABSENT) {
		conclude_not_in_register(v, number);
		return;
	}
	if (present.answer) {
		conclude_unknown(v);
		return;
	}
	km_verdict_check(v->verdict, KM_CHECK_ISSUER, KM_RESULT_GOOD, "%s", v->trust->url);
	bool consistent = check_log(v, number, NULL, &present);
	if (present.claims.state != KM_ACTIVE)
		conclude_state(v, &present);
	else if (!consistent)
		conclude_contradiction(v);
	else
		conclude_active(v, &present);
}
