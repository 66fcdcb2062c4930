#include "badge/credential.h"
#include "base/buf.h"
#include "base/json.h"
#include "tests/verifying.h"

#include <stdlib.h>

static char *sample_document(const struct world *world)
{
	return world_document(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
}

static json_t *sample_json(const struct world *world)
{
	struct km_problem problem = {0};
	json_t *document = NULL;
	assert_ok(km_credential_document(&world->sample.mark, SAMPLE_URL, &document, &problem), &problem);
	return document;
}

static void expect_json(struct world *world, const json_t *document, enum km_outcome_kind outcome, const char *reason)
{
	auto_free char *text = json_dumps(document, JSON_INDENT(2));
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, outcome, reason);
}

static void a_genuine_document_is_said_to_be_so(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_document(world);
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_GENUINE, "active");
	for (int i = 0; i <= KM_CHECK_STATUS; i++)
		assert_int_equal(verdict.checks[i].result, KM_RESULT_GOOD);
	assert_string_equal(verdict.number, SAMPLE_NUMBER);
	assert_string_equal(verdict.provider_name, "Test BV Donald");
	assert_string_equal(verdict.body_name, "Voorbeeld Certificatie B.V.");
	assert_string_equal(verdict.issuer, "did:web:keurmerk.example");
	assert_contains(verdict.checks[KM_CHECK_FORMAT].detail, "embedded proof");
	/* Written down in another way, as wallets do. */
	json_auto_t *document = json_loads(text, 0, NULL);
	auto_free char *wide = json_dumps(document, JSON_INDENT(4) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	auto_buf struct km_buf spaced = KM_BUF_EMPTY;
	km_buf_add_format(&spaced, "\r\n\t %s\n\n", wide);
	verdict = world_verify(world, spaced.data);
	expect(&verdict, KM_GENUINE, "active");
}

/* Changes each text of the document in turn; none of them is outside what is proven. */
static void change_each(struct world *world, json_t *document, json_t *value, size_t *changed)
{
	for (size_t i = 0; i < json_array_size(value) + json_object_size(value); i++) {
		void *iterator = json_object_iter(value);
		for (size_t k = 0; json_is_object(value) && k < i; k++)
			iterator = json_object_iter_next(value, iterator);
		json_t *inner = json_is_object(value) ? json_object_iter_value(iterator) : json_array_get(value, i);
		if (!json_is_string(inner)) {
			change_each(world, document, inner, changed);
			continue;
		}
		auto_free char *kept = strdup(json_string_value(inner));
		auto_free char *other = strdup(kept);
		other[strlen(other) / 2] ^= 1;
		json_string_set(inner, other);
		auto_free char *text = json_dumps(document, 0);
		struct km_verdict verdict = world_verify(world, text);
		if (verdict.outcome == KM_GENUINE || *verdict.provider_name)
			fail_msg("\"%s\" for \"%s\": %s", other, kept, verdict.sentence);
		json_string_set(inner, kept);
		++*changed;
	}
}

static void one_changed_character_anywhere_makes_it_not_genuine(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_document(world);
	json_auto_t *document = json_loads(text, 0, NULL);
	size_t changed = 0;
	change_each(world, document, document, &changed);
	assert_true(changed > 50);
	assert_int_equal(world->answer.asked, 0);
	expect_json(world, document, KM_GENUINE, "active");
}

static void more_or_less_than_was_proven_is_not_valid(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_document(world);
	static const char *const members[] = {"evidence", "certifiedBy", "credentialSchema", "validUntil", "name"};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_auto_t *less = json_loads(text, 0, NULL);
		json_object_del(less, members[i]);
		expect_json(world, less, KM_NOT_VALID, "bad-signature");
	}
	json_auto_t *more = json_loads(text, 0, NULL);
	json_object_set_new(more, "description", json_string("x"));
	expect_json(world, more, KM_NOT_VALID, "malformed");
	json_auto_t *twice = json_loads(text, 0, NULL);
	json_t *proof = json_object_get(twice, "proof");
	json_object_set_new(twice, "proof", json_pack("[O, O]", proof, proof));
	expect_json(world, twice, KM_NOT_VALID, "malformed");
	text[strlen(text) - 20] = '\0';
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_NOT_VALID, "malformed");
}

