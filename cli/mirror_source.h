/*
 * Where the files of a mirror are read: in a folder, or at an address.
 */
#ifndef KM_CLI_MIRROR_SOURCE_H
#define KM_CLI_MIRROR_SOURCE_H

#include "base/digest.h"
#include "base/error.h"
#include "cli/fetch.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_MIRROR_FILE_MAX = 1 << 30 }; /* bytes that are read into memory */

struct km_mirror_source {
	const char *place;      /* as the user gave it */
	struct km_fetch *fetch; /* for an address */
	char folder[4096];      /* "" for an address */
	char url[1024];
};

/* An address, or a folder that `keurmerk export` made, or its files/. KM_ABSENT where there is no such folder;
 * KM_UNAVAILABLE for an address without `fetch`. */
enum km_error km_mirror_source_open(const char *place, struct km_fetch *fetch, struct km_mirror_source *ret_source,
                                    struct km_problem *problem);

/* The bytes of a file, the caller's (free), with a NUL behind them. KM_ABSENT where there is none; KM_UNAVAILABLE where
 * it could not be asked for. */
enum km_error km_mirror_source_read(const struct km_mirror_source *source, const char *path, char **ret_bytes,
                                    size_t *ret_len, struct km_problem *problem);

/* Their digest; a file in a folder is not read into memory. */
enum km_error km_mirror_source_digest(const struct km_mirror_source *source, const char *path,
                                      uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem);

/* Calls back for each file in a folder; for an address, nothing. An error of the callback ends it and is returned. */
enum km_error km_mirror_source_each(const struct km_mirror_source *source,
                                    enum km_error (*each)(void *context, const char *path), void *context,
                                    struct km_problem *problem);

#endif
