#include "www/exchange.h"

#include "registry/number.h"
#include "www/accept.h"
#include "www/connections.h"
#include "www/console.h"
#include "www/endpoints.h"
#include "www/limit.h"
#include "www/metrics.h"
#include "www/problem.h"
#include "www/route.h"
#include "www/send.h"
#include "www/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
	UNWANTED_BODY_MAX = 1 << 20, /* bytes that are read and thrown away before the connection is dropped */
};

struct exchange {
	struct km_request request;
	struct km_reply reply;
	struct km_problem problem; /* code KM_OK while all is well */
	size_t sent_bytes;         /* of the body, before it is compressed */
	size_t unwanted;           /* bytes of body beyond what is taken */
	struct timespec began;
	bool headers_read;
	char *target; /* as it came, for what may stand ready; owned */
	char allow[KM_ALLOW_TEXT];
};

static int64_t seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void km_exchange_connect(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_ConnectionNotificationCode what)
{
	struct km_connections *connections = ((struct km_site *)context)->connections;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		km_connections_leave(connections, *place);
		*place = NULL;
		return;
	}
	const struct km_visitor peer = km_visitor_peer(connection);
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	km_connections_tend(connections, seconds());
	*place = km_connections_enter(connections, fd, &peer, seconds());
}

static void note_step(struct km_site *site, struct MHD_Connection *connection, enum km_step step)
{
	struct km_connection *place =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	km_connections_step(site->connections, place, step, seconds());
}

void *km_exchange_begin(void *context, const char *target, struct MHD_Connection *connection)
{
	(void)connection;
	struct km_site *site = context;
	struct exchange *exchange = calloc(1, sizeof *exchange);
	if (!exchange)
		return NULL;
	atomic_fetch_add(&site->in_progress, 1);
	exchange->request.site = site;
	clock_gettime(CLOCK_MONOTONIC, &exchange->began);
	exchange->target = strdup(target);
	km_target_parse(target, &exchange->request.path, &exchange->request.query, &exchange->problem);
	return exchange;
}

void km_exchange_end(void *context, struct MHD_Connection *connection, void **exchange_place,
                     enum MHD_RequestTerminationCode how)
{
	(void)how;
	struct km_site *site = context;
	struct exchange *exchange = *exchange_place;
	note_step(site, connection, KM_STEP_HEAD);
	if (!exchange)
		return;
	*exchange_place = NULL;
	km_request_done(&exchange->request);
	km_reply_done(&exchange->reply);
	free(exchange->target);
	free(exchange);
	atomic_fetch_sub(&site->in_progress, 1);
}

size_t km_exchange_leave_escapes(void *site, struct MHD_Connection *connection, char *text)
{
	(void)site;
	(void)connection;
	return strlen(text);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The lines that say where the body ends. */
struct framing {
	size_t lengths, codings;
	bool strange; /* a coding that is not ours, or a name that others may read as one of those */
};

static enum MHD_Result note_framing(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	struct framing *framing = context;
	if (strcasecmp(name, "Content-Length") == 0)
		framing->lengths++;
	else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		framing->codings++;
		framing->strange |= !value || strcasecmp(value, "chunked") != 0;
	} else
		framing->strange |= name[strcspn(name, " \t")] != '\0';
	return MHD_YES;
}

/* RFC 9112, sections 5.1 and 6.3: a proxy that finds the end of the body elsewhere than we do would take a part of it
 * for another request, or of that for the body. */
static enum km_error check_framing(struct MHD_Connection *connection, struct km_problem *problem)
{
	struct framing framing = {0};
	MHD_get_connection_values(connection, MHD_HEADER_KIND, note_framing, &framing);
	if (framing.lengths + framing.codings > 1 || framing.strange)
		return km_fail(problem, KM_MALFORMED, "framing",
		               "give one Content-Length, or one Transfer-Encoding: chunked, and no white space in a header's "
		               "name");
	return KM_OK;
}

