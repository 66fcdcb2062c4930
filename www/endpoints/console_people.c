#include "registry/person.h"
#include "www/console.h"
#include "www/endpoints.h"

static enum km_error add_key(void *array, const struct km_desk_key *key)
{
	char roles[32];
	km_roles_format(key->roles, roles);
	return km_console_add(array,
	                      json_pack("{s:I, s:s, s:s, s:s?, s:o, s:o}", "person", (json_int_t)key->person_id, "name",
	                                key->name, "roles", roles, "key", key->thumbprint, "enrolled",
	                                km_console_day(key->enrolled_at), "revoked", km_console_day(key->revoked_at)));
}

static enum km_error add_invitation(void *array, const struct km_desk_invitation *invitation)
{
	return km_console_add(
		array, json_pack("{s:I, s:o, s:o, s:o, s:s?, s:b, s:I, s:s?}", "person", (json_int_t)invitation->person_id,
	                     "made", km_console_day(invitation->made_at), "until", km_console_day(invitation->expires_at),
	                     "used", km_console_day(invitation->used_at), "key", invitation->used_for, "ended",
	                     invitation->ended, "by", (json_int_t)invitation->by_id, "by_name", invitation->by));
}

static enum km_error add_roles(void *array, const struct km_desk_roles *roles)
{
	char text[32];
	km_roles_format(roles->roles, text);
	return km_console_add(array,
	                      json_pack("{s:I, s:s, s:o, s:b, s:s?}", "person", (json_int_t)roles->person_id, "roles", text,
	                                "day", km_console_day(roles->set_at), "first", roles->first, "by_name", roles->by));
}

/* GET /console/api/people: the people of the body, their keys, roles and invitations, for an admin; for others their
 * own. */
KM_HANDLER(km_get_console_people)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array(), *invitations = json_array(), *roles = json_array();
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_people(request->store, &desk, add_key, list, problem);
	if (!error)
		error = km_desk_invitations(request->store, &desk, add_invitation, invitations, problem);
	if (!error)
		error = km_desk_roles(request->store, &desk, add_roles, roles, problem);
	if (error)
		return error;
	return km_console_reply(reply,
	                        json_pack("{s:I, s:s, s:b, s:o, s:O, s:O, s:O}", "me", (json_int_t)desk.person_id, "kid",
	                                  desk.thumbprint, "admin", (desk.roles & KM_ROLE_ADMIN) != 0, "today",
	                                  km_console_day(request->now), "keys", list, "invitations", invitations, "roles",
	                                  roles),
	                        problem);
}
