#include "badge/bake.h"
#include "badge/carrier.h"
#include "badge/data_integrity.h"
#include "badge/qr_token.h"
#include "badge/status.h"
#include "badge/status_list.h"
#include "badge/verify.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define URL "https://keurmerk.example"
enum { NOW = 1795561667 };

static void svg(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *token = NULL;
	if (km_unbake_svg(bytes, len, &token, &problem) == KM_OK)
		FUZZ_PROMISE(strlen(token) <= KM_TOKEN_MAX &&
		             strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		                           "0123456789-_.") == strlen(token));
}

static void pdf(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *token = NULL;
	if (km_unbake_pdf(bytes, len, &token, &problem) == KM_OK)
		FUZZ_PROMISE(strlen(token) <= KM_TOKEN_MAX && strlen(token) < len);
}

static void png(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *token = NULL, *again = NULL;
	auto_buf struct km_buf baked = KM_BUF_EMPTY;
	static const char put_in[] = "eyJhbGciOiJFZERTQSJ9.e30.AAAA";
	enum km_error error = km_unbake_png(bytes, len, &token, &problem);
	if (error == KM_OK)
		FUZZ_PROMISE(strlen(token) <= KM_TOKEN_MAX);
	if (km_bake_png(bytes, len, put_in, &baked, &problem))
		return;
	FUZZ_PROMISE(error == KM_ABSENT);
	FUZZ_PROMISE(km_unbake_png(baked.data, baked.len, &again, &problem) == KM_OK && strcmp(again, put_in) == 0);
}

static void carrier(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *token = NULL;
	km_carrier_token(bytes, len, &token, &problem);
}

static void qr(const char *bytes, size_t len)
{
	struct km_problem problem;
	static struct km_qr_token_text text;
	if (km_qr_token_find(bytes, len, &text, &problem))
		return;
	auto_cwt struct km_cwt cwt = {0};
	struct km_qr_claims claims;
	FUZZ_PROMISE(strlen(text.token) <= KM_CWT_TOKEN_MAX);
	if (km_cwt_parse(text.token, strlen(text.token), &cwt, &problem) == KM_OK &&
	    km_qr_token_read(cwt.claims, URL, &claims, &problem) == KM_OK)
		FUZZ_PROMISE(claims.status_index >= 0 && strlen(claims.kvk) == 8);
}

/* No key of its trust ever signed anything: nothing is genuine, and every answer is whole. */
static void verify(const char *bytes, size_t len)
{
	static struct km_keyset trust = {.url = URL, .len = 1, .entries = {{.public_key = {1}, .not_before = 1}}};
	static struct km_verdict verdict;
	static const struct km_status_source offline = {.keyset_saved_at = NOW};
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++) {
		trust.entries[0].purpose = purpose;
		km_jwk_thumbprint(trust.entries[0].public_key, trust.entries[0].thumbprint);
		km_verify(bytes, len, &trust, &offline, NOW, &verdict);
		FUZZ_PROMISE(verdict.outcome != KM_GENUINE);
		FUZZ_PROMISE(verdict.reason[0] && verdict.sentence[0]);
		FUZZ_PROMISE(km_utf8_valid(verdict.sentence, strlen(verdict.sentence), NULL));
		json_auto_t *json = km_verdict_json(&verdict);
		FUZZ_PROMISE(json != NULL);
	}
}

static void status_list(const char *bytes, size_t len)
{
	struct km_problem problem;
	static struct km_status_list list;
	json_auto_t *payload = NULL;
	bool set;
	if (km_json_parse(bytes, len, "the list", &payload, &problem) || km_status_list_read(payload, URL, &list, &problem))
		return;
	FUZZ_PROMISE(list.list >= 1);
	int64_t first = (list.list - 1) * KM_STATUS_LIST_ENTRIES, last = first + KM_STATUS_LIST_ENTRIES - 1;
	FUZZ_PROMISE(km_status_list_get(&list, first, &set, &problem) == KM_OK);
	FUZZ_PROMISE(km_status_list_get(&list, last, &set, &problem) == KM_OK);
	FUZZ_PROMISE(km_status_list_get(&list, last + 1, &set, &problem) != KM_OK);
}

static void status(const char *bytes, size_t len)
{
	struct km_problem problem;
	struct km_status_claims claims;
	json_auto_t *payload = NULL;
	if (km_json_parse(bytes, len, "the status", &payload, &problem) == KM_OK &&
	    km_status_read(payload, URL, "7K3Q9XM24HTT", NOW, &claims, &problem) == KM_OK)
		FUZZ_PROMISE(strcmp(claims.number, "7K3Q9XM24HTT") == 0);
}

static void document(const char *bytes, size_t len)
{
	struct km_problem problem;
	struct km_proof proof;
	json_auto_t *object = NULL;
	auto_free char *nquads = NULL;
	size_t nquads_len = 0;
	if (km_json_parse(bytes, len, "the document", &object, &problem) == KM_OK &&
	    km_data_integrity_open(object, URL, &proof, &nquads, &nquads_len, &problem) == KM_OK) {
		FUZZ_PROMISE(nquads_len && nquads[nquads_len - 1] == '\n');
		FUZZ_PROMISE(!json_object_get(object, "proof"));
	}
}

const struct fuzz_target fuzz_badge[] = {
	{"svg", svg},
	{"pdf", pdf},
	{"png", png},
	{"carrier", carrier},
	{"qr", qr},
	{"verify", verify},
	{"status-list", status_list},
	{"status", status},
	{"document", document},
	{0},
};