static enum km_method read_method(const char *method)
{
	static const char *const names[] = {
		[KM_GET] = "GET", [KM_HEAD] = "HEAD", [KM_POST] = "POST", [KM_OPTIONS] = "OPTIONS"};
	for (enum km_method i = KM_GET; i < KM_OTHER_METHOD; i++)
		if (strcmp(names[i], method) == 0)
			return i;
	return KM_OTHER_METHOD;
}

/* ?lang=, then Accept-Language, then Dutch. Another value of ?lang= counts as none: a page must not fail over it. */
static void read_wishes(struct km_request *request, struct MHD_Connection *connection)
{
	const char *accept = header(connection, "Accept");
	request->json = km_accept_json(accept);
	request->credential = km_accept_credential(accept);
	request->page = km_accept_page(accept);
	request->language = km_accept_language(header(connection, "Accept-Language"));
	km_request_choose_language(request);
}

/* What does not fit into its place becomes `instead`. */
static void copy_header(const char *value, char *ret_text, size_t size, const char *instead)
{
	if (value)
		strcpy(ret_text, strlen(value) < size ? value : instead);
}

static void read_browser(struct km_request *request, struct MHD_Connection *connection)
{
	if (!(request->route->kind & KM_ROUTE_CONSOLE))
		return;
	const char *cookie = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, km_console_cookie(request->site));
	copy_header(cookie, request->session, sizeof request->session, "");
	copy_header(header(connection, "Sec-Fetch-Site"), request->fetch_site, sizeof request->fetch_site, "?");
	copy_header(header(connection, "Origin"), request->origin, sizeof request->origin, "?");
}

static enum km_error check_body(struct km_request *request, struct MHD_Connection *connection,
                                struct km_problem *problem)
{
	const struct km_route *route = request->route;
	const char *type = header(connection, "Content-Type");
	size_t type_len = type ? strcspn(type, "; \t") : 0;
	if (type_len != strlen(route->body_type) || strncasecmp(type, route->body_type, type_len) != 0)
		return km_fail(problem, KM_MALFORMED, "content-type", "send this with Content-Type: %s", route->body_type);
	snprintf(request->content_type, sizeof request->content_type, "%s", type);
	const char *length = header(connection, "Content-Length");
	if (length && strtoull(length, NULL, 10) > route->body_max_bytes)
		return km_fail(problem, KM_TOO_LARGE, "body-too-large", "the body is larger than %zu bytes",
		               route->body_max_bytes);
	return KM_OK;
}

/* Before a body is read, and where no reply stands ready. */
static enum km_error check_limit(struct exchange *exchange, struct MHD_Connection *connection)
{
	const struct km_request *request = &exchange->request;
	const struct km_site *site = request->site;
	unsigned kind = request->route->kind;
	unsigned cost = kind & KM_ROUTE_DEAR ? KM_DEAR_COST : kind & KM_ROUTE_COSTLY || request->method == KM_POST;
	if (!site->limit || !cost)
		return KM_OK;
	struct km_visitor visitor = km_visitor_of(connection, site->has_proxy ? &site->proxy : NULL);
	int wait_s = km_limit_take(site->limit, &visitor, cost, request->now);
	if (!wait_s)
		return KM_OK;
	exchange->reply.retry_after_s = wait_s;
	return km_fail(&exchange->problem, KM_UNAVAILABLE, "too-many-requests",
	               "so much is asked from this address that others would have to wait: try again in %d %s", wait_s,
	               wait_s == 1 ? "second" : "seconds");
}

static void read_headers(struct exchange *exchange, struct MHD_Connection *connection, const char *method)
{
	struct km_request *request = &exchange->request;
	request->method = read_method(method);
	request->now = km_site_now(request->site);
	read_wishes(request, connection);
	if (check_framing(connection, &exchange->problem) || exchange->problem.code)
		return;
	if (km_route_find(km_routes, km_routes_len, request, exchange->allow, &exchange->problem) == KM_OK) {
		read_browser(request, connection);
		if (request->method == KM_POST && check_body(request, connection, &exchange->problem) == KM_OK)
			check_limit(exchange, connection);
	}
	exchange->reply.allow = exchange->allow;
}

