#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/checkpoint.h"
#include "keys/cwt.h"
#include "keys/form.h"
#include "keys/jws.h"
#include "keys/keyset.h"
#include "keys/manifest.h"
#include "keys/multikey.h"
#include "keys/note.h"
#include "keys/nquads.h"
#include "keys/proof.h"
#include "keys/signer_process.h"
#include "keys/token_uri.h"
#include "keys/wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define URL "https://keurmerk.example"
enum { NOW = 1795561667, TOKEN_MAX = 256 * 1024 };

/* Of RFC 8032, section 7.1, test 1. */
static const uint8_t stranger[KM_PUBLIC_BYTES] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
                                                  0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
                                                  0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

static void jws(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_jws struct km_jws jws = {0};
	if (km_jws_parse(bytes, len, TOKEN_MAX, &jws, &problem))
		return;
	FUZZ_PROMISE(jws.payload_len && strlen(jws.signed_text) == jws.signed_len && jws.signed_len < len);
	FUZZ_PROMISE(memcmp(jws.signed_text, bytes, jws.signed_len) == 0);
	FUZZ_PROMISE(!km_jws_verify(&jws, stranger));
}

static void cwt(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_cwt struct km_cwt cwt = {0};
	if (km_cwt_parse(bytes, len, &cwt, &problem))
		return;
	FUZZ_PROMISE(json_object_size(cwt.claims) == 8);
	FUZZ_PROMISE(!km_cwt_verify(&cwt, stranger));
}

/* The first line is a verifier's, the rest a note. */
static void note(const char *bytes, size_t len)
{
	struct km_problem problem;
	struct km_note_verifier verifier;
	size_t text_len = 0;
	const char *newline = len ? memchr(bytes, '\n', len) : NULL;
	if (!newline)
		return;
	size_t line_len = (size_t)(newline - bytes), note_len = len - line_len - 1;
	auto_free char *line = fuzz_text(bytes, line_len);
	if (km_note_verifier_parse(line, &verifier, &problem))
		return;
	auto_free char *again = NULL;
	FUZZ_PROMISE(km_note_verifier_format(&verifier, &again, &problem) == KM_OK && strcmp(again, line) == 0);
	if (km_note_verify(newline + 1, note_len, &verifier, &text_len, &problem) == KM_OK)
		FUZZ_PROMISE(text_len && text_len < note_len);
}

static void checkpoint(const char *bytes, size_t len)
{
	struct km_problem problem;
	struct km_checkpoint checkpoint;
	if (km_checkpoint_parse(bytes, len, &checkpoint, &problem))
		return;
	auto_buf struct km_buf again = KM_BUF_EMPTY;
	km_checkpoint_format(&checkpoint, &again);
	FUZZ_PROMISE(again.len == len && memcmp(again.data, bytes, len) == 0);
}

static void keyset(const char *bytes, size_t len)
{
	struct km_problem problem;
	static struct km_keyset set, again;
	if (km_keyset_parse(bytes, len, &set, &problem))
		return;
	FUZZ_PROMISE(set.len <= KM_KEYSET_MAX);
	json_auto_t *jwks = km_keyset_jwks(&set);
	auto_free char *text = km_json_text(jwks);
	FUZZ_PROMISE(text && km_keyset_parse(text, strlen(text), &again, &problem) == KM_OK && again.len == set.len);
	json_auto_t *did = km_keyset_did(&set);
	for (size_t i = 0; i < set.len; i++) {
		FUZZ_PROMISE(km_keyset_find(&again, set.entries[i].thumbprint) != NULL);
		km_keyset_state(&set.entries[i], NOW);
	}
}

static void manifest(const char *bytes, size_t len)
{
	struct km_problem problem;
	static struct km_manifest manifest;
	if (km_manifest_read(bytes, len, &manifest, &problem))
		return;
	FUZZ_PROMISE(manifest.sequence >= 1 && manifest.set.len <= KM_KEYSET_MAX);
	FUZZ_PROMISE(km_manifest_lists(&manifest, &manifest.set));
	FUZZ_PROMISE(km_manifest_follows(&manifest, &manifest, &problem) == KM_UNPROVEN);
}

static void did(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *text = fuzz_text(bytes, len);
	char url[256], again[256];
	if (km_did_web_url(text, url)) {
		FUZZ_PROMISE(km_did_web(url, again, &problem) == KM_OK);
		FUZZ_PROMISE(strcmp(text, again) == 0);
	}
}

