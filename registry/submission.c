#include "registry/submission.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/jws.h"
#include "registry/acting.h"
#include "registry/audit.h"
#include "registry/case_file.h"
#include "registry/decision.h"
#include "registry/people.h"
#include "registry/provider_link.h"
#include "registry/sql.h"

#include <stdlib.h>
#include <string.h>

static const char jti_symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The envelope: what every submission says beside its content. */
struct envelope {
	struct km_jws jws;
	json_t *claims;
	char id[KM_SUBMISSION_ID_TEXT];
	const char *jti, *type; /* borrowed from claims */
	int64_t iat;
	struct km_acting acting;
};

static void envelope_done(struct envelope *envelope)
{
	km_jws_done(&envelope->jws);
	json_decref(envelope->claims);
}

static enum km_error name_bytes(const char *bytes, size_t len, char ret_id[static KM_SUBMISSION_ID_TEXT],
                                struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_sha256(bytes, len, digest);
	km_encode(KM_BASE64URL, digest, sizeof digest, &text);
	if (text.failed)
		return km_fail_memory(problem);
	memcpy(ret_id, text.data, KM_SUBMISSION_ID_TEXT);
	return KM_OK;
}

/* Whose key it is; the signature and whether the key still counts. */
static enum km_error authenticate(struct km_store *store, struct envelope *envelope, int64_t now, bool replayed,
                                  struct km_problem *problem)
{
	const char *kid = envelope->jws.kid;
	if (!envelope->jws.typ || strcmp(envelope->jws.typ, "keurmerk-submission+jwt") != 0)
		return km_fail(problem, KM_MALFORMED, "typ", "the header's typ must be keurmerk-submission+jwt");
	if (!kid)
		return km_fail(problem, KM_MALFORMED, "kid", "the header must name the key: kid, its thumbprint (RFC 7638)");
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT k.public_key, k.revoked_at, p.id, p.body_id, p.roles FROM person_key AS k"
	                             " JOIN person AS p ON p.id = k.person_id WHERE k.thumbprint = :kid",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kid", kid);
	error = km_sql_expect(statement, problem, KM_UNPROVEN, "unknown-key",
	                      "the key %.43s is not enrolled in this register: enrol it with a one-time code", kid);
	if (error)
		return error;
	size_t len;
	const void *key = km_sql_get_blob(statement, 0, &len);
	if (len != KM_PUBLIC_BYTES)
		return km_fail(problem, KM_IO, "database-damaged", "the key %s in the register is damaged", kid);
	if (!km_jws_verify(&envelope->jws, key))
		return !km_memory_left()
		           ? km_fail_memory(problem)
		           : km_fail(problem, KM_UNPROVEN, "bad-signature", "the signature is not that of the key %s", kid);
	int64_t revoked_at = km_sql_get_int(statement, 1);
	/* When it is replayed, the key is as it became: what it signed in its last second came before that. */
	if (revoked_at && revoked_at <= now - replayed)
		return km_fail(problem, KM_UNPROVEN, "revoked-key", "the key %s was revoked: enrol a new one", kid);
	envelope->acting = (struct km_acting){.submission_id = envelope->id,
	                                      .thumbprint = kid,
	                                      .person_id = km_sql_get_int(statement, 2),
	                                      .body_id = km_sql_get_int(statement, 3),
	                                      .roles = (unsigned)km_sql_get_int(statement, 4),
	                                      .now = now,
	                                      .replayed = replayed};
	return KM_OK;
}

