/*
 * A client that sends exactly the bytes it is given, for tests of www/.
 */
#ifndef KM_TESTS_HTTP_H
#define KM_TESTS_HTTP_H

#include <stddef.h>
#include <stdint.h>

struct http_reply {
	int status;  /* 0 where the connection ended without one */
	char *bytes; /* the whole reply, NUL-terminated; owned */
	char *body;  /* within bytes */
	size_t body_len;
};

/* Sends these bytes on a connection of its own and reads until the server closes it. Free with http_done. */
struct http_reply http_send(uint16_t port, const char *bytes, size_t len);
void http_done(struct http_reply *reply);
#define auto_reply __attribute__((cleanup(http_done)))

/* A request without a body; `headers` are whole lines, or "". */
struct http_reply http_get(uint16_t port, const char *method, const char *target, const char *headers);

struct http_reply http_post(uint16_t port, const char *target, const char *type, const char *body, size_t len);

/* The value of a header, in place; "" where there is none. The text ends at its line's end, so it is copied. */
struct http_value {
	char text[512];
};
struct http_value http_header(const struct http_reply *reply, const char *name);

#endif
