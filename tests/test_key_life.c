#include "tests/folder.h"

#include "base/buf.h"
#include "keys/key_folder.h"
#include "keys/key_life.h"
#include "keys/keyring.h"

#include <sys/file.h>
#include <sys/stat.h>

#define URL "https://keurmerk.example"

static const int64_t begun = 1790000000;

struct life {
	int64_t now;
	struct km_clock clock;
	struct km_keyset set;
	struct km_problem problem;
};

static void begin(struct life *life)
{
	*life = (struct life){.now = begun};
	life->clock = km_clock_fixed(&life->now);
	assert_ok(km_key_life_begin("keys", URL, NULL, NULL, begun, &life->problem), &life->problem);
	assert_ok(km_key_folder_keyset("keys", &life->set, &life->problem), &life->problem);
}

static const struct km_keyset_entry *look(struct life *life, const char *thumbprint)
{
	assert_ok(km_key_folder_keyset("keys", &life->set, &life->problem), &life->problem);
	return km_keyset_find(&life->set, thumbprint);
}

static bool has_private(const struct km_keyset_entry *entry)
{
	char path[128];
	snprintf(path, sizeof path, "keys/%s-%s.pem", km_purpose_name(entry->purpose), entry->thumbprint);
	return access(path, F_OK) == 0;
}

/* The key that signs a status at this moment. */
static void assert_signs(struct life *life, const char *thumbprint)
{
	struct km_keyring *keyring = NULL;
	auto_free char *token = NULL, *payload = NULL;
	assert_ok(km_keyring_open("keys", NULL, life->now, &keyring, &life->problem), &life->problem);
	assert_true(asprintf(&payload,
	                     "{\"iss\":\"" URL "\",\"sub\":\"a\",\"iat\":%lld,\"exp\":%lld,\"mark\":\"1\",\"state\":\"x\"}",
	                     (long long)life->now, (long long)life->now) > 0);
	assert_ok(km_keyring_sign(keyring, KM_FORM_STATUS, payload, strlen(payload), life->now, &token, &life->problem),
	          &life->problem);
	assert_non_null(strchr(token, '.'));
	const struct km_keyset_entry *current = km_keyset_current(&life->set, KM_PURPOSE_STATUS, life->now);
	assert_string_equal(current->thumbprint, thumbprint);
	km_keyring_close(keyring);
}

static void the_next_key_is_published_before_it_signs(void **state)
{
	(void)state;
	struct life life;
	begin(&life);
	struct km_keyset_entry next, first = *km_keyset_current(&life.set, KM_PURPOSE_STATUS, begun);
	const int64_t from = begun + KM_KEY_LEAD_S;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, from, &life.clock, &next, &life.problem),
	          &life.problem);
	const struct km_keyset_entry *published = look(&life, next.thumbprint);
	assert_non_null(published);
	assert_int_equal(published->not_before, from);
	assert_int_equal(published->not_after, 0);
	assert_int_equal(km_keyset_state(published, begun), KM_KEY_NEXT);
	assert_int_equal(look(&life, first.thumbprint)->not_after, from - 1);
	assert_int_equal(life.set.len, KM_PURPOSES + 1);
	assert_signs(&life, first.thumbprint);
	life.now = from - 1;
	assert_signs(&life, first.thumbprint);
	life.now = from;
	assert_signs(&life, next.thumbprint);
	/* the others go on */
	for (enum km_purpose purpose = 0; purpose < KM_PURPOSES; purpose++)
		if (purpose != KM_PURPOSE_STATUS)
			assert_int_equal(km_keyset_current(&life.set, purpose, from)->not_before, begun);
}

static void at_once_is_a_few_seconds_from_now(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next;
	begin(&life);
	life.now += 100;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem), &life.problem);
	assert_int_equal(next.not_before, life.now + KM_KEY_SETTLE_S);
}

static void only_one_next_key_waits(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next, none;
	begin(&life);
	assert_ok(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, begun + 100, &life.clock, &next, &life.problem),
	          &life.problem);
	assert_problem(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, begun + 100, &life.clock, &none, &life.problem),
	               &life.problem, KM_CONFLICT, "next-waiting");
	assert_ok(km_key_rotate("keys", KM_PURPOSE_RECEIPT, NULL, NULL, begun + 100, &life.clock, &none, &life.problem),
	          &life.problem);
	life.now = begun + 100;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, begun + 200, &life.clock, &none, &life.problem),
	          &life.problem);
	assert_int_equal(look(&life, next.thumbprint)->not_after, begun + 199);
}

