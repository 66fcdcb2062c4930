#include "tests/signing.h"

#include "base/buf.h"
#include "base/encode.h"
#include "keys/multikey.h"
#include "keys/nquads.h"
#include "keys/proof.h"

#define TYPE   "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
#define BADGE  "<https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential>"
#define ISSUER "<https://www.w3.org/2018/credentials#issuer>"
#define DID    "<did:web:keurmerk.example>"
#define MARK   "<https://keurmerk.example/m/7K3Q9XM24HTT>"

static const char badge[] = MARK " " TYPE " " BADGE " .\n" MARK " " ISSUER " " DID " .\n";

/* The examples of the draft that describes base58btc (draft-msporny-base58). */
static void base58_is_that_of_its_description(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{"Hello World!", 12, "z2NEpo7TZRRrLZSi2U"},
		{"The quick brown fox jumps over the lazy dog.", 44,
	     "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"},
		{"\0\0\x28\x7f\xb4\xcd", 6, "z11233QC4"},
		{"", 0, "z"},
		{"\0", 1, "z1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		auto_buf struct km_buf text = KM_BUF_EMPTY;
		char bytes[64];
		km_multibase_encode(cases[i].bytes, cases[i].len, &text);
		assert_string_equal(text.data, cases[i].text);
		assert_true(km_multibase_decode_exact(text.data, bytes, cases[i].len));
		assert_memory_equal(bytes, cases[i].bytes, cases[i].len);
	}
}

static void base58_of_other_bytes_or_another_length_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",
	                                    "2NEpo7TZRRrLZSi2U",
	                                    "z",
	                                    "z2NEpo7TZRRrLZ",
	                                    "zJxF12TrwUP45BMd",
	                                    "z12NEpo7TZRRrLZSi2U",
	                                    "z2NEpo7TZRRrLZSi2O",
	                                    "z2NEpo7TZRRrLZSi2l",
	                                    "z2NEpo7TZRRrLZSi2U ",
	                                    "mSGVsbG8gV29ybGQh"};
	char bytes[12], long_text[400] = "z";
	memset(long_text + 1, '2', sizeof long_text - 2);
	long_text[sizeof long_text - 1] = '\0';
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (km_multibase_decode_exact(wrong[i], bytes, sizeof bytes))
			fail_msg("%s was taken", wrong[i]);
	assert_false(km_multibase_decode_exact(long_text, bytes, sizeof bytes));
	char room[KM_MULTIBASE_BYTES_MAX + 1] = {1};
	auto_buf struct km_buf most = KM_BUF_EMPTY, more = KM_BUF_EMPTY;
	km_multibase_encode(room, KM_MULTIBASE_BYTES_MAX, &most);
	assert_true(km_multibase_decode_exact(most.data, room, KM_MULTIBASE_BYTES_MAX));
	km_multibase_encode(room, sizeof room, &more);
	assert_true(more.failed);
}

/* The example "Employment Authorization Document" of W3C Data Integrity EdDSA Cryptosuites: its keys, its document in
 * canonical form, and its proof. */
static const char w3c_seed_hex[] = "c96ef9ea10c5e414c471723aff9de72c35fa5b70fae97e8832ecac7d2e2b8ed6";
static const char w3c_key[] = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
static const char w3c_proof[] =
	"{\"type\":\"DataIntegrityProof\",\"cryptosuite\":\"eddsa-rdfc-2022\",\"created\":\"2023-02-24T23:36:38Z\","
	"\"verificationMethod\":\"did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	"#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2\",\"proofPurpose\":\"assertionMethod\",\"proofValue\":"
	"\"z64e3a7hAtYQ3pqCdBsPLRpNqJd5YTzbMP7WrotbqY7HtANPq3ZSYoycsz3tHxzqJM5GVR5bUk7TpjoxgdUDXMQaR\"}";
#define CITIZEN "https://w3id.org/citizenship#"
#define W3C_PNG "<data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVQIW2Ng"
static const char w3c_document[] =
	"<did:key:zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76> <https://schema.org/image> " W3C_PNG
	"UPr/HwADaAIhG61j/AAAAABJRU5ErkJggg==> .\n"
	"_:c14n0 " TYPE " <" CITIZEN "EmploymentAuthorizationDocumentCredential> .\n"
	"_:c14n0 " TYPE " <https://www.w3.org/2018/credentials#VerifiableCredential> .\n"
	"_:c14n0 <https://schema.org/description> \"Example Country Employment Authorization Document.\" .\n"
	"_:c14n0 <https://schema.org/name> \"Employment Authorization Document\" .\n"
	"_:c14n0 <https://www.w3.org/2018/credentials#credentialSubject> _:c14n1 .\n"
	"_:c14n0 " ISSUER " <did:key:zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76> .\n"
	"_:c14n0 <https://www.w3.org/2018/credentials#validFrom> \"2019-12-03T00:00:00Z\"^^"
	"<http://www.w3.org/2001/XMLSchema#dateTime> .\n"
	"_:c14n0 <https://www.w3.org/2018/credentials#validUntil> \"2029-12-03T00:00:00Z\"^^"
	"<http://www.w3.org/2001/XMLSchema#dateTime> .\n"
	"_:c14n1 " TYPE " <https://schema.org/Person> .\n"
	"_:c14n1 " TYPE " <" CITIZEN "EmployablePerson> .\n"
	"_:c14n1 <https://schema.org/additionalName> \"JACOB\" .\n"
	"_:c14n1 <https://schema.org/birthDate> \"1999-07-17\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n"
	"_:c14n1 <https://schema.org/familyName> \"SMITH\" .\n"
	"_:c14n1 <https://schema.org/gender> \"Male\" .\n"
	"_:c14n1 <https://schema.org/givenName> \"JOHN\" .\n"
	"_:c14n1 <https://schema.org/image> " W3C_PNG "+M/wHwAEAQH/7yMK/gAAAABJRU5ErkJggg==> .\n"
	"_:c14n1 <" CITIZEN "birthCountry> \"Bahamas\" .\n"
	"_:c14n1 <" CITIZEN "employmentAuthorizationDocument> _:c14n2 .\n"
	"_:c14n1 <" CITIZEN "residentSince> \"2015-01-01\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n"
	"_:c14n2 " TYPE " <" CITIZEN "EmploymentAuthorizationDocument> .\n"
	"_:c14n2 <https://schema.org/identifier> \"83627465\" .\n"
	"_:c14n2 <" CITIZEN "lprCategory> \"C09\" .\n"
	"_:c14n2 <" CITIZEN "lprNumber> \"999-999-999\" .\n";

static struct km_key *w3c_private_key(void)
{
	uint8_t seed[32];
	struct km_problem problem = {0};
	struct km_key *key = NULL;
	assert_true(km_decode_exact(KM_HEX, w3c_seed_hex, strlen(w3c_seed_hex), seed, sizeof seed));
	assert_ok(km_key_from_seed(seed, &key, &problem), &problem);
	return key;
}

static json_t *w3c_proof_json(void)
{
	json_t *json = json_loads(w3c_proof, 0, NULL);
	assert_non_null(json);
	return json;
}

static void the_standards_own_proof_is_made_and_accepted(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_key *key = w3c_private_key();
	struct km_proof proof, again;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char multikey[KM_MULTIKEY_TEXT];
	json_auto_t *json = w3c_proof_json();
	km_key_public(key, public_key);
	km_multikey_format(public_key, multikey);
	assert_string_equal(multikey, w3c_key);
	assert_ok(km_proof_parse(json, &proof, &problem), &problem);
	assert_true(km_proof_valid(&proof, public_key, w3c_document, strlen(w3c_document)));
	assert_ok(km_proof_make(key, proof.method, proof.created, w3c_document, strlen(w3c_document), &again, &problem),
	          &problem);
	json_auto_t *written = km_proof_json(&again);
	assert_true(json_equal(written, json));
	km_key_free(key);
}

static void what_was_changed_since_is_not_proven(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_proof proof;
	uint8_t public_key[KM_PUBLIC_BYTES];
	struct km_key *key = w3c_private_key();
	json_auto_t *json = w3c_proof_json();
	auto_free char *document = strdup(w3c_document);
	km_key_public(key, public_key);
	assert_ok(km_proof_parse(json, &proof, &problem), &problem);
	for (size_t i = 0; i < strlen(w3c_document); i += 7) {
		document[i] ^= 1;
		assert_false(km_proof_valid(&proof, public_key, document, strlen(w3c_document)));
		document[i] ^= 1;
	}
	assert_false(km_proof_valid(&proof, public_key, document, strlen(w3c_document) - 1));
	struct km_proof later = proof, other = proof, forged = proof;
	later.created++;
	other.method[strlen(other.method) - 1]++;
	forged.signature[40] ^= 4;
	assert_false(km_proof_valid(&later, public_key, document, strlen(document)));
	assert_false(km_proof_valid(&other, public_key, document, strlen(document)));
	assert_false(km_proof_valid(&forged, public_key, document, strlen(document)));
	public_key[0] ^= 1;
	assert_false(km_proof_valid(&proof, public_key, document, strlen(document)));
	km_key_free(key);
}

static void a_proof_of_another_form_is_refused(void **state)
{
	(void)state;
	static const char *const changes[] = {
		"{\"type\":\"Ed25519Signature2020\"}",
		"{\"cryptosuite\":\"eddsa-jcs-2022\"}",
		"{\"cryptosuite\":[\"eddsa-rdfc-2022\"]}",
		"{\"proofPurpose\":\"authentication\"}",
		"{\"created\":\"2023-02-24T23:36:38+00:00\"}",
		"{\"created\":7}",
		"{\"verificationMethod\":\"\"}",
		"{\"verificationMethod\":\"did:web:a#b> .\"}",
		"{\"verificationMethod\":{\"id\":\"did:web:a#b\"}}",
		"{\"proofValue\":\"z\"}",
		"{\"proofValue\":7}",
		"{\"proofValue\":\"64e3a7hAtYQ3pqCdBsPLRpNqJd5YTzbMP7WrotbqY7HtANPq3ZSYoycsz3tHxzqJM5GVR5bUk7TpjoxgdUDXMQaR\"}",
		"{\"proofValue\":"
		"\"z164e3a7hAtYQ3pqCdBsPLRpNqJd5YTzbMP7WrotbqY7HtANPq3ZSYoycsz3tHxzqJM5GVR5bUk7TpjoxgdUDXMQaR\"}",
		"{\"expires\":\"2023-02-24T23:36:38Z\"}",
		"{\"domain\":\"https://keurmerk.example\"}",
	};
	struct km_proof proof;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct km_problem problem = {0};
		json_auto_t *json = w3c_proof_json();
		json_auto_t *change = json_loads(changes[i], 0, NULL);
		assert_int_equal(json_object_update(json, change), 0);
		assert_problem(km_proof_parse(json, &proof, &problem), &problem, KM_INVALID, "member");
	}
	struct km_problem problem = {0};
	json_auto_t *list = json_array();
	assert_problem(km_proof_parse(list, &proof, &problem), &problem, KM_INVALID, "member");
	assert_problem(km_proof_parse(NULL, &proof, &problem), &problem, KM_INVALID, "member");
}

static void statements_come_out_sorted_escaped_and_once(void **state)
{
	(void)state;
	auto_nquads struct km_nquads set = KM_NQUADS_EMPTY;
	struct km_problem problem = {0};
	auto_free char *text = NULL;
	size_t len = 0;
	km_nquads_add_text(&set, "b:1", "p:1", "\x01\b\t\n\v\f\r\x1f\"\\'\x7f é €𝄞\ufffe", NULL);
	km_nquads_add_link(&set, "b:1", "a:1", "c:1");
	km_nquads_add_text(&set, "b:1", "p:1", "7", "d:1");
	km_nquads_add_link(&set, "b:1", "a:1", "c:1");
	km_nquads_add_link(&set, "b:1#x", "a:1", "c:1");
	assert_ok(km_nquads_take(&set, &text, &len, &problem), &problem);
	assert_string_equal(text, "<b:1#x> <a:1> <c:1> .\n"
	                          "<b:1> <a:1> <c:1> .\n"
	                          "<b:1> <p:1> \"7\"^^<d:1> .\n"
	                          "<b:1> <p:1> \"\\u0001\\b\\t\\n\\u000B\\f\\r\\u001F\\\"\\\\'\\u007F é €𝄞\\uFFFE\" .\n");
	assert_int_equal(len, strlen(text));
}

static void an_address_that_could_break_out_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"a:> .", "a: b", "a:\"", "a:\n", "a:\\", "a:é", "a:{", "a:`"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		auto_nquads struct km_nquads set = KM_NQUADS_EMPTY;
		struct km_problem problem = {0};
		char *text = NULL;
		size_t len = 0;
		km_nquads_add_link(&set, "a:1", "a:2", wrong[i]);
		km_nquads_add_link(&set, "a:1", "a:2", "a:3");
		assert_problem(km_nquads_take(&set, &text, &len, &problem), &problem, KM_INVALID, "iri");
		assert_null(text);
	}
}

static enum km_error check(const char *document, struct km_problem *problem)
{
	return km_proof_check(document, strlen(document), URL, problem);
}

static void a_credential_of_ours_may_be_proven(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	assert_ok(check(badge, &problem), &problem);
	static const char larger[] =
		MARK " " TYPE " " BADGE " .\n" MARK " <https://schema.org/name> \"\\\"Aap\\\" \\\\ \\u0001 €𝄞\" .\n" MARK
			 " " ISSUER " " DID " .\n"
			 "<https://keurmerk.example/x> " TYPE " <https://keurmerk.example/contexts/v1#CertificationBody> .\n";
	assert_ok(check(larger, &problem), &problem);
}

static void nothing_else_may_be_proven(void **state)
{
	(void)state;
	static const struct {
		const char *document;
		enum km_error error;
		const char *type;
	} cases[] = {
		{"", KM_INVALID, "form"},
		{MARK " " TYPE " " BADGE " .\n", KM_INVALID, "form"},
		{MARK " " ISSUER " " DID " .\n", KM_INVALID, "form"},
		{MARK " " TYPE " " BADGE " .\n" MARK " " ISSUER " <did:web:other.example> .\n", KM_INVALID, "form"},
		{MARK " " TYPE " " BADGE " .\n" MARK " " ISSUER " \"did:web:keurmerk.example\" .\n", KM_INVALID, "form"},
		{MARK " " TYPE " " BADGE " .\n" MARK " " ISSUER " <did:web:a.example> .\n" MARK " " ISSUER " " DID " .\n",
	     KM_INVALID, "form"},
		{MARK " " TYPE " " BADGE " .\n<https://keurmerk.example/x> " ISSUER " " DID " .\n", KM_INVALID, "form"},
		{"<https://other.example/m/1> " TYPE " " BADGE " .\n<https://other.example/m/1> " ISSUER " " DID " .\n",
	     KM_INVALID, "form"},
		{"<https://keurmerk.example/m/> " TYPE " " BADGE " .\n<https://keurmerk.example/m/> " ISSUER " " DID " .\n",
	     KM_INVALID, "form"},
		{"<https://keurmerk.example/m/1> " TYPE " " BADGE " .\n<https://keurmerk.example/m/1> " ISSUER " " DID
	     " .\n<https://keurmerk.example/m/2> " TYPE " " BADGE " .\n",
	     KM_INVALID, "form"},
		{MARK " " TYPE " " BADGE " .\n" MARK " " TYPE
	          " <https://www.w3.org/ns/credentials/status#BitstringStatusListCredential> .\n" MARK " " ISSUER " " DID
	          " .\n",
	     KM_INVALID, "form"},
		/* No canonical N-Quads. */
		{MARK " " ISSUER " " DID " .\n" MARK " " TYPE " " BADGE " .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " " BADGE " .\n" MARK " " TYPE " " BADGE " .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " " BADGE " .", KM_MALFORMED, "n-quads"},
		{MARK "  " TYPE " " BADGE " .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " " BADGE ".\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " " BADGE " . \n", KM_MALFORMED, "n-quads"},
		{"_:c14n0 " TYPE " " BADGE " .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " _:c14n0 .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " " BADGE " " MARK " .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " \"a\"@nl .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " \"a .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " <\"a\" .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " <> .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " \"\\a\" .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " \"\\u0041\" .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " \"\\u001f\" .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " \"\x01\" .\n", KM_MALFORMED, "n-quads"},
		{MARK " " TYPE " \"\xff\" .\n", KM_MALFORMED, "n-quads"},
		{"{\"type\":[\"OpenBadgeCredential\"]}", KM_MALFORMED, "n-quads"},
		{"eyJhbGciOiJFZERTQSJ9.e30\n", KM_MALFORMED, "n-quads"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct km_problem problem = {0};
		enum km_error error = check(cases[i].document, &problem);
		if (error != cases[i].error || strcmp(problem.type, cases[i].type) != 0)
			fail_msg("case %zu: %d %s: %s", i, (int)error, problem.type, problem.message);
	}
	struct km_problem problem = {0};
	auto_free char *large = calloc(1, KM_PROOF_DOCUMENT_MAX + 1);
	assert_problem(km_proof_check(large, KM_PROOF_DOCUMENT_MAX + 1, URL, &problem), &problem, KM_TOO_LARGE, "form");
	assert_problem(km_proof_check(large, KM_PROOF_DOCUMENT_MAX, URL, &problem), &problem, KM_MALFORMED, "n-quads");
}

static void assert_proves(struct km_signer *signer)
{
	struct km_problem problem = {0};
	struct km_keyset set;
	struct km_proof proof;
	auto_free char *text = NULL;
	assert_ok(km_signer_keyset("keys", &set, &problem), &problem);
	assert_ok(km_signer_prove(signer, badge, strlen(badge), &text, &problem), &problem);
	json_auto_t *json = json_loads(text, 0, NULL);
	assert_ok(km_proof_parse(json, &proof, &problem), &problem);
	const struct km_keyset_entry *key = km_proof_key(&proof, &set);
	assert_ptr_equal(key, entry_for(&set, KM_PURPOSE_CREDENTIAL));
	assert_true(km_proof_valid(&proof, key->public_key, badge, strlen(badge)));
	strcpy(set.url, "https://other.example");
	assert_null(km_proof_key(&proof, &set));
}

static void refuses_to_prove(struct km_signer *signer)
{
	struct km_problem problem = {0};
	char *text = NULL;
	auto_free char *large = calloc(1, KM_PROOF_DOCUMENT_MAX + 1);
	auto_free char *payload = sample(KM_FORM_CREDENTIAL);
	assert_problem(km_signer_prove(signer, MARK " " TYPE " " BADGE " .\n", strlen(MARK " " TYPE " " BADGE " .\n"),
	                               &text, &problem),
	               &problem, KM_INVALID, "form");
	assert_problem(km_signer_prove(signer, payload, strlen(payload), &text, &problem), &problem, KM_MALFORMED,
	               "n-quads");
	assert_problem(km_signer_prove(signer, large, KM_PROOF_DOCUMENT_MAX + 1, &text, &problem), &problem, KM_TOO_LARGE,
	               "form");
	assert_null(text);
}

static void a_signer_in_this_process_proves_credentials_only(void **state)
{
	(void)state;
	struct km_problem problem = {0};
	struct km_signer *signer = NULL;
	link_moment = made_at;
	struct km_clock clock = link_clock();
	make_keys_elsewhere(NULL);
	assert_ok(km_signer_open("keys", NULL, &clock, &signer, &problem), &problem);
	assert_proves(signer);
	refuses_to_prove(signer);
	link_moment = made_at - 1;
	char *text = NULL;
	assert_problem(km_signer_prove(signer, badge, strlen(badge), &text, &problem), &problem, KM_UNAVAILABLE,
	               "key-not-yet");
	km_signer_close(signer);
}

static void a_signer_in_its_own_process_does_the_same(void **state)
{
	(void)state;
	make_keys_elsewhere(NULL);
	struct km_signer *signer = start(&own);
	assert_proves(signer);
	refuses_to_prove(signer);
	assert_proves(signer);
	stop(signer);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], KM_SIGNER_COMMAND) == 0)
		return km_signer_process_main(argc - 2, argv + 2);
	const struct CMUnitTest tests[] = {
		KM_TEST(base58_is_that_of_its_description),
		KM_TEST(base58_of_other_bytes_or_another_length_is_refused),
		KM_TEST(the_standards_own_proof_is_made_and_accepted),
		KM_TEST(what_was_changed_since_is_not_proven),
		KM_TEST(a_proof_of_another_form_is_refused),
		KM_TEST(statements_come_out_sorted_escaped_and_once),
		KM_TEST(an_address_that_could_break_out_is_refused),
		KM_TEST(a_credential_of_ours_may_be_proven),
		KM_TEST(nothing_else_may_be_proven),
		KM_TEST_IN_FOLDER(a_signer_in_this_process_proves_credentials_only),
		KM_TEST_IN_FOLDER(a_signer_in_its_own_process_does_the_same),
	};
	return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
