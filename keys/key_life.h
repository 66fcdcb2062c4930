/*
 * The life of the registry's keys. Each purpose has a key that signs now; its successor is published before it signs,
 * and it stays published after, until nothing that it signed is valid any more. Which key signs follows from the
 * moments in the key set alone, so that signer, server and verifiers change over in the same second.
 *
 * All of these work on the folder (keys/key_folder.h), whole or not at all. A signer's process sees that the key set
 * has changed and opens the keys anew (keys/signer.h).
 */
#ifndef KM_KEYS_KEY_LIFE_H
#define KM_KEYS_KEY_LIFE_H

#include "base/clock.h"
#include "base/error.h"
#include "keys/form.h"
#include "keys/keyset.h"

#include <stdint.h>

enum {
	/* How long before it signs a key is published, where nobody says otherwise: whoever verifies offline has fetched
	 * the key set by then. */
	KM_KEY_LEAD_S = 7 * 24 * 3600,
	/* "At once" is this much later: what is being signed this very second is signed by the key it began with. */
	KM_KEY_SETTLE_S = 5,
	/* How long the private half is of use after its key's last second (keys/form.h). */
	KM_KEY_LINGER_S = KM_FORM_SKEW_S,
};

/* For all of these: `secret` is the passphrase of keys in files and, where it has no pin-source, the PIN of the token
 * (keys/key_folder.h); it may be NULL. `token` is where a new key comes to be: the pkcs11: URI of a token (or of one
 * key that is in it already), KM_KEY_IN_FILE for a file, or NULL, where the present key of its purpose is. */
#define KM_KEY_IN_FILE "none"

/* Makes the folder (mode 0700; an empty one may be there) with a key for each purpose, or nothing. KM_CONFLICT where
 * something is there. */
enum km_error km_key_life_begin(const char *folder, const char *url, const char *token, const char *secret, int64_t now,
                                struct km_problem *problem);

/* For the two below: a passphrase is that of the keys that are there, or a signer could not open all of them with one.
 * What km_key_load says of a wrong one; KM_CONFLICT, type "keys-not-encrypted", where they have none. */

/* Makes the next key of this purpose and publishes it. It signs from this moment on, but not sooner than
 * KM_KEY_SETTLE_S from now, and the present one until the second before. KM_CONFLICT, type "next-waiting", where there
 * is a next one already; "keys-full". */
enum km_error km_key_rotate(const char *folder, enum km_purpose purpose, const char *token, const char *secret,
                            int64_t from, const struct km_clock *clock, struct km_keyset_entry *ret_next,
                            struct km_problem *problem);

/* Says that somebody else may have had this key from this moment on: who verifies then refuses what it signed since.
 * Its private half is removed. Where it was the one that signs, or the next, a new one takes its place at once, also in
 * *ret_successor, whose thumbprint is empty where none was needed. Of a key that was revoked before, the earlier moment
 * stays. KM_ABSENT; KM_INVALID where the moment is still to come. */
enum km_error km_key_revoke(const char *folder, const char *thumbprint, const char *token, const char *secret,
                            int64_t at, const struct km_clock *clock, struct km_keyset_entry *ret_successor,
                            struct km_problem *problem);

/* Ends the publication of a key that signs no more. `needed_until`: the last second in which something that it signed
 * is valid, as far as the register knows; INT64_MAX for ever. KM_CONFLICT, type "key-in-use" or "key-needed". */
enum km_error km_key_retire(const char *folder, const char *thumbprint, const char *secret, int64_t needed_until,
                            const struct km_clock *clock, struct km_problem *problem);

#endif
