#include "badge/logged.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/checkpoint.h"
#include "keys/note.h"
#include "registry/tlog_proof.h"

#include <stdlib.h>
#include <string.h>

/* Proves it with one of the registry's log keys; a retired one has signed what it has signed. */
static enum km_error prove(const struct km_tlog_proof *proof, const struct km_keyset *trust,
                           struct km_checkpoint *ret_checkpoint, struct km_problem *problem)
{
	char origin[KM_ORIGIN_MAX + 1];
	enum km_error error = km_checkpoint_origin(trust->url, origin, problem);
	if (error)
		return error;
	error = km_fail(problem, KM_UNPROVEN, "log-unproven", "the registry has published no key for its log");
	for (size_t i = 0; error && i < trust->len; i++) {
		const struct km_keyset_entry *entry = &trust->entries[i];
		struct km_note_verifier log;
		if (entry->purpose != KM_PURPOSE_LOG || entry->revoked_at)
			continue;
		error = km_note_verifier_make(origin, entry->public_key, &log, problem);
		if (!error)
			error = km_tlog_proof_verify(proof, proof->extra, proof->extra_len, &log, ret_checkpoint, problem);
	}
	return error;
}

static bool is_digest_of(const char *digest, const char *token)
{
	uint8_t found[KM_SHA256_BYTES], expected[KM_SHA256_BYTES];
	if (!digest || !token || !km_decode_exact(KM_BASE64URL, digest, strlen(digest), found, sizeof found))
		return false;
	km_sha256(token, strlen(token), expected);
	return memcmp(found, expected, sizeof found) == 0;
}

/* registry/log_event.h says what an entry has in it. */
static enum km_error read_entry(const struct km_tlog_proof *proof, const char *number, const char *token,
                                struct km_logged *logged, struct km_problem *problem)
{
	json_auto_t *entry = NULL;
	const char *mark = NULL, *state = NULL, *credential = NULL;
	enum km_error error = km_json_parse(proof->extra, proof->extra_len, "the log's entry", &entry, problem);
	if (!error)
		error = km_json_string(entry, "", "mark", KM_NUMBER_SYMBOLS, &mark, problem);
	if (!error && strcmp(mark, number) != 0)
		error = km_fail(problem, KM_UNPROVEN, "log-unproven", "the proof is of another mark");
	if (!error)
		error = km_json_moment(entry, "", "at", &logged->at, problem);
	if (!error)
		error = km_json_string(entry, "", "state", 40, &state, problem);
	if (!error)
		error = km_json_string_optional(entry, "", "credential", 64, &credential, problem);
	if (error)
		return error;
	for (logged->state = 0; logged->state < KM_STATES; logged->state++)
		if (strcmp(state, km_state_name(logged->state)) == 0)
			break;
	logged->this_credential = is_digest_of(credential, token);
	return logged->state < KM_STATES ? KM_OK
	                                 : km_fail(problem, KM_INVALID, "member", "the log's entry has an unknown state");
}

enum km_error km_logged_learn(const struct km_status_source *source, const struct km_keyset *trust, const char *number,
                              const char *token, struct km_logged *ret_logged, struct km_problem *problem)
{
	if (!source || !source->get_log_proof)
		return km_fail(problem, KM_ABSENT, "no-log-proof", "it was not asked for");
	auto_free char *text = NULL;
	auto_tlog_proof struct km_tlog_proof proof = {0};
	struct km_checkpoint checkpoint;
	struct km_logged logged = {0};
	enum km_error error = source->get_log_proof(source->context, number, &text, problem);
	if (!error)
		error = km_tlog_proof_parse(text, strlen(text), &proof, problem);
	if (!error && !proof.extra)
		error = km_fail(problem, KM_MALFORMED, "log-unproven", "the proof does not say of what it is one");
	if (!error)
		error = prove(&proof, trust, &checkpoint, problem);
	if (!error)
		error = read_entry(&proof, number, token, &logged, problem);
	if (error)
		return error;
	logged.index = proof.index;
	logged.size = checkpoint.size;
	*ret_logged = logged;
	return KM_OK;
}

/* Of an event, or of a credential alone: both name it so. */
static enum km_error read_credential(const struct km_tlog_proof *proof, const char *number, const char *token,
                                     int64_t *ret_recorded, struct km_problem *problem)
{
	json_auto_t *entry = NULL;
	const char *mark = NULL, *credential = NULL;
	int64_t recorded = 0;
	enum km_error error = km_json_parse(proof->extra, proof->extra_len, "the log's entry", &entry, problem);
	if (!error)
		error = km_json_string(entry, "", "mark", KM_NUMBER_SYMBOLS, &mark, problem);
	if (!error)
		error = km_json_string(entry, "", "credential", 64, &credential, problem);
	if (!error && (strcmp(mark, number) != 0 || !is_digest_of(credential, token)))
		error = km_fail(problem, KM_UNPROVEN, "log-unproven", "the proof is of another credential");
	if (!error)
		error = km_json_moment(entry, "", "recorded", &recorded, problem);
	if (!error)
		*ret_recorded = recorded;
	return error;
}

enum km_error km_logged_credential(const struct km_status_source *source, const struct km_keyset *trust,
                                   const char *number, const char *token, int64_t *ret_recorded,
                                   struct km_problem *problem)
{
	if (!source || !source->get_credential_proof)
		return km_fail(problem, KM_UNAVAILABLE, "no-log-proof", "it was not asked");
	uint8_t digest[KM_SHA256_BYTES];
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	auto_free char *answer = NULL;
	auto_tlog_proof struct km_tlog_proof proof = {0};
	struct km_checkpoint checkpoint;
	km_sha256(token, strlen(token), digest);
	km_encode(KM_BASE64URL, digest, sizeof digest, &text);
	if (text.failed)
		return km_fail_memory(problem);
	enum km_error error = source->get_credential_proof(source->context, text.data, &answer, problem);
	if (!error)
		error = km_tlog_proof_parse(answer, strlen(answer), &proof, problem);
	if (!error && !proof.extra)
		error = km_fail(problem, KM_MALFORMED, "log-unproven", "the proof does not say of what it is one");
	if (!error)
		error = prove(&proof, trust, &checkpoint, problem);
	return error ? error : read_credential(&proof, number, token, ret_recorded, problem);
}

bool km_logged_contradicts(const struct km_logged *logged, const struct km_status_claims *status, int64_t now)
{
	return logged->at <= now && logged->state != status->state && status->state_since < logged->at;
}
