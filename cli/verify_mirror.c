#include "cli/verify_mirror.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/say.h"
#include "registry/tlog_proof.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_MAX = 100, TRIES = 3 };

static void tell(void *context, const char *what, const char *path, const char *detail)
{
	struct km_verify_mirror *mirror = context;
	if (json_array_size(mirror->found) >= TOLD_MAX) {
		mirror->left_out++;
		return;
	}
	json_array_append_new(mirror->found, json_pack("{s:s, s:s, s:s}", "what", what, "path", path, "detail", detail));
	if (!mirror->quiet)
		km_say(stdout, "  %-12s %s: %s", what, path, detail);
}

static enum km_error read_after(const struct km_call *call, uint64_t *ret_after, struct km_problem *problem)
{
	const char *text = km_given(call, "after");
	char *end = NULL;
	errno = 0;
	*ret_after = text ? strtoull(text, &end, 10) : 0;
	if (text && (*text < '0' || *text > '9' || *end || errno))
		return km_wrong_usage(problem, "--after %.30s: give the number of a snapshot that you know of", text);
	return KM_OK;
}

enum km_error km_verify_mirror_open(const struct km_call *call, struct km_fetch *fetch, const struct km_trust *trust,
                                    struct km_verify_mirror *mirror, struct km_problem *problem)
{
	mirror->quiet = km_given(call, "json") != NULL;
	mirror->found = json_array();
	mirror->left_out = 0;
	mirror->check = (struct km_mirror_check){
		.source = &mirror->source,
		.trust = &trust->set,
		.now = km_clock_now(&call->clock),
		.tell = tell,
		.context = mirror,
	};
	if (!trust->named)
		return km_fail(problem, KM_INVALID, "nobody-named",
		               "you have not said whose word to take: name that registry's keys with --keyset FILE, or the "
		               "registry with --registry URL");
	enum km_error error = read_after(call, &mirror->check.after, problem);
	if (!error)
		error = km_mirror_source_open(km_given(call, "mirror"), fetch, &mirror->source, problem);
	return error ? error : km_mirror_check_open(&mirror->check, problem);
}

void km_verify_mirror_done(struct km_verify_mirror *mirror)
{
	km_mirror_check_done(&mirror->check);
	json_decref(mirror->found);
	mirror->found = NULL;
}

/* ----------------------------------------------------------------------------------------------------- all of it */

