/*
 * What a process that holds private keys can still do once it holds them: compute, and talk over one socket. And what
 * the one beside it, which talks with the world, never needs.
 */
#ifndef KM_KEYS_SANDBOX_H
#define KM_KEYS_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

/* From here on this process writes no core dump, cannot be traced by its equals, gains no rights, and is killed
 * (SIGSYS) at any system call but those for memory, time, randomness, and sending and receiving over `fd`. There is no
 * way back. KM_UNAVAILABLE, type "sandbox", where the kernel does not do that.
 *
 * `with_token`: it also holds the module of a token (keys/token.h), which may read files and speak over what it has opened
 * by now. It still opens nothing to write to, and no socket, and starts nothing. */
enum km_error km_sandbox_enter(int fd, bool with_token, struct km_problem *problem);

/* From here on this process, with all that it starts, writes no core dump, cannot be looked into by its equals, gains
 * no rights, and is killed (SIGSYS) where it tries to look into another process, to change the kernel, or to get at
 * what only an administrator does. Before it has threads. It can still open files and start programs: the signer anew,
 * for one. KM_UNAVAILABLE, type "sandbox". Nothing happens in a build with sanitizers, which look into the process. */
enum km_error km_sandbox_harden(struct km_problem *problem);

#endif
