/*
 * One request, as its handler sees it: everything from outside is decoded and bounded here, once, strictly.
 */
#ifndef KM_WWW_REQUEST_H
#define KM_WWW_REQUEST_H

#include "base/buf.h"
#include "base/catalogue.h"
#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KM_TARGET_MAX = 2048, /* bytes of path and query as sent */
	KM_PAIRS_MAX = 24,    /* parameters in a query or a form */
	KM_CONTENT_TYPE_MAX = 200,
	KM_PATH_VALUES_MAX = 2, /* {…} in a route's path */
	KM_COOKIE_MAX = 63,
	KM_ORIGIN_HEADER_MAX = 300,
};

struct km_site;
struct km_route;

struct km_pair {
	const char *name, *value;
};

struct km_pairs {
	char *bytes; /* owned; the pairs point into it */
	struct km_pair list[KM_PAIRS_MAX];
	size_t len;
};

enum km_method { KM_GET, KM_HEAD, KM_POST, KM_OPTIONS, KM_OTHER_METHOD };

struct km_request {
	struct km_site *site;
	const struct km_route *route;
	struct km_store *store; /* this thread's, inside a read transaction; NULL for a route that does not read */
	int64_t now;
	enum km_method method;
	char *path;   /* decoded; owned */
	bool from_qr; /* its path was in capitals, as QR codes have it */
	struct km_pairs query;
	struct km_pair path_values[KM_PATH_VALUES_MAX]; /* values point into path_copy */
	size_t path_values_len;
	char *path_copy; /* owned */
	enum km_language language;
	bool language_chosen;   /* by ?lang=, so that links to other pages keep it */
	bool json;              /* JSON rather than a page, where there is a choice */
	const char *credential; /* the media type in which a credential was asked for by name; static; NULL: it was not */
	bool page;              /* asked for a page by name, as browsers do: gets its errors as pages too */
	char content_type[KM_CONTENT_TYPE_MAX + 1]; /* of the body; "" where there is none */
	struct km_buf body;
	/* What a browser says of itself; only where the route is of the console, "" where it says nothing. */
	char session[KM_COOKIE_MAX + 1]; /* the cookie of www/session.h; "" for one that is too long */
	char fetch_site[16];             /* Sec-Fetch-Site */
	char origin[KM_ORIGIN_HEADER_MAX + 1];
};

/* Takes a request target apart ("/m/7K3Q?at=2026-03-03", also in absolute form). KM_TOO_LARGE "target-too-long";
 * KM_MALFORMED for a broken escape, a control character, a slash in disguise, bytes that are not UTF-8, a parameter
 * given twice or too many of them. */
enum km_error km_target_parse(const char *target, char **ret_path, struct km_pairs *ret_query,
                              struct km_problem *problem);

/* Decodes application/x-www-form-urlencoded (URL standard, section 5.1), strictly. Free with km_pairs_done. */
enum km_error km_pairs_parse(const char *text, size_t len, struct km_pairs *ret_pairs, struct km_problem *problem);
void km_pairs_done(struct km_pairs *pairs);
#define auto_pairs __attribute__((cleanup(km_pairs_done)))

/* The value; NULL where there is none of that name. */
const char *km_pairs_find(const struct km_pairs *pairs, const char *name);

/* Takes the language of ?lang=; another value of that counts as none. */
void km_request_choose_language(struct km_request *request);

/* What stands in the path in place of {name}; "" where the route has no such part. */
const char *km_request_path_value(const struct km_request *request, const char *name);

/* Reads of the query. Each gives the fallback where the parameter is missing or empty, and KM_MALFORMED "parameter",
 * with what may be given, where it is wrong. */
enum km_error km_request_integer(const struct km_request *request, const char *name, int min, int max, int fallback,
                                 int *ret_number, struct km_problem *problem);

/* One of `len` words; ret_index tells which. */
enum km_error km_request_choice(const struct km_request *request, const char *name, const char *const words[],
                                size_t len, size_t fallback, size_t *ret_index, struct km_problem *problem);

/* "2026-03-03": the last second of that day in Amsterdam, or now where the day is today; *ret_given tells whether there
 * was one. A day that has not come is KM_INVALID "date-to-come": the register does not look ahead. */
enum km_error km_request_day(const struct km_request *request, const char *name, int64_t *ret_moment, bool *ret_given,
                             struct km_problem *problem);

void km_request_done(struct km_request *request);

#endif