static enum km_error read_and_handle(struct exchange *exchange)
{
	struct km_request *request = &exchange->request;
	struct km_problem *problem = &exchange->problem;
	unsigned kind = request->route->kind;
	struct km_store *store = NULL;
	enum km_error error = kind & KM_ROUTE_STORE ? km_site_store(request->site, &store, problem) : KM_OK;
	bool reads = (kind & KM_ROUTE_READS) == KM_ROUTE_READS;
	if (!error && reads)
		error = km_store_read_begin(store, problem);
	if (error)
		return error;
	request->store = store;
	error = request->route->handle(request, &exchange->reply, problem);
	if (reads)
		km_store_read_end(store);
	return error;
}

static void tell_operator(const struct exchange *exchange)
{
	const struct km_request *request = &exchange->request;
	const struct km_problem *problem = &exchange->problem;
	if (strcmp(problem->type, "too-many-requests") == 0)
		return; /* of which anyone could fill a disk; the metrics count them */
	bool ours = problem->code == KM_IO || problem->code == KM_NO_MEMORY || problem->code == KM_BUG;
	if (ours || problem->code == KM_UNAVAILABLE)
		km_site_log(request->site, true, "%s: %s: %s", request->route ? request->route->path : "-", problem->type,
		            problem->message);
	else if (request->route && request->method == KM_POST)
		km_site_log(request->site, false, "%s: refused: %s", request->route->path, problem->type);
}

static void count(const struct exchange *exchange, unsigned status)
{
	const struct km_request *request = &exchange->request;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t microseconds =
		(int64_t)(now.tv_sec - exchange->began.tv_sec) * 1000000 + (now.tv_nsec - exchange->began.tv_nsec) / 1000;
	size_t place = request->route ? (size_t)(request->route - km_routes) : km_routes_len;
	km_metrics_count(request->site->metrics, place, status, (uint64_t)microseconds);
	/* Here, for a reply that stood ready asks no handler. */
	if (request->route && (request->route->kind & KM_ROUTE_LOOKUP) && (status == 200 || status == 304) &&
	    !request->json)
		km_site_use(request, request->from_qr ? KM_USE_SCAN : KM_USE_LOOKUP);
}

enum { READY_KEY_TEXT = KM_TARGET_MAX + 32 };

/* All that makes one reply another: the address, and what the client would rather have. False where it cannot stand
 * ready. */
static bool ready_key(const struct exchange *exchange, struct MHD_Connection *connection,
                      char ret_key[static READY_KEY_TEXT])
{
	const struct km_request *request = &exchange->request;
	if (exchange->problem.code || !request->route || !(request->route->kind & KM_ROUTE_READY) || !exchange->target ||
	    (request->method != KM_GET && request->method != KM_HEAD) || request->site->stopping)
		return false;
	bool plain = request->route->kind & KM_ROUTE_PLAIN;
	int len = snprintf(ret_key, READY_KEY_TEXT, "%d%d%d%d%c%s", (int)request->language, request->json, request->page,
	                   km_accept_gzip(header(connection, "Accept-Encoding")),
	                   request->credential ? request->credential[strlen(request->credential) - 1] : '-',
	                   plain ? request->path : exchange->target);
	return len < READY_KEY_TEXT;
}

static enum MHD_Result make_answer(struct exchange *exchange, struct MHD_Connection *connection,
                                   struct km_ready_reply *ret_ready);

