#include "badge/bake.h"
#include "badge/photo.h"
#include "badge/receipt.h"
#include "badge/verify.h"
#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/say.h"
#include "cli/trust.h"
#include "cli/verify_mirror.h"
#include "registry/tlog_proof.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { STATUS_ANSWER_MAX = KM_TOKEN_MAX, LISTS_MAX = 16 };

static const struct km_option options[] = {
	KM_OPTION_REGISTRY,
	{"keyset", 0, "FILE", "take the word of the registry whose published keys are in this file", KM_OPTIONAL},
	KM_OPTION_ROOT,
	{"offline", 0, NULL, "ask nobody: check with the keys, and the status lists, that are here", KM_OPTIONAL},
	{"status-list", 0, "FILE",
     "with --offline: a signed status list that was saved (URL/status/revocation/1 and …/suspension/1)", KM_REPEATED},
	{"mirror", 0, "FOLDER|URL", "ask this mirror, by signatures, instead of the registry; without THING: all of it",
     KM_OPTIONAL},
	{"after", 0, "NUMBER", "with --mirror: take no snapshot that is older than this one", KM_OPTIONAL},
	{"receipt", 0, NULL, "THING is a receipt of a supplier check (keurmerk check -o), and no mark", KM_OPTIONAL},
	{"home", 0, "DIR", "take the word of the registry in this folder, on its own machine", KM_OPTIONAL},
	KM_OPTION_JSON,
	KM_OPTIONS_END,
};

/* ---------------------------------------------------------------------------------------- the state right now */

struct source {
	struct km_fetch *fetch;
	const char *url; /* of the registry that is trusted */
};

/* What the registry answers at this address; the caller's (free). */
static enum km_error get(const struct source *source, const char *where, const char *what, const char *ending,
                         size_t max_bytes, char **ret_body, struct km_problem *problem)
{
	auto_buf struct km_buf address = KM_BUF_EMPTY;
	auto_answer struct km_answer answer = {0};
	km_buf_add_format(&address, "%s%s%s%s", source->url, where, what, ending);
	if (address.failed)
		return km_fail_memory(problem);
	enum km_error error = km_fetch_get(source->fetch, address.data, max_bytes, &answer, problem);
	if (error)
		return error;
	error = km_answer_check(&answer, problem);
	/* Anything may say 404: a wrong proxy, a server that is being set up. Only the registry's own words count. */
	if (error && !(error == KM_ABSENT && answer.problem))
		return km_fail(problem, KM_UNAVAILABLE, "no-status", "%s does not tell (HTTP %ld)", address.data,
		               answer.status);
	if (error)
		return error;
	*ret_body = answer.body;
	answer.body = NULL;
	return KM_OK;
}

static enum km_error get_status(void *context, const char *number, char **ret_token, struct km_problem *problem)
{
	return get(context, "/m/", number, "/status.jwt", STATUS_ANSWER_MAX, ret_token, problem);
}

static enum km_error get_log_proof(void *context, const char *number, char **ret_text, struct km_problem *problem)
{
	return get(context, "/m/", number, ".tlog-proof", KM_TLOG_PROOF_MAX, ret_text, problem);
}

static enum km_error get_credential_proof(void *context, const char *digest, char **ret_text,
                                          struct km_problem *problem)
{
	return get(context, "/log/credential/", digest, "", KM_TLOG_PROOF_MAX, ret_text, problem);
}

/* ------------------------------------------------------------------------------------------- what was saved before */

struct saved {
	char *lists[LISTS_MAX]; /* owned */
	size_t len;
};

static void saved_done(struct saved *saved)
{
	for (size_t i = 0; i < saved->len; i++)
		free(saved->lists[i]);
}

