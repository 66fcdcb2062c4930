/*
 * A register with people in it: the SME scheme, two bodies, a provider, and keys to sign real submissions with.
 */
#ifndef KM_TESTS_SCENE_H
#define KM_TESTS_SCENE_H

#include "registry/mark.h"
#include "registry/submission.h"
#include "tests/fixture.h"

#include <jansson.h>

/* Who is there. The first four are of body "een", the last two of body "twee". */
enum scene_person { AUDITOR, SECOND_AUDITOR, DECIDER, BOTH, OTHER_AUDITOR, OTHER_DECIDER, SCENE_PEOPLE };
#define SCENE_KVK "68750110"

struct scene {
	struct fixture *fixture; /* NULL where the store is not a fixture's */
	struct km_store *store;
	struct km_key *keys[SCENE_PEOPLE];
	int64_t now;
	unsigned serial; /* makes each jti another */
};

/* cmocka's: *state becomes the scene. */
int scene_set_up(void **state);
int scene_tear_down(void **state);
#define KM_SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)

/* Fills a store, in a transaction of its caller, with scheme, bodies, people and provider at scene->now. */
void scene_fill(struct scene *scene);
void scene_free_keys(struct scene *scene);

/* A signed submission of this type ("audit", "decision"), whose content is taken over; the caller's (free). */
char *scene_sign(struct scene *scene, enum scene_person who, const char *type, json_t *content);

/* Signs and submits; on failure nothing has changed. The outcome, where there is none of interest, may be NULL. */
enum km_error scene_submit(struct scene *scene, enum scene_person who, const char *type, json_t *content,
                           struct km_outcome *ret_outcome, struct km_problem *problem);

/* An audit of this kind in which everything that the scope asks for conforms; change it before it is submitted. */
json_t *scene_audit(struct scene *scene, const char *kind, const char *scope_json);

/* Sets the finding on this criterion. */
void scene_find(json_t *audit, const char *criterion, const char *result, const char *due);

/* Submits, which must succeed; the id of the submission. */
struct scene_id {
	char text[44];
};
struct scene_id scene_accept(struct scene *scene, enum scene_person who, const char *type, json_t *content);

/* A decision of this action on this mark (NULL: none), resting on this audit (NULL: none), with what the action asks
 * for beside those (reason, text, scope …) filled in. */
json_t *scene_decision(const char *action, const char *mark, const char *audit);

/* Audits and grants: the number of the new mark. */
struct scene_number {
	char text[KM_NUMBER_TEXT];
};
struct scene_number scene_grant(struct scene *scene, const char *scope_json);

/* The mark at a moment, which must be there. */
struct km_mark *scene_mark(struct scene *scene, const char *number, int64_t at);

#endif
