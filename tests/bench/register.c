/*
 * register FOLDER MARKS: makes a registry in FOLDER with so many marks, or adds to the one that it made there before.
 * For the bench.
 *
 * Everything goes by the functions that take it in earnest: providers are added, an auditor and a decider sign a
 * submission each for every mark, which is verified and applied, the credentials are signed, all of it is in the log
 * under signed checkpoints, and `keurmerk fsck` finds nothing amiss. Three things alone are not as they are in earnest:
 * there is no HTTP, so many marks share one transaction, and SQLite does not wait for the disk.
 */
#include "badge/issuer.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/compose.h"
#include "cli/home.h"
#include "cli/story.h"
#include "registry/body.h"
#include "registry/mark.h"
#include "registry/person.h"
#include "registry/provider.h"
#include "registry/scheme.h"
#include "registry/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define URL    "https://keurmerk.example"
#define BODY   "voorbeeld"
#define SCHEME "rijpheid" /* of those that ship the one with the fewest criteria: a smaller file for a million */

enum { AT_ONCE = 2000, AGE_DAYS = 60, KVK_FIRST = 10000000, KEY_SEEDS = 2 };

static const char settings[] = "PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; PRAGMA mmap_size = 0;"
							   "PRAGMA wal_autocheckpoint = 20000;";

struct maker {
	struct km_story story;
	struct km_key *auditor, *decider;
	struct km_scheme *scheme;
	struct km_keyset_entry key; /* that signs credentials */
	struct km_problem problem;
	struct timespec began;
};

static void must(struct maker *maker, enum km_error error)
{
	if (!error)
		return;
	fprintf(stderr, "register: %s\n", maker->problem.message);
	exit(EXIT_FAILURE);
}

/* The people's keys are kept in no file: from fixed seeds, so that a later run signs with them too. */
static void make_people(struct maker *maker, bool enrol)
{
	static const struct {
		const char *name;
		unsigned role;
	} people[KEY_SEEDS] = {{"Anna Auditor (voorbeeld)", KM_ROLE_AUDITOR},
	                       {"Bram Beslisser (voorbeeld)", KM_ROLE_DECIDER}};
	struct km_key **const keys[KEY_SEEDS] = {&maker->auditor, &maker->decider};
	struct km_story *story = &maker->story;
	for (size_t i = 0; i < KEY_SEEDS; i++) {
		uint8_t seed[32] = {'b', 'e', 'n', 'c', 'h', (uint8_t)i};
		must(maker, km_key_from_seed(seed, keys[i], &maker->problem));
		if (!enrol)
			continue;
		char code[KM_CODE_TEXT];
		int64_t person;
		auto_free char *token = NULL;
		json_auto_t *reply = NULL;
		must(maker, km_store_begin(story->store, &maker->problem));
		must(maker, km_person_invite(story->store, BODY, people[i].name, people[i].role, story->now, &person, code,
		                             &maker->problem));
		must(maker, km_store_commit(story->store, &maker->problem));
		must(maker, km_compose_enrolment(*keys[i], URL, code, story->now, &token, &maker->problem));
		must(maker, km_issuer_enrol(story->issuer, token, strlen(token), &reply, &maker->problem));
	}
}

static void publish_scheme(struct maker *maker, bool add)
{
	const char *json, *name;
	size_t len;
	for (size_t i = 0; (json = km_scheme_shipped(i, &len, &name)); i++) {
		struct km_scheme *scheme;
		must(maker, km_scheme_parse(json, len, &scheme, &maker->problem));
		if (strcmp(scheme->id, SCHEME) == 0) {
			if (add)
				must(maker, km_scheme_add(maker->story.store, scheme, maker->story.now, &maker->problem));
			maker->scheme = scheme;
		} else
			km_scheme_free(scheme);
	}
}

