/*
 * A finished reply on its way out: the one place where headers are made.
 */
#ifndef KM_WWW_SEND_H
#define KM_WWW_SEND_H

#include "www/reply.h"
#include "www/request.h"

#include <microhttpd.h>

/* Queues the reply and empties it; ret_status is what went out (304 where the client has it already). MHD_NO means that
 * the connection is lost. */
enum MHD_Result km_send(struct MHD_Connection *connection, const struct km_request *request, struct km_reply *reply,
                        unsigned *ret_status);

#endif
