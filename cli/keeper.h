/*
 * The first process of a registry that answers. It starts the others and keeps them going, and does nothing else: it
 * has no key in its memory, and reads nothing that comes from outside. So what starting takes (programs, the folder of
 * keys, the supervisor's socket) need not be left to the one that reads what anybody sends.
 *
 *     the keeper ── starts ──> the signer     keys/signer_process.h: holds the keys
 *               ├── forks  ──> the server     cli/service.h: answers, and asks the signer
 *               └── forks  ──> the look-out   cli/domain_watch.h: looks whose the providers' domains are
 *
 * A signer that dies is started anew as soon as the server asks for one; its socket goes to the server over the line
 * (cli/line.h). A server that dies is the end of all, with a failure: whoever started the keeper starts everything
 * anew, with other addresses in memory for whoever had it die, and counts how often (Restart= in the unit; the
 * supervisor holds the socket meanwhile). A look-out that dies is started anew after a minute. Where the keeper dies,
 * so do the others.
 */
#ifndef KM_CLI_KEEPER_H
#define KM_CLI_KEEPER_H

#include "base/error.h"
#include "cli/service.h"

/* Starts, and waits for SIGTERM or SIGINT, which it passes on, as it does SIGHUP; the supervisor is told how things
 * are. Nothing else may be open that must not be in two processes: it forks. The problems of km_service_run; KM_IO,
 * type "server-gone", where the server was killed. */
enum km_error km_keeper_run(const struct km_service_options *options, struct km_problem *problem);

#endif
