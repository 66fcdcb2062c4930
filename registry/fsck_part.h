/*
 * Inside registry/ only: the parts of an audit of the register (registry/fsck.h).
 */
#ifndef KM_REGISTRY_FSCK_PART_H
#define KM_REGISTRY_FSCK_PART_H

#include "registry/fsck.h"

struct km_statement;

/* Each reads fsck->store and tells of what does not fit. */
enum km_error km_fsck_records(const struct km_fsck *fsck, struct km_problem *problem);
enum km_error km_fsck_log(const struct km_fsck *fsck, struct km_problem *problem);
enum km_error km_fsck_due(const struct km_fsck *fsck, struct km_problem *problem);

/* Of a register in PostgreSQL: that what keeps its rules is there, and switched on. */
enum km_error km_fsck_postgres(const struct km_fsck *fsck, struct km_problem *problem);

/* `folder` is an empty one. */
enum km_error km_fsck_search(const struct km_fsck *fsck, const char *folder, struct km_problem *problem);

/* Makes everything anew that follows from the submissions, in the order of the log; `fresh` is a new register of the
 * same address, in which a transaction has begun. Then compares. */
enum km_error km_fsck_replay(const struct km_fsck *fsck, struct km_store *fresh, struct km_problem *problem);

/* A table by its name, how many of its first columns are the primary key, and all of it in the order of that. */
struct km_fsck_table {
	const char *name;
	int key_columns;
	const char *all;
};

/* Walks both registers side by side; what is in `fresh` is what should be there. */
enum km_error km_fsck_compare(const struct km_fsck *fsck, struct km_store *fresh, const struct km_fsck_table *table,
                              struct km_problem *problem);

#endif
