/*
 * write_credentials FOLDER COUNT: issues COUNT credentials of marks whose names are as difficult as can be, for three
 * registries whose keys it makes in FOLDER, and prints one JSON object on each line: first {"url", "did", "context"} of
 * each registry, then {"url", "name", "document", "nquads", "token"} of each mark. For tests with verifiers that are
 * not ours.
 */
#include "badge/credential.h"
#include "badge/data_integrity.h"
#include "badge/qr_token.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/signer.h"
#include "registry/name.h"
#include "tests/sample_mark.h"
#include "tests/test.h"

#include <stdlib.h>

static const char *const urls[] = {"https://keurmerk.example", "http://127.0.0.1:8080", "http://[::1]:65535"};
enum { URLS = sizeof urls / sizeof *urls, TEXTS = 16, PIECES_MAX = 12 };

/* What has broken programs that handle names, quote them, or put them in JSON, XML, SQL, RDF or a terminal. U+FFFE and
 * U+FFFF, which are no characters, are not among them: the register takes neither, and the reference implementation
 * does not write them down as RDFC-1.0 says. */
static const char *const pieces[] = {
	"\"",
	"\\",
	"\\\\\"",
	"\\u0041",
	"\\n",
	"'",
	"`",
	"<",
	">",
	"&amp;",
	"]]>",
	"<!--",
	"\"^^<http://x.example/>",
	"\"@nl .",
	" .",
	"_:c14n0",
	"@id",
	"@context",
	"https://keurmerk.example/m/1",
	"did:web:x.example",
	"{\"id\":\"a\"}",
	"%s%n",
	"$(x)",
	"\x7f",
	"\x01",
	"\x1f",
	"\t",
	"\r\n",
	"\b\f\v",
	"\xc2\x80",
	"\xc2\x85",
	"\u2028",
	"\ufffd",
	"\ufeff",
	"\ue000",
	"\uf8ff",
	"\ufdd0",
	"é",
	"e\u0301",
	"ß",
	"İ",
	"Ĳ",
	"’s-Hertogenbosch",
	"ﬁ",
	"Å",
	"Å",
	"ก็็็",
	"שלום",
	"بيت",
	"\u200f",
	"\u202e",
	"\u2066",
	"株式会社",
	"𝄞",
	"𠮷",
	"👩\u200d💻",
	"🏳\ufe0f\u200d🌈",
	"🇳🇱",
	"\U0001f1f3",
	"\U000e0020",
	"\U0010fffd",
	"\U0010ffff",
	"\U0001fffe",
	"Test BV Donald",
	" ",
	"\u00a0",
	"B.V.",
	"N.V. Voorbeeld",
	"0",
	"true",
	"null",
	"2026-11-24T17:02:37Z",
};
enum { PIECES = sizeof pieces / sizeof *pieces };

static uint64_t state = 0x9e3779b97f4a7c15;

static unsigned draw(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % below;
}

/* A text of some pieces, or, where the register is to take it, of pieces that it takes. */
static char *draw_text(bool as_registered, const char *fallback)
{
	for (int tries = 0; tries < 50; tries++) {
		auto_buf struct km_buf text = KM_BUF_EMPTY;
		unsigned count = 1 + draw(PIECES_MAX);
		for (unsigned i = 0; i < count; i++)
			km_buf_add_text(&text, pieces[draw(PIECES)]);
		if (!as_registered || km_name_check(text.data, 200, "name", "the name", NULL) == KM_OK)
			return km_buf_take(&text, NULL);
	}
	return strdup(fallback);
}

