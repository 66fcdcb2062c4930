/*
 * The registry over HTTP: libmicrohttpd, epoll, a pool of threads. Each thread reads through a connection of its own;
 * changes go through one issuer, one at a time.
 */
#ifndef KM_WWW_SERVER_H
#define KM_WWW_SERVER_H

#include "badge/issuer.h"
#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct km_server;

struct km_server_options {
	const char *address; /* "127.0.0.1", "::1", "0.0.0.0" */
	uint16_t port;       /* 0: any free one */
	int listening;       /* socket to accept from instead of these two, taken over where this starts; 0 for none */
	unsigned threads;    /* 0: as many as processors */
	const char *tls_cert,
		*tls_key;       /* files (PEM): its certificate with those above it, and its key; NULL: plain HTTP */
	unsigned limit;     /* costly requests of one visitor in a minute (www/limit.h); 0: without end */
	const char *proxy;  /* address of the proxy before it, which says whom it speaks for; NULL for none */
	unsigned upkeep_ms; /* how often what time asks for is done, at the least; 0: every KM_UPKEEP_MS */
	const char *database;
	const char *keys;         /* their folder (keys/key_folder.h) */
	struct km_signer *signer; /* borrowed, as is the clock */
	const struct km_clock *clock;
	/* Called once all is open that only the start needs, before there is a thread and before the first byte from
	 * outside: to give up rights. NULL: nothing is given up. */
	enum km_error (*confine)(void *context, struct km_problem *problem);
	void *confine_context;
	/* One line for each thing that the operator should know; `ours` where the fault is ours. Any thread. */
	void (*log)(void *context, bool ours, const char *line);
	void *log_context;
};

/* Starts and answers at once. The port in use is in ret_port. Free with km_server_stop, which finishes what was begun.
 */
enum km_error km_server_start(const struct km_server_options *options, struct km_server **ret_server,
                              uint16_t *ret_port, struct km_problem *problem);
void km_server_stop(struct km_server *server);

/* Has what an operator's commands have changed, and keys that have, looked at now rather than within half a minute. */
void km_server_look(struct km_server *server);

/* False where the server hangs: where nothing that time asks for has been done for minutes. Never false because there
 * are many visitors. */
bool km_server_well(struct km_server *server);

#endif
