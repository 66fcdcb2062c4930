#include "badge/present.h"

#include "badge/bake.h"
#include "badge/status_list.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "keys/form.h"
#include "keys/jws.h"

#include <stdlib.h>
#include <string.h>

void km_present_done(struct km_present *present)
{
	json_decref(present->payload);
	*present = (struct km_present){0};
}

/* The key of `trust` that is for states and made this signature; NULL where none did. A status names its key by
 * thumbprint, a list by address. */
static const struct km_keyset_entry *signed_by(const struct km_jws *jws, enum km_form form,
                                               const struct km_keyset *trust, struct km_problem *problem)
{
	char thumbprint[KM_THUMBPRINT_TEXT];
	const char *kid = jws->kid;
	if (km_form_kid_is_url(form))
		kid = km_credential_kid(kid, trust->url, thumbprint) ? thumbprint : NULL;
	const struct km_keyset_entry *key = kid ? km_keyset_find(trust, kid) : NULL;
	const char *why = NULL;
	if (!jws->typ || strcmp(jws->typ, km_form_typ(form)) != 0)
		why = "what was answered is no status of a mark";
	else if (!key || key->purpose != KM_PURPOSE_STATUS || key->revoked_at)
		why = "the status is signed with a key that is not one of the registry's for that";
	else if (!km_jws_verify(jws, key->public_key))
		why = "the signature of the status does not fit";
	if (!why)
		return key;
	km_fail(problem, KM_UNPROVEN, "status-unproven", "%s", why);
	return NULL;
}

/* Takes a token of this form apart; the payload is the registry's, where this returns KM_OK. */
static enum km_error read_token(const char *token, enum km_form form, const struct km_keyset *trust,
                                json_t **ret_payload, const struct km_keyset_entry **ret_key,
                                struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	size_t len = strlen(token);
	while (len > 0 && strchr(" \t\r\n", token[len - 1]))
		len--;
	enum km_error error = km_jws_parse(token, len, KM_TOKEN_MAX, &jws, problem);
	if (error)
		return error;
	*ret_key = signed_by(&jws, form, trust, problem);
	return *ret_key ? km_json_parse(jws.payload, jws.payload_len, "the status", ret_payload, problem) : KM_UNPROVEN;
}

static enum km_error not_in_use(struct km_problem *problem)
{
	return km_fail(problem, KM_UNPROVEN, "status-unproven", "the key of the status was not in use when it signed");
}

static enum km_error ask(const struct km_status_source *source, const struct km_keyset *trust, const char *number,
                         int64_t now, struct km_present *present, struct km_problem *problem)
{
	auto_free char *token = NULL;
	const struct km_keyset_entry *key = NULL;
	enum km_error error = source->get(source->context, number, &token, problem);
	if (error) {
		if (error != KM_ABSENT && problem && !*problem->message)
			km_fail(problem, error, "status-unknown", "it could not be asked for");
		return error;
	}
	error = read_token(token, KM_FORM_STATUS, trust, &present->payload, &key, problem);
	if (!error)
		error = km_status_read(present->payload, trust->url, number, now, &present->claims, problem);
	if (!error && !km_keyset_in_use(key, present->claims.issued_at))
		error = not_in_use(problem);
	present->known = !error;
	return error;
}

/* What one purpose's saved list says of the mark: the newest that can be proven to be the registry's. */
struct listed {
	bool found, set;
	int64_t valid_from, valid_until;
};

static void look_in(const struct km_status_list *list, int64_t status_index, int64_t now, struct listed *listed)
{
	bool set;
	/* A list from the future is by a clock that is wrong, or not by ours. */
	if (list->valid_from > now + KM_STATUS_SKEW_S || (listed->found && list->valid_from <= listed->valid_from) ||
	    km_status_list_get(list, status_index, &set, NULL))
		return;
	*listed = (struct listed){true, set, list->valid_from, list->valid_until};
}

