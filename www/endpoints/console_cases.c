#include "base/json.h"
#include "registry/case_file.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/site.h"

static enum km_error add_case(void *array, const struct km_case *row)
{
	return km_console_add(array, json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:o, s:o, s:s?, s:s?, s:o}", "id", row->id,
	                                       "kind", row->kind, "number", row->number, "decision", row->decision_id,
	                                       "report", row->report, "received", km_console_day(row->received_on), "due",
	                                       km_console_day(row->due_at), "outcome", row->outcome, "reason", row->reason,
	                                       "closed", km_console_day(row->closed_at)));
}

/* GET /console/api/cases: of the body, closed ones too. */
KM_HANDLER(km_get_console_cases)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_case_list(request->store, desk.body_slug, true, add_case, list, problem);
	return error ? error : km_console_reply(reply, json_incref(list), problem);
}

static enum km_error add_report(void *array, const struct km_report *report, const char *case_id)
{
	return km_console_add(array,
	                      json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:o, s:s?}", "reference", report->reference,
	                                "kind", km_report_kind_name(report->kind), "number", report->number, "text",
	                                report->text, "place", report->place, "contact", report->contact, "received",
	                                km_console_day(report->received_at), "case", case_id));
}

/* GET /console/api/reports: what the public reported about marks of the body. */
KM_HANDLER(km_get_console_reports)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_reports(request->store, &desk, request->now, add_report, list, problem);
	return error ? error : km_console_reply(reply, json_incref(list), problem);
}
