#include "badge/fsck_credential.h"

#include "badge/bake.h"
#include "badge/credential.h"
#include "badge/data_integrity.h"
#include "badge/qr_token.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"
#include "keys/cwt.h"
#include "keys/jws.h"
#include "keys/proof.h"
#include "registry/fsck_issued.h"
#include "registry/log.h"

#include <stdio.h>
#include <string.h>

/* One mark and what was issued for it. */
struct look {
	const struct km_fsck *fsck;
	const struct km_issued_row *row;
	const char *url;
	const struct km_keyset_entry *key; /* the one that is to have signed */
	struct km_mark *mark;              /* as it was when that was issued; NULL where that cannot be told any more */
	struct km_problem *problem;
};

static enum km_error tell(const struct look *look, const char *column, const char *what)
{
	char row[24];
	snprintf(row, sizeof row, "%lld", (long long)look->row->mark_id);
	return km_fsck_differ(look->fsck, "credential", row, column, "%s", what);
}

/* The mark cannot be read from the register: that is a difference of the row, and of others that have been told of. */
static enum km_error cannot_tell(const struct look *look, enum km_error error, const struct km_problem *problem)
{
	if (error != KM_NO_MEMORY)
		return tell(look, "", problem->message);
	*look->problem = *problem;
	return error;
}

static const char not_ours[] = "was not signed with the key that the row names";
static const char otherwise[] = "says something else than the register";

/* Compares texts of which the expected one may not have been made: then memory ran out. */
static enum km_error expect(const struct look *look, const char *column, const char *is, const char *expected)
{
	if (!expected)
		return km_fail_memory(look->problem);
	return strcmp(is, expected) == 0 ? KM_OK : tell(look, column, otherwise);
}

/* -------------------------------------------------------------------------------------------------------- the three
 * forms */

/* The log names it. */
static enum km_error check_logged(const struct look *look, const char *token)
{
	uint8_t digest[KM_SHA256_BYTES];
	uint64_t index;
	struct km_problem problem = {0};
	km_sha256(token, strlen(token), digest);
	enum km_error error = km_log_credential_index(look->fsck->store, digest, UINT64_MAX, &index, &problem);
	if (error == KM_ABSENT)
		return tell(look, "token", "is not in the log");
	return error ? cannot_tell(look, error, &problem) : KM_OK;
}

static enum km_error check_token(const struct look *look)
{
	const char *token = look->row->issued.token;
	auto_jws struct km_jws jws = {0};
	char thumbprint[KM_THUMBPRINT_TEXT];
	if (km_jws_parse(token, strlen(token), KM_TOKEN_MAX, &jws, NULL))
		return tell(look, "token", "is no credential");
	if (!km_credential_kid(jws.kid, look->url, thumbprint) || strcmp(thumbprint, look->key->thumbprint) != 0 ||
	    !km_jws_verify(&jws, look->key->public_key))
		return tell(look, "token", not_ours);
	enum km_error error = check_logged(look, token);
	if (error || !look->mark)
		return error;
	auto_free char *payload = NULL;
	error = km_credential_payload(look->mark, look->url, look->row->issued_at, &payload, look->problem);
	return error ? error : expect(look, "token", jws.payload, payload);
}

static enum km_error check_proof(const struct look *look, json_t *document)
{
	struct km_proof proof;
	auto_free char *nquads = NULL;
	size_t len = 0;
	if (km_data_integrity_open(document, look->url, &proof, &nquads, &len, NULL))
		return tell(look, "document", "is no credential");
	if (km_proof_key(&proof, look->fsck->keys) != look->key ||
	    !km_proof_valid(&proof, look->key->public_key, nquads, len))
		return tell(look, "document", not_ours);
	return KM_OK;
}

static enum km_error check_document(const struct look *look)
{
	const char *text = look->row->issued.document;
	json_auto_t *document = NULL, *expected = NULL;
	if (km_json_parse(text, strlen(text), "the document", &document, NULL))
		return tell(look, "document", "is no credential");
	/* As it was written, so that not even white space differs. */
	auto_free char *written = km_json_text(document);
	enum km_error error = expect(look, "document", text, written);
	if (!error)
		error = check_proof(look, document);
	if (error || !look->mark)
		return error;
	error = km_credential_document(look->mark, look->url, &expected, look->problem);
	auto_free char *is = km_json_text(document), *should_be = error ? NULL : km_json_text(expected);
	if (!error && !is)
		error = km_fail_memory(look->problem);
	return error ? error : expect(look, "document", is, should_be);
}

