#include "registry/address.h"

#include <stddef.h>
#include <string.h>

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Length of the host name at the start of the text: labels of 1 to 63, 253 in all; 0 where it does not start with one.
 */
static size_t host_len(const char *text, const char *symbols)
{
	size_t len = strspn(text, symbols);
	if (len == 0 || len > 253)
		return 0;
	size_t label = 0;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != '.') {
			label++;
			continue;
		}
		if (label == 0 || label > 63 || text[i - label] == '-' || text[i - 1] == '-')
			return 0;
		label = 0;
	}
	return len;
}

/* Length of ":1" to ":65535" at the start of the text; 0 where there is no port there. */
static size_t port_len(const char *text, unsigned *ret_port)
{
	if (*text != ':')
		return 0;
	size_t digits = strspn(text + 1, DIGITS);
	if (digits == 0 || digits > 5 || text[1] == '0')
		return 0;
	unsigned port = 0;
	for (size_t i = 1; i <= digits; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	if (port > 65535)
		return 0;
	*ret_port = port;
	return digits + 1;
}

/* "localhost", "127.0.0.1" and the rest of 127/8, "[::1]". */
static bool is_loopback(const char *host, size_t len)
{
	if (len == 9 && strncmp(host, "localhost", len) == 0)
		return true;
	if (len == 5 && strncmp(host, "[::1]", len) == 0)
		return true;
	size_t octets = 0;
	const char *at = host, *end = host + len;
	while (at < end) {
		size_t digits = strspn(at, DIGITS);
		unsigned octet = 0;
		if (digits == 0 || digits > 3 || (digits > 1 && *at == '0'))
			return false;
		for (size_t i = 0; i < digits; i++)
			octet = octet * 10 + (unsigned)(at[i] - '0');
		if (octet > 255 || (octets == 0 && octet != 127))
			return false;
		octets++;
		at += digits;
		if (at < end && *at++ != '.')
			return false;
	}
	return octets == 4 && host[len - 1] != '.';
}

static enum km_error refuse(struct km_problem *problem, const char *url, const char *why)
{
	return km_fail(problem, KM_INVALID, "url",
	               "\"%.*s\" cannot be the address of a registry: %s; write it like "
	               "https://keurmerk.example",
	               KM_REGISTRY_URL_MAX, url, why);
}

enum km_error km_registry_url_check(const char *url, struct km_problem *problem)
{
	bool secure = strncmp(url, "https://", 8) == 0;
	if (!secure && strncmp(url, "http://", 7) != 0)
		return refuse(problem, url, "it must begin with https://");
	if (strlen(url) > KM_REGISTRY_URL_MAX)
		return refuse(problem, url, "it is longer than 200 characters");
	const char *host = url + (secure ? 8 : 7);
	size_t authority = strcspn(host, "/?#");
	if (strcspn(host, UPPER) < authority)
		return refuse(problem, url, "the host must be in lower case");
	size_t len = strncmp(host, "[::1]", 5) == 0 ? 5 : host_len(host, LOWER DIGITS "-.");
	if (!len)
		return refuse(problem, url,
		              "the host must be a name of letters, digits, hyphens and dots (xn--… for other scripts)");
	if (!secure && !is_loopback(host, len))
		return refuse(problem, url, "http is only for a registry on this machine (localhost): use https");
	if (host[len] == ':') {
		unsigned port = 0;
		size_t port_text = port_len(host + len, &port);
		if (!port_text)
			return refuse(problem, url, "the port must be a number from 1 to 65535");
		if (port == (secure ? 443 : 80))
			return refuse(problem, url, "leave out the port, which is the usual one");
		len += port_text;
	}
	if (host[len] == '/' && !host[len + 1])
		return refuse(problem, url, "leave out the slash at the end");
	if (host[len])
		return refuse(problem, url, "nothing may come after the host and the port");
	return KM_OK;
}

bool km_link_valid(const char *url)
{
	size_t len = strnlen(url, KM_LINK_MAX + 1);
	if (len > KM_LINK_MAX || strncmp(url, "https://", 8) != 0)
		return false;
	const char *host = url + 8;
	size_t at = host_len(host, LOWER UPPER DIGITS "-.");
	if (!at)
		return false;
	if (host[at] == ':') {
		unsigned port;
		size_t port_text = port_len(host + at, &port);
		if (!port_text)
			return false;
		at += port_text;
	}
	if (host[at] && !strchr("/?#", host[at]))
		return false;
	for (const char *c = host + at; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"'<>\\^`{|}", *c))
			return false;
	return true;
}
