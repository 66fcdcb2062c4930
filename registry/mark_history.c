#include "registry/mark_history.h"

#include "registry/rule.h"
#include "registry/sql.h"

#include <stdlib.h>
#include <string.h>

void km_history_done(struct km_history *history)
{
	for (size_t i = 0; i < history->events_len; i++) {
		struct km_event *event = &history->events[i];
		free((char *)event->reason);
		free((char *)event->action);
		for (size_t language = 0; language < KM_LANGUAGES; language++)
			free((char *)event->text.in[language]);
	}
	free(history->events);
	free(history->audits);
	*history = (struct km_history){0};
}

/* Adds an event and makes copies of its strings. */
static enum km_error add_event(struct km_history *history, const struct km_event *event, struct km_problem *problem)
{
	struct km_event *grown = realloc(history->events, (history->events_len + 1) * sizeof *grown);
	if (!grown)
		return km_fail_memory(problem);
	history->events = grown;
	struct km_event *added = &history->events[history->events_len++];
	*added = *event;
	added->action = strdup(event->action);
	added->reason = event->reason ? strdup(event->reason) : NULL;
	bool complete = added->action && (added->reason || !event->reason);
	for (size_t i = 0; i < KM_LANGUAGES; i++) {
		added->text.in[i] = event->text.in[i] ? strdup(event->text.in[i]) : NULL;
		complete = complete && (added->text.in[i] || !event->text.in[i]);
	}
	return complete ? KM_OK : km_fail_memory(problem);
}

/* Decided ones. One that was scheduled, and replaced before it held, never happened. */
static enum km_error read_decided(struct km_store *store, int64_t mark_id, int64_t at, struct km_history *history,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT e.at, e.recorded_at, e.action, e.reason, e.text_nl, e.text_en, e.state FROM event AS e"
	           " WHERE e.mark_id = :mark AND e.at <= :at AND e.decision_id IS NOT NULL AND NOT EXISTS ("
	           "  SELECT 1 FROM mark_period AS p JOIN mark_period AS q ON q.mark_id = p.mark_id"
	           "   AND q.sequence > p.sequence"
	           "  WHERE p.mark_id = e.mark_id AND p.decision_id = e.decision_id AND q.holds_from <= p.holds_from"
	           "   AND q.recorded_at < p.holds_from)"
	           " ORDER BY e.id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	km_sql_int(statement, ":at", at);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		struct km_event event = {
			.at = km_sql_get_int(statement, 0),
			.recorded_at = km_sql_get_int(statement, 1),
			.action = km_sql_get_text(statement, 2),
			.reason = km_sql_get_text(statement, 3),
			.text = {.in = {[KM_NL] = km_sql_get_text(statement, 4), [KM_EN] = km_sql_get_text(statement, 5)}},
			.state = km_state_named(km_sql_get_text(statement, 6)),
		};
		error = add_event(history, &event, problem);
		if (error)
			return error;
	}
}

struct lapses_to {
	struct km_history *history;
	struct km_problem *problem;
};

/* Computed, whether or not registry/lapse_record.h has written it down. */
static enum km_error add_lapse(void *context, const struct km_lapse *lapse)
{
	const struct lapses_to *to = context;
	const struct km_event event = {.at = lapse->at,
	                               .recorded_at = lapse->at,
	                               .action = lapse->action,
	                               .reason = lapse->reason,
	                               .state = lapse->state};
	return add_event(to->history, &event, to->problem);
}

/* Newest first; of two at one moment, the one recorded later comes first (they are added in that order). */
static void sort_newest_first(struct km_event *events, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		struct km_event event = events[i];
		size_t j = i;
		for (; j > 0 && events[j - 1].at <= event.at; j--)
			events[j] = events[j - 1];
		events[j] = event;
	}
}

/* Whether this event brought about what holds now: the period's own decision, or the lapse that came after it. */
static bool is_change(const struct km_event *event, const struct km_period *now, int64_t at)
{
	enum km_state state;
	int64_t since, next;
	km_mark_lapse(now, at, &state, &since, &next);
	const struct km_rule *rule = km_rule_find(event->action);
	if (!rule)
		return event->at == since && event->state == state;
	return state == now->state && event->at == now->holds_from && event->recorded_at == now->recorded_at &&
	       (rule->effect == KM_EFFECT_PERIOD || rule->effect == KM_EFFECT_MARK);
}

static void point_at_last(struct km_history *history, const struct km_period *now, int64_t at)
{
	bool notice_known = false;
	for (size_t i = 0; i < history->events_len; i++) {
		const struct km_event *event = &history->events[i];
		if (!history->change && is_change(event, now, at))
			history->change = event;
		bool begins = strcmp(event->action, "notice") == 0, ends = strcmp(event->action, "notice-end") == 0;
		if (!notice_known && begins)
			history->notice = event;
		notice_known = notice_known || begins || ends;
	}
}

static enum km_error read_audits(struct km_store *store, int64_t mark_id, int64_t at, struct km_history *history,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT a.kind, a.finished_on FROM decision AS d"
	                             " JOIN audit AS a ON a.submission_id = d.audit_id"
	                             " WHERE d.mark_id = :mark AND d.holds_from <= :at ORDER BY a.finished_on DESC",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":mark", mark_id);
	km_sql_int(statement, ":at", at);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const char *text = km_sql_get_text(statement, 0), *kind = km_audit_kind_name(km_audit_kind_parse(text));
		if (!kind)
			return km_fail(problem, KM_IO, "database-damaged", "the register has an audit of no known kind: %s", text);
		struct km_mark_audit *grown = realloc(history->audits, (history->audits_len + 1) * sizeof *grown);
		if (!grown)
			return km_fail_memory(problem);
		history->audits = grown;
		history->audits[history->audits_len++] =
			(struct km_mark_audit){.kind = kind, .finished = km_sql_get_int(statement, 1)};
	}
}

enum km_error km_history_read(struct km_store *store, int64_t mark_id, const struct km_period_row *rows, size_t len,
                              int64_t at, struct km_history *ret_history, struct km_problem *problem)
{
	enum km_error error = read_decided(store, mark_id, at, ret_history, problem);
	struct lapses_to to = {ret_history, problem};
	if (!error)
		error = km_period_lapses(rows, len, at, add_lapse, &to);
	if (!error)
		error = read_audits(store, mark_id, at, ret_history, problem);
	if (error)
		return error;
	sort_newest_first(ret_history->events, ret_history->events_len);
	const struct km_period_row *now = km_period_find(rows, len, at);
	if (now)
		point_at_last(ret_history, &now->period, at);
	return KM_OK;
}
