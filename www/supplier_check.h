/*
 * A list of suppliers, checked: what the page, the API and the files for download are all made from.
 */
#ifndef KM_WWW_SUPPLIER_CHECK_H
#define KM_WWW_SUPPLIER_CHECK_H

#include "base/buf.h"
#include "base/error.h"
#include "www/request.h"

#include <jansson.h>
#include <stddef.h>

struct km_check_result {
	json_t *results; /* one object for each row: doc/formats.md; owned */
	json_t *counts;  /* rows by answer; owned */
};

/* Checks a list. Only few at a time, for it takes long: KM_UNAVAILABLE "busy". Free with km_check_done. */
enum km_error km_check_run(const struct km_request *request, const char *bytes, size_t len,
                           struct km_check_result *ret_result, struct km_problem *problem);
void km_check_done(struct km_check_result *result);
#define auto_check __attribute__((cleanup(km_check_done)))

/* The signed receipt; the caller's (free). */
enum km_error km_check_receipt(const struct km_request *request, const struct km_check_result *result, char **ret_token,
                               struct km_problem *problem);

/* {"checked_at", "counts", "results"}; the caller's (json_decref). NULL without memory. */
json_t *km_check_json(const struct km_request *request, const struct km_check_result *result);

/* The results as a table that spreadsheets open (UTF-8 with a byte order mark, semicolons), in the reader's language.
 * No cell is taken for a formula. */
void km_check_csv(const struct km_request *request, const struct km_check_result *result, struct km_buf *ret_csv);

/* What was given, as a list that gives the same results and line numbers when it is checked again. */
void km_check_list(const struct km_check_result *result, struct km_buf *ret_csv);

#endif