static void a_private_half_goes_when_it_is_of_no_more_use(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next;
	begin(&life);
	struct km_keyset_entry first = *km_keyset_current(&life.set, KM_PURPOSE_LOG, begun);
	assert_ok(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, begun + 100, &life.clock, &next, &life.problem),
	          &life.problem);
	life.now = begun + 99 + KM_KEY_LINGER_S;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, 0, &life.clock, &next, &life.problem),
	          &life.problem);
	assert_true(has_private(&first));
	life.now++;
	assert_ok(km_key_rotate("keys", KM_PURPOSE_RECEIPT, NULL, NULL, 0, &life.clock, &next, &life.problem),
	          &life.problem);
	assert_false(has_private(&first));
	assert_int_equal(km_keyset_state(look(&life, first.thumbprint), life.now),
	                 KM_KEY_RETIRED); /* and published still */
}

static void a_revoked_key_has_a_successor_at_once(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry successor;
	begin(&life);
	struct km_keyset_entry first = *km_keyset_current(&life.set, KM_PURPOSE_STATUS, begun);
	life.now += 1000;
	assert_ok(km_key_revoke("keys", first.thumbprint, NULL, NULL, begun + 500, &life.clock, &successor, &life.problem),
	          &life.problem);
	assert_int_equal(look(&life, first.thumbprint)->revoked_at, begun + 500);
	assert_false(has_private(&first));
	assert_string_not_equal(successor.thumbprint, "");
	assert_signs(&life, successor.thumbprint);
	/* earlier than was thought, but not later */
	assert_ok(km_key_revoke("keys", first.thumbprint, NULL, NULL, begun + 900, &life.clock, &successor, &life.problem),
	          &life.problem);
	assert_string_equal(successor.thumbprint, "");
	assert_int_equal(look(&life, first.thumbprint)->revoked_at, begun + 500);
	assert_ok(km_key_revoke("keys", first.thumbprint, NULL, NULL, begun + 400, &life.clock, &successor, &life.problem),
	          &life.problem);
	assert_int_equal(look(&life, first.thumbprint)->revoked_at, begun + 400);
}

static void the_next_key_takes_over_from_a_revoked_one(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next, successor;
	begin(&life);
	struct km_keyset_entry first = *km_keyset_current(&life.set, KM_PURPOSE_STATUS, begun);
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, begun + 1000, &life.clock, &next, &life.problem),
	          &life.problem);
	life.now += 100;
	assert_ok(km_key_revoke("keys", first.thumbprint, NULL, NULL, begun, &life.clock, &successor, &life.problem),
	          &life.problem);
	assert_string_equal(successor.thumbprint, "");
	assert_int_equal(look(&life, next.thumbprint)->not_before, life.now - KM_KEY_SETTLE_S);
	assert_signs(&life, next.thumbprint);
}

static void where_the_next_key_is_revoked_the_present_one_goes_on(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next, successor;
	begin(&life);
	struct km_keyset_entry first = *km_keyset_current(&life.set, KM_PURPOSE_STATUS, begun);
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, begun + 1000, &life.clock, &next, &life.problem),
	          &life.problem);
	life.now += 100;
	assert_ok(km_key_revoke("keys", next.thumbprint, NULL, NULL, begun + 1, &life.clock, &successor, &life.problem),
	          &life.problem);
	assert_string_equal(successor.thumbprint, "");
	assert_int_equal(look(&life, first.thumbprint)->not_after, 0);
	life.now = begun + 2000;
	assert_signs(&life, first.thumbprint);
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, 0, &life.clock, &next, &life.problem),
	          &life.problem);
}

static void a_key_is_not_revoked_in_the_future(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry successor;
	begin(&life);
	const char *first = km_keyset_current(&life.set, KM_PURPOSE_LOG, begun)->thumbprint;
	assert_problem(km_key_revoke("keys", first, NULL, NULL, begun + 1, &life.clock, &successor, &life.problem),
	               &life.problem, KM_INVALID, "revoked-at");
	assert_problem(km_key_revoke("keys", first, NULL, NULL, 0, &life.clock, &successor, &life.problem), &life.problem,
	               KM_INVALID, "revoked-at");
	assert_problem(km_key_revoke("keys", "x", NULL, NULL, begun, &life.clock, &successor, &life.problem), &life.problem,
	               KM_ABSENT, "no-such-key");
	assert_ok(km_key_revoke("keys", first, NULL, NULL, begun, &life.clock, &successor, &life.problem), &life.problem);
}

