/*
 * A disk that fails when it is told to: an SQLite VFS between SQLite and the one of the system. It also keeps, in a
 * folder, what would be left after a loss of power that takes all that was not synced.
 */
#ifndef KM_TESTS_BAD_DISK_H
#define KM_TESTS_BAD_DISK_H

#include <stdbool.h>

enum bad_disk_fault {
	DISK_GOOD,
	DISK_WRITE_FAILS,
	DISK_WRITE_TEARS, /* half of it is written */
	DISK_FULL,
	DISK_SYNC_FAILS,
	DISK_READ_FAILS,
	DISK_FAULTS
};

/* For all connections that are opened from here on. */
void bad_disk_insert(void);

/* The n-th access of that kind, from 1, fails, and all after it do until this is called again. */
void bad_disk_break(enum bad_disk_fault fault, int nth);

/* Whether it has failed since then. */
bool bad_disk_failed(void);

/* From here on, what is synced is copied to this folder, under the same name; NULL: no longer. */
void bad_disk_keep(const char *folder);

#endif
