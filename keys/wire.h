/*
 * Messages between the server and the signer's process: a kind, a length and bytes, over a stream socket pair. Both
 * ends are the same program on the same machine, so numbers are in its own order.
 */
#ifndef KM_KEYS_WIRE_H
#define KM_KEYS_WIRE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct km_message {
	uint32_t kind;
	char *bytes; /* NUL-terminated; owned: free */
	size_t len;
};

/* Sends one whole; raises no SIGPIPE. KM_UNAVAILABLE, type "signer-gone", where the other end is gone, or takes longer
 * than the socket's SO_SNDTIMEO. */
enum km_error km_message_send(int fd, uint32_t kind, const void *bytes, size_t len, struct km_problem *problem);

/* Waits for one of at most max_bytes, or for SO_RCVTIMEO. KM_ABSENT, type "end", where the other end closed between two
 * messages; KM_UNAVAILABLE, type "signer-gone"; KM_TOO_LARGE, after which the stream is of no more use. */
enum km_error km_message_receive(int fd, size_t max_bytes, struct km_message *ret_message, struct km_problem *problem);

#endif
