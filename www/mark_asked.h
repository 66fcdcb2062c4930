/*
 * The mark that an address names, and its record as JSON: what all of /m/… and /v1/marks/… begin with.
 */
#ifndef KM_WWW_MARK_ASKED_H
#define KM_WWW_MARK_ASKED_H

#include "base/error.h"
#include "registry/mark.h"
#include "www/request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct km_asked {
	struct km_mark *mark; /* owned */
	int64_t moment;       /* for which it was asked: now, or the end of the day in ?at= */
	bool at;              /* ?at= was given */
};

/* Reads {number} from the path, in any spelling, and, where `dated`, ?at= from the query. All that names no mark is
 * KM_ABSENT: "mark-number-form", "mark-number-check" (mistyped), "mark-not-yet" (granted later), "mark-unknown". */
enum km_error km_asked_read(const struct km_request *request, bool dated, struct km_asked *ret_asked,
                            struct km_problem *problem);

/* The mark with this number, in the spelling of km_number_parse, at this moment. KM_ABSENT: "mark-unknown",
 * "mark-not-yet". The caller's (km_mark_free). */
enum km_error km_asked_find(const struct km_request *request, const char *number, int64_t moment,
                            struct km_mark **ret_mark, struct km_problem *problem);

void km_asked_done(struct km_asked *asked);
#define auto_asked __attribute__((cleanup(km_asked_done)))

/* The public record; the caller's (json_decref). NULL without memory. */
json_t *km_asked_json(const struct km_request *request, const struct km_asked *asked);

/* How long a reply about it may be kept. */
int km_asked_max_age_s(const struct km_request *request, const struct km_asked *asked, int max_s);

#endif
