#include "cli/monitor.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/monitor_state.h"
#include "cli/remote.h"
#include "keys/checkpoint.h"
#include "registry/log.h"
#include "registry/number.h"
#include "registry/rule.h"
#include "registry/tile.h"

#include <stdlib.h>
#include <string.h>

enum { BUNDLE_MAX = KM_TILE_WIDTH * (2 + KM_LOG_ENTRY_MAX), MARK_MAX = 1 << 20, REGISTER_MAX = 1 << 30 };

struct visit {
	struct km_fetch *fetch;
	const char *url;
	int64_t now;
	struct km_monitor_state state;
	void (*tell)(void *context, const char *difference);
	void *context;
	struct km_monitor_result result;
};

static void differ(struct visit *visit, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void differ(struct visit *visit, const char *format, ...)
{
	char line[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	visit->tell(visit->context, line);
	visit->result.differences++;
}

static enum km_error get(struct visit *visit, const char *path, size_t max_bytes, struct km_answer *ret_answer,
                         struct km_problem *problem)
{
	auto_buf struct km_buf address = KM_BUF_EMPTY;
	km_buf_add_format(&address, "%s%s", visit->url, path);
	if (address.failed)
		return km_fail_memory(problem);
	return km_fetch_get(visit->fetch, address.data, max_bytes, ret_answer, problem);
}

/* The log's key: the one that was first seen, which may not change unseen. */
static enum km_error find_key(struct visit *visit, struct km_note_verifier *ret_key, struct km_problem *problem)
{
	struct km_keyset set;
	char origin[KM_ORIGIN_MAX + 1];
	enum km_error error = km_remote_keyset(visit->fetch, visit->url, &set, problem);
	if (!error)
		error = km_checkpoint_origin(visit->url, origin, problem);
	if (error)
		return error;
	if (visit->state.key) {
		error = km_note_verifier_parse(visit->state.key, ret_key, problem);
		for (size_t i = 0; !error && i < set.len; i++)
			if (set.entries[i].purpose == KM_PURPOSE_LOG &&
			    memcmp(set.entries[i].public_key, ret_key->public_key, KM_PUBLIC_BYTES) == 0)
				return KM_OK;
		return error ? error
		             : km_fail(problem, KM_UNPROVEN, "log-key-changed",
		                       "the registry no longer publishes the key %s, with which the log was signed at the last "
		                       "visit",
		                       visit->state.key);
	}
	for (size_t i = 0; i < set.len; i++) {
		if (set.entries[i].purpose != KM_PURPOSE_LOG || set.entries[i].not_before > visit->now)
			continue;
		error = km_note_verifier_make(origin, set.entries[i].public_key, ret_key, problem);
		return error ? error : km_note_verifier_format(ret_key, &visit->state.key, problem);
	}
	return km_fail(problem, KM_INVALID, "no-log-key", "%s publishes no key for its log", visit->url);
}

static enum km_error read_checkpoint(struct visit *visit, const struct km_note_verifier *key,
                                     struct km_checkpoint *ret_checkpoint, struct km_problem *problem)
{
	auto_answer struct km_answer answer = {0};
	size_t body_len;
	enum km_error error = get(visit, "/log/checkpoint", KM_NOTE_MAX, &answer, problem);
	if (!error)
		error = km_answer_check(&answer, problem);
	if (!error)
		error = km_note_verify(answer.body, answer.len, key, &body_len, problem);
	if (!error)
		error = km_checkpoint_parse(answer.body, body_len, ret_checkpoint, problem);
	if (error)
		return error;
	if (strcmp(ret_checkpoint->origin, key->name) != 0)
		return km_fail(problem, KM_UNPROVEN, "other-log", "this is the checkpoint of another log, %s",
		               ret_checkpoint->origin);
	return KM_OK;
}

/* Remembers what an entry says of a mark; what it says of other things needs no second look. */
static enum km_error note_entry(struct visit *visit, uint64_t index, const char *bytes, size_t len,
                                struct km_problem *problem)
{
	json_auto_t *entry = NULL;
	struct km_problem own = {0};
	if (km_json_parse(bytes, len, "an entry", &entry, &own)) {
		differ(visit, "entry %llu of the log cannot be read: %s", (unsigned long long)index, own.message);
		return KM_OK;
	}
	const char *mark = json_string_value(json_object_get(entry, "mark"));
	if (!mark || !json_object_get(entry, "seq")) /* a submission, or a credential that was signed anew */
		return KM_OK;
	json_t *history = json_object_get(visit->state.marks, mark);
	if (!history) {
		history = json_array();
		if (json_object_set_new(visit->state.marks, mark, history) != 0)
			return km_fail_memory(problem);
	}
	if (json_integer_value(json_object_get(entry, "seq")) != (json_int_t)json_array_size(history) + 1)
		differ(visit, "entry %llu: an event of mark %s is missing from the log, or is there twice",
		       (unsigned long long)index, mark);
	json_t *line = json_pack("[O?, O?, O?, O?]", json_object_get(entry, "action"), json_object_get(entry, "at"),
	                         json_object_get(entry, "recorded"), json_object_get(entry, "state"));
	if (!line || json_array_append_new(history, line) != 0)
		return km_fail_memory(problem);
	return KM_OK;
}

/* A bundle of entries; those that were read at an earlier visit are passed over. */
static enum km_error read_bundle(struct visit *visit, uint64_t first, unsigned width, struct km_problem *problem)
{
	struct km_tile tile = {.entries = true, .index = first / KM_TILE_WIDTH, .width = width};
	char path[KM_TILE_PATH_TEXT], target[KM_TILE_PATH_TEXT + 8];
	auto_answer struct km_answer answer = {0};
	km_tile_format(&tile, path);
	snprintf(target, sizeof target, "/log/%s", path);
	enum km_error error = get(visit, target, BUNDLE_MAX, &answer, problem);
	if (!error)
		error = km_answer_check(&answer, problem);
	const uint8_t *at = (const uint8_t *)answer.body, *end = at ? at + answer.len : NULL;
	for (unsigned i = 0; !error && i < width; i++) {
		const uint8_t *entry;
		size_t len;
		if (!km_tile_next_entry(&at, end, &entry, &len))
			return km_fail(problem, KM_MALFORMED, "bundle", "%s: the bundle of entries breaks off", target);
		if (first + i >= visit->state.size) {
			struct km_hash leaf = km_merkle_leaf(entry, len);
			error = note_entry(visit, first + i, (const char *)entry, len, problem);
			km_monitor_state_add(&visit->state, &leaf);
		}
	}
	if (!error && at != end)
		return km_fail(problem, KM_MALFORMED, "bundle", "%s: there is more in the bundle than it should hold", target);
	return error;
}

/* Reads on from where the last visit ended. That the new root is that of what was remembered and what was read is the
 * proof that nothing before has changed. */
static enum km_error read_on(struct visit *visit, const struct km_checkpoint *checkpoint, struct km_problem *problem)
{
	if (checkpoint->size < visit->state.size)
		return km_fail(problem, KM_UNPROVEN, "log-rolled-back",
		               "the log has %llu entries; at the last visit it had %llu: what was in it has been taken out",
		               (unsigned long long)checkpoint->size, (unsigned long long)visit->state.size);
	while (visit->state.size < checkpoint->size) {
		uint64_t first = visit->state.size - visit->state.size % KM_TILE_WIDTH, left = checkpoint->size - first;
		unsigned width = left < KM_TILE_WIDTH ? (unsigned)left : KM_TILE_WIDTH;
		enum km_error error = read_bundle(visit, first, width, problem);
		if (error)
			return error;
	}
	struct km_hash root = km_monitor_state_root(&visit->state);
	if (memcmp(root.bytes, checkpoint->root, sizeof root.bytes) != 0)
		return km_fail(problem, KM_UNPROVEN, "log-rewritten",
		               "the signed root of the log is not that of its entries together with what it held at the last "
		               "visit: the log was rewritten");
	return KM_OK;
}

static bool is_lapse(const char *action)
{
	return strcmp(action, "expire") == 0 || strcmp(action, "suspend-lapse") == 0 ||
	       strcmp(action, "withdraw-lapse") == 0;
}

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));
	return text ? text : "";
}

