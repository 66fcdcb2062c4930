#include "badge/issuer.h"

#include "badge/issue.h"
#include "base/buf.h"
#include "registry/credential_key.h"
#include "registry/lapse_record.h"
#include "registry/log_checkpoint.h"
#include "registry/log_publish.h"
#include "registry/mark.h"
#include "registry/person.h"

#include <stdlib.h>
#include <string.h>

struct km_issuer {
	struct km_store *store;
	struct km_signer *signer;
	struct km_clock clock;
	struct km_buf issued; /* numbers of the marks that got a new credential in this transaction, each with its NUL */
};

enum km_error km_issuer_open(const char *database, struct km_signer *signer, const struct km_clock *clock,
                             struct km_issuer **ret_issuer, struct km_problem *problem)
{
	struct km_issuer *issuer = calloc(1, sizeof *issuer);
	if (!issuer)
		return km_fail_memory(problem);
	enum km_error error = km_store_open(database, KM_STORE_WRITE, &issuer->store, problem);
	if (error) {
		free(issuer);
		return error;
	}
	issuer->signer = signer;
	issuer->clock = *clock;
	*ret_issuer = issuer;
	return KM_OK;
}

void km_issuer_close(struct km_issuer *issuer)
{
	if (!issuer)
		return;
	km_store_close(issuer->store);
	km_buf_free(&issuer->issued);
	free(issuer);
}

struct km_store *km_issuer_store(struct km_issuer *issuer)
{
	return issuer->store;
}

static enum km_error issue_all(struct km_issuer *issuer, const struct km_buf *numbers, int64_t now,
                               struct km_problem *problem)
{
	return km_issue_marks(issuer->store, issuer->signer, numbers, now, &issuer->issued, problem);
}

static enum km_error issue(struct km_issuer *issuer, const char *number, int64_t now, struct km_problem *problem)
{
	auto_buf struct km_buf numbers = KM_BUF_EMPTY;
	km_buf_add(&numbers, number, strlen(number) + 1);
	return numbers.failed ? km_fail_memory(problem) : issue_all(issuer, &numbers, now, problem);
}

/* What follows from a submission that was accepted. */
static enum km_error follow_up(struct km_issuer *issuer, const struct km_outcome *outcome, int64_t now,
                               struct km_problem *problem)
{
	if (!outcome->mark_id || outcome->repeated)
		return KM_OK;
	if (!outcome->whole_provider)
		return issue(issuer, outcome->number, now, problem);
	auto_buf struct km_buf numbers = KM_BUF_EMPTY;
	enum km_error error = km_mark_siblings(issuer->store, outcome->mark_id, &numbers, problem);
	return error ? error : issue_all(issuer, &numbers, now, problem);
}

/* What was issued and no event tells of. */
static enum km_error publish_issued(struct km_issuer *issuer, int64_t now, struct km_problem *problem)
{
	enum km_error error = KM_OK;
	const struct km_buf *numbers = &issuer->issued;
	for (size_t at = 0; !error && at < numbers->len; at += strlen(numbers->data + at) + 1) {
		auto_free char *token = NULL;
		error = km_mark_credential(issuer->store, numbers->data + at, &token, problem);
		if (!error)
			error = km_log_publish_credential(issuer->store, numbers->data + at, token, now, problem);
	}
	return error;
}

/* Puts into the log what has happened, and signs what the log is then. */
static enum km_error publish(struct km_issuer *issuer, int64_t now, struct km_problem *problem)
{
	bool behind = false;
	auto_free char *body = NULL, *note = NULL;
	size_t len = 0;
	enum km_error error = km_log_behind(issuer->store, &behind, problem);
	if (error || (!behind && issuer->issued.len == 0))
		return error;
	error = km_log_publish(issuer->store, now, problem);
	if (!error)
		error = publish_issued(issuer, now, problem);
	if (!error)
		error = km_log_checkpoint_body(issuer->store, &body, &len, problem);
	if (!error)
		error = km_signer_checkpoint(issuer->signer, body, len, &note, problem);
	return error ? error : km_log_checkpoint_put(issuer->store, note, strlen(note), now, problem);
}

/* Begins a transaction in which nothing has been issued yet. */
static enum km_error begin(struct km_issuer *issuer, struct km_problem *problem)
{
	issuer->issued.len = 0;
	issuer->issued.failed = false;
	return km_store_begin(issuer->store, problem);
}

