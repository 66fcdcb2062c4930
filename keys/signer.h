/*
 * The one who signs for the registry. It alone holds the registry's private keys, one for each purpose, and signs only
 * typed forms (keys/form.h), each with the key of that form's purpose. Behind this header it may live in this process
 * or in another.
 */
#ifndef KM_KEYS_SIGNER_H
#define KM_KEYS_SIGNER_H

#include "base/clock.h"
#include "base/error.h"
#include "keys/form.h"
#include "keys/keyset.h"

#include <stdbool.h>
#include <stddef.h>

struct km_signer;

/* Where the socket of a signer in a process of its own comes from. */
struct km_signer_source {
	/* Has a process started (keys/signer_start.h) in place of the one before; its socket is the caller's (close). */
	enum km_error (*open)(void *context, int *ret_fd, struct km_problem *problem);
	void *context;
	const char *folder;        /* of the keys: by its public half one sees when they have changed */
	unsigned reply_timeout_ms; /* 0: 5 seconds */
};

/* Makes a key for each purpose under FOLDER/ (made with mode 0700) and the public key set (keys/key_folder.h), for the
 * registry at this url. KM_CONFLICT where there are keys already. passphrase may be NULL. keys/key_life.h has the rest
 * of their life. */
enum km_error km_signer_init(const char *folder, const char *url, const char *passphrase, int64_t now,
                             struct km_problem *problem);

/* Opens the keys of such a folder in this process: for commands that do one thing. Refuses one with permissions that
 * are too open. Free with km_signer_close. */
enum km_error km_signer_open(const char *folder, const char *passphrase, const struct km_clock *clock,
                             struct km_signer **ret_signer, struct km_problem *problem);
void km_signer_close(struct km_signer *signer);

/* Whether the module of a token is in this process, with all that such a module does. */
bool km_signer_in_token(const struct km_signer *signer);

/* Has a process open the keys and sign for this one, in whose memory no private key and no passphrase comes. It has
 * given up all its rights (keys/sandbox.h) and looks at what it is asked to sign by itself, with the machine's clock.
 * Where the key set has changed, another one opens the keys anew before it signs. Where it dies or hangs, the call that
 * finds out gives KM_UNAVAILABLE and the next one has a new process started, at most one a second by `clock`; but
 * none after one to which a token said that its PIN is wrong, or it would be locked soon. What the source points at is
 * borrowed. The problems of km_signer_open, those of the source, and KM_UNAVAILABLE. Free with km_signer_close. */
enum km_error km_signer_start(const struct km_signer_source *source, const struct km_clock *clock,
                              struct km_signer **ret_signer, struct km_problem *problem);

/* The published key set of the folder; needs no private key. */
enum km_error km_signer_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem);

/* The same under the root's signature (keys/manifest.h), as it is in the folder; the caller's (free). KM_ABSENT, type
 * "no-manifest", where there is none. */
enum km_error km_signer_manifest(const char *folder, char **ret_token, struct km_problem *problem);

/* Signs a payload (JSON object) of this form as a compact JWS, or as a CWT (KM_FORM_QR); the caller's (free).
 * KM_INVALID where the payload is not of that form, KM_UNAVAILABLE where the signer is gone for now. Any thread. */
enum km_error km_signer_sign(struct km_signer *signer, enum km_form form, const char *payload, size_t len,
                             char **ret_token, struct km_problem *problem);

/* Signs a C2SP checkpoint body (origin, size, root, each with its newline) as a signed note, with the log's key; the
 * whole note is the caller's (free). */
enum km_error km_signer_checkpoint(struct km_signer *signer, const char *body, size_t len, char **ret_note,
                                   struct km_problem *problem);

/* Signs an embedded proof (keys/proof.h) of a credential that is given as canonical N-Quads; the text of its member
 * `proof` is the caller's (free). */
enum km_error km_signer_prove(struct km_signer *signer, const char *document, size_t len, char **ret_proof,
                              struct km_problem *problem);

/* Many of those at once, which costs less than one after another. All or, on an error, none: what the first that was
 * refused has wrong is told. */
struct km_signing {
	bool proof;        /* as km_signer_prove, and not a payload of this form */
	enum km_form form; /* where it is no proof */
	const char *bytes; /* borrowed */
	size_t len;
	char *text; /* NULL before; then the token or proof, the caller's (free) */
};
enum { KM_SIGNINGS_MAX = 64 };
enum km_error km_signer_sign_all(struct km_signer *signer, struct km_signing *signings, size_t len,
                                 struct km_problem *problem);

#endif
