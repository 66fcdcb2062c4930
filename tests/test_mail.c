#include "registry/mail.h"

#include "base/clock.h"
#include "registry/body.h"
#include "registry/due.h"
#include "registry/lapse_record.h"
#include "registry/letter.h"
#include "registry/provider_privacy.h"
#include "tests/scene.h"

#include <stdlib.h>

#define SCOPE "[\"beheer\"]"

static int64_t moment(const char *text)
{
	int64_t result;
	assert_true(km_time_parse(text, &result));
	return result;
}

static void set_contacts(struct scene *scene)
{
	const struct km_provider_contact contact = {"Voorbeeldpersoon", "post@donald.example", NULL, "en"};
	struct km_problem problem = {0};
	assert_ok(km_provider_set_contact(scene->store, SCENE_KVK, &contact, scene->now, &problem), &problem);
	assert_ok(km_body_set_contact(scene->store, "een", "post@een.example", KM_NL, scene->now, &problem), &problem);
}

static int64_t count(struct scene *scene, const char *where)
{
	char sql[200];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM mail WHERE %s", where);
	return fixture_number(scene->fixture, sql);
}

static void remind(struct scene *scene, const char *at)
{
	struct km_problem problem = {0};
	scene->now = moment(at);
	assert_ok(km_mail_queue_reminders(scene->store, scene->now, &problem), &problem);
}

static int64_t claim(struct scene *scene)
{
	struct km_problem problem = {0};
	int64_t id = 77;
	assert_ok(km_mail_claim(scene->store, scene->now, &id, &problem), &problem);
	return id;
}

static void note(struct scene *scene, int64_t id, enum km_mail_state state, const char *detail)
{
	struct km_problem problem = {0};
	assert_ok(km_mail_note(scene->store, id, state, detail, scene->now, &problem), &problem);
}

static void read_letter(struct scene *scene, int64_t id, struct km_letter *letter)
{
	struct km_problem problem = {0};
	*letter = (struct km_letter){0};
	assert_ok(km_letter_read(scene->store, id, scene->now, letter, &problem), &problem);
}

/* The only one of that kind for the provider. */
static int64_t id_of(struct scene *scene, const char *kind)
{
	char sql[120];
	snprintf(sql, sizeof sql, "SELECT id FROM mail WHERE kind = '%s' AND recipient = 'provider'", kind);
	return fixture_number(scene->fixture, sql);
}

/* --------------------------------------------------------------------------------------------------------- queueing */

static void a_decision_and_its_mail_are_there_together_or_not_at_all(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	fixture_sql(scene->fixture, "SAVEPOINT before");
	scene_grant(scene, SCOPE);
	assert_int_equal(count(scene, "kind = 'change' AND state = 'queued' AND recipient = 'body'"), 1);
	assert_int_equal(count(scene, "kind = 'change' AND state = 'queued' AND recipient = 'provider'"), 1);
	fixture_sql(scene->fixture, "ROLLBACK TO before; RELEASE before");
	assert_int_equal(count(scene, "true"), 0);
}

static void whoever_has_no_address_gets_no_mail(void **state)
{
	struct scene *scene = *state;
	scene_grant(scene, SCOPE);
	assert_int_equal(count(scene, "true"), 0);
	remind(scene, "2027-11-20T12:00:00Z");
	assert_int_equal(count(scene, "true"), 0);
}

static void a_refused_decision_and_one_that_is_not_public_tell_nobody(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	set_contacts(scene);
	struct scene_number number = scene_grant(scene, SCOPE);
	int64_t before = count(scene, "true");
	scene_accept(scene, DECIDER, "decision", scene_decision("transfer", number.text, NULL));
	scene_submit(scene, DECIDER, "decision", scene_decision("reinstate", number.text, NULL), NULL, &problem);
	assert_int_equal(count(scene, "true"), before);
}

