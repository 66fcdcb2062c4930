/*
 * What the log says of a change of a mark. It is public for ever, so it holds no personal data, and no provider's name,
 * which may be a person's: the submission's id commits to the signed bytes, the credential's digest to what was issued.
 */
#ifndef KM_REGISTRY_LOG_EVENT_H
#define KM_REGISTRY_LOG_EVENT_H

#include "base/digest.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct km_log_event {
	const char *mark; /* number */
	int64_t sequence; /* of this event in the mark's history, from 1 */
	int64_t at;       /* holds from, seconds */
	int64_t recorded;
	const char *action;     /* "grant", …; registry/mark.h lists those by lapse */
	const char *state;      /* after it */
	const char *reason;     /* code; NULL where none */
	const char *credential; /* the mark's newest compact JWS once it was applied; NULL where there was none */
	const char *submission; /* id of the decision; NULL for a lapse by time */
};

/* The entry: compact JSON with exactly these members in this order, so that the same event has the same bytes:
 *     {"v":1,"mark":"7K3Q9XM24HTT","seq":1,"at":"2026-11-24T17:02:37Z","recorded":"2026-11-24T17:02:37Z",
 *      "action":"grant","state":"active","reason":null,"credential":"<base64url SHA-256 of the JWS>",
 *      "submission":"<id>"}
 * The bytes, closed by a NUL that is not counted, are the caller's (free). */
enum km_error km_log_event_entry(const struct km_log_event *event, char **ret_entry, size_t *ret_len,
                                 struct km_problem *problem);

/* The entry of a credential that was issued with no event to tell of it; `token` is its compact JWS:
 *     {"v":1,"mark":"7K3Q9XM24HTT","recorded":"2026-11-24T17:02:37Z","credential":"<base64url SHA-256 of the JWS>"} */
enum km_error km_log_credential_entry(const char *mark, int64_t recorded, const char *token, char **ret_entry,
                                      size_t *ret_len, struct km_problem *problem);

/* The entry of a submission that is not public, which commits to it and tells nothing else:
 *     {"v":1,"recorded":"2026-11-24T17:02:37Z","submission":"<id>"} */
enum km_error km_log_submission_entry(const char *id, int64_t recorded, char **ret_entry, size_t *ret_len,
                                      struct km_problem *problem);

/* The entry that commits to all records (registry/record.h) up to this one, and tells nothing else:
 *     {"v":1,"recorded":"2026-11-24T17:02:37Z","records":12,"chain":"<base64url SHA-256>"} */
enum km_error km_log_record_entry(int64_t sequence, const uint8_t chain[static KM_SHA256_BYTES], int64_t recorded,
                                  char **ret_entry, size_t *ret_len, struct km_problem *problem);

#endif
