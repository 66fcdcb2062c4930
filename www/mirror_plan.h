/*
 * What of each address a mirror has: one line for each line of www/endpoints.c that is read with GET, but for those of
 * the console, of which a mirror has nothing.
 */
#ifndef KM_WWW_MIRROR_PLAN_H
#define KM_WWW_MIRROR_PLAN_H

#include "base/error.h"
#include "www/mirror_files.h"

#include <stdbool.h>
#include <stddef.h>

enum km_mirror_of {
	KM_MIRROR_FIRST,    /* one of its kind, needed by what follows: keys, contexts, scripts */
	KM_MIRROR_STATIC,   /* for each static file */
	KM_MIRROR_KEY,      /* for each published key */
	KM_MIRROR_TILE,     /* of the log; never changes */
	KM_MIRROR_LOG,      /* its checkpoint */
	KM_MIRROR_LIST,     /* for each status list */
	KM_MIRROR_MARK,     /* for each mark */
	KM_MIRROR_PROVIDER, /* for each provider */
	KM_MIRROR_SCHEME,   /* for each scheme */
	KM_MIRROR_LAST,     /* one of its kind, made from all of the register */
	KM_MIRROR_FIGURES,  /* the same; says when it was made, so it is made anew with a change or a new day */
	KM_MIRROR_ROWS,     /* the whole register, too large to be held */
	KM_MIRROR_SNAPSHOT, /* the signature over everything */
	KM_MIRROR_NOT,      /* the registry alone answers it */
};

struct km_mirror_plan {
	const char *path; /* as in km_routes */
	enum km_mirror_of of;
	/* Of which queries there is a file, with ";" between; those that give the same bytes have "|" between. */
	const char *queries;
	const char *type; /* Content-Type */
	int max_age_s;    /* the longest that the registry says */
	bool embedded;    /* as in struct km_reply */
	bool camera;
	const char *download; /* its ending, where it is offered under the mark's number; NULL where not */
	const char *file;     /* where the file cannot have the name of the address; else NULL */
	const char *why_not;  /* of KM_MIRROR_NOT */
};

extern const struct km_mirror_plan km_mirror_plans[];
extern const size_t km_mirror_plans_len;

/* A page: without ?lang= it goes by Accept-Language. */
bool km_mirror_is_page(const struct km_mirror_plan *plan);

/* Calls back for each file: the target that it answers, and its path; `value` goes into the place of {…}. `same`: its
 * bytes are those of the one before. An error of the callback ends it and is returned. */
enum km_error km_mirror_plan_files(const struct km_mirror_plan *plan, const char *value,
                                   enum km_error (*each)(void *context, const char *target, const char *path,
                                                         bool same),
                                   void *context);

#endif
