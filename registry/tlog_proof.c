#include "registry/tlog_proof.h"

#include "base/encode.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";

void km_tlog_proof_format(const struct km_tlog_proof *proof, struct km_buf *buf)
{
	km_buf_add_text(buf, first_line);
	if (proof->extra_len) {
		km_buf_add_text(buf, "extra ");
		km_encode(KM_BASE64, proof->extra, proof->extra_len, buf);
		km_buf_add_char(buf, '\n');
	}
	km_buf_add_format(buf, "index %" PRIu64 "\n", proof->index);
	for (size_t i = 0; i < proof->path.len; i++) {
		km_encode(KM_BASE64, proof->path.hashes[i].bytes, KM_SHA256_BYTES, buf);
		km_buf_add_char(buf, '\n');
	}
	km_buf_add_char(buf, '\n');
	km_buf_add(buf, proof->note, proof->note_len);
}

void km_tlog_proof_done(struct km_tlog_proof *proof)
{
	free(proof->extra);
	*proof = (struct km_tlog_proof){0};
}

static enum km_error refuse(struct km_problem *problem, const char *expected)
{
	return km_fail(problem, KM_MALFORMED, "tlog-proof", "this is not a proof from a transparency log: %s", expected);
}

/* What is left to read. */
struct rest {
	const char *at, *end;
};

static bool skip(struct rest *rest, const char *text)
{
	size_t len = strlen(text);
	if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, text, len) != 0)
		return false;
	rest->at += len;
	return true;
}

/* Takes a line without its newline. */
static bool take_line(struct rest *rest, const char **ret_line, size_t *ret_len)
{
	const char *newline = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
	if (!newline)
		return false;
	*ret_line = rest->at;
	*ret_len = (size_t)(newline - rest->at);
	rest->at = newline + 1;
	return true;
}

static enum km_error take_extra(struct rest *rest, struct km_tlog_proof *proof, struct km_problem *problem)
{
	const char *line;
	size_t len;
	auto_buf struct km_buf bytes = KM_BUF_EMPTY;
	if (!take_line(rest, &line, &len) || len == 0 || (!km_decode(KM_BASE64, line, len, &bytes) && !bytes.failed))
		return refuse(problem, "its extra data is not base64");
	proof->extra = km_buf_take(&bytes, &proof->extra_len);
	return proof->extra ? KM_OK : km_fail_memory(problem);
}

static bool take_index(struct rest *rest, uint64_t *ret_index)
{
	const char *digits;
	size_t len;
	if (!skip(rest, "index ") || !take_line(rest, &digits, &len) || len == 0 || len > 19 || (len > 1 && *digits == '0'))
		return false;
	uint64_t index = 0; /* 19 digits fit */
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		index = index * 10 + (uint64_t)(digits[i] - '0');
	}
	*ret_index = index;
	return index < INT64_MAX;
}

/* The hashes, and the empty line after them. */
static bool take_path(struct rest *rest, struct km_merkle_proof *ret_path)
{
	struct km_merkle_proof path = {.len = 0};
	const char *line;
	size_t len;
	while (take_line(rest, &line, &len)) {
		if (len == 0) {
			*ret_path = path;
			return true;
		}
		if (path.len == KM_PROOF_HASHES_MAX ||
		    !km_decode_exact(KM_BASE64, line, len, path.hashes[path.len++].bytes, KM_SHA256_BYTES))
			return false;
	}
	return false;
}

enum km_error km_tlog_proof_parse(const char *text, size_t len, struct km_tlog_proof *ret_proof,
                                  struct km_problem *problem)
{
	if (len > KM_TLOG_PROOF_MAX)
		return km_fail(problem, KM_TOO_LARGE, "too-large", "a proof from a transparency log has at most %d bytes",
		               KM_TLOG_PROOF_MAX);
	struct rest rest = {text, text + len};
	auto_tlog_proof struct km_tlog_proof proof = {0};
	if (!skip(&rest, first_line))
		return refuse(problem, "its first line must be c2sp.org/tlog-proof@v1");
	if (skip(&rest, "extra ")) {
		enum km_error error = take_extra(&rest, &proof, problem);
		if (error)
			return error;
	}
	if (!take_index(&rest, &proof.index))
		return refuse(problem, "a line with \"index\" and a whole number is expected");
	if (!take_path(&rest, &proof.path))
		return refuse(problem, "lines with hashes of 32 bytes in base64 are expected, at most 64, and an empty line");
	if (rest.at == rest.end)
		return refuse(problem, "a signed checkpoint is expected at its end");
	proof.note = rest.at;
	proof.note_len = (size_t)(rest.end - rest.at);
	*ret_proof = proof;
	proof.extra = NULL;
	return KM_OK;
}

enum km_error km_tlog_proof_verify(const struct km_tlog_proof *proof, const void *entry, size_t entry_len,
                                   const struct km_note_verifier *log, struct km_checkpoint *ret_checkpoint,
                                   struct km_problem *problem)
{
	size_t text_len = 0;
	struct km_checkpoint checkpoint;
	enum km_error error = km_note_verify(proof->note, proof->note_len, log, &text_len, problem);
	if (!error)
		error = km_checkpoint_parse(proof->note, text_len, &checkpoint, problem);
	if (error)
		return error;
	if (strcmp(checkpoint.origin, log->name) != 0)
		return km_fail(problem, KM_UNPROVEN, "other-log", "the checkpoint is of another log (%s) than the key (%s)",
		               checkpoint.origin, log->name);
	struct km_hash leaf = km_merkle_leaf(entry, entry_len), root;
	memcpy(root.bytes, checkpoint.root, sizeof root.bytes);
	if (!km_merkle_inclusion_holds(&proof->path, &leaf, proof->index, checkpoint.size, &root))
		return km_fail(problem, KM_UNPROVEN, "not-in-log",
		               "the proof does not show that this entry is number %" PRIu64 " of the log at %s", proof->index,
		               log->name);
	if (ret_checkpoint)
		*ret_checkpoint = checkpoint;
	return KM_OK;
}
