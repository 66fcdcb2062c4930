/*
 * Inside registry/ only: all records of a register that are kept for some time, with how long.
 */
#ifndef KM_REGISTRY_RETENTION_FIND_H
#define KM_REGISTRY_RETENTION_FIND_H

#include "registry/retention.h"

/* provider_id 0: of all, and of nobody. Zero *ret_retention before; free it also on failure. */
enum km_error km_retention_collect(struct km_store *store, int64_t provider_id, int64_t now,
                                   struct km_retention *ret_retention, struct km_problem *problem);

#endif