static void until_a_transfer_holds_the_first_body_is_told(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	set_contacts(scene);
	assert_ok(km_body_set_contact(scene->store, "twee", "post@twee.example", KM_NL, scene->now, &problem), &problem);
	struct scene_number number = scene_grant(scene, SCOPE);
	struct scene_id offer = scene_accept(scene, DECIDER, "decision", scene_decision("transfer", number.text, NULL));
	json_t *accept = scene_decision("accept-transfer", number.text, NULL);
	json_object_set_new(accept, "transfer", json_string(offer.text));
	json_object_set_new(accept, "holds_from", json_string("2026-12-24T00:00:00Z"));
	scene_accept(scene, OTHER_DECIDER, "decision", accept);
	scene_accept(scene, DECIDER, "decision", scene_decision("notice", number.text, NULL));
	assert_int_equal(count(scene, "recipient = 'body' AND body_id = 2"), 0);
	assert_int_equal(count(scene, "recipient = 'body' AND body_id = 1"), 3);
	scene->now = moment("2026-12-24T00:00:00Z");
	scene_accept(scene, OTHER_DECIDER, "decision", scene_decision("notice-end", number.text, NULL));
	assert_int_equal(count(scene, "recipient = 'body' AND body_id = 2"), 1);
}

static void a_lapse_is_told_once_however_often_it_is_recorded(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	int64_t before = count(scene, "true");
	scene->now = moment("2028-01-24T12:00:00Z");
	for (int i = 0; i < 2; i++)
		assert_ok(km_lapses_record_mark(scene->store, 1, scene->now, &problem), &problem);
	assert_int_equal(count(scene, "true"), before + 2);
	assert_int_equal(count(scene, "key LIKE 'change/%/suspend-lapse/%/body'"), 1);
}

static void the_key_is_that_of_what_happened_and_not_a_number_of_this_register(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	assert_int_equal(count(scene, "key = 'change/' || (SELECT submission_id FROM decision) || '/provider'"), 1);
	fixture_sql(scene->fixture, "SAVEPOINT twice");
	assert_false(fixture_allows(scene->fixture,
	                            "INSERT INTO mail (key, kind, recipient, body_id, provider_id, event_id,"
	                            " queued_at, state, at, attempts) SELECT key, kind, recipient, body_id,"
	                            " provider_id, event_id, 0, 'queued', 0, 0 FROM mail"));
}

/* -------------------------------------------------------------------------------------------------------- reminders */

static void the_points_are_days_of_the_calendar_in_amsterdam(void **state)
{
	(void)state;
	int64_t due = moment("2027-11-24T22:59:59Z"); /* the last second of that day, in winter time */
	static const struct {
		const char *now;
		int days;
	} expected[] = {
		{"2027-09-24T21:59:59Z", 0}, /* in summer time, the last second of the day before */
		{"2027-09-24T22:00:00Z", 60}, {"2027-10-24T21:59:59Z", 60}, {"2027-10-24T22:00:00Z", 30},
		{"2027-11-16T22:59:59Z", 30}, {"2027-11-16T23:00:00Z", 7},  {"2027-11-24T22:59:59Z", 7},
		{"2027-11-24T23:00:00Z", 0}, /* it is overdue */
	};
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_int_equal(km_mail_reminder_days(due, moment(expected[i].now)), expected[i].days);
}

static void each_point_is_reminded_of_once(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	static const struct {
		const char *now;
		int mails;
	} days[] = {{"2027-09-24T12:00:00Z", 0}, {"2027-09-25T12:00:00Z", 2}, {"2027-09-26T12:00:00Z", 2},
	            {"2027-10-25T12:00:00Z", 4}, {"2027-11-16T12:00:00Z", 4}, {"2027-11-17T12:00:00Z", 6},
	            {"2027-11-24T12:00:00Z", 6}, {"2027-12-24T12:00:00Z", 6}};
	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		remind(scene, days[i].now);
		remind(scene, days[i].now);
		assert_int_equal(count(scene, "kind = 'surveillance'"), days[i].mails);
	}
}

