/*
 * Inside www/mirror….c only: one run.
 */
#ifndef KM_WWW_MIRROR_RUN_H
#define KM_WWW_MIRROR_RUN_H

#include "base/error.h"
#include "www/mirror.h"
#include "www/mirror_files.h"
#include "www/mirror_part.h"
#include "www/mirror_plan.h"
#include "www/mirror_state.h"
#include "www/reply.h"
#include "www/site.h"

#include <stdbool.h>
#include <stdint.h>

struct km_mirror_run {
	const struct km_mirror_options *options;
	struct km_site *site;
	struct km_store *store; /* in a round: inside a read transaction */
	int64_t now;            /* of the round */
	struct km_mirror_files *files;
	struct km_mirror_state state;
	bool same_stays; /* a file whose bytes are those of its line need not be written: the last run came to its end */
	bool changed;    /* something in the register has, since the last snapshot */
	bool moved;      /* … since the last round */
	struct km_mirror_part one; /* the part "site": all that is not of a mark or a provider */
	struct km_problem *problem;
};

/* Makes the files of this line of the plan, for this value, and puts them into the part. What the registry does not
 * have is left out. */
enum km_error km_mirror_make(struct km_mirror_run *run, struct km_mirror_part *part, const struct km_mirror_plan *plan,
                             const char *value);

/* Makes those of all lines that are of this. */
enum km_error km_mirror_make_all(struct km_mirror_run *run, struct km_mirror_part *part, enum km_mirror_of of,
                                 const char *value);

/* Keeps them as they are; false where one is missing. */
bool km_mirror_keep_all(struct km_mirror_run *run, struct km_mirror_part *part, enum km_mirror_of of,
                        const char *value);

/* The same file as it was before. */
bool km_mirror_same(const struct km_mirror_run *run, struct km_mirror_part *part, const char *path,
                    const uint8_t digest[static KM_SHA256_BYTES]);

/* Reads the part of this name as it was last written, an empty one where there is none; writes it. */
enum km_error km_mirror_load(struct km_mirror_run *run, const char *name, struct km_mirror_part *ret_part);
enum km_error km_mirror_save(struct km_mirror_run *run, const char *name, struct km_mirror_part *part);

/* Puts what the log has gained, tiles before the checkpoint, and the status lists where they have changed or run out.
 */
enum km_error km_mirror_log(struct km_mirror_run *run);
enum km_error km_mirror_lists(struct km_mirror_run *run);

/* Marks and providers that have changed since the cursor; so many that all are to be made anew: state.whole. */
enum km_error km_mirror_changed(struct km_mirror_run *run, const struct km_changed_cursor *upto);

/* Some of all marks and providers; *ret_done after the last. */
enum km_error km_mirror_whole(struct km_mirror_run *run, bool *ret_done);

/* What is made from all of the register: pages, feeds, rows. */
enum km_error km_mirror_rest(struct km_mirror_run *run);

/* Writes FOLDER/nginx.conf and FOLDER/objects.json. */
enum km_error km_mirror_rules(struct km_mirror_run *run);

#endif
