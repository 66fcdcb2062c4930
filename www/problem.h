/*
 * What a failure looks like from outside: a problem document (RFC 9457) for programs, a page that helps for people.
 */
#ifndef KM_WWW_PROBLEM_H
#define KM_WWW_PROBLEM_H

#include "base/error.h"
#include "www/reply.h"
#include "www/request.h"

/* The HTTP status that goes with it: see base/error.h. */
unsigned km_problem_status(const struct km_problem *problem);

/* Makes the reply a report of the problem, whatever the handler had put into it. What went wrong on our side is told to
 * the operator only. */
void km_problem_reply(const struct km_request *request, const struct km_problem *problem, struct km_reply *reply);

#endif
