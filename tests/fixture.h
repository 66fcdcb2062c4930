/*
 * A new register in a folder of its own, for tests of registry/: set up before each test, gone after it.
 */
#ifndef KM_TESTS_FIXTURE_H
#define KM_TESTS_FIXTURE_H

#include "registry/store.h"
#include "tests/test.h"

#include <stdbool.h>

#define FIXTURE_URL "https://keurmerk.example"
enum { FIXTURE_NOW = 1795539757 }; /* 2026-11-24T17:02:37Z */

struct fixture {
	char folder[64], path[128];
	struct km_store *store; /* open to write, a transaction begun */
};

/* cmocka's: *state becomes the fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
#define KM_REGISTER_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* Runs SQL, which must succeed. */
void fixture_sql(struct fixture *fixture, const char *sql);

/* Whether SQL succeeds, for statements that the schema is to refuse. */
bool fixture_allows(struct fixture *fixture, const char *sql);

/* Whether it is a file; false on the server of tests/postgres.sh. */
bool fixture_is_file(const struct fixture *fixture);

/* How many providers the full-text index finds by this word. */
int64_t fixture_matches(struct fixture *fixture, const char *word);

/* From now on, what the schema refuses to change can be changed: the register's triggers are gone. */
void fixture_disarm(struct fixture *fixture);

/* The one number that this SQL gives. */
int64_t fixture_number(struct fixture *fixture, const char *sql);

/* The one text. */
void fixture_text(struct fixture *fixture, const char *sql, char *ret_text, size_t max);

/* Fails where a statement that this connection has run so far reads a whole table. One that has `walks` in it (may be
 * NULL) may walk along a table or an index, but must not sort: its LIMIT ends the walk. */
void fixture_expect_indexes(struct fixture *fixture, const char *walks);

#endif
