#include "tests/audited.h"

#include "badge/fsck_credential.h"
#include "base/buf.h"
#include "base/clock.h"
#include "keys/jwk.h"
#include "registry/fsck.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "registry/provider_erase.h"
#include "registry/report.h"
#include "registry/retention.h"

#include <stdlib.h>
#include <unistd.h>

/* ---------------------------------------------------------------------------------------------------- a register to
 * audit */

struct scene_number audited_grant(struct office *office, const char *kvk)
{
	struct km_problem problem = {0};
	struct km_outcome outcome = {0};
	json_t *audit = scene_audit(office->scene, "initial", "[\"beheer\",\"cloud\"]");
	json_object_set_new(audit, "provider", json_string(kvk));
	scene_find(audit, "R1", "minor", "2027-02-01");
	auto_free char *token = scene_sign(office->scene, AUDITOR, "audit", audit);
	assert_ok(km_issuer_submit(office->issuer, token, strlen(token), &outcome, &problem), &problem);
	json_auto_t *reply = json_loads(outcome.reply, 0, NULL);
	km_outcome_done(&outcome);
	office_decide(office, "grant", NULL, json_string_value(json_object_get(reply, "id")), 0, &outcome);
	struct scene_number number;
	memcpy(number.text, outcome.number, sizeof number.text);
	return number;
}

