/*
 * Bytes that many replies share: costly to make, and the same for everybody. Kept for a little while in both forms that
 * they are sent in, so that a crowd, or somebody who means harm, costs no more than one reader.
 */
#ifndef KM_WWW_SHARED_H
#define KM_WWW_SHARED_H

#include "base/buf.h"
#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_ETAG_DIGEST_TEXT = 25 }; /* 24 characters of base64url and a NUL */

struct km_shared {
	atomic_int users;
	char *bytes;
	size_t len;
	char *packed; /* gzip; NULL where that does not help */
	size_t packed_len;
	char digest[KM_ETAG_DIGEST_TEXT];
	int64_t made_at, until; /* when it was made, and until when it is given out, seconds */
	uint64_t sequence;      /* what its maker said with it */
};

/* A place for one. Zero it, then km_shelf_open. */
struct km_shelf {
	pthread_mutex_t lock;
	struct km_shared *shared; /* NULL before the first */
	uint64_t sequence;        /* set by a maker, while it makes, where it has one */
	bool has_lock;
};

enum km_error km_shelf_open(struct km_shelf *shelf, struct km_problem *problem);
void km_shelf_close(struct km_shelf *shelf);

/* What stands there, or, where that is too old, what `make` adds to the buffer, which then stands there for ttl_s.
 * Others who want it wait, and do not make it a second time. Give it back with km_shared_done. */
enum km_error km_shelf_take(struct km_shelf *shelf, int64_t now, int ttl_s,
                            enum km_error (*make)(void *context, struct km_buf *bytes, struct km_problem *problem),
                            void *context, struct km_shared **ret_shared, struct km_problem *problem);

/* NULL is allowed. */
void km_shared_done(struct km_shared *shared);

/* The same bytes in gzip's form; false (and nothing changed) where that does not make them fewer. */
bool km_gzip(const char *bytes, size_t len, struct km_buf *ret_packed);

/* The part of an entity tag that stands for these bytes. */
enum km_error km_etag_digest(const void *bytes, size_t len, char ret_text[static KM_ETAG_DIGEST_TEXT]);

#endif