static enum km_error read_saved(const struct km_call *call, struct saved *saved, struct km_problem *problem)
{
	const char *path = NULL;
	for (size_t i = 0; (path = km_given_nth(call, "status-list", i)); i++) {
		size_t len;
		if (i == LISTS_MAX)
			return km_wrong_usage(problem, "at most %d status lists are looked into at once", LISTS_MAX);
		enum km_error error = km_file_read(path, KM_TOKEN_MAX, &saved->lists[i], &len, problem);
		if (error)
			return error;
		saved->len++;
	}
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------- what is it that we got */

static void cannot_tell(struct km_verdict *verdict, int64_t now, const char *reason, const char *sentence)
{
	*verdict = (struct km_verdict){.outcome = KM_CANNOT_TELL, .checked_at = now};
	snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
	snprintf(verdict->sentence, sizeof verdict->sentence, "Cannot tell: %.480s", sentence);
}

static bool is_address(const char *thing)
{
	return strncasecmp(thing, "https://", 8) == 0 || strncasecmp(thing, "http://", 7) == 0;
}

/* The mark number in the address of a mark's page at this registry ("HTTPS://HOST/M/NUMBER" too, as a QR has it), as it
 * is written there. False where it is another address. */
static bool page_number(const char *address, const char *url, char ret_number[static 64])
{
	size_t len = strlen(url);
	/* Scheme and host may be of either case, and they are all that a registry's url has. */
	if (strncasecmp(address, url, len) != 0 || strncasecmp(address + len, "/m/", 3) != 0)
		return false;
	const char *number = address + len + 3;
	size_t number_len = strcspn(number, "/.?#");
	if (number_len == 0 || number_len >= 64)
		return false;
	memcpy(ret_number, number, number_len);
	ret_number[number_len] = '\0';
	return true;
}

/* What a signed QR code holds. */
static bool is_qr(const char *address)
{
	const char *path = strchr(strstr(address, "//") + 2, '/');
	return path && strncasecmp(path, "/q/", 3) == 0;
}

static enum km_error verify_number(const char *typed, const struct km_trust *trust,
                                   const struct km_status_source *source, int64_t now, struct km_verdict *verdict,
                                   struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT];
	enum km_error error = km_number_parse(typed, number, problem);
	if (error == KM_ABSENT) { /* mistyped, or made up: there can be no such mark */
		*verdict = (struct km_verdict){.outcome = KM_NOT_VALID, .checked_at = now};
		snprintf(verdict->reason, sizeof verdict->reason, "%s", problem->type);
		snprintf(verdict->sentence, sizeof verdict->sentence, "%.500s", problem->message);
		return KM_OK;
	}
	if (!error)
		km_verify_number(number, trust->named ? &trust->set : NULL, source, now, verdict);
	return error;
}

static enum km_error verify_address(const char *address, const struct km_trust *trust,
                                    const struct km_status_source *source, int64_t now, struct km_verdict *verdict,
                                    struct km_problem *problem)
{
	char number[64], sentence[480];
	if (!trust->named)
		snprintf(sentence, sizeof sentence,
		         "you have not said whose word to take: name that registry with --registry URL");
	else if (page_number(address, trust->set.url, number))
		return verify_number(number, trust, source, now, verdict, problem);
	else if (is_qr(address)) {
		km_verify(address, strlen(address), &trust->set, source, now, verdict);
		return KM_OK;
	} else
		snprintf(sentence, sizeof sentence, "%.200s is not the page of a mark at %.200s, whose word you take", address,
		         trust->set.url);
	cannot_tell(verdict, now, trust->named ? "unknown-issuer" : "nobody-named", sentence);
	return KM_OK;
}

static enum km_error judge_receipt(const struct km_call *call, const struct km_trust *trust, struct km_verdict *verdict,
                                   struct km_problem *problem)
{
	const char *thing = call->operands[0];
	auto_free char *bytes = NULL;
	size_t len = 0;
	enum km_error error = km_file_read(thing, KM_RECEIPT_TOKEN_MAX + 1, &bytes, &len, problem);
	if (!error &&
	    !km_receipt_verify(bytes, len, trust->named ? &trust->set : NULL, km_clock_now(&call->clock), verdict))
		error = km_fail(problem, KM_MALFORMED, "no-receipt", "“%s” is no receipt of a supplier check", thing);
	return error;
}

