#include "badge/status_list.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "registry/status_bits.h"
#include "tests/fixture.h"

enum { NOW = FIXTURE_NOW, DAY = 24 * 3600 };

/* Marks with these ids and periods, without the evidence that would stand behind them. */
static void add_mark(struct fixture *fixture, int64_t id)
{
	char sql[256];
	snprintf(sql, sizeof sql,
	         "INSERT INTO mark (id, number, provider_id, scheme_id, granted_at) VALUES (%lld, '%012lld', 1, 'x', 0)",
	         (long long)id, (long long)id);
	fixture_sql(fixture, sql);
}

static void add_period(struct fixture *fixture, int64_t id, int sequence, int64_t holds_from, const char *mark_state,
                       int64_t valid_until, int64_t suspension_limit)
{
	char sql[512];
	snprintf(sql, sizeof sql,
	         "INSERT INTO mark_period (mark_id, sequence, decision_id, holds_from, recorded_at, state, body_id,"
	         " scheme_version, scope, valid_from, valid_until, suspension_limit)"
	         " VALUES (%lld, %d, 'd', %lld, 0, '%s', 1, 1, '[]', 0, %lld, nullif(%lld, 0))",
	         (long long)id, sequence, (long long)holds_from, mark_state, (long long)valid_until,
	         (long long)suspension_limit);
	fixture_sql(fixture, sql);
}

static int set_up(void **state)
{
	fixture_set_up(state);
	struct fixture *fixture = *state;
	struct km_problem problem = {0};
	assert_ok(km_store_commit(fixture->store, &problem), &problem);
	fixture_sql(fixture, "PRAGMA foreign_keys = OFF");
	return 0;
}
#define KM_LIST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

static json_t *payload_of(struct fixture *fixture, enum km_status_purpose purpose, int64_t list, int64_t now)
{
	struct km_problem problem = {0};
	auto_free char *text = NULL;
	json_t *payload = NULL;
	assert_ok(km_status_list_payload(fixture->store, FIXTURE_URL, purpose, list, now, &text, &problem), &problem);
	assert_ok(km_json_parse(text, strlen(text), "the payload", &payload, &problem), &problem);
	return payload;
}

static struct km_status_list list_of(struct fixture *fixture, enum km_status_purpose purpose, int64_t number,
                                     int64_t now)
{
	json_auto_t *payload = payload_of(fixture, purpose, number, now);
	struct km_problem problem = {0};
	struct km_status_list list;
	assert_ok(km_status_list_read(payload, FIXTURE_URL, &list, &problem), &problem);
	assert_int_equal(list.purpose, purpose);
	assert_int_equal(list.list, number);
	return list;
}

static bool is_set(const struct km_status_list *list, int64_t status_index)
{
	bool set = false;
	struct km_problem problem = {0};
	assert_ok(km_status_list_get(list, status_index, &set, &problem), &problem);
	return set;
}

static int bits_set(const struct km_status_list *list)
{
	int count = 0;
	for (size_t i = 0; i < sizeof list->bits; i++)
		count += __builtin_popcount(list->bits[i]);
	return count;
}

static void each_list_has_one_address(void **state)
{
	(void)state;
	auto_free char *first = km_status_list_url(FIXTURE_URL, KM_STATUS_REVOCATION, km_status_list_number(131071));
	auto_free char *second = km_status_list_url(FIXTURE_URL, KM_STATUS_SUSPENSION, km_status_list_number(131072));
	assert_string_equal(first, "https://keurmerk.example/status/revocation/1");
	assert_string_equal(second, "https://keurmerk.example/status/suspension/2");
	assert_int_equal(km_status_list_place(131071), 131071);
	assert_int_equal(km_status_list_place(131072), 0);
}

