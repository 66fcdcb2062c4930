#include "base/buf.h"
#include "registry/address.h"
#include "registry/identifier.h"
#include "registry/number.h"
#include "registry/scheme.h"
#include "registry/tile.h"
#include "registry/tlog_proof.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void number(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *text = fuzz_text(bytes, len);
	char number[KM_NUMBER_TEXT], again[KM_NUMBER_TEXT], shown[KM_NUMBER_SHOWN];
	if (km_number_parse(text, number, &problem))
		return;
	km_number_show(number, shown);
	FUZZ_PROMISE(km_number_parse(shown, again, &problem) == KM_OK && strcmp(number, again) == 0);
	char typo[KM_NUMBER_TEXT];
	strcpy(typo, number);
	typo[0] = typo[0] == '7' ? '8' : '7';
	FUZZ_PROMISE(km_number_parse(typo, again, &problem) == KM_ABSENT);
}

static void identifier(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *text = fuzz_text(bytes, len);
	char domain[KM_DOMAIN_TEXT], again[KM_DOMAIN_TEXT];
	km_kvk_valid(text);
	km_establishment_valid(text);
	km_rsin_valid(text);
	km_lei_valid(text);
	km_euid_valid(text);
	km_country_valid(text);
	km_link_valid(text);
	km_registry_url_check(text, &problem);
	if (km_domain_normalise(text, domain, &problem) == KM_OK)
		FUZZ_PROMISE(km_domain_normalise(domain, again, &problem) == KM_OK && strcmp(domain, again) == 0);
}

static void fault(void *context, const char *text)
{
	FUZZ_PROMISE(*text != '\0');
	++*(size_t *)context;
}

static void scheme(const char *bytes, size_t len)
{
	struct km_problem problem;
	struct km_scheme *scheme = NULL;
	size_t faults = 0;
	enum km_error error = km_scheme_parse(bytes, len, &scheme, &problem);
	FUZZ_PROMISE(km_scheme_check(bytes, len, fault, &faults, &problem) == error);
	FUZZ_PROMISE((error == KM_OK) == (faults == 0) && faults <= KM_SCHEME_FAULTS_MAX);
	if (!error)
		FUZZ_PROMISE(km_slug_valid(scheme->id) && scheme->json_len == len);
	km_scheme_free(scheme);
}

static void tile(const char *bytes, size_t len)
{
	auto_free char *path = fuzz_text(bytes, len);
	struct km_tile tile;
	char again[KM_TILE_PATH_TEXT];
	if (!km_tile_parse(path, &tile))
		return;
	km_tile_format(&tile, again);
	FUZZ_PROMISE(strcmp(path, again) == 0);
	FUZZ_PROMISE(!km_tile_within(&tile, 0));
}

static void tlog_proof(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_tlog_proof struct km_tlog_proof proof = {0};
	if (km_tlog_proof_parse(bytes, len, &proof, &problem))
		return;
	auto_buf struct km_buf again = KM_BUF_EMPTY;
	km_tlog_proof_format(&proof, &again);
	FUZZ_PROMISE(again.len == len && memcmp(again.data, bytes, len) == 0);
	struct km_note_verifier log;
	static const uint8_t any[KM_PUBLIC_BYTES] = {9};
	if (km_note_verifier_make("keurmerk.example/log", any, &log, &problem) == KM_OK)
		FUZZ_PROMISE(km_tlog_proof_verify(&proof, proof.extra ? proof.extra : "", proof.extra_len, &log, NULL,
		                                  &problem) != KM_OK);
}

const struct fuzz_target fuzz_registry[] = {
	{"number", number}, {"identifier", identifier}, {"scheme", scheme}, {"tile", tile}, {"tlog-proof", tlog_proof}, {0},
};
