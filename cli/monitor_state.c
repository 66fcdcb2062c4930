#include "cli/monitor_state.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

void km_monitor_state_done(struct km_monitor_state *state)
{
	free(state->key);
	json_decref(state->marks);
	*state = (struct km_monitor_state){0};
}

void km_monitor_state_add(struct km_monitor_state *state, const struct km_hash *leaf)
{
	struct km_hash hash = *leaf;
	/* As many subtrees grow together as the size ends in 1 bits. */
	for (uint64_t rest = state->size; rest & 1; rest >>= 1)
		hash = km_merkle_node(&state->edge[--state->edge_len], &hash);
	state->edge[state->edge_len++] = hash;
	state->size++;
}

struct km_hash km_monitor_state_root(const struct km_monitor_state *state)
{
	if (!state->edge_len)
		return km_merkle_empty();
	struct km_hash root = state->edge[state->edge_len - 1];
	for (size_t i = state->edge_len - 1; i > 0; i--)
		root = km_merkle_node(&state->edge[i - 1], &root);
	return root;
}

static enum km_error read_edge(const json_t *object, struct km_monitor_state *state, struct km_problem *problem)
{
	const json_t *array;
	enum km_error error = km_json_array(object, "", "edge", 0, 63, &array, problem);
	if (error)
		return error;
	size_t i;
	json_t *element;
	json_array_foreach(array, i, element)
	{
		const char *text = json_string_value(element);
		if (!text || !km_decode_exact(KM_HEX, text, strlen(text), &state->edge[i], sizeof state->edge[i]))
			return km_fail(problem, KM_INVALID, "member", "edge[%zu]: expected 64 hex digits", i);
	}
	state->edge_len = json_array_size(array);
	if (state->edge_len != (size_t)__builtin_popcountll(state->size))
		return km_fail(problem, KM_INVALID, "member", "edge: does not fit the size");
	return KM_OK;
}

static enum km_error read_state(const json_t *object, const char *url, struct km_monitor_state *state,
                                struct km_problem *problem)
{
	const char *of, *key;
	const json_t *marks;
	int64_t size;
	enum km_error error = km_json_string(object, "", "registry", 256, &of, problem);
	if (!error)
		error = km_json_string(object, "", "key", 512, &key, problem);
	if (!error)
		error = km_json_integer(object, "", "size", 0, INT64_MAX, &size, problem);
	if (!error)
		error = km_json_object(object, "", "marks", &marks, problem);
	if (error)
		return error;
	if (strcmp(of, url) != 0)
		return km_fail(problem, KM_INVALID, "other-registry", "this was remembered of the registry at %s, not %s", of,
		               url);
	state->size = (uint64_t)size;
	state->marks = json_incref((json_t *)marks);
	state->key = strdup(key);
	return state->key ? read_edge(object, state, problem) : km_fail_memory(problem);
}

enum km_error km_monitor_state_load(const char *path, const char *url, struct km_monitor_state *ret_state,
                                    struct km_problem *problem)
{
	auto_free char *bytes = NULL;
	json_auto_t *object = NULL;
	struct km_monitor_state state = {0};
	size_t len;
	enum km_error error = km_file_read(path, KM_MONITOR_FILE_MAX, &bytes, &len, problem);
	if (error == KM_ABSENT) {
		state.marks = json_object();
		*ret_state = state;
		return state.marks ? KM_OK : km_fail_memory(problem);
	}
	if (!error)
		error = km_json_parse(bytes, len, "what was remembered of the log", &object, problem);
	if (!error)
		error = read_state(object, url, &state, problem);
	if (error) {
		km_monitor_state_done(&state);
		km_problem_prefix(problem, "%s", path);
		return error;
	}
	*ret_state = state;
	return KM_OK;
}

static json_t *edge_json(const struct km_monitor_state *state)
{
	json_t *array = json_array();
	for (size_t i = 0; i < state->edge_len; i++) {
		auto_buf struct km_buf text = KM_BUF_EMPTY;
		km_encode(KM_HEX, &state->edge[i], sizeof state->edge[i], &text);
		json_array_append_new(array, text.failed ? NULL : json_string(text.data));
	}
	return array;
}

enum km_error km_monitor_state_save(const char *path, const char *url, const struct km_monitor_state *state,
                                    struct km_problem *problem)
{
	json_auto_t *object = json_pack("{s:s, s:s, s:I, s:o, s:O}", "registry", url, "key", state->key, "size",
	                                (json_int_t)state->size, "edge", edge_json(state), "marks", state->marks);
	auto_free char *text = object ? km_json_text(object) : NULL;
	if (!text)
		return km_fail_memory(problem);
	km_settings_make_folder(path);
	return km_file_replace(path, text, strlen(text), 0600, problem);
}
