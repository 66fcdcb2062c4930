/*
 * Files, read with a bound and written so that a crash leaves the old content or the new, never a part.
 */
#ifndef KM_BASE_FILE_H
#define KM_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads a whole regular file (or, for "-", standard input) of at most max_bytes. The bytes, followed by a NUL that is not
 * counted, are the caller's (free); no other copy of them stays in memory. KM_ABSENT, KM_TOO_LARGE, KM_IO. */
enum km_error km_file_read(const char *path, size_t max_bytes, char **ret_bytes, size_t *ret_len,
                           struct km_problem *problem);

/* Makes a new file with exactly these permissions, whatever the umask. KM_CONFLICT where something is at that path, be it
 * a symbolic link to nowhere. Permissions and content come in one step: nobody can read it sooner. */
enum km_error km_file_create(const char *path, const void *bytes, size_t len, mode_t mode, struct km_problem *problem);

/* Replaces or makes a file: written beside it, synced, renamed over it. A symbolic link at that path is itself replaced;
 * the file it leads to is left alone. */
enum km_error km_file_replace(const char *path, const void *bytes, size_t len, mode_t mode, struct km_problem *problem);

/* Syncs the folder that holds the path, so that a crash does not lose the name there. The two above do so themselves. */
enum km_error km_file_sync_folder(const char *path, struct km_problem *problem);

#endif
