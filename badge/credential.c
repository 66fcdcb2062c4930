#include "badge/credential.h"

#include "badge/status_list.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/json.h"
#include "keys/keyset.h"
#include "registry/identifier.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

KM_EMBED(km_context_v1, "badge/context-v1.json");

#define VC_CONTEXT     "https://www.w3.org/ns/credentials/v2"
#define BADGES_CONTEXT "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
#define BADGES_SCHEMA  "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"

enum { IRI_MAX = 512, NAMES_MAX = 400 }; /* characters; what the register takes is shorter */

static const int64_t time_max_s = 253402300799; /* the last second of the year 9999 */

char *km_credential_context(const char *url)
{
	static const char placeholder[] = "{url}";
	const char *hole = strstr(km_context_v1, placeholder);
	if (!hole)
		return NULL;
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add(&text, km_context_v1, (size_t)(hole - km_context_v1));
	km_buf_add_text(&text, url);
	km_buf_add_text(&text, hole + sizeof placeholder - 1);
	return km_buf_take(&text, NULL);
}

/* json_pack and its kin give NULL without memory; a NULL that is packed into another makes that NULL too. */

/* The array with one value more; NULL, and nothing kept, where one of the two is. */
static json_t *appended(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) == 0)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *issuer_json(const struct km_mark *mark, const char *url, const char *did)
{
	/* The registry signs, so it is the issuer; the body that decided stands in certifiedBy. */
	return json_pack("{s:s, s:[s], s:s, s:s}", "id", did, "type", "Profile", "name", mark->scheme->owner_name, "url",
	                 url);
}

static json_t *achievement_json(const struct km_scheme *scheme, const char *url)
{
	return json_pack("{s:o, s:[s], s:s, s:s, s:o, s:{s:o, s:s}}", "id", json_sprintf("%s/schemes/%s", url, scheme->id),
	                 "type", "Achievement", "name", scheme->name.in[KM_NL], "description",
	                 scheme->description.in[KM_NL], "version", json_sprintf("%d", scheme->version), "criteria", "id",
	                 json_sprintf("%s/schemes/%s#criteria", url, scheme->id), "narrative",
	                 scheme->description.in[KM_NL]);
}

static json_t *item_json(const struct km_scheme *scheme, const char *url, const char *kind, const char *type,
                         const struct km_scheme_item *item)
{
	return json_pack("{s:o, s:[s], s:s}", "id", json_sprintf("%s/schemes/%s#%s-%s", url, scheme->id, kind, item->id),
	                 "type", type, "name", item->name.in[KM_NL]);
}

static json_t *services_json(const struct km_mark *mark, const char *url)
{
	json_t *services = json_array();
	for (size_t i = 0; i < mark->scope_len; i++)
		services = appended(services, item_json(mark->scheme, url, "service", "CertifiedService", mark->scope[i]));
	return services;
}

static json_t *domains_json(const struct km_provider *provider)
{
	json_t *domains = json_array();
	for (size_t i = 0; i < provider->domains_len; i++)
		domains = appended(domains, json_string(provider->domains[i].name));
	return domains;
}

static json_t *subject_json(const struct km_mark *mark, const char *url)
{
	const struct km_provider *provider = mark->provider;
	char shown[KM_NUMBER_SHOWN];
	km_number_show(mark->number, shown);
	json_t *subject = json_pack("{s:o, s:[s], s:s, s:s, s:s, s:o, s:o, s:o}", "id",
	                            json_sprintf("%s/providers/%s", url, provider->kvk), "type", "AchievementSubject",
	                            "name", provider->name, "kvkNumber", provider->kvk, "licenseNumber", shown,
	                            "domainName", domains_json(provider), "certifiedService", services_json(mark, url),
	                            "achievement", achievement_json(mark->scheme, url));
	if (!mark->level || json_object_set_new(subject, "certifiedLevel",
	                                        item_json(mark->scheme, url, "level", "CertifiedLevel", mark->level)) == 0)
		return subject;
	json_decref(subject);
	return NULL;
}

