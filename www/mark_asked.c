#include "www/mark_asked.h"

#include "www/mark_record.h"
#include "www/reply.h"
#include "www/site.h"

#include <string.h>

enum km_error km_asked_find(const struct km_request *request, const char *number, int64_t moment,
                            struct km_mark **ret_mark, struct km_problem *problem)
{
	enum km_error error = km_mark_get(request->store, number, moment, ret_mark, problem);
	if (error == KM_ABSENT && strcmp(problem->type, "mark-not-yet") != 0)
		return km_fail(problem, KM_ABSENT, "mark-unknown",
		               "there is no mark with this number in this register: it was never given out here");
	return error;
}

enum km_error km_asked_read(const struct km_request *request, bool dated, struct km_asked *ret_asked,
                            struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	struct km_asked asked = {.moment = request->now};
	enum km_error error = km_number_parse(km_request_path_value(request, "number"), number, problem);
	if (error == KM_MALFORMED) /* an address that cannot be that of a mark: there is nothing there */
		error = problem->code = KM_ABSENT;
	if (!error && dated)
		error = km_request_day(request, "at", &asked.moment, &asked.at, problem);
	if (!error)
		error = km_asked_find(request, number, asked.moment, &asked.mark, problem);
	if (!error)
		*ret_asked = asked;
	return error;
}

void km_asked_done(struct km_asked *asked)
{
	km_mark_free(asked->mark);
	*asked = (struct km_asked){0};
}

int km_asked_max_age_s(const struct km_request *request, const struct km_asked *asked, int max_s)
{
	return km_reply_age_until(asked->mark->next_change, request->now, max_s);
}

json_t *km_asked_json(const struct km_request *request, const struct km_asked *asked)
{
	return km_mark_record(asked->mark, request->site->url, asked->moment, request->now);
}
