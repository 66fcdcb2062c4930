/*
 * What is sent back. A handler fills a struct km_reply; how that becomes headers and bytes is decided in one place, so
 * that every reply has its ETag, its cache rule, its Vary and its security headers.
 */
#ifndef KM_WWW_REPLY_H
#define KM_WWW_REPLY_H

#include "base/buf.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct km_shared;

enum {
	KM_CACHE_NOT = -1,           /* must not be kept at all */
	KM_CACHE_ASK = 0,            /* may be kept, and is asked about each time */
	KM_CACHE_FOREVER = 31536000, /* these bytes never change at this address; seconds */
	KM_CACHE_STATE_MAX_S = 60,   /* whatever shows a mark's state */
	KM_CACHE_BADGE_MAX_S = 300,
};

struct km_reply {
	unsigned status;  /* HTTP; 0 means 200 */
	const char *type; /* Content-Type; static */
	struct km_buf body;
	const char *fixed; /* instead of body: bytes that live as long as the server */
	size_t fixed_len;
	struct km_shared *shared; /* instead of body; given back when the reply is sent */
	int max_age_s;            /* or one of KM_CACHE_… */
	bool embedded;            /* a picture or script that other sites may show */
	bool hidden;              /* no search engine may list it */
	bool camera;              /* a page that may ask its reader for the camera */
	const char *allow;        /* Allow; lives until the reply is sent */
	int retry_after_s;        /* 0: none */
	bool close;               /* the connection is of no use any more: what comes next may be no request */
	char location[256];       /* Location; "" for none */
	char filename[64];        /* offered as a download under this name; "" for none */
	char cookie[160];         /* Set-Cookie; "" for none */
	char link[512];           /* Link; "" for none */
};

extern const char km_type_html[], km_type_json[], km_type_problem[], km_type_jwt[], km_type_vc[], km_type_svg[],
	km_type_png[], km_type_text[];

/* Takes the JSON value's text as body. The value stays the caller's. */
enum km_error km_reply_json(struct km_reply *reply, const json_t *value, const char *type, struct km_problem *problem);

/* The token as body; the token stays the caller's. */
enum km_error km_reply_token(struct km_reply *reply, const char *token, const char *type, struct km_problem *problem);

/* How long this may be kept: at most max_s, and not past the moment at which the mark changes by itself, though it may
 * stand ready here for KM_READY_S before. */
int km_reply_age_until(int64_t next_change, int64_t now, int max_s);

void km_reply_done(struct km_reply *reply);

#endif