static enum km_error read_list(const char *token, const struct km_keyset *trust, struct km_status_list *list,
                               struct km_problem *problem)
{
	json_auto_t *payload = NULL;
	const struct km_keyset_entry *key = NULL;
	enum km_error error = read_token(token, KM_FORM_STATUS_LIST, trust, &payload, &key, problem);
	if (!error)
		error = km_status_list_read(payload, trust->url, list, problem);
	if (!error && !km_keyset_in_use(key, list->valid_from))
		error = not_in_use(problem);
	return error;
}

enum km_error km_verify_list(const char *token, const struct km_keyset *trust, int64_t *ret_until,
                             struct km_problem *problem)
{
	auto_free struct km_status_list *list = malloc(sizeof *list);
	enum km_error error = list ? read_list(token, trust, list, problem) : km_fail_memory(problem);
	if (!error)
		*ret_until = list->valid_until;
	return error;
}

static enum km_error look_up(const struct km_status_source *source, const struct km_keyset *trust, int64_t status_index,
                             int64_t now, struct listed ret_listed[static KM_STATUS_PURPOSES],
                             struct km_problem *problem)
{
	/* 16 KiB: not for the stack of a thread. */
	auto_free struct km_status_list *list = malloc(sizeof *list);
	if (!list)
		return km_fail_memory(problem);
	struct km_problem last = {0};
	for (size_t i = 0; i < source->lists_len; i++)
		if (!read_list(source->lists[i], trust, list, &last))
			look_in(list, status_index, now, &ret_listed[list->purpose]);
	if (ret_listed[KM_STATUS_REVOCATION].found || ret_listed[KM_STATUS_SUSPENSION].found)
		return KM_OK;
	return km_fail(problem, KM_UNAVAILABLE, "offline", "it was not asked for (offline), and %s%s",
	               *last.message ? "what was saved proves nothing: " : "no saved status list has this mark",
	               last.message);
}

static enum km_error consult(const struct km_status_source *source, const struct km_keyset *trust, int64_t status_index,
                             int64_t now, struct km_present *present, struct km_problem *problem)
{
	struct listed listed[KM_STATUS_PURPOSES] = {0};
	enum km_error error = look_up(source, trust, status_index, now, listed, problem);
	if (error)
		return error;
	const struct listed *revoked = &listed[KM_STATUS_REVOCATION], *suspended = &listed[KM_STATUS_SUSPENSION];
	present->from_list = present->known = true;
	if (revoked->set) { /* for ever, so that the list's age does not matter */
		present->claims.state = KM_WITHDRAWN;
		present->claims.issued_at = revoked->valid_from;
		return KM_OK;
	}
	if (!revoked->found || !suspended->found) {
		present->known = false;
		return km_fail(problem, KM_UNAVAILABLE, "offline",
		               "it was not asked for (offline), and of the two status lists only one was saved");
	}
	/* Only as new as the older of the two. */
	const struct listed *older = revoked->valid_from < suspended->valid_from ? revoked : suspended;
	int64_t until = revoked->valid_until < suspended->valid_until ? revoked->valid_until : suspended->valid_until;
	present->claims.state = suspended->set ? KM_SUSPENDED : KM_ACTIVE;
	present->claims.issued_at = suspended->set ? suspended->valid_from : older->valid_from;
	if (now <= until)
		return KM_OK;
	char then[KM_TIME_TEXT];
	km_time_format(present->claims.issued_at, then);
	return km_fail(problem, KM_INVALID, "list-expired", "the saved status lists are of %s, and too old: it was %s then",
	               then, km_state_name(present->claims.state));
}

enum km_error km_present_learn(const struct km_status_source *source, const struct km_keyset *trust, const char *number,
                               int64_t status_index, int64_t now, struct km_present *ret_present,
                               struct km_problem *problem)
{
	enum km_error error;
	if (source && source->get)
		error = ask(source, trust, number, now, ret_present, problem);
	else if (source && source->lists_len > 0 && status_index >= 0)
		error = consult(source, trust, status_index, now, ret_present, problem);
	else
		error = km_fail(problem, KM_UNAVAILABLE, "offline", "it was not asked for (offline)");
	return ret_present->answer = error;
}