static json_t *body_json(const struct km_body *body, const char *url)
{
	return json_pack("{s:o, s:[s], s:s, s:s}", "id", json_sprintf("%s/bodies/%s", url, body->slug), "type",
	                 "CertificationBody", "name", body->name, "accreditationNumber", body->accreditation);
}

static json_t *evidence_json(const struct km_mark *mark, const char *url)
{
	json_t *evidence = json_array();
	for (size_t i = 0; i < mark->audits_len && i < KM_CREDENTIAL_AUDITS; i++) {
		char day[KM_DATE_TEXT];
		km_date_format(mark->audits[i].finished, day);
		/* Counted from the first audit on, so that one keeps its number when others follow. */
		json_t *id = json_sprintf("%s/m/%s#audit-%zu", url, mark->number, mark->audits_len - i);
		evidence = appended(evidence, json_pack("{s:o, s:[s], s:s, s:s}", "id", id, "type", "Evidence", "genre",
		                                        mark->audits[i].kind, "auditDate", day));
	}
	return evidence;
}

static json_t *status_entry_json(const char *url, enum km_status_purpose purpose, int64_t status_index)
{
	auto_free char *list = km_status_list_url(url, purpose, km_status_list_number(status_index));
	if (!list)
		return NULL;
	long long place = km_status_list_place(status_index);
	return json_pack("{s:o, s:s, s:s, s:o, s:s}", "id", json_sprintf("%s#%lld", list, place), "type",
	                 "BitstringStatusListEntry", "statusPurpose", km_status_purpose_name(purpose), "statusListIndex",
	                 json_sprintf("%lld", place), "statusListCredential", list);
}

enum km_error km_credential_claim(json_t *credential, int64_t signed_at, struct km_problem *problem)
{
	const json_t *issuer = NULL, *subject = NULL;
	const char *iss = NULL, *jti = NULL, *sub = NULL;
	int64_t valid_from = 0, valid_until = 0;
	enum km_error error = km_json_object(credential, "", "issuer", &issuer, problem);
	if (!error)
		error = km_json_object(credential, "", "credentialSubject", &subject, problem);
	if (!error)
		error = km_json_string(issuer, "issuer", "id", IRI_MAX, &iss, problem);
	if (!error)
		error = km_json_string(subject, "credentialSubject", "id", IRI_MAX, &sub, problem);
	if (!error)
		error = km_json_string(credential, "", "id", IRI_MAX, &jti, problem);
	if (!error)
		error = km_json_moment(credential, "", "validFrom", &valid_from, problem);
	if (!error)
		error = km_json_moment(credential, "", "validUntil", &valid_until, problem);
	if (error)
		return error;
	json_auto_t *claims =
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "iss", iss, "jti", jti, "sub", sub, "iat", (json_int_t)signed_at,
	              "nbf", (json_int_t)valid_from, "exp", (json_int_t)valid_until);
	return claims && json_object_update(credential, claims) == 0 ? KM_OK : km_fail_memory(problem);
}

/* NULL where memory ran out. */
static json_t *credential_json(const struct km_mark *mark, const char *url, const char *did)
{
	const struct km_period *period = &mark->period;
	return json_pack("{s:[s, s, o], s:o, s:[s, s], s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:[o, o], s:[{s:s, s:s}]}",
	                 /* The order of contexts is fixed: validators look for them by position. */
	                 "@context", VC_CONTEXT, BADGES_CONTEXT, json_sprintf("%s/contexts/v1", url), "id",
	                 json_sprintf("%s/m/%s", url, mark->number), "type", "VerifiableCredential", "OpenBadgeCredential",
	                 "name", mark->scheme->name.in[KM_NL], "issuer", issuer_json(mark, url, did), "validFrom",
	                 km_json_moment_new(period->valid_from), "validUntil", km_json_moment_new(period->valid_until),
	                 "credentialSubject", subject_json(mark, url), "certifiedBy", body_json(mark->body, url),
	                 "evidence", evidence_json(mark, url), "credentialStatus",
	                 status_entry_json(url, KM_STATUS_REVOCATION, mark->status_index),
	                 status_entry_json(url, KM_STATUS_SUSPENSION, mark->status_index), "credentialSchema", "id",
	                 BADGES_SCHEMA, "type", "1EdTechJsonSchemaValidator2019");
}

