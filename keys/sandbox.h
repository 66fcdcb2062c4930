/*
 * What each process of a registry can still do once it has begun its work. The signer, which holds private keys:
 * compute, and talk over one socket. The server, which reads what comes from outside: answer, and read and write the
 * register. The keeper, which starts both: what starting takes.
 */
#ifndef KM_KEYS_SANDBOX_H
#define KM_KEYS_SANDBOX_H

#include "base/error.h"
#include "keys/landlock.h"

#include <stdbool.h>

/* From here on this process writes no core dump, cannot be traced by its equals, gains no rights, and is killed
 * (SIGSYS) at any system call but those for memory, time, randomness, and sending and receiving over `fd`. There is no
 * way back. KM_UNAVAILABLE, type "sandbox", where the kernel does not do that.
 *
 * `with_token`: it also holds the module of a token (keys/token.h), which may read files and speak over what it has
 * opened by now. It still opens nothing to write to, and no socket, and starts nothing. */
enum km_error km_sandbox_enter(int fd, bool with_token, struct km_problem *problem);

/* The same for the server: it is killed at any system call but those that answering takes. It opens no file but these,
 * starts no program and no process, and makes no socket and no connection; its threads are begun after this,
 * for which it has none yet. `connects`: it may make connections after all, as one whose register is in a database
 * elsewhere must. ret_fenced: false where this kernel has no Landlock, and files are not kept from it.
 * KM_UNAVAILABLE, type "sandbox". Nothing happens in a build with sanitizers, which do more; ret_fenced is true there.
 */
enum km_error km_sandbox_serve(const struct km_landlock_files *files, bool connects, bool *ret_fenced,
                               struct km_problem *problem);

/* The same for the keeper: with all that it starts, it is killed where it tries to look into another process, to change
 * the kernel, or to get at what only an administrator does. It can still open files and start programs. KM_UNAVAILABLE,
 * type "sandbox". Nothing happens in a build with sanitizers. */
enum km_error km_sandbox_harden(struct km_problem *problem);

#endif
