/*
 * The server's part of a registry that answers (cli/keeper.h): started by the keeper, it asks that for a signer, gives
 * up all rights that answering does not take, and answers until it is told to stop.
 */
#ifndef KM_CLI_SERVICE_H
#define KM_CLI_SERVICE_H

#include "base/clock.h"
#include "base/error.h"
#include "cli/domain_probe.h"
#include "cli/home.h"
#include "cli/listen.h"

#include <signal.h>
#include <stdbool.h>

/* SIGTERM, SIGINT and SIGHUP: those that mean something to us. */
sigset_t km_service_signals(void);

/* Blocks them in this thread and all that it starts: they wait until somebody asks for them. */
void km_service_hold_signals(void);

struct km_service_options {
	const struct km_home *home;
	const char *passphrase_file; /* NULL for none */
	const struct km_clock *clock;
	/* The file of a clock that a test sets: then the signer, which goes by the machine's clock, is not in a process of
	 * its own. NULL for none. */
	const char *clock_file;
	struct km_listen listen;
	int listening;                          /* a socket to accept from instead (cli/supervisor.h); 0 for none */
	const struct km_probe_options *domains; /* how to look at domains; NULL: they are not looked at */
	const char *tls_cert, *tls_key;         /* www/server.h, as are the next two; NULL: plain HTTP */
	unsigned limit;                         /* 0: without end */
	const char *proxy;                      /* NULL for none */
	bool logs_signatures;                   /* the signer, each of them */
	unsigned watchdog_ms;                   /* how often, at the least, it says that it does not hang; 0: never */
	/* Called once it answers, with "127.0.0.1:8080": the port that is in use. NULL: nobody. */
	void (*announce)(void *context, const char *address);
	void *announce_context;
};

/* Serves until SIGTERM or SIGINT has come, and what was begun is finished; on SIGHUP it looks at once at what others
 * have changed. `line`: to the keeper. What the options point at is borrowed. */
enum km_error km_service_run(const struct km_service_options *options, int line, struct km_problem *problem);

/* One line on standard error; `ours`: where the fault is ours, which an operator does not sleep through. */
void km_service_log(const struct km_service_options *options, bool ours, const char *line);

#endif