static void a_machine_that_was_off_sends_the_nearest_alone(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	remind(scene, "2027-11-20T12:00:00Z");
	assert_int_equal(count(scene, "kind = 'surveillance'"), 2);
	assert_int_equal(count(scene, "kind = 'surveillance' AND key LIKE '%/2027-11-24/7/%'"), 2);
}

static void an_expiry_and_the_end_of_a_suspension_are_reminded_of(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	struct scene_number number = scene_grant(scene, SCOPE);
	scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number.text, NULL));
	remind(scene, "2027-05-20T12:00:00Z"); /* 180 days are over on 23 May */
	assert_int_equal(count(scene, "kind = 'suspension'"), 2);
	remind(scene, "2029-11-20T12:00:00Z");
	assert_int_equal(count(scene, "kind = 'expiry'"), 0); /* it was withdrawn before */
	scene->now = FIXTURE_NOW + 60;
	fixture_sql(scene->fixture, "DELETE FROM mail");
	scene_accept(scene, DECIDER, "decision", scene_decision("reinstate", number.text, NULL));
	for (int year = 0; year < 2; year++) {
		scene->now += 365 * 86400;
		struct scene_id audit = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "surveillance", SCOPE));
		scene_accept(scene, DECIDER, "decision", scene_decision("maintain", number.text, audit.text));
	}
	remind(scene, "2029-11-20T12:00:00Z");
	assert_int_equal(count(scene, "kind = 'expiry'"), 2);
}

static struct scene_id grant_with_findings(struct scene *scene, struct scene_number *ret_number)
{
	json_t *found = scene_audit(scene, "initial", SCOPE);
	struct km_problem problem;
	struct km_outcome outcome = {0};
	scene_find(found, "R1", "minor", "2027-02-01");
	scene_find(found, "R2", "minor", "2027-02-01");
	struct scene_id id = scene_accept(scene, AUDITOR, "audit", found);
	assert_ok(scene_submit(scene, DECIDER, "decision", scene_decision("grant", NULL, id.text), &outcome, &problem),
	          &problem);
	memcpy(ret_number->text, outcome.number, sizeof ret_number->text);
	km_outcome_done(&outcome);
	return id;
}

static void findings_that_are_due_on_one_day_are_one_message_about_those_still_open(void **state)
{
	struct scene *scene = *state;
	struct scene_number number;
	set_contacts(scene);
	struct scene_id id = grant_with_findings(scene, &number);
	remind(scene, "2027-01-26T12:00:00Z");
	assert_int_equal(count(scene, "kind = 'finding'"), 2);
	{
		auto_letter struct km_letter letter;
		read_letter(scene, id_of(scene, "finding"), &letter);
		assert_true(letter.holds);
		assert_string_equal(letter.criteria.data, "R1, R2");
		assert_string_equal(letter.number, number.text);
	}
	json_t *follow_up = scene_audit(scene, "follow-up", "[]");
	json_object_del(follow_up, "scope");
	json_object_set_new(follow_up, "follows", json_string(id.text));
	json_object_set_new(follow_up, "findings", json_pack("[{s:s, s:s}]", "criterion", "R1", "result", "conform"));
	scene_accept(scene, AUDITOR, "audit", follow_up);
	auto_letter struct km_letter letter;
	read_letter(scene, id_of(scene, "finding"), &letter);
	assert_true(letter.holds);
	assert_string_equal(letter.criteria.data, "R2");
}

static void nobody_is_told_to_mend_what_a_mark_lacked_that_is_gone(void **state)
{
	struct scene *scene = *state;
	struct scene_number number;
	set_contacts(scene);
	grant_with_findings(scene, &number);
	scene_accept(scene, DECIDER, "decision", scene_decision("withdraw", number.text, NULL));
	remind(scene, "2027-01-26T12:00:00Z");
	assert_int_equal(count(scene, "kind = 'finding'"), 0);
}