static void a_key_is_published_until_nothing_rests_on_it(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next;
	begin(&life);
	struct km_keyset_entry first = *km_keyset_current(&life.set, KM_PURPOSE_STATUS, begun);
	assert_problem(km_key_retire("keys", first.thumbprint, NULL, 0, &life.clock, &life.problem), &life.problem,
	               KM_CONFLICT, "key-in-use");
	assert_ok(km_key_rotate("keys", KM_PURPOSE_STATUS, NULL, NULL, begun + 10, &life.clock, &next, &life.problem),
	          &life.problem);
	assert_problem(km_key_retire("keys", next.thumbprint, NULL, 0, &life.clock, &life.problem), &life.problem,
	               KM_CONFLICT, "key-in-use");
	life.now = begun + 5000;
	assert_problem(km_key_retire("keys", first.thumbprint, NULL, INT64_MAX, &life.clock, &life.problem), &life.problem,
	               KM_CONFLICT, "key-needed");
	assert_problem(km_key_retire("keys", first.thumbprint, NULL, begun + 5000, &life.clock, &life.problem),
	               &life.problem, KM_CONFLICT, "key-needed");
	assert_contains(life.problem.message, "2026-09-21T15:36:40Z");
	assert_non_null(look(&life, first.thumbprint));
	assert_ok(km_key_retire("keys", first.thumbprint, NULL, begun + 4999, &life.clock, &life.problem), &life.problem);
	assert_null(look(&life, first.thumbprint));
	assert_false(has_private(&first));
	assert_int_equal(life.set.len, KM_PURPOSES);
	assert_signs(&life, next.thumbprint);
	assert_problem(km_key_retire("keys", first.thumbprint, NULL, 0, &life.clock, &life.problem), &life.problem,
	               KM_ABSENT, "no-such-key");
}

static void two_do_not_change_the_keys_at_once(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next;
	begin(&life);
	int other = open("keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_problem(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem),
	               &life.problem, KM_UNAVAILABLE, "keys-busy");
	close(other);
	assert_ok(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem), &life.problem);
}

static void the_keys_of_another_user_are_left_alone(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next;
	begin(&life);
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown("keys", 65534, 65534), 0);
	assert_problem(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem),
	               &life.problem, KM_FORBIDDEN, "other-owner");
	assert_int_equal(chmod("keys", 0750), 0);
	assert_problem(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem),
	               &life.problem, KM_FORBIDDEN, "permissions");
}

static void a_set_that_is_full_takes_no_more(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next;
	begin(&life);
	for (size_t i = KM_PURPOSES; i < KM_KEYSET_MAX; i++) {
		assert_ok(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem),
		          &life.problem);
		life.now += KM_KEY_SETTLE_S;
	}
	assert_problem(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem),
	               &life.problem, KM_CONFLICT, "keys-full");
}

static void what_cannot_be_published_leaves_nothing_behind(void **state)
{
	(void)state;
	struct life life;
	struct km_keyset_entry next;
	begin(&life);
	if (geteuid() == 0)
		skip(); /* root may write where it says that nobody may */
	assert_int_equal(chmod("keys/published", 0500), 0);
	assert_int_equal(km_key_rotate("keys", KM_PURPOSE_LOG, NULL, NULL, 0, &life.clock, &next, &life.problem), KM_IO);
	assert_int_equal(chmod("keys/published", 0700), 0);
	assert_int_equal(RUN("sh", "-c", "test $(ls keys | wc -l) = 5"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(the_next_key_is_published_before_it_signs),
		KM_TEST_IN_FOLDER(at_once_is_a_few_seconds_from_now),
		KM_TEST_IN_FOLDER(only_one_next_key_waits),
		KM_TEST_IN_FOLDER(a_private_half_goes_when_it_is_of_no_more_use),
		KM_TEST_IN_FOLDER(a_revoked_key_has_a_successor_at_once),
		KM_TEST_IN_FOLDER(the_next_key_takes_over_from_a_revoked_one),
		KM_TEST_IN_FOLDER(where_the_next_key_is_revoked_the_present_one_goes_on),
		KM_TEST_IN_FOLDER(a_key_is_not_revoked_in_the_future),
		KM_TEST_IN_FOLDER(a_key_is_published_until_nothing_rests_on_it),
		KM_TEST_IN_FOLDER(two_do_not_change_the_keys_at_once),
		KM_TEST_IN_FOLDER(the_keys_of_another_user_are_left_alone),
		KM_TEST_IN_FOLDER(a_set_that_is_full_takes_no_more),
		KM_TEST_IN_FOLDER(what_cannot_be_published_leaves_nothing_behind),
	};
	return cmocka_run_group_tests_name("key life", tests, NULL, NULL);
}
