#include "keys/keyset.h"

#include "base/json.h"
#include "keys/multikey.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The member of the set: a list of keys; and that of each key in it: since when. */
#define REVOKED "keurmerk:revoked"

static const int64_t MOMENT_MAX = 253402300799; /* 9999-12-31T23:59:59Z */

static const char *const purpose_names[] = {
	[KM_PURPOSE_CREDENTIAL] = "credential",
	[KM_PURPOSE_STATUS] = "status",
	[KM_PURPOSE_LOG] = "log",
	[KM_PURPOSE_RECEIPT] = "receipt",
};

const char *km_purpose_name(enum km_purpose purpose)
{
	return purpose_names[purpose];
}

bool km_purpose_parse(const char *name, enum km_purpose *ret_purpose)
{
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++) {
		if (strcmp(name, purpose_names[purpose]) == 0) {
			*ret_purpose = purpose;
			return true;
		}
	}
	return false;
}

const struct km_keyset_entry *km_keyset_find(const struct km_keyset *set, const char *thumbprint)
{
	for (size_t i = 0; i < set->len; i++)
		if (strcmp(set->entries[i].thumbprint, thumbprint) == 0)
			return &set->entries[i];
	return NULL;
}

bool km_keyset_in_use(const struct km_keyset_entry *entry, int64_t at)
{
	return at >= entry->not_before && (!entry->not_after || at <= entry->not_after);
}

enum km_key_state km_keyset_state(const struct km_keyset_entry *entry, int64_t at)
{
	if (entry->revoked_at)
		return KM_KEY_REVOKED;
	if (at < entry->not_before)
		return KM_KEY_NEXT;
	return km_keyset_in_use(entry, at) ? KM_KEY_CURRENT : KM_KEY_RETIRED;
}

const char *km_key_state_name(enum km_key_state state)
{
	static const char *const names[] = {
		[KM_KEY_NEXT] = "next",
		[KM_KEY_CURRENT] = "current",
		[KM_KEY_RETIRED] = "retired",
		[KM_KEY_REVOKED] = "revoked",
	};
	return names[state];
}

/* Of several, the one that began last. */
static const struct km_keyset_entry *find_state(const struct km_keyset *set, enum km_purpose purpose, int64_t at,
                                                enum km_key_state state)
{
	const struct km_keyset_entry *found = NULL;
	for (size_t i = 0; i < set->len; i++) {
		const struct km_keyset_entry *entry = &set->entries[i];
		if (entry->purpose == purpose && km_keyset_state(entry, at) == state &&
		    (!found || entry->not_before > found->not_before))
			found = entry;
	}
	return found;
}

const struct km_keyset_entry *km_keyset_current(const struct km_keyset *set, enum km_purpose purpose, int64_t at)
{
	return find_state(set, purpose, at, KM_KEY_CURRENT);
}

const struct km_keyset_entry *km_keyset_next(const struct km_keyset *set, enum km_purpose purpose, int64_t at)
{
	return find_state(set, purpose, at, KM_KEY_NEXT);
}

static bool set_moment(json_t *object, const char *member, int64_t moment)
{
	return moment == 0 || json_object_set_new(object, member, json_integer(moment)) == 0;
}

static json_t *entry_jwk(const struct km_keyset_entry *entry)
{
	json_t *jwk = km_jwk_format(entry->public_key);
	if (jwk && json_object_set_new(jwk, "keurmerk:purpose", json_string(km_purpose_name(entry->purpose))) == 0 &&
	    json_object_set_new(jwk, "keurmerk:nbf", json_integer(entry->not_before)) == 0 &&
	    set_moment(jwk, "keurmerk:exp", entry->not_after) && set_moment(jwk, REVOKED, entry->revoked_at))
		return jwk;
	json_decref(jwk);
	return NULL;
}

json_t *km_keyset_jwks(const struct km_keyset *set)
{
	json_auto_t *jwks = json_pack("{s:s, s:[]}", "keurmerk:registry", set->url, "keys");
	json_auto_t *revoked = json_array();
	json_t *keys = json_object_get(jwks, "keys");
	if (!keys || !revoked)
		return NULL;
	for (size_t i = 0; i < set->len; i++)
		if (json_array_append_new(set->entries[i].revoked_at ? revoked : keys, entry_jwk(&set->entries[i])) != 0)
			return NULL;
	if (json_array_size(revoked) > 0 && json_object_set(jwks, REVOKED, revoked) != 0)
		return NULL;
	return json_incref(jwks);
}

