#include "config.h"

#include "cli/fetch.h"

#include "base/buf.h"
#include "base/json.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECT_WAIT_S = 10,
	WHOLE_WAIT_S = 30,
};

struct km_fetch {
	CURL *curl;
};

struct sink {
	struct km_buf body;
	size_t max_bytes;
	bool over;
};

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
	struct sink *sink = context;
	size_t len = size * count;
	if (len > sink->max_bytes - sink->body.len) {
		sink->over = true;
		return 0;
	}
	km_buf_add(&sink->body, bytes, len);
	return sink->body.failed ? 0 : len;
}

enum km_error km_fetch_open(struct km_fetch **ret_fetch, struct km_problem *problem)
{
	auto_fetch struct km_fetch *fetch = calloc(1, sizeof *fetch);
	if (!fetch)
		return km_fail_memory(problem);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return km_fail(problem, KM_BUG, "curl", "libcurl does not start");
	fetch->curl = curl_easy_init();
	if (!fetch->curl) {
		curl_global_cleanup();
		return km_fail_memory(problem);
	}
	*ret_fetch = fetch;
	fetch = NULL;
	return KM_OK;
}

void km_fetch_close(struct km_fetch *fetch)
{
	if (!fetch)
		return;
	if (fetch->curl) {
		curl_easy_cleanup(fetch->curl);
		curl_global_cleanup();
	}
	free(fetch);
}

/* http is for a registry on this machine; km_registry_url_check saw to it, and this sees to it again. */
static bool is_loopback(const char *url)
{
	static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		size_t len = strlen(hosts[i]);
		if (strncmp(url, hosts[i], len) == 0 && (url[len] == ':' || url[len] == '/' || !url[len]))
			return true;
	}
	return false;
}

static enum km_error set_options(CURL *curl, const char *url, struct sink *sink, char *reason,
                                 struct km_problem *problem)
{
	bool loopback = is_loopback(url);
	curl_easy_reset(curl);
	bool set =
		curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, loopback ? "http" : "https") == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK && /* http://127.0.0.1:80@elsewhere */
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_WAIT_S) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)WHOLE_WAIT_S) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "keurmerk/" PACKAGE_VERSION) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink) == CURLE_OK;
	if (set && loopback) /* a proxy has no business between two programs of one machine */
		set = curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
	return set ? KM_OK
	           : km_fail(problem, KM_BUG, "curl", "this libcurl (%s) lacks an option that is needed", LIBCURL_VERSION);
}

static enum km_error explain(CURLcode code, const char *url, const struct sink *sink, const char *reason,
                             struct km_problem *problem)
{
	if (sink->over)
		return km_fail(problem, KM_TOO_LARGE, "answer-too-large",
		               "%s: the answer is larger than %zu bytes, which is not "
		               "what a registry sends here",
		               url, sink->max_bytes);
	if (sink->body.failed || code == CURLE_OUT_OF_MEMORY)
		return km_fail_memory(problem);
	if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT || code == CURLE_LOGIN_DENIED)
		return km_fail(problem, KM_INVALID, "url", "%s: only https addresses are used (or http to this machine itself)",
		               url);
	return km_fail(problem, KM_UNAVAILABLE, "no-answer", "%s: no answer: %s", url,
	               *reason ? reason : curl_easy_strerror(code));
}

static enum km_error perform(CURL *curl, const char *url, struct sink *sink, const char *reason,
                             struct km_answer *ret_answer, struct km_problem *problem)
{
	CURLcode code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return explain(code, url, sink, reason, problem);
	long status = 0;
	char *type = NULL, *location = NULL;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
	if (status >= 300 && status < 400)
		return km_fail(
			problem, KM_UNAVAILABLE, "redirect",
			"%s: the answer is “go to %s”, and that is not followed: if you trust that address, name it yourself", url,
			location ? location : "another address");
	static const char problem_type[] = "application/problem+json";
	*ret_answer = (struct km_answer){
		.status = status,
		.problem = type && strncasecmp(type, problem_type, sizeof problem_type - 1) == 0,
	};
	ret_answer->body = km_buf_take(&sink->body, &ret_answer->len);
	return ret_answer->body ? KM_OK : km_fail_memory(problem);
}

enum km_error km_fetch_get(struct km_fetch *fetch, const char *url, size_t max_bytes, struct km_answer *ret_answer,
                           struct km_problem *problem)
{
	struct sink sink = {.max_bytes = max_bytes};
	char reason[CURL_ERROR_SIZE] = "";
	enum km_error error = set_options(fetch->curl, url, &sink, reason, problem);
	if (!error)
		error = perform(fetch->curl, url, &sink, reason, ret_answer, problem);
	km_buf_free(&sink.body);
	return error;
}

enum km_error km_fetch_post(struct km_fetch *fetch, const char *url, const char *media_type, const void *bytes,
                            size_t len, size_t max_bytes, struct km_answer *ret_answer, struct km_problem *problem)
{
	struct sink sink = {.max_bytes = max_bytes};
	char reason[CURL_ERROR_SIZE] = "";
	enum km_error error = set_options(fetch->curl, url, &sink, reason, problem);
	if (error)
		return error;
	auto_buf struct km_buf type = KM_BUF_EMPTY;
	km_buf_add_format(&type, "Content-Type: %s", media_type);
	struct curl_slist *headers = type.failed ? NULL : curl_slist_append(NULL, type.data);
	struct curl_slist *more = headers ? curl_slist_append(headers, "Expect:") : NULL; /* no waiting for 100 Continue */
	if (!more)
		error = km_fail_memory(problem);
	else if (curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, more) != CURLE_OK ||
	         curl_easy_setopt(fetch->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) != CURLE_OK ||
	         curl_easy_setopt(fetch->curl, CURLOPT_POSTFIELDS, bytes) != CURLE_OK)
		error = km_fail(problem, KM_BUG, "curl", "libcurl does not take the request");
	if (!error)
		error = perform(fetch->curl, url, &sink, reason, ret_answer, problem);
	curl_slist_free_all(headers);
	km_buf_free(&sink.body);
	return error;
}

void km_answer_done(struct km_answer *answer)
{
	free(answer->body);
}

/* base/error.h names the HTTP status of each error; this is the way back. */
static enum km_error meaning(long status)
{
	switch (status) {
	case 400:
		return KM_MALFORMED;
	case 401:
		return KM_UNPROVEN;
	case 403:
		return KM_FORBIDDEN;
	case 404:
		return KM_ABSENT;
	case 409:
		return KM_CONFLICT;
	case 413:
		return KM_TOO_LARGE;
	case 422:
		return KM_INVALID;
	default:
		return status == 429 || status >= 500 ? KM_UNAVAILABLE : KM_INVALID;
	}
}

enum km_error km_answer_check(const struct km_answer *answer, struct km_problem *problem)
{
	if (answer->status >= 200 && answer->status < 300)
		return KM_OK;
	json_auto_t *words = NULL;
	if (answer->problem)
		km_json_parse(answer->body, answer->len, "the answer", &words, NULL);
	const char *detail = json_string_value(json_object_get(words, "detail"));
	if (!detail)
		detail = json_string_value(json_object_get(words, "title"));
	const char *type = json_string_value(json_object_get(words, "type"));
	const char *hash = type ? strrchr(type, '#') : NULL; /* URL#word */
	const char *word = hash ? hash + 1 : type ? type : "refused";
	return km_fail(problem, meaning(answer->status), word, "the registry answers: %s (HTTP %ld, %s)",
	               detail ? detail : "no reason given", answer->status, word);
}
