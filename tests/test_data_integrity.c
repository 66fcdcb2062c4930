#include "badge/credential.h"
#include "badge/data_integrity.h"
#include "base/buf.h"
#include "base/json.h"
#include "tests/folder.h"
#include "tests/sample_mark.h"
#include "tests/test.h"

static json_t *sample_document(void)
{
	struct sample_mark sample;
	struct km_problem problem = {0};
	json_t *document = NULL;
	sample_mark_make(&sample);
	sample.mark.level = &sample.level;
	assert_ok(km_credential_document(&sample.mark, SAMPLE_URL, &document, &problem), &problem);
	return document;
}

static char *nquads_of(const json_t *document)
{
	struct km_problem problem = {0};
	char *text = NULL;
	size_t len = 0;
	assert_ok(km_data_integrity_nquads(document, SAMPLE_URL, &text, &len, &problem), &problem);
	assert_int_equal(len, strlen(text));
	return text;
}

#define MARK "<https://keurmerk.example/m/7K3Q9XM24HTT>"
#define XSD  "<http://www.w3.org/2001/XMLSchema#dateTime>"

static void a_credential_says_all_that_it_says_in_rdf(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"\n" MARK " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
		"<https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential> .\n",
		"\n" MARK " <https://www.w3.org/2018/credentials#issuer> <did:web:keurmerk.example> .\n",
		"\n" MARK " <https://www.w3.org/2018/credentials#validUntil> \"2029-11-24T22:59:59Z\"^^" XSD " .\n",
		"\n<https://keurmerk.example/providers/68750110> <https://schema.org/name> \"Test BV Donald\" .\n",
		"\n<https://keurmerk.example/providers/68750110> <https://keurmerk.example/contexts/v1#domainName> "
		"\"xn--bcher-kva.example\" .\n",
		"\n<https://keurmerk.example/status/suspension/1#0> "
		"<https://www.w3.org/ns/credentials/status#statusListCredential> "
		"<https://keurmerk.example/status/suspension/1> .\n",
	};
	json_auto_t *document = sample_document();
	auto_free char *text = nquads_of(document);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_contains(text, lines[i]);
	size_t count = 0;
	for (const char *c = text; *c; c++)
		count += *c == '\n';
	assert_int_equal(count, 52);
	assert_null(strstr(text, "_:"));
}

static void the_order_of_members_does_not_matter(void **state)
{
	(void)state;
	json_auto_t *document = sample_document(), *turned = json_object();
	const char *member;
	json_t *value;
	json_object_foreach(document, member, value)
	{
		json_auto_t *before = turned;
		turned = json_pack("{s:O}", member, value);
		json_object_update(turned, before);
	}
	auto_free char *text = nquads_of(document), *other = nquads_of(turned);
	assert_string_equal(text, other);
}

static json_t *at(json_t *value, const char *path)
{
	auto_free char *copy = strdup(path);
	char *rest = copy;
	for (char *step; *path && (step = strsep(&rest, "."));)
		value = json_is_array(value) ? json_array_get(value, strtoul(step, NULL, 10)) : json_object_get(value, step);
	return value;
}

static void what_the_shape_does_not_have_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *path, *change, *member;
	} cases[] = {
		{"", "{\"image\":\"https://x.example/\"}", "image"},
		{"", "{\"vc\":{}}", "vc"},
		{"", "{\"@type\":\"OpenBadgeCredential\"}", "@type"},
		{"", "{\"id\":\"\"}", "credential"},
		{"", "{\"id\":7}", "credential"},
		{"", "{\"id\":[\"a:1\"]}", "credential"},
		{"", "{\"name\":7}", "name"},
		{"", "{\"name\":null}", "name"},
		{"", "{\"name\":{\"@value\":\"x\"}}", "name"},
		{"", "{\"name\":[[\"x\"]]}", "name"},
		{"", "{\"issuer\":\"did:web:keurmerk.example\"}", "issuer"},
		{"", "{\"issuer\":{\"name\":\"x\"}}", "issuer"},
		{"", "{\"type\":[\"VerifiableCredential\",\"BitstringStatusListCredential\"]}", "type"},
		{"", "{\"type\":[\"Profile\"]}", "type"},
		{"", "{\"type\":[7]}", "type"},
		{"issuer", "{\"type\":\"CertificationBody\"}", "type"},
		{"issuer", "{\"@context\":{\"name\":\"https://x.example/\"}}", "@context"},
		{"credentialSubject", "{\"email\":\"a@x.example\"}", "email"},
		{"credentialSubject.achievement", "{\"criteria\":\"x\"}", "criteria"},
		{"credentialSubject.achievement.criteria", "{\"type\":\"Criteria\"}", "type"},
		{"evidence.0", "{\"narrative\":\"x\"}", "narrative"},
		{"credentialStatus.0", "{\"statusListCredential\":{\"id\":\"a:1\"}}", "statusListCredential"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_auto_t *document = sample_document(), *change = json_loads(cases[i].change, 0, NULL);
		struct km_problem problem = {0};
		char *text = NULL;
		size_t len = 0;
		assert_int_equal(json_object_update(at(document, cases[i].path), change), 0);
		assert_problem(km_data_integrity_nquads(document, SAMPLE_URL, &text, &len, &problem), &problem, KM_INVALID,
		               "member");
		assert_contains(problem.message, cases[i].member);
		assert_null(text);
	}
}

