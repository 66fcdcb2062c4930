#include "www/server.h"

#include "base/digest.h"
#include "base/file.h"
#include "www/connections.h"
#include "www/exchange.h"
#include "www/site.h"
#include "www/upkeep.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEADERS_MAX_BYTES = 32 * 1024, /* request line and headers, and what MHD needs beside them */
	CONNECTIONS_MAX = 2000,        /* that are held; some more may be on their way out */
	OTHER_FILES = 300,             /* of the register, in each thread, and all else that is open */
	IDLE_MAX_S = 20,
	BACKLOG = 512,
	THREADS_MAX = 64,
	STOP_WAIT_MS = 10000,
	STOP_STEP_MS = 10,
	TLS_FILE_MAX_BYTES = 64 * 1024,
};

struct km_server {
	struct km_site *site;
	struct MHD_Daemon *daemon;
	char *tls_cert, *tls_key; /* PEM, owned; NULL: plain HTTP */
	struct km_upkeep *upkeep;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static enum km_error read_address(const struct km_server_options *options, union address *ret_address,
                                  socklen_t *ret_len, struct km_problem *problem)
{
	union address address = {0};
	if (inet_pton(AF_INET, options->address, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(options->port);
		*ret_len = sizeof address.v4;
	} else if (inet_pton(AF_INET6, options->address, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(options->port);
		*ret_len = sizeof address.v6;
	} else
		return km_fail(problem, KM_INVALID, "listen-address",
		               "%s: this is not an address to listen on: give one as 127.0.0.1 or ::1", options->address);
	*ret_address = address;
	return KM_OK;
}

static uint16_t port_of(int fd)
{
	union address address = {0};
	socklen_t len = sizeof address;
	getsockname(fd, &address.any, &len);
	return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static enum km_error listen_on(const struct km_server_options *options, int *ret_fd, struct km_problem *problem)
{
	union address address;
	socklen_t len = 0;
	enum km_error error = read_address(options, &address, &len, problem);
	if (error)
		return error;
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* After a restart, connections of the old process may linger; without this the port stays taken for a minute. */
	int yes = 1;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 || bind(fd, &address.any, len) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		int reason = errno;
		if (fd >= 0)
			close(fd);
		return km_fail(problem, reason == EADDRINUSE ? KM_CONFLICT : KM_IO, "listen", "%s port %u: %s",
		               options->address, options->port, strerror(reason));
	}
	*ret_fd = fd;
	return KM_OK;
}

static unsigned thread_count(unsigned wanted)
{
	long count = wanted ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);
	/* One that waits for the issuer must not keep all readers waiting. */
	if (count < 2)
		return 2;
	return count > THREADS_MAX ? THREADS_MAX : (unsigned)count;
}

/* As many connections as there are descriptors for, of which a shell gives few at first, and allows more. */
static size_t connections_max(void)
{
	struct rlimit files;
	const rlim_t wanted = CONNECTIONS_MAX + OTHER_FILES;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return CONNECTIONS_MAX;
	if (files.rlim_cur < wanted) {
		files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur >= wanted)
		return CONNECTIONS_MAX;
	return files.rlim_cur > 2 * OTHER_FILES ? files.rlim_cur - OTHER_FILES : files.rlim_cur / 2;
}

/* libmicrohttpd also reports what single clients do wrong, of which anyone could fill a disk: the operator is told only
 * what is amiss with the server itself, such as connections that it cannot accept. */
static bool about_one_client(const char *line)
{
	static const char *const signs[] = {"Closing connection", "request",  "header", "client",
	                                    "connection was",     "handshake"};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (strstr(line, signs[i]))
			return true;
	return false;
}

static void log_mhd(void *context, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
static void log_mhd(void *context, const char *format, va_list arguments)
{
	char line[400];
	vsnprintf(line, sizeof line, format, arguments);
	line[strcspn(line, "\n")] = '\0';
	if (!about_one_client(line))
		km_site_log(context, true, "%s", line);
}

/* In the forms of libmicrohttpd, and nothing older than TLS 1.2. */
static enum km_error read_tls(struct km_server *server, const struct km_server_options *options,
                              struct km_problem *problem)
{
	if (!options->tls_cert && !options->tls_key)
		return KM_OK;
	if (!options->tls_cert || !options->tls_key)
		return km_fail(problem, KM_INVALID, "tls", "TLS needs both a certificate and its key");
	if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		return km_fail(problem, KM_INVALID, "tls", "the libmicrohttpd of this machine was built without TLS");
	size_t len;
	enum km_error error = km_file_read(options->tls_cert, TLS_FILE_MAX_BYTES, &server->tls_cert, &len, problem);
	return error ? error : km_file_read(options->tls_key, TLS_FILE_MAX_BYTES, &server->tls_key, &len, problem);
}

static enum km_error start_daemon(struct km_server *server, int fd, unsigned threads, struct km_problem *problem)
{
	struct km_site *site = server->site;
	bool tls = server->tls_key != NULL;
	struct MHD_OptionItem tls_options[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (char[]){"NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"}},
		{MHD_OPTION_END, 0, NULL},
	};
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
		km_exchange_go_on, site, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, site, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_URI_LOG_CALLBACK, km_exchange_begin, site,
		MHD_OPTION_NOTIFY_COMPLETED, km_exchange_end, site, MHD_OPTION_UNESCAPE_CALLBACK, km_exchange_leave_escapes,
		site, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX_BYTES, MHD_OPTION_CONNECTION_LIMIT,
		2 * CONNECTIONS_MAX *
			threads, /* it gives each thread a part of this; who goes is for www/connections.h to say */
		MHD_OPTION_NOTIFY_CONNECTION, km_exchange_connect, site, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_MAX_S,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls ? tls_options : &tls_options[3], MHD_OPTION_END);
	if (!server->daemon && tls)
		return km_fail(problem, KM_INVALID, "tls",
		               "the server did not start with the certificate in %s and the key in %s: look whether both are "
		               "PEM and belong together",
		               site->options.tls_cert, site->options.tls_key);
	return server->daemon ? KM_OK
	                      : km_fail(problem, KM_IO, "listen", "the HTTP server did not start on %s port %u",
	                                site->options.address, site->options.port);
}

enum km_error km_server_start(const struct km_server_options *options, struct km_server **ret_server,
                              uint16_t *ret_port, struct km_problem *problem)
{
	struct km_server *server = calloc(1, sizeof *server);
	if (!server)
		return km_fail_memory(problem);
	int fd = options->listening ? options->listening : -1;
	enum km_error error = km_site_open(options, &server->site, problem);
	if (!error)
		error = read_tls(server, options, problem);
	if (!error && fd < 0)
		error = listen_on(options, &fd, problem);
	uint16_t port = fd >= 0 ? port_of(fd) : 0;
	unsigned threads = thread_count(options->threads);
	if (!error)
		error = km_connections_new(connections_max(), &server->site->connections, problem);
	if (!error && options->confine)
		error = options->confine(options->confine_context, problem);
	if (!error)
		error = start_daemon(server, fd, threads, problem);
	if (error && fd >= 0)
		close(fd);
	if (!error)
		error = km_upkeep_start(server->site, &server->upkeep, problem);
	if (error) {
		km_server_stop(server);
		return error;
	}
	*ret_server = server;
	*ret_port = port;
	return KM_OK;
}

/* What was begun gets its answer; connections that merely stand open do not count. */
static void finish(struct km_server *server)
{
	atomic_store(&server->site->stopping, true);
	int fd = MHD_quiesce_daemon(server->daemon);
	for (int waited_ms = 0; atomic_load(&server->site->in_progress) > 0 && waited_ms < STOP_WAIT_MS;
	     waited_ms += STOP_STEP_MS)
		usleep(STOP_STEP_MS * 1000);
	MHD_stop_daemon(server->daemon);
	if (fd >= 0)
		close(fd);
}

void km_server_stop(struct km_server *server)
{
	if (!server)
		return;
	if (server->daemon)
		finish(server);
	km_upkeep_stop(server->upkeep); /* which also writes down, last of all, how much was looked up */
	km_site_close(server->site);
	if (server->tls_key)
		km_wipe(server->tls_key, strlen(server->tls_key));
	free(server->tls_key);
	free(server->tls_cert);
	free(server);
}

void km_server_look(struct km_server *server)
{
	km_upkeep_wake(server->upkeep);
}

bool km_server_well(struct km_server *server)
{
	return km_upkeep_well(server->upkeep);
}
