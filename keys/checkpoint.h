/*
 * The body of a checkpoint (C2SP tlog-checkpoint): which tree of which log, in exactly three lines.
 */
#ifndef KM_KEYS_CHECKPOINT_H
#define KM_KEYS_CHECKPOINT_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_ORIGIN_MAX = 255, KM_CHECKPOINT_MAX = 512 }; /* bytes */

struct km_checkpoint {
	char origin[KM_ORIGIN_MAX + 1]; /* "keurmerk.example/log": the log's URL without its scheme */
	uint64_t size;                  /* entries, less than 2^63 */
	uint8_t root[KM_SHA256_BYTES];  /* RFC 6962 */
};

/* The origin of the log of the registry at this url. KM_INVALID where it is no url. */
enum km_error km_checkpoint_origin(const char *url, char ret_origin[static KM_ORIGIN_MAX + 1],
                                   struct km_problem *problem);

/* Adds the body: what a signed note is made of (keys/note.h). */
void km_checkpoint_format(const struct km_checkpoint *checkpoint, struct km_buf *buf);

/* Reads exactly that form: no extension lines, no leading zero, canonical base64. KM_MALFORMED. */
enum km_error km_checkpoint_parse(const char *body, size_t len, struct km_checkpoint *ret_checkpoint,
                                  struct km_problem *problem);

#endif