/* A picture that carries no credential may be a photo of the QR code. What that says counts as if it had been typed. */
static enum km_error judge_photo(const char *bytes, size_t len, const struct km_trust *trust,
                                 const struct km_status_source *source, int64_t now, struct km_verdict *verdict,
                                 struct km_problem *problem)
{
	auto_free char *text = NULL;
	struct km_problem why = {0};
	enum km_error error = km_photo_text(bytes, len, &text, &why);
	if (!error && is_address(text))
		return verify_address(text, trust, source, now, verdict, problem);
	if (!error)
		cannot_tell(verdict, now, "unknown-form", "the QR code in this picture is not one of a mark");
	else if (strcmp(why.type, "no-picture") != 0)
		cannot_tell(verdict, now, why.type, why.message);
	return KM_OK;
}

static enum km_error judge(const struct km_call *call, const struct km_trust *trust,
                           const struct km_status_source *source, struct km_verdict *verdict,
                           struct km_problem *problem)
{
	const char *thing = call->operands[0];
	int64_t now = km_clock_now(&call->clock);
	if (is_address(thing))
		return verify_address(thing, trust, source, now, verdict, problem);
	auto_free char *bytes = NULL;
	size_t len = 0;
	bool is_file = strcmp(thing, "-") == 0 || access(thing, F_OK) == 0;
	enum km_error error = is_file ? km_file_read(thing, KM_PICTURE_MAX, &bytes, &len, problem)
	                              : verify_number(thing, trust, source, now, verdict, problem);
	if (error && !is_file)
		return km_wrong_usage(problem, "“%s” is neither a file nor a mark number nor the address of a mark's page",
		                      thing);
	if (error || !is_file)
		return error;
	km_verify(bytes, len, trust->named ? &trust->set : NULL, source, now, verdict);
	if (strcmp(verdict->reason, "no-credential") == 0 || strcmp(verdict->reason, "unknown-form") == 0)
		error = judge_photo(bytes, len, trust, source, now, verdict, problem);
	if (error)
		return error;
	if (strcmp(verdict->reason, "receipt") == 0)
		cannot_tell(verdict, now, "receipt",
		            "this is a receipt of a supplier check, and no mark: add --receipt to verify it as one");
	return KM_OK;
}

/* -------------------------------------------------------------------------------------------------- what we say of it
 */

static void print_verdict(const struct km_verdict *verdict)
{
	static const char *const results[] = {"not reached", "good", "bad", "unknown"};
	char from[KM_DAY_TEXT], until[KM_DAY_TEXT], shown[KM_NUMBER_SHOWN], time[KM_TIME_TEXT];
	km_say(stdout, "%s", verdict->sentence);
	if (*verdict->warning)
		km_say(stdout, "%s", verdict->warning);
	if (*verdict->number) {
		km_number_show(verdict->number, shown);
		km_say(stdout, "  %-12s %s", "mark", shown);
	}
	if (*verdict->provider_name)
		km_say(stdout, "  %-12s %s, KvK %s", "provider", verdict->provider_name, verdict->kvk);
	if (*verdict->scheme_name)
		km_say(stdout, "  %-12s %s", "scheme", verdict->scheme_name);
	if (*verdict->body_name)
		km_say(stdout, "  %-12s %s", "certified by", verdict->body_name);
	if (verdict->valid_until && !verdict->valid_from)
		km_say(stdout, "  %-12s until %s", "term", km_day(verdict->valid_until, until));
	else if (verdict->valid_until)
		km_say(stdout, "  %-12s %s to %s", "term", km_day(verdict->valid_from, from),
		       km_day(verdict->valid_until, until));
	if (verdict->knowledge_at) {
		km_time_format(verdict->knowledge_at, time);
		km_say(stdout, "  %-12s signed by the registry at %s", "state", time);
	}
	for (int i = 0; i < KM_CHECKS; i++)
		if (verdict->checks[i].result != KM_RESULT_NOT_REACHED)
			km_say(stdout, "  %-12s %s%s%s", km_check_name((enum km_check)i), results[verdict->checks[i].result],
			       *verdict->checks[i].detail ? ": " : "", verdict->checks[i].detail);
}

