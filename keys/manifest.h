/*
 * The key set under the signature of an offline root: so that whoever knows the root can tell a new key of the
 * registry's from one that somebody put in its place, also where that somebody has got hold of the server.
 *
 * A compact JWS, typ "keurmerk-keys+jwt", kid = the root's thumbprint, served at /.well-known/keurmerk-keys.jwt. Its
 * payload is the JWKS of the key set (keys/keyset.h) with these members beside it:
 *   iss       the registry's url         iat, exp   from when and until when it is to be believed, seconds
 *   sequence  rises by one each time     root       the root's public key as a JWK, without a private half
 */
#ifndef KM_KEYS_MANIFEST_H
#define KM_KEYS_MANIFEST_H

#include "base/error.h"
#include "keys/jwk.h"
#include "keys/keyset.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_MANIFEST_MAX = 128 * 1024 }; /* bytes of the token */

struct km_manifest {
	struct km_keyset set;
	char root[KM_THUMBPRINT_TEXT];
	int64_t sequence;              /* from 1 */
	int64_t issued_at, expires_at; /* expires_at: last second */
};

/* Signs one; the token is the caller's (free). KM_INVALID where the root is one of the keys itself. */
enum km_error km_manifest_sign(const struct km_key *root, const struct km_keyset *set, int64_t sequence, int64_t now,
                               int64_t expires_at, char **ret_token, struct km_problem *problem);

/* Reads one, also with white space around it. That it is by the root that it names is proven; whether that is the root
 * that one knows is for the caller to see, as is the time. KM_TOO_LARGE, KM_MALFORMED, KM_INVALID, KM_UNPROVEN (type
 * "root-signature"). */
enum km_error km_manifest_read(const char *token, size_t len, struct km_manifest *ret_manifest,
                               struct km_problem *problem);

/* Whether `next` may take the place of `last`: of the same registry and root, with a higher sequence number.
 * KM_UNPROVEN, type "other-root", or "roll-back" where the number is not higher. */
enum km_error km_manifest_follows(const struct km_manifest *last, const struct km_manifest *next,
                                  struct km_problem *problem);

/* True where both list the same keys with the same moments. */
bool km_manifest_lists(const struct km_manifest *manifest, const struct km_keyset *set);

#endif
