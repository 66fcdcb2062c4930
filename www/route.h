/*
 * Which handler answers a method and a path: one table, matched on the whole path.
 *
 * In a path, {name} stands for one or more characters other than a slash; text may follow it in the same segment
 * ("/m/{number}.jwt"). {name*}, at the end, stands for all that is left, slashes too. Lines are tried from the top, so
 * a line with an ending stands above the one without.
 */
#ifndef KM_WWW_ROUTE_H
#define KM_WWW_ROUTE_H

#include "base/error.h"
#include "www/reply.h"
#include "www/request.h"

#include <stddef.h>

enum km_route_kind {
	KM_ROUTE_PAGE = 1,        /* speaks both languages; its errors are pages for those who read pages */
	KM_ROUTE_API = 4,         /* carries API-Version; its errors are always problem documents */
	KM_ROUTE_PUBLIC = 8,      /* scripts of any site may read it */
	KM_ROUTE_STORE = 16,      /* is given a store */
	KM_ROUTE_READS = 16 + 32, /* … within a read transaction, so that all it reads is of one moment */
	KM_ROUTE_LOOKUP = 128,    /* to read it counts as a look-up or, where a QR code led there, as a scan */
	KM_ROUTE_READY =
		64, /* about the mark {number}, or all; and the same for everybody for some seconds (www/ready.h) */
	KM_ROUTE_PLAIN = 512,   /* … whatever its query says: nothing in that is looked at */
	KM_ROUTE_CONSOLE = 256, /* of the console: is given the session's cookie; a page may ask this site for more */
	KM_ROUTE_COSTLY = 1024, /* counts for how much one visitor may ask (www/limit.h), as does each POST */
	KM_ROUTE_DEAR = 2048,   /* … KM_DEAR_COST times */
};

enum { KM_DEAR_COST = 10 };

struct km_route {
	enum km_method method; /* KM_GET answers HEAD too */
	const char *path;
	enum km_error (*handle)(struct km_request *request, struct km_reply *reply, struct km_problem *problem);
	unsigned kind;         /* of enum km_route_kind */
	size_t body_max_bytes; /* POST */
	const char *body_type; /* the only Content-Type that it takes, parameters apart */
};

enum { KM_ALLOW_TEXT = 40 };

/* Sets request->route and the path values. KM_ABSENT "no-such-page" where nothing has this path; KM_CONFLICT
 * "method-not-allowed" where something has, by another method. ret_allow, for the Allow header, is "" where nothing has
 * the path. */
enum km_error km_route_find(const struct km_route *table, size_t len, struct km_request *request,
                            char ret_allow[static KM_ALLOW_TEXT], struct km_problem *problem);

#endif
