#include "www/console.h"

#include "base/clock.h"
#include "www/session.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

enum km_error km_console_own_site(const struct km_request *request, struct km_problem *problem)
{
	bool posts = request->method == KM_POST;
	bool foreign = *request->fetch_site && strcmp(request->fetch_site, "same-origin") != 0;
	if (*request->origin || posts)
		foreign |= strcmp(request->origin, request->site->url) != 0;
	if (foreign)
		return km_fail(problem, KM_FORBIDDEN, "other-site",
		               "this is for pages of %s only: open the console at that address", request->site->url);
	return KM_OK;
}

enum km_error km_console_desk(const struct km_request *request, struct km_desk *ret_desk, struct km_problem *problem)
{
	enum km_error error = km_console_own_site(request, problem);
	return error ? error
	             : km_session_desk(request->site->sessions, request->store, request->session, request->now, ret_desk,
	                               problem);
}

static bool is_secure(const struct km_site *site)
{
	return strncmp(site->url, "https:", 6) == 0;
}

const char *km_console_cookie(const struct km_site *site)
{
	return is_secure(site) ? "__Host-keurmerk" : "keurmerk-local";
}

void km_console_set_cookie(const struct km_request *request, struct km_reply *reply, const char *token)
{
	snprintf(reply->cookie, sizeof reply->cookie, "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
	         km_console_cookie(request->site), token, *token ? KM_SESSION_TTL_S : 0,
	         is_secure(request->site) ? "; Secure" : "");
}

enum km_error km_console_reply(struct km_reply *reply, json_t *value, struct km_problem *problem)
{
	json_auto_t *owned = value;
	if (!owned)
		return km_fail_memory(problem);
	reply->max_age_s = KM_CACHE_NOT;
	return km_reply_json(reply, owned, km_type_json, problem);
}

json_t *km_console_day(int64_t moment)
{
	char text[KM_DATE_TEXT];
	if (!moment)
		return json_null();
	km_date_format(moment, text);
	return json_string(text);
}

enum km_error km_console_add(json_t *array, json_t *element)
{
	return json_array_append_new(array, element) == 0 ? KM_OK : KM_NO_MEMORY;
}

enum km_error km_console_add_audit(void *array, const struct km_desk_audit *audit)
{
	return km_console_add(
		array, json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:I, s:s?, s:s, s:s, s:I, s:I, s:o, s:o, s:s?, s:b}", "id",
	                     audit->id, "kind", audit->kind, "follows", audit->follows, "kvk", audit->kvk, "name",
	                     audit->name, "scheme", audit->scheme_id, "version", (json_int_t)audit->scheme_version, "level",
	                     audit->level, "recommendation", audit->recommendation, "auditor", audit->auditor, "majors",
	                     (json_int_t)audit->majors, "minors", (json_int_t)audit->minors, "finished",
	                     km_console_day(audit->finished_on), "recorded", km_console_day(audit->recorded_at), "decision",
	                     audit->decision, "took_part", audit->took_part));
}

enum km_error km_console_add_mark(void *array, const struct km_desk_mark *mark)
{
	return km_console_add(array,
	                      json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:s?, s:s, s:o, s:o, s:o}", "number", mark->number,
	                                "kvk", mark->kvk, "name", mark->name, "scheme", mark->scheme_id, "version",
	                                (json_int_t)mark->scheme_version, "scope", json_loads(mark->scope, 0, NULL),
	                                "level", mark->level, "state", km_state_name(mark->state), "since",
	                                km_console_day(mark->since), "until", km_console_day(mark->valid_until),
	                                "surveillance", km_console_day(mark->surveillance_due)));
}
