/*
 * A register with a row in nearly every table, and what an audit of it finds (registry/fsck.h,
 * badge/fsck_credential.h).
 */
#ifndef KM_TESTS_AUDITED_H
#define KM_TESTS_AUDITED_H

#include "tests/office.h"

#include <stddef.h>

struct found {
	size_t len;
	struct {
		char table[40], row[120], column[40], what[200];
	} differences[400];
};

/* Two more providers, one of them with all that one can have, and a report. */
void audited_providers(struct office *office);

/* Audits and grants; the number of the new mark. */
struct scene_number audited_grant(struct office *office, const char *kvk);

/* Marks in all states, and a row in every table. */
void audited_fill(struct office *office);

/* After that: years go by, all that may go is purged, and one provider is erased. */
void audited_purge(struct office *office);

/* Looks at the register through this store. */
void audited_look(struct office *office, struct km_store *store, struct found *found);
void audited_show(const struct found *found);

/* Through a store of its own. */
void audited_expect_clean(struct office *office);

#endif
