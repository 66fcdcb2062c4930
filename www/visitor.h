/*
 * From which address a request comes: known only while it is answered, so that nobody asks too much (www/limit.h), and
 * written down nowhere.
 */
#ifndef KM_WWW_VISITOR_H
#define KM_WWW_VISITOR_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IPv6; IPv4 as ::ffff:192.0.2.1. All zero where it is not known. */
struct km_visitor {
	uint8_t address[16];
};

/* What one household has: the address; of IPv6 the network (/64), the rest of it zero. */
struct km_visitor km_visitor_network(const struct km_visitor *visitor);

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". */
bool km_visitor_parse(const char *text, size_t len, struct km_visitor *ret_visitor);

/* Whom a proxy says that it speaks for: the last address in Forwarded (RFC 7239, its `for`), or in X-Forwarded-For,
 * that is not the proxy's own; what stands before it may be anyone's invention. NULL where there is no such header.
 * False where none tells, and where both are there and differ: then one of them is not the proxy's. */
bool km_visitor_forwarded(const char *forwarded, const char *x_forwarded_for, const struct km_visitor *proxy,
                          struct km_visitor *ret_visitor);

/* The other end of the connection. */
struct km_visitor km_visitor_peer(struct MHD_Connection *connection);

/* The same or, where that is the proxy (NULL: there is none), whom it speaks for. */
struct km_visitor km_visitor_of(struct MHD_Connection *connection, const struct km_visitor *proxy);

#endif
