#include "registry/log_event.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"

#include <string.h>

/* NULL stays NULL; the text is the buffer's. False where memory ran out. */
static bool digest_of(const char *credential, struct km_buf *buf)
{
	if (!credential)
		return true;
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(credential, strlen(credential), digest);
	km_encode(KM_BASE64URL, digest, sizeof digest, buf);
	return !buf->failed;
}

/* NULL: memory ran out. */
static enum km_error write_entry(const json_t *object, char **ret_entry, size_t *ret_len, struct km_problem *problem)
{
	char *text = object ? km_json_text(object) : NULL;
	if (!text)
		return km_fail_memory(problem);
	*ret_entry = text;
	*ret_len = strlen(text);
	return KM_OK;
}

enum km_error km_log_event_entry(const struct km_log_event *event, char **ret_entry, size_t *ret_len,
                                 struct km_problem *problem)
{
	char at[KM_TIME_TEXT], recorded[KM_TIME_TEXT];
	km_time_format(event->at, at);
	km_time_format(event->recorded, recorded);
	auto_buf struct km_buf credential = KM_BUF_EMPTY;
	if (!digest_of(event->credential, &credential))
		return km_fail_memory(problem);
	json_error_t cause;
	json_auto_t *object = json_pack_ex(&cause, 0, "{s:i, s:s, s:I, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?}", "v", 1,
	                                   "mark", event->mark, "seq", (json_int_t)event->sequence, "at", at, "recorded",
	                                   recorded, "action", event->action, "state", event->state, "reason",
	                                   event->reason, "credential", credential.data, "submission", event->submission);
	/* A text for which there is no memory it takes for one that was not given, of which there is none. */
	bool memory =
		json_error_code(&cause) == json_error_out_of_memory || json_error_code(&cause) == json_error_null_value;
	if (!object && !memory)
		return km_fail(problem, KM_BUG, "log-event", "this event cannot be written to the log: %s", cause.text);
	return write_entry(object, ret_entry, ret_len, problem);
}

enum km_error km_log_credential_entry(const char *mark, int64_t recorded, const char *token, char **ret_entry,
                                      size_t *ret_len, struct km_problem *problem)
{
	char moment[KM_TIME_TEXT];
	km_time_format(recorded, moment);
	auto_buf struct km_buf digest = KM_BUF_EMPTY;
	if (!digest_of(token, &digest))
		return km_fail_memory(problem);
	json_auto_t *object =
		json_pack("{s:i, s:s, s:s, s:s}", "v", 1, "mark", mark, "recorded", moment, "credential", digest.data);
	return write_entry(object, ret_entry, ret_len, problem);
}

enum km_error km_log_submission_entry(const char *id, int64_t recorded, char **ret_entry, size_t *ret_len,
                                      struct km_problem *problem)
{
	char moment[KM_TIME_TEXT];
	km_time_format(recorded, moment);
	json_auto_t *object = json_pack("{s:i, s:s, s:s}", "v", 1, "recorded", moment, "submission", id);
	return write_entry(object, ret_entry, ret_len, problem);
}

enum km_error km_log_record_entry(int64_t sequence, const uint8_t chain[static KM_SHA256_BYTES], int64_t recorded,
                                  char **ret_entry, size_t *ret_len, struct km_problem *problem)
{
	char moment[KM_TIME_TEXT];
	km_time_format(recorded, moment);
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, chain, KM_SHA256_BYTES, &text);
	if (text.failed)
		return km_fail_memory(problem);
	json_auto_t *object = json_pack("{s:i, s:s, s:I, s:s}", "v", 1, "recorded", moment, "records", (json_int_t)sequence,
	                                "chain", text.data);
	return write_entry(object, ret_entry, ret_len, problem);
}