/* What stands ready, or a new answer, which then does. */
static enum MHD_Result answer(struct exchange *exchange, struct MHD_Connection *connection)
{
	char key[READY_KEY_TEXT];
	struct km_ready *ready = NULL;
	struct km_problem ignored;
	const struct km_request *request = &exchange->request;
	note_step(request->site, connection, KM_STEP_ANSWER);
	/* Where this fails, so does the answer itself, and says why. */
	if (!ready_key(exchange, connection, key) || km_site_ready(request->site, &ready, &ignored))
		return make_answer(exchange, connection, NULL);
	const struct km_ready_reply *found = km_ready_find(ready, key, request->now);
	if (found) {
		unsigned status;
		enum MHD_Result result = km_send_ready(connection, found, &status);
		count(exchange, status);
		return result;
	}
	struct km_ready_reply made = {0};
	char number[KM_NUMBER_TEXT] = "";
	enum MHD_Result result = make_answer(exchange, connection, &made);
	if (!made.response)
		return result;
	const char *asked = km_request_path_value(request, "number");
	if (!*asked || km_number_parse(asked, number, NULL) == KM_OK)
		km_ready_put(ready, key, number, &made, exchange->sent_bytes, request->now);
	else
		MHD_destroy_response(made.response);
	return result;
}

static enum MHD_Result make_answer(struct exchange *exchange, struct MHD_Connection *connection,
                                   struct km_ready_reply *ret_ready)
{
	struct km_request *request = &exchange->request;
	if (!exchange->problem.code && request->method == KM_OPTIONS)
		exchange->reply.status = 204;
	else {
		/* Allow belongs to OPTIONS and to 405, not to every reply. */
		if (strcmp(exchange->problem.type, "method-not-allowed") != 0)
			exchange->reply.allow = NULL;
		if (!exchange->problem.code && request->method != KM_POST)
			check_limit(exchange, connection);
		bool handled = !exchange->problem.code;
		enum km_error error = handled ? read_and_handle(exchange) : KM_OK;
		/* What a handler met on its way, and knew what to do about, is no failure. */
		if (handled && !error)
			exchange->problem = (struct km_problem){0};
		if (error && !exchange->problem.code)
			km_fail(&exchange->problem, error, "unexplained", "a handler failed and did not say why");
		if (!exchange->problem.code && exchange->reply.body.failed)
			km_fail_memory(&exchange->problem);
	}
	if (exchange->problem.code) {
		tell_operator(exchange);
		km_problem_reply(request, &exchange->problem, &exchange->reply);
	}
	unsigned status = 0;
	exchange->sent_bytes = exchange->reply.body.len;
	enum MHD_Result result = km_send(connection, request, &exchange->reply, &status, ret_ready);
	count(exchange, status);
	return result;
}

/* One piece of the body. What is not wanted is thrown away, within bounds, so that the client can still read why. */
static enum MHD_Result take_piece(struct exchange *exchange, const char *piece, size_t *piece_len)
{
	struct km_request *request = &exchange->request;
	size_t room = 0;
	if (!exchange->problem.code && request->method == KM_POST)
		room = request->route->body_max_bytes - request->body.len;
	if (*piece_len <= room) {
		km_buf_add(&request->body, piece, *piece_len);
		*piece_len = 0;
		return request->body.failed ? MHD_NO : MHD_YES;
	}
	if (room || request->method == KM_POST)
		km_fail(&exchange->problem, KM_TOO_LARGE, "body-too-large", "the body is larger than %zu bytes",
		        request->route->body_max_bytes);
	exchange->unwanted += *piece_len;
	*piece_len = 0;
	return exchange->unwanted > UNWANTED_BODY_MAX ? MHD_NO : MHD_YES;
}

enum MHD_Result km_exchange_go_on(void *context, struct MHD_Connection *connection, const char *target,
                                  const char *method, const char *version, const char *piece, size_t *piece_len,
                                  void **exchange_place)
{
	(void)target;
	(void)version;
	struct exchange *exchange = *exchange_place;
	struct km_site *site = context;
	if (!exchange)
		return MHD_NO;
	km_connections_tend(site->connections, seconds());
	if (!exchange->headers_read) {
		exchange->headers_read = true;
		note_step(site, connection, KM_STEP_BODY);
		read_headers(exchange, connection, method);
		/* A body that will not be taken need not be sent. */
		return exchange->problem.code ? answer(exchange, connection) : MHD_YES;
	}
	if (*piece_len)
		return take_piece(exchange, piece, piece_len);
	return answer(exchange, connection);
}