static void conclude(struct km_verdict *verdict, enum km_outcome_kind outcome, const char *reason, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
static void conclude(struct km_verdict *verdict, enum km_outcome_kind outcome, const char *reason, const char *format,
                     ...)
{
	va_list arguments;
	verdict->outcome = outcome;
	snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
	va_start(arguments, format);
	vsnprintf(verdict->sentence, sizeof verdict->sentence, format, arguments);
	va_end(arguments);
}

static void conclude_all(const struct km_verify_mirror *mirror, struct km_verdict *verdict)
{
	const struct km_mirror_check *check = &mirror->check;
	const char *url = check->trust->url;
	char until[KM_TIME_TEXT];
	km_time_format(check->snapshot.next_update, until);
	verdict->checked_at = check->now;
	snprintf(verdict->issuer, sizeof verdict->issuer, "%s", url);
	if (check->faults)
		conclude(
			verdict, KM_NOT_VALID, "mirror-altered",
			"Not valid: %zu of %zu files of this mirror are not what %s has signed. Where an export is under way, try "
			"again in a moment.",
			check->faults, check->files, url);
	else if (check->old)
		conclude(verdict, KM_CANNOT_TELL, "mirror-old",
		         "Cannot tell: this mirror is what %s has signed, but it is too old to say anything of now.", url);
	else
		conclude(verdict, KM_GENUINE, "mirror",
		         "Genuine: each of %zu files is what %s has signed: snapshot %llu, of %lld marks, good until %s.",
		         check->files, url, (unsigned long long)check->snapshot.sequence, (long long)check->snapshot.rows,
		         until);
}

/* While an export is under way, files and snapshot are of two moments. */
enum km_error km_verify_mirror_all(const struct km_call *call, struct km_fetch *fetch, const struct km_trust *trust,
                                   struct km_verify_mirror *mirror, struct km_verdict *ret_verdict,
                                   struct km_problem *problem)
{
	enum km_error error = KM_OK;
	bool moved = true;
	for (int i = 0; moved && !error && i < TRIES; i++) {
		if (i) {
			km_verify_mirror_done(mirror);
			error = km_verify_mirror_open(call, fetch, trust, mirror, problem);
		}
		if (!error)
			error = km_mirror_check_all(&mirror->check, &moved, problem);
	}
	if (!error && moved)
		return km_fail(problem, KM_UNAVAILABLE, "mirror-moves",
		               "the mirror changes while it is looked at: try again when no export is under way");
	if (error)
		return error;
	if (mirror->left_out && !mirror->quiet)
		km_say(stdout, "  and %zu more", mirror->left_out);
	conclude_all(mirror, ret_verdict);
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------------ one thing */

static enum km_error get_log_proof(void *context, const char *number, char **ret_text, struct km_problem *problem)
{
	const struct km_verify_mirror *mirror = context;
	char path[64];
	size_t len;
	snprintf(path, sizeof path, "m/%s.tlog-proof", number);
	enum km_error error = km_mirror_source_read(&mirror->source, path, ret_text, &len, problem);
	if (!error && len > KM_TLOG_PROOF_MAX) {
		free(*ret_text);
		*ret_text = NULL;
		error = km_fail(problem, KM_TOO_LARGE, "tlog-proof", "%s: this is too large for a proof", path);
	}
	return error;
}

void km_verify_mirror_source(struct km_verify_mirror *mirror, struct km_status_source *ret_source)
{
	*ret_source = (struct km_status_source){
		.context = mirror,
		.get_log_proof = get_log_proof,
		.lists = (const char *const *)mirror->check.lists,
		.lists_len = mirror->check.lists_len,
		.keyset_saved_at = ret_source->keyset_saved_at,
	};
}

enum km_error km_verify_mirror_number(struct km_verify_mirror *mirror, const struct km_status_source *source,
                                      const char *number, struct km_verdict *ret_verdict, struct km_problem *problem)
{
	auto_free char *token = NULL;
	size_t len = 0;
	char path[64];
	snprintf(path, sizeof path, "m/%s.jwt", number);
	enum km_error error = km_mirror_source_read(&mirror->source, path, &token, &len, problem);
	const struct km_mirror_check *check = &mirror->check;
	if (error == KM_ABSENT) {
		/* Whether there is none, or it was taken away, the parts tell. */
		ret_verdict->checked_at = check->now;
		snprintf(ret_verdict->number, sizeof ret_verdict->number, "%s", number);
		conclude(ret_verdict, KM_CANNOT_TELL, "no-credential",
		         "Cannot tell: the mirror has no credential of this mark.");
		return KM_OK;
	}
	if (!error)
		km_verify(token, len, check->trust, source, check->now, ret_verdict);
	if (!error && *ret_verdict->number && strcmp(ret_verdict->number, number) != 0)
		conclude(ret_verdict, KM_CANNOT_TELL, "mirror-altered",
		         "Cannot tell: what the mirror has at %s is of another mark.", path);
	return error;
}

enum km_error km_verify_mirror_conclude(struct km_verify_mirror *mirror, struct km_verdict *verdict,
                                        struct km_problem *problem)
{
	struct km_mirror_check *check = &mirror->check;
	enum km_error error = KM_OK;
	if (*verdict->number)
		error = km_mirror_check_mark(check, verdict->number, problem);
	bool absent = error == KM_ABSENT;
	if (absent && !check->faults && !check->old)
		conclude(verdict, KM_NOT_VALID, problem->type, "Not valid: %.400s.", problem->message);
	if (error && !absent)
		return error;
	*problem = (struct km_problem){0};
	if (verdict->outcome == KM_NOT_VALID)
		return KM_OK;
	if (check->faults)
		conclude(verdict, KM_CANNOT_TELL, "mirror-altered",
		         "Cannot tell: files of this mirror are not what %s has signed; ask the registry itself.",
		         check->trust->url);
	else if (check->old)
		conclude(verdict, KM_CANNOT_TELL, "mirror-old",
		         "Cannot tell: this mirror is too old to say anything of now; ask the registry itself, %s.",
		         check->trust->url);
	return KM_OK;
}

json_t *km_verify_mirror_json(const struct km_verify_mirror *mirror)
{
	const struct km_mirror_check *check = &mirror->check;
	return json_pack("{s:I, s:o, s:I, s:I, s:O}", "sequence", (json_int_t)check->snapshot.sequence, "next_update",
	                 check->snapshot.payload ? json_incref(json_object_get(check->snapshot.payload, "next_update"))
	                                         : json_null(),
	                 "files", (json_int_t)check->files, "faults", (json_int_t)check->faults, "found", mirror->found);
}