static void an_empty_register_has_two_lists_of_zeros(void **state)
{
	struct km_status_list revoked = list_of(*state, KM_STATUS_REVOCATION, 1, NOW);
	struct km_status_list suspended = list_of(*state, KM_STATUS_SUSPENSION, 1, NOW);
	assert_int_equal(bits_set(&revoked) + bits_set(&suspended), 0);
	assert_int_equal(revoked.valid_from, NOW);
	assert_int_equal(revoked.valid_until, NOW + DAY);
	char *text = NULL;
	struct km_problem problem = {0};
	static const int64_t absent[] = {2, 0, -1, INT64_MAX, INT64_MIN};
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		assert_problem(km_status_list_payload(((struct fixture *)*state)->store, FIXTURE_URL, KM_STATUS_REVOCATION,
		                                      absent[i], NOW, &text, &problem),
		               &problem, KM_ABSENT, "no-status-list");
	assert_null(text);
}

static void a_list_says_who_is_withdrawn_or_suspended_at_that_moment(void **state)
{
	struct fixture *fixture = *state;
	add_mark(fixture, 1);
	add_period(fixture, 1, 1, NOW - 100, "active", NOW + 900 * DAY, 0);
	add_mark(fixture, 2);
	add_period(fixture, 2, 1, NOW - 100, "active", NOW + 900 * DAY, 0);
	add_period(fixture, 2, 2, NOW - 50, "suspended", NOW + 900 * DAY, NOW + 90 * DAY);
	add_mark(fixture, 8);
	add_period(fixture, 8, 1, NOW - 100, "withdrawn", NOW + 900 * DAY, 0);
	add_mark(fixture, 9); /* expired is in neither list: the credential itself says so */
	add_period(fixture, 9, 1, NOW - 100, "active", NOW - 1, 0);
	add_mark(fixture, 10); /* suspended for too long, so withdrawn by lapse */
	add_period(fixture, 10, 1, NOW - 100, "suspended", NOW + 900 * DAY, NOW - 1);
	struct km_status_list revoked = list_of(fixture, KM_STATUS_REVOCATION, 1, NOW);
	struct km_status_list suspended = list_of(fixture, KM_STATUS_SUSPENSION, 1, NOW);
	assert_int_equal(bits_set(&revoked), 2);
	assert_true(is_set(&revoked, 7) && is_set(&revoked, 9));
	assert_int_equal(bits_set(&suspended), 1);
	assert_true(is_set(&suspended, 1));
	/* Bit 0 is the leftmost of byte 0. */
	assert_int_equal(revoked.bits[0], 0x01);
	assert_int_equal(revoked.bits[1], 0x40);
	assert_int_equal(suspended.bits[0], 0x40);
	/* A minute ago mark 2 was active, and mark 10 not yet suspended for too long. */
	struct km_status_list before = list_of(fixture, KM_STATUS_SUSPENSION, 1, NOW - 60);
	assert_int_equal(bits_set(&before), 1);
	assert_true(is_set(&before, 9));
}

static void a_list_is_good_until_a_mark_in_it_changes_by_itself(void **state)
{
	struct fixture *fixture = *state;
	add_mark(fixture, 1);
	add_period(fixture, 1, 1, NOW - 100, "active", NOW + 100, 0); /* active up to and with NOW + 100 */
	struct km_status_list list = list_of(fixture, KM_STATUS_REVOCATION, 1, NOW);
	assert_int_equal(list.valid_until, NOW + 100);
	/* A decision that is recorded already and holds from later on. */
	add_period(fixture, 1, 2, NOW + 50, "withdrawn", NOW + 100, 0);
	list = list_of(fixture, KM_STATUS_REVOCATION, 1, NOW);
	assert_int_equal(list.valid_until, NOW + 49);
	assert_false(is_set(&list, 0));
	list = list_of(fixture, KM_STATUS_REVOCATION, 1, NOW + 49);
	assert_int_equal(list.valid_until, NOW + 49);
	assert_false(is_set(&list, 0));
	list = list_of(fixture, KM_STATUS_REVOCATION, 1, NOW + 50);
	assert_true(is_set(&list, 0));
	assert_int_equal(list.valid_until, NOW + 50 + DAY);
}

