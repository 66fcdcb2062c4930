#include "tests/verifying.h"

#include "badge/credential.h"
#include "badge/data_integrity.h"
#include "badge/qr_token.h"
#include "badge/status.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/checkpoint.h"
#include "keys/note.h"
#include "registry/merkle.h"
#include "registry/tlog_proof.h"

#include <stdlib.h>
#include <zlib.h>

char *world_sign(const struct world *world, int key, const char *typ, const char *kid, const char *payload)
{
	struct km_problem problem = {0};
	json_auto_t *header = json_pack("{s:s, s:s}", "typ", typ, "kid", kid);
	char *token = NULL;
	assert_ok(km_jws_sign(world->keys[key], header, payload, strlen(payload), &token, &problem), &problem);
	return token;
}

void world_kid(const struct world *world, int key, bool as_url, char ret_kid[static 256])
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char thumbprint[KM_THUMBPRINT_TEXT];
	km_key_public(world->keys[key], public_key);
	km_jwk_thumbprint(public_key, thumbprint);
	snprintf(ret_kid, 256, as_url ? SAMPLE_URL "/keys/%s.jwk" : "%s", thumbprint);
}

char *world_sign_credential(const struct world *world, int key, const char *payload)
{
	char kid[256];
	world_kid(world, key, true, kid);
	return world_sign(world, key, "JWT", kid, payload);
}

char *world_credential(const struct world *world, const struct km_mark *mark, const char *url)
{
	struct km_problem problem = {0};
	auto_free char *payload = NULL;
	assert_ok(km_credential_payload(mark, url, SAMPLE_NOW, &payload, &problem), &problem);
	return world_sign_credential(world, CREDENTIAL, payload);
}

char *world_status(const struct world *world, const struct km_mark *mark, int64_t now, int key)
{
	struct km_problem problem = {0};
	auto_free char *payload = NULL;
	char kid[256];
	world_kid(world, key, false, kid);
	assert_ok(km_status_payload(mark, SAMPLE_URL, now, &payload, &problem), &problem);
	return world_sign(world, key, "keurmerk-status+jwt", kid, payload);
}

static char *pack(const uint8_t *bytes, size_t len)
{
	uint8_t packed[20000];
	z_stream stream = {
		.next_in = (Bytef *)bytes, .avail_in = (uInt)len, .next_out = packed, .avail_out = sizeof packed};
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	size_t packed_len = stream.total_out;
	deflateEnd(&stream);
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_buf_add_char(&text, 'u');
	km_encode(KM_BASE64URL, packed, packed_len, &text);
	return km_buf_take(&text, NULL);
}

char *world_list(const struct world *world, enum km_status_purpose purpose, int64_t number, bool set, int64_t from,
                 const char *url, int key)
{
	static uint8_t bytes[KM_STATUS_LIST_BYTES];
	bytes[0] = set ? 0x80 : 0x7f; /* the others are no matter of ours */
	auto_free char *encoded = pack(bytes, sizeof bytes), *id = km_status_list_url(url, purpose, number);
	char did[256], kid[256];
	assert_int_equal(km_did_web(url, did, NULL), KM_OK);
	world_kid(world, key, true, kid);
	json_auto_t *payload = json_pack(
		"{s:s, s:[s, s], s:s, s:o, s:o, s:{s:o, s:s, s:s, s:s}}", "id", id, "type", "VerifiableCredential",
		"BitstringStatusListCredential", "issuer", did, "validFrom", km_json_moment_new(from), "validUntil",
		km_json_moment_new(from + KM_STATUS_LIST_TTL_S), "credentialSubject", "id", json_sprintf("%s#list", id), "type",
		"BitstringStatusList", "statusPurpose", km_status_purpose_name(purpose), "encodedList", encoded);
	auto_free char *text = km_json_text(payload);
	assert_non_null(text);
	return world_sign(world, key, "vc+jwt", kid, text);
}

char *world_document(const struct world *world, const struct km_mark *mark, const char *url, int key)
{
	struct km_problem problem = {0};
	json_auto_t *document = NULL;
	assert_ok(km_credential_document(mark, url, &document, &problem), &problem);
	return world_prove(world, document, url, key);
}

char *world_prove(const struct world *world, json_t *document, const char *url, int key)
{
	struct km_problem problem = {0};
	struct km_proof proof;
	auto_free char *nquads = NULL;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char did[256], method[KM_PROOF_METHOD_TEXT];
	size_t len = 0;
	km_key_public(world->keys[key], public_key);
	assert_ok(km_data_integrity_nquads(document, url, &nquads, &len, &problem), &problem);
	assert_ok(km_did_web(url, did, &problem), &problem);
	assert_ok(km_proof_method(did, public_key, method, &problem), &problem);
	assert_ok(km_proof_make(world->keys[key], method, SAMPLE_NOW, nquads, len, &proof, &problem), &problem);
	json_object_set_new(document, "proof", km_proof_json(&proof));
	return km_json_text(document);
}

char *world_qr_token(const struct world *world, const struct km_mark *mark, const char *url, int key)
{
	struct km_problem problem = {0};
	auto_free char *payload = NULL;
	char *token = NULL;
	assert_ok(km_qr_token_payload(mark, url, SAMPLE_NOW, &payload, &problem), &problem);
	json_auto_t *claims = json_loads(payload, 0, NULL);
	assert_ok(km_cwt_sign(world->keys[key], claims, &token, &problem), &problem);
	return token;
}

