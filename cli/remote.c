#include "cli/remote.h"

#include "base/buf.h"
#include "base/json.h"

#include <string.h>
#include <unistd.h>

enum {
	ANSWER_MAX = 256 * 1024, /* bytes: replies and key sets are far smaller */
	TRIES = 3,
	FIRST_PAUSE_S = 1,
};

enum km_error km_remote_url(const char *text, char ret_url[static KM_REMOTE_URL_TEXT], struct km_problem *problem)
{
	size_t len = strlen(text);
	if (len && text[len - 1] == '/')
		len--;
	if (len > KM_REGISTRY_URL_MAX)
		return km_fail(problem, KM_INVALID, "url", "%.60s…: the address of a registry has at most %d characters", text,
		               KM_REGISTRY_URL_MAX);
	char url[KM_REMOTE_URL_TEXT];
	memcpy(url, text, len);
	url[len] = '\0';
	enum km_error error = km_registry_url_check(url, problem);
	if (!error)
		memcpy(ret_url, url, len + 1);
	return error;
}

static enum km_error get(struct km_fetch *fetch, const char *url, const char *path, struct km_answer *ret_answer,
                         struct km_problem *problem)
{
	auto_buf struct km_buf address = KM_BUF_EMPTY;
	km_buf_add_format(&address, "%s%s", url, path);
	if (address.failed)
		return km_fail_memory(problem);
	enum km_error error = km_fetch_get(fetch, address.data, ANSWER_MAX, ret_answer, problem);
	return error ? error : km_answer_check(ret_answer, problem);
}

/* The keys in an answer are those of whom they were asked from; else the message says where they came from. */
static enum km_error check_owner(const char *url, const char *path, const struct km_keyset *set, enum km_error error,
                                 struct km_problem *problem)
{
	if (!error && strcmp(set->url, url) != 0)
		error = km_fail(problem, KM_INVALID, "other-registry",
		                "these are the keys of another registry, %s: name that one if it is the one that you trust",
		                set->url);
	if (error && error != KM_UNAVAILABLE)
		km_problem_prefix(problem, "%s%s", url, path);
	return error;
}

enum km_error km_remote_keyset(struct km_fetch *fetch, const char *url, struct km_keyset *ret_set,
                               struct km_problem *problem)
{
	static const char path[] = "/.well-known/jwks.json";
	auto_answer struct km_answer answer = {0};
	struct km_keyset set = {.len = 0};
	enum km_error error = get(fetch, url, path, &answer, problem);
	if (!error)
		error = km_keyset_parse(answer.body, answer.len, &set, problem);
	error = check_owner(url, path, &set, error, problem);
	if (!error)
		*ret_set = set;
	return error;
}

enum km_error km_remote_manifest(struct km_fetch *fetch, const char *url, struct km_manifest *ret_manifest,
                                 struct km_problem *problem)
{
	static const char path[] = "/.well-known/keurmerk-keys.jwt";
	auto_answer struct km_answer answer = {0};
	struct km_manifest manifest = {.sequence = 0};
	enum km_error error = get(fetch, url, path, &answer, problem);
	if (error == KM_ABSENT)
		error = km_fail(problem, KM_UNPROVEN, "no-root",
		                "the registry shows no key set under a root's signature, and you know it to have a root");
	if (!error)
		error = km_manifest_read(answer.body, answer.len, &manifest, problem);
	error = check_owner(url, path, &manifest.set, error, problem);
	if (!error)
		*ret_manifest = manifest;
	return error;
}

enum km_error km_remote_post(struct km_fetch *fetch, const char *url, const char *path, const char *token,
                             json_t **ret_reply, struct km_problem *problem)
{
	auto_answer struct km_answer answer = {0};
	auto_buf struct km_buf address = KM_BUF_EMPTY;
	km_buf_add_format(&address, "%s%s", url, path);
	if (address.failed)
		return km_fail_memory(problem);
	enum km_error error = KM_OK;
	for (int i = 0; i < TRIES; i++) {
		if (i)
			sleep((unsigned)(FIRST_PAUSE_S << (i - 1)));
		km_answer_done(&answer);
		answer = (struct km_answer){0};
		error =
			km_fetch_post(fetch, address.data, "application/jose", token, strlen(token), ANSWER_MAX, &answer, problem);
		if (!error)
			error = km_answer_check(&answer, problem);
		if (error != KM_UNAVAILABLE)
			break;
	}
	return error ? error : km_json_parse(answer.body, answer.len, "the registry's answer", ret_reply, problem);
}