enum km_error km_credential_document(const struct km_mark *mark, const char *url, json_t **ret_document,
                                     struct km_problem *problem)
{
	char did[256];
	enum km_error error = km_did_web(url, did, problem);
	if (error)
		return error;
	json_t *credential = credential_json(mark, url, did);
	if (!credential)
		return km_fail_memory(problem);
	*ret_document = credential;
	return KM_OK;
}

enum km_error km_credential_payload(const struct km_mark *mark, const char *url, int64_t now, char **ret_payload,
                                    struct km_problem *problem)
{
	json_auto_t *credential = NULL;
	enum km_error error = km_credential_document(mark, url, &credential, problem);
	if (!error)
		error = km_credential_claim(credential, now, problem);
	if (error)
		return error;
	char *text = km_json_text(credential);
	if (!text)
		return km_fail_memory(problem);
	*ret_payload = text;
	return KM_OK;
}

static enum km_error refuse(struct km_problem *problem, const char *where, const char *member, const char *why)
{
	return km_fail(problem, KM_INVALID, "member", "%s%s%s: %s", where, *where ? "." : "", member, why);
}

/* The member is this very text. */
static enum km_error expect(const json_t *object, const char *where, const char *member, const char *text,
                            struct km_problem *problem)
{
	const char *found = json_string_value(json_object_get(object, member));
	if (found && strcmp(found, text) == 0)
		return KM_OK;
	return km_fail(problem, KM_INVALID, "member", "%s%s%s: \"%s\" is expected here", where, *where ? "." : "", member,
	               text);
}

/* The member is a list of these very texts, in this order; the list here ends in NULL. */
static enum km_error expect_list(const json_t *object, const char *where, const char *member, const char *const texts[],
                                 struct km_problem *problem)
{
	const json_t *array = json_object_get(object, member);
	size_t count = 0;
	for (; texts[count]; count++) {
		const char *found = json_string_value(json_array_get(array, count));
		if (!found || strcmp(found, texts[count]) != 0)
			return km_fail(problem, KM_INVALID, "member", "%s%s%s[%zu]: \"%s\" is expected here", where,
			               *where ? "." : "", member, count, texts[count]);
	}
	return json_array_size(array) == count ? KM_OK : refuse(problem, where, member, "there is more here than is known");
}

/* Formats a text that fits; false where it does not. */
__attribute__((format(printf, 2, 3))) static bool format_iri(char ret_text[static IRI_MAX], const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(ret_text, IRI_MAX, format, arguments);
	va_end(arguments);
	return len > 0 && len < IRI_MAX;
}

bool km_credential_kid(const char *kid, const char *url, char ret_thumbprint[static KM_THUMBPRINT_TEXT])
{
	static const char folder[] = "/keys/", ending[] = ".jwk";
	size_t url_len = strlen(url), before = url_len + sizeof folder - 1;
	if (!kid || strlen(kid) != before + KM_THUMBPRINT_TEXT - 1 + sizeof ending - 1 || strncmp(kid, url, url_len) != 0 ||
	    strncmp(kid + url_len, folder, sizeof folder - 1) != 0 ||
	    strcmp(kid + before + KM_THUMBPRINT_TEXT - 1, ending) != 0)
		return false;
	memcpy(ret_thumbprint, kid + before, KM_THUMBPRINT_TEXT - 1);
	ret_thumbprint[KM_THUMBPRINT_TEXT - 1] = '\0';
	return true;
}

