/*
 * The register held against its own evidence. Everything that can follow from what people signed is made anew, in a
 * register of its own, in the order of the log, and compared with what is there, row by row; everything else is held
 * against the digests that the log commits to (registry/record.h); and the log against what was signed of it.
 */
#ifndef KM_REGISTRY_FSCK_H
#define KM_REGISTRY_FSCK_H

#include "base/error.h"
#include "keys/keyset.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

/* One thing that does not fit. Borrowed for the call. */
struct km_difference {
	const char *table;  /* "" for the file as a whole */
	const char *row;    /* its primary key, columns parted by a slash; "" for the table as a whole */
	const char *column; /* "" for the row as a whole */
	const char *what;   /* for people: the rest of a sentence that begins with the row */
};

struct km_fsck {
	struct km_store *store;       /* only read: inside km_store_read_begin … km_store_read_end */
	const char *scratch;          /* folder for a register that is made and taken away again */
	const struct km_keyset *keys; /* those of this registry */
	int64_t now;
	/* Called for each difference; an error ends all and is returned. */
	enum km_error (*each)(void *context, const struct km_difference *difference);
	void *context;
};

/* KM_OK also where there are differences; an error says that it could not be looked at. Takes a time that grows with
 * the register, and a memory that does not. The credentials are not looked at: badge/fsck_credential.h does. */
enum km_error km_fsck(const struct km_fsck *fsck, struct km_problem *problem);

/* Tells of one difference, for those who look at more. The text is cut where it is long. */
enum km_error km_fsck_differ(const struct km_fsck *fsck, const char *table, const char *row, const char *column,
                             const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
