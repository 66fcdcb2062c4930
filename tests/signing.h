/*
 * A signer in a process of its own, for tests of it: the program of the test is its own signer, as keurmerk is.
 */
#ifndef KM_TESTS_SIGNING_H
#define KM_TESTS_SIGNING_H

#include "tests/folder.h"

#include "base/buf.h"
#include "keys/cwt.h"
#include "keys/jws.h"
#include "keys/signer.h"
#include "keys/signer_process.h"
#include "keys/signer_start.h"

#define URL "https://keurmerk.example"

/* When the keys were made: long ago, so that the machine's clock, which the signer's process has, does not matter. */
static const int64_t made_at = 1000000000;

/* This program is its own signer, as keurmerk is. */
static const struct km_signer_process own = {.program = "/proc/self/exe", .folder = "keys"};

static int64_t link_moment; /* what the server's clock says */

static inline struct km_clock link_clock(void)
{
	return km_clock_fixed(&link_moment);
}

/* In another process, so that no key was ever in the memory of this one. */
static inline void make_keys_elsewhere(const char *passphrase)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(km_signer_init("keys", URL, passphrase, made_at, NULL) != KM_OK);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static struct km_signer_starter *starter; /* the keeper's part, here in the same process */
static unsigned reply_timeout_ms;

static inline enum km_error open_socket(void *context, int *ret_fd, struct km_problem *problem)
{
	(void)context;
	return km_signer_starter_renew(starter, ret_fd, problem);
}

static inline enum km_error try_start(const struct km_signer_process *process, struct km_signer **ret_signer,
                                      struct km_problem *problem)
{
	struct km_clock clock = link_clock();
	const struct km_signer_source source = {
		.open = open_socket, .folder = process->folder, .reply_timeout_ms = reply_timeout_ms};
	km_signer_starter_free(starter);
	starter = NULL;
	enum km_error error = km_signer_starter_new(process, &starter, problem);
	return error ? error : km_signer_start(&source, &clock, ret_signer, problem);
}

static inline struct km_signer *start(const struct km_signer_process *process)
{
	struct km_problem problem = {0};
	struct km_signer *signer = NULL;
	assert_ok(try_start(process, &signer, &problem), &problem);
	return signer;
}

static inline pid_t signer_process(void)
{
	return km_signer_starter_process(starter);
}

static inline void stop(struct km_signer *signer)
{
	km_signer_close(signer);
	km_signer_starter_free(starter);
	starter = NULL;
}

static inline const struct km_keyset_entry *entry_for(const struct km_keyset *set, enum km_purpose purpose)
{
	for (size_t i = 0; i < set->len; i++)
		if (set->entries[i].purpose == purpose)
			return &set->entries[i];
	fail();
	abort(); /* not reached, which the compiler does not know */
}

/* A payload of this form, about now; the caller's (free). */
static inline char *sample(enum km_form form)
{
	struct km_clock clock = km_clock_system();
	long long now = km_clock_now(&clock);
	char moment[KM_TIME_TEXT];
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	switch (form) {
	case KM_FORM_CREDENTIAL:
		km_buf_add_format(&text,
		                  "{\"type\":[\"VerifiableCredential\",\"OpenBadgeCredential\"],\"iss\":\"" URL
		                  "\",\"issuer\":{\"id\":\"" URL "\"},\"id\":\"a:1\",\"jti\":\"a:1\",\"sub\":\"a:2\","
		                  "\"credentialSubject\":{\"id\":\"a:2\"},\"nbf\":1,\"iat\":%lld}",
		                  now);
		break;
	case KM_FORM_STATUS_LIST:
		km_time_format(now, moment);
		km_buf_add_format(
			&text,
			"{\"type\":[\"BitstringStatusListCredential\"],\"id\":\"a:1\",\"issuer\":\"" URL
			"\",\"validFrom\":\"%s\",\"validUntil\":\"%s\",\"credentialSubject\":{\"encodedList\":\"uH4sI\"}}",
			moment, moment);
		break;
	case KM_FORM_STATUS:
		km_buf_add_format(&text,
		                  "{\"iss\":\"" URL "\",\"sub\":\"a:1\",\"iat\":%lld,\"exp\":%lld,\"mark\":\"1\",\"state\":"
		                  "\"active\"}",
		                  now, now + 60);
		break;
	case KM_FORM_REGISTER:
		km_buf_add_format(&text,
		                  "{\"iss\":\"" URL "\",\"sub\":\"a:1\",\"iat\":%lld,\"exp\":%lld,\"sha256\":\"00\",\"rows\":0,"
		                  "\"sequence\":0,\"next_update\":\"soon\"}",
		                  now, now + 60);
		break;
	case KM_FORM_QR:
		km_buf_add_format(&text,
		                  "{\"iss\":\"" URL "\",\"sub\":\"1\",\"exp\":%lld,\"iat\":%lld,\"name\":\"n\",\"kvk\":\"k\","
		                  "\"scheme\":\"s\",\"index\":0}",
		                  now + 60, now);
		break;
	default:
		km_buf_add_format(&text, "{\"iss\":\"" URL "\",\"jti\":\"x\",\"iat\":%lld,\"results\":[]}", now);
	}
	return km_buf_take(&text, NULL);
}

static inline enum km_error sign(struct km_signer *signer, enum km_form form, char **token, struct km_problem *problem)
{
	auto_free char *payload = sample(form);
	return km_signer_sign(signer, form, payload, strlen(payload), token, problem);
}

static inline void assert_signs(struct km_signer *signer, enum km_form form)
{
	struct km_problem problem = {0};
	struct km_keyset set;
	auto_free char *token = NULL;
	auto_jws struct km_jws jws = {0};
	assert_ok(km_signer_keyset("keys", &set, &problem), &problem);
	assert_ok(sign(signer, form, &token, &problem), &problem);
	if (form == KM_FORM_QR) {
		auto_cwt struct km_cwt cwt = {0};
		assert_ok(km_cwt_parse(token, strlen(token), &cwt, &problem), &problem);
		assert_true(km_cwt_verify(&cwt, entry_for(&set, km_form_purpose(form))->public_key));
		return;
	}
	assert_ok(km_jws_parse(token, strlen(token), 10000, &jws, &problem), &problem);
	assert_true(km_jws_verify(&jws, entry_for(&set, km_form_purpose(form))->public_key));
	assert_string_equal(jws.typ, km_form_typ(form));
}

static inline int status_after(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

#endif