enum km_error km_issuer_submit(struct km_issuer *issuer, const char *bytes, size_t len, struct km_outcome *ret_outcome,
                               struct km_problem *problem)
{
	struct km_problem own = {0};
	struct km_outcome outcome = {0};
	int64_t now = km_clock_now(&issuer->clock);
	enum km_error error = begin(issuer, &own);
	if (!error)
		error = km_submission_accept(issuer->store, bytes, len, now, &outcome, &own);
	if (!error)
		error = follow_up(issuer, &outcome, now, &own);
	if (!error)
		error = publish(issuer, now, &own);
	if (!error)
		error = km_store_commit(issuer->store, &own);
	if (!error) {
		*ret_outcome = outcome;
		return KM_OK;
	}
	km_store_rollback(issuer->store);
	km_outcome_done(&outcome);
	if (problem)
		*problem = own;
	return error;
}

enum km_error km_issuer_enrol(struct km_issuer *issuer, const char *bytes, size_t len, json_t **ret_reply,
                              struct km_problem *problem)
{
	json_auto_t *reply = NULL;
	int64_t now = km_clock_now(&issuer->clock);
	enum km_error error = begin(issuer, problem);
	if (!error)
		error = km_person_enrol(issuer->store, bytes, len, now, &reply, problem);
	if (!error)
		error = publish(issuer, now, problem);
	if (!error)
		error = km_store_commit(issuer->store, problem);
	if (error) {
		km_store_rollback(issuer->store);
		return error;
	}
	*ret_reply = json_incref(reply);
	return KM_OK;
}

struct tick {
	struct km_issuer *issuer;
	int64_t now;
	struct km_problem *problem;
};

/* A lapse is told by the status of a mark, and needs no new credential. */
static enum km_error after_lapse(void *context, const struct km_lapsed *lapsed)
{
	const struct tick *tick = context;
	return lapsed->began ? issue(tick->issuer, lapsed->number, tick->now, tick->problem) : KM_OK;
}

/* Most of the time there is nothing to do, and nobody who writes is held up. */
static enum km_error is_due(const struct tick *tick, int64_t *ret_next, bool *ret_due)
{
	bool behind = false;
	enum km_error error = km_lapses_next(tick->issuer->store, ret_next, tick->problem);
	if (!error)
		error = km_log_behind(tick->issuer->store, &behind, tick->problem);
	if (!error)
		*ret_due = behind || *ret_next <= tick->now;
	return error;
}

enum km_error km_issuer_tick(struct km_issuer *issuer, int64_t *ret_next, struct km_problem *problem)
{
	struct tick tick = {issuer, km_clock_now(&issuer->clock), problem};
	struct km_store *store = issuer->store;
	int64_t next = INT64_MAX;
	size_t marks = 0;
	bool due = false;
	enum km_error error = is_due(&tick, &next, &due);
	if (!error && due) {
		error = begin(issuer, problem);
		if (!error)
			error = km_lapses_record(store, tick.now, KM_ISSUER_TICK_MAX, after_lapse, &tick, &marks, problem);
		if (!error)
			error = publish(issuer, tick.now, problem);
		if (!error)
			error = km_lapses_next(store, &next, problem);
		if (!error)
			error = km_store_commit(store, problem);
	}
	if (error) {
		km_store_rollback(store);
		return error;
	}
	*ret_next = next;
	return KM_OK;
}

/* True where all of these marks now have a credential by this key. */
static enum km_error check_signed(struct km_issuer *issuer, const char *thumbprint, struct km_problem *problem)
{
	const struct km_buf *numbers = &issuer->issued;
	enum km_error error = KM_OK;
	for (size_t at = 0; !error && at < numbers->len; at += strlen(numbers->data + at) + 1) {
		auto_free char *token = NULL;
		char signer[KM_THUMBPRINT_TEXT];
		error = km_mark_credential(issuer->store, numbers->data + at, &token, problem);
		if (!error)
			error = km_issue_signed_by(token, km_store_url(issuer->store), signer, problem);
		if (!error && strcmp(signer, thumbprint) != 0)
			error = km_fail(problem, KM_UNAVAILABLE, "other-key", "the signer signs with key %s, and not yet with %s",
			                signer, thumbprint);
	}
	return error;
}

enum km_error km_issuer_sign_anew(struct km_issuer *issuer, const char *thumbprint, size_t limit, size_t *ret_signed,
                                  struct km_problem *problem)
{
	auto_buf struct km_buf numbers = KM_BUF_EMPTY;
	int64_t now = km_clock_now(&issuer->clock);
	enum km_error error = begin(issuer, problem);
	if (!error)
		error = km_credentials_by_others(issuer->store, thumbprint, now, limit, &numbers, problem);
	if (!error)
		error = issue_all(issuer, &numbers, now, problem);
	if (!error)
		error = check_signed(issuer, thumbprint, problem);
	if (!error)
		error = publish(issuer, now, problem);
	if (!error)
		error = km_store_commit(issuer->store, problem);
	if (error) {
		km_store_rollback(issuer->store);
		return error;
	}
	*ret_signed = issuer->issued.len / KM_NUMBER_TEXT;
	return KM_OK;
}
