#include "badge/issuer.h"

#include "badge/bake.h"
#include "badge/credential.h"
#include "base/buf.h"
#include "keys/jws.h"
#include "registry/person.h"

#include <stdlib.h>
#include <string.h>

struct km_issuer {
	struct km_store *store;
	struct km_signer *signer;
	struct km_clock clock;
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
	free(issuer);
}

struct km_store *km_issuer_store(struct km_issuer *issuer)
{
	return issuer->store;
}

/* The mark as its credential will show it: as it is now or, where it is granted from a later moment on, as it will be.
 */
static enum km_error read_mark(struct km_store *store, const char *number, int64_t now, struct km_mark **ret_mark,
                               struct km_problem *problem)
{
	static const int64_t last_moment = 253402300799; /* of the year 9999 */
	enum km_error error = km_mark_get(store, number, now, ret_mark, problem);
	if (error == KM_ABSENT && strcmp(problem->type, "mark-not-yet") == 0)
		error = km_mark_get(store, number, last_moment, ret_mark, problem);
	return error;
}

/* The thumbprint of the key that signed it, which the signer alone knows. */
static enum km_error signed_by(const char *token, const char *url, char ret_thumbprint[static KM_THUMBPRINT_TEXT],
                               struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	enum km_error error = km_jws_parse(token, strlen(token), KM_TOKEN_MAX, &jws, problem);
	if (!error && !km_credential_kid(jws.kid, url, ret_thumbprint))
		error =
			km_fail(problem, KM_BUG, "signer", "the signer does not say with which of this registry's keys it signed");
	return error;
}

/* Makes and keeps the credential that the mark now asks for. One that is withdrawn or expired gets no new one: what was
 * signed before stays as it is, and the status lists say the rest. */
static enum km_error issue(struct km_issuer *issuer, const char *number, int64_t now, struct km_problem *problem)
{
	const char *url = km_store_url(issuer->store);
	auto_mark struct km_mark *mark = NULL;
	enum km_error error = read_mark(issuer->store, number, now, &mark, problem);
	if (error || mark->period.state == KM_WITHDRAWN || mark->period.valid_until < now)
		return error;
	auto_free char *payload = NULL, *token = NULL;
	char thumbprint[KM_THUMBPRINT_TEXT];
	error = km_credential_payload(mark, url, now, &payload, problem);
	if (!error)
		error = km_signer_sign(issuer->signer, KM_FORM_CREDENTIAL, payload, strlen(payload), &token, problem);
	if (!error)
		error = signed_by(token, url, thumbprint, problem);
	if (!error)
		error = km_mark_credential_put(issuer->store, mark->id, token, thumbprint, now, problem);
	return error;
}

enum km_error km_issuer_submit(struct km_issuer *issuer, const char *bytes, size_t len, struct km_outcome *ret_outcome,
                               struct km_problem *problem)
{
	struct km_problem own = {0};
	struct km_outcome outcome = {0};
	int64_t now = km_clock_now(&issuer->clock);
	enum km_error error = km_store_begin(issuer->store, &own);
	if (!error)
		error = km_submission_accept(issuer->store, bytes, len, now, &outcome, &own);
	if (!error && outcome.mark_id && !outcome.repeated)
		error = issue(issuer, outcome.number, now, &own);
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
	enum km_error error = km_store_begin(issuer->store, problem);
	if (!error)
		error = km_person_enrol(issuer->store, bytes, len, km_clock_now(&issuer->clock), &reply, problem);
	if (!error)
		error = km_store_commit(issuer->store, problem);
	if (error) {
		km_store_rollback(issuer->store);
		return error;
	}
	*ret_reply = json_incref(reply);
	return KM_OK;
}