static void the_latest_recorded_decision_that_holds_decides(void **state)
{
	struct fixture *fixture = *state;
	add_mark(fixture, 1);
	add_period(fixture, 1, 1, NOW - 100, "active", NOW + 900 * DAY, 0);
	add_period(fixture, 1, 2, NOW + 50, "withdrawn", NOW + 900 * DAY, 0);
	add_period(fixture, 1, 3, NOW + 20, "active", NOW + 900 * DAY,
	           0); /* recorded after it, so it never comes to that */
	struct km_status_list list = list_of(fixture, KM_STATUS_REVOCATION, 1, NOW + 60);
	assert_int_equal(bits_set(&list), 0);
	assert_int_equal(list.valid_until, NOW + 60 + DAY);
}

static void a_mark_that_is_granted_from_later_on_is_in_no_list_yet(void **state)
{
	struct fixture *fixture = *state;
	add_mark(fixture, 1);
	add_period(fixture, 1, 1, NOW + 10, "active", NOW + 900 * DAY, 0);
	struct km_status_list list = list_of(fixture, KM_STATUS_SUSPENSION, 1, NOW);
	assert_int_equal(bits_set(&list), 0);
	assert_int_equal(list.valid_until, NOW + 9);
}

static void the_next_list_begins_where_the_first_ends(void **state)
{
	struct fixture *fixture = *state;
	static const int64_t ids[] = {131072, 131073, 131080};
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		add_mark(fixture, ids[i]);
		add_period(fixture, ids[i], 1, NOW - 1, "withdrawn", NOW, 0);
	}
	struct km_status_list first = list_of(fixture, KM_STATUS_REVOCATION, 1, NOW);
	struct km_status_list second = list_of(fixture, KM_STATUS_REVOCATION, 2, NOW);
	assert_int_equal(bits_set(&first), 1);
	assert_int_equal(first.bits[KM_STATUS_LIST_BYTES - 1], 0x01);
	assert_int_equal(bits_set(&second), 2);
	assert_int_equal(second.bits[0], 0x81);
	bool set = true;
	struct km_problem problem = {0};
	static const int64_t out_of_range[] = {131071, 262144, -1, INT64_MAX};
	for (size_t i = 0; i < sizeof out_of_range / sizeof *out_of_range; i++)
		assert_problem(km_status_list_get(&second, out_of_range[i], &set, &problem), &problem, KM_INVALID,
		               "status-range");
	assert_true(set);
}

