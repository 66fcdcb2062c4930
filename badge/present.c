#include "badge/present.h"

#include "badge/bake.h"
#include "base/buf.h"
#include "base/json.h"
#include "keys/form.h"
#include "keys/jws.h"

#include <string.h>

void km_present_done(struct km_present *present)
{
	json_decref(present->payload);
	*present = (struct km_present){0};
}

/* A good signature by a key that the registry published for this. */
static enum km_error check_signature(const struct km_jws *jws, const struct km_keyset_entry *key,
                                     struct km_problem *problem)
{
	if (!jws->typ || strcmp(jws->typ, km_form_typ(KM_FORM_STATUS)) != 0)
		return km_fail(problem, KM_UNPROVEN, "status-unproven", "what was answered is no status of a mark");
	if (!key || key->purpose != KM_PURPOSE_STATUS || key->revoked_at)
		return km_fail(problem, KM_UNPROVEN, "status-unproven",
		               "the status is signed with a key that is not one of the registry's for that");
	if (!km_jws_verify(jws, key->public_key))
		return km_fail(problem, KM_UNPROVEN, "status-unproven", "the signature of the status does not fit");
	return KM_OK;
}

static enum km_error read_status(const char *token, const struct km_keyset *trust, const char *number, int64_t now,
                                 struct km_present *present, struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	size_t len = strlen(token);
	while (len > 0 && strchr(" \t\r\n", token[len - 1]))
		len--;
	enum km_error error = km_jws_parse(token, len, KM_TOKEN_MAX, &jws, problem);
	if (error)
		return error;
	const struct km_keyset_entry *key = jws.kid ? km_keyset_find(trust, jws.kid) : NULL;
	error = check_signature(&jws, key, problem);
	if (!error)
		error = km_json_parse(jws.payload, jws.payload_len, "the status", &present->payload, problem);
	if (!error)
		error = km_status_read(present->payload, trust->url, number, now, &present->claims, problem);
	if (!error && !km_keyset_in_use(key, present->claims.issued_at))
		error = km_fail(problem, KM_UNPROVEN, "status-unproven", "the key of the status was not in use when it signed");
	return error;
}

enum km_error km_present_learn(const struct km_status_source *source, const struct km_keyset *trust, const char *number,
                               int64_t now, struct km_present *ret_present, struct km_problem *problem)
{
	if (!source)
		return ret_present->answer = km_fail(problem, KM_UNAVAILABLE, "offline", "it was not asked for (offline)");
	auto_free char *token = NULL;
	enum km_error error = source->get(source->context, number, &token, problem);
	if (!error)
		error = read_status(token, trust, number, now, ret_present, problem);
	else if (error != KM_ABSENT && problem && !*problem->message)
		km_fail(problem, error, "status-unknown", "it could not be asked for");
	return ret_present->answer = error;
}
