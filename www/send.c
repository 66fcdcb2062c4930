#include "www/send.h"

#include "www/accept.h"
#include "www/route.h"
#include "www/shared.h"
#include "www/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPRESS_FROM_BYTES = 1024, ETAG_TEXT = KM_ETAG_DIGEST_TEXT + sizeof "\"-gz\"" };

static const char page_policy[] = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; "
								  "connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
								  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
static const char console_policy[] =
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
	"connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
	"require-trusted-types-for 'script'; trusted-types 'none'";
static const char picture_policy[] = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/* Of a script it counts only where that is a worker: this one fetches. */
static const char script_policy[] = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'";
static const char data_policy[] = "default-src 'none'; frame-ancestors 'none'";

struct outgoing {
	void (*add)(void *context, const char *name, const char *value);
	void *context;
	const struct km_request *request;
	const struct km_reply *reply;
	unsigned status;
	char etag[ETAG_TEXT]; /* with its quotes; "" where the reply is not to be kept */
	bool compressed;
};

struct km_bytes {
	const char *bytes;
	size_t len;
};

/* What the handler wants to be sent. */
static struct km_bytes bytes_of(const struct km_reply *reply)
{
	if (reply->shared)
		return (struct km_bytes){reply->shared->bytes, reply->shared->len};
	if (reply->fixed)
		return (struct km_bytes){reply->fixed, reply->fixed_len};
	return (struct km_bytes){reply->body.data ? reply->body.data : "", reply->body.len};
}

static void add(const struct outgoing *out, const char *name, const char *value)
{
	out->add(out->context, name, value);
}

