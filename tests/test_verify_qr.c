#include "badge/qr_token.h"
#include "base/buf.h"
#include "tests/verifying.h"

#include <ctype.h>
#include <stdlib.h>

static char *sample_text(const struct world *world)
{
	auto_free char *token = world_qr_token(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	return km_qr_token_text(SAMPLE_URL, token);
}

static void a_genuine_code_is_said_to_be_so(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_text(world),
				   *token = world_qr_token(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_GENUINE, "active");
	for (int i = 0; i <= KM_CHECK_STATUS; i++)
		assert_int_equal(verdict.checks[i].result, KM_RESULT_GOOD);
	assert_string_equal(verdict.number, SAMPLE_NUMBER);
	assert_string_equal(verdict.provider_name, "Test BV Donald");
	assert_string_equal(verdict.warning, "");
	assert_int_equal(verdict.knowledge_at, world->now);
	/* In small letters, as a browser may have it; with white space; the token alone. */
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	auto_buf struct km_buf spaced = KM_BUF_EMPTY;
	km_buf_add_format(&spaced, "\t%s\n", text);
	verdict = world_verify(world, spaced.data);
	expect(&verdict, KM_GENUINE, "active");
	verdict = world_verify(world, token);
	expect(&verdict, KM_GENUINE, "active");
}

static void one_changed_symbol_of_the_token_makes_it_not_valid(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_text(world);
	size_t len = strlen(text), start = strlen(SAMPLE_URL) + 3;
	static const char put[] = "ABZ27 10.-_/=\x01\xff";
	for (size_t at = start; at < len; at++) {
		char kept = text[at];
		for (const char *c = put; *c; c++) {
			if (*c == kept || (at == len - 1 && *c == ' ')) /* white space at the end is no part of it */
				continue;
			text[at] = *c;
			struct km_verdict verdict = world_verify_bytes(world, text, len);
			if (verdict.outcome != KM_NOT_VALID)
				fail_msg("symbol %zu as %02x: %s", at, (unsigned char)*c, verdict.sentence);
			assert_string_equal(verdict.provider_name, "");
		}
		text[at] = kept;
	}
	assert_int_equal(world->answer.asked, 0);
}

static void a_code_that_leads_elsewhere_is_not_valid(void **state)
{
	struct world *world = *state;
	auto_free char *token = world_qr_token(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	static const char *const bases[] = {"https://keurrnerk.example", "http://keurmerk.example",
	                                    "https://keurmerk.example:8443", "https://keurmerk.example.evil.example"};
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		auto_free char *text = km_qr_token_text(bases[i], token);
		struct km_verdict verdict = world_verify(world, text);
		expect(&verdict, KM_NOT_VALID, "other-address");
		assert_contains(verdict.sentence, bases[i]);
	}
	assert_int_equal(world->answer.asked, 0);
}

static void a_code_of_another_registry_is_cannot_tell_with_its_name(void **state)
{
	struct world *world = *state;
	auto_free char *token = world_qr_token(world, &world->sample.mark, "https://other.example", STRANGER);
	auto_free char *text = km_qr_token_text("https://other.example", token);
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_CANNOT_TELL, "unknown-issuer");
	assert_string_equal(verdict.issuer, "https://other.example");
	assert_string_equal(verdict.provider_name, "");
}

static void whoever_claims_to_be_our_registry_is_held_to_it(void **state)
{
	struct world *world = *state;
	auto_free char *stranger = world_qr_token(world, &world->sample.mark, SAMPLE_URL, STRANGER);
	auto_free char *wrong = world_qr_token(world, &world->sample.mark, SAMPLE_URL, STATUS);
	struct km_verdict verdict = world_verify(world, stranger);
	expect(&verdict, KM_NOT_VALID, "unknown-key");
	verdict = world_verify(world, wrong);
	expect(&verdict, KM_NOT_VALID, "wrong-key");
	auto_free char *good = world_qr_token(world, &world->sample.mark, SAMPLE_URL, CREDENTIAL);
	world->trust.entries[CREDENTIAL].revoked_at = SAMPLE_NOW + 1;
	verdict = world_verify(world, good);
	expect(&verdict, KM_NOT_VALID, "revoked-key");
	world->trust.entries[CREDENTIAL].revoked_at = 0;
	world->trust.entries[CREDENTIAL].not_after = SAMPLE_NOW - 1;
	verdict = world_verify(world, good);
	expect(&verdict, KM_NOT_VALID, "key-not-in-use");
}

static void nobody_named_is_always_cannot_tell(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_text(world);
	struct km_verdict verdict;
	km_verify(text, strlen(text), NULL, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "no-trust");
	text[100] = text[100] == 'A' ? 'B' : 'A';
	km_verify(text, strlen(text), NULL, &world->source, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "no-trust");
}

