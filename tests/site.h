/*
 * A whole registry for tests: a register with a scheme, bodies and people in a folder of its own, keys, and a server on
 * a free port, with a clock that the test can set.
 */
#ifndef KM_TESTS_SITE_H
#define KM_TESTS_SITE_H

#include "tests/http.h"
#include "tests/scene.h"
#include "www/server.h"

#include <stdint.h>

enum { SITE_LOG_MAX = 8192 };

struct site {
	char *folder;
	struct scene scene; /* its store is the test's own connection */
	int64_t now;
	struct km_clock clock;
	struct km_signer *signer;
	struct km_server *server;
	uint16_t port;
	char log[SITE_LOG_MAX]; /* all lines so far, each with "ours: " or "theirs: " before it */
};

/* cmocka's: *state becomes the site. */
int site_set_up(void **state);
int site_tear_down(void **state);
#define KM_SITE_TEST(name) cmocka_unit_test_setup_teardown(name, site_set_up, site_tear_down)

/* Sends what this person signs, which must be taken; the member of the reply, a text. */
struct site_text {
	char text[64];
};
struct site_text site_submit(struct site *site, enum scene_person who, const char *type, json_t *content,
                             const char *member);

/* Audits and grants by way of HTTP: the number of the new mark. */
struct site_text site_grant(struct site *site, const char *scope_json);

#endif
