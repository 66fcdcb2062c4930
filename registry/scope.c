#include "registry/scope.h"

#include "base/json.h"

#include <string.h>

static km_scope bit_of(const struct km_scheme *scheme, const char *id)
{
	const struct km_scheme_item *service = km_scheme_service(scheme, id);
	return service ? (km_scope)1 << (service - scheme->services) : 0;
}

enum km_error km_scope_member(const json_t *object, const char *where, const struct km_scheme *scheme,
                              km_scope *ret_scope, struct km_problem *problem)
{
	const json_t *array;
	enum km_error error = km_json_array(object, where, "scope", 1, scheme->services_len, &array, problem);
	if (error)
		return error;
	km_scope scope = 0;
	size_t i;
	json_t *element;
	json_array_foreach(array, i, element)
	{
		km_scope bit = json_is_string(element) ? bit_of(scheme, json_string_value(element)) : 0;
		if (!bit)
			return km_fail(problem, KM_INVALID, "member",
			               "%s.scope[%zu]: expected the id of a service of scheme %s version %d", where, i, scheme->id,
			               scheme->version);
		if (scope & bit)
			return km_fail(problem, KM_INVALID, "member", "%s.scope[%zu]: \"%s\" is there twice", where, i,
			               json_string_value(element));
		scope |= bit;
	}
	*ret_scope = scope;
	return KM_OK;
}

char *km_scope_text(km_scope scope, const struct km_scheme *scheme)
{
	json_auto_t *array = json_array();
	for (size_t i = 0; i < scheme->services_len; i++)
		if (scope & (km_scope)1 << i && json_array_append_new(array, json_string(scheme->services[i].id)) != 0)
			return NULL;
	return km_json_text(array);
}

enum km_error km_scope_parse(const char *text, const struct km_scheme *scheme, km_scope *ret_scope,
                             struct km_problem *problem)
{
	json_auto_t *array = NULL;
	enum km_error error = km_json_parse_array(text, strlen(text), "a scope", &array, problem);
	if (error == KM_MALFORMED)
		return km_fail(problem, KM_IO, "database-damaged", "a scope in the register is not an array: %s", text);
	if (error)
		return error;
	km_scope scope = 0;
	size_t i;
	json_t *element;
	json_array_foreach(array, i, element) if (json_is_string(element)) scope |=
		bit_of(scheme, json_string_value(element));
	*ret_scope = scope;
	return KM_OK;
}

size_t km_scope_items(km_scope scope, const struct km_scheme *scheme, const struct km_scheme_item **ret_items)
{
	size_t len = 0;
	for (size_t i = 0; i < scheme->services_len; i++)
		if (scope & (km_scope)1 << i)
			ret_items[len++] = &scheme->services[i];
	return len;
}
