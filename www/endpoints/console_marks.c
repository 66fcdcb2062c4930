#include "registry/finding.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/show.h"
#include "www/site.h"

#include <string.h>

enum { PAGES_MAX = 10000 };

/* GET /console/api/marks?page=: those that the body holds. */
KM_HANDLER(km_get_console_marks)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	int page = 0;
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_request_integer(request, "page", 0, PAGES_MAX, 0, &page, problem);
	if (!error)
		error = km_desk_marks(request->store, &desk, NULL, request->now, (size_t)page * KM_DESK_PAGE,
		                      km_console_add_mark, list, problem);
	if (error)
		return error;
	bool more = json_array_size(list) == KM_DESK_PAGE;
	return km_console_reply(reply, json_pack("{s:O, s:b}", "marks", list, "more", more), problem);
}

static enum km_error add_decision(void *array, const struct km_desk_decision *decision)
{
	return km_console_add(array,
	                      json_pack("{s:s, s:s, s:s?, s:s, s:o, s:o, s:s?, s:s?, s:s?, s:{s:s?, s:s?}}", "id",
	                                decision->id, "action", decision->action, "reason", decision->reason, "decider",
	                                decision->decider, "holds_from", km_console_day(decision->holds_from), "recorded",
	                                km_console_day(decision->recorded_at), "to", decision->to, "answer",
	                                decision->answer, "answer_reason", decision->answer_reason, "answer_text", "nl",
	                                decision->answer_text[KM_NL], "en", decision->answer_text[KM_EN]));
}

/* GET /console/api/marks/NUMBER: one, with what the body decided and audited. */
KM_HANDLER(km_get_console_mark)
{
	auto_desk struct km_desk desk = {0};
	auto_asked struct km_asked asked = {0};
	json_auto_t *decisions = json_array(), *audits = json_array(), *marks = json_array();
	struct km_open_findings open = {0};
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_asked_read(request, false, &asked, problem);
	if (!error && asked.mark->body->id != desk.body_id)
		error = km_fail(problem, KM_FORBIDDEN, "other-body", "this mark is another body's");
	if (error)
		return error;
	const struct km_mark *mark = asked.mark;
	error = km_desk_decisions(request->store, &desk, mark->number, add_decision, decisions, problem);
	if (!error)
		error = km_desk_audits_of(request->store, &desk, mark->provider->kvk, km_console_add_audit, audits, problem);
	if (!error)
		error = km_desk_marks(request->store, &desk, mark->provider->kvk, request->now, 0, km_console_add_mark, marks,
		                      problem);
	if (!error)
		error =
			km_findings_of_provider(request->store, mark->provider->id, mark->scheme->id, request->now, &open, problem);
	if (error)
		return error;
	return km_console_reply(reply,
	                        json_pack("{s:o, s:O, s:O, s:O, s:{s:i, s:i, s:i}}", "record",
	                                  km_asked_json(request, &asked), "decisions", decisions, "audits", audits, "marks",
	                                  marks, "open", "majors", open.majors, "minors", open.minors, "overdue",
	                                  open.overdue),
	                        problem);
}
