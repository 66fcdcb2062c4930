#include "keys/proof.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "keys/nquads.h"

#include <stdio.h>
#include <string.h>

#define TYPE        "DataIntegrityProof"
#define CRYPTOSUITE "eddsa-rdfc-2022"
#define PURPOSE     "assertionMethod"

#define RDF_TYPE   "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
#define XSD        "http://www.w3.org/2001/XMLSchema#"
#define SECURITY   "https://w3id.org/security#"
#define CREDENTIAL "https://www.w3.org/2018/credentials#"
#define BADGES     "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"

/* ------------------------------------------------------------------------------------ what may be proven */

struct reading {
	const char *url;
	char did[256];
	struct km_span credential, issued; /* the subject of its type, and of its issuer; nothing at first */
};

static enum km_error refuse(struct km_problem *problem, const char *why)
{
	return km_fail(problem, KM_INVALID, "form", "this is not a credential that can be proven: %s", why);
}

/* What a credential speaks of, outside the registry's own terms. Among it is no status list: a proof must never be able
 * to pass for one. */
static bool is_known_type(struct km_span type, const char *url)
{
	static const char *const types[] = {
		CREDENTIAL "VerifiableCredential",
		BADGES "OpenBadgeCredential",
		BADGES "Profile",
		BADGES "AchievementSubject",
		BADGES "Achievement",
		BADGES "Evidence",
		"https://www.w3.org/ns/credentials/status#BitstringStatusListEntry",
		"https://purl.imsglobal.org/spec/vccs/v1p0/context.json#1EdTechJsonSchemaValidator2019",
	};
	static const char own[] = "/contexts/v1#";
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (km_span_is(type, types[i]))
			return true;
	size_t len = strlen(url);
	return type.len > len + sizeof own - 1 && memcmp(type.at, url, len) == 0 &&
	       memcmp(type.at + len, own, sizeof own - 1) == 0;
}

static bool is_address_of_mark(struct km_span iri, const char *url)
{
	size_t len = strlen(url);
	return iri.len > len + 3 && memcmp(iri.at, url, len) == 0 && memcmp(iri.at + len, "/m/", 3) == 0;
}

static enum km_error take_type(struct reading *reading, const struct km_nquad *quad, struct km_problem *problem)
{
	if (quad->is_text || !is_known_type(quad->object, reading->url))
		return refuse(problem, "it speaks of something that credentials do not speak of");
	if (!km_span_is(quad->object, BADGES "OpenBadgeCredential"))
		return KM_OK;
	if (reading->credential.at)
		return refuse(problem, "there are two of them");
	if (!is_address_of_mark(quad->subject, reading->url))
		return refuse(problem, "its id is not the address of a mark of this registry");
	reading->credential = quad->subject;
	return KM_OK;
}

static enum km_error take(void *context, const struct km_nquad *quad, struct km_problem *problem)
{
	struct reading *reading = context;
	if (km_span_is(quad->predicate, RDF_TYPE))
		return take_type(reading, quad, problem);
	if (!km_span_is(quad->predicate, CREDENTIAL "issuer"))
		return KM_OK;
	if (reading->issued.at || quad->is_text || !km_span_is(quad->object, reading->did))
		return refuse(problem, "its issuer must be this registry, and none else");
	reading->issued = quad->subject;
	return KM_OK;
}

