#include "badge/snapshot.h"

#include "base/encode.h"
#include "base/json.h"
#include "keys/form.h"
#include "keys/jws.h"

#include <string.h>

static enum km_error unproven(struct km_problem *problem, const char *why)
{
	return km_fail(problem, KM_UNPROVEN, "snapshot-unproven", "%s", why);
}

static enum km_error check_signature(const struct km_jws *jws, const struct km_keyset *trust,
                                     const struct km_keyset_entry **ret_key, struct km_problem *problem)
{
	const struct km_keyset_entry *key = jws->kid ? km_keyset_find(trust, jws->kid) : NULL;
	if (!jws->typ || strcmp(jws->typ, km_form_typ(KM_FORM_REGISTER)) != 0)
		return unproven(problem, "this is no snapshot of a register");
	if (!key || key->purpose != KM_PURPOSE_STATUS || key->revoked_at)
		return unproven(problem, "it is signed with a key that is not one of the registry's for that");
	if (!km_jws_verify(jws, key->public_key))
		return unproven(problem, "its signature does not fit");
	*ret_key = key;
	return KM_OK;
}

static enum km_error read_digest(const json_t *payload, uint8_t ret_digest[static KM_SHA256_BYTES],
                                 struct km_problem *problem)
{
	const char *hex = NULL;
	enum km_error error = km_json_string(payload, "", "sha256", 2 * KM_SHA256_BYTES, &hex, problem);
	if (!error && !km_decode_exact(KM_HEX, hex, strlen(hex), ret_digest, KM_SHA256_BYTES))
		error = km_fail(problem, KM_MALFORMED, "member", "sha256 is no digest");
	return error;
}

/* A name becomes part of an address: letters, digits and hyphens. */
static enum km_error check_parts(const json_t *parts, struct km_problem *problem)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	const char *name;
	json_t *value;
	if (!json_is_object(parts))
		return km_fail(problem, KM_MALFORMED, "member", "parts is no object");
	json_object_foreach((json_t *)(uintptr_t)parts, name, value)
	{
		uint8_t digest[KM_SHA256_BYTES];
		const char *hex = json_string_value(value);
		if (!*name || name[strspn(name, fit)] || strlen(name) > 32 || !hex ||
		    !km_decode_exact(KM_HEX, hex, strlen(hex), digest, sizeof digest))
			return km_fail(problem, KM_MALFORMED, "member", "parts has a name or a digest that cannot be one");
	}
	return KM_OK;
}

static enum km_error read_claims(const struct km_keyset *trust, struct km_snapshot *snapshot,
                                 struct km_problem *problem)
{
	const json_t *payload = snapshot->payload;
	const char *issuer = NULL;
	int64_t sequence = 0, expires_at = 0;
	enum km_error error = km_json_string(payload, "", "iss", 255, &issuer, problem);
	if (!error && strcmp(issuer, trust->url) != 0)
		error = unproven(problem, "it is of another registry");
	if (!error)
		error = km_json_integer(payload, "", "sequence", 0, INT64_MAX, &sequence, problem);
	if (!error)
		error = km_json_integer(payload, "", "rows", 0, INT64_MAX, &snapshot->rows, problem);
	if (!error)
		error = km_json_integer(payload, "", "iat", 0, INT64_MAX, &snapshot->issued_at, problem);
	if (!error)
		error = km_json_integer(payload, "", "exp", 0, INT64_MAX, &expires_at, problem);
	if (!error)
		error = km_json_moment(payload, "", "next_update", &snapshot->next_update, problem);
	if (!error)
		error = read_digest(payload, snapshot->digest, problem);
	snapshot->parts = json_object_get(payload, "parts");
	if (!error && snapshot->parts)
		error = check_parts(snapshot->parts, problem);
	snapshot->sequence = (uint64_t)sequence;
	if (snapshot->next_update > expires_at)
		snapshot->next_update = expires_at;
	return error;
}

enum km_error km_snapshot_read(const char *token, size_t len, const struct km_keyset *trust, int64_t now,
                               struct km_snapshot *ret_snapshot, struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	struct km_snapshot snapshot = {0};
	const struct km_keyset_entry *key = NULL;
	while (len > 0 && strchr(" \t\r\n", token[len - 1]))
		len--;
	enum km_error error = km_jws_parse(token, len, KM_SNAPSHOT_MAX, &jws, problem);
	if (!error)
		error = check_signature(&jws, trust, &key, problem);
	if (!error)
		error = km_json_parse(jws.payload, jws.payload_len, "the snapshot", &snapshot.payload, problem);
	if (!error)
		error = read_claims(trust, &snapshot, problem);
	if (!error && !km_keyset_in_use(key, snapshot.issued_at))
		error = unproven(problem, "its key was not in use when it signed");
	if (!error && snapshot.issued_at > now + KM_FORM_SKEW_S)
		error =
			km_fail(problem, KM_INVALID, "snapshot-early", "it is from the future: look at the clock of this machine");
	if (error)
		km_snapshot_done(&snapshot);
	else
		*ret_snapshot = snapshot;
	return error;
}

void km_snapshot_done(struct km_snapshot *snapshot)
{
	json_decref(snapshot->payload);
	*snapshot = (struct km_snapshot){0};
}
