/*
 * Who is connected, and with what since when; so that nobody keeps others out by being slow, or by holding many
 * connections open. Each step of a request has a time in which it must be over, however steadily it trickles. And where
 * all places are taken, a new one is not turned away, but takes the place of another: of those from the address that
 * holds most, the one that has waited longest without a request. Behind a proxy, which connects for all, that is the
 * one that has waited longest.
 */
#ifndef KM_WWW_CONNECTIONS_H
#define KM_WWW_CONNECTIONS_H

#include "base/error.h"
#include "www/visitor.h"

#include <stddef.h>
#include <stdint.h>

enum km_step {
	KM_STEP_HEAD,   /* nothing, or a part of what comes before a body */
	KM_STEP_BODY,   /* a part of the body */
	KM_STEP_ANSWER, /* a part of the answer is still to be sent */
	KM_STEPS
};

/* In seconds; the last is for whoever fetches the whole register over a slow line. */
enum { KM_HEAD_MAX_S = 30, KM_BODY_MAX_S = 60, KM_ANSWER_MAX_S = 600 };

struct km_connections;
struct km_connection;

/* For `max` at a time. Free with km_connections_free (NULL is allowed) once all have left. All calls may come from any
 * thread; `now` is in seconds of a clock that nobody sets. */
enum km_error km_connections_new(size_t max, struct km_connections **ret_connections, struct km_problem *problem);
void km_connections_free(struct km_connections *connections);

/* Somebody has connected, and is at the first step. `fd` stays open until km_connections_leave; to cut it off, it is
 * shut down, which whoever waits for it notices. NULL without memory. */
struct km_connection *km_connections_enter(struct km_connections *connections, int fd, const struct km_visitor *peer,
                                           int64_t now);
void km_connections_leave(struct km_connections *connections, struct km_connection *connection);

/* It is at this step now; after the last comes the first again. */
void km_connections_step(struct km_connections *connections, struct km_connection *connection, enum km_step step,
                         int64_t now);

/* Cuts off all whose time for a step is over; at most once a second, so that it may be called for each request. */
void km_connections_tend(struct km_connections *connections, int64_t now);

struct km_connections_count {
	size_t open;
	uint64_t slow, displaced; /* that were cut off since the start */
};

struct km_connections_count km_connections_count(struct km_connections *connections);

#endif
