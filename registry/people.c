#include "registry/people.h"

#include "base/encode.h"
#include "base/json.h"
#include "registry/person.h"
#include "registry/sql.h"

#include <string.h>

enum { NAME_MAX_CHARACTERS = 100, ROLES_TEXT_MAX = 31 };

static enum km_error read_digest(const json_t *content, uint8_t ret_digest[static KM_SHA256_BYTES],
                                 struct km_problem *problem)
{
	const char *text;
	enum km_error error = km_json_string(content, "person", "code_sha256", 64, &text, problem);
	if (!error && !km_decode_exact(KM_HEX, text, strlen(text), ret_digest, KM_SHA256_BYTES))
		return km_fail(problem, KM_INVALID, "member", "person.code_sha256: expected 64 hex digits in lower case");
	return error;
}

static enum km_error read_roles(const json_t *content, unsigned *ret_roles, struct km_problem *problem)
{
	const char *text;
	enum km_error error = km_json_string(content, "person", "roles", ROLES_TEXT_MAX, &text, problem);
	if (!error && !km_roles_parse(text, ret_roles))
		return km_fail(problem, KM_INVALID, "member",
		               "person.roles: expected auditor, decider or admin; several with commas");
	return error;
}

static enum km_error expect_admin(const struct km_acting *acting, struct km_problem *problem)
{
	if (acting->roles & KM_ROLE_ADMIN)
		return KM_OK;
	return km_fail(problem, KM_FORBIDDEN, "role", "only an admin does this for others, and this key's owner is none");
}

/* Somebody new, of the own body. */
static enum km_error invite(struct km_store *store, const struct km_acting *acting, const json_t *content,
                            struct km_problem *problem)
{
	static const char *const known[] = {"action", "name", "roles", "code_sha256", NULL};
	const char *name;
	unsigned roles = 0;
	uint8_t digest[KM_SHA256_BYTES];
	int64_t person_id = 0;
	enum km_error error = km_json_only(content, "person", known, problem);
	if (!error)
		error = km_json_string(content, "person", "name", NAME_MAX_CHARACTERS, &name, problem);
	if (!error)
		error = read_roles(content, &roles, problem);
	if (!error)
		error = read_digest(content, digest, problem);
	if (!error)
		error = expect_admin(acting, problem);
	if (error || acting->replayed)
		return error;
	error = km_person_add(store, acting->body_id, name, roles, acting->now, &person_id, problem);
	return error ? error : km_person_expect(store, person_id, digest, acting->thumbprint, acting->now, problem);
}

/* Whose the row is: the person, of the own body, with this id (or, where thumbprint is given, with this key). */
static enum km_error find_person(struct km_store *store, const struct km_acting *acting, const char *thumbprint,
                                 int64_t *person_id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		thumbprint ? km_sql(store,
	                        "SELECT p.id, p.body_id FROM person_key AS k JOIN person AS p ON p.id = k.person_id"
	                        " WHERE k.thumbprint = :kid",
	                        &statement, problem)
				   : km_sql(store, "SELECT id, body_id FROM person WHERE id = :id", &statement, problem);
	if (error)
		return error;
	if (thumbprint)
		km_sql_text(statement, ":kid", thumbprint);
	else
		km_sql_int(statement, ":id", *person_id);
	bool found = false;
	error = km_sql_step(statement, &found, problem);
	/* One answer for what is not there and what is another body's: people are never public. */
	if (!error && (!found || km_sql_get_int(statement, 1) != acting->body_id))
		return km_fail(problem, KM_INVALID, thumbprint ? "unknown-key" : "unknown-person",
		               "person.%s: there is none such of your body", thumbprint ? "key" : "person");
	if (!error)
		*person_id = km_sql_get_int(statement, 0);
	return error;
}

/* Who has a key that works makes the code for another device with it: else an admin could act as a colleague who would
 * notice nothing. */
static enum km_error expect_keyless(struct km_store *store, int64_t person_id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT 1 FROM person_key WHERE person_id = :person AND revoked_at IS NULL", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":person", person_id);
	bool found = false;
	error = km_sql_step(statement, &found, problem);
	if (!error && found)
		return km_fail(problem, KM_CONFLICT, "has-key",
		               "person.person: this person has a key that works, and adds a device with that one: revoke it "
		               "first where it was lost");
	return error;
}

/* Another key: everyone for themselves, and an admin for those of the body who have none that works. */
static enum km_error invite_again(struct km_store *store, const struct km_acting *acting, const json_t *content,
                                  struct km_problem *problem)
{
	static const char *const known[] = {"action", "person", "code_sha256", NULL};
	uint8_t digest[KM_SHA256_BYTES];
	int64_t person_id;
	enum km_error error = km_json_only(content, "person", known, problem);
	if (!error)
		error = km_json_integer(content, "person", "person", 1, INT64_MAX / 2, &person_id, problem);
	if (!error)
		error = read_digest(content, digest, problem);
	if (!error && person_id != acting->person_id)
		error = expect_admin(acting, problem);
	if (error || acting->replayed)
		return error;
	error = find_person(store, acting, NULL, &person_id, problem);
	if (!error && person_id != acting->person_id)
		error = expect_keyless(store, person_id, problem);
	return error ? error : km_person_expect(store, person_id, digest, acting->thumbprint, acting->now, problem);
}

/* Other roles for somebody of the body. Unlike people and keys, these follow from what was signed: when it is replayed,
 * too. */
static enum km_error change_roles(struct km_store *store, const struct km_acting *acting, const json_t *content,
                                  struct km_problem *problem)
{
	static const char *const known[] = {"action", "person", "roles", NULL};
	unsigned roles = 0;
	int64_t person_id;
	enum km_error error = km_json_only(content, "person", known, problem);
	if (!error)
		error = km_json_integer(content, "person", "person", 1, INT64_MAX / 2, &person_id, problem);
	if (!error)
		error = read_roles(content, &roles, problem);
	if (!error)
		error = expect_admin(acting, problem);
	if (!error)
		error = find_person(store, acting, NULL, &person_id, problem);
	return error ? error : km_person_set_roles(store, person_id, roles, acting->submission_id, acting->now, problem);
}

static enum km_error revoke(struct km_store *store, const struct km_acting *acting, const json_t *content,
                            struct km_problem *problem)
{
	static const char *const known[] = {"action", "key", NULL};
	const char *thumbprint;
	int64_t person_id = 0;
	enum km_error error = km_json_only(content, "person", known, problem);
	if (!error)
		error = km_json_string(content, "person", "key", KM_THUMBPRINT_TEXT - 1, &thumbprint, problem);
	if (error || acting->replayed)
		return error;
	error = find_person(store, acting, thumbprint, &person_id, problem);
	if (!error && person_id != acting->person_id)
		error = expect_admin(acting, problem);
	return error ? error : km_person_revoke_key(store, thumbprint, acting->now, acting->now, problem);
}

enum km_error km_people_apply(struct km_store *store, const struct km_acting *acting, const json_t *content,
                              struct km_problem *problem)
{
	const char *action;
	enum km_error error = km_json_string(content, "person", "action", 20, &action, problem);
	if (error)
		return error;
	if (strcmp(action, "invite") == 0)
		return invite(store, acting, content, problem);
	if (strcmp(action, "invite-again") == 0)
		return invite_again(store, acting, content, problem);
	if (strcmp(action, "revoke") == 0)
		return revoke(store, acting, content, problem);
	if (strcmp(action, "roles") == 0)
		return change_roles(store, acting, content, problem);
	return km_fail(problem, KM_INVALID, "member", "person.action: expected invite, invite-again, roles or revoke");
}
