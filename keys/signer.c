#include "keys/signer.h"

#include "keys/keyring.h"

#include <pthread.h>
#include <stdlib.h>

struct km_signer {
	struct km_keyring *keyring;
	pthread_mutex_t one_at_a_time;
	struct km_clock clock;
};

enum km_error km_signer_init(const char *folder, const char *url, const char *passphrase, int64_t now,
                             struct km_problem *problem)
{
	return km_keyring_create(folder, url, passphrase, now, problem);
}

enum km_error km_signer_open(const char *folder, const char *passphrase, const struct km_clock *clock,
                             struct km_signer **ret_signer, struct km_problem *problem)
{
	struct km_signer *signer = calloc(1, sizeof *signer);
	if (!signer)
		return km_fail_memory(problem);
	enum km_error error = km_keyring_open(folder, passphrase, &signer->keyring, problem);
	if (error) {
		free(signer);
		return error;
	}
	pthread_mutex_init(&signer->one_at_a_time, NULL);
	signer->clock = *clock;
	*ret_signer = signer;
	return KM_OK;
}

void km_signer_close(struct km_signer *signer)
{
	if (!signer)
		return;
	km_keyring_close(signer->keyring);
	pthread_mutex_destroy(&signer->one_at_a_time);
	free(signer);
}

enum km_error km_signer_keyset(const char *folder, struct km_keyset *ret_set, struct km_problem *problem)
{
	return km_keyring_keyset(folder, ret_set, problem);
}

enum km_error km_signer_sign(struct km_signer *signer, enum km_form form, const char *payload, size_t len,
                             char **ret_token, struct km_problem *problem)
{
	int64_t now = km_clock_now(&signer->clock);
	pthread_mutex_lock(&signer->one_at_a_time);
	enum km_error error = km_keyring_sign(signer->keyring, form, payload, len, now, ret_token, problem);
	pthread_mutex_unlock(&signer->one_at_a_time);
	return error;
}

enum km_error km_signer_checkpoint(struct km_signer *signer, const char *body, size_t len, char **ret_note,
                                   struct km_problem *problem)
{
	int64_t now = km_clock_now(&signer->clock);
	pthread_mutex_lock(&signer->one_at_a_time);
	enum km_error error = km_keyring_checkpoint(signer->keyring, body, len, now, ret_note, problem);
	pthread_mutex_unlock(&signer->one_at_a_time);
	return error;
}
