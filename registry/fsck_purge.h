/*
 * Inside registry/ only: that what was purged might go when it went.
 */
#ifndef KM_REGISTRY_FSCK_PURGE_H
#define KM_REGISTRY_FSCK_PURGE_H

#include "registry/fsck.h"

/* Of the purges that were noted in the records after `from`, up to `to`: tells of each that the rules
 * (registry/cycle.h) did not allow by the register as it was then, which `fresh` is. `recorded`: when the log committed
 * to them. */
enum km_error km_fsck_purges(const struct km_fsck *fsck, struct km_store *fresh, int64_t from, int64_t to,
                             int64_t recorded, struct km_problem *problem);

/* Tells of each provider that was erased (registry/provider_erase.h) while a mark of it was alive, or while what was
 * decided on its marks had to be kept. */
enum km_error km_fsck_erasures(const struct km_fsck *fsck, struct km_store *fresh, struct km_problem *problem);

#endif