/* By what a mirror has. */
static enum km_error judge_by_mirror(const struct km_call *call, struct km_fetch *fetch, const struct km_trust *trust,
                                     struct km_verify_mirror *mirror, struct km_verdict *verdict,
                                     struct km_problem *problem)
{
	enum km_error error = km_verify_mirror_open(call, fetch, trust, mirror, problem);
	if (error || !call->operands_len)
		return error ? error : km_verify_mirror_all(call, fetch, trust, mirror, verdict, problem);
	const char *thing = call->operands[0];
	char named[64], number[KM_NUMBER_TEXT];
	struct km_status_source status = {.keyset_saved_at = trust->saved_at};
	km_verify_mirror_source(mirror, &status);
	if (km_number_parse(page_number(thing, trust->set.url, named) ? named : thing, number, NULL) == KM_OK)
		error = km_verify_mirror_number(mirror, &status, number, verdict, problem);
	else
		error = judge(call, trust, &status, verdict, problem);
	return error ? error : km_verify_mirror_conclude(mirror, verdict, problem);
}

static enum km_error check_usage(const struct km_call *call, struct km_problem *problem)
{
	bool mirror = km_given(call, "mirror") != NULL;
	if (mirror && (km_given(call, "status-list") || km_given(call, "receipt")))
		return km_wrong_usage(problem, "--mirror has the status lists itself, and no receipts");
	if (!mirror && km_given(call, "after"))
		return km_wrong_usage(problem, "--after goes with --mirror");
	if (!mirror && !call->operands_len)
		return km_wrong_usage(problem, "what is to be verified? Name a THING, or a mirror with --mirror");
	return KM_OK;
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	static const int statuses[] = {
		[KM_GENUINE] = KM_EXIT_DONE, [KM_NOT_VALID] = KM_EXIT_NOT_VALID, [KM_CANNOT_TELL] = KM_EXIT_CANNOT_TELL};
	auto_fetch struct km_fetch *fetch = NULL;
	struct km_trust trust = {0};
	struct km_verdict verdict = {0};
	bool offline = km_given(call, "offline") != NULL;
	__attribute__((cleanup(km_verify_mirror_done))) struct km_verify_mirror mirror = {.found = NULL};
	enum km_error error = check_usage(call, problem);
	if (!error && !offline)
		error = km_fetch_open(&fetch, problem);
	if (!error)
		error = km_trust_find(call, fetch, &trust, problem);
	struct source source = {fetch, trust.set.url};
	__attribute__((cleanup(saved_done))) struct saved saved = {0};
	if (!error)
		error = read_saved(call, &saved, problem);
	struct km_status_source status = {
		.context = &source,
		.lists = (const char *const *)saved.lists,
		.lists_len = saved.len,
		.keyset_saved_at = trust.saved_at,
	};
	if (!offline) {
		status.get = get_status;
		status.get_log_proof = get_log_proof;
		status.get_credential_proof = get_credential_proof;
	}
	bool by_mirror = km_given(call, "mirror") != NULL;
	if (!error && by_mirror)
		error = judge_by_mirror(call, fetch, &trust, &mirror, &verdict, problem);
	else if (!error)
		error = km_given(call, "receipt") ? judge_receipt(call, &trust, &verdict, problem)
		                                  : judge(call, &trust, &status, &verdict, problem);
	if (error && strcmp(problem->type, "usage") == 0)
		return error;
	if (error) /* what went wrong on the way says nothing about the thing */
		cannot_tell(&verdict, km_clock_now(&call->clock), problem->type, problem->message);
	if (km_given(call, "json")) {
		json_auto_t *json = km_verdict_json(&verdict);
		if (by_mirror && mirror.found)
			json_object_set_new(json, "mirror", km_verify_mirror_json(&mirror));
		km_say_json(json);
	} else
		print_verdict(&verdict);
	call->exit_status = statuses[verdict.outcome];
	return KM_OK;
}

const struct km_command km_verify_command = {
	.noun = "verify",
	.operands = "[THING]",
	.operands_min = 0,
	.operands_max = 1,
	.summary = "is this badge, credential or mark number genuine, and does it hold now?",
	.details =
		"THING is a badge (SVG, PNG or PDF), a photo of its QR code (PNG or JPEG), a credential (JWT or JSON-LD), - "
		"for standard input, a mark number, the\n"
		"address of a mark's page, or what a signed QR code holds. Exit status: 0 genuine and active, 1 not valid,\n"
		"3 cannot tell. With --mirror alone, a whole mirror is looked at. Trust comes from the options, or from "
        "~/.config/keurmerk/trust, never from the thing.",
	.options = options,
	.run = run,
};