static enum km_error read_form(const json_t *credential, const char *url, struct km_problem *problem)
{
	char own_context[IRI_MAX], did[256];
	if (!format_iri(own_context, "%s/contexts/v1", url))
		return km_fail(problem, KM_INVALID, "url", "the registry's address is too long");
	enum km_error error = km_did_web(url, did, problem);
	if (!error)
		error = expect_list(credential, "", "@context", (const char *[]){VC_CONTEXT, BADGES_CONTEXT, own_context, NULL},
		                    problem);
	if (!error)
		error = expect_list(credential, "", "type",
		                    (const char *[]){"VerifiableCredential", "OpenBadgeCredential", NULL}, problem);
	if (!error)
		error = expect(json_object_get(credential, "issuer"), "issuer", "id", did, problem);
	if (!error)
		error = expect(credential, "", "iss", did, problem);
	return error;
}

/* The address of the mark, which ends in its number. */
static enum km_error read_id(const json_t *credential, const char *url, struct km_claims *claims,
                             struct km_problem *problem)
{
	enum km_error error = km_json_string(credential, "", "id", IRI_MAX, &claims->id, problem);
	if (error)
		return error;
	const char *slash = strrchr(claims->id, '/');
	char expected[IRI_MAX];
	if (!slash || km_number_parse(slash + 1, claims->number, NULL) ||
	    !format_iri(expected, "%s/m/%s", url, claims->number) || strcmp(expected, claims->id) != 0)
		return refuse(problem, "", "id", "this is not the address of a mark of this registry");
	return expect(credential, "", "jti", claims->id, problem);
}

static enum km_error read_time(const json_t *credential, const char *member, const char *claim, int64_t *ret_moment,
                               struct km_problem *problem)
{
	int64_t moment = 0, twin = 0;
	enum km_error error = km_json_moment(credential, "", member, &moment, problem);
	if (!error)
		error = km_json_integer(credential, "", claim, 0, time_max_s, &twin, problem);
	if (error)
		return error;
	if (twin != moment)
		return km_fail(problem, KM_INVALID, "member", "%s and %s: they say different things", claim, member);
	*ret_moment = moment;
	return KM_OK;
}

static enum km_error read_times(const json_t *credential, struct km_claims *claims, struct km_problem *problem)
{
	enum km_error error = read_time(credential, "validFrom", "nbf", &claims->valid_from, problem);
	if (!error)
		error = read_time(credential, "validUntil", "exp", &claims->valid_until, problem);
	if (!error && claims->valid_until < claims->valid_from)
		error = refuse(problem, "", "validUntil", "this is before validFrom");
	if (!error)
		error = km_json_integer(credential, "", "iat", 0, time_max_s, &claims->issued_at, problem);
	return error;
}

static enum km_error read_domain(const json_t *subject, const char *where, struct km_claims *claims,
                                 struct km_problem *problem)
{
	const json_t *domains = NULL;
	enum km_error error = km_json_array(subject, where, "domainName", 0, KM_DOMAINS_MAX, &domains, problem);
	if (error)
		return error;
	claims->domain = NULL;
	for (size_t i = 0; i < json_array_size(domains); i++) {
		char domain[KM_DOMAIN_TEXT];
		const char *text = json_string_value(json_array_get(domains, i));
		if (!text || km_domain_normalise(text, domain, NULL) || strcmp(text, domain) != 0)
			return refuse(problem, where, "domainName", "a domain name in A-labels is expected");
		if (i == 0)
			claims->domain = text;
	}
	return KM_OK;
}

/* Who holds the mark. */
static enum km_error read_subject(const json_t *credential, const char *url, struct km_claims *claims,
                                  struct km_problem *problem)
{
	static const char where[] = "credentialSubject";
	const json_t *subject = NULL;
	const char *license = NULL;
	enum km_error error = km_json_object(credential, "", where, &subject, problem);
	if (!error)
		error = expect_list(subject, where, "type", (const char *[]){"AchievementSubject", NULL}, problem);
	if (!error)
		error = km_json_string(subject, where, "name", KM_NAME_MAX, &claims->provider_name, problem);
	if (!error)
		error = km_json_string(subject, where, "kvkNumber", 8, &claims->kvk, problem);
	if (!error && !km_kvk_valid(claims->kvk))
		error = refuse(problem, where, "kvkNumber", "8 digits are expected");
	if (!error)
		error = km_json_string(subject, where, "licenseNumber", KM_NUMBER_SHOWN, &license, problem);
	if (error)
		return error;
	char id[IRI_MAX], shown[KM_NUMBER_SHOWN];
	km_number_show(claims->number, shown);
	if (strcmp(license, shown) != 0)
		return refuse(problem, where, "licenseNumber", "this is another mark than the credential's id says");
	if (!format_iri(id, "%s/providers/%s", url, claims->kvk))
		return refuse(problem, where, "id", "the registry's address is too long");
	error = expect(subject, where, "id", id, problem);
	if (!error)
		error = expect(credential, "", "sub", id, problem);
	return error ? error : read_domain(subject, where, claims, problem);
}