static void what_is_no_longer_due_when_it_would_go_out_holds_no_longer(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	struct scene_number number = scene_grant(scene, SCOPE);
	remind(scene, "2027-11-20T12:00:00Z");
	int64_t id = id_of(scene, "surveillance");
	{
		auto_letter struct km_letter letter;
		read_letter(scene, id, &letter);
		assert_true(letter.holds);
	}
	struct scene_id audit = scene_accept(scene, AUDITOR, "audit", scene_audit(scene, "surveillance", SCOPE));
	scene_accept(scene, DECIDER, "decision", scene_decision("maintain", number.text, audit.text));
	{
		auto_letter struct km_letter letter;
		read_letter(scene, id, &letter);
		assert_false(letter.holds);
	}
	scene->now = moment("2027-11-25T12:00:00Z");
	auto_letter struct km_letter letter;
	read_letter(scene, id, &letter);
	assert_false(letter.holds);
}

/* ---------------------------------------------------------------------------------------------------------- sending */

static void of_two_that_claim_only_one_gets_it(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	int64_t first = claim(scene), second = claim(scene);
	assert_int_not_equal(first, 0);
	assert_int_not_equal(second, 0);
	assert_int_not_equal(first, second);
	assert_int_equal(claim(scene), 0);
}

static void what_was_claimed_by_one_that_died_is_tried_again_later_and_later(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	note(scene, claim(scene), KM_MAIL_SENT, NULL);
	static const int pauses[] = {600, 1800, 3600, 10800, 21600, 21600};
	int64_t id = claim(scene);
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		scene->now += pauses[i] - 1;
		assert_int_equal(claim(scene), 0);
		scene->now++;
		assert_int_equal(claim(scene), id);
		note(scene, id, KM_MAIL_QUEUED, "451 later");
	}
	assert_int_equal(count(scene, "state = 'queued' AND attempts = 7 AND detail = '451 later'"), 1);
}

static void what_was_sent_is_never_claimed_again(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	for (int i = 0; i < 2; i++)
		note(scene, claim(scene), KM_MAIL_SENT, NULL);
	scene->now += 6 * 86400;
	assert_int_equal(claim(scene), 0);
	assert_int_equal(count(scene, "state = 'sent'"), 2);
}

static void after_a_week_it_is_given_up_and_an_old_copy_sends_nothing_old(void **state)
{
	struct scene *scene = *state;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	remind(scene, "2026-12-01T17:02:36Z");
	assert_int_equal(count(scene, "state = 'queued'"), 2);
	remind(scene, "2026-12-01T17:02:37Z");
	assert_int_equal(count(scene, "state = 'queued'"), 0);
	assert_int_equal(count(scene, "state = 'given-up'"), 2);
	assert_int_equal(claim(scene), 0);
}

static void all_that_waits_can_be_dropped_and_stays_so(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	int64_t dropped = 0;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	assert_ok(km_mail_drop_all(scene->store, scene->now, &dropped, &problem), &problem);
	assert_int_equal(dropped, 2);
	assert_int_equal(claim(scene), 0);
	remind(scene, "2027-11-20T12:00:00Z");
	assert_ok(km_mail_drop_all(scene->store, scene->now, &dropped, &problem), &problem);
	assert_int_equal(dropped, 2);
	remind(scene, "2027-11-20T13:00:00Z");
	assert_int_equal(claim(scene), 0);
}

static void only_what_failed_is_sent_again_when_asked(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	int64_t refused = claim(scene), sent = claim(scene);
	note(scene, refused, KM_MAIL_REFUSED, "550 5.1.1");
	note(scene, sent, KM_MAIL_SENT, NULL);
	assert_problem(km_mail_again(scene->store, sent, scene->now, &problem), &problem, KM_CONFLICT, "mail-state");
	assert_problem(km_mail_again(scene->store, 4711, scene->now, &problem), &problem, KM_ABSENT, "unknown-mail");
	assert_ok(km_mail_again(scene->store, refused, scene->now, &problem), &problem);
	assert_int_equal(claim(scene), refused);
	assert_problem(km_mail_again(scene->store, refused, scene->now, &problem), &problem, KM_CONFLICT, "mail-state");
}

