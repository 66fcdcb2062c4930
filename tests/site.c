#include "tests/site.h"

#include "base/buf.h"
#include "tests/folder.h"

#include <pthread.h>

#define SITE_URL "https://keurmerk.example"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void log_line(void *context, bool ours, const char *line)
{
	struct site *site = context;
	pthread_mutex_lock(&log_lock);
	size_t len = strlen(site->log);
	snprintf(site->log + len, sizeof site->log - len, "%s: %s\n", ours ? "ours" : "theirs", line);
	pthread_mutex_unlock(&log_lock);
}

bool site_log_has(struct site *site, const char *text)
{
	pthread_mutex_lock(&log_lock);
	bool has = strstr(site->log, text) != NULL;
	pthread_mutex_unlock(&log_lock);
	return has;
}

static void fill(struct site *site)
{
	struct km_problem problem = {0};
	struct scene *scene = &site->scene;
	scene->now = site->now;
	assert_ok(km_store_create("register.db", SITE_URL, site->now, &problem), &problem);
	assert_ok(km_store_open("register.db", KM_STORE_WRITE, &scene->store, &problem), &problem);
	assert_ok(km_store_begin(scene->store, &problem), &problem);
	scene_fill(scene);
	assert_ok(km_store_commit(scene->store, &problem), &problem);
	assert_ok(km_signer_init("keys", SITE_URL, NULL, site->now, &problem), &problem);
	assert_ok(km_signer_open("keys", NULL, &site->clock, &site->signer, &problem), &problem);
}

static int64_t site_clock_now(const void *context)
{
	const struct site *site = context;
	return site->now;
}

int site_set_up(void **state)
{
	void *folder = NULL;
	struct site *site = calloc(1, sizeof *site);
	if (!site || km_test_enter_folder(&folder) != 0)
		return -1;
	site->folder = folder;
	site->now = FIXTURE_NOW;
	site->clock = (struct km_clock){.now = site_clock_now, .context = site};
	fill(site);
	struct km_server_options options = {.address = "127.0.0.1",
	                                    .threads = SITE_THREADS,
	                                    .upkeep_ms = 20,
	                                    .database = "register.db",
	                                    .keys = "keys",
	                                    .signer = site->signer,
	                                    .clock = &site->clock,
	                                    .log = log_line,
	                                    .log_context = site};
	struct km_problem problem = {0};
	assert_ok(km_server_start(&options, &site->server, &site->port, &problem), &problem);
	*state = site;
	return 0;
}

int site_tear_down(void **state)
{
	struct site *site = *state;
	km_server_stop(site->server);
	km_signer_close(site->signer);
	km_store_close(site->scene.store);
	scene_free_keys(&site->scene);
	void *folder = site->folder;
	free(site);
	return km_test_leave_folder(&folder);
}

struct site_text site_submit(struct site *site, enum scene_person who, const char *type, json_t *content,
                             const char *member)
{
	site->scene.now = site->now;
	auto_free char *token = scene_sign(&site->scene, who, type, content);
	auto_reply struct http_reply reply =
		http_post(site->port, "/v1/submissions", "application/jose", token, strlen(token));
	if (reply.status != 201)
		fail_msg("%d: %s", reply.status, reply.body);
	json_auto_t *answer = json_loads(reply.body, 0, NULL);
	struct site_text text;
	snprintf(text.text, sizeof text.text, "%s", json_string_value(json_object_get(answer, member)));
	return text;
}

struct site_text site_grant(struct site *site, const char *scope_json)
{
	site->scene.now = site->now;
	struct site_text audit =
		site_submit(site, AUDITOR, "audit", scene_audit(&site->scene, "initial", scope_json), "id");
	return site_submit(site, DECIDER, "decision", scene_decision("grant", NULL, audit.text), "mark");
}

struct http_reply site_get(const struct site *site, const char *target)
{
	return http_get(site->port, "GET", target, "");
}

void site_expect_status(const struct site *site, const char *target, int status)
{
	auto_reply struct http_reply reply = site_get(site, target);
	if (reply.status != status)
		fail_msg("%s: expected %d, got: %s", target, status, reply.bytes);
}

void site_expect_text(const struct site *site, const char *target, const char *headers, int status, const char *text)
{
	auto_reply struct http_reply reply = http_get(site->port, "GET", target, headers);
	if (reply.status != status || !strstr(reply.body, text))
		fail_msg("%s: expected %d with \"%s\", got: %s", target, status, text, reply.bytes);
}

void site_expect_header(const struct http_reply *reply, const char *name, const char *value)
{
	struct http_value found = http_header(reply, name);
	if (strcmp(found.text, value) != 0)
		fail_msg("%s: expected \"%s\", got \"%s\"", name, value, found.text);
}

void site_expect_problem(const struct http_reply *reply, int status, const char *type)
{
	json_auto_t *document = json_loads(reply->body, 0, NULL);
	const char *uri = json_string_value(json_object_get(document, "type"));
	site_expect_header(reply, "Content-Type", "application/problem+json");
	if (reply->status != status || !uri || strcmp(strchr(uri, '#') + 1, type) != 0)
		fail_msg("expected %d %s, got: %s", status, type, reply->bytes);
	assert_int_equal(json_integer_value(json_object_get(document, "status")), status);
	assert_true(json_string_length(json_object_get(document, "detail")) > 10);
	assert_true(json_string_length(json_object_get(document, "title")) > 2);
}

void site_expect_no_fault(const struct site *site)
{
	if (strstr(site->log, "ours:"))
		fail_msg("%s", site->log);
}

struct site_path site_path(const char *start, const char *number, const char *end)
{
	struct site_path path;
	snprintf(path.text, sizeof path.text, "%s%s%s", start, number, end);
	return path;
}
