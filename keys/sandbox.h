/*
 * What a process that holds private keys can still do once it holds them: compute, and talk over one socket.
 */
#ifndef KM_KEYS_SANDBOX_H
#define KM_KEYS_SANDBOX_H

#include "base/error.h"

/* From here on this process writes no core dump, cannot be traced by its equals, gains no rights, and is killed
 * (SIGSYS) at any system call but those for memory, time, randomness, and sending and receiving over `fd`. There is no
 * way back. KM_UNAVAILABLE, type "sandbox", where the kernel does not do that. */
enum km_error km_sandbox_enter(int fd, struct km_problem *problem);

#endif