static void the_form_is_that_of_the_standard_and_of_no_machine(void **state)
{
	json_auto_t *payload = payload_of(*state, KM_STATUS_SUSPENSION, 1, NOW);
	json_auto_t *again = payload_of(*state, KM_STATUS_SUSPENSION, 1, NOW);
	assert_true(json_equal(payload, again));
	json_t *subject = json_object_get(payload, "credentialSubject");
	const char *id = json_string_value(json_object_get(payload, "id"));
	assert_string_equal(id, "https://keurmerk.example/status/suspension/1");
	assert_string_equal(json_string_value(json_object_get(payload, "issuer")), "did:web:keurmerk.example");
	assert_string_equal(json_string_value(json_object_get(payload, "validFrom")), "2026-11-24T17:02:37Z");
	assert_string_equal(json_string_value(json_object_get(payload, "validUntil")), "2026-11-25T17:02:37Z");
	assert_string_equal(json_string_value(json_object_get(subject, "type")), "BitstringStatusList");
	assert_string_equal(json_string_value(json_object_get(subject, "statusPurpose")), "suspension");
	const char *encoded = json_string_value(json_object_get(subject, "encodedList"));
	assert_int_equal(encoded[0], 'u');
	auto_buf struct km_buf packed = KM_BUF_EMPTY;
	assert_true(km_decode(KM_BASE64URL, encoded + 1, strlen(encoded + 1), &packed));
	/* RFC 1952: magic, deflate, no flags, no time, slowest, unknown system. */
	assert_memory_equal(packed.data, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff", 10);
}

static void refuses(json_t *payload, const char *url, const char *member)
{
	static struct km_status_list list;
	struct km_problem problem = {0};
	assert_problem(km_status_list_read(payload, url, &list, &problem), &problem, KM_INVALID, "member");
	assert_contains(problem.message, member);
}

static void a_list_of_another_form_is_refused(void **state)
{
	static const struct {
		const char *object, *member, *value, *told;
	} cases[] = {
		{NULL, "issuer", "\"did:web:other.example\"", "issuer"},
		{NULL, "type", "[\"VerifiableCredential\"]", "type"},
		{NULL, "type", "\"BitstringStatusListCredential\"", "type"},
		{NULL, "id", "\"https://keurmerk.example/status/revocation/1\"", "id"},
		{NULL, "id", "\"https://keurmerk.example/status/suspension/01\"", "id"},
		{NULL, "id", "\"https://keurmerk.example/status/suspension/-1\"", "id"},
		{NULL, "id", "\"https://other.example/status/suspension/1\"", "id"},
		{NULL, "validFrom", "7", "validFrom"},
		{NULL, "validUntil", "\"tomorrow\"", "validUntil"},
		{NULL, "validUntil", "\"2026-11-24T17:02:36Z\"", "validUntil"},
		{"credentialSubject", "type", "\"StatusList2021\"", "type"},
		{"credentialSubject", "id", "\"https://keurmerk.example/status/suspension/1#other\"", "id"},
		{"credentialSubject", "statusPurpose", "\"message\"", "id"},
		{"credentialSubject", "encodedList", "\"u\"", "encodedList"},
		{"credentialSubject", "encodedList", "\"\"", "encodedList"},
		{"credentialSubject", "encodedList", "7", "encodedList"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_auto_t *payload = payload_of(*state, KM_STATUS_SUSPENSION, 1, NOW);
		json_t *object = cases[i].object ? json_object_get(payload, cases[i].object) : payload;
		json_object_set_new(object, cases[i].member, json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
		refuses(payload, FIXTURE_URL, cases[i].told);
	}
	json_auto_t *payload = payload_of(*state, KM_STATUS_SUSPENSION, 1, NOW);
	refuses(payload, "https://other.example", "issuer");
}

/* Made with: head -c N /dev/zero | gzip -9n | base64url. */
static void a_list_of_another_length_is_refused(void **state)
{
	static const struct {
		const char *label, *command;
	} cases[] = {
		{"a byte less", "head -c 16383 /dev/zero | gzip -9n"},
		{"a byte more", "head -c 16385 /dev/zero | gzip -9n"},
		{"a bomb", "head -c 30000000 /dev/zero | gzip -9n"},
		{"two members", "(head -c 16384 /dev/zero | gzip -9n; gzip -9n </dev/null)"},
		{"something after it", "(head -c 16384 /dev/zero | gzip -9n; printf x)"},
		{"cut short", "head -c 16384 /dev/zero | gzip -9n | head -c 30"},
		{"not GZIP", "head -c 100 /dev/zero"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char bytes[65536];
		FILE *pipe = popen(cases[i].command, "r");
		assert_non_null(pipe);
		size_t len = fread(bytes, 1, sizeof bytes, pipe);
		pclose(pipe);
		auto_buf struct km_buf encoded = KM_BUF_EMPTY;
		km_buf_add_char(&encoded, 'u');
		km_encode(KM_BASE64URL, bytes, len, &encoded);
		json_auto_t *payload = payload_of(*state, KM_STATUS_SUSPENSION, 1, NOW);
		json_object_set_new(json_object_get(payload, "credentialSubject"), "encodedList", json_string(encoded.data));
		print_message("# %s\n", cases[i].label);
		refuses(payload, FIXTURE_URL, "encodedList");
	}
}

/* gzip(1) packs in its own way; what it packs is read as well. */
static void a_list_that_another_program_packed_is_read(void **state)
{
	char bytes[65536];
	FILE *pipe = popen("(printf '\\200'; head -c 16382 /dev/zero; printf '\\001') | gzip -1", "r");
	assert_non_null(pipe);
	size_t len = fread(bytes, 1, sizeof bytes, pipe);
	pclose(pipe);
	auto_buf struct km_buf encoded = KM_BUF_EMPTY;
	km_buf_add_char(&encoded, 'u');
	km_encode(KM_BASE64URL, bytes, len, &encoded);
	json_auto_t *payload = payload_of(*state, KM_STATUS_SUSPENSION, 1, NOW);
	json_object_set_new(json_object_get(payload, "credentialSubject"), "encodedList", json_string(encoded.data));
	struct km_status_list list;
	struct km_problem problem = {0};
	assert_ok(km_status_list_read(payload, FIXTURE_URL, &list, &problem), &problem);
	assert_int_equal(bits_set(&list), 2);
	assert_true(is_set(&list, 0) && is_set(&list, 131071));
}

static enum km_error remember(void *context, int64_t status_index, enum km_state state)
{
	struct km_buf *seen = context;
	km_buf_add_format(seen, "%lld %s, ", (long long)status_index, km_state_name(state));
	return KM_OK;
}

static enum km_error stop(void *context, int64_t status_index, enum km_state state)
{
	(void)context, (void)status_index, (void)state;
	return KM_UNAVAILABLE;
}

static void bits_come_in_order_with_the_state_of_that_moment(void **state)
{
	struct fixture *fixture = *state;
	static const char *const states[] = {"withdrawn", "suspended", "active"};
	for (int64_t id = 1; id <= 6; id++) {
		add_mark(fixture, 7 - id);
		add_period(fixture, 7 - id, 1, NOW - 1, states[id % 3], NOW + DAY, NOW + 100);
	}
	auto_buf struct km_buf seen = KM_BUF_EMPTY;
	struct km_problem problem = {0};
	int64_t next = 0, count = 0;
	assert_ok(km_status_bits(fixture->store, 0, 5, NOW, remember, &seen, &next, &problem), &problem);
	assert_string_equal(seen.data, "0 withdrawn, 2 suspended, 3 withdrawn, ");
	assert_int_equal(next, NOW + 101);
	assert_ok(km_status_bits_count(fixture->store, &count, &problem), &problem);
	assert_int_equal(count, 6);
	next = 7;
	assert_int_equal(km_status_bits(fixture->store, 0, 5, NOW, stop, NULL, &next, &problem), KM_UNAVAILABLE);
	assert_int_equal(next, 7);
	fixture_expect_indexes(fixture, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST(each_list_has_one_address),
		KM_LIST_TEST(an_empty_register_has_two_lists_of_zeros),
		KM_LIST_TEST(a_list_says_who_is_withdrawn_or_suspended_at_that_moment),
		KM_LIST_TEST(a_list_is_good_until_a_mark_in_it_changes_by_itself),
		KM_LIST_TEST(the_latest_recorded_decision_that_holds_decides),
		KM_LIST_TEST(a_mark_that_is_granted_from_later_on_is_in_no_list_yet),
		KM_LIST_TEST(the_next_list_begins_where_the_first_ends),
		KM_LIST_TEST(the_form_is_that_of_the_standard_and_of_no_machine),
		KM_LIST_TEST(a_list_of_another_form_is_refused),
		KM_LIST_TEST(a_list_of_another_length_is_refused),
		KM_LIST_TEST(a_list_that_another_program_packed_is_read),
		KM_LIST_TEST(bits_come_in_order_with_the_state_of_that_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