/* What is remembered of an event in the log; "" where the entry had no such text. */
enum of_logged { ACTION, AT, RECORDED, STATE };

static const char *logged_text(const json_t *logged, enum of_logged what)
{
	const char *text = json_string_value(json_array_get(logged, what));
	return text ? text : "";
}

static bool same_event(const json_t *logged, const json_t *shown)
{
	return strcmp(text_of(shown, "action"), logged_text(logged, ACTION)) == 0 &&
	       strcmp(text_of(shown, "at"), logged_text(logged, AT)) == 0;
}

static bool is_logged(const json_t *history, const json_t *shown)
{
	size_t i;
	json_t *logged;
	json_array_foreach(history, i, logged) if (same_event(logged, shown)) return true;
	return false;
}

static bool is_shown(const json_t *events, const json_t *logged)
{
	size_t i;
	json_t *shown;
	json_array_foreach(events, i, shown) if (same_event(logged, shown)) return true;
	return false;
}

/* Seconds; 0 for what is no moment. */
static int64_t moment(const char *text)
{
	int64_t at = 0;
	return text && km_time_parse(text, &at) ? at : 0;
}

/* A notice or a new name leaves the state as it is; an action that this program does not know may not. */
static bool sets_state(const json_t *logged)
{
	const struct km_rule *rule = km_rule_find(logged_text(logged, ACTION));
	return !rule || rule->effect == KM_EFFECT_PERIOD || rule->effect == KM_EFFECT_MARK;
}

/* Scheduled, and replaced before its time came by what was recorded next and holds from no later. */
static bool was_replaced(const json_t *history, size_t index)
{
	int64_t at = moment(logged_text(json_array_get(history, index), AT));
	for (size_t i = index + 1; i < json_array_size(history); i++) {
		const json_t *next = json_array_get(history, i);
		if (sets_state(next) && moment(logged_text(next, AT)) <= at && moment(logged_text(next, RECORDED)) < at)
			return true;
	}
	return false;
}

