#include "registry/person.h"

#include "base/digest.h"
#include "keys/random.h"
#include "registry/body.h"
#include "registry/name.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <stdio.h>
#include <string.h>

enum {
	PERSON_NAME_MAX = 100, /* characters */
	CODE_BYTES = 16,
};

/* --------------------------------------------------------------------------------------------------------- roles */

static const struct {
	const char *name;
	unsigned role;
} roles_known[] = {{"auditor", KM_ROLE_AUDITOR}, {"decider", KM_ROLE_DECIDER}, {"admin", KM_ROLE_ADMIN}};

enum { ROLES = sizeof roles_known / sizeof *roles_known };

static unsigned role_named(const char *name, size_t len)
{
	for (size_t i = 0; i < ROLES; i++)
		if (strlen(roles_known[i].name) == len && memcmp(roles_known[i].name, name, len) == 0)
			return roles_known[i].role;
	return 0;
}

bool km_roles_parse(const char *text, unsigned *ret_roles)
{
	unsigned roles = 0;
	for (const char *at = text;;) {
		size_t len = strcspn(at, ",");
		unsigned role = role_named(at, len);
		if (!role || (roles & role))
			return false;
		roles |= role;
		if (!at[len])
			break;
		at += len + 1;
	}
	*ret_roles = roles;
	return true;
}

void km_roles_format(unsigned roles, char ret_text[static 32])
{
	size_t len = 0;
	ret_text[0] = '\0';
	for (size_t i = 0; i < ROLES; i++)
		if (roles & roles_known[i].role)
			len += (size_t)snprintf(ret_text + len, 32 - len, "%s%s", len ? "," : "", roles_known[i].name);
}

/* --------------------------------------------------------------------------------------------------- invitations */

/* Adds to what the person was before. */
static enum km_error add_roles(struct km_store *store, int64_t person_id, unsigned roles, const char *submission_id,
                               int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "INSERT INTO person_roles (person_id, sequence, roles, set_at, submission_id)"
	           " SELECT :person, coalesce(max(sequence), 0) + 1, :roles, :now, :submission FROM person_roles"
	           " WHERE person_id = :person RETURNING sequence",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":person", person_id);
	km_sql_int(statement, ":roles", roles);
	km_sql_int(statement, ":now", now);
	km_sql_text(statement, ":submission", submission_id);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	int64_t sequence = km_sql_get_int(statement, 0);
	return km_record_note(store, "person_roles", km_record_key("%lld/%lld", (long long)person_id, (long long)sequence),
	                      now, problem);
}

static enum km_error insert_person(struct km_store *store, int64_t body_id, const char *name, unsigned roles,
                                   int64_t now, int64_t *ret_id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "INSERT INTO person (body_id, name, roles, added_at) VALUES (:body, :name, :roles, :now)",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", body_id);
	km_sql_text(statement, ":name", name);
	km_sql_int(statement, ":roles", roles);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	int64_t id = km_sql_last_id(store);
	if (!error)
		error = km_record_note(store, "person", km_record_key("%lld", (long long)id), now, problem);
	if (!error)
		error = add_roles(store, id, roles, NULL, now, problem);
	if (!error)
		*ret_id = id;
	return error;
}

enum km_error km_person_end_codes(struct km_store *store, int64_t person_id, const char *made_by, int64_t now,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "UPDATE invitation SET expires_at = :now "
	           "WHERE (person_id = :person OR made_by = :maker) AND used_at IS NULL AND expires_at > :now "
	           "RETURNING code_sha256",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":person", person_id);
	km_sql_text(statement, ":maker", made_by);
	km_sql_int(statement, ":now", now);
	bool row = false;
	while (!(error = km_sql_step(statement, &row, problem)) && row) {
		size_t len;
		const void *digest = km_sql_get_blob(statement, 0, &len);
		error = km_record_note(store, "invitation", km_record_key_hex(digest, len), now, problem);
		if (error)
			break;
	}
	return error;
}

