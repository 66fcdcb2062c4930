/*
 * A copy of a register, made while others read and write it.
 */
#ifndef KM_REGISTRY_BACKUP_H
#define KM_REGISTRY_BACKUP_H

#include "base/error.h"
#include "registry/store.h"

/* Writes the register, as it is at one moment, to this path (mode 0600): beside it first, looked through, synced, and
 * then renamed over it, so that a copy that was there stays until the new one is whole. The store was opened to read,
 * with no transaction begun. KM_IO, KM_UNAVAILABLE. */
enum km_error km_backup(struct km_store *store, const char *path, struct km_problem *problem);

#endif
