/*
 * Forms that carry files: multipart/form-data (RFC 7578).
 */
#ifndef KM_WWW_MULTIPART_H
#define KM_WWW_MULTIPART_H

#include "base/error.h"

#include <stddef.h>

enum { KM_PARTS_MAX = 16, KM_PART_NAME_MAX = 60 };

struct km_part {
	char name[KM_PART_NAME_MAX + 1]; /* of the field */
	const char *bytes;               /* borrowed from the body; not NUL-terminated */
	size_t len;
};

struct km_parts {
	struct km_part list[KM_PARTS_MAX];
	size_t len;
};

/* Takes a body apart by the boundary that the Content-Type names. KM_MALFORMED "multipart". */
enum km_error km_parts_parse(const char *content_type, const char *body, size_t len, struct km_parts *ret_parts,
                             struct km_problem *problem);

/* The first part of this name that is not empty; NULL where there is none. */
const struct km_part *km_parts_find(const struct km_parts *parts, const char *name);

#endif
