#include "registry/finding.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/mark_asked.h"
#include "www/site.h"

#include <string.h>

static json_t *transfer_json(const struct km_desk_transfer *transfer)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o}", "id", transfer->id, "number",
	                 transfer->number, "kvk", transfer->kvk, "name", transfer->name, "scheme", transfer->scheme_id,
	                 "from", transfer->from_body, "state", km_transfer_state_name(transfer->state), "answer",
	                 transfer->answer, "recorded", km_console_day(transfer->recorded_at), "opens",
	                 km_console_day(transfer->opens_at), "closes", km_console_day(transfer->closes_at), "answer_from",
	                 km_console_day(transfer->answer_holds_from));
}

static enum km_error add_transfer(void *array, const struct km_desk_transfer *transfer)
{
	return km_console_add(array, transfer_json(transfer));
}

/* GET /console/api/transfers: marks that other bodies have offered to this one. */
KM_HANDLER(km_get_console_transfers)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_transfers(request->store, &desk, NULL, request->now, add_transfer, list, problem);
	return error ? error : km_console_reply(reply, json_incref(list), problem);
}

/* What whoever takes the mark over has to see to. */
static json_t *burden(const struct km_mark *mark, const struct km_open_findings *open)
{
	const struct km_period *period = &mark->period;
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:o}", "until", km_console_day(period->valid_until),
	                 "surveillance", km_console_day(period->surveillance_due), "surveillance_limit",
	                 km_console_day(period->surveillance_limit), "suspension_limit",
	                 km_console_day(mark->state == KM_SUSPENDED ? period->suspension_limit : 0), "majors", open->majors,
	                 "minors", open->minors, "overdue", open->overdue, "first_due", km_console_day(open->first_due));
}

/* GET /console/api/transfers/ID: one, with the public record of the mark and what comes with it. Its findings stay with
 * the body that found them: only how many are open is told, and only while the offer is to be answered. */
KM_HANDLER(km_get_console_transfer)
{
	auto_desk struct km_desk desk = {0};
	auto_asked struct km_asked asked = {.moment = request->now};
	struct km_open_findings open = {0};
	json_auto_t *list = json_array();
	const char *id = km_request_path_value(request, "id");
	enum km_error error = km_console_desk(request, &desk, problem);
	if (!error)
		error = km_desk_transfers(request->store, &desk, id, request->now, add_transfer, list, problem);
	json_t *transfer = json_array_get(list, 0);
	if (!error && !transfer)
		error = km_fail(problem, KM_ABSENT, "unknown-transfer", "no transfer %.43s was offered to your body", id);
	if (!error)
		error = km_asked_find(request, json_string_value(json_object_get(transfer, "number")), request->now,
		                      &asked.mark, problem);
	if (error)
		return error;
	const char *state = json_string_value(json_object_get(transfer, "state"));
	bool answerable = strcmp(state, km_transfer_state_name(KM_TRANSFER_OPEN)) == 0 ||
	                  strcmp(state, km_transfer_state_name(KM_TRANSFER_EARLY)) == 0;
	if (answerable)
		error = km_findings_of_provider(request->store, asked.mark->provider->id, asked.mark->scheme->id, request->now,
		                                &open, problem);
	if (error)
		return error;
	return km_console_reply(reply,
	                        json_pack("{s:O, s:o, s:o}", "transfer", transfer, "record", km_asked_json(request, &asked),
	                                  "burden", answerable ? burden(asked.mark, &open) : json_null()),
	                        problem);
}

struct bodies {
	json_t *list;
	const char *own, *scheme_id;
};

static enum km_error add_body(void *context, const struct km_body *body)
{
	const struct bodies *bodies = context;
	bool may = false;
	for (size_t i = 0; i < body->schemes_len; i++)
		may = may || strcmp(body->schemes[i], bodies->scheme_id) == 0;
	if (!may || strcmp(body->slug, bodies->own) == 0)
		return KM_OK;
	return km_console_add(bodies->list, json_pack("{s:s, s:s}", "slug", body->slug, "name", body->name));
}

/* GET /console/api/bodies/SCHEME: the others that may certify for it. */
KM_HANDLER(km_get_console_bodies)
{
	auto_desk struct km_desk desk = {0};
	json_auto_t *list = json_array();
	enum km_error error = km_console_desk(request, &desk, problem);
	struct bodies bodies = {list, desk.body_slug, km_request_path_value(request, "scheme")};
	if (!error)
		error = km_body_list(request->store, add_body, &bodies, problem);
	return error ? error : km_console_reply(reply, json_incref(list), problem);
}