static void open_registry(struct maker *maker, const char *folder)
{
	auto_home struct km_home home = {0};
	struct km_keyset set;
	struct km_clock system = km_clock_system();
	int64_t now = km_time_add_days(km_clock_now(&system), -AGE_DAYS);
	must(maker, km_home_at(folder, &home, &maker->problem));
	enum km_error made = km_home_make(&home, URL, NULL, NULL, now - 1, &maker->problem);
	if (made != KM_CONFLICT)
		must(maker, made);
	must(maker, km_story_begin(&home, now, &maker->story, &maker->problem));
	struct km_store *store = maker->story.store;
	if (sqlite3_exec(km_sqlite_of(store), settings, NULL, NULL, NULL) != SQLITE_OK)
		must(maker, km_sqlite_fail(km_sqlite_of(store), SQLITE_ERROR, &maker->problem));
	must(maker, km_store_begin(store, &maker->problem));
	publish_scheme(maker, !made);
	const char *const schemes[] = {SCHEME};
	const struct km_body body = {.slug = BODY,
	                             .name = "Voorbeeld Certificatie",
	                             .accreditation = "VOORBEELD-000",
	                             .city = "Den Haag",
	                             .schemes = schemes,
	                             .schemes_len = 1};
	if (!made)
		must(maker, km_body_add(store, &body, now, &maker->problem));
	must(maker, km_store_commit(store, &maker->problem));
	make_people(maker, !made);
	must(maker, km_signer_keyset(home.keys, &set, &maker->problem));
	maker->key = *km_keyset_current(&set, KM_PURPOSE_CREDENTIAL, now);
}

/* ---------------------------------------------------------------------------------------------------- one mark more */

/* Names of two made-up words, so that beginnings of words are shared as in a real register. */
static void name_provider(size_t n, char ret_name[static KM_NAME_MAX])
{
	static const char *const heads[] = {"Ald", "Ber", "Cor", "Dov", "Elm", "Fra", "Gro", "Hul", "Ijs", "Jon", "Kat",
	                                    "Lom", "Mer", "Noo", "Oos", "Pol", "Qui", "Rij", "Sta", "Tur", "Uit", "Ves",
	                                    "Wil", "Xan", "Yve", "Zee", "Bro", "Kle", "Sch", "Vri", "Zwa", "Dui"};
	static const char *const middles[] = {"be",   "da",    "fi",   "go",   "ha",    "ke",   "li",   "mo",
	                                      "na",   "pe",    "ri",   "su",   "ta",    "ve",   "wo",   "ze",
	                                      "lan",  "ken",   "ster", "berg", "dam",   "veld", "huis", "mond",
	                                      "wijk", "horst", "laar", "rode", "schot", "zijl", "tuin", "poort"};
	static const char *const kinds[] = {"ICT",       "Beheer", "Cloud",   "Systemen", "Automatisering",
	                                    "Netwerken", "Data",   "Software"};
	uint64_t mixed = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
	snprintf(ret_name, KM_NAME_MAX, "%s%s%s %s %zu (voorbeeld)", heads[mixed >> 59], middles[mixed >> 54 & 31],
	         middles[mixed >> 49 & 31], kinds[mixed >> 46 & 7], n);
}

static void add_provider(struct maker *maker, size_t n, char ret_kvk[static 9])
{
	static const char *const cities[] = {"Utrecht", "Rotterdam", "Amsterdam",  "Groningen",  "Eindhoven", "Zwolle",
	                                     "Breda",   "Arnhem",    "Maastricht", "Leeuwarden", "Assen",     "Middelburg"};
	char name[KM_NAME_MAX], domain_name[40];
	name_provider(n, name);
	snprintf(ret_kvk, 9, "%08zu", KVK_FIRST + n);
	snprintf(domain_name, sizeof domain_name, "aanbieder-%zu.example", n);
	const struct km_domain domain = {.name = domain_name};
	const struct km_provider provider = {.kvk = ret_kvk,
	                                     .name = name,
	                                     .city = cities[n % (sizeof cities / sizeof *cities)],
	                                     .domains = &domain,
	                                     .domains_len = 1};
	must(maker, km_provider_add(maker->story.store, &provider, NULL, maker->story.now, &maker->problem));
}

static void submit(struct maker *maker, const struct km_key *key, json_t *content, struct km_outcome *ret_outcome)
{
	json_auto_t *owned = content;
	char jti[KM_JTI_TEXT];
	auto_free char *token = NULL;
	must(maker, km_jti_make(jti, &maker->problem));
	must(maker, km_compose_submission(key, URL, owned, jti, maker->story.now, &token, &maker->problem));
	must(maker, km_submission_accept(maker->story.store, token, strlen(token), maker->story.now, ret_outcome,
	                                 &maker->problem));
}