static enum km_error get_status(void *context, const char *number, char **ret_token, struct km_problem *problem)
{
	struct answer *answer = context;
	answer->asked++;
	assert_string_equal(number, SAMPLE_NUMBER);
	if (answer->error)
		return km_fail(problem, answer->error, "test", "the test does not answer");
	*ret_token = answer->token ? strdup(answer->token)
	                           : world_status(answer->world, &answer->world->sample.mark, answer->world->now, STATUS);
	return *ret_token ? KM_OK : km_fail_memory(problem);
}

int world_set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	struct km_problem problem = {0};
	world->now = SAMPLE_NOW + 60;
	strcpy(world->trust.url, SAMPLE_URL);
	for (int i = 0; i < KEYS; i++) {
		uint8_t seed[32] = {(uint8_t)(i + 1)};
		assert_ok(km_key_from_seed(seed, &world->keys[i], &problem), &problem);
	}
	world_publish(world, CREDENTIAL, KM_PURPOSE_CREDENTIAL);
	world_publish(world, STATUS, KM_PURPOSE_STATUS);
	sample_mark_make(&world->sample);
	world->answer.world = world;
	world->source = (struct km_status_source){.get = get_status, .context = &world->answer};
	world->token = world_credential(world, &world->sample.mark, SAMPLE_URL);
	*state = world;
	return 0;
}

int world_tear_down(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < KEYS; i++)
		km_key_free(world->keys[i]);
	free(world->token);
	free(world);
	return 0;
}

char *world_log_proof(const struct world *world, const char *entry, size_t len, const char *origin, int key)
{
	struct km_problem problem = {0};
	auto_free char *note = NULL;
	struct km_hash first = km_merkle_leaf("first", 5), second = km_merkle_leaf(entry, len);
	struct km_hash root = km_merkle_node(&first, &second);
	struct km_checkpoint checkpoint = {.size = 2};
	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", origin);
	memcpy(checkpoint.root, root.bytes, sizeof checkpoint.root);
	auto_buf struct km_buf body = KM_BUF_EMPTY, text = KM_BUF_EMPTY;
	km_checkpoint_format(&checkpoint, &body);
	assert_ok(km_note_sign(world->keys[key], origin, body.data, body.len, &note, &problem), &problem);
	struct km_tlog_proof proof = {
		/* Only read, whatever the type says. */
		.extra = (char *)entry, .extra_len = len, .index = 1, .note = note, .note_len = strlen(note),
	};
	proof.path.hashes[0] = first;
	proof.path.len = 1;
	km_tlog_proof_format(&proof, &text);
	return km_buf_take(&text, NULL);
}

void world_publish(struct world *world, int key, enum km_purpose purpose)
{
	struct km_keyset_entry *entry = &world->trust.entries[world->trust.len++];
	km_key_public(world->keys[key], entry->public_key);
	km_jwk_thumbprint(entry->public_key, entry->thumbprint);
	entry->purpose = purpose;
	entry->not_before = SAMPLE_NOW - 1000;
}

struct km_verdict world_verify_bytes(struct world *world, const void *bytes, size_t len)
{
	struct km_verdict verdict;
	memset(&verdict, 0x55, sizeof verdict);
	km_verify(bytes, len, &world->trust, &world->source, world->now, &verdict);
	return verdict;
}

struct km_verdict world_verify(struct world *world, const char *token)
{
	return world_verify_bytes(world, token, strlen(token));
}

void expect(const struct km_verdict *verdict, enum km_outcome_kind outcome, const char *reason)
{
	if (verdict->outcome != outcome || strcmp(verdict->reason, reason) != 0)
		fail_msg("outcome %d, reason %s, not %d and %s: %s", verdict->outcome, verdict->reason, outcome, reason,
		         verdict->sentence);
	static const char *const begins[] = {"Genuine", "Not valid", "Cannot tell"};
	assert_memory_equal(verdict->sentence, begins[outcome], strlen(begins[outcome]));
	size_t characters;
	assert_true(km_utf8_valid(verdict->sentence, strlen(verdict->sentence), &characters));
	assert_true(strlen(verdict->sentence) < sizeof verdict->sentence - 1);
}

struct km_verdict world_verify_parts(struct world *world, const char *header, const char *payload)
{
	auto_buf struct km_buf token = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, header, strlen(header), &token);
	km_buf_add_char(&token, '.');
	km_encode(KM_BASE64URL, payload, strlen(payload), &token);
	km_buf_add_char(&token, '.');
	for (int i = 0; i < 84; i++)
		km_buf_add_text(&token, "A");
	km_buf_add_text(&token, "AA");
	return world_verify(world, token.data);
}

void expect_all_good(const struct km_verdict *verdict)
{
	expect(verdict, KM_GENUINE, "active");
	for (int i = 0; i < KM_CHECKS; i++)
		assert_int_equal(verdict->checks[i].result, i == KM_CHECK_LOG ? KM_RESULT_NOT_REACHED : KM_RESULT_GOOD);
	assert_string_equal(verdict->warning, "");
	assert_string_equal(verdict->number, SAMPLE_NUMBER);
	assert_string_equal(verdict->provider_name, "Test BV Donald");
	assert_string_equal(verdict->kvk, "68750110");
	assert_string_equal(verdict->body_name, "Voorbeeld Certificatie B.V.");
	assert_string_equal(verdict->issuer, "did:web:keurmerk.example");
	assert_int_equal(verdict->valid_until, 1890255599);
	assert_int_equal(verdict->state_since, SAMPLE_NOW);
	assert_int_equal(verdict->checked_at, SAMPLE_NOW + 60);
	assert_int_equal(verdict->knowledge_at, SAMPLE_NOW + 60);
}