enum km_error km_proof_check(const char *document, size_t len, const char *url, struct km_problem *problem)
{
	if (len > KM_PROOF_DOCUMENT_MAX)
		return km_fail(problem, KM_TOO_LARGE, "form", "a credential of over %d bytes is not proven",
		               KM_PROOF_DOCUMENT_MAX);
	struct reading reading = {.url = url};
	enum km_error error = km_did_web(url, reading.did, problem);
	if (!error)
		error = km_nquads_read(document, len, take, &reading, problem);
	if (error)
		return error;
	if (!reading.credential.at)
		return refuse(problem, "there is no OpenBadgeCredential in it");
	if (reading.issued.len != reading.credential.len ||
	    memcmp(reading.issued.at, reading.credential.at, reading.issued.len) != 0)
		return refuse(problem, "it has no issuer");
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------- the proof itself */

enum km_error km_proof_method(const char *did, const uint8_t public_key[static KM_PUBLIC_BYTES],
                              char ret_method[static KM_PROOF_METHOD_TEXT], struct km_problem *problem)
{
	char multikey[KM_MULTIKEY_TEXT];
	km_multikey_format(public_key, multikey);
	int len = snprintf(ret_method, KM_PROOF_METHOD_TEXT, "%s#%s", did, multikey);
	return len < KM_PROOF_METHOD_TEXT ? KM_OK
	                                  : km_fail(problem, KM_INVALID, "url", "the registry's address is too long");
}

/* What is signed. The options are few, so their canonical form can stand here; they are the one node without an IRI. */
static bool hash(const char *method, int64_t created, const char *document, size_t len,
                 uint8_t ret_hashes[static 2 * KM_SHA256_BYTES])
{
	char moment[KM_TIME_TEXT];
	auto_buf struct km_buf options = KM_BUF_EMPTY;
	km_time_format(created, moment);
	km_buf_add_format(&options,
	                  "_:c14n0 <http://purl.org/dc/terms/created> \"%s\"^^<" XSD "dateTime> .\n"
	                  "_:c14n0 <" RDF_TYPE "> <" SECURITY TYPE "> .\n"
	                  "_:c14n0 <" SECURITY "cryptosuite> \"" CRYPTOSUITE "\"^^<" SECURITY "cryptosuiteString> .\n"
	                  "_:c14n0 <" SECURITY "proofPurpose> <" SECURITY PURPOSE "> .\n"
	                  "_:c14n0 <" SECURITY "verificationMethod> <%s> .\n",
	                  moment, method);
	if (options.failed)
		return false;
	km_sha256(options.data, options.len, ret_hashes);
	km_sha256(document, len, ret_hashes + KM_SHA256_BYTES);
	return true;
}

enum km_error km_proof_make(const struct km_key *key, const char *method, int64_t created, const char *document,
                            size_t len, struct km_proof *ret_proof, struct km_problem *problem)
{
	uint8_t hashes[2 * KM_SHA256_BYTES];
	struct km_proof proof = {.created = created};
	if (strlen(method) >= sizeof proof.method)
		return km_fail(problem, KM_BUG, "proof", "the name of the key is too long");
	strcpy(proof.method, method);
	if (!hash(method, created, document, len, hashes))
		return km_fail_memory(problem);
	enum km_error error = km_key_sign(key, hashes, sizeof hashes, proof.signature, problem);
	if (!error)
		*ret_proof = proof;
	return error;
}

bool km_proof_valid(const struct km_proof *proof, const uint8_t public_key[static KM_PUBLIC_BYTES],
                    const char *document, size_t len)
{
	uint8_t hashes[2 * KM_SHA256_BYTES];
	return hash(proof->method, proof->created, document, len, hashes) &&
	       km_signature_valid(public_key, hashes, sizeof hashes, proof->signature);
}

const struct km_keyset_entry *km_proof_key(const struct km_proof *proof, const struct km_keyset *set)
{
	char did[256], method[KM_PROOF_METHOD_TEXT];
	if (km_did_web(set->url, did, NULL))
		return NULL;
	for (size_t i = 0; i < set->len; i++)
		if (km_proof_method(did, set->entries[i].public_key, method, NULL) == KM_OK &&
		    strcmp(method, proof->method) == 0)
			return &set->entries[i];
	return NULL;
}

json_t *km_proof_json(const struct km_proof *proof)
{
	auto_buf struct km_buf value = KM_BUF_EMPTY;
	km_multibase_encode(proof->signature, sizeof proof->signature, &value);
	if (value.failed)
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "type", TYPE, "cryptosuite", CRYPTOSUITE, "created",
	                 km_json_moment_new(proof->created), "verificationMethod", proof->method, "proofPurpose", PURPOSE,
	                 "proofValue", value.data);
}

static enum km_error expect(const json_t *json, const char *member, const char *text, struct km_problem *problem)
{
	const char *found = json_string_value(json_object_get(json, member));
	if (found && strcmp(found, text) == 0)
		return KM_OK;
	return km_fail(problem, KM_INVALID, "member", "proof.%s: \"%s\" is expected here", member, text);
}

/* An IRI that cannot break out of its place in the N-Quads: a DID URL has none of the characters that could. */
static enum km_error read_method(const json_t *json, struct km_proof *proof, struct km_problem *problem)
{
	const char *method = NULL;
	enum km_error error =
		km_json_string(json, "proof", "verificationMethod", sizeof proof->method - 1, &method, problem);
	if (error)
		return error;
	if (strlen(method) >= sizeof proof->method || strcspn(method, " <>\"{}|^`\\") != strlen(method))
		return km_fail(problem, KM_INVALID, "member", "proof.verificationMethod: the name of a key is expected here");
	strcpy(proof->method, method);
	return KM_OK;
}

enum km_error km_proof_parse(const json_t *json, struct km_proof *ret_proof, struct km_problem *problem)
{
	static const char *const known[] = {"type",         "cryptosuite", "created", "verificationMethod",
	                                    "proofPurpose", "proofValue",  NULL};
	struct km_proof proof = {.created = 0};
	if (!json_is_object(json))
		return km_fail(problem, KM_INVALID, "member", "proof: an object is expected here");
	enum km_error error = km_json_only(json, "proof", known, problem);
	if (!error)
		error = expect(json, "type", TYPE, problem);
	if (!error)
		error = expect(json, "cryptosuite", CRYPTOSUITE, problem);
	if (!error)
		error = expect(json, "proofPurpose", PURPOSE, problem);
	if (!error)
		error = km_json_moment(json, "proof", "created", &proof.created, problem);
	if (!error)
		error = read_method(json, &proof, problem);
	if (error)
		return error;
	const char *value = json_string_value(json_object_get(json, "proofValue"));
	if (!value || !km_multibase_decode_exact(value, proof.signature, sizeof proof.signature))
		return km_fail(problem, KM_INVALID, "member",
		               "proof.proofValue: a z and the base58btc of a signature of %d bytes are expected here",
		               KM_SIGNATURE_BYTES);
	*ret_proof = proof;
	return KM_OK;
}
