#include "www/mirror_state.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { STATE_MAX_BYTES = 1 << 20, FORM = 1 };

void km_mirror_state_done(struct km_mirror_state *state)
{
	json_decref(state->parts);
	json_decref(state->unseen);
	*state = (struct km_mirror_state){0};
}

void km_mirror_state_restart(struct km_mirror_state *state)
{
	state->whole = true;
	*state->next_mark = *state->next_provider = '\0';
	json_decref(state->unseen);
	state->unseen = json_copy(state->parts);
}

static void copy_text(const json_t *object, const char *member, char *ret_text, size_t size)
{
	const char *text = json_string_value(json_object_get(object, member));
	snprintf(ret_text, size, "%s", text ? text : "");
}

static int64_t number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

/* Our own file: what is missing in it makes something anew. */
static void read_members(const json_t *json, struct km_mirror_state *state)
{
	copy_text(json, "program", state->program, sizeof state->program);
	copy_text(json, "next_mark", state->next_mark, sizeof state->next_mark);
	copy_text(json, "next_provider", state->next_provider, sizeof state->next_provider);
	copy_text(json, "day", state->day, sizeof state->day);
	state->finished = json_is_true(json_object_get(json, "finished"));
	state->whole = json_is_true(json_object_get(json, "whole"));
	state->cursor = (struct km_changed_cursor){
		.log_position = number(json, "log_position"),
		.event_id = number(json, "event_id"),
		.record_sequence = number(json, "record_sequence"),
		.at = number(json, "at"),
	};
	state->log_size = (uint64_t)number(json, "log_size");
	state->log_size_before = (uint64_t)number(json, "log_size_before");
	state->lists_at = number(json, "lists_at");
	state->lists_until = number(json, "lists_until");
	state->snapshot_at = number(json, "snapshot_at");
	state->next_update = number(json, "next_update");
	state->rows = number(json, "rows");
	state->sequence = (uint64_t)number(json, "sequence");
	state->parts = json_incref(json_object_get(json, "parts"));
	state->unseen = json_incref(json_object_get(json, "unseen"));
}

enum km_error km_mirror_state_read(const char *folder, const char *url, struct km_mirror_state *ret_state,
                                   struct km_problem *problem)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/state.json", folder);
	auto_free char *bytes = NULL;
	size_t len = 0;
	json_auto_t *json = NULL;
	struct km_problem why = {0};
	enum km_error error = km_file_read(path, STATE_MAX_BYTES, &bytes, &len, &why);
	if (!error)
		error = km_json_parse(bytes, len, path, &json, &why);
	const char *of = json_string_value(json_object_get(json, "url"));
	if (!error && (number(json, "form") != FORM || !of || strcmp(of, url) != 0))
		return km_fail(problem, KM_CONFLICT, "mirror-other",
		               "%s: this folder holds a mirror of %.200s, not of %.200s; give another folder", folder,
		               of ? of : "something else", url);
	struct km_mirror_state state = {0};
	/* One that is not there, or was damaged, begins again. */
	if (!error)
		read_members(json, &state);
	if (!json_is_object(state.parts) || !json_is_object(state.unseen)) {
		km_mirror_state_done(&state);
		state.parts = json_object();
		state.unseen = json_object();
	}
	if (!state.parts || !state.unseen) {
		km_mirror_state_done(&state);
		return km_fail_memory(problem);
	}
	*ret_state = state;
	return KM_OK;
}

enum km_error km_mirror_state_write(const struct km_mirror_state *state, const char *folder, const char *url,
                                    struct km_problem *problem)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/state.json", folder);
	json_auto_t *json = json_pack(
		"{s:i, s:s, s:s, s:b, s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, "
	    "s:O}",
		"form", FORM, "url", url, "program", state->program, "finished", state->finished, "whole", state->whole,
		"next_mark", state->next_mark, "next_provider", state->next_provider, "day", state->day, "log_position",
		(json_int_t)state->cursor.log_position, "event_id", (json_int_t)state->cursor.event_id, "record_sequence",
		(json_int_t)state->cursor.record_sequence, "at", (json_int_t)state->cursor.at, "log_size",
		(json_int_t)state->log_size, "log_size_before", (json_int_t)state->log_size_before, "lists_at",
		(json_int_t)state->lists_at, "lists_until", (json_int_t)state->lists_until, "snapshot_at",
		(json_int_t)state->snapshot_at, "next_update", (json_int_t)state->next_update, "rows", (json_int_t)state->rows,
		"sequence", (json_int_t)state->sequence, "parts", state->parts, "unseen", state->unseen);
	auto_free char *text = json ? km_json_text(json) : NULL;
	return text ? km_file_replace(path, text, strlen(text), 0644, problem) : km_fail_memory(problem);
}
