/*
 * What all addresses under /console/api begin with: the request comes from a page of this registry itself, and from
 * someone who is signed in.
 */
#ifndef KM_WWW_CONSOLE_H
#define KM_WWW_CONSOLE_H

#include "base/error.h"
#include "registry/desk.h"
#include "www/reply.h"
#include "www/request.h"

/* KM_FORBIDDEN "other-site" where a browser says that another site asks, or where a POST does not come from a page of
 * ours. */
enum km_error km_console_own_site(const struct km_request *request, struct km_problem *problem);

/* That, and who is signed in: as km_session_desk. Free with km_desk_done. */
enum km_error km_console_desk(const struct km_request *request, struct km_desk *ret_desk, struct km_problem *problem);

/* The name of the cookie: one that browsers take over https only, unless the registry is on this very machine. */
const char *km_console_cookie(const struct km_site *site);

/* Has the browser keep this token, for this site and for as long as the session lasts; "" has it forget. */
void km_console_set_cookie(const struct km_request *request, struct km_reply *reply, const char *token);

/* The JSON as the reply, which nobody keeps; the value is taken over, and NULL counts as memory that ran out. */
enum km_error km_console_reply(struct km_reply *reply, json_t *value, struct km_problem *problem);

/* The day as "2026-11-24"; null for moment 0. A new reference; NULL without memory. */
json_t *km_console_day(int64_t moment);

/* As elements of an array: an audit, a mark. For the callbacks of registry/desk.h; context is the array. */
enum km_error km_console_add_audit(void *array, const struct km_desk_audit *audit);
enum km_error km_console_add_mark(void *array, const struct km_desk_mark *mark);

/* Adds what is taken over to an array. */
enum km_error km_console_add(json_t *array, json_t *element);

#endif
