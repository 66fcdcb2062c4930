/*
 * Files that a process keeps to, by Landlock (landlock(7)): a promise that it cannot take back.
 */
#ifndef KM_KEYS_LANDLOCK_H
#define KM_KEYS_LANDLOCK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What may still be opened. One that is not there is passed over. */
struct km_landlock_files {
	const char *const *read; /* files, and folders with all that is in them */
	size_t read_len;
	const char *const *write; /* files, to be read and written */
	size_t write_len;
};

/* From here on this thread, and those that it begins, open these files and no others, and make, rename and remove none;
 * what is open stays open. For a process without new privileges (PR_SET_NO_NEW_PRIVS). ret_fenced: false where the
 * kernel has no Landlock, and nothing is kept from it. KM_UNAVAILABLE, type "sandbox". */
enum km_error km_landlock(const struct km_landlock_files *files, bool *ret_fenced, struct km_problem *problem);

#endif
