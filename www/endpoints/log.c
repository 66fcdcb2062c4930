#include "registry/log.h"
#include "base/digest.h"
#include "base/encode.h"
#include "registry/log_checkpoint.h"
#include "registry/tlog_proof.h"
#include "www/endpoints.h"

#include <string.h>

/* /log/checkpoint, /log/tile/…: the transparency log as C2SP tlog-tiles lays it out. */

enum { CHECKPOINT_MAX_AGE_S = 5 };

static enum km_error take(struct km_reply *reply, char *bytes, size_t len, struct km_problem *problem)
{
	km_buf_add(&reply->body, bytes, len);
	free(bytes);
	return reply->body.failed ? km_fail_memory(problem) : KM_OK;
}

KM_HANDLER(km_get_log_checkpoint)
{
	char *note;
	struct km_checkpoint checkpoint;
	enum km_error error = km_log_checkpoint_last(request->store, &checkpoint, &note, problem);
	if (error)
		return error;
	reply->type = km_type_text;
	reply->max_age_s = CHECKPOINT_MAX_AGE_S;
	return take(reply, note, strlen(note), problem);
}

/* That the log names the credential with this digest (c2sp.org/tlog-proof@v1): when it was there at the latest. */
KM_HANDLER(km_get_log_credential)
{
	uint8_t digest[KM_SHA256_BYTES];
	const char *text = km_request_path_value(request, "digest");
	char *proof;
	size_t len;
	if (!km_decode_exact(KM_BASE64URL, text, strlen(text), digest, sizeof digest))
		return km_fail(problem, KM_ABSENT, "no-such-credential",
		               "expected /log/credential/ and the base64url of the SHA-256 of a credential's compact JWS");
	enum km_error error = km_tlog_proof_of_credential(request->store, digest, &proof, &len, problem);
	if (error)
		return error;
	reply->type = km_type_text;
	reply->max_age_s = CHECKPOINT_MAX_AGE_S;
	return take(reply, proof, len, problem);
}

/* Nothing that no checkpoint has signed is public; what one has signed never changes. */
KM_HANDLER(km_get_log_tile)
{
	struct km_tile tile;
	struct km_checkpoint checkpoint;
	char *bytes;
	size_t len;
	if (!km_tile_parse(km_request_path_value(request, "tile"), &tile))
		return km_fail(problem, KM_ABSENT, "no-such-tile",
		               "expected the address of a tile of the log, such as /log/tile/0/000.p/7 (c2sp.org/tlog-tiles)");
	enum km_error error = km_log_checkpoint_last(request->store, &checkpoint, NULL, problem);
	if (!error)
		error = km_log_tile(request->store, &tile, checkpoint.size, &bytes, &len, problem);
	if (error)
		return error;
	reply->type = "application/octet-stream";
	reply->max_age_s = KM_CACHE_FOREVER;
	return take(reply, bytes, len, problem);
}
