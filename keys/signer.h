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

#include <stddef.h>
#include <sys/types.h>

struct km_signer;

/* A signer in a process of its own: what that is and whom it serves. */
struct km_signer_process {
	const char *program;         /* "/proc/self/exe": one whose main calls km_signer_process_main */
	const char *folder;          /* of the keys */
	const char *passphrase_file; /* read by the signer alone, at each start; NULL where there is none */
	uid_t uid;                   /* who it becomes, where it starts as root; 0: stays who it is */
	gid_t gid;
	unsigned reply_timeout_ms; /* 0: 5 seconds */
	char **environment;        /* of ours, for the module of a token (keys/token.h); goes nowhere without one; borrowed */
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

/* Starts a process that opens the keys and signs for this one, in whose memory no private key and no passphrase comes.
 * It gives up all its rights (keys/sandbox.h) and looks at what it is asked to sign by itself, with the machine's
 * clock. Where the key set has changed, it opens the keys anew before it signs. Where it dies, the call that finds out
 * gives KM_UNAVAILABLE and the next one starts a new process, at most one a second by `clock`; but none after one to which
 * a token said that its PIN is wrong, or it would be locked soon. The problems of
 * km_signer_open, and KM_UNAVAILABLE. Free with km_signer_close. */
enum km_error km_signer_start(const struct km_signer_process *process, const struct km_clock *clock,
                              struct km_signer **ret_signer, struct km_problem *problem);

/* The id of that process; 0 where the keys are in this one, or where it is gone for now. */
pid_t km_signer_process_id(struct km_signer *signer);

/* The published key set of the folder; needs no private key. */
enum km_error km_signer_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem);

/* The same under the root's signature (keys/manifest.h), as it is in the folder; the caller's (free). KM_ABSENT, type
 * "no-manifest", where there is none. */
enum km_error km_signer_manifest(const char *folder, char **ret_token, struct km_problem *problem);

/* Signs a payload (JSON object) of this form as a compact JWS, or as a CWT (KM_FORM_QR); the caller's (free). KM_INVALID where the payload is not
 * of that form, KM_UNAVAILABLE where the signer is gone for now. Any thread. */
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

#endif
