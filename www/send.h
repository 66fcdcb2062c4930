/*
 * A finished reply on its way out: the one place where headers are made.
 */
#ifndef KM_WWW_SEND_H
#define KM_WWW_SEND_H

#include "www/ready.h"
#include "www/reply.h"
#include "www/request.h"

#include <microhttpd.h>

/* Queues the reply and empties it; ret_status is what went out (304 where the client has it already). MHD_NO means that
 * the connection is lost.
 * ret_ready may be NULL; where this is a whole reply that may be kept, it gets the response and a hold of it. */
enum MHD_Result km_send(struct MHD_Connection *connection, const struct km_request *request, struct km_reply *reply,
                        unsigned *ret_status, struct km_ready_reply *ret_ready);

/* Queues one that was ready, or says that the client has it already. */
enum MHD_Result km_send_ready(struct MHD_Connection *connection, const struct km_ready_reply *ready,
                              unsigned *ret_status);

/* The headers that such a reply is sent with, but for those that depend on its bytes, for whoever sends them in our
 * place (www/mirror_rules.h). */
void km_send_headers(const struct km_request *request, const struct km_reply *reply,
                     void (*add_header)(void *context, const char *name, const char *value), void *context);

#endif
