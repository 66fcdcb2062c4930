/*
 * Is a mirror whole, true and of now? By signatures alone: the snapshot says which parts there are, the parts say which
 * files and what is in them; the log and the status lists are signed by themselves. The mirror is believed in nothing.
 */
#ifndef KM_CLI_MIRROR_CHECK_H
#define KM_CLI_MIRROR_CHECK_H

#include "badge/snapshot.h"
#include "base/error.h"
#include "cli/mirror_source.h"
#include "keys/keyset.h"
#include "registry/number.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_MIRROR_LISTS_MAX = 128 };

struct km_mirror_check {
	const struct km_mirror_source *source;
	const struct km_keyset *trust; /* what the user chose */
	int64_t now;
	uint64_t after; /* the mirror may be no older than this snapshot; 0: any */
	/* A file that is "missing", "altered", "old" or "not of the mirror", and what is the matter with it. */
	void (*tell)(void *context, const char *what, const char *path, const char *detail);
	void *context;
	/* What was found. */
	struct km_snapshot snapshot;      /* freed by km_mirror_check_done */
	size_t files;                     /* that were looked at */
	size_t faults;                    /* told, but for those that are only old */
	json_t *told;                     /* paths; owned */
	bool old;                         /* says nothing of now */
	char *lists[KM_MIRROR_LISTS_MAX]; /* the status lists, as they are; owned */
	size_t lists_len;
};

/* Reads the snapshot, the status lists and the log's checkpoint. KM_OK also where there are faults; an error where
 * nothing at all could be told. */
enum km_error km_mirror_check_open(struct km_mirror_check *check, struct km_problem *problem);
void km_mirror_check_done(struct km_mirror_check *check);

/* Looks at every file, and at the whole log. Where the snapshot has been replaced meanwhile, `*ret_moved`: begin again.
 */
enum km_error km_mirror_check_all(struct km_mirror_check *check, bool *ret_moved, struct km_problem *problem);

/* Looks at the files of one mark. KM_ABSENT where the mirror has no such mark. */
enum km_error km_mirror_check_mark(struct km_mirror_check *check, const char number[static KM_NUMBER_TEXT],
                                   struct km_problem *problem);

#endif