/* What the public is shown of a mark is what the log says of it: every event, in both directions, and the state. */
static void compare(struct visit *visit, const char *number, const json_t *history, const json_t *mark)
{
	size_t i;
	json_t *event;
	const json_t *events = json_object_get(mark, "events");
	json_array_foreach(events, i, event)
	{
		int64_t at = moment(text_of(event, "at"));
		bool young = is_lapse(text_of(event, "action")) && at > visit->now - KM_MONITOR_LAPSE_S;
		if (!young && !is_logged(history, event))
			differ(visit, "mark %s: the register shows \"%s\" at %s, of which the log knows nothing", number,
			       text_of(event, "action"), text_of(event, "at"));
	}
	const char *state = NULL;
	json_array_foreach(history, i, event)
	{
		const char *at = logged_text(event, AT);
		if (moment(at) > visit->now || was_replaced(history, i))
			continue;
		if (!is_shown(events, event))
			differ(visit, "mark %s: the log says \"%s\" at %s, which the register does not show", number,
			       logged_text(event, ACTION), at);
		if (sets_state(event))
			state = logged_text(event, STATE);
	}
	bool young = moment(text_of(mark, "state_since")) > visit->now - KM_MONITOR_LAPSE_S;
	if (state && !young && strcmp(state, text_of(mark, "state")) != 0)
		differ(visit, "mark %s: the register says %s, the log %s", number, text_of(mark, "state"), state);
}

static enum km_error compare_mark(struct visit *visit, const char *number, struct km_problem *problem)
{
	char parsed[KM_NUMBER_TEXT], path[64];
	if (km_number_parse(number, parsed, NULL) || strcmp(parsed, number) != 0) {
		differ(visit, "the log names \"%.40s\", which is no mark number", number);
		return KM_OK;
	}
	snprintf(path, sizeof path, "/m/%s.json", number);
	auto_answer struct km_answer answer = {0};
	json_auto_t *mark = NULL;
	enum km_error error = get(visit, path, MARK_MAX, &answer, problem);
	if (error)
		return error;
	error = km_answer_check(&answer, problem);
	if (error == KM_ABSENT && answer.problem) {
		differ(visit, "mark %s is in the log and not in the register", number);
		return KM_OK;
	}
	if (!error)
		error = km_json_parse(answer.body, answer.len, "the mark", &mark, problem);
	if (error)
		return error;
	visit->result.marks++;
	compare(visit, number, json_object_get(visit->state.marks, number), mark);
	return KM_OK;
}

/* Every mark that the register lists is in the log. The register was read first, so the log is at least as new. */
static enum km_error compare_list(struct visit *visit, const struct km_answer *list, struct km_problem *problem)
{
	size_t line = 1;
	for (const char *at = list->body, *end = at + list->len; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);
		json_auto_t *row = NULL;
		enum km_error error = km_json_parse(at, len, "a line of the register", &row, problem);
		if (error) {
			km_problem_prefix(problem, "%s/register.jsonl: line %zu", visit->url, line);
			return error;
		}
		const char *number = text_of(row, "number");
		if (!json_object_get(visit->state.marks, number))
			differ(visit, "mark %s is in the register and not in the log", number);
		at += len + 1;
	}
	return KM_OK;
}

static enum km_error run(struct visit *visit, const char *state_path, struct km_problem *problem)
{
	struct km_note_verifier key;
	struct km_checkpoint checkpoint;
	auto_answer struct km_answer list = {0};
	enum km_error error = km_monitor_state_load(state_path, visit->url, &visit->state, problem);
	visit->result.size_before = visit->state.size;
	if (!error)
		error = get(visit, "/register.jsonl", REGISTER_MAX, &list, problem);
	if (!error)
		error = km_answer_check(&list, problem);
	if (!error)
		error = find_key(visit, &key, problem);
	if (!error)
		error = read_checkpoint(visit, &key, &checkpoint, problem);
	if (!error)
		error = read_on(visit, &checkpoint, problem);
	if (error)
		return error;
	visit->result.size = visit->state.size;
	error = compare_list(visit, &list, problem);
	if (error)
		return error;
	const char *number;
	json_t *value;
	/* All of them: a register can be changed where the log was not. */
	json_object_foreach(visit->state.marks, number, value)
	{
		error = compare_mark(visit, number, problem);
		if (error)
			return error;
	}
	return km_monitor_state_save(state_path, visit->url, &visit->state, problem);
}

enum km_error km_monitor_visit(struct km_fetch *fetch, const char *url, const char *state_path, int64_t now,
                               void (*tell)(void *context, const char *difference), void *context,
                               struct km_monitor_result *ret_result, struct km_problem *problem)
{
	struct visit visit = {.fetch = fetch, .url = url, .now = now, .tell = tell, .context = context};
	enum km_error error = run(&visit, state_path, problem);
	if (!error)
		*ret_result = visit.result;
	km_monitor_state_done(&visit.state);
	return error;
}
