/*
 * The register on disk, with one connection to it behind each `struct km_store`: a file of SQLite, or a database of
 * PostgreSQL where its place is an address (postgresql://…), or two with a space between: the second, of a replica, is
 * for those who only read. A store is used by one thread at a time. Writers open with
 * KM_STORE_WRITE and work inside km_store_begin … km_store_commit.
 */
#ifndef KM_REGISTRY_STORE_H
#define KM_REGISTRY_STORE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct km_store;

enum km_store_mode { KM_STORE_READ, KM_STORE_WRITE };

/* Whether a place of a register is an address of PostgreSQL rather than the path of a file. */
bool km_store_is_address(const char *place);

/* Makes a new register (a file of mode 0600, or in a database that is there and has none yet) for the registry at this
 * public address. The url is https (or http for a loopback host), without a path, a query or a trailing slash.
 * KM_CONFLICT where there is one already, KM_INVALID. */
enum km_error km_store_create(const char *place, const char *url, int64_t now, struct km_problem *problem);

/* Opens one. Refuses a file that is no register of ours and one written by a newer version; a writer brings an older
 * one up to date. Free with km_store_close, which accepts NULL. */
enum km_error km_store_open(const char *place, enum km_store_mode mode, struct km_store **ret_store,
                            struct km_problem *problem);
void km_store_close(struct km_store *store);

/* The public address given to km_store_create; borrowed until close. */
const char *km_store_url(const struct km_store *store);

/* Differs from what it was before where another connection has changed the register since. */
enum km_error km_store_version(struct km_store *store, int64_t *ret_version, struct km_problem *problem);

/* Takes the write lock; waits up to 10 s for another writer, then KM_UNAVAILABLE. Where the connection with the
 * database is lost while it commits, it is KM_UNAVAILABLE too, and may be done or not. */
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