static enum km_error check_qr(const struct look *look)
{
	const char *token = look->row->issued.qr_token;
	auto_cwt struct km_cwt cwt = {0};
	if (km_cwt_parse(token, strlen(token), &cwt, NULL))
		return tell(look, "qr_token", "is no token");
	if (!km_cwt_names(&cwt, look->key->thumbprint) || !km_cwt_verify(&cwt, look->key->public_key))
		return tell(look, "qr_token", not_ours);
	if (!look->mark)
		return KM_OK;
	auto_free char *payload = NULL;
	json_auto_t *expected = NULL;
	enum km_error error = km_qr_token_payload(look->mark, look->url, look->row->issued_at, &payload, look->problem);
	if (!error)
		error = km_json_parse(payload, strlen(payload), "the claims", &expected, look->problem);
	if (!error && !json_equal(cwt.claims, expected))
		error = tell(look, "qr_token", otherwise);
	return error;
}

/* ----------------------------------------------------------------------------------------------------------- one mark
 */

/* A mark that still stands has what was issued after the last decision, and after what holds now began to. */
static enum km_error check_newest(const struct look *look)
{
	const struct km_issued_row *row = look->row;
	auto_mark struct km_mark *mark = NULL;
	struct km_problem problem = {0};
	enum km_error error = km_mark_get(look->fsck->store, row->number, look->fsck->now, &mark, &problem);
	if (error)
		return cannot_tell(look, error, &problem);
	if (mark->state == KM_WITHDRAWN || mark->state == KM_EXPIRED)
		return KM_OK;
	if (row->issued_at < row->decided_at || (row->issued_at < mark->period.holds_from && !row->due))
		return tell(look, "issued_at", "is before what was last decided came to hold");
	return KM_OK;
}

/* The name of the holder in the credential; NULL where there is none. */
static const char *name_in(const json_t *document)
{
	return json_string_value(json_object_get(json_object_get(document, "credentialSubject"), "name"));
}

/* Of a mark that no longer stood when the provider was given another name, what was issued has the old one. */
static enum km_error check_forms(struct look *look)
{
	json_auto_t *document = NULL;
	const char *text = look->row->issued.document, *name = NULL, *own = look->mark ? look->mark->provider->name : NULL;
	if (look->mark && look->row->renamed && km_json_parse(text, strlen(text), "the document", &document, NULL) == KM_OK)
		name = name_in(document);
	if (name)
		look->mark->provider->name = name;
	enum km_error error = check_token(look);
	if (!error)
		error = check_document(look);
	if (!error)
		error = check_qr(look);
	if (name)
		look->mark->provider->name = own;
	return error;
}

static enum km_error check_issued(struct look *look)
{
	const struct km_issued_row *row = look->row;
	if (row->erased)
		return row->issued.token ? tell(look, "", "names a provider that was erased") : KM_OK;
	if (!row->issued.token)
		return tell(look, "", "is missing");
	look->key = km_keyset_find(look->fsck->keys, row->issued.kid);
	if (!look->key || look->key->purpose != KM_PURPOSE_CREDENTIAL || !km_keyset_in_use(look->key, row->issued_at))
		return tell(look, "kid", "is of no key with which this registry signed credentials then");
	auto_mark struct km_mark *mark = NULL;
	struct km_problem problem = {0};
	enum km_error error = km_mark_get(look->fsck->store, row->number, row->issued_at, &mark, &problem);
	if (error)
		return cannot_tell(look, error, &problem);
	look->mark = row->corrected ? NULL : mark;
	error = check_forms(look);
	return error ? error : check_newest(look);
}

struct looks {
	const struct km_fsck *fsck;
	struct km_problem *problem;
};

static enum km_error look_at(void *context, const struct km_issued_row *row)
{
	const struct looks *looks = context;
	struct look look = {
		.fsck = looks->fsck, .row = row, .url = km_store_url(looks->fsck->store), .problem = looks->problem};
	return check_issued(&look);
}

enum km_error km_fsck_credentials(const struct km_fsck *fsck, struct km_problem *problem)
{
	struct km_problem own = {0};
	struct looks looks = {fsck, problem ? problem : &own};
	return km_fsck_issued(fsck->store, fsck->now, look_at, &looks, looks.problem);
}
