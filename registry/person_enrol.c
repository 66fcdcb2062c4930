#include "registry/person.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "keys/jws.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <stdlib.h>
#include <string.h>

enum {
	ENROLMENT_MAX_BYTES = 8 * 1024,
	PAST_S = 15 * 60, /* how old iat may be */
	FUTURE_S = 60,    /* how far ahead of our clock */
};

struct enrolment { /* texts borrowed from claims, which the caller owns */
	const char *aud, *code;
	int64_t iat;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
};

struct invited {
	int64_t person_id;
	unsigned roles;
	int64_t invited_at;
	const char *name, *body_slug, *body_name, *invited_by; /* owned; invited_by is NULL where the operator did */
};

static void free_invited(struct invited *invited)
{
	free((void *)invited->name);
	free((void *)invited->body_slug);
	free((void *)invited->body_name);
	free((void *)invited->invited_by);
}
#define auto_invited __attribute__((cleanup(free_invited)))

/* The claims have to be read before the signature can be checked, for the key is one of them. */
static enum km_error read_claims(const json_t *claims, struct enrolment *enrolment, struct km_problem *problem)
{
	static const char *const known[] = {"aud", "iat", "code", "jwk", NULL};
	const json_t *jwk = NULL;
	enum km_error error = km_json_only(claims, "", known, problem);
	if (!error)
		error = km_json_string(claims, "", "aud", 1000, &enrolment->aud, problem);
	if (!error)
		error = km_json_integer(claims, "", "iat", 0, INT64_MAX / 2, &enrolment->iat, problem);
	if (!error)
		error = km_json_string(claims, "", "code", 1000, &enrolment->code, problem);
	if (!error)
		error = km_json_object(claims, "", "jwk", &jwk, problem);
	if (!error)
		error = km_jwk_parse(jwk, enrolment->public_key, problem);
	if (!error)
		km_jwk_thumbprint(enrolment->public_key, enrolment->thumbprint);
	return error;
}

/* That whoever made this token holds the key in it. */
static enum km_error check_possession(const struct km_jws *jws, const struct enrolment *enrolment,
                                      struct km_problem *problem)
{
	if (!jws->kid || strcmp(jws->kid, enrolment->thumbprint) != 0)
		return km_fail(problem, KM_UNPROVEN, "kid-mismatch",
		               "the kid of an enrolment must be the thumbprint of the key in its jwk, which is %s",
		               enrolment->thumbprint);
	if (!km_jws_verify(jws, enrolment->public_key))
		return !km_memory_left() ? km_fail_memory(problem)
		                         : km_fail(problem, KM_UNPROVEN, "bad-signature",
		                                   "the signature of the enrolment was not made with the key in its jwk");
	return KM_OK;
}

static enum km_error check_fresh(const struct km_store *store, const struct enrolment *enrolment, int64_t now,
                                 struct km_problem *problem)
{
	if (strcmp(enrolment->aud, km_store_url(store)) != 0)
		return km_fail(problem, KM_UNPROVEN, "audience-mismatch",
		               "the enrolment is meant for %.200s, and this registry is %s", enrolment->aud,
		               km_store_url(store));
	if (enrolment->iat < now - PAST_S)
		return km_fail(problem, KM_UNPROVEN, "iat-stale",
		               "the enrolment was signed more than %d minutes ago: sign it again, and check the clock of the "
		               "computer that signs",
		               PAST_S / 60);
	if (enrolment->iat > now + FUTURE_S)
		return km_fail(problem, KM_UNPROVEN, "iat-future",
		               "the enrolment was signed in the future: check the clock of the computer that signs");
	return KM_OK;
}

/* Unknown, used and expired get one answer, so that nothing can be learnt by trying. The look-up is by digest: how long
 * it takes says nothing about a code that was nearly right. */
