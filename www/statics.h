/*
 * Files that never change while the program runs, each at an address that holds a digest of its bytes, so that browsers
 * may keep it for ever and still get the new one after an upgrade.
 */
#ifndef KM_WWW_STATICS_H
#define KM_WWW_STATICS_H

#include "base/error.h"

#include <stddef.h>

enum { KM_STATICS_MAX = 40, KM_STATIC_PATH_TEXT = 64 };

struct km_static {
	const char *name; /* "style.css" */
	const char *type;
	const char *bytes; /* owned where `owned` is set */
	size_t len;
	char *owned;
	char path[KM_STATIC_PATH_TEXT]; /* "/static/style.Zk3….css" */
};

struct km_statics {
	struct km_static files[KM_STATICS_MAX];
	size_t len;
};

/* Free with km_statics_done, also a zeroed one. */
enum km_error km_statics_open(struct km_statics *ret_statics, struct km_problem *problem);
void km_statics_done(struct km_statics *statics);

/* Adds a file, of which name, type, bytes and len are set, and whether the bytes are owned: then they are taken over,
 * also on failure. */
enum km_error km_statics_add(struct km_statics *statics, const struct km_static *file, struct km_problem *problem);

/* By its name, or by the last part of its path; NULL where there is none. */
const struct km_static *km_statics_named(const struct km_statics *statics, const char *name);
const struct km_static *km_statics_at(const struct km_statics *statics, const char *file);

#endif