static void it_goes_to_the_address_and_in_the_language_of_when_it_goes_out(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	set_contacts(scene);
	struct scene_number number = scene_grant(scene, SCOPE);
	scene_accept(scene, DECIDER, "decision", scene_decision("suspend", number.text, NULL));
	int64_t id = fixture_number(scene->fixture, "SELECT max(id) FROM mail WHERE recipient = 'provider'");
	{
		auto_letter struct km_letter letter;
		read_letter(scene, id, &letter);
		assert_string_equal(letter.email, "post@donald.example");
		assert_string_equal(letter.text, "Explanation.");
		assert_string_equal(letter.action, "suspend");
	}
	const struct km_provider_contact other = {NULL, "naam@bücher.example", NULL, "nl"};
	assert_ok(km_provider_set_contact(scene->store, SCENE_KVK, &other, scene->now, &problem), &problem);
	auto_letter struct km_letter letter;
	read_letter(scene, id, &letter);
	assert_string_equal(letter.email, "naam@xn--bcher-kva.example");
	assert_string_equal(letter.text, "Uitleg.");
}

static void a_contact_that_is_erased_is_gone_from_the_mail_too(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	int64_t id = id_of(scene, "change");
	note(scene, id, KM_MAIL_QUEUED, "450 4.2.1 mailbox busy");
	assert_ok(km_provider_erase_contact(scene->store, SCENE_KVK, scene->now, &problem), &problem);
	assert_int_equal(count(scene, "recipient = 'provider' AND state = 'dropped' AND detail IS NULL"), 1);
	assert_int_equal(count(scene, "recipient = 'body' AND state = 'queued'"), 1);
	auto_letter struct km_letter letter;
	read_letter(scene, id, &letter);
	assert_string_equal(letter.email, "");
}

static void of_what_was_sent_an_erased_contact_leaves_that_it_was_sent(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	json_t *held = NULL;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	note(scene, id_of(scene, "change"), KM_MAIL_SENT, "taken");
	assert_ok(km_provider_erase_contact(scene->store, SCENE_KVK, scene->now, &problem), &problem);
	assert_int_equal(count(scene, "recipient = 'provider' AND state = 'sent' AND detail IS NULL"), 1);
	assert_ok(km_provider_export(scene->store, SCENE_KVK, &held, &problem), &problem);
	json_t *mail = json_object_get(held, "mail");
	assert_int_equal(json_array_size(mail), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(mail, 0), "state")), "sent");
	json_decref(held);
}

static void an_address_that_could_end_what_it_stands_in_is_refused(void **state)
{
	struct scene *scene = *state;
	static const char *const bad[] = {"",
	                                  "naam",
	                                  "@een.example",
	                                  "a@b@een.example",
	                                  "naam@localhost",
	                                  "naam@een.example\r\nBcc: x@y.example",
	                                  "na\r\nam@een.example",
	                                  "<naam@een.example>",
	                                  "\"na am\"@een.example",
	                                  "na am@een.example",
	                                  ".naam@een.example",
	                                  "na..am@een.example",
	                                  "naäm@een.example",
	                                  "naam@[127.0.0.1]"};
	struct km_problem problem;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_problem(km_body_set_contact(scene->store, "een", bad[i], KM_NL, scene->now, &problem), &problem,
		               KM_INVALID, "contact-email");
	assert_ok(km_body_set_contact(scene->store, "een", "o'na.am+x@een.example", KM_NL, scene->now, &problem), &problem);
	assert_problem(km_body_set_contact(scene->store, "drie", "naam@een.example", KM_NL, scene->now, &problem), &problem,
	               KM_ABSENT, "unknown-body");
	assert_ok(km_body_set_contact(scene->store, "een", NULL, KM_NL, scene->now, &problem), &problem);
	assert_ok(km_body_set_contact(scene->store, "een", NULL, KM_NL, scene->now, &problem), &problem);
	assert_int_equal(fixture_number(scene->fixture, "SELECT count(*) FROM body_contact"), 0);
}