static void an_address_that_could_break_out_is_refused(void **state)
{
	(void)state;
	static const char *const places[] = {"", "issuer", "credentialSubject", "evidence.0", "certifiedBy"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		json_auto_t *document = sample_document();
		struct km_problem problem = {0};
		char *text = NULL;
		size_t len = 0;
		json_object_set_new(at(document, places[i]), "id", json_string("a:1> <a:2> <a:3> .\n<a:4"));
		assert_problem(km_data_integrity_nquads(document, SAMPLE_URL, &text, &len, &problem), &problem, KM_INVALID,
		               "iri");
	}
}

static struct km_signer *open_signer(struct km_keyset *ret_set)
{
	static const int64_t now = SAMPLE_NOW;
	struct km_problem problem = {0};
	struct km_signer *signer = NULL;
	struct km_clock clock = km_clock_fixed(&now);
	assert_ok(km_signer_init("keys", SAMPLE_URL, NULL, now, &problem), &problem);
	assert_ok(km_signer_open("keys", NULL, &clock, &signer, &problem), &problem);
	assert_ok(km_signer_keyset("keys", ret_set, &problem), &problem);
	return signer;
}

static bool is_proven(json_t *document, const struct km_keyset *set)
{
	struct km_problem problem = {0};
	struct km_proof proof;
	auto_free char *nquads = NULL;
	size_t len = 0;
	if (km_data_integrity_open(document, SAMPLE_URL, &proof, &nquads, &len, &problem))
		return false;
	const struct km_keyset_entry *key = km_proof_key(&proof, set);
	return key && km_proof_valid(&proof, key->public_key, nquads, len);
}

static void a_proven_document_is_opened_again(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_keyset set;
	struct km_signer *signer = open_signer(&set);
	json_auto_t *document = sample_document(), *bare = sample_document();
	assert_ok(km_data_integrity_prove(document, SAMPLE_URL, signer, &problem), &problem);
	json_auto_t *copy = json_deep_copy(document);
	assert_true(is_proven(copy, &set));
	assert_true(json_equal(copy, bare));
	/* As a JWT's payload it would be that of the same credential. */
	struct km_claims claims;
	assert_ok(km_credential_claim(copy, SAMPLE_NOW, &problem), &problem);
	assert_ok(km_credential_read(copy, SAMPLE_URL, &claims, &problem), &problem);
	assert_string_equal(claims.provider_name, "Test BV Donald");
	assert_int_equal(claims.issued_at, SAMPLE_NOW);
	/* Reject twins. */
	json_auto_t *changed = json_deep_copy(document);
	json_object_set_new(json_object_get(changed, "credentialSubject"), "name", json_string("Test NV Katrien"));
	assert_false(is_proven(changed, &set));
	assert_false(is_proven(bare, &set));
	km_signer_close(signer);
}

static void the_signer_does_not_prove_what_is_not_ours(void **state)
{
	(void)state;
	struct km_keyset set;
	struct km_signer *signer = open_signer(&set);
	struct km_problem problem = {0};
	json_auto_t *document = sample_document();
	json_object_set_new(json_object_get(document, "issuer"), "id", json_string("did:web:other.example"));
	json_auto_t *before = json_deep_copy(document);
	assert_problem(km_data_integrity_prove(document, SAMPLE_URL, signer, &problem), &problem, KM_INVALID, "form");
	assert_true(json_equal(document, before));
	km_signer_close(signer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(a_credential_says_all_that_it_says_in_rdf),
		KM_TEST(the_order_of_members_does_not_matter),
		KM_TEST(what_the_shape_does_not_have_is_refused),
		KM_TEST(an_address_that_could_break_out_is_refused),
		KM_TEST_IN_FOLDER(a_proven_document_is_opened_again),
		KM_TEST_IN_FOLDER(the_signer_does_not_prove_what_is_not_ours),
	};
	return cmocka_run_group_tests_name("data integrity", tests, NULL, NULL);
}
