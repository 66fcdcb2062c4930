#include "badge/issue.h"

#include "badge/bake.h"
#include "badge/credential.h"
#include "badge/data_integrity.h"
#include "badge/qr_token.h"
#include "base/json.h"
#include "keys/jws.h"
#include "registry/mark.h"

#include <stdlib.h>
#include <string.h>

enum signing { TOKEN, PROOF, QR, SIGNINGS };
enum { AT_ONCE = 16 }; /* marks: enough that the signer's process never waits */
_Static_assert(AT_ONCE *SIGNINGS <= KM_SIGNINGS_MAX, "all of them are signed at once");

/* One mark on its way; all of it is owned. */
struct draft {
	struct km_mark *mark;
	json_t *document;
	char *payload, *nquads, *qr_payload;
};

struct batch {
	struct km_store *store;
	struct km_signer *signer;
	int64_t now;
	struct draft drafts[AT_ONCE];
	struct km_signing signings[AT_ONCE * SIGNINGS]; /* three for each draft */
	size_t len;
};

static void batch_done(struct batch *batch)
{
	for (size_t i = 0; i < batch->len; i++) {
		struct draft *draft = &batch->drafts[i];
		km_mark_free(draft->mark);
		json_decref(draft->document);
		free(draft->payload);
		free(draft->nquads);
		free(draft->qr_payload);
	}
	for (size_t i = 0; i < batch->len * SIGNINGS; i++)
		free(batch->signings[i].text);
	batch->len = 0;
}
#define auto_batch __attribute__((cleanup(batch_done)))

enum km_error km_issue_signed_by(const char *token, const char *url, char ret_thumbprint[static KM_THUMBPRINT_TEXT],
                                 struct km_problem *problem)
{
	auto_jws struct km_jws jws = {0};
	enum km_error error = km_jws_parse(token, strlen(token), KM_TOKEN_MAX, &jws, problem);
	if (!error && !km_credential_kid(jws.kid, url, ret_thumbprint))
		error =
			km_fail(problem, KM_BUG, "signer", "the signer does not say with which of this registry's keys it signed");
	return error;
}

/* The payload of the JWT is the document with its claims beside it. */
static enum km_error write_payload(const json_t *document, int64_t now, char **ret_payload, struct km_problem *problem)
{
	/* jansson takes a pointer to what it only reads. */
	json_auto_t *credential = json_copy((json_t *)document);
	if (!credential)
		return km_fail_memory(problem);
	enum km_error error = km_credential_claim(credential, now, problem);
	if (error)
		return error;
	*ret_payload = km_json_text(credential);
	return *ret_payload ? KM_OK : km_fail_memory(problem);
}

/* Adds what is to be signed of this mark, where there is something. */
static enum km_error draw_up(struct batch *batch, const char *number, struct km_problem *problem)
{
	const char *url = km_store_url(batch->store);
	struct draft *draft = &batch->drafts[batch->len];
	struct km_signing *signings = &batch->signings[batch->len * SIGNINGS];
	size_t nquads_len = 0;
	*draft = (struct draft){0};
	memset(signings, 0, SIGNINGS * sizeof *signings);
	enum km_error error = km_mark_get(batch->store, number, batch->now, &draft->mark, problem);
	if (error)
		return error;
	batch->len++; /* from here on it is freed with the batch */
	if (draft->mark->state == KM_WITHDRAWN || draft->mark->state == KM_EXPIRED) {
		km_mark_free(draft->mark);
		batch->len--;
		return KM_OK;
	}
	error = km_credential_document(draft->mark, url, &draft->document, problem);
	if (!error)
		error = write_payload(draft->document, batch->now, &draft->payload, problem);
	if (!error)
		error = km_data_integrity_nquads(draft->document, url, &draft->nquads, &nquads_len, problem);
	if (!error)
		error = km_qr_token_payload(draft->mark, url, batch->now, &draft->qr_payload, problem);
	if (error)
		return error;
	signings[TOKEN] =
		(struct km_signing){.form = KM_FORM_CREDENTIAL, .bytes = draft->payload, .len = strlen(draft->payload)};
	signings[PROOF] = (struct km_signing){.proof = true, .bytes = draft->nquads, .len = nquads_len};
	signings[QR] =
		(struct km_signing){.form = KM_FORM_QR, .bytes = draft->qr_payload, .len = strlen(draft->qr_payload)};
	return KM_OK;
}

static enum km_error keep(const struct batch *batch, size_t i, struct km_problem *problem)
{
	const struct draft *draft = &batch->drafts[i];
	const struct km_signing *signings = &batch->signings[i * SIGNINGS];
	char thumbprint[KM_THUMBPRINT_TEXT];
	enum km_error error = km_issue_signed_by(signings[TOKEN].text, km_store_url(batch->store), thumbprint, problem);
	if (!error)
		error = km_data_integrity_add(draft->document, signings[PROOF].text, problem);
	if (error)
		return error;
	auto_free char *document = km_json_text(draft->document);
	if (!document)
		return km_fail_memory(problem);
	const struct km_issued issued = {signings[TOKEN].text, document, signings[QR].text, thumbprint};
	return km_mark_credential_put(batch->store, draft->mark->id, &issued, batch->now, problem);
}

static enum km_error sign_and_keep(struct batch *batch, struct km_buf *issued, struct km_problem *problem)
{
	enum km_error error = km_signer_sign_all(batch->signer, batch->signings, batch->len * SIGNINGS, problem);
	for (size_t i = 0; !error && i < batch->len; i++) {
		const char *number = batch->drafts[i].mark->number;
		error = keep(batch, i, problem);
		km_buf_add(issued, number, strlen(number) + 1);
	}
	return !error && issued->failed ? km_fail_memory(problem) : error;
}

enum km_error km_issue_marks(struct km_store *store, struct km_signer *signer, const struct km_buf *numbers,
                             int64_t now, struct km_buf *issued, struct km_problem *problem)
{
	for (size_t at = 0; at < numbers->len;) {
		auto_batch struct batch batch = {.store = store, .signer = signer, .now = now};
		enum km_error error = KM_OK;
		for (; !error && batch.len < AT_ONCE && at < numbers->len; at += strlen(numbers->data + at) + 1)
			error = draw_up(&batch, numbers->data + at, problem);
		if (!error && batch.len)
			error = sign_and_keep(&batch, issued, problem);
		if (error)
			return error;
	}
	return KM_OK;
}