static enum km_error add(void *context, const struct km_mail_row *row)
{
	*(int64_t *)context += row->id;
	return KM_OK;
}

static void no_look_at_the_queue_reads_a_whole_table(void **state)
{
	struct scene *scene = *state;
	struct km_problem problem;
	struct km_mail_health health;
	int64_t sum = 0;
	set_contacts(scene);
	scene_grant(scene, SCOPE);
	remind(scene, "2026-11-25T12:00:00Z");
	claim(scene);
	assert_ok(km_mail_list(scene->store, KM_MAIL_QUEUED, add, &sum, &problem), &problem);
	assert_int_equal(sum, 1 + 2);
	assert_ok(km_mail_health(scene->store, scene->now, &health, &problem), &problem);
	assert_int_equal(health.queued, 2);
	assert_int_equal(health.oldest, FIXTURE_NOW);
	assert_int_equal(health.failed, 0);
	fixture_expect_indexes(scene->fixture, "FROM body ORDER BY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_SCENE_TEST(a_decision_and_its_mail_are_there_together_or_not_at_all),
		KM_SCENE_TEST(whoever_has_no_address_gets_no_mail),
		KM_SCENE_TEST(a_refused_decision_and_one_that_is_not_public_tell_nobody),
		KM_SCENE_TEST(until_a_transfer_holds_the_first_body_is_told),
		KM_SCENE_TEST(a_lapse_is_told_once_however_often_it_is_recorded),
		KM_SCENE_TEST(the_key_is_that_of_what_happened_and_not_a_number_of_this_register),
		KM_TEST(the_points_are_days_of_the_calendar_in_amsterdam),
		KM_SCENE_TEST(each_point_is_reminded_of_once),
		KM_SCENE_TEST(a_machine_that_was_off_sends_the_nearest_alone),
		KM_SCENE_TEST(an_expiry_and_the_end_of_a_suspension_are_reminded_of),
		KM_SCENE_TEST(findings_that_are_due_on_one_day_are_one_message_about_those_still_open),
		KM_SCENE_TEST(nobody_is_told_to_mend_what_a_mark_lacked_that_is_gone),
		KM_SCENE_TEST(what_is_no_longer_due_when_it_would_go_out_holds_no_longer),
		KM_SCENE_TEST(of_two_that_claim_only_one_gets_it),
		KM_SCENE_TEST(what_was_claimed_by_one_that_died_is_tried_again_later_and_later),
		KM_SCENE_TEST(what_was_sent_is_never_claimed_again),
		KM_SCENE_TEST(after_a_week_it_is_given_up_and_an_old_copy_sends_nothing_old),
		KM_SCENE_TEST(all_that_waits_can_be_dropped_and_stays_so),
		KM_SCENE_TEST(only_what_failed_is_sent_again_when_asked),
		KM_SCENE_TEST(it_goes_to_the_address_and_in_the_language_of_when_it_goes_out),
		KM_SCENE_TEST(a_contact_that_is_erased_is_gone_from_the_mail_too),
		KM_SCENE_TEST(of_what_was_sent_an_erased_contact_leaves_that_it_was_sent),
		KM_SCENE_TEST(an_address_that_could_end_what_it_stands_in_is_refused),
		KM_SCENE_TEST(no_look_at_the_queue_reads_a_whole_table),
	};
	return cmocka_run_group_tests_name("mail", tests, NULL, NULL);
}