static enum km_error read_claims(struct km_store *store, struct envelope *envelope, struct km_problem *problem)
{
	const char *iss, *aud;
	enum km_error error =
		km_json_parse(envelope->jws.payload, envelope->jws.payload_len, "the submission", &envelope->claims, problem);
	if (error)
		return error;
	const json_t *claims = envelope->claims;
	error = km_json_string(claims, "", "iss", 64, &iss, problem);
	if (!error)
		error = km_json_string(claims, "", "aud", 300, &aud, problem);
	if (!error)
		error = km_json_string(claims, "", "jti", 64, &envelope->jti, problem);
	if (!error)
		error = km_json_integer(claims, "", "iat", 0, INT64_C(253402300799), &envelope->iat, problem);
	if (!error)
		error = km_json_string(claims, "", "type", 20, &envelope->type, problem);
	if (error)
		return error;
	if (strcmp(iss, envelope->jws.kid) != 0)
		return km_fail(problem, KM_INVALID, "member", "iss: expected the thumbprint of the key that signed (the kid)");
	if (strcmp(aud, km_store_url(store)) != 0)
		return km_fail(problem, KM_UNPROVEN, "audience-mismatch",
		               "this was signed for the registry at %s; this is the registry at %s", aud, km_store_url(store));
	size_t len = strlen(envelope->jti);
	if (len < 16 || strspn(envelope->jti, jti_symbols) != len)
		return km_fail(problem, KM_INVALID, "member", "jti: expected 16 to 64 of A-Z a-z 0-9 - _");
	return KM_OK;
}

/* Something with this jti by this key: the same again, which gets its first answer, or another. */
static enum km_error find_repeat(struct km_store *store, const struct envelope *envelope, struct km_outcome *outcome,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT id, reply FROM submission WHERE thumbprint = :kid AND jti = :jti", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kid", envelope->jws.kid);
	km_sql_text(statement, ":jti", envelope->jti);
	bool found = false;
	error = km_sql_step(statement, &found, problem);
	if (error || !found)
		return error;
	if (strcmp(km_sql_get_text(statement, 0), envelope->id) != 0)
		return km_fail(problem, KM_CONFLICT, "jti-reused",
		               "jti %s was used for another submission already: make a new one for each", envelope->jti);
	outcome->reply = strdup(km_sql_get_text(statement, 1));
	outcome->repeated = true;
	return outcome->reply ? KM_OK : km_fail_memory(problem);
}

static enum km_error check_fresh(const struct envelope *envelope, struct km_problem *problem)
{
	int64_t now = envelope->acting.now;
	if (envelope->iat > now + KM_SUBMISSION_FUTURE_S)
		return km_fail(problem, KM_UNPROVEN, "iat-future",
		               "it says that it was signed %lld seconds from now: set the clock of the machine that signs",
		               (long long)(envelope->iat - now));
	if (envelope->iat < now - KM_SUBMISSION_PAST_S)
		return km_fail(problem, KM_UNPROVEN, "iat-stale",
		               "it was signed more than %d minutes ago: sign it again, and see that the clock is right",
		               KM_SUBMISSION_PAST_S / 60);
	return KM_OK;
}

/* Of a type that apply() has found good. */
static enum km_error apply_type(struct km_store *store, const struct envelope *envelope, const json_t *content,
                                const char *number, json_t *reply, struct km_decided *decided,
                                struct km_problem *problem)
{
	if (strcmp(envelope->type, "audit") == 0)
		return km_audit_apply(store, &envelope->acting, content, reply, problem);
	if (strcmp(envelope->type, "decision") == 0)
		return km_decision_apply(store, &envelope->acting, content, number, reply, decided, problem);
	if (strcmp(envelope->type, "link") == 0)
		return km_provider_link_apply(store, &envelope->acting, content, reply, problem);
	if (strcmp(envelope->type, "person") == 0)
		return km_people_apply(store, &envelope->acting, content, problem);
	return km_case_apply(store, &envelope->acting, content, reply, problem);
}

