#include "www/visitor.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96, of IPv4 in IPv6 */

enum { NETWORK_BYTES = 8 }; /* of an IPv6 address */

struct km_visitor km_visitor_network(const struct km_visitor *visitor)
{
	struct km_visitor network = *visitor;
	if (memcmp(network.address, mapped, sizeof mapped) != 0)
		memset(network.address + NETWORK_BYTES, 0, sizeof network.address - NETWORK_BYTES);
	return network;
}

static bool is_port(const char *text, size_t len)
{
	size_t digits = 0;
	while (digits < len && isdigit((unsigned char)text[digits]))
		digits++;
	return len > 0 && len <= 5 && digits == len;
}

/* Cuts ":80" and the brackets off; false where what stands there is neither. */
static bool cut_port(const char **text, size_t *len)
{
	const char *start = *text, *end = start + *len, *colon;
	if (*len && *start == '[') {
		const char *close = memchr(start, ']', *len);
		if (!close || (close + 1 < end && (close[1] != ':' || !is_port(close + 2, (size_t)(end - close - 2)))))
			return false;
		*text = start + 1;
		*len = (size_t)(close - start - 1);
		return memchr(*text, ':', *len) != NULL;
	}
	colon = memchr(start, ':', *len);
	/* One colon alone: IPv4 with a port. */
	if (!colon || memchr(colon + 1, ':', (size_t)(end - colon - 1)))
		return true;
	*len = (size_t)(colon - start);
	return is_port(colon + 1, (size_t)(end - colon - 1));
}

bool km_visitor_parse(const char *text, size_t len, struct km_visitor *ret_visitor)
{
	char copy[INET6_ADDRSTRLEN];
	struct km_visitor visitor = {0};
	if (!cut_port(&text, &len) || len >= sizeof copy || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, visitor.address + sizeof mapped) == 1)
		memcpy(visitor.address, mapped, sizeof mapped);
	else if (inet_pton(AF_INET6, copy, visitor.address) != 1)
		return false;
	*ret_visitor = visitor;
	return true;
}

/* ------------------------------------------------------------------------------------------------------ headers */

/* How far it is to one of these characters, outside of quotes. */
static size_t span_to(const char *text, size_t len, const char *ends)
{
	bool quoted = false;
	size_t i = 0;
	for (; i < len && (quoted || !strchr(ends, text[i])); i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted && text[i] == '\\' && i + 1 < len)
			i++;
	}
	return i;
}

static void trim(const char **text, size_t *len)
{
	while (*len && strchr(" \t", **text)) {
		(*text)++;
		(*len)--;
	}
	while (*len && strchr(" \t", (*text)[*len - 1]))
		(*len)--;
}

/* The `for` of one element of Forwarded: proto=https;for="[2001:db8::1]:4711". */
static bool read_for(const char *element, size_t len, struct km_visitor *ret_visitor)
{
	while (len) {
		size_t pair_len = span_to(element, len, ";");
		const char *pair = element;
		size_t step = pair_len < len ? pair_len + 1 : len;
		element += step;
		len -= step;
		trim(&pair, &pair_len);
		if (pair_len < 4 || strncasecmp(pair, "for=", 4) != 0)
			continue;
		pair += 4;
		pair_len -= 4;
		if (pair_len >= 2 && *pair == '"' && pair[pair_len - 1] == '"') {
			pair++;
			pair_len -= 2;
		}
		return km_visitor_parse(pair, pair_len, ret_visitor);
	}
	return false;
}

static bool read_bare(const char *element, size_t len, struct km_visitor *ret_visitor)
{
	return km_visitor_parse(element, len, ret_visitor);
}

/* The last one that is not the proxy's own. */
static bool read_last(const char *list, const struct km_visitor *proxy,
                      bool (*read)(const char *element, size_t len, struct km_visitor *ret_visitor),
                      struct km_visitor *ret_visitor)
{
	bool found = false;
	size_t left = strlen(list);
	while (left) {
		const char *element = list;
		size_t len = span_to(list, left, ","), step = len < left ? len + 1 : left;
		struct km_visitor visitor;
		list += step;
		left -= step;
		trim(&element, &len);
		if (len == 0)
			continue; /* as lists in headers may have */
		bool read_well = read(element, len, &visitor);
		if (read_well && memcmp(&visitor, proxy, sizeof visitor) == 0)
			continue;
		found = read_well;
		if (found)
			*ret_visitor = visitor;
	}
	return found;
}

bool km_visitor_forwarded(const char *forwarded, const char *x_forwarded_for, const struct km_visitor *proxy,
                          struct km_visitor *ret_visitor)
{
	struct km_visitor standard, older;
	bool by_standard = forwarded && read_last(forwarded, proxy, read_for, &standard);
	bool by_older = x_forwarded_for && read_last(x_forwarded_for, proxy, read_bare, &older);
	if (forwarded && x_forwarded_for && (!by_standard || !by_older || memcmp(&standard, &older, sizeof older) != 0))
		return false;
	if (!by_standard && !by_older)
		return false;
	*ret_visitor = by_standard ? standard : older;
	return true;
}

/* --------------------------------------------------------------------------------------------------- connections */

struct km_visitor km_visitor_peer(struct MHD_Connection *connection)
{
	struct km_visitor peer = {0};
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info && info->client_addr && info->client_addr->sa_family == AF_INET) {
		memcpy(peer.address, mapped, sizeof mapped);
		memcpy(peer.address + sizeof mapped, &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr,
		       4);
	} else if (info && info->client_addr && info->client_addr->sa_family == AF_INET6)
		memcpy(peer.address, &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr, 16);
	return peer;
}

struct lines {
	const char *name;
	struct km_buf list;
};

static enum MHD_Result add_line(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct lines *lines = context;
	(void)kind;
	if (value && strcasecmp(name, lines->name) == 0)
		km_buf_add_format(&lines->list, "%s%s", lines->list.len ? "," : "", value);
	return MHD_YES;
}

/* A header may be given in several lines, of which a proxy's own is the last. */
static struct km_buf header_lines(struct MHD_Connection *connection, const char *name)
{
	struct lines lines = {.name = name};
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_line, &lines);
	return lines.list;
}

struct km_visitor km_visitor_of(struct MHD_Connection *connection, const struct km_visitor *proxy)
{
	struct km_visitor visitor = km_visitor_peer(connection);
	if (!proxy || memcmp(&visitor, proxy, sizeof visitor) != 0)
		return visitor;
	auto_buf struct km_buf forwarded = header_lines(connection, "Forwarded");
	auto_buf struct km_buf older = header_lines(connection, "X-Forwarded-For");
	if (!forwarded.failed && !older.failed)
		km_visitor_forwarded(forwarded.data, older.data, proxy, &visitor);
	return visitor;
}
