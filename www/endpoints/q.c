#include "badge/qr_token.h"
#include "badge/verify.h"
#include "keys/signer.h"
#include "www/endpoints.h"
#include "www/mark_page.h"
#include "www/pages.h"
#include "www/show.h"
#include "www/site.h"

#include <stdio.h>
#include <string.h>

/* /q/TOKEN: what a signed QR code opens. The signature is checked first; then the mark is shown as it stands now, with
 * what the code says of it beside that, where those differ. */

static enum km_error verify(const struct km_request *request, struct km_verdict *ret_verdict,
                            struct km_problem *problem)
{
	struct km_keyset set;
	enum km_error error = km_signer_keyset(request->site->options.keys, &set, problem);
	if (error)
		return error;
	auto_buf struct km_buf address = KM_BUF_EMPTY;
	km_buf_add_format(&address, "%s/q/%s", set.url, km_request_path_value(request, "token"));
	if (address.failed)
		return km_fail_memory(problem);
	/* The state is read from the register itself, in the same transaction as all else. */
	km_verify(address.data, address.len, &set, NULL, request->now, ret_verdict);
	return strcmp(ret_verdict->reason, "no-memory") == 0 ? km_fail_memory(problem) : KM_OK;
}

/* The key is looked at last, so where it is good, all that it signed is the registry's own word. */
static bool is_genuine(const struct km_verdict *verdict)
{
	return verdict->checks[KM_CHECK_KEY].result == KM_RESULT_GOOD && *verdict->number;
}

static const char *refusal_of(const struct km_verdict *verdict)
{
	if (strcmp(verdict->reason, "revoked-key") == 0)
		return "revoked";
	return strcmp(verdict->reason, "unknown-issuer") == 0 ? "foreign" : "forged";
}

/* The page that says why the code is not what it claims to be. `shown` is what to show large: an address, or two
 * holders. */
static enum km_error reply_answer(struct km_request *request, const char *kind, json_t *more, struct km_reply *reply,
                                  struct km_problem *problem)
{
	static const char *const parts[] = {"title", "means", "next"};
	json_auto_t *data = json_pack("{s:s, s:n, s:n}", "q", "", "issuer", "mark");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char key[64];
		snprintf(key, sizeof key, "qr-%s.%s", kind, parts[i]);
		json_object_set_new(data, parts[i], json_string(km_page_words(request, key)));
	}
	json_object_update(data, more);
	return km_page(request, reply, "qr_answer", data, problem);
}

static enum km_error refuse(struct km_request *request, const struct km_verdict *verdict, struct km_reply *reply,
                            struct km_problem *problem)
{
	const char *kind = refusal_of(verdict);
	if (!request->page) {
		char type[KM_PROBLEM_TYPE_MAX];
		snprintf(type, sizeof type, "qr-%s", kind);
		return km_fail(problem, KM_ABSENT, type, "%s", verdict->sentence);
	}
	const char *host = strstr(verdict->issuer, "://");
	json_auto_t *more =
		json_pack("{s:s?}", "issuer", strcmp(kind, "foreign") == 0 ? (host ? host + 3 : verdict->issuer) : NULL);
	reply->status = 404;
	reply->max_age_s = KM_CACHE_NOT;
	return reply_answer(request, kind, more, reply, problem);
}

static void add_difference(const struct km_request *request, json_t *list, const char *what, const char *code,
                           const char *now)
{
	char key[32];
	if (strcmp(code, now) == 0)
		return;
	snprintf(key, sizeof key, "qr.%s", what);
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", what, "what", km_page_words(request, key),
	                                      "code", code, "register", now));
}

/* What the code says, and where the register says something else. */
static json_t *compare(const struct km_request *request, const struct km_verdict *code, const struct km_mark *mark)
{
	char name[KM_QR_NAME_MAX + 1], until[32], until_now[32];
	km_qr_token_name(mark->provider->name, name);
	km_date_words(request->language, code->valid_until, until);
	km_date_words(request->language, mark->period.valid_until, until_now);
	bool expired = request->now > code->valid_until;
	json_t *list = json_array();
	add_difference(request, list, "name", code->provider_name, name);
	add_difference(request, list, "scheme", code->scheme_name, mark->scheme->id);
	if (!expired) /* of one that has expired, that is what is said already */
		add_difference(request, list, "until", until, until_now);
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b}", "name", code->provider_name, "kvk", code->kvk, "scheme",
	                 code->scheme_name, "differences", list, "expired",
	                 expired ? km_show_day(request, code->valid_until) : json_null(), "agrees",
	                 !expired && json_array_size(list) == 0);
}

/* The print is of somebody who does not hold this mark: whatever its state, it is not theirs. */
static enum km_error reply_other_holder(struct km_request *request, const struct km_verdict *code,
                                        const struct km_mark *mark, struct km_reply *reply, struct km_problem *problem)
{
	json_auto_t *more =
		json_pack("{s:{s:s, s:s, s:s, s:s, s:s}}", "mark", "number", mark->number, "code_name", code->provider_name,
	              "code_kvk", code->kvk, "name", mark->provider->name, "kvk", mark->provider->kvk);
	return reply_answer(request, "holder", more, reply, problem);
}

KM_HANDLER(km_get_q)
{
	struct km_verdict code;
	enum km_error error = verify(request, &code, problem);
	if (error)
		return error;
	if (!is_genuine(&code))
		return refuse(request, &code, reply, problem);
	auto_asked struct km_asked asked = {.moment = request->now};
	error = km_asked_find(request, code.number, request->now, &asked.mark, problem);
	if (error)
		return error;
	km_site_use(request, KM_USE_SCAN);
	reply->max_age_s = km_asked_max_age_s(request, &asked, KM_CACHE_STATE_MAX_S);
	if (!request->json && strcmp(code.kvk, asked.mark->provider->kvk) != 0)
		return reply_other_holder(request, &code, asked.mark, reply, problem);
	json_auto_t *qr = compare(request, &code, asked.mark);
	json_auto_t *data = request->json ? km_asked_json(request, &asked) : km_mark_page(request, &asked);
	if (!qr || !data || json_object_set(data, "qr", qr) != 0)
		return km_fail_memory(problem);
	return request->json ? km_reply_json(reply, data, km_type_json, problem)
	                     : km_page(request, reply, "mark", data, problem);
}
