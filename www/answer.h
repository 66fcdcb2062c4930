/*
 * The reply to a GET without a connection: by the very function that serves it over HTTP.
 */
#ifndef KM_WWW_ANSWER_H
#define KM_WWW_ANSWER_H

#include "base/error.h"
#include "www/reply.h"
#include "www/request.h"

/* `target` is path and query, as sent; the language is that of its ?lang=, or Dutch. The store is inside a read
 * transaction. Where the handler fails, its error. Empty the reply with km_reply_done. */
enum km_error km_answer(struct km_site *site, struct km_store *store, const char *target, int64_t now,
                        struct km_reply *ret_reply, struct km_problem *problem);

/* The bytes of a reply, borrowed from it. */
const char *km_answer_bytes(const struct km_reply *reply, size_t *ret_len);

#endif
