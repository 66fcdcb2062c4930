/*
 * Inside registry/ only: the full-text index of the names of providers, held against an index made anew.
 */
#ifndef KM_REGISTRY_FSCK_INDEX_H
#define KM_REGISTRY_FSCK_INDEX_H

#include "base/error.h"
#include "registry/store.h"

/* SELECT of what the index is to hold: the id of each provider and its names, by id. */
extern const char km_fsck_names[];

/* KM_INVALID, with what SQLite has to say, where it is not the index of these names. KM_IO, type "scratch", where the
 * folder, an empty one, cannot be worked in. */
enum km_error km_fsck_index(struct km_store *store, const char *folder, struct km_problem *problem);

#endif
