#include "cli/listen.h"

#include "cli/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { USUAL_PORT = 8080 };

static bool read_port(const char *text, uint16_t *ret_port)
{
	char *end = NULL;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long port = strtoul(text, &end, 10);
	if (*end || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

static bool is_numeric(const char *address)
{
	struct in6_addr any;
	return inet_pton(AF_INET, address, &any) == 1 || inet_pton(AF_INET6, address, &any) == 1;
}

enum km_error km_listen_parse(const char *text, struct km_listen *ret_listen, struct km_problem *problem)
{
	struct km_listen listen = {0};
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	if (len == strlen("localhost") && memcmp(text, "localhost", len) == 0)
		strcpy(listen.address, "127.0.0.1");
	else if (len > 2 && text[0] == '[' && text[len - 1] == ']')
		snprintf(listen.address, sizeof listen.address, "%.*s", (int)len - 2, text + 1);
	else
		snprintf(listen.address, sizeof listen.address, "%.*s", (int)len, text);
	if (!colon || !is_numeric(listen.address) || !read_port(colon + 1, &listen.port))
		return km_wrong_usage(problem, "--listen %s: write it as 127.0.0.1:8080 or [::1]:8080", text);
	*ret_listen = listen;
	return KM_OK;
}

enum km_error km_listen_for_url(const char *url, struct km_listen *ret_listen, struct km_problem *problem)
{
	static const char http[] = "http://";
	if (strncmp(url, http, sizeof http - 1) != 0) {
		*ret_listen = (struct km_listen){.address = "127.0.0.1", .port = USUAL_PORT};
		return KM_OK;
	}
	const char *host = url + sizeof http - 1, *colon = strrchr(host, ':');
	if (!colon || host[strlen(host) - 1] == ']') {
		char with_port[KM_LISTEN_TEXT];
		snprintf(with_port, sizeof with_port, "%.50s:80", host);
		return km_listen_parse(with_port, ret_listen, problem);
	}
	return km_listen_parse(host, ret_listen, problem);
}

void km_listen_format(const struct km_listen *listen, char ret_text[static KM_LISTEN_TEXT])
{
	bool v6 = strchr(listen->address, ':') != NULL;
	snprintf(ret_text, KM_LISTEN_TEXT, "%s%s%s:%u", v6 ? "[" : "", listen->address, v6 ? "]" : "", listen->port);
}

/* Tries whether the port is free; *port 0 becomes the one that was. */
static int try_port(const char *address, uint16_t *port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = {0};
	socklen_t len = sizeof at.v4;
	if (inet_pton(AF_INET, address, &at.v4.sin_addr) == 1) {
		at.v4.sin_family = AF_INET;
		at.v4.sin_port = htons(*port);
	} else if (inet_pton(AF_INET6, address, &at.v6.sin6_addr) == 1) {
		at.v6.sin6_family = AF_INET6;
		at.v6.sin6_port = htons(*port);
		len = sizeof at.v6;
	}
	int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	             bind(fd, &at.any, len) == 0 && listen(fd, 1) == 0 && getsockname(fd, &at.any, &len) == 0;
	int reason = bound ? 0 : errno;
	if (bound)
		*port = ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
	if (fd >= 0)
		close(fd);
	return reason;
}

enum km_error km_listen_settle(struct km_listen *listen, bool other, struct km_problem *problem)
{
	int reason = try_port(listen->address, &listen->port);
	if (reason == EADDRINUSE && other) {
		listen->port = 0;
		reason = try_port(listen->address, &listen->port);
	}
	if (!reason)
		return KM_OK;
	return km_fail(problem, KM_IO, "listen", "cannot listen on %s port %u: %s", listen->address, listen->port,
	               strerror(reason));
}
