/*
 * Files, read with a bound and written so that a crash leaves the old content or the new, never a part.
 */
#ifndef KM_BASE_FILE_H
#define KM_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads a whole regular file (or, for "-", standard input) of at most max_bytes. The bytes, followed by a NUL that is not
 * counted, are the caller's (free). KM_ABSENT, KM_TOO_LARGE, KM_IO. */
enum km_error km_file_read(const char *path, size_t max_bytes, char **ret_bytes, size_t *ret_len,
                           struct km_problem *problem);

/* Makes a new file with these permissions and syncs it and its folder. KM_CONFLICT where something is at that path. */
enum km_error km_file_create(const char *path, const void *bytes, size_t len, mode_t mode, struct km_problem *problem);

/* Replaces or makes a file: written beside it, synced, renamed over it. */
enum km_error km_file_replace(const char *path, const void *bytes, size_t len, mode_t mode, struct km_problem *problem);

#endif