/* The context is not in the RDF; with another one the same document would mean something else. */
static void another_context_is_not_valid(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_document(world);
	for (int i = 0; i < 3; i++) {
		json_auto_t *document = json_loads(text, 0, NULL);
		json_array_set_new(json_object_get(document, "@context"), i, json_string("https://other.example/context"));
		expect_json(world, document, KM_NOT_VALID, "malformed");
	}
	json_auto_t *none = json_loads(text, 0, NULL);
	json_object_del(none, "@context");
	expect_json(world, none, KM_NOT_VALID, "malformed");
	json_auto_t *more = json_loads(text, 0, NULL);
	json_array_append_new(json_object_get(more, "@context"), json_pack("{s:s}", "name", "https://other.example/"));
	expect_json(world, more, KM_NOT_VALID, "malformed");
}

static void a_proven_document_that_is_none_of_ours_is_not_valid(void **state)
{
	struct world *world = *state;
	static const struct {
		const char *member, *text;
	} cases[] = {
		{"id", "https://keurmerk.example/m/7K3Q9XM24HVR"},
		{"id", "https://other.example/m/7K3Q9XM24HTT"},
		{"validUntil", "2026-11-24T17:02:36Z"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_auto_t *document = sample_json(world);
		json_object_set_new(document, cases[i].member, json_string(cases[i].text));
		auto_free char *text = world_prove(world, document, SAMPLE_URL, CREDENTIAL);
		struct km_verdict verdict = world_verify(world, text);
		expect(&verdict, KM_NOT_VALID, "malformed");
	}
}

static void a_key_proves_only_what_it_is_for_and_when(void **state)
{
	struct world *world = *state;
	auto_free char *by_status_key = world_document(world, &world->sample.mark, SAMPLE_URL, STATUS);
	struct km_verdict verdict = world_verify(world, by_status_key);
	expect(&verdict, KM_NOT_VALID, "wrong-key");
	auto_free char *by_stranger = world_document(world, &world->sample.mark, SAMPLE_URL, STRANGER);
	verdict = world_verify(world, by_stranger);
	expect(&verdict, KM_NOT_VALID, "unknown-key");
	auto_free char *text = sample_document(world);
	struct km_keyset_entry *key = &world->trust.entries[0];
	key->not_after = SAMPLE_NOW;
	verdict = world_verify(world, text);
	expect(&verdict, KM_GENUINE, "active");
	key->not_after = SAMPLE_NOW - 1;
	verdict = world_verify(world, text);
	expect(&verdict, KM_NOT_VALID, "key-not-in-use");
	key->not_after = 0;
	key->revoked_at = SAMPLE_NOW + 50;
	verdict = world_verify(world, text);
	expect(&verdict, KM_NOT_VALID, "revoked-key");
}

static void a_document_of_another_issuer_is_cannot_tell_with_its_name(void **state)
{
	struct world *world = *state;
	auto_free char *text = world_document(world, &world->sample.mark, "https://other.example", STRANGER);
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	assert_contains(verdict.sentence, "other.example");
	verdict = world_verify(world, "{\"issuer\":\"did:key:z6Mk\",\"proof\":[{\"type\":\"DataIntegrityProof\"}]}");
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	verdict = world_verify(world, "{\"proof\":{\"type\":\"DataIntegrityProof\"}}");
	expect(&verdict, KM_NOT_VALID, "malformed");
	verdict = world_verify(world, "{\"state\":\"active\"}");
	expect(&verdict, KM_CANNOT_TELL, "unknown-form");
}

static void nobody_named_is_always_cannot_tell(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_document(world);
	struct km_verdict verdict;
	km_verify(text, strlen(text), NULL, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "no-trust");
	text[100] ^= 1;
	km_verify(text, strlen(text), NULL, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "no-trust");
}

static void the_present_state_decides(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_document(world);
	world->sample.mark.state = KM_SUSPENDED;
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_NOT_VALID, "suspended");
	world->answer.error = KM_UNAVAILABLE;
	verdict = world_verify(world, text);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	km_verify(text, strlen(text), &world->trust, NULL, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(a_genuine_document_is_said_to_be_so),
		KM_VERIFY_TEST(one_changed_character_anywhere_makes_it_not_genuine),
		KM_VERIFY_TEST(more_or_less_than_was_proven_is_not_valid),
		KM_VERIFY_TEST(another_context_is_not_valid),
		KM_VERIFY_TEST(a_proven_document_that_is_none_of_ours_is_not_valid),
		KM_VERIFY_TEST(a_key_proves_only_what_it_is_for_and_when),
		KM_VERIFY_TEST(a_document_of_another_issuer_is_cannot_tell_with_its_name),
		KM_VERIFY_TEST(nobody_named_is_always_cannot_tell),
		KM_VERIFY_TEST(the_present_state_decides),
	};
	return cmocka_run_group_tests_name("verify document", tests, NULL, NULL);
}
