/*
 * A set of public keys that somebody trusts: the registry's own, as it publishes them, or one saved for offline use.
 */
#ifndef KM_KEYS_KEYSET_H
#define KM_KEYS_KEYSET_H

#include "base/error.h"
#include "keys/jwk.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_KEYSET_MAX = 64 };

/* What a key may sign; each key has one purpose. */
enum km_purpose { KM_PURPOSE_CREDENTIAL, KM_PURPOSE_STATUS, KM_PURPOSE_LOG, KM_PURPOSE_RECEIPT, KM_PURPOSES };

/* "credential", "status", "log", "receipt": the names in files and in the JWKS member "keurmerk:purpose". */
const char *km_purpose_name(enum km_purpose purpose);
bool km_purpose_parse(const char *name, enum km_purpose *ret_purpose);

struct km_keyset_entry {
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	enum km_purpose purpose;
	int64_t not_before; /* signs from here, seconds */
	int64_t not_after;  /* and until here; 0 while it is in use */
	int64_t revoked_at; /* compromised from here on; 0 if never */
};

struct km_keyset {
	char url[256]; /* the registry whose keys these are, without a trailing slash: "https://keurmerk.example" */
	struct km_keyset_entry entries[KM_KEYSET_MAX];
	size_t len;
};

/* The entry with this thumbprint, borrowed; NULL where there is none. */
const struct km_keyset_entry *km_keyset_find(const struct km_keyset *set, const char *thumbprint);

/* True where the key was in use at this moment, by its period. Whether it has been revoked since is another question.
 */
bool km_keyset_in_use(const struct km_keyset_entry *entry, int64_t at);

/* The life of a key: published, signing, published still for what it signed, and, from any of these, compromised. */
enum km_key_state { KM_KEY_NEXT, KM_KEY_CURRENT, KM_KEY_RETIRED, KM_KEY_REVOKED };
enum km_key_state km_keyset_state(const struct km_keyset_entry *entry, int64_t at);
const char *km_key_state_name(enum km_key_state state);

/* The key of this purpose that signs at this moment, and the one that comes after it; borrowed; NULL where there is
 * none. */
const struct km_keyset_entry *km_keyset_current(const struct km_keyset *set, enum km_purpose purpose, int64_t at);
const struct km_keyset_entry *km_keyset_next(const struct km_keyset *set, enum km_purpose purpose, int64_t at);

/* JWKS (RFC 7517 section 5) with, on each key, "keurmerk:purpose", "keurmerk:nbf" and "keurmerk:exp", and
 * "keurmerk:registry" (the url) beside "keys". Revoked keys are not among "keys", where others would take them for good
 * ones, but in a list "keurmerk:revoked" of their own, with the moment as "keurmerk:revoked" on each. The caller's
 * (json_decref). */
json_t *km_keyset_jwks(const struct km_keyset *set);

/* Reads such a JWKS; a key without a purpose is refused, and a revoked one among those that are not. */
enum km_error km_keyset_parse(const char *json, size_t len, struct km_keyset *ret_set, struct km_problem *problem);

/* The same from JSON that was parsed already (base/json.h). Members that it does not know are passed over. */
enum km_error km_keyset_read(const json_t *jwks, struct km_keyset *ret_set, struct km_problem *problem);

/* The DID document of did:web for the registry's host (W3C DID Core, did:web method): verificationMethod JsonWebKey for
 * each key that is not revoked; assertionMethod lists those for credentials, statuses and receipts. The keys for
 * credentials are there a second time as Multikey, which is what verifiers of embedded proofs (keys/proof.h) read. */
json_t *km_keyset_did(const struct km_keyset *set);

/* "did:web:keurmerk.example", "did:web:127.0.0.1%3A8080"; the text fits 256 bytes. */
enum km_error km_did_web(const char *url, char ret_did[static 256], struct km_problem *problem);

/* The other way: the address that such a DID stands for (http for a loopback host, https for all others). False where
 * it is no did:web of a registry. */
bool km_did_web_url(const char *did, char ret_url[static 256]);

#endif
