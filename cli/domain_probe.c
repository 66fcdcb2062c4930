#include "config.h"

#include "cli/domain_probe.h"

#include "base/buf.h"
#include "cli/public_address.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	FILE_MAX_BYTES = 4096,
	FILE_CONNECT_WAIT_S = 5,
	FILE_WAIT_S = 10,
	ANSWER_MAX_BYTES = 4096,
	DNS_WAIT_S = 2, /* for each try */
	DNS_TRIES = 2,
	REASON_TEXT = 80,
};

/* Names that nobody can have (RFC 2606, RFC 6761, RFC 9476): there is nothing to look for. */
static bool is_reserved(const char *domain)
{
	static const char *const endings[] = {".example", ".example.com", ".example.net", ".example.org",
	                                      ".test",    ".invalid",     ".localhost",   ".local",
	                                      ".onion",   ".alt",         ".internal",    ".home.arpa"};
	size_t len = strlen(domain);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t ending = strlen(endings[i]);
		if ((len >= ending && strcasecmp(domain + len - ending, endings[i]) == 0) ||
		    strcasecmp(domain, endings[i] + 1) == 0)
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------------------------------------------------- the file
 */

struct reading {
	const struct km_probe_options *options;
	struct km_buf body;
	bool over, refused;
};

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
	struct reading *reading = context;
	size_t len = size * count;
	reading->over = len > FILE_MAX_BYTES - reading->body.len;
	if (!reading->over)
		km_buf_add(&reading->body, bytes, len);
	return reading->over || reading->body.failed ? 0 : len;
}

/* Called with the very address that will be connected to, so no second answer of a name server slips in between. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct reading *reading = context;
	(void)purpose;
	if (!reading->options->has_server && !km_address_is_public(&address->addr)) {
		reading->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int go_on(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	const struct reading *reading = context;
	(void)down_all, (void)down, (void)up_all, (void)up;
	return reading->options->stop && atomic_load(reading->options->stop);
}

static bool set_options(CURL *curl, const char *url, struct reading *reading)
{
	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, reading->options->has_server ? "http" : "https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)FILE_CONNECT_WAIT_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FILE_WAIT_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "keurmerk/" PACKAGE_VERSION) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, reading) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, reading) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, reading) == CURLE_OK;
}

/* Whether one line, spaces around it apart, is the token. */
static bool has_line(const char *text, const char *token)
{
	static const char ends[] = "\r\n", spaces[] = " \t";
	size_t token_len = strlen(token);
	while (text && *text) {
		text += strspn(text, spaces);
		size_t len = strcspn(text, ends);
		const char *next = text + len + strspn(text + len, ends);
		while (len && strchr(spaces, text[len - 1]))
			len--;
		if (len == token_len && memcmp(text, token, len) == 0)
			return true;
		text = next;
	}
	return false;
}

static bool judge_file(CURL *curl, CURLcode code, const struct reading *reading, const char *token,
                       char ret_reason[static REASON_TEXT])
{
	long status = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (reading->refused)
		snprintf(ret_reason, REASON_TEXT, "the name leads to an address that is not public");
	else if (reading->over)
		snprintf(ret_reason, REASON_TEXT, "larger than %d bytes", FILE_MAX_BYTES);
	else if (code != CURLE_OK)
		snprintf(ret_reason, REASON_TEXT, "%s", curl_easy_strerror(code));
	else if (status >= 300 && status < 400)
		snprintf(ret_reason, REASON_TEXT, "a redirect, which is not followed");
	else if (status != 200)
		snprintf(ret_reason, REASON_TEXT, "HTTP %ld", status);
	else if (!has_line(reading->body.data, token))
		snprintf(ret_reason, REASON_TEXT, "the token is not in it");
	else
		return true;
	return false;
}

static enum km_error look_in_file(const struct km_probe_options *options, const char *domain, const char *token,
                                  bool *ret_found, char ret_reason[static REASON_TEXT], struct km_problem *problem)
{
	auto_buf struct km_buf url = KM_BUF_EMPTY;
	struct reading reading = {.options = options};
	char server[KM_LISTEN_TEXT], to[KM_LISTEN_TEXT + 8];
	km_buf_add_format(&url, "%s://%s/.well-known/keurmerk.txt", options->has_server ? "http" : "https", domain);
	CURL *curl = url.failed ? NULL : curl_easy_init();
	if (!curl)
		return km_fail_memory(problem);
	struct curl_slist *elsewhere = NULL;
	bool set = set_options(curl, url.data, &reading);
	if (options->has_server) {
		km_listen_format(&options->server, server);
		snprintf(to, sizeof to, "::%s", server);
		elsewhere = curl_slist_append(NULL, to);
		set = set && elsewhere && curl_easy_setopt(curl, CURLOPT_CONNECT_TO, elsewhere) == CURLE_OK;
	}
	if (set)
		*ret_found = judge_file(curl, curl_easy_perform(curl), &reading, token, ret_reason);
	curl_slist_free_all(elsewhere);
	curl_easy_cleanup(curl);
	bool no_memory = reading.body.failed;
	km_buf_free(&reading.body);
	if (!set)
		return km_fail(problem, KM_BUG, "curl", "this libcurl (%s) lacks an option that is needed", LIBCURL_VERSION);
	return no_memory ? km_fail_memory(problem) : KM_OK;
}