void audited_providers(struct office *office)
{
	static const char *const names[] = {"Donald's Hosting", "Donald en Co"};
	static const struct km_domain domains[] = {{"donald.example", FIXTURE_NOW}, {"katrien.example", 0}};
	struct km_store *store = km_issuer_store(office->issuer);
	struct km_provider provider = {.kvk = "68727720",
	                               .name = "Test NV Katrien",
	                               .trade_names = names,
	                               .trade_names_len = 2,
	                               .domains = domains,
	                               .domains_len = 2};
	struct km_provider_contact contact = {.name = "Voorbeeldpersoon", .email = "k@katrien.example"};
	struct km_report report = {.kind = KM_REPORT_COMPLAINT, .text = "Voorbeeld."};
	struct km_problem problem;
	char reference[KM_REPORT_REFERENCE_TEXT];
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_provider_add(store, &provider, &contact, FIXTURE_NOW, &problem), &problem);
	provider = (struct km_provider){.kvk = "69599084", .name = "Test EMZ Dagobert", .city = "Utrecht"};
	assert_ok(km_provider_add(store, &provider, NULL, FIXTURE_NOW, &problem), &problem);
	assert_ok(km_report_add(store, &report, FIXTURE_NOW, reference, &problem), &problem);
	assert_ok(km_body_set_contact(store, "een", "post@een.example", KM_EN, FIXTURE_NOW, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
}

static void open_and_close_a_case(struct office *office, const char *number)
{
	struct scene_id file = office_submit(office, DECIDER, "case",
	                                     json_pack("{s:s, s:s, s:s, s:s}", "action", "open", "kind", "complaint",
	                                               "mark", number, "received", "2026-11-24"));
	office_submit(office, BOTH, "case",
	              json_pack("{s:s, s:s, s:s, s:s}", "action", "close", "case", file.text, "outcome", "settled",
	                        "reason", "voorbeeld"));
}

/* The auditor makes a code for a second key, and gives up the one in use. */
static void expect_another_key(struct office *office)
{
	uint8_t public_key[KM_PUBLIC_BYTES];
	char kid[KM_THUMBPRINT_TEXT];
	km_key_public(office->scene->keys[SECOND_AUDITOR], public_key);
	km_jwk_thumbprint(public_key, kid);
	office_submit(office, SECOND_AUDITOR, "person",
	              json_pack("{s:s, s:i, s:s}", "action", "invite-again", "person", 2, "code_sha256",
	                        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
	office_submit(office, SECOND_AUDITOR, "person", json_pack("{s:s, s:s}", "action", "revoke", "key", kid));
}

/* The operator makes an admin, who makes another and is one no longer. */
static void change_roles(struct office *office)
{
	struct km_problem problem;
	struct km_store *store = office->scene->store;
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_person_set_roles(store, 4, KM_ROLE_AUDITOR | KM_ROLE_DECIDER | KM_ROLE_ADMIN, NULL, office->scene->now,
	                              &problem),
	          &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	office_submit(office, BOTH, "person",
	              json_pack("{s:s, s:i, s:s}", "action", "roles", "person", 1, "roles", "auditor,admin"));
	office_submit(office, BOTH, "person",
	              json_pack("{s:s, s:i, s:s}", "action", "roles", "person", 4, "roles", "auditor,decider"));
}

static void hand_out_a_link(struct office *office)
{
	office_submit(office, AUDITOR, "link",
	              json_pack("{s:s, s:s, s:s}", "action", "give", "provider", "68727720", "token_sha256",
	                        "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"));
}

/* Marks in all states, and a row in every table. */
void audited_fill(struct office *office)
{
	struct km_outcome outcome;
	audited_providers(office);
	struct scene_number first = office_grant(office);
	struct scene_number second = audited_grant(office, "68727720"), third = audited_grant(office, "69599084");
	office->scene->now += 60;
	office_decide(office, "rename", first.text, NULL, 0, &outcome);
	office_decide(office, "notice", second.text, NULL, 0, &outcome);
	office_decide(office, "suspend", third.text, NULL, office->scene->now + 86400, &outcome);
	open_and_close_a_case(office, second.text);
	expect_another_key(office);
	change_roles(office);
	hand_out_a_link(office);
	struct scene_id offer = office_submit(office, DECIDER, "decision", scene_decision("transfer", second.text, NULL));
	json_t *accept = scene_decision("accept-transfer", second.text, NULL);
	json_object_set_new(accept, "transfer", json_string(offer.text));
	office_submit(office, OTHER_DECIDER, "decision", accept);
	office->scene->now += 2 * 86400;
	office_tick(office);
	office_decide(office, "withdraw", third.text, NULL, 0, &outcome);
	auto_mark struct km_mark *mark = scene_mark(office->scene, first.text, office->scene->now);
	office->scene->now = mark->period.surveillance_limit + 1;
	office_tick(office);
}

void audited_purge(struct office *office)
{
	struct km_problem problem = {0};
	struct km_store *store = km_issuer_store(office->issuer);
	auto_retention struct km_retention retention = {0};
	office->scene->now = km_time_add_months(office->scene->now, 80);
	office_tick(office);
	assert_ok(km_store_begin(store, &problem), &problem);
	assert_ok(km_retention_find(store, office->scene->now, &retention, &problem), &problem);
	assert_int_equal(retention.len, 5); /* three audits, a case, a report */
	assert_ok(km_retention_purge(store, &retention, office->scene->now, &problem), &problem);
	assert_ok(km_provider_erase(store, "69599084", office->scene->now, &problem), &problem);
	assert_ok(km_store_commit(store, &problem), &problem);
	office_tick(office);
}

/* --------------------------------------------------------------------------------------------------------- what was
 * found */

static enum km_error note(void *context, const struct km_difference *difference)
{
	struct found *found = context;
	size_t i = found->len < 400 ? found->len++ : 399;
	snprintf(found->differences[i].table, 40, "%s", difference->table);
	snprintf(found->differences[i].row, 120, "%s", difference->row);
	snprintf(found->differences[i].column, 40, "%s", difference->column);
	snprintf(found->differences[i].what, 200, "%s", difference->what);
	return KM_OK;
}

/* In memory where there is such a place: this is done some thousand times. */
static const char *scratch(void)
{
	const char *folder = getenv("TMPDIR");
	if (access("/dev/shm", W_OK) == 0)
		return "/dev/shm";
	return folder && *folder ? folder : "/tmp";
}

/* Looks at the register through this store. */
void audited_look(struct office *office, struct km_store *store, struct found *found)
{
	struct km_problem problem = {0};
	struct km_fsck fsck = {store, scratch(), &office->trust, office->scene->now, note, found};
	found->len = 0;
	assert_ok(km_fsck(&fsck, &problem), &problem);
	assert_ok(km_fsck_credentials(&fsck, &problem), &problem);
}

void audited_show(const struct found *found)
{
	for (size_t i = 0; i < found->len && i < 20; i++)
		print_message("    %s %s %s: %s\n", found->differences[i].table, found->differences[i].row,
		              found->differences[i].column, found->differences[i].what);
}

void audited_expect_clean(struct office *office)
{
	struct found *found = calloc(1, sizeof *found);
	struct km_problem problem = {0};
	struct km_store *store = NULL;
	assert_ok(km_store_open(office->scene->fixture->path, KM_STORE_READ, &store, &problem), &problem);
	assert_ok(km_store_read_begin(store, &problem), &problem);
	audited_look(office, store, found);
	km_store_read_end(store);
	km_store_close(store);
	if (found->len)
		audited_show(found);
	assert_int_equal(found->len, 0);
	free(found);
}
