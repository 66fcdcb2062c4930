/*
 * Evidence that nobody has changed a row behind the register's back, where no signature says so: schemes, bodies,
 * people, providers, what the public told us, the register itself; and what is left of what was purged.
 *
 * Whoever writes such a row notes it here: the digest of a random salt and the whole row. The digests hang together in
 * a chain, and the log commits to the chain (registry/log_publish.h); so a row that is changed, added or taken away
 * without a note does not fit, and neither does a note that is changed afterwards. Of a row that is erased the salt
 * goes too: what is left says nothing about what was there.
 */
#ifndef KM_REGISTRY_RECORD_H
#define KM_REGISTRY_RECORD_H

#include "base/digest.h"
#include "base/error.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The primary key of a row as text, columns parted by a slash, a blob in hexadecimal: "12", "mkb-ict/1". */
struct km_record_key {
	char text[96];
};
struct km_record_key km_record_key(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct km_record_key km_record_key_hex(const void *bytes, size_t len);

/* Notes the row as it is now: after each change to it, in the same transaction. */
enum km_error km_record_note(struct km_store *store, const char *table, struct km_record_key key, int64_t now,
                             struct km_problem *problem);

/* Notes that the row is gone: after it was deleted, in the same transaction. */
enum km_error km_record_erase(struct km_store *store, const char *table, struct km_record_key key, int64_t now,
                              struct km_problem *problem);

/* The last record and its chain; 0 and zeros where there is none. */
enum km_error km_record_last(struct km_store *store, int64_t *ret_sequence, uint8_t ret_chain[static KM_SHA256_BYTES],
                             struct km_problem *problem);

/* The rest is inside registry/ only, for an audit of the register. */

struct km_statement;
enum { KM_RECORD_SALT_BYTES = 16, KM_RECORD_TABLES = 21 };

struct km_record_table {
	const char *name;
	int key_columns; /* the first ones are the primary key, in its order */
	const char *row; /* SELECT of one row by :a and :b */
	const char *all; /* … and of all, by their key; NULL where a row is noted only once what it followed from was purged */
};
extern const struct km_record_table km_record_tables[KM_RECORD_TABLES];

/* NULL where rows of that table are not noted. */
const struct km_record_table *km_record_find_table(const char *name);

/* A row that was looked for. */
struct km_record_row {
	bool found;
	struct km_statement *statement; /* at the row, where it was found */
	struct km_record_key key;       /* the statement borrows these */
	uint8_t blob[KM_SHA256_BYTES];
};
void km_record_row_done(struct km_record_row *row);
#define auto_record_row __attribute__((cleanup(km_record_row_done)))

/* Looks for the row with this key. Zero *ret_row before. */
enum km_error km_record_find_row(struct km_store *store, const struct km_record_table *table, const char *key,
                                 struct km_record_row *ret_row, struct km_problem *problem);

/* From the present row of one of those statements: its key, and its digest with this salt. KM_NO_MEMORY. */
enum km_error km_record_key_of(const struct km_record_table *table, struct km_statement *statement,
                               struct km_record_key *ret_key, struct km_problem *problem);
enum km_error km_record_digest(const struct km_record_table *table, struct km_statement *statement,
                               const uint8_t salt[static KM_RECORD_SALT_BYTES],
                               uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem);

/* One link: what the record says, after the chain before it (all zero before the first). sha256 is NULL where it says
 * that the row was erased. KM_NO_MEMORY. */
struct km_record {
	int64_t sequence, recorded_at;
	const char *table, *key;
	const uint8_t *sha256;
};
enum km_error km_record_chain(const uint8_t before[static KM_SHA256_BYTES], const struct km_record *record,
                              uint8_t ret_chain[static KM_SHA256_BYTES], struct km_problem *problem);

#endif
