#include "registry/tlog_proof.h"

#include "registry/log.h"
#include "registry/log_checkpoint.h"

#include <string.h>

/* The proof of this entry, under this checkpoint. */
static enum km_error write_proof(struct km_store *store, uint64_t index, const struct km_checkpoint *checkpoint,
                                 const char *note, char **ret_text, size_t *ret_len, struct km_problem *problem)
{
	auto_tlog_proof struct km_tlog_proof proof = {.index = index, .note = note, .note_len = strlen(note)};
	enum km_error error = km_log_entry(store, index, &proof.extra, &proof.extra_len, problem);
	if (!error)
		error = km_log_inclusion(store, index, checkpoint->size, &proof.path, problem);
	if (error)
		return error;
	auto_buf struct km_buf buf = KM_BUF_EMPTY;
	km_tlog_proof_format(&proof, &buf);
	char *text = km_buf_take(&buf, ret_len);
	if (!text)
		return km_fail_memory(problem);
	*ret_text = text;
	return KM_OK;
}

enum km_error km_tlog_proof_of_mark(struct km_store *store, int64_t mark_id, char **ret_text, size_t *ret_len,
                                    struct km_problem *problem)
{
	struct km_checkpoint checkpoint;
	auto_free char *note = NULL;
	uint64_t index = 0;
	enum km_error error = km_log_checkpoint_last(store, &checkpoint, &note, problem);
	if (!error)
		error = km_log_mark_index(store, mark_id, checkpoint.size, &index, problem);
	return error ? error : write_proof(store, index, &checkpoint, note, ret_text, ret_len, problem);
}

enum km_error km_tlog_proof_of_credential(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES],
                                          char **ret_text, size_t *ret_len, struct km_problem *problem)
{
	struct km_checkpoint checkpoint;
	auto_free char *note = NULL;
	uint64_t index = 0;
	enum km_error error = km_log_checkpoint_last(store, &checkpoint, &note, problem);
	if (!error)
		error = km_log_credential_index(store, digest, checkpoint.size, &index, problem);
	return error ? error : write_proof(store, index, &checkpoint, note, ret_text, ret_len, problem);
}
