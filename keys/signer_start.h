/*
 * Starts the signer's process, one after another, and hands out the other end of its socket. Whoever does this needs to
 * start programs, but has no key in its memory and reads nothing that came from outside; the server, which asks the
 * signer (keys/signer.h), needs no such right then.
 */
#ifndef KM_KEYS_SIGNER_START_H
#define KM_KEYS_SIGNER_START_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct km_signer_process {
	const char *program;         /* "/proc/self/exe": one whose main calls km_signer_process_main */
	const char *folder;          /* of the keys */
	const char *passphrase_file; /* read by the signer alone, at each start; NULL where there is none */
	uid_t uid;                   /* who it becomes, where it starts as root; 0: stays who it is */
	gid_t gid;
	bool logs_signatures; /* on standard error, which it has from us: a line for each (keys/signer_process.h) */
	char **environment;   /* of ours, for the module of a token (keys/token.h); goes nowhere without one; borrowed */
};

struct km_signer_starter; /* one thread at a time */

/* Starts nothing yet. Free with km_signer_starter_free (NULL is allowed), which ends the process. */
enum km_error km_signer_starter_new(const struct km_signer_process *process, struct km_signer_starter **ret_starter,
                                    struct km_problem *problem);
void km_signer_starter_free(struct km_signer_starter *starter);

/* Ends the process, where there is one, and starts a new one; does not wait until that is ready, which it says itself
 * (keys/signer_process.h). The end of its socket is the caller's (close): with the last copy of it the process ends.
 * KM_UNAVAILABLE, type "signer-start". Safe in a process with threads: it is the program started anew, not a fork. */
enum km_error km_signer_starter_renew(struct km_signer_starter *starter, int *ret_fd, struct km_problem *problem);

/* The id of the process that was started last; 0 where there was none. */
pid_t km_signer_starter_process(const struct km_signer_starter *starter);

#endif
