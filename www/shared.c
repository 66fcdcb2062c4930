#include "www/shared.h"

#include "base/digest.h"
#include "base/encode.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { GZIP_WINDOW_BITS = 15 + 16, GZIP_LEVEL = 4, GZIP_MEMORY = 8, DIGEST_SHOWN_BYTES = 18 };

bool km_gzip(const char *bytes, size_t len, struct km_buf *ret_packed)
{
	z_stream stream = {0};
	if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	uLong bound = deflateBound(&stream, (uLong)len);
	char *packed = len <= UINT32_MAX / 2 ? malloc(bound) : NULL;
	int code = Z_MEM_ERROR;
	if (packed) {
		stream.next_in = (Bytef *)(uintptr_t)bytes;
		stream.avail_in = (uInt)len;
		stream.next_out = (Bytef *)packed;
		stream.avail_out = (uInt)bound;
		code = deflate(&stream, Z_FINISH);
	}
	size_t packed_len = stream.total_out;
	deflateEnd(&stream);
	if (code != Z_STREAM_END || packed_len >= len) {
		free(packed);
		return false;
	}
	*ret_packed = (struct km_buf){.data = packed, .len = packed_len, .capacity = bound};
	return true;
}

enum km_error km_etag_digest(const void *bytes, size_t len, char ret_text[static KM_ETAG_DIGEST_TEXT])
{
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(bytes, len, digest);
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, digest, DIGEST_SHOWN_BYTES, &text);
	if (text.failed)
		return km_fail_memory(NULL);
	memcpy(ret_text, text.data, KM_ETAG_DIGEST_TEXT);
	return KM_OK;
}

enum km_error km_shelf_open(struct km_shelf *shelf, struct km_problem *problem)
{
	shelf->has_lock = pthread_mutex_init(&shelf->lock, NULL) == 0;
	return shelf->has_lock ? KM_OK : km_fail_memory(problem);
}

void km_shelf_close(struct km_shelf *shelf)
{
	km_shared_done(shelf->shared);
	if (shelf->has_lock)
		pthread_mutex_destroy(&shelf->lock);
}

void km_shared_done(struct km_shared *shared)
{
	if (!shared || atomic_fetch_sub(&shared->users, 1) > 1)
		return;
	free(shared->bytes);
	free(shared->packed);
	free(shared);
}

/* Takes the bytes over. */
static enum km_error put(struct km_shelf *shelf, int64_t now, int ttl_s, struct km_buf *bytes,
                         struct km_problem *problem)
{
	struct km_shared *shared = calloc(1, sizeof *shared);
	if (!shared)
		return km_fail_memory(problem);
	atomic_init(&shared->users, 1);
	shared->bytes = km_buf_take(bytes, &shared->len);
	if (!shared->bytes || km_etag_digest(shared->bytes, shared->len, shared->digest) != KM_OK) {
		km_shared_done(shared);
		return km_fail_memory(problem);
	}
	struct km_buf packed = KM_BUF_EMPTY;
	if (km_gzip(shared->bytes, shared->len, &packed)) {
		shared->packed = packed.data;
		shared->packed_len = packed.len;
	}
	shared->made_at = now;
	shared->until = now + ttl_s;
	shared->sequence = shelf->sequence;
	km_shared_done(shelf->shared);
	shelf->shared = shared;
	return KM_OK;
}

static enum km_error renew(struct km_shelf *shelf, int64_t now, int ttl_s,
                           enum km_error (*make)(void *context, struct km_buf *bytes, struct km_problem *problem),
                           void *context, struct km_problem *problem)
{
	/* A clock that was set back makes old what seems to come from the future. */
	if (shelf->shared && now < shelf->shared->until && shelf->shared->until <= now + ttl_s)
		return KM_OK;
	auto_buf struct km_buf bytes = KM_BUF_EMPTY;
	enum km_error error = make(context, &bytes, problem);
	return error ? error : put(shelf, now, ttl_s, &bytes, problem);
}

enum km_error km_shelf_take(struct km_shelf *shelf, int64_t now, int ttl_s,
                            enum km_error (*make)(void *context, struct km_buf *bytes, struct km_problem *problem),
                            void *context, struct km_shared **ret_shared, struct km_problem *problem)
{
	pthread_mutex_lock(&shelf->lock);
	enum km_error error = renew(shelf, now, ttl_s, make, context, problem);
	if (!error) {
		atomic_fetch_add(&shelf->shared->users, 1);
		*ret_shared = shelf->shared;
	}
	pthread_mutex_unlock(&shelf->lock);
	return error;
}
