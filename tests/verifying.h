/*
 * A registry without a register, for tests of verification: two keys that it published and one that it did not, a
 * sample mark, its credential, and what it would answer when asked.
 */
#ifndef KM_TESTS_VERIFYING_H
#define KM_TESTS_VERIFYING_H

#include "badge/status_list.h"
#include "badge/verify.h"
#include "keys/jws.h"
#include "tests/sample_mark.h"
#include "tests/test.h"

/* LOG is listed only where a test does so. */
enum { CREDENTIAL = 0, STATUS = 1, LOG = 2, STRANGER = 3, KEYS = 4 };

/* What the registry would answer when asked for the status. */
struct answer {
	enum km_error error;
	const char *token; /* NULL: the sample's own, of now */
	int asked;
	const struct world *world;
};

struct world {
	struct km_key *keys[KEYS];
	struct km_keyset trust; /* lists the first two */
	struct sample_mark sample;
	struct answer answer;
	struct km_status_source source;
	int64_t now; /* a minute after SAMPLE_NOW */
	char *token; /* the sample's credential */
};

/* cmocka's: *state becomes the world. */
int world_set_up(void **state);
int world_tear_down(void **state);
#define KM_VERIFY_TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

/* All tokens are the caller's (free). */
char *world_sign(const struct world *world, int key, const char *typ, const char *kid, const char *payload);
void world_kid(const struct world *world, int key, bool as_url, char ret_kid[static 256]);
char *world_sign_credential(const struct world *world, int key, const char *payload);
char *world_credential(const struct world *world, const struct km_mark *mark, const char *url);
char *world_status(const struct world *world, const struct km_mark *mark, int64_t now, int key);

/* A signed list, valid for a day from `from`, in which the bit of the sample (place 0) is set or not. */
char *world_list(const struct world *world, enum km_status_purpose purpose, int64_t number, bool set, int64_t from,
                 const char *url, int key);

/* The credential as a document with a proof by this key; the same of a document that is there. */
char *world_document(const struct world *world, const struct km_mark *mark, const char *url, int key);
char *world_prove(const struct world *world, json_t *document, const char *url, int key);

char *world_qr_token(const struct world *world, const struct km_mark *mark, const char *url, int key);

/* The proof that this entry is the second of two in a log with this name. */
char *world_log_proof(const struct world *world, const char *entry, size_t len, const char *origin, int key);

/* Lists one more key of the world as published for this purpose. */
void world_publish(struct world *world, int key, enum km_purpose purpose);

struct km_verdict world_verify_bytes(struct world *world, const void *bytes, size_t len);
struct km_verdict world_verify(struct world *world, const char *token);

/* A token of this header and payload, in plain text, whose signature is none. */
struct km_verdict world_verify_parts(struct world *world, const char *header, const char *payload);

/* Fails where the verdict is another, or its sentence does not begin with it or is not whole. */
void expect(const struct km_verdict *verdict, enum km_outcome_kind outcome, const char *reason);

/* Genuine and active, each check but that of the log reached and good, and all that there is to tell of the sample
 * told. */
void expect_all_good(const struct km_verdict *verdict);

#endif
