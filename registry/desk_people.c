#include "registry/desk.h"

#include "registry/person.h"
#include "registry/sql.h"

/* An admin sees all of the body, others themselves. */
#define WHO " WHERE p.body_id = :body AND (:all <> 0 OR p.id = :person)"

static void bind_who(struct km_statement *statement, const struct km_desk *desk)
{
	km_sql_int(statement, ":body", desk->body_id);
	km_sql_int(statement, ":person", desk->person_id);
	km_sql_int(statement, ":all", (desk->roles & KM_ROLE_ADMIN) != 0);
}

enum km_error km_desk_people(struct km_store *store, const struct km_desk *desk,
                             enum km_error (*each)(void *context, const struct km_desk_key *key), void *context,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT p.id, p.name, p.roles, k.thumbprint, k.enrolled_at, k.revoked_at"
	                             " FROM person AS p LEFT JOIN person_key AS k ON k.person_id = p.id" WHO
	                             " ORDER BY p.id, k.enrolled_at, k.thumbprint",
	                             &statement, problem);
	if (error)
		return error;
	bind_who(statement, desk);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_desk_key key = {.person_id = km_sql_get_int(statement, 0),
		                                .name = km_sql_get_text(statement, 1),
		                                .roles = (unsigned)km_sql_get_int(statement, 2),
		                                .thumbprint = km_sql_get_text(statement, 3),
		                                .enrolled_at = km_sql_get_int(statement, 4),
		                                .revoked_at = km_sql_get_int(statement, 5)};
		error = each(context, &key);
		if (error)
			return error;
	}
}

enum km_error km_desk_invitations(struct km_store *store, const struct km_desk *desk,
                                  enum km_error (*each)(void *context, const struct km_desk_invitation *invitation),
                                  void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT i.person_id, i.made_at, i.expires_at, i.used_at, i.used_for, o.id, o.name FROM person AS p"
	           " JOIN invitation AS i ON i.person_id = p.id LEFT JOIN person_key AS k ON k.thumbprint = i.made_by"
	           " LEFT JOIN person AS o ON o.id = k.person_id" WHO " ORDER BY i.made_at DESC, i.code_sha256",
	           &statement, problem);
	if (error)
		return error;
	bind_who(statement, desk);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		int64_t made_at = km_sql_get_int(statement, 1), expires_at = km_sql_get_int(statement, 2);
		const struct km_desk_invitation invitation = {.person_id = km_sql_get_int(statement, 0),
		                                              .made_at = made_at,
		                                              .expires_at = expires_at,
		                                              .used_at = km_sql_get_int(statement, 3),
		                                              .used_for = km_sql_get_text(statement, 4),
		                                              .ended = expires_at < made_at + KM_INVITE_TTL_S,
		                                              .by_id = km_sql_get_int(statement, 5),
		                                              .by = km_sql_get_text(statement, 6)};
		error = each(context, &invitation);
		if (error)
			return error;
	}
}

enum km_error km_desk_roles(struct km_store *store, const struct km_desk *desk,
                            enum km_error (*each)(void *context, const struct km_desk_roles *roles), void *context,
                            struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT r.person_id, r.roles, r.set_at, r.sequence, o.name FROM person AS p"
	           " JOIN person_roles AS r ON r.person_id = p.id LEFT JOIN submission AS s ON s.id = r.submission_id"
	           " LEFT JOIN person_key AS k ON k.thumbprint = s.thumbprint"
	           " LEFT JOIN person AS o ON o.id = k.person_id" WHO " ORDER BY p.id, r.sequence DESC",
	           &statement, problem);
	if (error)
		return error;
	bind_who(statement, desk);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_desk_roles roles = {.person_id = km_sql_get_int(statement, 0),
		                                    .roles = (unsigned)km_sql_get_int(statement, 1),
		                                    .set_at = km_sql_get_int(statement, 2),
		                                    .first = km_sql_get_int(statement, 3) == 1,
		                                    .by = km_sql_get_text(statement, 4)};
		error = each(context, &roles);
		if (error)
			return error;
	}
}