/* ----------------------------------------------------------------------------------------------------------- the DNS
 */

/* A TXT record is strings of a length byte and so many bytes; the token is one of them. */
static bool has_string(const unsigned char *data, size_t len, const char *token)
{
	size_t token_len = strlen(token);
	while (len) {
		size_t string = *data++;
		len--;
		if (string > len)
			return false;
		if (string == token_len && memcmp(data, token, token_len) == 0)
			return true;
		data += string;
		len -= string;
	}
	return false;
}

static bool judge_answer(const unsigned char *answer, int len, const char *token, char ret_reason[static REASON_TEXT])
{
	ns_msg message;
	snprintf(ret_reason, REASON_TEXT, "the token is not in it");
	if (len > ANSWER_MAX_BYTES || ns_initparse(answer, len, &message) != 0) {
		snprintf(ret_reason, REASON_TEXT, "an answer that cannot be read");
		return false;
	}
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;
		if (ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_type(record) == ns_t_txt &&
		    has_string(ns_rr_rdata(record), ns_rr_rdlen(record), token))
			return true;
	}
	return false;
}

static bool use_resolver(struct __res_state *state, const struct km_listen *resolver)
{
	struct sockaddr_in *first = &state->nsaddr_list[0];
	*first = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(resolver->port ? resolver->port : 53)};
	state->nscount = 1;
	return inet_pton(AF_INET, resolver->address, &first->sin_addr) == 1;
}

static enum km_error look_in_dns(const struct km_probe_options *options, const char *domain, const char *token,
                                 bool *ret_found, char ret_reason[static REASON_TEXT], struct km_problem *problem)
{
	struct __res_state state = {0};
	unsigned char answer[ANSWER_MAX_BYTES];
	char name[300];
	if (res_ninit(&state) != 0)
		return km_fail(problem, KM_IO, "resolver", "the DNS resolver of this machine cannot be set up");
	state.retrans = DNS_WAIT_S;
	state.retry = DNS_TRIES;
	snprintf(name, sizeof name, "_keurmerk.%s", domain);
	if (options->has_resolver && !use_resolver(&state, &options->resolver)) {
		res_nclose(&state);
		return km_fail(problem, KM_INVALID, "resolver", "%s: give the resolver by an IPv4 address",
		               options->resolver.address);
	}
	int len = res_nquery(&state, name, ns_c_in, ns_t_txt, answer, sizeof answer);
	if (len >= 0)
		*ret_found = judge_answer(answer, len, token, ret_reason);
	else
		snprintf(ret_reason, REASON_TEXT, "%s",
		         state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA ? "no such record" : "no answer");
	res_nclose(&state);
	return KM_OK;
}

enum km_error km_probe(const struct km_probe_options *options, const char *domain, const char *token,
                       enum km_probe_found *ret_found, char ret_detail[static KM_PROBE_DETAIL_TEXT],
                       struct km_problem *problem)
{
	char in_file[REASON_TEXT] = "", in_dns[REASON_TEXT] = "";
	bool by_file = false, by_dns = false;
	*ret_found = KM_PROBE_NOTHING;
	if (is_reserved(domain) && !options->has_resolver && !options->has_server) {
		snprintf(ret_detail, KM_PROBE_DETAIL_TEXT, "a name for examples and tests, which nobody can have");
		return KM_OK;
	}
	enum km_error error = look_in_file(options, domain, token, &by_file, in_file, problem);
	if (!error && !by_file)
		error = look_in_dns(options, domain, token, &by_dns, in_dns, problem);
	if (error)
		return error;
	*ret_found = by_file ? KM_PROBE_FILE : by_dns ? KM_PROBE_DNS : KM_PROBE_NOTHING;
	if (by_file)
		snprintf(ret_detail, KM_PROBE_DETAIL_TEXT, "found in the file");
	else if (by_dns)
		snprintf(ret_detail, KM_PROBE_DETAIL_TEXT, "found in the DNS");
	else
		snprintf(ret_detail, KM_PROBE_DETAIL_TEXT, "file: %s; DNS: %s", in_file, in_dns);
	return KM_OK;
}
