/*
 * The line between the keeper and the server that it started (cli/keeper.h): short messages over a socket pair, one of
 * which may carry a descriptor. Both ends are the same program, so a message is in its own form; but the server reads
 * what comes from outside, and the keeper believes it no more than it must.
 */
#ifndef KM_CLI_LINE_H
#define KM_CLI_LINE_H

#include "base/error.h"

#include <stdbool.h>

enum km_line_word {
	KM_LINE_READY,  /* server: it answers; or again, after it was told to look */
	KM_LINE_WELL,   /* server: it does not hang */
	KM_LINE_SIGNER, /* server: a new signer, please. Keeper: here is its socket, or the problem */
	KM_LINE_FAILED, /* server: it ends, and this is the problem */
	KM_LINE_WORDS
};

struct km_line_message {
	enum km_line_word word;
	struct km_problem problem; /* code KM_OK where there is none */
};

/* Makes both ends, closed on exec; neither blocks for longer than some seconds. KM_UNAVAILABLE, type "line". */
enum km_error km_line_make(int ret_ends[static 2], struct km_problem *problem);

/* problem: NULL for none. fd: goes along as a copy; -1 for none. KM_UNAVAILABLE where nobody listens. */
enum km_error km_line_say(int line, enum km_line_word word, const struct km_problem *problem, int fd);

/* Waits for one for some seconds, or, with `now`, not at all. ret_fd: the caller's (close); -1 where none came along.
 * KM_ABSENT where none has come, KM_MALFORMED for one that is none, KM_UNAVAILABLE where the other end is gone. */
enum km_error km_line_hear(int line, bool now, struct km_line_message *ret_message, int *ret_fd);

/* Says the word, and waits for what the other end answers; an answer that came too late for an earlier question is
 * thrown away first, with its descriptor. For an end to which only answers come. ret_fd, and results, as km_line_hear.
 */
enum km_error km_line_ask(int line, enum km_line_word word, struct km_line_message *ret_message, int *ret_fd);

#endif