static void add_to_response(void *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool starts(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool compressible(const char *type)
{
	return starts(type, "text/") || starts(type, "application/json") || starts(type, "application/problem+json") ||
	       starts(type, "application/jsonl") || starts(type, "application/atom+xml") ||
	       starts(type, "application/feed+json") || starts(type, "application/jwk") ||
	       starts(type, "application/vc+ld+json") || strcmp(type, km_type_vc) == 0 || starts(type, "application/did") ||
	       starts(type, "application/ld+json") || starts(type, "image/svg");
}

/* A strong validator of these very bytes: their digest, and the coding that they are sent in. */
static void make_etag(const struct km_reply *reply, bool compressed, char ret_etag[static ETAG_TEXT])
{
	char digest[KM_ETAG_DIGEST_TEXT];
	struct km_bytes bytes = bytes_of(reply);
	if (reply->shared)
		memcpy(digest, reply->shared->digest, sizeof digest);
	else if (km_etag_digest(bytes.bytes, bytes.len, digest) != KM_OK)
		return;
	snprintf(ret_etag, ETAG_TEXT, "\"%s%s\"", digest, compressed ? "-gz" : "");
}

/* RFC 9110, section 13.1.2: a list of tags, weak or not, or a star. */
static bool etag_listed(const char *list, const char *etag)
{
	size_t len = strlen(etag);
	while (list && *list && len) {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		list += starts(list, "W/") ? 2 : 0;
		if (strncmp(list, etag, len) == 0)
			return true;
		list = strchr(list, ',');
	}
	return false;
}

static void add_cache_headers(const struct outgoing *out)
{
	char text[64];
	int age = out->reply->max_age_s;
	if (age == KM_CACHE_NOT)
		snprintf(text, sizeof text, "no-store");
	else if (age == KM_CACHE_ASK)
		snprintf(text, sizeof text, "no-cache");
	else
		snprintf(text, sizeof text, "public, max-age=%d%s", age,
		         age == KM_CACHE_FOREVER ? ", immutable" : ", must-revalidate");
	add(out, "Cache-Control", text);
	if (*out->etag)
		add(out, "ETag", out->etag);
	unsigned kind = out->request->route ? out->request->route->kind : KM_ROUTE_PAGE;
	bool page = kind & KM_ROUTE_PAGE;
	add(out, "Vary", page ? "Accept, Accept-Language, Accept-Encoding" : "Accept-Encoding");
}

static const char *policy_of(const char *type)
{
	if (type == km_type_html)
		return page_policy;
	if (starts(type, "image/"))
		return picture_policy;
	return starts(type, "text/javascript") ? script_policy : data_policy;
}

static void add_policy(const struct outgoing *out, const char *type)
{
	const struct km_site *site = out->request->site;
	bool console = out->request->route && (out->request->route->kind & KM_ROUTE_CONSOLE);
	const char *policy = type == km_type_html && console ? console_policy : policy_of(type);
	const char *form = site->mirror ? strstr(policy, "form-action 'self'") : NULL;
	if (!form) {
		add(out, "Content-Security-Policy", policy);
		return;
	}
	/* What a mirror cannot do is done by the registry itself. */
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	size_t before = (size_t)(form - policy) + strlen("form-action 'self'");
	km_buf_add_format(&text, "%.*s %s%s", (int)before, policy, site->url, policy + before);
	add(out, "Content-Security-Policy", text.failed ? policy : text.data);
}

static void add_security_headers(const struct outgoing *out)
{
	const char *type = out->reply->type ? out->reply->type : "";
	bool page = type == km_type_html;
	add_policy(out, type);
	add(out, "X-Content-Type-Options", "nosniff");
	add(out, "Referrer-Policy", "no-referrer");
	bool everyone = out->request->route && (out->request->route->kind & KM_ROUTE_PUBLIC);
	add(out, "Cross-Origin-Resource-Policy", out->reply->embedded || everyone ? "cross-origin" : "same-origin");
	if (everyone)
		add(out, "Access-Control-Allow-Origin", "*");
	if (page) {
		add(out, "Cross-Origin-Opener-Policy", "same-origin");
		add(out, "Permissions-Policy",
		    out->reply->camera ? "geolocation=(), microphone=(), camera=(self)"
		                       : "geolocation=(), microphone=(), camera=()");
	}
	if (starts(out->request->site->url, "https:"))
		add(out, "Strict-Transport-Security", "max-age=31536000");
}

static void add_other_headers(const struct outgoing *out)
{
	const struct km_reply *reply = out->reply;
	char text[96];
	if (out->request->route && (out->request->route->kind & KM_ROUTE_API))
		add(out, "API-Version", KM_API_VERSION);
	if (reply->hidden)
		add(out, "X-Robots-Tag", "noindex, nofollow");
	if (reply->type == km_type_html)
		add(out, "Content-Language", km_language_code(out->request->language));
	if (reply->allow && *reply->allow) {
		add(out, "Allow", reply->allow);
		if (out->request->method == KM_OPTIONS && out->request->route->kind & KM_ROUTE_PUBLIC) {
			add(out, "Access-Control-Allow-Methods", reply->allow);
			add(out, "Access-Control-Allow-Headers", "Accept, Accept-Language, Content-Type, If-None-Match");
			add(out, "Access-Control-Max-Age", "86400");
		}
	}
	if (reply->retry_after_s) {
		snprintf(text, sizeof text, "%d", reply->retry_after_s);
		add(out, "Retry-After", text);
	}
	if (out->status == 401) /* RFC 9110 wants it: whoever signs sends a JWS, and there is no other way to log in */
		add(out, "WWW-Authenticate", "JWS");
	if (*reply->cookie)
		add(out, "Set-Cookie", reply->cookie);
	if (*reply->location)
		add(out, "Location", reply->location);
	if (*reply->link)
		add(out, "Link", reply->link);
	if (*reply->filename) {
		snprintf(text, sizeof text, "attachment; filename=\"%s\"", reply->filename);
		add(out, "Content-Disposition", text);
	}
}

void km_send_headers(const struct km_request *request, const struct km_reply *reply,
                     void (*add_header)(void *context, const char *name, const char *value), void *context)
{
	const struct outgoing out = {
		.add = add_header, .context = context, .request = request, .reply = reply, .status = 200};
	add_cache_headers(&out);
	add_security_headers(&out);
	add_other_headers(&out);
}

/* Puts the body into gzip's form where that helps. */
static void compress(struct outgoing *out, struct km_reply *reply)
{
	struct km_bytes bytes = bytes_of(reply);
	struct km_buf packed = KM_BUF_EMPTY;
	if (reply->shared) {
		out->compressed = reply->shared->packed != NULL;
		return;
	}
	if (!km_gzip(bytes.bytes, bytes.len, &packed))
		return;
	km_buf_free(&reply->body);
	reply->fixed = NULL;
	reply->body = packed;
	out->compressed = true;
}

/* Settles what bytes go out and whether they need to: fills status, etag and compressed. */
static void settle(struct outgoing *out, struct MHD_Connection *connection, struct km_reply *reply)
{
	bool wanted = bytes_of(reply).len >= COMPRESS_FROM_BYTES && compressible(reply->type) &&
	              km_accept_gzip(header(connection, "Accept-Encoding"));
	bool reading = out->request->method == KM_GET || out->request->method == KM_HEAD;
	if (reading && out->status == 200 && reply->max_age_s != KM_CACHE_NOT) {
		make_etag(reply, wanted, out->etag);
		if (etag_listed(header(connection, "If-None-Match"), out->etag)) {
			out->status = 304;
			km_buf_free(&reply->body);
			reply->fixed = NULL;
			km_shared_done(reply->shared);
			reply->shared = NULL;
			return;
		}
	}
	if (wanted)
		compress(out, reply);
}

static void give_back(void *shared)
{
	km_shared_done(shared);
}

/* The response keeps its own hold of what is shared. */
static struct MHD_Response *share(struct km_shared *shared, bool compressed)
{
	atomic_fetch_add(&shared->users, 1);
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
		compressed ? shared->packed_len : shared->len, compressed ? shared->packed : shared->bytes, give_back, shared);
	if (!response)
		km_shared_done(shared);
	return response;
}

static struct MHD_Response *make_response(struct km_reply *reply, bool compressed)
{
	if (reply->shared)
		return share(reply->shared, compressed);
	if (reply->fixed)
		return MHD_create_response_from_buffer(reply->fixed_len, (void *)(uintptr_t)reply->fixed,
		                                       MHD_RESPMEM_PERSISTENT);
	size_t len = 0;
	char *bytes = km_buf_take(&reply->body, &len);
	struct MHD_Response *response = bytes ? MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE) : NULL;
	if (!response)
		free(bytes);
	return response;
}

