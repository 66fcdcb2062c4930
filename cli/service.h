/*
 * A registry that answers: signer and server together, until somebody says that it is enough.
 */
#ifndef KM_CLI_SERVICE_H
#define KM_CLI_SERVICE_H

#include "base/clock.h"
#include "base/error.h"
#include "cli/domain_probe.h"
#include "cli/home.h"
#include "cli/listen.h"

#include <stdbool.h>

struct km_service;

/* Blocks SIGTERM, SIGINT and SIGHUP in this thread and all that it starts: they wait for km_service_wait. */
void km_service_hold_signals(void);

struct km_service_options {
	const struct km_home *home;
	const char *passphrase_file; /* NULL for none */
	const struct km_clock *clock;
	bool clock_is_set; /* by a test: then the signer, which goes by the machine's clock, is not in a process of its own
	                    */
	struct km_listen listen;
	int listening;                          /* a socket to accept from instead (cli/supervisor.h); 0 for none */
	const struct km_probe_options *domains; /* how to look at domains; NULL: they are not looked at */
	const char *tls_cert, *tls_key;         /* www/server.h, as are the next two; NULL: plain HTTP */
	unsigned limit;                         /* 0: without end */
	const char *proxy;                      /* NULL for none */
};

/* Starts, and holds the signals. What the options point at is borrowed. Free with km_service_stop, which finishes what
 * was begun. */
enum km_error km_service_start(const struct km_service_options *options, struct km_service **ret_service,
                               struct km_problem *problem);

/* "127.0.0.1:8080", with the port that is in use; borrowed. */
const char *km_service_address(const struct km_service *service);

/* Tells the supervisor that it is ready, and waits for SIGTERM or SIGINT. On SIGHUP it looks at once at what others
 * have changed. */
void km_service_wait(struct km_service *service);
void km_service_stop(struct km_service *service);

#endif
