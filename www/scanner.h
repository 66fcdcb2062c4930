/*
 * What the part of a page that scans QR codes is made from (www/templates/scanner.html, www/static/scan.mjs).
 */
#ifndef KM_WWW_SCANNER_H
#define KM_WWW_SCANNER_H

#include "base/error.h"
#include "www/reply.h"
#include "www/request.h"

#include <jansson.h>

/* {"schemes": [{"id", "name", "sample"}], "states": {"active": …}}: data for the template; the caller's
 * (json_decref). */
enum km_error km_scanner_data(const struct km_request *request, json_t **ret_data, struct km_problem *problem);

/* The page /scan in the request's language. */
enum km_error km_scanner_page(const struct km_request *request, struct km_reply *reply, struct km_problem *problem);

#endif
