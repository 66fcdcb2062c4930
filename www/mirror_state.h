/*
 * How far a mirror has come (FOLDER/state.json).
 */
#ifndef KM_WWW_MIRROR_STATE_H
#define KM_WWW_MIRROR_STATE_H

#include "base/clock.h"
#include "base/error.h"
#include "registry/changed.h"
#include "www/mirror_files.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { KM_MIRROR_PLACE_TEXT = 16 };

struct km_mirror_state {
	char program[KM_MIRROR_HEX]; /* by which it was made */
	bool finished;               /* the last run came to its end */
	/* Everything is being made anew, and has come up to these; "" at first. */
	bool whole;
	char next_mark[KM_MIRROR_PLACE_TEXT], next_provider[KM_MIRROR_PLACE_TEXT];
	struct km_changed_cursor cursor;
	uint64_t log_size, log_size_before; /* of the last checkpoint, and of the one before it */
	int64_t lists_at, lists_until;      /* when the status lists were made, and until when they hold */
	int64_t snapshot_at, next_update, rows;
	uint64_t sequence;
	char day[KM_DATE_TEXT]; /* on which the figures were made */
	json_t *parts;          /* name: SHA-256 in hexadecimal */
	json_t *unseen;         /* names of parts that have not come up since `whole` was begun */
};

/* A new one where there is none. KM_CONFLICT "mirror-other" where it is of another registry than that at `url`. Free
 * with km_mirror_state_done. */
enum km_error km_mirror_state_read(const char *folder, const char *url, struct km_mirror_state *ret_state,
                                   struct km_problem *problem);
void km_mirror_state_done(struct km_mirror_state *state);

enum km_error km_mirror_state_write(const struct km_mirror_state *state, const char *folder, const char *url,
                                    struct km_problem *problem);

/* Everything is to be made anew. */
void km_mirror_state_restart(struct km_mirror_state *state);

#endif
