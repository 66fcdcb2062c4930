#include "www/scanner.h"

#include "registry/scheme.h"
#include "www/pages.h"
#include "www/show.h"

enum { STATE_SHAPE_PX = 52 };

struct schemes {
	const struct km_request *request;
	json_t *list;
};

static enum km_error add_scheme(void *context, const struct km_scheme *scheme)
{
	struct schemes *schemes = context;
	json_t *line = json_pack("{s:s, s:o, s:b}", "id", scheme->id, "name",
	                         km_show_words(schemes->request, &scheme->name), "sample", scheme->sample);
	return json_array_append_new(schemes->list, line) == 0 ? KM_OK : km_fail_memory(NULL);
}

enum km_error km_scanner_data(const struct km_request *request, json_t **ret_data, struct km_problem *problem)
{
	json_auto_t *list = json_array(), *states = json_object();
	struct schemes schemes = {.request = request, .list = list};
	enum km_error error = km_scheme_list(request->store, add_scheme, &schemes, problem);
	if (error)
		return error;
	for (enum km_state state = 0; state < KM_STATES; state++)
		json_object_set_new(states, km_state_name(state), km_show_state(request, state, false, STATE_SHAPE_PX));
	json_t *data = json_pack("{s:O, s:O}", "schemes", list, "states", states);
	if (!data)
		return km_fail_memory(problem);
	*ret_data = data;
	return KM_OK;
}

enum km_error km_scanner_page(const struct km_request *request, struct km_reply *reply, struct km_problem *problem)
{
	json_auto_t *data = NULL;
	enum km_error error = km_scanner_data(request, &data, problem);
	return error ? error : km_page(request, reply, "scan", data, problem);
}