static enum km_error apply(struct km_store *store, struct envelope *envelope, const char *number,
                           struct km_outcome *outcome, struct km_problem *problem)
{
	static const char *const types[] = {"audit", "decision", "case", "person", "link"};
	bool is_type = false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		is_type = is_type || strcmp(envelope->type, types[i]) == 0;
	if (!is_type)
		return km_fail(problem, KM_INVALID, "member", "type: expected audit, decision, case, person or link");
	const char *known[] = {"iss", "aud", "iat", "jti", "type", envelope->type, NULL};
	const json_t *content;
	enum km_error error = km_json_only(envelope->claims, "", known, problem);
	if (!error)
		error = km_json_object(envelope->claims, "", envelope->type, &content, problem);
	if (error)
		return error;
	json_auto_t *reply = json_pack("{s:s, s:s}", "id", envelope->id, "type", envelope->type);
	if (!reply)
		return km_fail_memory(problem);
	struct km_decided decided = {0};
	error = apply_type(store, envelope, content, number, reply, &decided, problem);
	if (error)
		return error;
	outcome->mark_id = decided.mark_id;
	outcome->whole_provider = decided.whole_provider;
	memcpy(outcome->number, decided.number, sizeof outcome->number);
	outcome->reply = km_json_text(reply);
	return outcome->reply ? KM_OK : km_fail_memory(problem);
}

static enum km_error keep(struct km_store *store, const struct envelope *envelope, const char *bytes, size_t len,
                          const char *reply, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO submission (id, thumbprint, jti, type, iat, received_at, bytes, reply)"
	                             " VALUES (:id, :kid, :jti, :type, :iat, :now, :bytes, :reply)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", envelope->id);
	km_sql_text(statement, ":kid", envelope->jws.kid);
	km_sql_text(statement, ":jti", envelope->jti);
	km_sql_text(statement, ":type", envelope->type);
	km_sql_int(statement, ":iat", envelope->iat);
	km_sql_int(statement, ":now", envelope->acting.now);
	km_sql_blob(statement, ":bytes", bytes, len);
	km_sql_text(statement, ":reply", reply);
	return km_sql_run(statement, problem);
}

static enum km_error take(struct km_store *store, const char *bytes, size_t len, int64_t now, bool replayed,
                          const char *number, struct km_outcome *ret_outcome, struct km_problem *problem)
{
	__attribute__((cleanup(envelope_done))) struct envelope envelope = {0};
	struct km_outcome outcome = {0};
	enum km_error error = km_jws_parse(bytes, len, KM_SUBMISSION_MAX, &envelope.jws, problem);
	if (!error)
		error = name_bytes(bytes, len, envelope.id, problem);
	if (!error)
		error = authenticate(store, &envelope, now, replayed, problem);
	if (!error)
		error = read_claims(store, &envelope, problem);
	if (!error)
		error = find_repeat(store, &envelope, &outcome, problem);
	if (!error && !outcome.repeated) {
		error = check_fresh(&envelope, problem);
		if (!error)
			error = apply(store, &envelope, number, &outcome, problem);
		if (!error)
			error = keep(store, &envelope, bytes, len, outcome.reply, problem);
	}
	if (error) {
		km_outcome_done(&outcome);
		return error;
	}
	*ret_outcome = outcome;
	return KM_OK;
}

enum km_error km_submission_accept(struct km_store *store, const char *bytes, size_t len, int64_t now,
                                   struct km_outcome *ret_outcome, struct km_problem *problem)
{
	return take(store, bytes, len, now, false, NULL, ret_outcome, problem);
}

enum km_error km_submission_replay(struct km_store *store, const char *bytes, size_t len, int64_t now,
                                   const char *number, struct km_outcome *ret_outcome, struct km_problem *problem)
{
	return take(store, bytes, len, now, true, number, ret_outcome, problem);
}

void km_outcome_done(struct km_outcome *outcome)
{
	free(outcome->reply);
	outcome->reply = NULL;
}

enum km_error km_submission_get(struct km_store *store, const char *id, char **ret_bytes, size_t *ret_len,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT bytes FROM submission WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-submission",
	                      "there is no submission %s in this register", id);
	if (error)
		return error;
	size_t len;
	const void *bytes = km_sql_get_blob(statement, 0, &len);
	if (!len)
		return km_fail(problem, KM_ABSENT, "purged", "submission %s was purged: its bytes are gone", id);
	char *copy = malloc(len + 1);
	if (!copy)
		return km_fail_memory(problem);
	memcpy(copy, bytes, len);
	copy[len] = 0;
	*ret_bytes = copy;
	*ret_len = len;
	return KM_OK;
}
