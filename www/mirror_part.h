/*
 * A part of a mirror: the digests of some of its files, in the form of sha256sum(1), so that a change to one mark makes
 * one small part anew. The digests of all parts stand in the signed snapshot (/register.jwt).
 */
#ifndef KM_WWW_MIRROR_PART_H
#define KM_WWW_MIRROR_PART_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct km_mirror_line {
	char *path; /* owned */
	uint8_t digest[KM_SHA256_BYTES];
	bool kept; /* put since the part was read */
};

struct km_mirror_part {
	struct km_mirror_line *lines; /* in the order of path, once it was read or written */
	size_t len, capacity;
	size_t sorted; /* so many of the first ones are in order */
};

/* Reads one, all of whose lines are kept. KM_MALFORMED. Free with km_mirror_part_done, also a zeroed one. */
enum km_error km_mirror_part_read(const char *text, size_t len, struct km_mirror_part *ret_part,
                                  struct km_problem *problem);
void km_mirror_part_done(struct km_mirror_part *part);
#define auto_part __attribute__((cleanup(km_mirror_part_done)))

/* The line of this path, borrowed until the next is put; NULL where there is none. */
struct km_mirror_line *km_mirror_part_find(const struct km_mirror_part *part, const char *path);

/* Lines whose path holds this text are no longer kept until they are put again; NULL: all lines. */
void km_mirror_part_doubt(struct km_mirror_part *part, const char *within);

/* Adds a line, or replaces that of this path, and keeps it. KM_NO_MEMORY. */
enum km_error km_mirror_part_put(struct km_mirror_part *part, const char *path,
                                 const uint8_t digest[static KM_SHA256_BYTES]);

/* Puts the lines in order, leaves out those that are not kept, and adds the text of the rest. */
void km_mirror_part_write(struct km_mirror_part *part, struct km_buf *ret_text);

#endif