static json_t *audit_of(const struct maker *maker, const char *kvk)
{
	const struct km_scheme *scheme = maker->scheme;
	const struct km_scheme_item *scope = &scheme->services[0], *level = &scheme->levels[0];
	json_t *findings = json_array();
	char day[KM_DATE_TEXT];
	km_date_format(maker->story.now - 86400, day);
	for (size_t i = 0; i < scheme->criteria_len; i++)
		if (km_scheme_asks(scheme, &scheme->criteria[i], &scope, 1, level))
			json_array_append_new(findings,
			                      json_pack("{s:s, s:s}", "criterion", scheme->criteria[i].id, "result", "conform"));
	return json_pack("{s:s, s:{s:s, s:s, s:i, s:s, s:s, s:s, s:[s], s:s, s:o, s:[], s:s}}", "type", "audit", "audit",
	                 "provider", kvk, "scheme", scheme->id, "version", scheme->version, "kind", "initial", "started",
	                 day, "finished", day, "scope", scope->id, "level", level->id, "findings", findings, "evidence",
	                 "recommendation", "grant");
}

/* A provider with its audit; the id of that. */
static struct audit_id {
	char text[KM_SUBMISSION_ID_TEXT];
} add_audited(struct maker *maker, size_t n)
{
	char kvk[9];
	struct audit_id id;
	struct km_outcome audited = {0};
	add_provider(maker, n, kvk);
	submit(maker, maker->auditor, audit_of(maker, kvk), &audited);
	json_auto_t *reply = json_loads(audited.reply, 0, NULL);
	snprintf(id.text, sizeof id.text, "%s", json_string_value(json_object_get(reply, "id")));
	km_outcome_done(&audited);
	return id;
}

/* Its credential is signed with those of the others: as where a key is no longer in use. */
static void grant(struct maker *maker, const struct audit_id *id)
{
	static const struct km_issued none = {.token = "", .document = "", .qr_token = "", .kid = "none"};
	struct km_outcome granted = {0};
	submit(maker, maker->decider,
	       json_pack("{s:s, s:{s:s, s:s}}", "type", "decision", "decision", "action", "grant", "audit", id->text),
	       &granted);
	must(maker, km_mark_credential_put(maker->story.store, granted.mark_id, &none, maker->story.now, &maker->problem));
	km_outcome_done(&granted);
}

static size_t count_marks(struct maker *maker)
{
	auto_statement struct km_statement *statement = NULL;
	bool row;
	must(maker, km_sql(maker->story.store, "SELECT coalesce(max(id), 0) FROM mark", &statement, &maker->problem));
	must(maker, km_sql_step(statement, &row, &maker->problem));
	return (size_t)km_sql_get_int(statement, 0);
}

static void tell(const struct maker *maker, size_t from, size_t done, size_t wanted)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	double seconds = (double)(now.tv_sec - maker->began.tv_sec) + (double)(now.tv_nsec - maker->began.tv_nsec) / 1e9;
	fprintf(stderr, "register: %zu of %zu marks, %.0f a second\n", done, wanted, (double)(done - from) / seconds);
}

/* So many: all audits, and then all decisions, for in that order the log tells of those that it hears of at once. */
static void add_some(struct maker *maker, size_t from, size_t to)
{
	static struct audit_id ids[AT_ONCE];
	struct km_story *story = &maker->story;
	size_t more;
	int64_t next;
	must(maker, km_store_begin(story->store, &maker->problem));
	for (size_t n = from; n < to; n++)
		ids[n - from] = add_audited(maker, n);
	must(maker, km_store_commit(story->store, &maker->problem));
	must(maker, km_issuer_tick(story->issuer, &next, &maker->problem));
	must(maker, km_store_begin(story->store, &maker->problem));
	for (size_t n = from; n < to; n++)
		grant(maker, &ids[n - from]);
	must(maker, km_store_commit(story->store, &maker->problem));
	do
		must(maker, km_issuer_sign_anew(story->issuer, maker->key.thumbprint, AT_ONCE, &more, &maker->problem));
	while (more);
	story->now++;
}

int main(int count, char *arguments[])
{
	static struct maker maker;
	if (count != 3) {
		fprintf(stderr, "usage: register FOLDER MARKS\n");
		return 2;
	}
	size_t wanted = strtoul(arguments[2], NULL, 10);
	open_registry(&maker, arguments[1]);
	size_t done = count_marks(&maker), from = done;
	clock_gettime(CLOCK_MONOTONIC, &maker.began);
	while (done < wanted) {
		size_t to = done + AT_ONCE < wanted ? done + AT_ONCE : wanted;
		add_some(&maker, done, to);
		done = to;
		if (done % 50000 == 0 || done == wanted)
			tell(&maker, from, done, wanted);
	}
	sqlite3_exec(km_sqlite_of(maker.story.store), "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	km_story_done(&maker.story);
	km_scheme_free(maker.scheme);
	km_key_free(maker.auditor);
	km_key_free(maker.decider);
	return EXIT_SUCCESS;
}
