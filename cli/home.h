/*
 * Where a registry lives on this machine: a folder with keys/ and register.db, or, instead of that, a file `database`
 * with the address of its PostgreSQL (registry/store.h).
 */
#ifndef KM_CLI_HOME_H
#define KM_CLI_HOME_H

#include "base/error.h"
#include "cli/command.h"
#include "registry/store.h"

#include <stdbool.h>

struct km_home {
	char *folder, *keys; /* owned */
	char *database;      /* owned; the path of register.db, or an address */
	bool chosen;                    /* by --home or $KEURMERK_HOME; false for the usual place */
};

#define KM_HOME_ADDRESS "database" /* the file in the folder that holds the address */

enum km_error km_home_find(const struct km_call *call, struct km_home *ret_home, struct km_problem *problem);

/* The files that belong to this folder. */
enum km_error km_home_at(const char *folder, struct km_home *ret_home, struct km_problem *problem);
void km_home_done(struct km_home *home);
#define auto_home __attribute__((cleanup(km_home_done)))

/* Makes a registry there, for this address: a folder with mode 0700, keys, register; all of it or nothing. KM_CONFLICT
 * where the folder is there and not empty. passphrase may be NULL. */
enum km_error km_home_make(const struct km_home *home, const char *url, const char *token, const char *secret,
                           int64_t now, struct km_problem *problem);

/* Finds the home and opens its register. Free with km_store_close. */
enum km_error km_home_store(const struct km_call *call, enum km_store_mode mode, struct km_store **ret_store,
                            struct km_problem *problem);

static inline void km_auto_store(struct km_store **store)
{
	km_store_close(*store);
}
#define auto_store __attribute__((cleanup(km_auto_store)))

#endif