static enum MHD_Result copy_header(void *response, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	if (strncmp(name, "Content-", 8) != 0 || strcmp(name, "Content-Security-Policy") == 0)
		MHD_add_response_header(response, name, value);
	return MHD_YES;
}

enum MHD_Result km_send_ready(struct MHD_Connection *connection, const struct km_ready_reply *ready,
                              unsigned *ret_status)
{
	*ret_status = 200;
	if (!etag_listed(header(connection, "If-None-Match"), ready->etag))
		return MHD_queue_response(connection, 200, ready->response);
	struct MHD_Response *same = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
	if (!same)
		return MHD_NO;
	*ret_status = 304;
	MHD_get_response_headers(ready->response, copy_header, same);
	enum MHD_Result result = MHD_queue_response(connection, 304, same);
	MHD_destroy_response(same);
	return result;
}

/* Whether everybody may be given this for some seconds. */
static bool may_stand_ready(const struct outgoing *out)
{
	return out->status == 200 && *out->etag && out->reply->max_age_s > 0;
}

enum MHD_Result km_send(struct MHD_Connection *connection, const struct km_request *request, struct km_reply *reply,
                        unsigned *ret_status, struct km_ready_reply *ret_ready)
{
	struct outgoing out = {.request = request, .reply = reply, .status = reply->status ? reply->status : 200};
	settle(&out, connection, reply);
	struct MHD_Response *response = make_response(reply, out.compressed);
	out.add = add_to_response;
	out.context = response;
	enum MHD_Result result = MHD_NO;
	if (response) {
		if (reply->type && out.status != 304)
			add(&out, "Content-Type", reply->type);
		if (out.compressed)
			add(&out, "Content-Encoding", "gzip");
		add_cache_headers(&out);
		add_security_headers(&out);
		add_other_headers(&out);
		if (reply->close || request->site->stopping)
			add(&out, "Connection", "close");
		result = MHD_queue_response(connection, out.status, response);
		if (ret_ready && !request->site->stopping && may_stand_ready(&out)) {
			ret_ready->response = response;
			snprintf(ret_ready->etag, sizeof ret_ready->etag, "%s", out.etag);
		} else
			MHD_destroy_response(response);
	}
	*ret_status = out.status;
	km_reply_done(reply);
	return result;
}