static enum km_error insert_invitation(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES],
                                       int64_t person_id, const char *by, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO invitation (code_sha256, person_id, made_at, made_by, expires_at) "
	                             "VALUES (:digest, :person, :now, :by, :expires)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_blob(statement, ":digest", digest, KM_SHA256_BYTES);
	km_sql_int(statement, ":person", person_id);
	km_sql_int(statement, ":now", now);
	km_sql_text(statement, ":by", by);
	km_sql_int(statement, ":expires", now + KM_INVITE_TTL_S);
	error = km_sql_run(statement, problem);
	return error ? error
	             : km_record_note(store, "invitation", km_record_key_hex(digest, KM_SHA256_BYTES), now, problem);
}

static enum km_error invite(struct km_store *store, int64_t person_id, int64_t now, char ret_code[static KM_CODE_TEXT],
                            struct km_problem *problem)
{
	char code[KM_CODE_TEXT];
	uint8_t digest[KM_SHA256_BYTES];
	enum km_error error = km_random_text(KM_HEX, CODE_BYTES, code, problem);
	if (error)
		return error;
	km_sha256(code, KM_CODE_TEXT - 1, digest);
	error = insert_invitation(store, digest, person_id, NULL, now, problem);
	if (!error)
		memcpy(ret_code, code, sizeof code);
	km_wipe(code, sizeof code);
	return error;
}

static enum km_error check_roles(unsigned roles, struct km_problem *problem)
{
	if (!roles || roles & ~(unsigned)(KM_ROLE_AUDITOR | KM_ROLE_DECIDER | KM_ROLE_ADMIN))
		return km_fail(problem, KM_INVALID, "roles",
		               "a person has one or more of the roles auditor, decider and admin");
	return KM_OK;
}

/* A person of this name with these roles can be. */
static enum km_error check_person(const char *name, unsigned roles, struct km_problem *problem)
{
	enum km_error error = km_name_check(name, PERSON_NAME_MAX, "name", "the name of the person", problem);
	return error ? error : check_roles(roles, problem);
}

enum km_error km_person_invite(struct km_store *store, const char *body_slug, const char *name, unsigned roles,
                               int64_t now, int64_t *ret_person_id, char ret_code[static KM_CODE_TEXT],
                               struct km_problem *problem)
{
	int64_t body_id = 0, person_id = 0;
	enum km_error error = check_person(name, roles, problem);
	if (!error)
		error = km_body_find_id(store, body_slug, &body_id, problem);
	if (!error)
		error = insert_person(store, body_id, name, roles, now, &person_id, problem);
	if (!error)
		error = invite(store, person_id, now, ret_code, problem);
	if (!error)
		*ret_person_id = person_id;
	return error;
}

enum km_error km_person_invite_again(struct km_store *store, int64_t person_id, int64_t now,
                                     char ret_code[static KM_CODE_TEXT], struct km_problem *problem)
{
	{
		auto_statement struct km_statement *statement = NULL;
		enum km_error error = km_sql(store, "SELECT 1 FROM person WHERE id = :person", &statement, problem);
		if (error)
			return error;
		km_sql_int(statement, ":person", person_id);
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error)
			return error;
		if (!row)
			return km_fail(problem, KM_ABSENT, "unknown-person", "there is no person %lld", (long long)person_id);
	}
	enum km_error error = km_person_end_codes(store, person_id, NULL, now, problem);
	return error ? error : invite(store, person_id, now, ret_code, problem);
}

enum km_error km_person_add(struct km_store *store, int64_t body_id, const char *name, unsigned roles, int64_t now,
                            int64_t *ret_person_id, struct km_problem *problem)
{
	enum km_error error = check_person(name, roles, problem);
	return error ? error : insert_person(store, body_id, name, roles, now, ret_person_id, problem);
}

