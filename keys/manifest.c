#include "keys/manifest.h"

#include "base/buf.h"
#include "base/json.h"
#include "keys/jws.h"

#include <string.h>

#define TYP "keurmerk-keys+jwt"

static const int64_t MOMENT_MAX = 253402300799; /* 9999-12-31T23:59:59Z */
static const int64_t SEQUENCE_MAX = INT64_C(1) << 52;

static bool add_claims(json_t *payload, const uint8_t root[static KM_PUBLIC_BYTES], const char *url, int64_t sequence,
                       int64_t now, int64_t expires_at)
{
	return json_object_set_new(payload, "iss", json_string(url)) == 0 &&
	       json_object_set_new(payload, "iat", json_integer(now)) == 0 &&
	       json_object_set_new(payload, "exp", json_integer(expires_at)) == 0 &&
	       json_object_set_new(payload, "sequence", json_integer(sequence)) == 0 &&
	       json_object_set_new(payload, "root", km_jwk_format(root)) == 0;
}

static enum km_error check_root(const struct km_keyset *set, const char *thumbprint, struct km_problem *problem)
{
	if (km_keyset_find(set, thumbprint))
		return km_fail(problem, KM_INVALID, "root",
		               "the root signs key sets and nothing else, but %s is one of the registry's keys itself",
		               thumbprint);
	return KM_OK;
}

enum km_error km_manifest_sign(const struct km_key *root, const struct km_keyset *set, int64_t sequence, int64_t now,
                               int64_t expires_at, char **ret_token, struct km_problem *problem)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_key_public(root, public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	enum km_error error = check_root(set, thumbprint, problem);
	if (error)
		return error;
	json_auto_t *payload = km_keyset_jwks(set);
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", TYP, "kid", thumbprint);
	if (!payload || !header || !add_claims(payload, public_key, set->url, sequence, now, expires_at))
		return km_fail_memory(problem);
	auto_free char *text = km_json_text(payload);
	return text ? km_jws_sign(root, header, text, strlen(text), ret_token, problem) : km_fail_memory(problem);
}

/* The root that it names, and that this one signed it. */
static enum km_error prove(const struct km_jws *jws, const json_t *payload, struct km_manifest *manifest,
                           struct km_problem *problem)
{
	const json_t *root = NULL;
	uint8_t public_key[KM_PUBLIC_BYTES];
	enum km_error error = km_json_object(payload, "", "root", &root, problem);
	if (!error)
		error = km_jwk_parse(root, public_key, problem);
	if (error)
		return error;
	km_jwk_thumbprint(public_key, manifest->root);
	if (!jws->kid || strcmp(jws->kid, manifest->root) != 0 || !km_jws_verify(jws, public_key))
		return km_fail(problem, KM_UNPROVEN, "root-signature",
		               "the signature of this key set does not fit: it was changed, or not signed by the root that it "
		               "names");
	return KM_OK;
}

static enum km_error read_claims(const json_t *payload, struct km_manifest *manifest, struct km_problem *problem)
{
	const char *url = NULL;
	enum km_error error = km_json_string(payload, "", "iss", 255, &url, problem);
	if (!error)
		error = km_json_integer(payload, "", "sequence", 1, SEQUENCE_MAX, &manifest->sequence, problem);
	if (!error)
		error = km_json_integer(payload, "", "iat", 0, MOMENT_MAX, &manifest->issued_at, problem);
	if (!error)
		error = km_json_integer(payload, "", "exp", manifest->issued_at, MOMENT_MAX, &manifest->expires_at, problem);
	if (!error)
		error = km_keyset_read(payload, &manifest->set, problem);
	if (!error && strcmp(url, manifest->set.url) != 0)
		error = km_fail(problem, KM_INVALID, "member", "iss: another registry than the key set's is named here");
	return error ? error : check_root(&manifest->set, manifest->root, problem);
}

enum km_error km_manifest_read(const char *token, size_t len, struct km_manifest *ret_manifest,
                               struct km_problem *problem)
{
	static const char white[] = " \t\r\n";
	auto_jws struct km_jws jws = {0};
	json_auto_t *payload = NULL;
	struct km_manifest manifest = {.sequence = 0};
	for (; len > 0 && memchr(white, token[len - 1], 4); len--) {
	}
	for (; len > 0 && memchr(white, *token, 4); len--)
		token++;
	enum km_error error = km_jws_parse(token, len, KM_MANIFEST_MAX, &jws, problem);
	if (!error && (!jws.typ || strcmp(jws.typ, TYP) != 0))
		error = km_fail(problem, KM_INVALID, "form", "this token is no key set: its typ is not " TYP);
	if (!error)
		error = km_json_parse(jws.payload, jws.payload_len, "the key set", &payload, problem);
	if (!error)
		error = prove(&jws, payload, &manifest, problem);
	if (!error)
		error = read_claims(payload, &manifest, problem);
	if (!error)
		*ret_manifest = manifest;
	return error;
}

enum km_error km_manifest_follows(const struct km_manifest *last, const struct km_manifest *next,
                                  struct km_problem *problem)
{
	if (strcmp(last->set.url, next->set.url) != 0 || strcmp(last->root, next->root) != 0)
		return km_fail(problem, KM_UNPROVEN, "other-root",
		               "this key set is under the root %s, and the last one of %s was under %s", next->root,
		               last->set.url, last->root);
	if (next->sequence <= last->sequence)
		return km_fail(problem, KM_UNPROVEN, "roll-back",
		               "this key set of %s has sequence number %lld, and one with %lld is known already", next->set.url,
		               (long long)next->sequence, (long long)last->sequence);
	return KM_OK;
}

static bool same_entry(const struct km_keyset_entry *a, const struct km_keyset_entry *b)
{
	return a && a->purpose == b->purpose && a->not_before == b->not_before && a->not_after == b->not_after &&
	       a->revoked_at == b->revoked_at;
}

bool km_manifest_lists(const struct km_manifest *manifest, const struct km_keyset *set)
{
	if (manifest->set.len != set->len || strcmp(manifest->set.url, set->url) != 0)
		return false;
	for (size_t i = 0; i < set->len; i++)
		if (!same_entry(km_keyset_find(&manifest->set, set->entries[i].thumbprint), &set->entries[i]))
			return false;
	return true;
}
