/*
 * The register on disk: one SQLite database, with one connection behind each `struct km_store`. A store is used by one
 * thread at a time. Writers open with KM_STORE_WRITE and work inside km_store_begin … km_store_commit.
 */
#ifndef KM_REGISTRY_STORE_H
#define KM_REGISTRY_STORE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct km_store;

enum km_store_mode { KM_STORE_READ, KM_STORE_WRITE };

/* Makes a new database (mode 0600) for the registry at this public address. The url is https (or http for a loopback
 * host), without a path, a query or a trailing slash. KM_CONFLICT where the file is there already, KM_INVALID. */
enum km_error km_store_create(const char *path, const char *url, int64_t now, struct km_problem *problem);

/* Opens one. Refuses a file that is no register of ours and one written by a newer version; a writer brings an older one
 * up to date. Free with km_store_close, which accepts NULL. */
enum km_error km_store_open(const char *path, enum km_store_mode mode, struct km_store **ret_store,
                            struct km_problem *problem);
void km_store_close(struct km_store *store);

/* The public address given to km_store_create; borrowed until close. */
const char *km_store_url(const struct km_store *store);

/* Takes the write lock; waits up to 10 s for another writer, then KM_UNAVAILABLE. */
enum km_error km_store_begin(struct km_store *store, struct km_problem *problem);
enum km_error km_store_commit(struct km_store *store, struct km_problem *problem);

/* Forgets all since begin; harmless where no transaction is open, so it can stand in a cleanup. */
void km_store_rollback(struct km_store *store);

/* Begins and ends a read transaction, so that several reads see one state of the register. */
enum km_error km_store_read_begin(struct km_store *store, struct km_problem *problem);
void km_store_read_end(struct km_store *store);

/* After a commit that erased something: has the file in which SQLite writes first (register.db-wal) forget it, too. Where
 * somebody reads just then, that is left to later commits. */
void km_store_settle(struct km_store *store);

#endif