static enum km_error read_purpose(const json_t *jwk, enum km_purpose *ret_purpose, struct km_problem *problem)
{
	const char *name = NULL;
	enum km_error error = km_json_string(jwk, "", "keurmerk:purpose", 32, &name, problem);
	if (error)
		return error;
	if (km_purpose_parse(name, ret_purpose))
		return KM_OK;
	return km_fail(problem, KM_INVALID, "member",
	               "keurmerk:purpose: \"%s\" is not what a key can be for: credential, status, log or receipt", name);
}

/* 0 where it is missing. */
static enum km_error read_moment(const json_t *jwk, const char *member, int64_t *ret_moment, struct km_problem *problem)
{
	if (json_object_get(jwk, member))
		return km_json_integer(jwk, "", member, 1, MOMENT_MAX, ret_moment, problem);
	*ret_moment = 0;
	return KM_OK;
}

static enum km_error read_entry(const json_t *jwk, bool revoked, struct km_keyset_entry *entry,
                                struct km_problem *problem)
{
	enum km_error error = km_jwk_parse(jwk, entry->public_key, problem);
	if (!error)
		error = read_purpose(jwk, &entry->purpose, problem);
	if (!error)
		error = km_json_integer(jwk, "", "keurmerk:nbf", 0, MOMENT_MAX, &entry->not_before, problem);
	if (!error)
		error = read_moment(jwk, "keurmerk:exp", &entry->not_after, problem);
	if (!error)
		error = read_moment(jwk, REVOKED, &entry->revoked_at, problem);
	if (!error && revoked != (entry->revoked_at != 0))
		error = km_fail(problem, KM_INVALID, "member",
		                revoked ? "since when is this key revoked?" : "a revoked key is not among those that are good");
	if (!error)
		km_jwk_thumbprint(entry->public_key, entry->thumbprint);
	return error;
}

static enum km_error read_entries(const json_t *list, const char *member, bool revoked, struct km_keyset *set,
                                  struct km_problem *problem)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct km_keyset_entry entry = {.purpose = KM_PURPOSE_CREDENTIAL};
		enum km_error error = read_entry(json_array_get(list, i), revoked, &entry, problem);
		if (!error && km_keyset_find(set, entry.thumbprint))
			error = km_fail(problem, KM_INVALID, "member", "this key is in the set already: one key has one purpose");
		if (!error && set->len == KM_KEYSET_MAX)
			error = km_fail(problem, KM_INVALID, "member", "a set holds at most %d keys", KM_KEYSET_MAX);
		if (error) {
			km_problem_prefix(problem, "%s[%zu]", member, i);
			return error;
		}
		set->entries[set->len++] = entry;
	}
	return KM_OK;
}

enum km_error km_keyset_parse(const char *json, size_t len, struct km_keyset *ret_set, struct km_problem *problem)
{
	json_auto_t *jwks = NULL;
	enum km_error error = km_json_parse(json, len, "the key set", &jwks, problem);
	return error ? error : km_keyset_read(jwks, ret_set, problem);
}

enum km_error km_keyset_read(const json_t *jwks, struct km_keyset *ret_set, struct km_problem *problem)
{
	struct km_keyset set = {.len = 0};
	const char *url = NULL;
	const json_t *keys = NULL, *revoked = NULL;
	char did[256];
	enum km_error error = km_json_string(jwks, "", "keurmerk:registry", sizeof set.url - 1, &url, problem);
	if (!error)
		error = km_did_web(url, did, problem); /* for what it refuses */
	if (!error)
		error = km_json_array(jwks, "", "keys", 1, KM_KEYSET_MAX, &keys, problem);
	if (!error && json_object_get(jwks, REVOKED))
		error = km_json_array(jwks, "", REVOKED, 1, KM_KEYSET_MAX, &revoked, problem);
	if (error)
		return error;
	memcpy(set.url, url, strlen(url) + 1);
	error = read_entries(keys, "keys", false, &set, problem);
	if (!error)
		error = read_entries(revoked, REVOKED, true, &set, problem);
	if (!error)
		*ret_set = set;
	return error;
}