static void the_present_state_decides(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_text(world);
	for (enum km_state told = KM_SUSPENDED; told < KM_STATES; told++) {
		world->sample.mark.state = told;
		struct km_verdict verdict = world_verify(world, text);
		expect(&verdict, KM_NOT_VALID, km_state_name(told));
	}
	world->sample.mark.state = KM_ACTIVE;
	world->answer.error = KM_UNAVAILABLE;
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	assert_string_equal(verdict.provider_name, "Test BV Donald");
	world->answer.error = KM_ABSENT;
	verdict = world_verify(world, text);
	expect(&verdict, KM_NOT_VALID, "not-in-register");
	world->answer.error = KM_OK;
	world->sample.provider.kvk = "68727720";
	verdict = world_verify(world, text);
	expect(&verdict, KM_NOT_VALID, "other-holder");
}

static void offline_it_never_says_genuine(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_text(world);
	struct km_verdict verdict;
	km_verify(text, strlen(text), &world->trust, NULL, world->now, &verdict);
	expect(&verdict, KM_CANNOT_TELL, "status-unknown");
	assert_int_equal(verdict.checks[KM_CHECK_SIGNATURE].result, KM_RESULT_GOOD);
	assert_string_equal(verdict.kvk, "68750110");
	km_verify(text, strlen(text), &world->trust, NULL, 1890255600, &verdict);
	expect(&verdict, KM_NOT_VALID, "expired");
}

static void a_difference_from_the_register_is_told_loudly(void **state)
{
	struct world *world = *state;
	auto_free char *text = sample_text(world);
	world->sample.provider.name = "Donald Nieuwe Naam BV";
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_GENUINE, "active");
	assert_string_equal(verdict.warning, "Attention: the QR code says “Test BV Donald”; in the register the holder is "
	                                     "“Donald Nieuwe Naam BV”.");
	assert_string_equal(verdict.provider_name, "Donald Nieuwe Naam BV");
	world->sample.provider.name = "Test BV Donald";
	world->sample.mark.period.valid_until -= 365L * 24 * 3600;
	verdict = world_verify(world, text);
	assert_string_equal(verdict.warning,
	                    "Attention: the QR code says until 24 November 2029; the register says until 24 "
	                    "November 2028.");
}

static void a_name_that_was_cut_is_no_difference(void **state)
{
	struct world *world = *state;
	auto_buf struct km_buf name = KM_BUF_EMPTY;
	for (int i = 0; i < 100; i++)
		km_buf_add_text(&name, "éa");
	world->sample.provider.name = name.data;
	auto_free char *text = sample_text(world);
	struct km_verdict verdict = world_verify(world, text);
	expect(&verdict, KM_GENUINE, "active");
	assert_string_equal(verdict.warning, "");
	assert_string_equal(verdict.provider_name, name.data);
}

static void the_address_of_a_page_is_a_number(void **state)
{
	struct world *world = *state;
	static const char *const addresses[] = {"HTTPS://KEURMERK.EXAMPLE/M/7K3Q9XM24HTT",
	                                        "https://keurmerk.example/m/7k3q-9xm2-4htt.svg",
	                                        "https://keurmerk.example/m/7K3Q9XM24HTT?lang=en"};
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct km_verdict verdict = world_verify(world, addresses[i]);
		expect(&verdict, KM_GENUINE, "active");
	}
	struct km_verdict verdict = world_verify(world, "https://other.example/m/7K3Q9XM24HTT");
	expect(&verdict, KM_CANNOT_TELL, "unknown-form");
	verdict = world_verify(world, "https://keurmerk.example/m/7K3Q9XM24HTV");
	expect(&verdict, KM_NOT_VALID, "mark-number-check");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_VERIFY_TEST(a_genuine_code_is_said_to_be_so),
		KM_VERIFY_TEST(one_changed_symbol_of_the_token_makes_it_not_valid),
		KM_VERIFY_TEST(a_code_that_leads_elsewhere_is_not_valid),
		KM_VERIFY_TEST(a_code_of_another_registry_is_cannot_tell_with_its_name),
		KM_VERIFY_TEST(whoever_claims_to_be_our_registry_is_held_to_it),
		KM_VERIFY_TEST(nobody_named_is_always_cannot_tell),
		KM_VERIFY_TEST(the_present_state_decides),
		KM_VERIFY_TEST(offline_it_never_says_genuine),
		KM_VERIFY_TEST(a_difference_from_the_register_is_told_loudly),
		KM_VERIFY_TEST(a_name_that_was_cut_is_no_difference),
		KM_VERIFY_TEST(the_address_of_a_page_is_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
