#include "base/json.h"
#include "keys/jws.h"
#include "registry/finding.h"
#include "registry/submission.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/site.h"

/* GET /console/api/audits: those that wait for a decision. */
KM_HANDLER(km_get_console_audits)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_queue(request->store, &desk, km_console_add_audit, list, problem);
	return error ? error : km_console_reply(reply, json_incref(list), problem);
}

static enum km_error add_finding(void *array, const struct km_desk_finding *finding)
{
	return km_console_add(array, json_pack("{s:s, s:s, s:s?, s:o, s:s?, s:s?, s:o, s:s?}", "criterion",
	                                       finding->criterion, "result", finding->result, "note", finding->note, "due",
	                                       km_console_day(finding->due_on), "before", finding->before, "before_note",
	                                       finding->before_note, "before_on", km_console_day(finding->before_on),
	                                       "after", finding->after));
}

/* What was signed, taken from the signed bytes themselves. The caller's (json_decref). */
static enum km_error read_signed(const struct km_request *request, const char *id, json_t **ret_content,
                                 struct km_problem *problem)
{
	auto_free char *bytes = NULL;
	auto_jws struct km_jws jws = {0};
	json_auto_t *claims = NULL;
	size_t len = 0;
	enum km_error error = km_submission_get(request->store, id, &bytes, &len, problem);
	if (!error)
		error = km_jws_parse(bytes, len, KM_SUBMISSION_MAX, &jws, problem);
	if (!error)
		error = km_json_parse(jws.payload, jws.payload_len, "the submission", &claims, problem);
	if (!error)
		*ret_content = json_incref(json_object_get(claims, "audit"));
	return error;
}

/* GET /console/api/audits/ID: one, laid out to be judged. */
KM_HANDLER(km_get_console_audit)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *found = json_array(), *findings = json_array(), *follow_ups = json_array(), *content = NULL;
	struct km_open_findings open = {0};
	const char *id = km_request_path_value(request, "id");
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_audit(request->store, &desk, id, km_console_add_audit, found, problem);
	if (!error)
		error = read_signed(request, id, &content, problem);
	if (!error)
		error = km_desk_findings(request->store, &desk, id, add_finding, findings, problem);
	if (!error)
		error = km_desk_follow_ups(request->store, &desk, id, km_console_add_audit, follow_ups, problem);
	if (!error)
		error = km_findings_of_audit(request->store, id, request->now, &open, problem);
	if (error)
		return error;
	json_t *one = json_incref(json_array_get(found, 0));
	json_auto_t *more =
		json_pack("{s:O, s:O, s:O, s:{s:i, s:i, s:i}}", "signed", content, "findings", findings, "follow_ups",
	              follow_ups, "open", "majors", open.majors, "minors", open.minors, "overdue", open.overdue);
	if (!one || !more || json_object_update(one, more) != 0) {
		json_decref(one);
		one = NULL;
	}
	return km_console_reply(reply, one, problem);
}
