#include "base/digest.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/session.h"
#include "www/site.h"

/* GET /console/api/challenge: what is to be signed to sign in, and what time it is here. */
KM_HANDLER(km_get_console_challenge)
{
	char challenge[KM_CHALLENGE_TEXT];
	enum km_error error = km_console_own_site(request, problem);
	if (!error)
		error = km_session_challenge(request->site->sessions, request->now, challenge, problem);
	if (error)
		return error;
	return km_console_reply(reply,
	                        json_pack("{s:s, s:s, s:I}", "challenge", challenge, "aud", request->site->url, "now",
	                                  (json_int_t)request->now),
	                        problem);
}

/* POST /console/api/session: that, signed. The answer is a cookie, which reads and nothing else. */
KM_HANDLER(km_post_console_session)
{
	char token[KM_SESSION_TEXT];
	auto_desk struct km_desk desk = {0};
	enum km_error error = km_console_own_site(request, problem);
	if (!error)
		error = km_session_begin(request->site->sessions, request->store, request->body.data ? request->body.data : "",
		                         request->body.len, request->now, token, &desk, problem);
	if (error)
		return error;
	km_console_set_cookie(request, reply, token);
	km_wipe(token, sizeof token);
	return km_console_reply(reply, json_pack("{s:i}", "seconds", KM_SESSION_TTL_S), problem);
}

/* POST /console/api/session/end: signs out. */
KM_HANDLER(km_post_console_session_end)
{
	enum km_error error = km_console_own_site(request, problem);
	if (error)
		return error;
	km_session_end(request->site->sessions, request->session);
	km_console_set_cookie(request, reply, "");
	return km_console_reply(reply, json_object(), problem);
}
