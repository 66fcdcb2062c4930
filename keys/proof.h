/*
 * Embedded proofs (W3C Verifiable Credential Data Integrity 1.0) with the cryptosuite eddsa-rdfc-2022 (W3C Data
 * Integrity EdDSA Cryptosuites 1.0, section 3.2): Ed25519 over SHA-256(options) || SHA-256(document), both as canonical
 * N-Quads.
 */
#ifndef KM_KEYS_PROOF_H
#define KM_KEYS_PROOF_H

#include "base/error.h"
#include "keys/key.h"
#include "keys/keyset.h"
#include "keys/multikey.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_PROOF_DOCUMENT_MAX = 256 * 1024,            /* bytes of N-Quads */
	KM_PROOF_METHOD_TEXT = 256 + KM_MULTIKEY_TEXT, /* "did:web:keurmerk.example#z6Mk…" */
};

struct km_proof {
	int64_t created;
	char method[KM_PROOF_METHOD_TEXT]; /* verificationMethod */
	uint8_t signature[KM_SIGNATURE_BYTES];
};

/* Looks whether the document is one that the registry at this url may prove: exactly one OpenBadgeCredential, with an
 * address under <url>/m/, issued by the registry's did:web, and nothing else that a credential of ours does not speak
 * of. KM_TOO_LARGE, KM_MALFORMED (no canonical N-Quads), KM_INVALID type "form" with what is wrong. */
enum km_error km_proof_check(const char *document, size_t len, const char *url, struct km_problem *problem);

/* The verificationMethod of a key of this did: "<did>#<multikey>". KM_INVALID where the did is too long. */
enum km_error km_proof_method(const char *did, const uint8_t public_key[static KM_PUBLIC_BYTES],
                              char ret_method[static KM_PROOF_METHOD_TEXT], struct km_problem *problem);

enum km_error km_proof_make(const struct km_key *key, const char *method, int64_t created, const char *document,
                            size_t len, struct km_proof *ret_proof, struct km_problem *problem);

/* True where this key made this proof of this document. */
bool km_proof_valid(const struct km_proof *proof, const uint8_t public_key[static KM_PUBLIC_BYTES],
                    const char *document, size_t len);

/* The key of the set that the proof names, borrowed; NULL where it is none of them. */
const struct km_keyset_entry *km_proof_key(const struct km_proof *proof, const struct km_keyset *set);

/* The member `proof` of a document; the caller's (json_decref), NULL without memory. */
json_t *km_proof_json(const struct km_proof *proof);

/* Reads one of exactly that form. KM_INVALID names the member. */
enum km_error km_proof_parse(const json_t *json, struct km_proof *ret_proof, struct km_problem *problem);

#endif