static enum km_error find_invited(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES], int64_t now,
                                  struct invited *invited, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT person.id, person.roles, person.name, body.slug, maker.name, invitation.made_at, body.name FROM "
	           "invitation "
	           "JOIN person ON person.id = invitation.person_id JOIN body ON body.id = person.body_id "
	           "LEFT JOIN person_key ON person_key.thumbprint = invitation.made_by "
	           "LEFT JOIN person AS maker ON maker.id = person_key.person_id "
	           "WHERE code_sha256 = :digest AND used_at IS NULL AND expires_at > :now",
	           &statement, problem);
	if (error)
		return error;
	km_sql_blob(statement, ":digest", digest, KM_SHA256_BYTES);
	km_sql_int(statement, ":now", now);
	error = km_sql_expect(statement, problem, KM_UNPROVEN, "invitation",
	                      "this invitation code is not known, was used before, or is over %d days old: ask the "
	                      "administrator for a new one",
	                      KM_INVITE_TTL_S / (24 * 3600));
	if (error)
		return error;
	invited->person_id = km_sql_get_int(statement, 0);
	invited->roles = (unsigned)km_sql_get_int(statement, 1);
	invited->invited_at = km_sql_get_int(statement, 5);
	return km_sql_copy_text(statement, 2, &invited->name) && km_sql_copy_text(statement, 3, &invited->body_slug) &&
	               km_sql_copy_text(statement, 4, &invited->invited_by) &&
	               km_sql_copy_text(statement, 6, &invited->body_name)
	           ? KM_OK
	           : km_fail_memory(problem);
}

static enum km_error refuse_enrolled(struct km_store *store, const char *thumbprint, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT 1 FROM person_key WHERE thumbprint = :thumbprint", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":thumbprint", thumbprint);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (!error && row)
		error =
			km_fail(problem, KM_CONFLICT, "key-enrolled",
		            "the key %s is enrolled already: each person has keys of their own; make a new one", thumbprint);
	return error;
}

static enum km_error use_invitation(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES],
                                    const char *thumbprint, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "UPDATE invitation SET used_at = :now, used_for = :thumbprint WHERE code_sha256 = :digest",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":now", now);
	km_sql_text(statement, ":thumbprint", thumbprint);
	km_sql_blob(statement, ":digest", digest, KM_SHA256_BYTES);
	error = km_sql_run(statement, problem);
	return error ? error
	             : km_record_note(store, "invitation", km_record_key_hex(digest, KM_SHA256_BYTES), now, problem);
}

static enum km_error insert_key(struct km_store *store, const struct enrolment *enrolment, int64_t person_id,
                                const char *bytes, size_t len, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO person_key (thumbprint, person_id, public_key, enrolment, enrolled_at) "
	                             "VALUES (:thumbprint, :person, :public_key, :enrolment, :now)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":thumbprint", enrolment->thumbprint);
	km_sql_int(statement, ":person", person_id);
	km_sql_blob(statement, ":public_key", enrolment->public_key, KM_PUBLIC_BYTES);
	km_sql_blob(statement, ":enrolment", bytes, len);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	return error ? error
	             : km_record_note(store, "person_key", km_record_key("%s", enrolment->thumbprint), now, problem);
}

static enum km_error make_reply(const struct invited *invited, const char *thumbprint, json_t **ret_reply,
                                struct km_problem *problem)
{
	char roles[32];
	km_roles_format(invited->roles, roles);
	char day[KM_DATE_TEXT];
	km_date_format(invited->invited_at, day);
	json_t *reply = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s}", "person", invited->name, "body",
	                          invited->body_slug, "body_name", invited->body_name, "roles", roles, "kid", thumbprint,
	                          "invited_by", invited->invited_by, "invited_at", day);
	if (!reply)
		return km_fail_memory(problem);
	*ret_reply = reply;
	return KM_OK;
}

enum km_error km_person_enrol(struct km_store *store, const char *bytes, size_t len, int64_t now, json_t **ret_reply,
                              struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	json_auto_t *claims = NULL;
	struct enrolment enrolment = {0};
	enum km_error error = km_jws_parse(bytes, len, ENROLMENT_MAX_BYTES, &jws, problem);
	if (!error && (!jws.typ || strcmp(jws.typ, "keurmerk-enrolment+jwt") != 0))
		error = km_fail(problem, KM_MALFORMED, "typ", "the typ of an enrolment is keurmerk-enrolment+jwt");
	if (!error)
		error = km_json_parse(jws.payload, jws.payload_len, "the enrolment", &claims, problem);
	if (!error)
		error = read_claims(claims, &enrolment, problem);
	if (!error)
		error = check_possession(&jws, &enrolment, problem);
	if (!error)
		error = check_fresh(store, &enrolment, now, problem);
	if (error)
		return error;

	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(enrolment.code, strlen(enrolment.code), digest);
	auto_invited struct invited invited = {0};
	error = find_invited(store, digest, now, &invited, problem);
	if (!error)
		error = refuse_enrolled(store, enrolment.thumbprint, problem);
	if (!error)
		error = insert_key(store, &enrolment, invited.person_id, bytes, len, now, problem);
	if (!error)
		error = use_invitation(store, digest, enrolment.thumbprint, now, problem);
	return error ? error : make_reply(&invited, enrolment.thumbprint, ret_reply, problem);
}
