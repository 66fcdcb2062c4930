/*
 * Asking a registry over HTTP (libcurl). https with the certificate checked, or http to this machine itself; no
 * redirect is followed, for an answer must come from the address that the user named; every answer is bounded.
 */
#ifndef KM_CLI_FETCH_H
#define KM_CLI_FETCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct km_fetch;

struct km_answer {
	long status; /* HTTP */
	char *body;  /* owned; NUL-terminated */
	size_t len;
	bool problem; /* application/problem+json */
};

/* Free with km_fetch_close, which accepts NULL. One thread. */
enum km_error km_fetch_open(struct km_fetch **ret_fetch, struct km_problem *problem);
void km_fetch_close(struct km_fetch *fetch);

/* Any HTTP answer but a redirect is KM_OK. KM_UNAVAILABLE where there was none, KM_TOO_LARGE where it is over
 * max_bytes. */
enum km_error km_fetch_get(struct km_fetch *fetch, const char *url, size_t max_bytes, struct km_answer *ret_answer,
                           struct km_problem *problem);
enum km_error km_fetch_post(struct km_fetch *fetch, const char *url, const char *media_type, const void *bytes,
                            size_t len, size_t max_bytes, struct km_answer *ret_answer, struct km_problem *problem);
void km_answer_done(struct km_answer *answer);

/* KM_OK for a 2xx answer; otherwise the registry's own words (RFC 9457), as an error of the kind that its status means.
 */
enum km_error km_answer_check(const struct km_answer *answer, struct km_problem *problem);

#define auto_fetch  __attribute__((cleanup(km_auto_fetch)))
#define auto_answer __attribute__((cleanup(km_answer_done)))
static inline void km_auto_fetch(struct km_fetch **fetch)
{
	km_fetch_close(*fetch);
}

#endif
