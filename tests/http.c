#include "tests/http.h"

#include "base/buf.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 20 };

static int connect_to(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	struct timeval patience = {.tv_sec = PATIENCE_S};
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

struct http_reply http_send(uint16_t port, const char *bytes, size_t len)
{
	int fd = connect_to(port);
	/* A server that has seen enough may close before all is sent; its answer is read all the same. */
	for (ssize_t sent = 0; len && (sent = send(fd, bytes, len, MSG_NOSIGNAL)) > 0;) {
		bytes += sent;
		len -= (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
	struct km_buf got = KM_BUF_EMPTY;
	char piece[16384];
	for (ssize_t n; (n = recv(fd, piece, sizeof piece, 0)) > 0;)
		km_buf_add(&got, piece, (size_t)n);
	close(fd);
	struct http_reply reply = {0};
	size_t total = 0;
	reply.bytes = km_buf_take(&got, &total);
	assert_non_null(reply.bytes);
	reply.status = total > 12 && strncmp(reply.bytes, "HTTP/1.", 7) == 0 ? atoi(reply.bytes + 9) : 0;
	char *blank = strstr(reply.bytes, "\r\n\r\n");
	reply.body = blank ? blank + 4 : reply.bytes + total;
	reply.body_len = (size_t)(reply.bytes + total - reply.body);
	return reply;
}

void http_done(struct http_reply *reply)
{
	free(reply->bytes);
	*reply = (struct http_reply){0};
}

struct http_reply http_get(uint16_t port, const char *method, const char *target, const char *headers)
{
	struct km_buf request = KM_BUF_EMPTY;
	km_buf_add_format(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", method, target,
	                  headers);
	struct http_reply reply = http_send(port, request.data, request.len);
	km_buf_free(&request);
	return reply;
}

struct http_reply http_post(uint16_t port, const char *target, const char *type, const char *body, size_t len)
{
	struct km_buf request = KM_BUF_EMPTY;
	km_buf_add_format(&request,
	                  "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %s\r\n"
	                  "Content-Length: %zu\r\n\r\n",
	                  target, type, len);
	km_buf_add(&request, body, len);
	struct http_reply reply = http_send(port, request.data, request.len);
	km_buf_free(&request);
	return reply;
}

struct http_value http_header(const struct http_reply *reply, const char *name)
{
	struct http_value value = {""};
	size_t name_len = strlen(name);
	for (const char *line = strstr(reply->bytes, "\r\n"); line && line + 4 < reply->body;
	     line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, name_len) != 0 || line[2 + name_len] != ':')
			continue;
		const char *from = line + 2 + name_len + 1 + strspn(line + 2 + name_len + 1, " ");
		snprintf(value.text, sizeof value.text, "%.*s", (int)strcspn(from, "\r"), from);
		break;
	}
	return value;
}