/* What it is a mark of, and who decided on it. */
static enum km_error read_names(const json_t *credential, struct km_claims *claims, struct km_problem *problem)
{
	static const char where[] = "credentialSubject.achievement";
	const json_t *achievement = NULL, *body = NULL;
	enum km_error error = km_json_object(json_object_get(credential, "credentialSubject"), "credentialSubject",
	                                     "achievement", &achievement, problem);
	if (!error)
		error = expect_list(achievement, where, "type", (const char *[]){"Achievement", NULL}, problem);
	if (!error)
		error = km_json_string(achievement, where, "name", NAMES_MAX, &claims->scheme_name, problem);
	if (!error)
		error = km_json_object(credential, "", "certifiedBy", &body, problem);
	if (!error)
		error = km_json_string(body, "certifiedBy", "name", NAMES_MAX, &claims->body_name, problem);
	return error;
}

/* The index that an entry names, over all lists; what it says must be just what we would write of that index. */
static enum km_error read_status_entry(const json_t *entry, const char *url, enum km_status_purpose purpose,
                                       int64_t *ret_status_index)
{
	const char *list = json_string_value(json_object_get(entry, "statusListCredential"));
	const char *place = json_string_value(json_object_get(entry, "statusListIndex"));
	const char *slash = list ? strrchr(list, '/') : NULL;
	if (!slash || !place)
		return KM_INVALID;
	long long number = strtoll(slash + 1, NULL, 10), at = strtoll(place, NULL, 10);
	if (number < 1 || number > INT32_MAX || at < 0 || at >= KM_STATUS_LIST_ENTRIES)
		return KM_INVALID;
	int64_t status_index = (number - 1) * KM_STATUS_LIST_ENTRIES + at;
	json_auto_t *expected = status_entry_json(url, purpose, status_index);
	if (!expected)
		return KM_NO_MEMORY;
	if (!json_equal(expected, entry))
		return KM_INVALID;
	*ret_status_index = status_index;
	return KM_OK;
}

static enum km_error read_status_entries(const json_t *credential, const char *url, struct km_claims *claims,
                                         struct km_problem *problem)
{
	const json_t *entries = NULL;
	enum km_error error =
		km_json_array(credential, "", "credentialStatus", KM_STATUS_PURPOSES, KM_STATUS_PURPOSES, &entries, problem);
	if (error)
		return error;
	int64_t in_suspensions = 0;
	error = read_status_entry(json_array_get(entries, 0), url, KM_STATUS_REVOCATION, &claims->status_index);
	if (!error)
		error = read_status_entry(json_array_get(entries, 1), url, KM_STATUS_SUSPENSION, &in_suspensions);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (error || claims->status_index != in_suspensions)
		return refuse(problem, "", "credentialStatus",
		              "one place in the registry's lists of revocations and of suspensions is expected");
	return KM_OK;
}

enum km_error km_credential_read(const json_t *credential, const char *url, struct km_claims *ret_claims,
                                 struct km_problem *problem)
{
	struct km_claims claims = {0};
	enum km_error error = read_form(credential, url, problem);
	if (!error)
		error = read_id(credential, url, &claims, problem);
	if (!error)
		error = read_times(credential, &claims, problem);
	if (!error)
		error = read_subject(credential, url, &claims, problem);
	if (!error)
		error = read_names(credential, &claims, problem);
	if (!error)
		error = read_status_entries(credential, url, &claims, problem);
	if (!error)
		*ret_claims = claims;
	return error;
}
