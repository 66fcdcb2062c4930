/* badge/keurmerk-verify.h over badge/verify.h: nothing is decided here. */
#include "badge/keurmerk-verify.h"

#include "badge/verify.h"
#include "keys/keyset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)KM_VERIFY_GENUINE == (int)KM_GENUINE && (int)KM_VERIFY_NOT_VALID == (int)KM_NOT_VALID &&
                   (int)KM_VERIFY_CANNOT_TELL == (int)KM_CANNOT_TELL,
               "the outcomes are the same");
_Static_assert((int)KM_VERIFY_NOT_REACHED == (int)KM_RESULT_NOT_REACHED && (int)KM_VERIFY_GOOD == (int)KM_RESULT_GOOD &&
                   (int)KM_VERIFY_BAD == (int)KM_RESULT_BAD && (int)KM_VERIFY_UNKNOWN == (int)KM_RESULT_UNKNOWN,
               "the results are the same");

struct km_verify_keys {
	struct km_keyset set;
};

struct km_verify_keys *km_verify_keys_parse(const char *jwks, size_t len, char *why, size_t why_size)
{
	struct km_problem problem = {.message = "memory ran out"};
	struct km_verify_keys *keys = malloc(sizeof *keys);
	if (keys && km_keyset_parse(jwks, len, &keys->set, &problem) == KM_OK)
		return keys;
	free(keys);
	if (why && why_size)
		snprintf(why, why_size, "%s", problem.message);
	return NULL;
}

void km_verify_keys_free(struct km_verify_keys *keys)
{
	free(keys);
}

const char *km_verify_keys_registry(const struct km_verify_keys *keys)
{
	return keys->set.url;
}

/* What was handed over, in the place of a registry that can be asked. */
static enum km_error hand_out(const char *text, char **ret_text, struct km_problem *problem)
{
	if (!text)
		return km_fail(problem, KM_UNAVAILABLE, "offline", "it was not handed over");
	char *copy = strdup(text);
	if (!copy)
		return km_fail_memory(problem);
	*ret_text = copy;
	return KM_OK;
}

static enum km_error get_status(void *context, const char *number, char **ret_token, struct km_problem *problem)
{
	const struct km_verify_evidence *evidence = context;
	(void)number; /* one of another mark is found out by what it says */
	return hand_out(evidence->status, ret_token, problem);
}

static enum km_error get_log_proof(void *context, const char *number, char **ret_text, struct km_problem *problem)
{
	const struct km_verify_evidence *evidence = context;
	(void)number;
	return hand_out(evidence->log_proof, ret_text, problem);
}

static struct km_status_source source_of(const struct km_verify_evidence *evidence)
{
	return (struct km_status_source){
		.get = evidence->status ? get_status : NULL,
		.get_log_proof = evidence->log_proof ? get_log_proof : NULL,
		.context = (void *)evidence, /* only read */
		.lists = evidence->status_lists,
		.lists_len = evidence->status_lists_len,
		.keyset_saved_at = evidence->keys_saved_at,
	};
}

/* A verdict with all that it points to. */
struct whole {
	struct km_verify_verdict verdict; /* first, so that the one pointer stands for the other */
	struct km_verify_check checks[KM_CHECKS];
	struct km_verdict words;
};

static void fill(struct whole *whole)
{
	const struct km_verdict *words = &whole->words;
	for (int i = 0; i < KM_CHECKS; i++)
		whole->checks[i] = (struct km_verify_check){
			.name = km_check_name((enum km_check)i),
			.result = (enum km_verify_result)words->checks[i].result,
			.detail = words->checks[i].detail,
		};
	whole->verdict = (struct km_verify_verdict){
		.outcome = (enum km_verify_outcome)words->outcome,
		.reason = words->reason,
		.sentence = words->sentence,
		.warning = words->warning,
		.checks = whole->checks,
		.checks_len = KM_CHECKS,
		.number = words->number,
		.provider_name = words->provider_name,
		.kvk = words->kvk,
		.scheme_name = words->scheme_name,
		.body_name = words->body_name,
		.issuer = words->issuer,
		.valid_from = words->valid_from,
		.valid_until = words->valid_until,
		.state_since = words->state_since,
		.checked_at = words->checked_at,
		.knowledge_at = words->knowledge_at,
	};
}

struct km_verify_verdict *km_verify_thing(const void *bytes, size_t len, const struct km_verify_keys *keys,
                                          const struct km_verify_evidence *evidence, int64_t now)
{
	static const struct km_verify_evidence none = {0};
	struct whole *whole = calloc(1, sizeof *whole);
	if (!whole)
		return NULL;
	const struct km_status_source source = source_of(evidence ? evidence : &none);
	km_verify(len ? bytes : "", len, keys ? &keys->set : NULL, &source, now, &whole->words);
	fill(whole);
	return &whole->verdict;
}

void km_verify_verdict_free(struct km_verify_verdict *verdict)
{
	free(verdict);
}