enum km_error km_person_expect(struct km_store *store, int64_t person_id, const uint8_t digest[static KM_SHA256_BYTES],
                               const char *by, int64_t now, struct km_problem *problem)
{
	enum km_error error = km_person_end_codes(store, person_id, NULL, now, problem);
	return error ? error : insert_invitation(store, digest, person_id, by, now, problem);
}

/* ------------------------------------------------------------------------------------------------ another role */

/* The roles that the person has, and whether somebody else of the body, whose key works, is an admin. */
static enum km_error read_roles(struct km_store *store, int64_t person_id, unsigned *ret_roles, bool *ret_other_admin,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT p.roles, EXISTS (SELECT 1 FROM person AS o"
	                             "  JOIN person_key AS k ON k.person_id = o.id AND k.revoked_at IS NULL"
	                             "  WHERE o.body_id = p.body_id AND o.id <> p.id AND o.roles & :admin <> 0)"
	                             " FROM person AS p WHERE p.id = :person",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":person", person_id);
	km_sql_int(statement, ":admin", KM_ROLE_ADMIN);
	error =
		km_sql_expect(statement, problem, KM_ABSENT, "unknown-person", "there is no person %lld", (long long)person_id);
	if (error)
		return error;
	*ret_roles = (unsigned)km_sql_get_int(statement, 0);
	*ret_other_admin = km_sql_get_int(statement, 1) != 0;
	return KM_OK;
}

static enum km_error check_change(struct km_store *store, int64_t person_id, unsigned roles, struct km_problem *problem)
{
	unsigned before = 0;
	bool other_admin = false;
	enum km_error error = read_roles(store, person_id, &before, &other_admin, problem);
	if (error)
		return error;
	if (roles == before)
		return km_fail(problem, KM_CONFLICT, "same-roles", "this person has these roles already");
	if ((before & KM_ROLE_ADMIN) && !(roles & KM_ROLE_ADMIN) && !other_admin)
		return km_fail(problem, KM_CONFLICT, "last-admin",
		               "no other admin of this body has a key that works: make somebody else an admin first");
	return KM_OK;
}

enum km_error km_person_set_roles(struct km_store *store, int64_t person_id, unsigned roles, const char *submission_id,
                                  int64_t now, struct km_problem *problem)
{
	enum km_error error = check_roles(roles, problem);
	if (!error)
		error = check_change(store, person_id, roles, problem);
	auto_statement struct km_statement *statement = NULL;
	if (!error)
		error = km_sql(store, "UPDATE person SET roles = :roles WHERE id = :person", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":roles", roles);
	km_sql_int(statement, ":person", person_id);
	error = km_sql_run(statement, problem);
	if (!error)
		error = km_record_note(store, "person", km_record_key("%lld", (long long)person_id), now, problem);
	return error ? error : add_roles(store, person_id, roles, submission_id, now, problem);
}

/* ---------------------------------------------------------------------------------------------------------- listing */

enum km_error km_person_list(struct km_store *store,
                             enum km_error (*each)(void *context, const struct km_person_row *row), void *context,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT person.id, body.slug, person.name, person.roles, person_key.thumbprint, "
	                             "       person_key.enrolled_at, person_key.revoked_at "
	                             "FROM body JOIN person ON person.body_id = body.id "
	                             "LEFT JOIN person_key ON person_key.person_id = person.id "
	                             "ORDER BY body.slug, person.id, person_key.enrolled_at, person_key.thumbprint",
	                             &statement, problem);
	if (error)
		return error;
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_person_row person = {
			.id = km_sql_get_int(statement, 0),
			.body_slug = km_sql_get_text(statement, 1),
			.name = km_sql_get_text(statement, 2),
			.roles = (unsigned)km_sql_get_int(statement, 3),
			.thumbprint = km_sql_get_text(statement, 4),
			.enrolled_at = km_sql_get_int(statement, 5),
			.revoked_at = km_sql_get_int(statement, 6),
		};
		error = each(context, &person);
		if (error)
			return error;
	}
}
