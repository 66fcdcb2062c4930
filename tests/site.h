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

enum { SITE_LOG_MAX = 8192, SITE_THREADS = 3 };

struct site {
	char *folder;
	struct scene scene;  /* its store is the test's own connection */
	_Atomic int64_t now; /* the threads of the server look at it */
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

/* Whether this is in the log by now, to which the server writes meanwhile. */
bool site_log_has(struct site *site, const char *text);

/* Sends what this person signs, which must be taken; the member of the reply, a text. */
struct site_text {
	char text[64];
};
struct site_text site_submit(struct site *site, enum scene_person who, const char *type, json_t *content,
                             const char *member);

/* Audits and grants by way of HTTP: the number of the new mark. */
struct site_text site_grant(struct site *site, const char *scope_json);

#define SITE_BROWSER "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
#define SITE_JSON    "Accept: application/json\r\n"

struct http_reply site_get(const struct site *site, const char *target);

/* A path around a number. */
struct site_path {
	char text[1024];
};
struct site_path site_path(const char *start, const char *number, const char *end);

/* The reply at this target has this status; … and this text in its body. */
void site_expect_status(const struct site *site, const char *target, int status);
void site_expect_text(const struct site *site, const char *target, const char *headers, int status, const char *text);

void site_expect_header(const struct http_reply *reply, const char *name, const char *value);

/* It is a problem document of this type. */
void site_expect_problem(const struct http_reply *reply, int status, const char *type);

/* The log holds nothing that was the server's own fault. */
void site_expect_no_fault(const struct site *site);

#endif
