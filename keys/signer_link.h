/*
 * The server's end of the link with the signer's process: asks it, and has it started anew when it has died.
 */
#ifndef KM_KEYS_SIGNER_LINK_H
#define KM_KEYS_SIGNER_LINK_H

#include "base/clock.h"
#include "base/error.h"
#include "keys/signer.h"

#include <stddef.h>
#include <stdint.h>

struct km_signer_link; /* one thread at a time */

/* Has the process started and waits until it has its keys, or gives its reason why not. */
enum km_error km_signer_link_start(const struct km_signer_source *source, const struct km_clock *clock,
                                   struct km_signer_link **ret_link, struct km_problem *problem);

/* Lets go of the process, which ends then; NULL is allowed. */
void km_signer_link_close(struct km_signer_link *link);

/* Asks for a signature (keys/signer_process.h); the reply is the caller's (free). Where the key set has changed, a new
 * process opens the keys first. KM_UNAVAILABLE, type "signer-gone", where the process died or did not answer: the next
 * call starts a new one, but not more than once a second. */
enum km_error km_signer_link_ask(struct km_signer_link *link, uint32_t kind, const char *bytes, size_t len,
                                 char **ret_reply, struct km_problem *problem);

/* The same for many: some are on their way together, so that neither end waits for the other. All of them, or, on an
 * error, none: then no reply is left. */
struct km_question {
	uint32_t kind;
	const char *bytes; /* borrowed */
	size_t len;
	char *reply; /* NULL before; then the caller's (free) */
};
enum km_error km_signer_link_ask_all(struct km_signer_link *link, struct km_question *questions, size_t len,
                                     struct km_problem *problem);

#endif
