/*
 * A registry without a server: a register with people in it (tests/scene.h), keys beside it, and an issuer over both.
 */
#ifndef KM_TESTS_OFFICE_H
#define KM_TESTS_OFFICE_H

#include "badge/issuer.h"
#include "keys/keyset.h"
#include "tests/scene.h"

struct office {
	struct scene *scene; /* its store is another connection, with no transaction begun */
	char keys[128];      /* folder */
	struct km_signer *signer;
	struct km_issuer *issuer;
	struct km_keyset trust;
};

/* cmocka's: *state becomes the office. */
int office_set_up(void **state);
int office_tear_down(void **state);
#define KM_OFFICE_TEST(name) cmocka_unit_test_setup_teardown(name, office_set_up, office_tear_down)

/* Another signer, with new keys in a folder of this name, for a registry at this url; and another issuer over it. */
void office_open_signer(struct office *office, const char *name, const char *url, int64_t since);
void office_open_issuer(struct office *office);

/* Signs and hands in; the outcome's reply is freed. */
enum km_error office_hand_in(struct office *office, enum scene_person who, const char *type, json_t *content,
                             struct km_outcome *ret_outcome, struct km_problem *problem);

/* These must be taken. The id is that of the submission. `from`: the moment from which the decision holds; 0 for at
 * once. */
struct scene_id office_submit(struct office *office, enum scene_person who, const char *type, json_t *content);
struct scene_id office_audit(struct office *office, const char *kind);
void office_decide(struct office *office, const char *action, const char *mark, const char *resting_on, int64_t from,
                   struct km_outcome *ret_outcome);
struct scene_number office_grant(struct office *office);
int64_t office_tick(struct office *office);

/* As another process sees it; the caller's (free). */
char *office_credential(struct office *office, const char *number);

/* The rows of a table. */
int64_t office_count(struct office *office, const char *table);

#endif
