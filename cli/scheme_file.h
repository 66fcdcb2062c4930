/*
 * A file with a scheme, as a person wrote it: for the commands that look at one.
 */
#ifndef KM_CLI_SCHEME_FILE_H
#define KM_CLI_SCHEME_FILE_H

#include "base/error.h"

#include <stddef.h>

/* Reads it, and says on standard output everything that is wrong with it: *ret_faults tells how many lines that were.
 * KM_OK only where nothing is; the text, which is there whenever the file could be read, is the caller's (free). */
enum km_error km_scheme_file_read(const char *path, char **ret_json, size_t *ret_len, size_t *ret_faults,
                                  struct km_problem *problem);

#endif