static void multibase(const char *bytes, size_t len)
{
	auto_free char *text = fuzz_text(bytes, len);
	uint8_t read[KM_MULTIBASE_BYTES_MAX];
	for (size_t size = 0; size <= KM_MULTIBASE_BYTES_MAX; size += 2) {
		auto_buf struct km_buf again = KM_BUF_EMPTY;
		if (!km_multibase_decode_exact(text, read, size))
			continue;
		km_multibase_encode(read, size, &again);
		FUZZ_PROMISE(again.data && strcmp(again.data, text) == 0);
	}
}

static enum km_error count_quad(void *context, const struct km_nquad *quad, struct km_problem *problem)
{
	(void)problem;
	FUZZ_PROMISE(quad->subject.len && quad->predicate.len);
	++*(size_t *)context;
	return KM_OK;
}

static void nquads(const char *bytes, size_t len)
{
	struct km_problem problem;
	size_t count = 0;
	if (km_nquads_read(bytes, len, count_quad, &count, &problem) == KM_OK)
		FUZZ_PROMISE(count <= len);
	km_proof_check(bytes, len, URL, &problem);
}

static void proof(const char *bytes, size_t len)
{
	struct km_problem problem;
	struct km_proof proof;
	json_auto_t *object = NULL;
	if (km_json_parse(bytes, len, "the proof", &object, &problem) || km_proof_parse(object, &proof, &problem))
		return;
	json_auto_t *again = km_proof_json(&proof);
	FUZZ_PROMISE(json_equal(object, again));
}

/* The first byte says which form it is to be. */
static void form(const char *bytes, size_t len)
{
	struct km_problem problem;
	int64_t moment = 0;
	if (len && km_form_check((enum km_form)((unsigned char)bytes[0] % KM_FORMS), bytes + 1, len - 1, URL, NOW, &moment,
	                         &problem) == KM_OK)
		FUZZ_PROMISE(moment >= NOW - KM_FORM_SKEW_S && moment <= NOW + KM_FORM_SKEW_S);
}

/* What comes over the socket to the signer's process, message after message. */
static void signer(const char *bytes, size_t len)
{
	int ends[2];
	if (len > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return;
	size_t left = len;
	if (len)
		FUZZ_PROMISE(send(ends[0], bytes, len, 0) == (ssize_t)len);
	close(ends[0]);
	for (;;) {
		struct km_problem problem;
		struct km_message message = {0};
		enum km_error error = km_message_receive(ends[1], KM_FORM_PAYLOAD_MAX, &message, &problem);
		auto_free char *owned = error ? NULL : message.bytes;
		if (error) {
			FUZZ_PROMISE(error == KM_TOO_LARGE || (error == KM_ABSENT) == (left == 0));
			break;
		}
		FUZZ_PROMISE(owned && message.len < left && owned[message.len] == '\0');
		left -= message.len + 8;
		int64_t moment;
		struct km_checkpoint checkpoint;
		if (message.kind < KM_FORMS)
			km_form_check((enum km_form)message.kind, owned, message.len, URL, NOW, &moment, &problem);
		else if (message.kind == KM_REQUEST_CHECKPOINT)
			km_checkpoint_parse(owned, message.len, &checkpoint, &problem);
		else
			km_proof_check(owned, message.len, URL, &problem);
	}
	close(ends[1]);
}

/* What somebody gives as the place of a key, and what is written into a key's file of that. */
static void token_uri(const char *bytes, size_t len)
{
	struct km_problem problem;
	auto_free char *text = strndup(bytes, len);
	auto_token_uri struct p11_kit_uri *uri = NULL;
	if (!text || km_token_uri_parse(text, &uri, &problem))
		return;
	const char *pin_file = km_token_uri_pin_file(uri);
	FUZZ_PROMISE(!pin_file || *pin_file == '/');
	auto_free char *token = km_token_uri_of_token(text), *key = km_token_uri_of_key(text, "\x01", 1, "keurmerk log");
	FUZZ_PROMISE(token && km_token_uri_is(token) && !strpbrk(token, "\r\n"));
	FUZZ_PROMISE(key && km_token_uri_is(key) && !strpbrk(key, "\r\n"));
	if (strlen(key) <= KM_TOKEN_URI_MAX)
		FUZZ_PROMISE(km_token_names_key(key) && km_token_uri_made_here(key));
	if (strlen(token) <= KM_TOKEN_URI_MAX)
		FUZZ_PROMISE(!km_token_names_key(token));
}

const struct fuzz_target fuzz_keys[] = {
	{"jws", jws},
	{"cwt", cwt},
	{"note", note},
	{"checkpoint", checkpoint},
	{"keyset", keyset},
	{"manifest", manifest},
	{"did", did},
	{"multibase", multibase},
	{"nquads", nquads},
	{"proof", proof},
	{"form", form},
	{"signer", signer},
	{"token-uri", token_uri},
	{0},
};
