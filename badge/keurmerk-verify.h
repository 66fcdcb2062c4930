/*
 * libkeurmerk-verify: is this certification mark genuine, and does it hold now? For programs other than keurmerk.
 *
 * No network, no database, no state of its own: the program gets the registry's keys, what is to be verified and, to
 * know whether it still holds, what the registry says of it now; it hands them over with the time. Trust comes from the
 * keys that the program chose, never from the thing that is verified. Any number of threads. keurmerk-verify(3) says
 * more.
 */
#ifndef KEURMERK_VERIFY_H
#define KEURMERK_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#define KM_VERIFY_EXPORT __attribute__((visibility("default")))
#else
#define KM_VERIFY_EXPORT
#endif

/* Three answers that never stand for one another. Only the first is a yes. */
enum km_verify_outcome { KM_VERIFY_GENUINE, KM_VERIFY_NOT_VALID, KM_VERIFY_CANNOT_TELL };

enum km_verify_result { KM_VERIFY_NOT_REACHED, KM_VERIFY_GOOD, KM_VERIFY_BAD, KM_VERIFY_UNKNOWN };

/* The keys of the one registry whose word the program takes. */
struct km_verify_keys;

/* Reads the key set that the registry publishes at /.well-known/jwks.json. NULL where it is none, or where memory ran
 * out: then `why` (which may be NULL) holds as much as fits of a sentence that says what is wrong and where. Free with
 * km_verify_keys_free. */
KM_VERIFY_EXPORT struct km_verify_keys *km_verify_keys_parse(const char *jwks, size_t len, char *why, size_t why_size);
KM_VERIFY_EXPORT void km_verify_keys_free(struct km_verify_keys *keys); /* NULL is allowed */

/* The address of that registry, "https://keurmerk.example"; borrowed from the keys. */
KM_VERIFY_EXPORT const char *km_verify_keys_registry(const struct km_verify_keys *keys);

/* What is known beside the keys. All of it may be NULL or 0, and what is not must be set to that: begin with {0}. The
 * texts are borrowed, end in a NUL, and are believed only as far as the registry's keys signed them. */
struct km_verify_evidence {
	const char *status;    /* what <registry>/m/NUMBER/status.jwt says: the state now */
	const char *log_proof; /* what <registry>/m/NUMBER.tlog-proof says; looked at where there is a status or a list */
	/* Where there is no status: status lists that were saved, from <registry>/status/revocation/1 and
	 * <registry>/status/suspension/1; both are needed. */
	const char *const *status_lists;
	size_t status_lists_len;
	int64_t keys_saved_at; /* when the keys were saved, to be told; 0 where they are fresh */
};

struct km_verify_check {
	const char *name; /* "format", "issuer", "key", "signature", "validity", "status", "log" */
	enum km_verify_result result;
	const char *detail; /* for people */
};

/* Moments are seconds since 1970-01-01T00:00:00Z, 0 where there is none; texts are UTF-8, "" where there is nothing to
 * say, and safe to show. */
struct km_verify_verdict {
	enum km_verify_outcome outcome;
	const char *reason;   /* a short word for programs: "active", "suspended", "bad-signature", "unknown-issuer", … */
	const char *sentence; /* for people, in English: one line that says it all */
	const char *warning;  /* where the thing says something else than the register now: to be shown loudly */
	const struct km_verify_check *checks;
	size_t checks_len;
	/* In the registry's own words: proven by a signature. */
	const char *number, *provider_name, *kvk, *scheme_name, *body_name;
	const char *issuer; /* by whom it says that it is: not proven */
	int64_t valid_from, valid_until, state_since;
	int64_t checked_at;   /* `now` */
	int64_t knowledge_at; /* when the newest statement on its state, that the answer rests on, was signed */
};

/* Verifies these bytes, whatever they turn out to be: a badge (SVG or PNG), a credential (JWT or JSON-LD), what a
 * signed QR code holds, a mark's number or the address of its page. `keys` NULL: nobody's word is taken, and the answer
 * is always "cannot tell". `evidence` may be NULL. NULL only where memory ran out. Free with km_verify_verdict_free. */
KM_VERIFY_EXPORT struct km_verify_verdict *km_verify_thing(const void *bytes, size_t len,
                                                           const struct km_verify_keys *keys,
                                                           const struct km_verify_evidence *evidence, int64_t now);
KM_VERIFY_EXPORT void km_verify_verdict_free(struct km_verify_verdict *verdict); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif
