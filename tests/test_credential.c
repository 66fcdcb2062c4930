#include "badge/credential.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "tests/sample_mark.h"
#include "tests/test.h"

static json_t *payload_of(const struct km_mark *mark)
{
	struct km_problem problem = {0};
	auto_free char *text = NULL;
	json_t *payload = NULL;
	assert_ok(km_credential_payload(mark, SAMPLE_URL, SAMPLE_NOW, &text, &problem), &problem);
	assert_ok(km_json_parse(text, strlen(text), "the payload", &payload, &problem), &problem);
	return payload;
}

static json_t *sample_payload(void)
{
	struct sample_mark sample;
	sample_mark_make(&sample);
	return payload_of(&sample.mark);
}

/* Follows "issuer.id", "type.1", "@context.0". */
static json_t *at(json_t *value, const char *path)
{
	auto_free char *copy = strdup(path);
	char *rest = copy;
	for (char *step; (step = strsep(&rest, "."));)
		value = json_is_array(value) ? json_array_get(value, strtoul(step, NULL, 10)) : json_object_get(value, step);
	return value;
}

static void expect_text(json_t *payload, const char *path, const char *text)
{
	const char *found = json_string_value(at(payload, path));
	if (!found || strcmp(found, text) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", path, found ? found : "(none)", text);
}

static void expect_number(json_t *payload, const char *path, int64_t number)
{
	assert_true(json_is_integer(at(payload, path)));
	assert_int_equal(json_integer_value(at(payload, path)), number);
}

static void it_is_an_open_badge_credential(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	expect_text(payload, "@context.0", "https://www.w3.org/ns/credentials/v2");
	expect_text(payload, "@context.1", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json");
	expect_text(payload, "@context.2", "https://keurmerk.example/contexts/v1");
	expect_text(payload, "type.0", "VerifiableCredential");
	expect_text(payload, "type.1", "OpenBadgeCredential");
	expect_text(payload, "id", "https://keurmerk.example/m/7K3Q9XM24HTT");
	expect_text(payload, "issuer.id", "did:web:keurmerk.example");
	expect_text(payload, "issuer.type.0", "Profile");
	expect_text(payload, "issuer.name", "Stichting Voorbeeldkeurmerk");
	expect_text(payload, "validFrom", "2026-11-24T17:02:37Z");
	expect_text(payload, "validUntil", "2029-11-24T22:59:59Z");
	expect_text(payload, "credentialSubject.type.0", "AchievementSubject");
	expect_text(payload, "credentialSubject.achievement.id", "https://keurmerk.example/schemes/mkb-ict");
	expect_text(payload, "credentialSubject.achievement.type.0", "Achievement");
	expect_text(payload, "credentialSubject.achievement.name", "Keurmerk ICT-dienstverlener (voorbeeld)");
	expect_text(payload, "credentialSubject.achievement.description", "Een voorbeeld van een keurmerk.");
	expect_text(payload, "credentialSubject.achievement.criteria.narrative", "Een voorbeeld van een keurmerk.");
	expect_text(payload, "credentialSchema.0.type", "1EdTechJsonSchemaValidator2019");
	assert_null(json_object_get(payload, "vc"));
}

static void it_says_who_holds_the_mark_and_for_what(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	expect_text(payload, "credentialSubject.id", "https://keurmerk.example/providers/68750110");
	expect_text(payload, "credentialSubject.name", "Test BV Donald");
	expect_text(payload, "credentialSubject.kvkNumber", "68750110");
	expect_text(payload, "credentialSubject.licenseNumber", "7K3Q-9XM2-4HTT");
	expect_text(payload, "credentialSubject.domainName.0", "donald.example");
	expect_text(payload, "credentialSubject.domainName.1", "xn--bcher-kva.example");
	expect_text(payload, "credentialSubject.certifiedService.0.id",
	            "https://keurmerk.example/schemes/mkb-ict#service-beheer");
	expect_text(payload, "credentialSubject.certifiedService.1.name", "Clouddiensten");
	assert_null(at(payload, "credentialSubject.certifiedLevel"));
	expect_text(payload, "certifiedBy.name", "Voorbeeld Certificatie B.V.");
	expect_text(payload, "certifiedBy.accreditationNumber", "C 999");
	expect_text(payload, "evidence.0.genre", "initial");
	expect_text(payload, "evidence.0.auditDate", "2026-11-10");
}

static void a_level_is_there_where_the_scheme_has_one(void **state)
{
	(void)state;
	struct sample_mark sample;
	sample_mark_make(&sample);
	sample.mark.level = &sample.level;
	json_auto_t *payload = payload_of(&sample.mark);
	expect_text(payload, "credentialSubject.certifiedLevel.id", "https://keurmerk.example/schemes/mkb-ict#level-2");
	expect_text(payload, "credentialSubject.certifiedLevel.name", "Niveau 2");
}

static void the_registered_claims_repeat_the_credential(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	expect_text(payload, "iss", "did:web:keurmerk.example");
	expect_text(payload, "jti", "https://keurmerk.example/m/7K3Q9XM24HTT");
	expect_text(payload, "sub", "https://keurmerk.example/providers/68750110");
	expect_number(payload, "nbf", SAMPLE_NOW);
	expect_number(payload, "iat", SAMPLE_NOW);
	expect_number(payload, "exp", 1890255599); /* date -u -d 2029-11-24T22:59:59Z +%s */
}

static void it_has_a_place_in_both_status_lists(void **state)
{
	(void)state;
	struct sample_mark sample;
	sample_mark_make(&sample);
	sample.mark.status_index = 131072 + 7;
	json_auto_t *payload = payload_of(&sample.mark);
	expect_text(payload, "credentialStatus.0.id", "https://keurmerk.example/status/revocation/2#7");
	expect_text(payload, "credentialStatus.0.type", "BitstringStatusListEntry");
	expect_text(payload, "credentialStatus.0.statusPurpose", "revocation");
	expect_text(payload, "credentialStatus.0.statusListIndex", "7");
	expect_text(payload, "credentialStatus.0.statusListCredential", "https://keurmerk.example/status/revocation/2");
	expect_text(payload, "credentialStatus.1.statusPurpose", "suspension");
	expect_text(payload, "credentialStatus.1.statusListCredential", "https://keurmerk.example/status/suspension/2");
	struct km_claims claims;
	struct km_problem problem = {0};
	assert_ok(km_credential_read(payload, SAMPLE_URL, &claims, &problem), &problem);
	assert_int_equal(claims.status_index, 131072 + 7);
}

/* So that its RDF has no blank node that would need a canonical name. */
static void expect_iris(const char *where, json_t *value)
{
	size_t index;
	const char *key;
	json_t *inner;
	if (json_is_object(value) && !json_string_length(json_object_get(value, "id")))
		fail_msg("%s has no id", where);
	json_array_foreach(value, index, inner) expect_iris(where, inner);
	json_object_foreach(value, key, inner) expect_iris(key, inner);
}

static void every_node_has_an_iri(void **state)
{
	(void)state;
	struct sample_mark sample;
	sample_mark_make(&sample);
	sample.mark.level = &sample.level;
	json_auto_t *payload = payload_of(&sample.mark);
	expect_iris("the credential", payload);
}

static void only_the_newest_audits_are_named_and_keep_their_number(void **state)
{
	(void)state;
	struct sample_mark sample;
	sample_mark_make(&sample);
	for (size_t i = 0; i < 12; i++)
		sample.audits[i] = (struct km_mark_audit){.kind = i == 11 ? "initial" : "surveillance",
		                                          .finished = SAMPLE_NOW - (int64_t)i * 365 * 24 * 3600};
	sample.mark.audits_len = 12;
	json_auto_t *payload = payload_of(&sample.mark);
	assert_int_equal(json_array_size(json_object_get(payload, "evidence")), KM_CREDENTIAL_AUDITS);
	expect_text(payload, "evidence.0.id", "https://keurmerk.example/m/7K3Q9XM24HTT#audit-12");
	expect_text(payload, "evidence.7.id", "https://keurmerk.example/m/7K3Q9XM24HTT#audit-5");
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	struct km_claims claims;
	struct km_problem problem = {0};
	assert_ok(km_credential_read(payload, SAMPLE_URL, &claims, &problem), &problem);
	assert_string_equal(claims.id, "https://keurmerk.example/m/7K3Q9XM24HTT");
	assert_string_equal(claims.number, SAMPLE_NUMBER);
	assert_string_equal(claims.provider_name, "Test BV Donald");
	assert_string_equal(claims.kvk, "68750110");
	assert_string_equal(claims.domain, "donald.example");
	assert_string_equal(claims.body_name, "Voorbeeld Certificatie B.V.");
	assert_string_equal(claims.scheme_name, "Keurmerk ICT-dienstverlener (voorbeeld)");
	assert_int_equal(claims.issued_at, SAMPLE_NOW);
	assert_int_equal(claims.valid_from, SAMPLE_NOW);
	assert_int_equal(claims.valid_until, 1890255599);
	assert_int_equal(claims.status_index, 0);
}

/* Names as the register takes them, in any script. */
static void difficult_names_are_read_back(void **state)
{
	(void)state;
	static const char *const names[] = {
		"\"Aap\" & <Noot> \\ Mies/’s-Hertogenbosch", "Ĳsselmeer Ŵeb ﬁx", "שלום\u200f בע\"מ", "株式会社テスト",
		"👩\u200d💻 ICT 🏳\ufe0f\u200d🌈",   "e\u0301e\u0301n",  "{}[],:\"\"",       "\U000E0020x",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct sample_mark sample;
		sample_mark_make(&sample);
		sample.provider.name = names[i];
		sample.provider.domains_len = 0;
		json_auto_t *payload = payload_of(&sample.mark);
		struct km_claims claims;
		struct km_problem problem = {0};
		assert_ok(km_credential_read(payload, SAMPLE_URL, &claims, &problem), &problem);
		assert_string_equal(claims.provider_name, names[i]);
		assert_null(claims.domain);
	}
}

static void refuses(json_t *payload, const char *url, const char *member)
{
	struct km_claims claims = {.number = "untouched"};
	struct km_problem problem = {0};
	assert_problem(km_credential_read(payload, url, &claims, &problem), &problem, KM_INVALID, "member");
	assert_contains(problem.message, member);
	assert_string_equal(claims.number, "untouched");
}

static void a_claim_that_differs_from_its_twin_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *change, *member;
	} cases[] = {
		{"{\"iss\":\"did:web:other.example\"}", "iss"},
		{"{\"iss\":\"https://keurmerk.example\"}", "iss"},
		{"{\"jti\":\"https://keurmerk.example/m/7K3Q9XM24HVR\"}", "jti"},
		{"{\"sub\":\"https://keurmerk.example/providers/68727720\"}", "sub"},
		{"{\"nbf\":1795539758}", "nbf"},
		{"{\"nbf\":1795539757.0}", "nbf"},
		{"{\"nbf\":\"1795539757\"}", "nbf"},
		{"{\"exp\":1890255600}", "exp"},
		{"{\"validFrom\":\"2026-11-24T17:02:38Z\"}", "validFrom"},
		{"{\"validFrom\":\"2026-11-24T18:02:37+01:00\"}", "validFrom"},
		{"{\"validUntil\":\"2030-11-24T22:59:59Z\"}", "validUntil"},
		{"{\"validUntil\":\"2026-11-24T17:02:36Z\",\"exp\":1795539756}", "validUntil"},
		{"{\"id\":\"https://keurmerk.example/m/7K3Q9XM24HVR\"}", "jti"},
		{"{\"id\":\"https://keurmerk.example/m/7K3Q9XM24HVR\",\"jti\":\"https://keurmerk.example/m/7K3Q9XM24HVR\"}",
	     "licenseNumber"},
		{"{\"id\":\"https://other.example/m/7K3Q9XM24HTT\"}", "id"},
		{"{\"id\":\"https://keurmerk.example/m/7K3Q-9XM2-4HTT\"}", "id"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_auto_t *payload = sample_payload();
		json_auto_t *change = json_loads(cases[i].change, JSON_REJECT_DUPLICATES, NULL);
		assert_int_equal(json_object_update(payload, change), 0);
		refuses(payload, SAMPLE_URL, cases[i].member);
	}
}

static void a_credential_of_another_form_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *path, *text, *member; /* text: NULL takes the member away */
	} cases[] = {
		{"@context", "0", "@context"},
		{"type", "1", "type"},
		{"credentialSubject.type", "0", "type"},
		{"credentialStatus", "1", "credentialStatus"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_auto_t *payload = sample_payload();
		json_array_remove(at(payload, cases[i].path), strtoul(cases[i].text, NULL, 10));
		refuses(payload, SAMPLE_URL, cases[i].member);
	}
	json_auto_t *more = sample_payload();
	json_array_append_new(json_object_get(more, "@context"), json_string("https://other.example/context"));
	refuses(more, SAMPLE_URL, "@context");
	json_auto_t *swapped = sample_payload();
	json_array_insert(json_object_get(swapped, "@context"), 0, at(swapped, "@context.1"));
	json_array_remove(json_object_get(swapped, "@context"), 2);
	refuses(swapped, SAMPLE_URL, "@context");
	/* Someone else's place in the list of suspensions. */
	json_auto_t *elsewhere = sample_payload();
	json_object_set_new(at(elsewhere, "credentialStatus.1"), "statusListIndex", json_string("1"));
	refuses(elsewhere, SAMPLE_URL, "credentialStatus");
}

static void a_credential_of_another_registry_is_refused(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	refuses(payload, "https://other.example", "@context");
	/* Its own name in place of ours does not help. */
	json_array_set_new(json_object_get(payload, "@context"), 2, json_string("https://other.example/contexts/v1"));
	refuses(payload, "https://other.example", "issuer.id");
}

static const char *const hostile[] = {"null",        "7",           "-1",       "1e400",
                                      "true",        "\"\"",        "[]",       "{}",
                                      "[[[{}]]]",    "\"\\u0001\"", "\"%s%n\"", "9223372036854775807",
                                      "\"../../x\"", "{\"id\":{}}", "[null]"};

/* Puts each hostile value in each place of the payload in turn; nothing may break, and no claim may change. */
static void try_everywhere(json_t *payload, json_t *value, size_t *tried)
{
	for (size_t i = 0; i < json_array_size(value) + json_object_size(value); i++) {
		void *iterator = json_object_iter(value);
		for (size_t k = 0; json_is_object(value) && k < i; k++)
			iterator = json_object_iter_next(value, iterator);
		json_t *kept = json_incref(json_is_object(value) ? json_object_iter_value(iterator) : json_array_get(value, i));
		try_everywhere(payload, kept, tried);
		for (size_t h = 0; h < sizeof hostile / sizeof *hostile; h++) {
			json_t *bad = json_loads(hostile[h], JSON_DECODE_ANY, NULL);
			if (!bad)
				bad = json_real(1e300);
			if (json_is_object(value))
				json_object_iter_set_new(value, iterator, bad);
			else
				json_array_set_new(value, i, bad);
			struct km_claims claims;
			struct km_problem problem = {0};
			enum km_error error = km_credential_read(payload, SAMPLE_URL, &claims, &problem);
			if (error)
				assert_true(error == KM_INVALID && *problem.message);
			else
				assert_true(claims.valid_until == 1890255599 && strcmp(claims.number, SAMPLE_NUMBER) == 0 &&
				            claims.status_index == 0 && strcmp(claims.kvk, "68750110") == 0);
			++*tried;
		}
		if (json_is_object(value))
			json_object_iter_set_new(value, iterator, kept);
		else
			json_array_set_new(value, i, kept);
	}
}

static void hostile_values_do_no_harm_anywhere(void **state)
{
	(void)state;
	json_auto_t *payload = sample_payload();
	size_t tried = 0;
	try_everywhere(payload, payload, &tried);
	assert_true(tried > 1000);
	json_auto_t *untouched = sample_payload();
	assert_true(json_equal(payload, untouched));
}

static void the_context_defines_our_terms_under_our_own_address(void **state)
{
	(void)state;
	auto_free char *text = km_credential_context(SAMPLE_URL);
	struct km_problem problem = {0};
	json_auto_t *context = NULL;
	assert_ok(km_json_parse(text, strlen(text), "the context", &context, &problem), &problem);
	expect_text(context, "@context.keurmerk", "https://keurmerk.example/contexts/v1#");
	static const char *const terms[] = {"CertificationBody",
	                                    "CertifiedLevel",
	                                    "CertifiedService",
	                                    "accreditationNumber",
	                                    "auditDate",
	                                    "certifiedBy",
	                                    "certifiedLevel",
	                                    "certifiedService",
	                                    "domainName",
	                                    "kvkNumber",
	                                    "1EdTechJsonSchemaValidator2019"};
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
		assert_non_null(json_object_get(json_object_get(context, "@context"), terms[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(it_is_an_open_badge_credential),
		KM_TEST(it_says_who_holds_the_mark_and_for_what),
		KM_TEST(a_level_is_there_where_the_scheme_has_one),
		KM_TEST(the_registered_claims_repeat_the_credential),
		KM_TEST(it_has_a_place_in_both_status_lists),
		KM_TEST(every_node_has_an_iri),
		KM_TEST(only_the_newest_audits_are_named_and_keep_their_number),
		KM_TEST(what_is_written_is_read_back),
		KM_TEST(difficult_names_are_read_back),
		KM_TEST(a_claim_that_differs_from_its_twin_is_refused),
		KM_TEST(a_credential_of_another_form_is_refused),
		KM_TEST(a_credential_of_another_registry_is_refused),
		KM_TEST(hostile_values_do_no_harm_anywhere),
		KM_TEST(the_context_defines_our_terms_under_our_own_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
