/*
 * Replies that are ready to be sent: finished once, and given to everybody who asks for the same within some seconds.
 * Each thread has its own, so that there is no lock; what changes in the register is dropped by exact key before it is
 * asked for again, and no reply is given beyond the moment at which its mark changes by itself (www/reply.h sees to
 * that).
 */
#ifndef KM_WWW_READY_H
#define KM_WWW_READY_H

#include "base/error.h"
#include "registry/store.h"

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_READY_S = 10, /* for so long it is given out */
	KM_READY_LOOK_US = 200, /* so often it is looked at what other processes have changed; a commit takes longer */
	KM_READY_ETAG_TEXT = 40,
	KM_READY_BYTES = 24 << 20, /* of each thread, bodies and headers together */
};

struct km_ready;

struct km_ready_reply {
	struct MHD_Response *response; /* 200, with its headers */
	char etag[KM_READY_ETAG_TEXT]; /* with its quotes */
};

/* NULL without memory. Free with km_ready_free, which accepts NULL. */
struct km_ready *km_ready_new(size_t bytes_max);
void km_ready_free(struct km_ready *ready);

/* Drops what the register no longer says. Before anything is looked for, on the store of this thread. On an error all
 * is dropped. */
enum km_error km_ready_follow(struct km_ready *ready, struct km_store *store, struct km_problem *problem);

/* The reply for this key, borrowed until the next call; NULL where there is none, or none that is young enough. */
const struct km_ready_reply *km_ready_find(struct km_ready *ready, const char *key, int64_t now);

/* Keeps one, and its own hold of the response. `number`: the mark that it is about; "": all of them. `bytes`: of its
 * body. Where there is no memory for it, it is not kept. */
void km_ready_put(struct km_ready *ready, const char *key, const char *number, const struct km_ready_reply *reply,
                  size_t bytes, int64_t now);

#endif