/* The verification method, and in `assertions` its name where it is for statements. Takes `key` over. */
static bool add_method(json_t *methods, json_t *assertions, const char *did, const char *fragment, const char *type,
                       const char *member, json_t *key)
{
	json_auto_t *id = json_sprintf("%s#%s", did, fragment);
	json_t *method =
		json_pack("{s:s, s:s, s:s, s:o}", "id", json_string_value(id), "type", type, "controller", did, member, key);
	return json_array_append_new(methods, method) == 0 && (!assertions || json_array_append(assertions, id) == 0);
}

static bool add_methods(json_t *methods, json_t *assertions, const char *did, const struct km_keyset_entry *entry)
{
	char multikey[KM_MULTIKEY_TEXT];
	km_multikey_format(entry->public_key, multikey);
	if (!add_method(methods, entry->purpose == KM_PURPOSE_LOG ? NULL : assertions, did, entry->thumbprint, "JsonWebKey",
	                "publicKeyJwk", km_jwk_format(entry->public_key)))
		return false;
	return entry->purpose != KM_PURPOSE_CREDENTIAL ||
	       add_method(methods, assertions, did, multikey, "Multikey", "publicKeyMultibase", json_string(multikey));
}

json_t *km_keyset_did(const struct km_keyset *set)
{
	char did[256];
	if (km_did_web(set->url, did, NULL) != KM_OK)
		return NULL;
	json_auto_t *document = json_pack("{s:[s,s,s], s:s, s:[], s:[]}", "@context", "https://www.w3.org/ns/did/v1",
	                                  "https://w3id.org/security/jwk/v1", "https://w3id.org/security/multikey/v1", "id",
	                                  did, "verificationMethod", "assertionMethod");
	json_t *methods = json_object_get(document, "verificationMethod");
	json_t *assertions = json_object_get(document, "assertionMethod");
	if (!document)
		return NULL;
	for (size_t i = 0; i < set->len; i++)
		if (!set->entries[i].revoked_at && !add_methods(methods, assertions, did, &set->entries[i]))
			return NULL;
	return json_incref(document);
}

enum km_error km_did_web(const char *url, char ret_did[static 256], struct km_problem *problem)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	char did[256] = "did:web:";
	size_t len = strlen(did);
	const char *host = strncmp(url, "https://", 8) == 0 ? url + 8 : strncmp(url, "http://", 7) == 0 ? url + 7 : "";
	bool fits = *host;
	for (const char *c = host; *c && fits; c++) {
		if (strchr(plain, *c)) {
			fits = len + 1 < sizeof did;
			if (fits)
				did[len++] = *c;
		} else {
			/* A port and an IPv6 address have these; a path would need a colon for each slash, and no registry has one.
			 */
			const char *code = *c == ':' ? "%3A" : *c == '[' ? "%5B" : *c == ']' ? "%5D" : NULL;
			fits = code && len + 3 < sizeof did;
			if (fits) {
				memcpy(did + len, code, 3);
				len += 3;
			}
		}
	}
	if (!fits)
		return km_fail(problem, KM_INVALID, "url",
		               "\"%.200s\" is not the address of a registry: it must be like https://keurmerk.example", url);
	did[len] = '\0';
	memcpy(ret_did, did, sizeof did);
	return KM_OK;
}

static bool is_loopback(const char *host)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		size_t len = strlen(hosts[i]);
		if (strncmp(host, hosts[i], len) == 0 && (!host[len] || host[len] == ':'))
			return true;
	}
	return false;
}

bool km_did_web_url(const char *did, char ret_url[static 256])
{
	static const char method[] = "did:web:";
	static const struct {
		const char *code;
		char c;
	} codes[] = {{"%3A", ':'}, {"%5B", '['}, {"%5D", ']'}};
	char host[256], url[256], again[256];
	size_t len = 0;
	if (strncmp(did, method, sizeof method - 1) != 0 || strlen(did) >= sizeof host)
		return false;
	for (const char *at = did + sizeof method - 1; *at; at++) {
		host[len] = *at;
		for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
			if (strncmp(at, codes[i].code, 3) == 0) {
				host[len] = codes[i].c;
				at += 2;
				break;
			}
		len++;
	}
	host[len] = '\0';
	if ((size_t)snprintf(url, sizeof url, "%s%s", is_loopback(host) ? "http://" : "https://", host) >= sizeof url)
		return false;
	/* A DID with a path, or spelt otherwise than we would, is no registry's. */
	if (km_did_web(url, again, NULL) != KM_OK || strcmp(again, did) != 0)
		return false;
	memcpy(ret_url, url, sizeof url);
	return true;
}
