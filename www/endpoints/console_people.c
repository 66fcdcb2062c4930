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

/* GET /console/api/people: the people of the body and their keys, for an admin; for others their own keys. */
KM_HANDLER(km_get_console_people)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_people(request->store, &desk, add_key, list, problem);
	if (error)
		return error;
	return km_console_reply(reply,
	                        json_pack("{s:I, s:s, s:b, s:O}", "me", (json_int_t)desk.person_id, "kid", desk.thumbprint,
	                                  "admin", (desk.roles & KM_ROLE_ADMIN) != 0, "keys", list),
	                        problem);
}