/* A mark of its own, whose texts are kept in `texts`. */
static void draw_mark(struct sample_mark *sample, char *texts[static TEXTS], char ret_kvk[static 9])
{
	size_t used = 0;
	uint8_t random[7];
	sample_mark_make(sample);
	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)draw(256);
	km_number_make(random, sample->mark.number);
	snprintf(ret_kvk, 9, "%08u", draw(100000000));
	sample->provider.kvk = ret_kvk;
	bool as_registered = draw(4) > 0;
	const char **places[] = {
		&sample->provider.name,
		&sample->body.name,
		&sample->body.accreditation,
		&sample->scheme.owner_name,
		&sample->scheme.name.in[KM_NL],
		&sample->scheme.description.in[KM_NL],
		&sample->services[0].name.in[KM_NL],
		&sample->services[1].name.in[KM_NL],
		&sample->level.name.in[KM_NL],
	};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		*places[i] = texts[used++] = draw_text(as_registered, "Test BV Donald");
	sample->provider.domains_len = draw(3);
	sample->mark.scope_len = draw(3);
	sample->mark.level = draw(2) ? &sample->level : NULL;
	sample->mark.audits_len = draw(13);
	for (size_t i = 0; i < sample->mark.audits_len; i++)
		sample->audits[i] = (struct km_mark_audit){.kind = "surveillance", .finished = (int64_t)draw(2000000000)};
	sample->mark.status_index = draw(400000);
}

static void must(enum km_error error, const struct km_problem *problem)
{
	if (!error)
		return;
	fprintf(stderr, "write_credentials: %s\n", problem->message);
	exit(EXIT_FAILURE);
}

static void print_line(json_t *line)
{
	auto_free char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	if (!text || printf("%s\n", text) < 0)
		exit(EXIT_FAILURE);
}

static struct km_signer *open_signer(const char *folder, const char *url, int index)
{
	static const int64_t now = SAMPLE_NOW;
	char keys[512];
	struct km_problem problem = {0};
	struct km_keyset set;
	struct km_signer *signer = NULL;
	struct km_clock clock = km_clock_fixed(&now);
	snprintf(keys, sizeof keys, "%s/keys-%d", folder, index);
	must(km_signer_init(keys, url, NULL, now, &problem), &problem);
	must(km_signer_open(keys, NULL, &clock, &signer, &problem), &problem);
	must(km_signer_keyset(keys, &set, &problem), &problem);
	auto_free char *text = km_credential_context(url);
	json_t *context = NULL;
	must(km_json_parse(text, strlen(text), "the context", &context, &problem), &problem);
	print_line(json_pack("{s:s, s:o, s:o}", "url", url, "did", km_keyset_did(&set), "context", context));
	return signer;
}

static void print_mark(const struct km_mark *mark, const char *url, struct km_signer *signer)
{
	struct km_problem problem = {0};
	json_t *document = NULL;
	auto_free char *nquads = NULL, *payload = NULL, *token = NULL, *qr_payload = NULL, *qr_token = NULL;
	size_t len = 0;
	must(km_credential_document(mark, url, &document, &problem), &problem);
	must(km_data_integrity_nquads(document, url, &nquads, &len, &problem), &problem);
	must(km_data_integrity_prove(document, url, signer, &problem), &problem);
	must(km_credential_payload(mark, url, SAMPLE_NOW, &payload, &problem), &problem);
	must(km_signer_sign(signer, KM_FORM_CREDENTIAL, payload, strlen(payload), &token, &problem), &problem);
	must(km_qr_token_payload(mark, url, SAMPLE_NOW, &qr_payload, &problem), &problem);
	must(km_signer_sign(signer, KM_FORM_QR, qr_payload, strlen(qr_payload), &qr_token, &problem), &problem);
	auto_free char *qr = km_qr_token_text(url, qr_token);
	print_line(json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "url", url, "name", mark->provider->name, "document",
	                     document, "nquads", nquads, "token", token, "qr", qr));
}

int main(int argc, char **argv)
{
	struct km_signer *signers[URLS];
	if (argc != 3) {
		fprintf(stderr, "usage: write_credentials FOLDER COUNT\n");
		return 2;
	}
	long count = strtol(argv[2], NULL, 10);
	for (int i = 0; i < URLS; i++)
		signers[i] = open_signer(argv[1], urls[i], i);
	for (long i = 0; i < count; i++) {
		struct sample_mark sample;
		char *texts[TEXTS] = {NULL}, kvk[9];
		draw_mark(&sample, texts, kvk);
		print_mark(&sample.mark, urls[i % URLS], signers[i % URLS]);
		for (size_t k = 0; k < TEXTS; k++)
			free(texts[k]);
	}
	for (int i = 0; i < URLS; i++)
		km_signer_close(signers[i]);
	return 0;
}
