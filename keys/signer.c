#include "keys/signer.h"

#include "base/buf.h"
#include "base/file.h"
#include "keys/checkpoint.h"
#include "keys/key_folder.h"
#include "keys/key_life.h"
#include "keys/keyring.h"
#include "keys/manifest.h"
#include "keys/proof.h"
#include "keys/signer_link.h"
#include "keys/signer_process.h"

#include <pthread.h>
#include <stdlib.h>

struct km_signer {
	struct km_keyring *keyring;  /* the keys in this process, … */
	struct km_signer_link *link; /* … or the way to the process that has them */
	pthread_mutex_t one_at_a_time;
	struct km_clock clock;
};

static void close_signer(struct km_signer **signer)
{
	km_signer_close(*signer);
}
#define auto_signer __attribute__((cleanup(close_signer)))

enum km_error km_signer_init(const char *folder, const char *url, const char *passphrase, int64_t now,
                             struct km_problem *problem)
{
	return km_key_life_begin(folder, url, NULL, passphrase, now, problem);
}

static struct km_signer *new_signer(const struct km_clock *clock)
{
	struct km_signer *signer = calloc(1, sizeof *signer);
	if (!signer)
		return NULL;
	signer->clock = *clock;
	pthread_mutex_init(&signer->one_at_a_time, NULL);
	return signer;
}

enum km_error km_signer_open(const char *folder, const char *passphrase, const struct km_clock *clock,
                             struct km_signer **ret_signer, struct km_problem *problem)
{
	auto_signer struct km_signer *signer = new_signer(clock);
	if (!signer)
		return km_fail_memory(problem);
	enum km_error error = km_keyring_open(folder, passphrase, km_clock_now(clock), &signer->keyring, problem);
	if (error)
		return error;
	*ret_signer = signer;
	signer = NULL;
	return KM_OK;
}

enum km_error km_signer_start(const struct km_signer_source *source, const struct km_clock *clock,
                              struct km_signer **ret_signer, struct km_problem *problem)
{
	auto_signer struct km_signer *signer = new_signer(clock);
	if (!signer)
		return km_fail_memory(problem);
	enum km_error error = km_signer_link_start(source, clock, &signer->link, problem);
	if (error)
		return error;
	*ret_signer = signer;
	signer = NULL;
	return KM_OK;
}

void km_signer_close(struct km_signer *signer)
{
	if (!signer)
		return;
	km_keyring_close(signer->keyring);
	km_signer_link_close(signer->link);
	pthread_mutex_destroy(&signer->one_at_a_time);
	free(signer);
}

bool km_signer_in_token(const struct km_signer *signer)
{
	return signer->keyring && km_keyring_in_token(signer->keyring);
}

enum km_error km_signer_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem)
{
	return km_key_folder_keyset(folder, ret_set, problem);
}

enum km_error km_signer_manifest(const char *folder, char **ret_token, struct km_problem *problem)
{
	size_t len;
	auto_free char *path = km_key_folder_manifest_path(folder);
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = km_file_read(path, KM_MANIFEST_MAX, ret_token, &len, problem);
	return error == KM_ABSENT
	           ? km_fail(problem, KM_ABSENT, "no-manifest", "this registry has no root that signs its key set")
	           : error;
}

static enum km_error check_size(const struct km_signing *signing, struct km_problem *problem)
{
	if (signing->proof && signing->len > KM_PROOF_DOCUMENT_MAX)
		return km_fail(problem, KM_TOO_LARGE, "form", "a credential of over %d bytes is not proven",
		               KM_PROOF_DOCUMENT_MAX);
	if (!signing->proof && signing->len > KM_FORM_PAYLOAD_MAX)
		return km_fail(problem, KM_TOO_LARGE, "form", "a %s of over %d bytes is not signed",
		               km_form_name(signing->form), KM_FORM_PAYLOAD_MAX);
	return KM_OK;
}

static enum km_error ask_all(struct km_signer *signer, struct km_signing *signings, size_t len,
                             struct km_problem *problem)
{
	struct km_question questions[KM_SIGNINGS_MAX];
	for (size_t i = 0; i < len; i++)
		questions[i] = (struct km_question){.kind = signings[i].proof ? KM_REQUEST_PROOF : (uint32_t)signings[i].form,
		                                    .bytes = signings[i].bytes,
		                                    .len = signings[i].len};
	enum km_error error = km_signer_link_ask_all(signer->link, questions, len, problem);
	for (size_t i = 0; !error && i < len; i++)
		signings[i].text = questions[i].reply;
	return error;
}

static enum km_error sign_here(struct km_signer *signer, struct km_signing *signings, size_t len,
                               struct km_problem *problem)
{
	int64_t now = km_clock_now(&signer->clock);
	enum km_error error = KM_OK;
	for (size_t i = 0; !error && i < len; i++) {
		struct km_signing *one = &signings[i];
		error = one->proof
		            ? km_keyring_prove(signer->keyring, one->bytes, one->len, now, &one->text, problem)
		            : km_keyring_sign(signer->keyring, one->form, one->bytes, one->len, now, &one->text, problem);
	}
	for (size_t i = 0; error && i < len; i++) {
		free(signings[i].text);
		signings[i].text = NULL;
	}
	return error;
}

enum km_error km_signer_sign_all(struct km_signer *signer, struct km_signing *signings, size_t len,
                                 struct km_problem *problem)
{
	if (len > KM_SIGNINGS_MAX)
		return km_fail(problem, KM_BUG, "signings", "%zu are to be signed at once", len);
	for (size_t i = 0; i < len; i++) {
		enum km_error error = check_size(&signings[i], problem);
		if (error)
			return error;
	}
	pthread_mutex_lock(&signer->one_at_a_time);
	enum km_error error =
		signer->link ? ask_all(signer, signings, len, problem) : sign_here(signer, signings, len, problem);
	pthread_mutex_unlock(&signer->one_at_a_time);
	return error;
}

enum km_error km_signer_sign(struct km_signer *signer, enum km_form form, const char *payload, size_t len,
                             char **ret_token, struct km_problem *problem)
{
	struct km_signing signing = {.form = form, .bytes = payload, .len = len};
	enum km_error error = km_signer_sign_all(signer, &signing, 1, problem);
	if (!error)
		*ret_token = signing.text;
	return error;
}

enum km_error km_signer_checkpoint(struct km_signer *signer, const char *body, size_t len, char **ret_note,
                                   struct km_problem *problem)
{
	if (len > KM_CHECKPOINT_MAX)
		return km_fail(problem, KM_MALFORMED, "checkpoint", "this is not a checkpoint: it is over %d bytes",
		               KM_CHECKPOINT_MAX);
	int64_t now = km_clock_now(&signer->clock);
	pthread_mutex_lock(&signer->one_at_a_time);
	enum km_error error = signer->link
	                          ? km_signer_link_ask(signer->link, KM_REQUEST_CHECKPOINT, body, len, ret_note, problem)
	                          : km_keyring_checkpoint(signer->keyring, body, len, now, ret_note, problem);
	pthread_mutex_unlock(&signer->one_at_a_time);
	return error;
}

enum km_error km_signer_prove(struct km_signer *signer, const char *document, size_t len, char **ret_proof,
                              struct km_problem *problem)
{
	struct km_signing signing = {.proof = true, .bytes = document, .len = len};
	enum km_error error = km_signer_sign_all(signer, &signing, 1, problem);
	if (!error)
		*ret_proof = signing.text;
	return error;
}
